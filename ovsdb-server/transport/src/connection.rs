//! One task per connection: bytes in, messages out; frames in, bytes out; echo and probes in between.
//!
//! ```text
//!   socket ──read──► Framer ──► Message ──┬─ echo ──► link (answered here, whatever the server is doing)
//!                                         └────────► Handler::message
//!   socket ◄─write── link ◄── frames from the server
//! ```
//!
//! The task that reads a request also runs the handler and writes what the handler queued: a request that the
//! server can serve at once costs one read, one write and no other thread.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use ovsdb_wire::framing::Framer;
use ovsdb_wire::message::Message;
use ovsdb_wire::reply;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, WriteHalf};
use tokio::time::Instant;

use crate::link::{Link, slices};
use crate::stream::Stream;

/// Longer messages are parsed where no other connection waits for this thread.
const BIG_MESSAGE: usize = 1 << 20;

/// No message may be longer. High, because `restore` sends a whole database as one transaction.
pub const MAX_MESSAGE: usize = 4 << 30;

/// How long a connection that the program closes waits for the peer to take what is queued.
pub const GRACE: Duration = Duration::from_secs(1);

const SMALL_READ: usize = 4 << 10;
const LARGE_READ: usize = 128 << 10;

/// Idle remote connections without any probe still need a deadline to wait for.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// Who takes the messages of a connection.
pub trait Handler: Send {
    /// A message that is neither an echo request nor the answer to a probe. Must not block. Its size must be given
    /// back with [`Link::release`]. Breaking ends the connection with a reason.
    fn message(&mut self, message: Message, n_bytes: usize) -> ControlFlow<String>;

    /// The text of a message, echoes included, before it is parsed; whether that was all. Must not block.
    fn text(&mut self, _text: &[u8]) -> bool {
        false
    }

    /// The link was full and has room again.
    fn drained(&mut self);
}

/// Why a connection ended.
#[derive(Debug)]
pub enum Closed {
    /// The peer closed it.
    ByPeer,
    /// The program closed it ([`Link::close`] or the handler), for a reason.
    ByUs(String),
    /// The peer sent what is no message.
    Protocol(String),
    /// The peer was silent after a probe.
    Silent,
    /// The socket failed.
    Io(io::Error),
}

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Closed::ByPeer => f.write_str("connection closed by peer"),
            Closed::ByUs(reason) => f.write_str(reason),
            Closed::Protocol(what) => write!(f, "protocol error: {what}"),
            Closed::Silent => f.write_str("no response to inactivity probe"),
            Closed::Io(error) => write!(f, "connection error: {error}"),
        }
    }
}

/// Serves a connection to its end.
pub async fn serve(stream: Stream, link: Arc<Link>, handler: &mut impl Handler) -> Closed {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut framer = Framer::new(MAX_MESSAGE);
    let mut buffer: Vec<u8> = Vec::new();
    let mut read_size = SMALL_READ;
    let mut pieces = Vec::new();
    let mut activity = Instant::now();
    let mut probed = false;
    let timer = tokio::time::sleep(link.probe_interval().unwrap_or(FOREVER));
    tokio::pin!(timer);
    loop {
        if let Some(reason) = link.closing() {
            // The peer sees what it is owed and an orderly end, if it looks; an error here is its own doing.
            let _ = tokio::time::timeout(GRACE, finish(&mut writer, &link)).await;
            return Closed::ByUs(reason);
        }
        link.peek(&mut pieces);
        if buffer.capacity() < read_size {
            buffer.reserve_exact(read_size);
        }
        let io_slices = slices(&pieces);
        tokio::select! {
            biased;
            written = writer.write_vectored(&io_slices), if !io_slices.is_empty() => match written {
                Ok(0) => return Closed::ByPeer,
                Ok(n) => {
                    activity = Instant::now();
                    if link.sent(n) {
                        handler.drained();
                    }
                }
                Err(error) => return Closed::Io(error),
            },
            read = reader.read_buf(&mut buffer), if link.may_read() => match read {
                Ok(0) => return Closed::ByPeer,
                Ok(n) => {
                    activity = Instant::now();
                    probed = false;
                    framer.push(&buffer);
                    buffer.clear();
                    if n >= read_size {
                        read_size = LARGE_READ;
                    }
                    link.set_awake(true);
                    let taken = take_messages(&mut framer, &link, handler);
                    link.set_awake(false);
                    if let ControlFlow::Break(closed) = taken {
                        return closed;
                    }
                    if framer.pending_bytes() == 0 && read_size > SMALL_READ && n < SMALL_READ {
                        read_size = SMALL_READ;
                        buffer = Vec::new();
                    }
                }
                Err(error) => return Closed::Io(error),
            },
            () = link.wake.notified() => {
                let due = activity + link.probe_interval().unwrap_or(FOREVER);
                if due < timer.deadline() {
                    timer.as_mut().reset(due);
                }
            }
            () = timer.as_mut() => {
                let now = Instant::now();
                let interval = link.probe_interval().unwrap_or(FOREVER);
                if now < activity + interval {
                    timer.as_mut().reset(activity + interval);
                } else if probed {
                    return Closed::Silent;
                } else if link.probe_interval().is_some() {
                    probed = true;
                    activity = now;
                    link.send(probe());
                    timer.as_mut().reset(now + interval);
                } else {
                    timer.as_mut().reset(now + FOREVER);
                }
            }
        }
    }
}

/// Writes what is queued and ends the stream.
async fn finish(writer: &mut WriteHalf<Stream>, link: &Link) -> io::Result<()> {
    let mut pieces = Vec::new();
    loop {
        link.peek(&mut pieces);
        if pieces.is_empty() {
            return writer.shutdown().await;
        }
        let n = writer.write_vectored(&slices(&pieces)).await?;
        if n == 0 {
            return Ok(());
        }
        link.sent(n);
    }
}

fn take_messages(framer: &mut Framer, link: &Link, handler: &mut impl Handler) -> ControlFlow<Closed> {
    loop {
        let text = match framer.next() {
            Ok(Some(text)) => text,
            Ok(None) => return ControlFlow::Continue(()),
            Err(error) => return ControlFlow::Break(Closed::Protocol(error.to_string())),
        };
        if aside(&text, || handler.text(&text)) {
            continue;
        }
        let message = match aside(&text, || Message::parse(&text)) {
            Ok(message) => message,
            Err(error) => return ControlFlow::Break(Closed::Protocol(error.to_string())),
        };
        match message {
            Message::Request { id, method, params } if method == "echo" => {
                link.send(reply::result(&id, &Value::Array(params)));
            }
            Message::Response { id, .. } if id == "echo" => {}
            message => {
                link.hold(text.len());
                if let ControlFlow::Break(reason) = handler.message(message, text.len()) {
                    return ControlFlow::Break(Closed::ByUs(reason));
                }
            }
        }
    }
}

/// Does something with a text; with a long one, where no other connection waits for this thread.
fn aside<T>(text: &[u8], work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    let threaded = || Handle::try_current().is_ok_and(|h| h.runtime_flavor() == RuntimeFlavor::MultiThread);
    match text.len() > BIG_MESSAGE && threaded() {
        true => tokio::task::block_in_place(work),
        false => work(),
    }
}

fn probe() -> reply::Frame {
    Vec::from(&b"{\"id\":\"echo\",\"method\":\"echo\",\"params\":[]}"[..]).into()
}
