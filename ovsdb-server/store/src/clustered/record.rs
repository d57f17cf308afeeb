//! The records of a cluster's file after its header, typed.

use ovsdb_data::members::{Members, kind};
use ovsdb_data::{OvsdbError, Uuid};
use serde_json::Value;

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
    /// `[schema or null, transaction or null]`.
    pub data: Option<Value>,
    /// The data's id.
    pub eid: Option<Uuid>,
    /// The members from now on, addresses by server id.
    pub servers: Option<Value>,
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

    /// Types one record.
    pub fn from_json(json: &Value) -> Result<ClusterRecord, OvsdbError> {
        let mut members = Members::new(json, &"raft log record");
        let comment = members.optional("comment", kind::STRING);
        let comment = comment.and_then(Value::as_str).map(str::to_owned);
        match says(&mut members) {
            Some(says) => members.finish().map(|()| ClusterRecord { comment, says }),
            None => Err(members.into_error()),
        }
    }
}

fn says(members: &mut Members<'_>) -> Option<Says> {
    if let Some(note) = members.optional("note", kind::STRING) {
        return note.as_str().map(|note| Says::Note(note.to_owned()));
    }
    if let Some(index) = number(members, "commit_index") {
        return Some(Says::CommitIndex(index));
    }
    let term = members.required("term", kind::INTEGER)?.as_u64()?;
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
    let servers = members.optional("servers", kind::OBJECT).cloned();
    let election_timer = number(members, "election_timer");
    let data = members.optional("data", kind::OBJECT | kind::ARRAY).cloned();
    let eid = match data {
        Some(_) => {
            let text = members.required("eid", kind::STRING)?.as_str()?;
            Some(Uuid::try_parse(text).ok().or_else(|| {
                members.raise("eid is not a valid UUID");
                None
            })?)
        }
        None => None,
    };
    Some(Says::Entry(Entry {
        term,
        index,
        data,
        eid,
        servers,
        election_timer,
    }))
}

fn number(members: &mut Members<'_>, name: &'static str) -> Option<u64> {
    members
        .optional(name, kind::INTEGER)
        .and_then(Value::as_u64)
        .filter(|n| *n > 0)
}

fn uuid(members: &mut Members<'_>, name: &'static str) -> Option<Uuid> {
    let text = members.optional(name, kind::STRING)?.as_str()?;
    let uuid = Uuid::try_parse(text).ok();
    if uuid.is_none() {
        members.raise(format_args!("{name} is not a valid UUID"));
    }
    uuid
}
