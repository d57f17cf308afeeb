//! What headers and records are made of: addresses, members, data; and how they are taken from JSON and written.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ovsdb_data::members::{Members, kind};
use ovsdb_data::{DatabaseSchema, OvsdbError, Uuid, json};
use serde_json::Value;

use crate::text::parse_uuid;

/// Where a server listens for its peers: `tcp:HOST:PORT`, `ssl:HOST:PORT` or `unix:FILE`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address(String);

impl Address {
    /// Checks a text. A host may be a name that nobody can resolve at present.
    pub fn parse(text: &str) -> Result<Address, OvsdbError> {
        let address = || Address(text.to_owned());
        if text.starts_with("unix:") {
            return Ok(address());
        }
        let error = |why: &str| Err(OvsdbError::new("ovsdb error", format!("{text}: {why}")));
        let Some(("tcp" | "ssl", rest)) = text.split_once(':') else {
            return error("expected \"tcp\" or \"ssl\" address");
        };
        let port = match rest.strip_prefix('[').and_then(|rest| rest.split_once("]:")) {
            Some((_, port)) => Some(port),
            None => rest.split_once(':').map(|(_, port)| port),
        };
        match port.map(str::parse::<u16>) {
            Some(Ok(_)) => Ok(address()),
            _ => error("syntax error in address"),
        }
    }

    pub(super) fn from_json(json: &Value) -> Result<Address, OvsdbError> {
        let text = json.as_str();
        let text = text.ok_or_else(|| OvsdbError::syntax(json, "server address is not string"))?;
        Address::parse(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The members of a cluster: addresses by server id.
pub type Servers = BTreeMap<Uuid, Address>;

pub(super) fn servers_from_json(json: &Value) -> Result<Servers, OvsdbError> {
    let object = json
        .as_object()
        .ok_or_else(|| OvsdbError::syntax(json, "servers must be JSON object"))?;
    if object.is_empty() {
        return Err(OvsdbError::syntax(json, "must have at least one server"));
    }
    let server = |(id, address): (&String, &Value)| {
        let id = parse_uuid(id).ok_or_else(|| OvsdbError::syntax(json, format!("{id} is not a UUID")))?;
        Ok((id, Address::from_json(address)?))
    };
    object.iter().map(server).collect()
}

/// The text of a transaction's record, as a standalone file has it: JSON with sorted keys, so equal ones have equal
/// texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Txn(String);

impl Txn {
    /// A record's JSON object.
    pub(super) fn from_json(json: &Value) -> Option<Txn> {
        json.is_object().then(|| Txn(json::to_string(json)))
    }

    /// Takes the text of a record, as [`crate::text::encode_snapshot`] writes it.
    pub fn parse(text: &[u8]) -> Option<Txn> {
        Txn::from_json(&json::parse(text).ok()?)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as a tree.
    pub fn to_json(&self) -> Value {
        json::parse(self.0.as_bytes()).expect("it was written from a tree")
    }
}

/// What an entry or a snapshot brings.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// The schema from now on.
    pub schema: Option<Arc<DatabaseSchema>>,
    /// Changes. Beside a schema they are the whole contents; a schema without them converts what is there.
    pub txn: Option<Txn>,
}

impl Data {
    /// Types `[schema or null, transaction or null]`.
    pub(super) fn from_json(json: &Value) -> Result<Data, OvsdbError> {
        let Some([schema, txn]) = json.as_array().map(Vec::as_slice) else {
            return Err(OvsdbError::syntax(json, "Incorrect raft record array length"));
        };
        let schema = match schema {
            Value::Null => None,
            schema => Some(Arc::new(DatabaseSchema::from_json(schema)?)),
        };
        let txn = match txn {
            Value::Null => None,
            txn => {
                let text = Txn::from_json(txn);
                Some(text.ok_or_else(|| OvsdbError::syntax(txn, "object expected"))?)
            }
        };
        Ok(Data { schema, txn })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let schema = self
            .schema
            .as_ref()
            .map(|schema| json::to_string(&schema.to_json()));
        let txn = self.txn.as_ref().map(Txn::as_str);
        let (schema, txn) = (schema.as_deref().unwrap_or("null"), txn.unwrap_or("null"));
        out.extend_from_slice(format!("[{schema},{txn}]").as_bytes());
    }
}

/// A member that is a number; zero is as good as none.
pub(super) fn number(members: &mut Members<'_>, name: &'static str) -> Option<u64> {
    let number = members.optional(name, kind::INTEGER);
    positive(members, name, number).filter(|n| *n > 0)
}

/// A number that must be there.
pub(super) fn required_number(members: &mut Members<'_>, name: &'static str) -> Option<u64> {
    let number = members.required(name, kind::INTEGER);
    positive(members, name, number)
}

fn positive(members: &mut Members<'_>, name: &'static str, number: Option<&Value>) -> Option<u64> {
    let number = number?.as_u64();
    if number.is_none() {
        members.raise(format_args!("Member '{name}' is negative."));
    }
    number
}

/// A member that is a uuid.
pub(super) fn uuid(members: &mut Members<'_>, name: &'static str) -> Option<Uuid> {
    let text = members.optional(name, kind::STRING);
    checked_uuid(members, name, text)
}

/// A uuid that must be there.
pub(super) fn required_uuid(members: &mut Members<'_>, name: &'static str) -> Option<Uuid> {
    let text = members.required(name, kind::STRING);
    checked_uuid(members, name, text)
}

fn checked_uuid(members: &mut Members<'_>, name: &'static str, text: Option<&Value>) -> Option<Uuid> {
    let uuid = parse_uuid(text?.as_str()?);
    if uuid.is_none() {
        members.raise(format_args!("{name} is not a valid UUID"));
    }
    uuid
}

/// A JSON object being written, member by member.
pub(super) struct Object(Vec<u8>);

impl Object {
    pub fn new() -> Object {
        Object(vec![b'{'])
    }

    /// Adds a member that `write` writes.
    pub fn member(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        json::write_str(name, &mut self.0);
        self.0.push(b':');
        write(&mut self.0);
    }

    pub fn text(&mut self, name: &str, text: &impl ToString) {
        self.member(name, |out| json::write_str(&text.to_string(), out));
    }

    pub fn number(&mut self, name: &str, number: u64) {
        self.member(name, |out| out.extend_from_slice(number.to_string().as_bytes()));
    }

    pub fn servers(&mut self, name: &str, servers: &Servers) {
        self.member(name, |out| {
            let mut object = Object::new();
            for (id, address) in servers {
                object.text(&id.to_string(), address);
            }
            out.extend_from_slice(&object.finish());
        });
    }

    pub fn finish(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }
}
