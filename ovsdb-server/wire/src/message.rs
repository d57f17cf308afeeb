//! A JSON-RPC 1.0 message.

use serde_json::Value;

/// One message. Members that are `null` count as absent, and no member beyond the five known is allowed.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// A call that wants a reply.
    Request {
        /// Echoed in the reply; any JSON value but null.
        id: Value,
        /// The method.
        method: String,
        /// Its parameters.
        params: Vec<Value>,
    },
    /// A call that wants none (`id` null).
    Notification {
        /// The method.
        method: String,
        /// Its parameters.
        params: Vec<Value>,
    },
    /// A reply to a request of ours.
    Response {
        /// The id of the request.
        id: Value,
        /// The result, or the error.
        result: Result<Value, Value>,
    },
}

/// Why a text is not a message; it ends the connection.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MessageError {
    /// Not JSON.
    #[error(transparent)]
    Json(#[from] ovsdb_data::json::ParseError),
    /// JSON, but not a message: the text says what is wrong.
    #[error("{0}")]
    Protocol(String),
}

impl Message {
    /// Parses one JSON text.
    pub fn parse(_text: &[u8]) -> Result<Message, MessageError> {
        todo!()
    }

    /// Appends the message's text.
    pub fn write(&self, _out: &mut Vec<u8>) {
        todo!()
    }
}
