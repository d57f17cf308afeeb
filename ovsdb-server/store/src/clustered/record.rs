//! The records of a cluster's file after its header, typed.

use ovsdb_data::members::{Members, kind};
use ovsdb_data::{OvsdbError, Uuid};
use serde_json::Value;

use super::parts::{Data, Object, Servers, number, required_number, required_uuid, servers_from_json, uuid};
use crate::error::StoreError;
use crate::log::{Log, Record};
use crate::record::parse;

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterRecord {
    /// A remark of whoever wrote it.
    pub comment: Option<String>,
    /// What it says.
    pub says: Says,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq)]
pub enum Says {
    /// An entry of the log.
    Entry(Entry),
    /// The server moved on to a term.
    Term(u64),
    /// The server voted.
    Vote {
        /// In which term.
        term: u64,
        /// For whom.
        server: Uuid,
    },
    /// A leader was heard of.
    Leader {
        /// In which term.
        term: u64,
        /// Who.
        server: Uuid,
    },
    /// Entries up to this one are committed.
    CommitIndex(u64),
    /// `transfer leadership` or `left`.
    Note(String),
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The term it was made in.
    pub term: u64,
    /// Its place.
    pub index: u64,
    /// What it brings to the database.
    pub data: Option<Data>,
    /// The data's id.
    pub eid: Option<Uuid>,
    /// The members from now on.
    pub servers: Option<Servers>,
    /// The election timer from now on, ms.
    pub election_timer: Option<u64>,
}

impl ClusterRecord {
    /// The term that the record names.
    pub fn term(&self) -> Option<u64> {
        match &self.says {
            Says::Entry(entry) => Some(entry.term),
            Says::Term(term) | Says::Vote { term, .. } | Says::Leader { term, .. } => Some(*term),
            Says::CommitIndex(_) | Says::Note(_) => None,
        }
    }

    /// Types one record of a log.
    pub fn parse(log: &Log, record: &Record) -> Result<ClusterRecord, StoreError> {
        let json = parse(log, record)?;
        ClusterRecord::from_json(&json).map_err(|why| log.not_valid(record, why))
    }

    /// The text of a record with a note.
    pub fn note(note: &str) -> Vec<u8> {
        let mut out = Object::new();
        out.text("note", &note);
        out.finish()
    }

    fn from_json(json: &Value) -> Result<ClusterRecord, OvsdbError> {
        let mut members = Members::new(json, &"raft log record");
        let comment = members.optional("comment", kind::STRING);
        let comment = comment.and_then(Value::as_str).map(str::to_owned);
        match says(&mut members) {
            Some(says) => members.finish().map(|()| ClusterRecord { comment, says }),
            None => Err(members.into_error()),
        }
    }
}

/// None once `members` has an error.
fn says(members: &mut Members<'_>) -> Option<Says> {
    if let Some(note) = members.optional("note", kind::STRING) {
        return note.as_str().map(|note| Says::Note(note.to_owned()));
    }
    if let Some(index) = number(members, "commit_index") {
        return Some(Says::CommitIndex(index));
    }
    let term = required_number(members, "term")?;
    if let Some(server) = uuid(members, "leader") {
        if server.is_nil() {
            members.raise("record says leader is all-zeros SID");
        }
        return Some(Says::Leader { term, server });
    }
    if let Some(server) = uuid(members, "vote") {
        if server.is_nil() {
            members.raise("record votes for all-zeros SID");
        }
        return Some(Says::Vote { term, server });
    }
    let Some(index) = number(members, "index") else {
        return Some(Says::Term(term));
    };
    let servers = members.optional("servers", kind::OBJECT);
    let election_timer = number(members, "election_timer");
    let data = members.optional("data", kind::OBJECT | kind::ARRAY);
    let eid = match data {
        Some(_) => Some(required_uuid(members, "eid")?),
        None => None,
    };
    Some(Says::Entry(Entry {
        term,
        index,
        data: members.take(data.map(Data::from_json).transpose())?,
        eid,
        servers: members.take(servers.map(servers_from_json).transpose())?,
        election_timer,
    }))
}

impl Entry {
    /// The text of its record.
    pub fn to_record(&self) -> Vec<u8> {
        let mut out = self.members();
        out.number("index", self.index);
        out.finish()
    }

    /// What it says, apart from its place, as JSON.
    pub fn to_text(&self) -> String {
        String::from_utf8_lossy(&self.members().finish()).into_owned()
    }

    fn members(&self) -> Object {
        let mut out = Object::new();
        if let Some(data) = &self.data {
            out.member("data", |out| data.write(out));
        }
        if let Some(eid) = &self.eid {
            out.text("eid", eid);
        }
        if let Some(ms) = self.election_timer {
            out.number("election_timer", ms);
        }
        if let Some(servers) = &self.servers {
            out.servers("servers", servers);
        }
        out.number("term", self.term);
        out
    }
}
