//! Listeners.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::DuplexStream;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Mutex;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::remote::Passive;
use crate::stream::Stream;
use crate::tls::Tls;

/// Connections that may wait to be accepted: hundreds of nodes come back at once.
const BACKLOG: i32 = 4096;

/// A bound listener. A unix socket's file goes when it is dropped.
pub enum Listener {
    /// `punix:`.
    Unix(UnixListener, PathBuf),
    /// `ptcp:`.
    Tcp(TcpListener),
    /// `pssl:`.
    Ssl(TcpListener, Arc<Tls>),
    /// Within one process: streams and their peers' names.
    Memory(Mutex<UnboundedReceiver<(DuplexStream, String)>>),
}

/// A client before its TLS handshake, which belongs in its own task.
pub struct Accepted {
    stream: Stream,
    tls: Option<Arc<Tls>>,
    /// The peer, as logs name it.
    pub peer: String,
}

impl Listener {
    /// Binds. `tls` is used by `pssl:` alone.
    pub fn bind(passive: &Passive, tls: &Arc<Tls>) -> io::Result<Listener> {
        Ok(match passive {
            Passive::Unix(path) => {
                // A file left behind by a server that was killed is in the way.
                match std::fs::remove_file(path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
                Listener::Unix(UnixListener::bind(path)?, path.clone())
            }
            Passive::Tcp(port, host) => Listener::Tcp(bind_tcp(*port, host.as_deref())?),
            Passive::Ssl(port, host) => Listener::Ssl(bind_tcp(*port, host.as_deref())?, tls.clone()),
        })
    }

    /// The port, for TCP and TLS.
    pub fn bound_port(&self) -> Option<u16> {
        match self {
            Listener::Unix(..) | Listener::Memory(_) => None,
            Listener::Tcp(listener) | Listener::Ssl(listener, _) => {
                listener.local_addr().ok().map(|a| a.port())
            }
        }
    }

    /// The next client.
    pub async fn accept(&self) -> io::Result<Accepted> {
        let tcp = |stream: tokio::net::TcpStream, peer: SocketAddr, scheme: &str, tls| {
            stream.set_nodelay(true)?;
            Ok(Accepted {
                stream: Stream::Tcp(stream),
                tls,
                peer: format!("{scheme}:{peer}"),
            })
        };
        match self {
            Listener::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok(Accepted {
                    stream: Stream::Unix(stream),
                    tls: None,
                    peer: "unix".to_owned(),
                })
            }
            Listener::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                tcp(stream, peer, "tcp", None)
            }
            Listener::Ssl(listener, tls) => {
                let (stream, peer) = listener.accept().await?;
                tcp(stream, peer, "ssl", Some(tls.clone()))
            }
            Listener::Memory(streams) => match streams.lock().await.recv().await {
                Some((stream, peer)) => Ok(Accepted {
                    stream: Stream::Memory(stream),
                    tls: None,
                    peer,
                }),
                // Nobody can come any more.
                None => std::future::pending().await,
            },
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Listener::Unix(_, path) = self {
            // Nothing is left to do where it is gone already.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Accepted {
    /// Completes the TLS handshake where there is one.
    pub async fn handshake(self) -> io::Result<Stream> {
        match (self.tls, self.stream) {
            (Some(tls), Stream::Tcp(stream)) => tls.accept(stream).await,
            (_, stream) => Ok(stream),
        }
    }
}

fn bind_tcp(port: u16, host: Option<&str>) -> io::Result<TcpListener> {
    let ip: IpAddr = match host {
        None => Ipv4Addr::UNSPECIFIED.into(),
        Some(host) => host.split('%').next().unwrap_or(host).parse().map_err(|_| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{host}: not an IP address to listen at"),
            )
        })?,
    };
    let address = SocketAddr::new(ip, port);
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if ip == IpAddr::from(Ipv6Addr::UNSPECIFIED) {
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}
