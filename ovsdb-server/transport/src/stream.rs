//! A byte stream of any kind: unix socket, TCP, TLS over TCP.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsStream;

/// A peer that is silent for so long is asked whether it is there.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(10);

/// And again after this, so many times.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;

/// A peer that does not confirm what it was sent for so long is given up. Otherwise the system tries again after ever
/// longer pauses, long after the network has been mended.
const UNCONFIRMED_MAX: Duration = Duration::from_secs(3);

/// A connected stream.
#[derive(Debug)]
pub enum Stream {
    /// `unix:`, `punix:`.
    Unix(UnixStream),
    /// `tcp:`, `ptcp:`.
    Tcp(TcpStream),
    /// `ssl:`, `pssl:`, after the handshake.
    Tls(Box<TlsStream<TcpStream>>),
    /// Between two parts of one process.
    Memory(DuplexStream),
}

impl Stream {
    /// True where a probe is due by default: a unix socket's peer cannot vanish silently.
    pub fn is_remote(&self) -> bool {
        !matches!(self, Stream::Unix(_) | Stream::Memory(_))
    }

    /// Has the system ask the peer now and then whether it is still there, and end the connection when it is not or
    /// takes nothing. Unix sockets need none of that.
    pub fn keep_alive(&self) -> io::Result<()> {
        let tcp = match self {
            Stream::Tcp(tcp) => tcp,
            Stream::Tls(tls) => tls.get_ref().0,
            Stream::Unix(_) | Stream::Memory(_) => return Ok(()),
        };
        let how = TcpKeepalive::new()
            .with_time(KEEPALIVE_AFTER)
            .with_interval(KEEPALIVE_INTERVAL)
            .with_retries(KEEPALIVE_RETRIES);
        let socket = SockRef::from(tcp);
        socket.set_tcp_keepalive(&how)?;
        #[cfg(target_os = "linux")]
        socket.set_tcp_user_timeout(Some(UNCONFIRMED_MAX))?;
        Ok(())
    }

    /// The common name of the peer's verified certificate.
    pub fn peer_common_name(&self) -> Option<String> {
        match self {
            Stream::Tls(stream) => {
                let certificates = stream.get_ref().1.peer_certificates()?;
                crate::tls::common_name(certificates.first()?)
            }
            _ => None,
        }
    }
}

macro_rules! each {
    ($self:ident, $stream:ident => $body:expr) => {
        match $self.get_mut() {
            Stream::Unix(inner) => {
                let $stream = Pin::new(inner);
                $body
            }
            Stream::Tcp(inner) => {
                let $stream = Pin::new(inner);
                $body
            }
            Stream::Tls(inner) => {
                let $stream = Pin::new(&mut **inner);
                $body
            }
            Stream::Memory(inner) => {
                let $stream = Pin::new(inner);
                $body
            }
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => stream.poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        each!(self, stream => stream.poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => stream.poll_shutdown(cx))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(self, stream => stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Stream::Unix(stream) => stream.is_write_vectored(),
            Stream::Tcp(stream) => stream.is_write_vectored(),
            Stream::Memory(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }
}
