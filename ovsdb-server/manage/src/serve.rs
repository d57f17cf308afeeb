//! Listening.
//!
//! ```text
//!   accept ──▶ one task per connection: TLS handshake, HTTP, WebSocket upgrade ──▶ Half
//! ```

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jsonrpsee::server::http::response;
use jsonrpsee::server::{
    HttpRequest, Methods, Server, ServerConfig, ServerHandle, StopHandle, TowerServiceBuilder,
    serve_with_graceful_shutdown, stop_channel,
};
use ovsdb_transport::stream::Stream;
use ovsdb_transport::tls::Tls;
use tokio::net::{TcpListener, TcpStream};
use tower::Service;
use tower::layer::util::Identity;

use crate::Operations;
use crate::api::ApiServer;
use crate::half::Half;

/// Who operates by hand or by a handful of programs needs no more.
const CONNECTIONS_MAX: u32 = 64;

/// A chunk in base64 with room around it.
const REQUEST_BYTES_MAX: u32 = 2 << 20;

/// A verification or a status of many members stays below.
const RESPONSE_BYTES_MAX: u32 = 16 << 20;

/// Messages that wait for a slow reader: four megabytes of a backup.
const MESSAGES_MAX: u32 = 16;

/// A peer that does not finish its handshake by then is no operator.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// Where to listen.
pub struct Listen {
    /// The address; port 0 for any.
    pub address: SocketAddr,
    /// With certificates of both sides; needed where others than this machine reach.
    pub tls: Option<Arc<Tls>>,
}

impl Listen {
    /// Loopback, in plain text.
    pub fn loopback(port: u16) -> Listen {
        Listen {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            tls: None,
        }
    }
}

/// Why it does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Anybody on the network could do anything.
    #[error(
        "management on {0}: whoever reaches it may do all it offers, so beyond loopback it needs certificates of \
         both sides; configure a private key, a certificate and a CA certificate, or listen on 127.0.0.1"
    )]
    Open(SocketAddr),
    /// The address cannot be had.
    #[error("management on {0}: {1}")]
    Bind(SocketAddr, #[source] io::Error),
}

/// A listener at work; dropped, it ends.
pub struct Handle {
    address: SocketAddr,
    server: ServerHandle,
}

impl Handle {
    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it: connections are closed after what they are doing.
    pub async fn stop(self) {
        // An error says that it is ending already.
        let _ = self.server.stop();
        self.server.clone().stopped().await;
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let _ = self.server.stop();
    }
}

/// Serves these operations. Call it in a tokio runtime.
pub async fn serve(operations: Arc<dyn Operations>, listen: Listen) -> Result<Handle, ServeError> {
    let Listen { address, tls } = listen;
    if !address.ip().is_loopback() && tls.is_none() {
        return Err(ServeError::Open(address));
    }
    let bind = async {
        let listener = TcpListener::bind(address).await?;
        Ok((listener.local_addr()?, listener))
    };
    let (address, listener) = bind.await.map_err(|error| ServeError::Bind(address, error))?;
    let (stop, server) = stop_channel();
    let config = ServerConfig::builder()
        .max_connections(CONNECTIONS_MAX)
        .max_request_body_size(REQUEST_BYTES_MAX)
        .max_response_body_size(RESPONSE_BYTES_MAX)
        .set_message_buffer_capacity(MESSAGES_MAX)
        .build();
    let shared = Shared {
        methods: Half::new(operations).into_rpc().into(),
        services: Server::builder().set_config(config).to_service_builder(),
        stop,
        tls,
    };
    tokio::spawn(accept(listener, shared));
    Ok(Handle { address, server })
}

/// What connections have in common.
#[derive(Clone)]
struct Shared {
    methods: Methods,
    services: TowerServiceBuilder<Identity, Identity>,
    stop: StopHandle,
    tls: Option<Arc<Tls>>,
}

async fn accept(listener: TcpListener, shared: Shared) {
    loop {
        let accepted = tokio::select! {
            () = shared.stop.clone().shutdown() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => drop(tokio::spawn(connection(stream, peer, shared.clone()))),
            Err(error) => {
                tracing::warn!(target: "manage", "accept: {error}");
                // Out of descriptors, most likely: others must end first.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, shared: Shared) {
    // Answers are small and wanted at once.
    let _ = stream.set_nodelay(true);
    let stream = match &shared.tls {
        None => Ok(Stream::Tcp(stream)),
        Some(tls) => match tokio::time::timeout(HANDSHAKE_MAX, tls.accept(stream)).await {
            Ok(stream) => stream,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        },
    };
    let stream = match stream {
        Ok(stream) => stream,
        Err(error) => {
            tracing::warn!(target: "manage", "{peer}: {error}");
            return;
        }
    };
    let stopped = shared.stop.clone().shutdown();
    let mut service = shared.services.build(shared.methods, shared.stop);
    let guarded = tower::service_fn(move |request: HttpRequest<_>| {
        // A browser names the page that makes it ask. No page operates databases, and one that is open on this
        // machine must not.
        let of_page = request.headers().contains_key("origin");
        let answer = (!of_page).then(|| service.call(request));
        async move {
            match answer {
                // A concrete type: the compiler does not see that the boxed one fits (rust-lang/rust#102211).
                Some(answer) => answer.await.map_err(io::Error::other),
                None => Ok(response::denied()),
            }
        }
        .boxed()
    });
    if let Err(error) = serve_with_graceful_shutdown(stream, guarded, stopped).await {
        tracing::debug!(target: "manage", "{peer}: {error}");
    }
}
