//! A JSON-RPC 1.0 message.

use ovsdb_data::json;
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
    Json(#[from] json::ParseError),
    /// JSON, but not a message: the text says what is wrong.
    #[error("{0}")]
    Protocol(String),
}

impl Message {
    /// Parses one JSON text.
    pub fn parse(text: &[u8]) -> Result<Message, MessageError> {
        Message::from_json(json::parse(text)?)
    }

    /// Types one JSON value.
    pub fn from_json(value: Value) -> Result<Message, MessageError> {
        let wrong = |what: &str| Err(MessageError::Protocol(what.to_owned()));
        let Value::Object(mut members) = value else {
            return wrong("message is not a JSON object");
        };
        let mut take = |name: &str| members.remove(name).filter(|value| !value.is_null());
        let (method, params) = (take("method"), take("params"));
        let (result, error, id) = (take("result"), take("error"), take("id"));
        if let Some(name) = members.keys().next() {
            return wrong(&format!("message has unexpected member \"{name}\""));
        }
        let method = match method {
            Some(Value::String(method)) => Some(method),
            Some(_) => return wrong("\"method\" is not a JSON string"),
            None => None,
        };
        match (method, params, result, error, id) {
            (Some(method), Some(Value::Array(params)), None, None, Some(id)) => {
                Ok(Message::Request { id, method, params })
            }
            (Some(method), Some(Value::Array(params)), None, None, None) => {
                Ok(Message::Notification { method, params })
            }
            (Some(_), Some(_), None, None, _) => wrong("\"params\" must be JSON array"),
            // The manual shows `get_server_id` with null params; harmless, so it is taken for an empty array.
            (Some(method), None, None, None, Some(id)) if method == "get_server_id" => Ok(Message::Request {
                id,
                method,
                params: Vec::new(),
            }),
            (Some(_), None, ..) => wrong("request or notification must have \"params\""),
            (Some(_), ..) => wrong("request or notification must not have \"result\" or \"error\""),
            (None, Some(_), ..) => wrong("reply must not have \"params\""),
            (None, None, Some(result), None, Some(id)) => Ok(Message::Response {
                id,
                result: Ok(result),
            }),
            (None, None, None, Some(error), Some(id)) => Ok(Message::Response {
                id,
                result: Err(error),
            }),
            // A reply whose result is null, as other implementations may send.
            (None, None, None, None, Some(id)) => Ok(Message::Response {
                id,
                result: Ok(Value::Null),
            }),
            (None, None, _, _, None) => wrong("reply must have \"id\""),
            (None, None, Some(_), Some(_), _) => wrong("reply must not have both \"result\" and \"error\""),
        }
    }

    /// Appends the message's text.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Message::Request { id, method, params } => call(out, id, method, params),
            Message::Notification { method, params } => call(out, &Value::Null, method, params),
            Message::Response { id, result } => {
                out.extend_from_slice(b"{\"id\":");
                json::write(id, out);
                match result {
                    Ok(result) => {
                        out.extend_from_slice(b",\"result\":");
                        json::write(result, out);
                        out.extend_from_slice(b",\"error\":null}");
                    }
                    Err(error) => {
                        out.extend_from_slice(b",\"error\":");
                        json::write(error, out);
                        out.push(b'}');
                    }
                }
            }
        }
    }
}

fn call(out: &mut Vec<u8>, id: &Value, method: &str, params: &[Value]) {
    call_with(out, id, method, |out| {
        for (i, param) in params.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            json::write(param, out);
        }
    });
}

/// Appends the text of a call whose parameters are written by `params`, without brackets.
pub fn call_with(out: &mut Vec<u8>, id: &Value, method: &str, params: impl FnOnce(&mut Vec<u8>)) {
    begin_call(out, id, method);
    params(out);
    end_call(out);
}

/// Appends what of a call comes before its parameters.
pub fn begin_call(out: &mut Vec<u8>, id: &Value, method: &str) {
    out.extend_from_slice(b"{\"id\":");
    json::write(id, out);
    out.extend_from_slice(b",\"method\":");
    json::write_str(method, out);
    out.extend_from_slice(b",\"params\":[");
}

/// Appends what of a call comes after its parameters.
pub fn end_call(out: &mut Vec<u8>) {
    out.extend_from_slice(b"]}");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Renders what a text parses to: its normal form, or the error.
    fn check(text: &str, expected: &str) {
        let rendered = match Message::parse(text.as_bytes()) {
            Ok(message) => {
                let mut out = Vec::new();
                message.write(&mut out);
                String::from_utf8(out).unwrap()
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(rendered, expected, "{text}");
    }

    #[test]
    fn messages_have_five_members() {
        check(
            r#"{"id":1,"method":"m","params":[]}"#,
            r#"{"id":1,"method":"m","params":[]}"#,
        );
        check(
            r#"{"id":null,"method":"m","params":[2]}"#,
            r#"{"id":null,"method":"m","params":[2]}"#,
        );
        check(
            r#"{"id":{"a":1},"result":[],"error":null}"#,
            r#"{"id":{"a":1},"result":[],"error":null}"#,
        );
        check(r#"{"id":3,"result":null,"error":"x"}"#, r#"{"id":3,"error":"x"}"#);
        check(
            r#"{"id":1,"method":"get_server_id","params":null}"#,
            r#"{"id":1,"method":"get_server_id","params":[]}"#,
        );
        check(
            r#"{"id":1,"method":"m","params":{}}"#,
            "\"params\" must be JSON array",
        );
        check(
            r#"{"id":1,"method":"m"}"#,
            "request or notification must have \"params\"",
        );
        check(
            r#"{"jsonrpc":"2.0"}"#,
            "message has unexpected member \"jsonrpc\"",
        );
        check(
            r#"{"id":1,"method":2,"params":[]}"#,
            "\"method\" is not a JSON string",
        );
        check(r#"{"result":1}"#, "reply must have \"id\"");
    }
}
