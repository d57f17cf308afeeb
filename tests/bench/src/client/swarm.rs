//! Many clients on one thread.

use super::{SILENCE_MAX, Scanner};
use crate::Result;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// What a client of the swarm received.
pub enum Event<'a> {
    /// A whole message.
    Message(&'a [u8]),
    /// Bytes, on a client that only counts them: how many so far.
    Bytes(usize),
}

/// Clients that share one epoll; named by their position.
pub struct Swarm {
    epoll: Epoll,
    clients: Vec<Client>,
    chunk: Vec<u8>,
}

struct Client {
    stream: UnixStream,
    unsent: VecDeque<u8>,
    counts_only: bool,
    received_bytes: usize,
    scanner: Scanner,
    text: Vec<u8>,
}

impl Swarm {
    /// Connects `n` clients.
    pub fn connect(path: &Path, n: usize) -> Result<Self> {
        Swarm::connect_each(std::iter::repeat_n(path, n))
    }

    /// Connects a client to each of these sockets.
    pub fn connect_each<'a>(paths: impl Iterator<Item = &'a Path>) -> Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let mut clients = Vec::new();
        for (i, path) in paths.enumerate() {
            let stream = UnixStream::connect(path).map_err(|error| format!("{}: {error}", path.display()))?;
            stream.set_nonblocking(true)?;
            epoll.add(&stream, EpollEvent::new(EpollFlags::EPOLLIN, i as u64))?;
            clients.push(Client {
                stream,
                unsent: VecDeque::new(),
                counts_only: false,
                received_bytes: 0,
                scanner: Scanner::default(),
                text: Vec::new(),
            });
        }
        Ok(Swarm {
            epoll,
            clients,
            chunk: vec![0; 256 * 1024],
        })
    }

    /// How many clients.
    pub fn len(&self) -> usize {
        self.clients.len()
    }

    /// From here on the client counts bytes and looks at none of them.
    pub fn count_only(&mut self, client: usize) {
        self.clients[client].counts_only = true;
        self.clients[client].received_bytes = 0;
    }

    /// Sends what the socket takes now; the rest goes out while the swarm turns.
    pub fn send(&mut self, client: usize, bytes: &[u8]) -> Result<()> {
        let Client { stream, unsent, .. } = &mut self.clients[client];
        if !unsent.is_empty() {
            unsent.extend(bytes);
            return Ok(());
        }
        // As a rule the socket takes it all, and one system call does.
        let taken = match stream.write(bytes) {
            Ok(n) => n,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error.into()),
        };
        if taken < bytes.len() {
            unsent.extend(&bytes[taken..]);
            let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT;
            let event = &mut EpollEvent::new(flags, client as u64);
            self.epoll.modify(&self.clients[client].stream, event)?;
        }
        Ok(())
    }

    /// Sends each client the same bytes.
    pub fn send_all(&mut self, bytes: &[u8]) -> Result<()> {
        (0..self.len()).try_for_each(|client| self.send(client, bytes))
    }

    /// Waits for one message on every client.
    pub fn await_one_each(&mut self) -> Result<()> {
        let mut waiting = vec![true; self.len()];
        self.run_until(None, |_, client, event| {
            let Event::Message(text) = event else {
                return Ok(false);
            };
            super::expect_success(text)?;
            waiting[client] = false;
            Ok(!waiting.contains(&true))
        })?;
        Ok(())
    }

    /// Hands out what arrives until `f` says it is enough (true is returned) or `deadline` passes (false).
    pub fn run_until<F>(&mut self, deadline: Option<Instant>, mut f: F) -> Result<bool>
    where
        F: FnMut(&mut Swarm, usize, Event) -> Result<bool>,
    {
        let mut ready = [EpollEvent::empty(); 64];
        let mut heard = Instant::now();
        loop {
            let left = deadline.map_or(SILENCE_MAX, |at| at.saturating_duration_since(Instant::now()));
            let n = match self.epoll.wait(&mut ready, timeout(left)) {
                Err(nix::errno::Errno::EINTR) => continue,
                other => other?,
            };
            if deadline.is_some_and(|at| Instant::now() >= at) {
                return Ok(false);
            }
            if n > 0 {
                heard = Instant::now();
            } else if heard.elapsed() >= SILENCE_MAX {
                return Err("the server is silent".into());
            }
            for event in &ready[..n] {
                let client = event.data() as usize;
                if event.events().contains(EpollFlags::EPOLLOUT) {
                    self.flush(client)?;
                }
                if event.events() != EpollFlags::EPOLLOUT && self.receive(client, &mut f)? {
                    return Ok(true);
                }
            }
        }
    }

    fn flush(&mut self, i: usize) -> Result<()> {
        let client = &mut self.clients[i];
        while !client.unsent.is_empty() {
            match client.stream.write(client.unsent.as_slices().0) {
                Ok(n) => drop(client.unsent.drain(..n)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        if client.unsent.is_empty() {
            let event = &mut EpollEvent::new(EpollFlags::EPOLLIN, i as u64);
            self.epoll.modify(&client.stream, event)?;
        }
        Ok(())
    }

    /// One read, so that no client starves the others.
    fn receive<F>(&mut self, i: usize, f: &mut F) -> Result<bool>
    where
        F: FnMut(&mut Swarm, usize, Event) -> Result<bool>,
    {
        let mut chunk = std::mem::take(&mut self.chunk);
        let read = self.clients[i].stream.read(&mut chunk);
        let done = match read {
            Ok(0) => Err(format!("the server closed connection {i}").into()),
            Ok(n) => self.deliver(i, &chunk[..n], f),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error.into()),
        };
        self.chunk = chunk;
        done
    }

    fn deliver<F>(&mut self, i: usize, mut bytes: &[u8], f: &mut F) -> Result<bool>
    where
        F: FnMut(&mut Swarm, usize, Event) -> Result<bool>,
    {
        let client = &mut self.clients[i];
        client.received_bytes += bytes.len();
        if client.counts_only {
            let total = client.received_bytes;
            return f(self, i, Event::Bytes(total));
        }
        let mut done = false;
        while let Some(end) = self.clients[i].scanner.scan(bytes)? {
            let mut text = std::mem::take(&mut self.clients[i].text);
            text.extend_from_slice(&bytes[..end]);
            bytes = &bytes[end..];
            done |= f(self, i, Event::Message(&text))?;
            text.clear();
            self.clients[i].text = text;
        }
        self.clients[i].text.extend_from_slice(bytes);
        Ok(done)
    }
}

/// epoll's timeout, rounded up so that a deadline is not polled for.
fn timeout(left: Duration) -> EpollTimeout {
    let ms = left.as_millis().saturating_add(1).min(i32::MAX as u128);
    EpollTimeout::try_from(ms as i32).unwrap_or(EpollTimeout::NONE)
}
