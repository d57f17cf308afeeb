//! Connecting.

use std::io;
use std::sync::Arc;

use tokio::net::{TcpStream, UnixStream};

use crate::remote::Active;
use crate::stream::Stream;
use crate::tls::Tls;

/// Connects, TLS handshake included.
pub async fn dial(active: &Active, tls: &Arc<Tls>) -> io::Result<Stream> {
    match active {
        Active::Unix(path) => Ok(Stream::Unix(UnixStream::connect(path).await?)),
        Active::Tcp(host, port) => Ok(Stream::Tcp(connect(host, *port).await?)),
        Active::Ssl(host, port) => tls.connect(connect(host, *port).await?, host).await,
    }
}

async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
