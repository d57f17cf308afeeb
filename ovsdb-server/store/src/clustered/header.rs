//! The first record of a cluster's file, typed: whose it is, and the state that its entries start from.

use std::path::Path;

use ovsdb_data::members::{Members, kind};
use ovsdb_data::{OvsdbError, Uuid, json};
use serde_json::Value;

use super::parts::{
    Address, Data, Object, Servers, number, required_number, required_uuid, servers_from_json, uuid,
};
use crate::error::StoreError;
use crate::log::{Log, Magic, Mode};
use crate::record::parse;

/// What the first record says.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// The database's name.
    pub name: String,
    /// This server's id.
    pub server_id: Uuid,
    /// The cluster's id; unknown until a joining server has heard it.
    pub cluster_id: Option<Uuid>,
    /// Where this server listens.
    pub local_address: Address,
    /// Whether it has joined.
    pub standing: Standing,
}

/// How far a server has come.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// It has not joined its cluster yet.
    Joining {
        /// The servers to ask; never none.
        remote_addresses: Vec<Address>,
    },
    /// It is, or was, a member.
    Member {
        /// The members at the snapshot; never none.
        servers: Servers,
        /// What comes before the entries.
        snapshot: Option<Snapshot>,
    },
}

/// The state before the entries of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The index of the last entry in it.
    pub index: u64,
    /// That entry's term.
    pub term: u64,
    /// The id of its data.
    pub eid: Uuid,
    /// The schema and the contents.
    pub data: Data,
    /// The election timer then, ms.
    pub election_timer: Option<u64>,
}

impl Header {
    /// Reads the first record.
    pub fn read(log: &mut Log) -> Result<Header, StoreError> {
        let record = log
            .read()?
            .ok_or_else(|| StoreError::Format(format!("{}: unexpected end of file", log.display())))?;
        let json = parse(log, &record)?;
        Header::from_json(&json).map_err(|why| log.not_valid(&record, why))
    }

    fn from_json(json: &Value) -> Result<Header, OvsdbError> {
        let mut members = Members::new(json, &"raft header");
        match header(&mut members) {
            Some(header) => members.finish().map(|()| header),
            None => Err(members.into_error()),
        }
    }

    /// Writes a new file that holds this header and nothing else, durably.
    pub fn create(&self, path: &Path) -> Result<Log, StoreError> {
        let mut log = Log::open(path, &[Magic::Cluster], Mode::Create)?;
        log.append(&self.to_text())?;
        log.sync()?;
        Ok(log)
    }

    /// The text of its record.
    pub fn to_text(&self) -> Vec<u8> {
        let mut out = Object::new();
        if let Some(id) = self.cluster_id {
            out.text("cluster_id", &id);
        }
        out.text("local_address", &self.local_address);
        out.text("name", &self.name);
        match &self.standing {
            Standing::Joining { remote_addresses } => {
                let texts = remote_addresses.iter().map(|address| address.as_str().into());
                out.member("remote_addresses", |out| {
                    json::write(&Value::Array(texts.collect()), out)
                });
            }
            Standing::Member { servers, snapshot } => {
                if let Some(snapshot) = snapshot {
                    out.member("prev_data", |out| snapshot.data.write(out));
                    out.text("prev_eid", &snapshot.eid);
                    if let Some(ms) = snapshot.election_timer {
                        out.number("prev_election_timer", ms);
                    }
                    out.number("prev_index", snapshot.index);
                    out.number("prev_term", snapshot.term);
                }
                out.servers("prev_servers", servers);
            }
        }
        out.text("server_id", &self.server_id);
        out.finish()
    }

    /// Whether the server has not joined its cluster yet.
    pub fn is_joining(&self) -> bool {
        matches!(self.standing, Standing::Joining { .. })
    }

    /// What comes before the entries.
    pub fn snapshot(&self) -> Option<&Snapshot> {
        match &self.standing {
            Standing::Member { snapshot, .. } => snapshot.as_ref(),
            Standing::Joining { .. } => None,
        }
    }

    /// The index of the first entry.
    pub fn first_index(&self) -> u64 {
        self.snapshot().map_or(0, |snapshot| snapshot.index) + 1
    }
}

/// None once `members` has an error.
fn header(members: &mut Members<'_>) -> Option<Header> {
    let server_id = required_uuid(members, "server_id")?;
    let name = members.required("name", kind::STRING)?.as_str()?.to_owned();
    let local_address = members.required("local_address", kind::STRING)?;
    let local_address = members.take(Address::from_json(local_address))?;
    let (standing, cluster_id) = match members.optional("remote_addresses", kind::ARRAY) {
        Some(remotes) => (
            joining(members, remotes, &local_address)?,
            uuid(members, "cluster_id"),
        ),
        None => (member(members)?, required_uuid(members, "cluster_id")),
    };
    Some(Header {
        name,
        server_id,
        cluster_id: cluster_id.filter(|id| !id.is_nil()),
        local_address,
        standing,
    })
}

fn joining(members: &mut Members<'_>, remotes: &Value, local: &Address) -> Option<Standing> {
    let addresses: Result<Vec<_>, _> = remotes.as_array()?.iter().map(Address::from_json).collect();
    let remote_addresses = members.take(addresses)?;
    if remote_addresses.iter().all(|remote| remote == local) {
        members.raise("at least one remote address (other than the local address) is required");
    }
    Some(Standing::Joining { remote_addresses })
}

fn member(members: &mut Members<'_>) -> Option<Standing> {
    let servers = members.required("prev_servers", kind::OBJECT)?;
    let servers = members.take(servers_from_json(servers))?;
    let snapshot = match number(members, "prev_index") {
        None => None,
        Some(index) => {
            let data = members.required("prev_data", kind::ANY)?;
            Some(Snapshot {
                index,
                data: members.take(Data::from_json(data))?,
                eid: required_uuid(members, "prev_eid")?,
                term: required_number(members, "prev_term")?,
                election_timer: number(members, "prev_election_timer"),
            })
        }
    };
    Some(Standing::Member { servers, snapshot })
}
