//! Operations of a transaction (RFC 7047 section 5.2), in the form in which they are sent.
//!
//! In: operations, one after the other. Out: their text. A large transaction takes many times the memory as values.

use bytes::Bytes;
use ovsdb_data::json;
use ovsdb_wire::message::{begin_call, end_call};
use ovsdb_wire::reply::Frame;
use serde_json::Value;

/// Of a text of millions of bytes a piece has about so many: one piece would be moved as it grows.
const PIECE: usize = 1 << 20;

/// Operations of one transaction, in order.
#[derive(Clone, Debug, Default)]
pub struct Operations {
    /// The elements of a JSON array, without its brackets: pieces that are full, and the last.
    full: Vec<Bytes>,
    text: Vec<u8>,
    len: usize,
}

impl Operations {
    /// One more.
    pub fn push(&mut self, operation: &Value) {
        if self.len > 0 {
            self.text.push(b',');
        }
        json::write(operation, &mut self.text);
        self.len += 1;
        if self.text.len() >= PIECE {
            let room = Vec::with_capacity(PIECE + PIECE / 16);
            self.full.push(std::mem::replace(&mut self.text, room).into());
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The call that has them committed.
    pub(crate) fn into_call(self, id: u64, db: &str) -> Frame {
        let mut begin = Vec::new();
        begin_call(&mut begin, &id.into(), "transact");
        json::write_str(db, &mut begin);
        if !self.is_empty() {
            begin.push(b',');
        }
        let mut end = self.text;
        end_call(&mut end);
        let mut pieces = vec![begin.into()];
        pieces.extend(self.full);
        pieces.push(end.into());
        Frame(pieces)
    }
}

impl Extend<Value> for Operations {
    fn extend<I: IntoIterator<Item = Value>>(&mut self, operations: I) {
        for operation in operations {
            self.push(&operation);
        }
    }
}

impl From<Vec<Value>> for Operations {
    fn from(values: Vec<Value>) -> Operations {
        let mut operations = Operations::default();
        operations.extend(values);
        operations
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn operations_are_parameters() {
        let check = |operations: &[Value], params: &str| {
            let operations = Operations::from(operations.to_vec());
            let text = String::from_utf8(operations.into_call(7, "D").to_vec());
            let expected = format!(r#"{{"id":7,"method":"transact","params":[{params}]}}"#);
            assert_eq!(text, Ok(expected));
        };
        check(&[], r#""D""#);
        check(&[json!({"op": "abort"})], r#""D",{"op":"abort"}"#);
        check(&[json!({"op": "abort"}), json!({})], r#""D",{"op":"abort"},{}"#);
        let long = json!({"op": "comment", "comment": "c".repeat(PIECE)});
        let (short, text) = (json!({}), json::to_string(&long));
        check(
            &[long.clone(), short, long],
            &format!(r#""D",{text},{{}},{text}"#),
        );
    }
}
