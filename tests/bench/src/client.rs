//! The clients: one that waits for each reply, and many behind one epoll. Replies are not parsed; requests come
//! encoded. A client must never be what is measured.

mod scanner;
mod swarm;

use crate::Result;
use scanner::Scanner;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

pub use swarm::{Event, Swarm};

/// Longer than any C figure; a server that is silent for this long is stuck.
const SILENCE_MAX: Duration = Duration::from_secs(120);

/// A connection that sends a request and waits for its reply.
pub struct Connection {
    stream: UnixStream,
    scanner: Scanner,
    text: Vec<u8>,
    chunk: Vec<u8>,
}

impl Connection {
    /// Connects to a unix socket.
    pub fn open(path: &Path) -> Result<Self> {
        let stream = UnixStream::connect(path).map_err(|error| format!("{}: {error}", path.display()))?;
        stream.set_read_timeout(Some(SILENCE_MAX))?;
        Ok(Connection {
            stream,
            scanner: Scanner::default(),
            text: Vec::new(),
            chunk: vec![0; 256 * 1024],
        })
    }

    /// Sends one message and returns the next; the caller asks for nothing that brings other messages as well.
    pub fn call(&mut self, request: &[u8]) -> Result<&[u8]> {
        match self.exchange(request)? {
            end if end == self.text.len() => Ok(&self.text),
            _ => Err("the server sent more than the reply".into()),
        }
    }

    /// Sends one message and returns the next, whatever follows it; the connection is of no use afterwards.
    pub fn call_first(&mut self, request: &[u8]) -> Result<&[u8]> {
        let end = self.exchange(request)?;
        Ok(&self.text[..end])
    }

    /// Sends one message, reads on until one has come, and says where in `text` it ends.
    fn exchange(&mut self, request: &[u8]) -> Result<usize> {
        self.stream.write_all(request)?;
        self.text.clear();
        loop {
            let n = self.stream.read(&mut self.chunk)?;
            if n == 0 {
                return Err("the server closed the connection".into());
            }
            let end = self.scanner.scan(&self.chunk[..n])?;
            let before = self.text.len();
            self.text.extend_from_slice(&self.chunk[..n]);
            if let Some(end) = end {
                return Ok(before + end);
            }
        }
    }

    /// A call whose reply must be free of errors, the operations' included.
    pub fn transact(&mut self, request: &[u8]) -> Result<()> {
        expect_success(self.call(request)?)
    }
}

/// Refuses a reply that carries an error, in the envelope or in an operation's result: an error in OVSDB is a string
/// or an object, never anything else but null.
pub fn expect_success(reply: &[u8]) -> Result<()> {
    for wrong in [
        &b"\"error\":\""[..],
        b"\"error\":{",
        b"\"error\": \"",
        b"\"error\": {",
    ] {
        if memchr::memmem::find(reply, wrong).is_some() {
            let shown = &reply[..reply.len().min(600)];
            return Err(format!("the server refused: {}", String::from_utf8_lossy(shown)).into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_seen() {
        for (reply, ok) in [
            (r#"{"id":1,"result":[{"count":1}],"error":null}"#, true),
            (
                r#"{"id":1,"result":[null,{"error":"timed out","details":""}],"error":null}"#,
                false,
            ),
            (
                r#"{"id":1,"result":null,"error":{"error":"unknown database"}}"#,
                false,
            ),
        ] {
            assert_eq!(expect_success(reply.as_bytes()).is_ok(), ok, "{reply}");
        }
    }
}
