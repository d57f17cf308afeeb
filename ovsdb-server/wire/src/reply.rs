//! Replies and notifications, as frames.
//!
//! A [`Frame`] is a few pieces of bytes, so that what many clients are sent alike is one allocation.

use bytes::Bytes;
use ovsdb_data::operation::OpResult;
use ovsdb_data::{DatabaseSchema, OvsdbError, TxnId, json};
use serde_json::{Map, Value};

/// One message on its way out.
#[derive(Clone, Debug, Default)]
pub struct Frame(pub Vec<Bytes>);

impl Frame {
    /// Bytes on the wire.
    pub fn len(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    /// True without a byte.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Bytes::is_empty)
    }

    /// The bytes in one piece.
    pub fn to_vec(&self) -> Vec<u8> {
        self.0.concat()
    }
}

impl From<Vec<u8>> for Frame {
    fn from(bytes: Vec<u8>) -> Self {
        Frame(vec![bytes.into()])
    }
}

/// A success.
pub fn result(id: &Value, result: &Value) -> Frame {
    let mut out = start(id);
    json::write(result, &mut out);
    out.extend_from_slice(END.as_bytes());
    out.into()
}

/// A success whose result is already text; no piece means an empty object.
pub fn raw_result(id: &Value, chunks: &[Bytes]) -> Frame {
    let mut frame = Frame(Vec::with_capacity(chunks.len() + 2));
    frame.0.push(start(id).into());
    push_object(&mut frame, chunks);
    frame.0.push(Bytes::from_static(END.as_bytes()));
    frame
}

/// A success whose result is already text, and short enough to be copied.
pub fn text_result(id: &Value, text: &[u8]) -> Frame {
    let mut out = start(id);
    out.extend_from_slice(text);
    out.extend_from_slice(END.as_bytes());
    out.into()
}

/// The reply of `monitor_cond_since`: `[found, last-txn-id, updates]`.
pub fn monitor_since(id: &Value, found: bool, last: TxnId, chunks: &[Bytes]) -> Frame {
    let mut head = start(id);
    head.extend_from_slice(format!("[{found},\"{last}\",").as_bytes());
    let mut frame = Frame(Vec::with_capacity(chunks.len() + 2));
    frame.0.push(head.into());
    push_object(&mut frame, chunks);
    frame.0.push(Bytes::from_static(b"],\"error\":null}"));
    frame
}

const END: &str = ",\"error\":null}";

fn start(id: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    out.extend_from_slice(b"{\"id\":");
    json::write(id, &mut out);
    out.extend_from_slice(b",\"result\":");
    out
}

pub(crate) fn push_object(frame: &mut Frame, chunks: &[Bytes]) {
    if chunks.is_empty() {
        frame.0.push(Bytes::from_static(b"{}"));
    } else {
        frame.0.extend_from_slice(chunks);
    }
}

/// A failure; there is no member `result` then.
pub fn error(id: &Value, error: &Value) -> Frame {
    let mut out = Vec::with_capacity(128);
    out.extend_from_slice(b"{\"id\":");
    json::write(id, &mut out);
    out.extend_from_slice(b",\"error\":");
    json::write(error, &mut out);
    out.push(b'}');
    out.into()
}

/// A notification.
pub fn notification(method: &str, params: &[Value]) -> Frame {
    let message = crate::message::Message::Notification {
        method: method.to_owned(),
        params: params.to_vec(),
    };
    let mut out = Vec::with_capacity(128);
    message.write(&mut out);
    out.into()
}

/// An error object as JSON.
pub fn error_value(error: &OvsdbError) -> Value {
    let mut members = Map::new();
    members.insert("error".into(), Value::from(&*error.tag));
    if let Some(details) = &error.details {
        members.insert("details".into(), Value::from(details.as_str()));
    }
    if let Some(syntax) = &error.syntax {
        members.insert("syntax".into(), Value::from(syntax.as_str()));
    }
    Value::Object(members)
}

/// What a transaction whose operations all ran is told: the text of the array of results; `commit_error` is the extra
/// last element. Goes out by [`text_result`].
pub fn results(schema: &DatabaseSchema, results: &[OpResult], commit_error: Option<&OvsdbError>) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    out.push(b'[');
    for (i, result) in results.iter().enumerate() {
        comma(&mut out, i);
        write_result(schema, result, &mut out);
    }
    if let Some(error) = commit_error {
        comma(&mut out, results.len());
        json::write(&error_value(error), &mut out);
    }
    out.push(b']');
    out
}

/// What a transaction that failed is told: results, the error, and null for what did not run.
pub fn failed_results(schema: &DatabaseSchema, replies: &[Option<Result<OpResult, OvsdbError>>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    out.push(b'[');
    for (i, reply) in replies.iter().enumerate() {
        comma(&mut out, i);
        match reply {
            None => out.extend_from_slice(b"null"),
            Some(Ok(result)) => write_result(schema, result, &mut out),
            Some(Err(error)) => json::write(&error_value(error), &mut out),
        }
    }
    out.push(b']');
    out
}

/// Appends one operation's result.
pub fn write_result(schema: &DatabaseSchema, result: &OpResult, out: &mut Vec<u8>) {
    match result {
        OpResult::Empty => out.extend_from_slice(b"{}"),
        OpResult::Count(n) => {
            out.extend_from_slice(b"{\"count\":");
            json::write_integer(*n as i64, out);
            out.push(b'}');
        }
        OpResult::Uuid(uuid) => {
            out.extend_from_slice(b"{\"uuid\":");
            json::write_uuid(*uuid, out);
            out.push(b'}');
        }
        OpResult::Rows { table, columns, rows } => {
            let table = schema.table(*table);
            out.extend_from_slice(b"{\"rows\":[");
            for (i, row) in rows.iter().enumerate() {
                comma(out, i);
                out.push(b'{');
                for (j, column) in columns.iter().enumerate() {
                    comma(out, j);
                    let schema = table.column_schema(*column);
                    json::write_str(&schema.name, out);
                    out.push(b':');
                    row.get(*column).write_json(&schema.ty, out);
                }
                out.push(b'}');
            }
            out.extend_from_slice(b"]}");
        }
    }
}

fn comma(out: &mut Vec<u8>, position: usize) {
    if position > 0 {
        out.push(b',');
    }
}
