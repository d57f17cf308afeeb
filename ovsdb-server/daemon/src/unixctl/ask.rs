//! The other side of a control socket: asks a daemon one command.

use std::io::{self, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::{Deserializer, Value, json};

use super::Reply;

/// Sends a command to the daemon behind a socket and waits for its answer, however long that takes. An `Err` inside is
/// the daemon's refusal.
pub fn ask(socket: &Path, command: &str, args: &[String]) -> io::Result<Reply> {
    let mut stream = UnixStream::connect(socket)?;
    let request = json!({"id": 0, "method": command, "params": args});
    stream.write_all(request.to_string().as_bytes())?;
    let answer = Deserializer::from_reader(stream).into_iter::<Value>().next();
    let answer = answer.ok_or(io::ErrorKind::UnexpectedEof)??;
    let text = |what: &str| answer.get(what)?.as_str().map(str::to_owned);
    match (text("error"), text("result")) {
        (Some(error), _) => Ok(Err(error)),
        (None, Some(result)) => Ok(Ok(result)),
        (None, None) => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "what answers is no daemon's control socket",
        )),
    }
}
