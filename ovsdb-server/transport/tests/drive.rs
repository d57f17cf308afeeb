//! The client on tokio, beside servers that a test plays.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use ovsdb_idl::session::{Config, Event, Interest};
use ovsdb_transport::dialer::Dialer;
use ovsdb_transport::drive::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Handle;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

fn config() -> Config {
    Config {
        db: "D".to_owned(),
        leader_only: false,
        tables: Interest::All,
        schema: None,
    }
}

/// A server of which a test plays the part.
struct Server(UnixStream);

impl Server {
    /// Waits for a request of a method.
    async fn expect(&mut self, method: &str) {
        let mut text = Vec::new();
        while !String::from_utf8_lossy(&text).contains(&format!("\"{method}\"")) {
            let n = self.0.read_buf(&mut text).await.expect("the client writes");
            assert_ne!(n, 0, "{method} was never asked");
        }
    }

    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.expect("the client reads");
    }
}

/// What is logged, as `LEVEL target: message` lines.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl<S: tracing::Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        struct Message(String);
        impl Visit for Message {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        let of = event.metadata();
        let mut log = self.0.lock().expect("no test panics while it logs");
        let _ = writeln!(log, "{} {}: {}", of.level(), of.target(), message.0);
    }
}

#[tokio::test]
async fn a_refusal_is_logged_with_its_remote() {
    let log = Log::default();
    let _logging = tracing::subscriber::set_default(tracing_subscriber::registry().with(log.clone()));
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("server.sock");
    let listener = UnixListener::bind(&path).expect("the folder is ours");
    let remote = format!("unix:{}", path.display());
    let remotes = vec![remote.parse().expect("a remote")];
    let mut client = Client::start(
        &Handle::current(),
        config(),
        Dialer::new(remotes, None, Arc::default()),
    );
    let mut server = Server(listener.accept().await.expect("the client comes").0);
    server.expect("get_schema").await;
    server.send(r#"{"id":1,"error":"unknown database"}"#).await;
    server.expect("get_schema").await;
    server.send(r#"{"id":2,"error":"unknown database"}"#).await;
    let refusal = client.event().await;
    assert!(matches!(refusal, Some(Event::TryNextRemote(_))), "{refusal:?}");
    let log = log.0.lock().expect("no test panics while it logs").clone();
    let line = format!("WARN ovsdb_cs: {remote}: get_schema failed: \"unknown database\"");
    assert!(log.lines().any(|logged| logged == line), "{log}");
}
