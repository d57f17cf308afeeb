//! A plain blocking JSON-RPC client, for tests that look at every byte's meaning.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

/// A connection.
pub struct Client {
    stream: UnixStream,
    buffer: Vec<u8>,
    next_id: u64,
    /// Notifications that came before an awaited reply, oldest first.
    pub notifications: VecDeque<Value>,
}

impl Client {
    /// Connects.
    pub fn connect(path: &Path) -> Client {
        let stream = UnixStream::connect(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .expect("a socket takes a timeout");
        Client {
            stream,
            buffer: Vec::new(),
            next_id: 0,
            notifications: VecDeque::new(),
        }
    }

    /// Calls a method; the whole reply but for its id.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params);
        loop {
            let mut message = self.receive().expect("the server answers");
            if message["id"] == json!(id) && message.get("method").is_none() {
                message
                    .as_object_mut()
                    .expect("messages are objects")
                    .remove("id");
                return message;
            }
            self.notifications.push_back(message);
        }
    }

    /// Runs a transaction; the array of results.
    pub fn transact(&mut self, params: Value) -> Value {
        self.call("transact", params)["result"].take()
    }

    /// Sends a request without waiting.
    pub fn send(&mut self, method: &str, params: Value) -> u64 {
        self.next_id += 1;
        let request = json!({"id": self.next_id, "method": method, "params": params});
        self.write(request.to_string().as_bytes());
        self.next_id
    }

    /// Sends bytes as they are.
    pub fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the server reads");
    }

    /// The next message; none when the server closed the connection.
    pub fn receive(&mut self) -> Option<Value> {
        let mut chunk = [0; 64 << 10];
        loop {
            let mut values = serde_json::Deserializer::from_slice(&self.buffer).into_iter::<Value>();
            if let Some(Ok(value)) = values.next() {
                let used = values.byte_offset();
                self.buffer.drain(..used);
                return Some(value);
            }
            match self.stream.read(&mut chunk) {
                Ok(0) | Err(_) => return None,
                Ok(n) => self.buffer.extend_from_slice(&chunk[..n]),
            }
        }
    }
}
