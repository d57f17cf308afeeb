//! Operations of a transaction (RFC 7047 section 5.2), in the form in which they are sent.
//!
//! In: operations, one after the other. Out: their text. A large transaction takes many times the memory as values.

use ovsdb_data::json;
use serde_json::Value;

/// Operations of one transaction, in order.
#[derive(Clone, Debug, Default)]
pub struct Operations {
    /// The elements of a JSON array, without its brackets.
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
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The parameters of `transact`, without brackets.
    pub(crate) fn params(&self, db: &str, out: &mut Vec<u8>) {
        json::write_str(db, out);
        if !self.is_empty() {
            out.push(b',');
            out.extend_from_slice(&self.text);
        }
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
        let check = |operations: &[Value], expected: &str| {
            let operations = Operations::from(operations.to_vec());
            let mut text = Vec::new();
            operations.params("D", &mut text);
            assert_eq!(String::from_utf8(text).as_deref(), Ok(expected));
        };
        check(&[], r#""D""#);
        check(&[json!({"op": "abort"})], r#""D",{"op":"abort"}"#);
        check(&[json!({"op": "abort"}), json!({})], r#""D",{"op":"abort"},{}"#);
    }
}
