//! The members of a JSON object, taken one by one: what is missing, of the wrong kind, or left over is one
//! `syntax error` with the C server's texts (`Parsing X failed: …`). The first problem wins.

use std::fmt::Display;

use serde_json::{Map, Value};

use crate::error::OvsdbError;

/// Kinds of JSON values that a member may be; combine with `|`.
pub mod kind {
    /// `null`.
    pub const NULL: u8 = 1;
    /// `true` or `false`.
    pub const BOOLEAN: u8 = 1 << 1;
    /// An object.
    pub const OBJECT: u8 = 1 << 2;
    /// An array.
    pub const ARRAY: u8 = 1 << 3;
    /// A number that is an `i64`.
    pub const INTEGER: u8 = 1 << 4;
    /// Any other number.
    pub const REAL: u8 = 1 << 5;
    /// A number.
    pub const NUMBER: u8 = INTEGER | REAL;
    /// A string.
    pub const STRING: u8 = 1 << 6;
    /// A string that is an `<id>`.
    pub const ID: u8 = 1 << 7;
    /// Anything.
    pub const ANY: u8 = NULL | BOOLEAN | OBJECT | ARRAY | NUMBER | STRING;
}

/// True for an `<id>` (RFC 7047 §3.1): letters, digits and underscores, no digit first.
pub(crate) fn is_id(s: &str) -> bool {
    let mut bytes = s.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// More members than any object of the protocol or of a file has.
const MAX_MEMBERS: usize = 12;

/// An object being taken apart.
pub struct Members<'a> {
    json: &'a Value,
    object: Option<&'a Map<String, Value>>,
    name: &'a dyn Display,
    used: [&'static str; MAX_MEMBERS],
    n_used: usize,
    error: Option<OvsdbError>,
}

impl<'a> Members<'a> {
    /// Starts on `json`, which errors call `name`.
    pub fn new(json: &'a Value, name: &'a dyn Display) -> Self {
        let mut members = Members {
            json,
            object: json.as_object(),
            name,
            used: [""; MAX_MEMBERS],
            n_used: 0,
            error: None,
        };
        if members.object.is_none() {
            members.raise("Object expected.");
        }
        members
    }

    /// A member that must be there. `None` once there is an error.
    pub fn required(&mut self, name: &'static str, kinds: u8) -> Option<&'a Value> {
        let object = self.object?;
        match object.get(name) {
            Some(value) => self.check(name, value, kinds),
            None => {
                self.raise(format_args!("Required '{name}' member is missing."));
                None
            }
        }
    }

    /// A member that may be absent.
    pub fn optional(&mut self, name: &'static str, kinds: u8) -> Option<&'a Value> {
        let value = self.object?.get(name)?;
        self.check(name, value, kinds)
    }

    fn check(&mut self, name: &'static str, value: &'a Value, kinds: u8) -> Option<&'a Value> {
        let matches = match value {
            Value::Null => kinds & kind::NULL != 0,
            Value::Bool(_) => kinds & kind::BOOLEAN != 0,
            Value::Object(_) => kinds & kind::OBJECT != 0,
            Value::Array(_) => kinds & kind::ARRAY != 0,
            Value::Number(n) => kinds & (if n.is_i64() { kind::INTEGER } else { kind::REAL }) != 0,
            Value::String(s) => kinds & kind::STRING != 0 || (kinds & kind::ID != 0 && is_id(s)),
        };
        if !matches {
            self.raise(format_args!("Type mismatch for member '{name}'."));
            return None;
        }
        if let Some(slot) = self.used.get_mut(self.n_used) {
            *slot = name;
            self.n_used += 1;
        }
        Some(value)
    }

    /// Notes a problem, unless there is one already.
    pub fn raise(&mut self, message: impl Display) {
        if self.error.is_none() {
            let mut error =
                OvsdbError::new("syntax error", format!("Parsing {} failed: {message}", self.name));
            if self.object.is_some() {
                error.syntax = Some(crate::json::to_string(self.json));
            }
            self.error = Some(error);
        }
    }

    /// Takes what a member was typed to; a problem with it is one of the object, unless there is one already.
    pub fn take<T>(&mut self, typed: Result<T, OvsdbError>) -> Option<T> {
        match typed {
            Ok(value) => Some(value),
            Err(error) => {
                self.error.get_or_insert(error);
                None
            }
        }
    }

    /// Ends with the first problem, or with one about members that nobody asked for.
    pub fn finish(mut self) -> Result<(), OvsdbError> {
        if let Some(object) = self.object
            && self.error.is_none()
            && object.len() > self.n_used
        {
            let used = &self.used[..self.n_used];
            let n_others = object.len() - self.n_used - 1;
            let name = object
                .keys()
                .find(|name| !used.contains(&name.as_str()))
                .cloned()
                .unwrap_or_default();
            match n_others {
                0 => self.raise(format_args!("Member '{name}' is present but not allowed here.")),
                n => self.raise(format_args!(
                    "Member '{name}' and {n} other member{} are present but not allowed here.",
                    if n > 1 { "s" } else { "" }
                )),
            }
        }
        self.error.map_or(Ok(()), Err)
    }

    /// The problem at hand, where a missing member has just been seen.
    pub fn into_error(self) -> OvsdbError {
        self.error.unwrap_or_else(|| OvsdbError::bare("syntax error"))
    }
}
