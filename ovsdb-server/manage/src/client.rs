//! The client: a connection with the methods of [`ApiClient`], and what takes several of them.

use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonrpsee::core::client::Error;
use jsonrpsee_ws_client::{WsClient, WsClientBuilder};
use ovsdb_transport::stream::Stream;
use ovsdb_transport::tls::Tls;
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;

use crate::api::ApiClient;
use crate::restore::hex;
use crate::types::{BackupPart, RestoreId};
use crate::{CHUNK_BYTES, OperationError};

/// A connection; `use ovsdb_manage::api::ApiClient` to call methods on it.
pub type Client = WsClient;

/// Longer than any answer takes.
const ANSWER_MAX: Duration = Duration::from_secs(300);

/// Until a server answers at all.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// Parts of a backup that may wait for a slow disk, a quarter of a megabyte each.
const PARTS_MAX: usize = 8192;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// It is not one of the forms.
    #[error("{0}: not an address: write http://HOST:PORT, https://, ws:// or wss://")]
    Address(String),
    /// Certificates are needed and there are none.
    #[error("{0}: needs a private key, a certificate and a CA certificate")]
    NoCertificate(String),
    /// The server cannot be reached.
    #[error("{0}: {1}")]
    Connect(String, #[source] io::Error),
    /// The server refused.
    #[error(transparent)]
    Refused(#[from] OperationError),
    /// A file here cannot be read or written.
    #[error("{0}")]
    File(#[from] io::Error),
    /// The same, of a file that has a name.
    #[error("{path}: {error}")]
    Named {
        /// Its name.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// A backup that is not whole.
    #[error("the backup is torn: {0}")]
    Torn(String),
    /// The connection broke, or what came is no answer.
    #[error("{0}")]
    Transport(String),
}

impl From<Error> for ClientError {
    fn from(error: Error) -> ClientError {
        match error {
            Error::Call(refusal) => ClientError::Refused(OperationError::from(&refusal)),
            other => ClientError::Transport(other.to_string()),
        }
    }
}

/// Connects to `http://HOST:PORT`, `ws://…`, or with certificates to `https://…`, `wss://…`. A WebSocket in any case,
/// because backups and changes come by it.
pub async fn connect(address: &str, tls: Option<&Tls>) -> Result<Client, ClientError> {
    let wrong = || ClientError::Address(address.to_owned());
    let (scheme, rest) = address.split_once("://").ok_or_else(wrong)?;
    let secure = match scheme {
        "http" | "ws" => false,
        "https" | "wss" => true,
        _ => return Err(wrong()),
    };
    let authority = rest.trim_end_matches('/');
    let (host, port) = authority.rsplit_once(':').ok_or_else(wrong)?;
    let port: u16 = port.parse().map_err(|_| wrong())?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() || host.contains('/') || (host.contains(':') && host.parse::<IpAddr>().is_err()) {
        return Err(wrong());
    }
    let unreachable = |error| ClientError::Connect(address.to_owned(), error);
    let dial = async {
        let stream = TcpStream::connect((host, port)).await.map_err(unreachable)?;
        let _ = stream.set_nodelay(true);
        match (secure, tls) {
            (false, _) => Ok(Stream::Tcp(stream)),
            (true, Some(tls)) => tls.connect(stream, host).await.map_err(unreachable),
            (true, None) => Err(ClientError::NoCertificate(address.to_owned())),
        }
    };
    let late = |_| unreachable(io::ErrorKind::TimedOut.into());
    let stream = tokio::time::timeout(CONNECT_MAX, dial).await.map_err(late)??;
    let client = WsClientBuilder::new()
        .request_timeout(ANSWER_MAX)
        .connection_timeout(CONNECT_MAX)
        .max_buffer_capacity_per_subscription(PARTS_MAX)
        .build_with_stream(format!("ws://{authority}"), stream)
        .await?;
    Ok(client)
}

/// Writes a backup of a database to `to`, telling `progress` the bytes so far and in all; the file's SHA-256. What was
/// written is of no use after an error.
pub async fn backup(
    client: &Client,
    db: &str,
    to: &mut impl Write,
    mut progress: impl FnMut(u64, Option<u64>),
) -> Result<String, ClientError> {
    let torn = |text: String| ClientError::Torn(text);
    let mut parts = client.backup(db.to_owned()).await?;
    let mut hash = Sha256::new();
    let mut so_far = 0;
    while let Some(part) = parts.next().await {
        match part.map_err(|error| torn(error.to_string()))? {
            BackupPart::Chunk { offset, total, data } => {
                if offset != so_far {
                    return Err(torn(format!("bytes {so_far} to {offset} are missing")));
                }
                let bytes = STANDARD.decode(data).map_err(|error| torn(error.to_string()))?;
                hash.update(&bytes);
                to.write_all(&bytes)?;
                so_far += bytes.len() as u64;
                progress(so_far, total);
            }
            BackupPart::Done { length, sha256 } => {
                let arrived = hex(hash);
                if length != so_far || arrived != sha256 {
                    return Err(torn(format!(
                        "{so_far} bytes with SHA-256 {arrived} came of {length} with {sha256}"
                    )));
                }
                to.flush()?;
                return Ok(sha256);
            }
            BackupPart::Failed { error } => return Err(torn(error)),
        }
    }
    Err(torn(format!("the server ended it after {so_far} bytes")))
}

/// Replaces a database's contents by those of a standalone database's file, in one step or not at all. One of another
/// schema is refused unless `force`. The server forgets what it has of a file that cannot be read to its end.
pub async fn restore(
    client: &Client,
    db: &str,
    from: &mut impl Read,
    force: bool,
    mut progress: impl FnMut(u64),
) -> Result<(), ClientError> {
    let id = client.restore_begin(db.to_owned()).await?;
    match send(client, id, from, &mut progress).await {
        Ok(sha256) => Ok(client.restore_finish(id, sha256, Some(force)).await?),
        Err(error) => {
            // Without a connection, the server forgets it after a time.
            if !matches!(error, ClientError::Transport(_)) {
                let _ = client.restore_abort(id).await;
            }
            Err(error)
        }
    }
}

/// Sends a file to its end; its SHA-256.
async fn send(
    client: &Client,
    id: RestoreId,
    from: &mut impl Read,
    progress: &mut impl FnMut(u64),
) -> Result<String, ClientError> {
    let mut hash = Sha256::new();
    let mut so_far = 0;
    let mut chunk = Vec::with_capacity(CHUNK_BYTES);
    loop {
        chunk.clear();
        from.take(CHUNK_BYTES as u64).read_to_end(&mut chunk)?;
        if chunk.is_empty() {
            return Ok(hex(hash));
        }
        hash.update(&chunk);
        so_far = client.restore_chunk(id, so_far, STANDARD.encode(&chunk)).await?;
        progress(so_far);
    }
}
