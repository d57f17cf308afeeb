//! A plain blocking JSON-RPC client, for tests that look at every byte's meaning.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use ovn_schemas::Db;
use ovsdb_wire::framing::Framer;
use serde_json::{Value, json};

/// What came in a while.
#[derive(Debug)]
pub enum Received {
    /// A message.
    Message(Value),
    /// Nothing.
    Silence,
    /// The end: the server closed the connection.
    Closed,
}

/// A connection.
pub struct Client {
    stream: UnixStream,
    framer: Framer,
    next_id: u64,
    /// Notifications that came before an awaited reply, oldest first.
    pub notifications: VecDeque<Value>,
}

impl Client {
    /// Connects.
    pub fn connect(path: &Path) -> Client {
        Client::try_connect(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Connects to a server that may be gone.
    pub fn try_connect(path: &Path) -> std::io::Result<Client> {
        Ok(Client {
            stream: UnixStream::connect(path)?,
            framer: Framer::new(usize::MAX),
            next_id: 0,
            notifications: VecDeque::new(),
        })
    }

    /// Calls a method; the whole reply but for its id.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.try_call(method, params).expect("the server answers")
    }

    /// Calls a method; none when the server closed the connection before it answered.
    pub fn try_call(&mut self, method: &str, params: Value) -> Option<Value> {
        self.next_id += 1;
        let id = json!(self.next_id);
        let request = json!({"id": id, "method": method, "params": params});
        self.try_write(request.to_string().as_bytes()).ok()?;
        self.reply(&id)
    }

    /// Waits for the reply to a request: the whole but for its id. None when the server closed the connection.
    pub fn reply(&mut self, id: &Value) -> Option<Value> {
        loop {
            let mut message = self.receive()?;
            if message["id"] == *id && message.get("method").is_none() {
                message
                    .as_object_mut()
                    .expect("messages are objects")
                    .remove("id");
                return Some(message);
            }
            self.notifications.push_back(message);
        }
    }

    /// Runs a transaction; the array of results.
    pub fn transact(&mut self, params: Value) -> Value {
        self.call("transact", params)["result"].take()
    }

    /// Runs a transaction that must succeed; the array of results.
    pub fn commit(&mut self, db: Db, operations: &[Value]) -> Value {
        let params = std::iter::once(json!(db.name())).chain(operations.iter().cloned());
        let results = self.transact(params.collect());
        let is_done = |results: &Vec<Value>| results.iter().all(|result| result.get("error").is_none());
        assert!(results.as_array().is_some_and(is_done), "{results}");
        results
    }

    /// Waits until a table has a row with these columns, or has none.
    pub fn wait(&mut self, db: Db, table: &str, row: &Value, is_there: bool, patience: Duration) {
        let columns = row.as_object().expect("a row is an object");
        let conditions: Vec<Value> = columns
            .iter()
            .map(|(name, value)| json!([name, "==", value]))
            .collect();
        let columns: Vec<&String> = columns.keys().collect();
        let rows = if is_there { json!([row]) } else { json!([]) };
        let wait = json!({"op": "wait", "table": table, "where": conditions, "columns": columns, "until": "==",
            "rows": rows});
        self.send("transact", json!([db.name(), wait]));
        let received = self.poll(patience);
        assert!(
            matches!(&received, Received::Message(reply) if reply["error"].is_null()),
            "{table} {row} within {patience:?}: {received:?}"
        );
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
        self.try_write(bytes).expect("the server reads");
    }

    /// Sends bytes as they are to a server that may have hung up.
    pub fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The way to the server for another thread.
    pub fn sender(&self) -> UnixStream {
        self.stream.try_clone().expect("a socket can be shared")
    }

    /// The next message; none when the server closed the connection. Panics when nothing comes for half a minute.
    pub fn receive(&mut self) -> Option<Value> {
        match self.poll(Duration::from_secs(30)) {
            Received::Message(message) => Some(message),
            Received::Closed => None,
            Received::Silence => panic!("no word from the server"),
        }
    }

    /// The next message, if it begins to come within `patience`.
    pub fn poll(&mut self, patience: Duration) -> Received {
        self.stream
            .set_read_timeout(Some(patience))
            .expect("a socket takes a timeout");
        let mut chunk = [0; 64 << 10];
        loop {
            if let Some(message) = self.framer.next().expect("the server sends objects") {
                let value = serde_json::from_slice(&message).expect("a message is JSON");
                return Received::Message(value);
            }
            match self.stream.read(&mut chunk) {
                Ok(0) => return Received::Closed,
                Ok(n) => self.framer.push(&chunk[..n]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Received::Silence,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // A reset is an end too.
                Err(_) => return Received::Closed,
            }
        }
    }
}

/// The names of all rows of the table `T` of a database `D`, sorted.
pub fn names(client: &mut Client) -> Vec<String> {
    let select = json!({"op": "select", "table": "T", "where": [], "columns": ["name"]});
    let reply = client.transact(json!(["D", select]));
    let rows = reply[0]["rows"]
        .as_array()
        .unwrap_or_else(|| panic!("no rows in {reply}"));
    let mut names: Vec<String> = rows
        .iter()
        .map(|row| row["name"].as_str().expect("a text").to_owned())
        .collect();
    names.sort_unstable();
    names
}
