//! The client on tokio, beside servers that a test plays.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use ovsdb_data::{TableIdx, Uuid};
use ovsdb_idl::session::{Config, Event, Interest};
use ovsdb_transport::dialer::Dialer;
use ovsdb_transport::drive::Client;
use ovsdb_transport::stream::Stream;
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
    assert!(matches!(refusal, Event::TryNextRemote(_)), "{refusal:?}");
    let log = log.0.lock().expect("no test panics while it logs").clone();
    let line = format!("WARN ovsdb_cs: {remote}: get_schema failed: \"unknown database\"");
    assert!(log.lines().any(|logged| logged == line), "{log}");
}

/// A client on a server that holds one table T with a column n, filled with rows of these n.
async fn followed(rows: impl Iterator<Item = u64>) -> (Client, Server) {
    let (here, there) = UnixStream::pair().expect("a socket pair");
    let client = Client::on(&Handle::current(), config(), Stream::Unix(here));
    let mut server = Server(there);
    server.expect("get_schema").await;
    server.send(r#"{"id":1,"error":"unknown database"}"#).await;
    server.expect("get_schema").await;
    server
        .send(r#"{"id":2,"result":{"name":"D","version":"1.0.0","tables":{"T":{"columns":{"n":{"type":"integer"}}}}}}"#)
        .await;
    server.expect("monitor_cond_since").await;
    let zero = Uuid::nil();
    let rows: Vec<String> = rows
        .map(|n| format!(r#""{}":{{"initial":{{"n":{n}}}}}"#, id(n)))
        .collect();
    let rows = rows.join(",");
    server
        .send(&format!(
            r#"{{"id":3,"result":[false,"{zero}",{{"T":{{{rows}}}}}]}}"#
        ))
        .await;
    (client, server)
}

fn id(n: u64) -> Uuid {
    Uuid::from_u128(u128::from(n) + 1)
}

fn n_rows(client: &Client) -> usize {
    client.read(|replica| replica.map_or(0, |replica| replica.rows(TableIdx(0)).len()))
}

/// What an event tells, its rows as their numbers of tables.
fn told(event: Event) -> String {
    match event {
        Event::Schema(schema) => format!("schema {}", schema.name),
        Event::Reset { rows, .. } => format!("reset {}", rows.len()),
        Event::Changed { changes, .. } => format!("changed {}", changes.len()),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn events_that_nobody_takes_become_how_things_are() {
    let (mut client, mut server) = followed(0..2).await;
    for expected in ["schema D", "reset 2", "Connected(true)"] {
        assert_eq!(told(client.event().await), expected);
    }
    assert!(client.try_event().is_none());

    // Taken in time, each is told.
    let insert = |n: u64| {
        let zero = Uuid::nil();
        format!(
            r#"{{"id":null,"method":"update3","params":[["monid","D"],"{zero}",{{"T":{{"{}":{{"insert":{{"n":{n}}}}}}}}}]}}"#,
            id(n)
        )
    };
    let modify = |k: u64| {
        let zero = Uuid::nil();
        format!(
            r#"{{"id":null,"method":"update3","params":[["monid","D"],"{zero}",{{"T":{{"{}":{{"modify":{{"n":{k}}}}}}}}}]}}"#,
            id(0)
        )
    };
    server.send(&insert(2)).await;
    assert_eq!(told(client.event().await), "changed 1");

    // Far too many for the queue; the last one is how it is known that all have come.
    for k in 10..10_000 {
        server.send(&modify(k)).await;
    }
    server.send(&insert(3)).await;
    while n_rows(&client) < 4 {
        tokio::task::yield_now().await;
    }
    for expected in ["schema D", "reset 4", "Connected(true)"] {
        assert_eq!(told(client.event().await), expected);
    }
    assert!(client.try_event().is_none());

    // And on it goes from there.
    server.send(&insert(4)).await;
    assert_eq!(told(client.event().await), "changed 1");
}

#[tokio::test]
async fn a_large_first_contents_is_told_once() {
    let (mut client, _server) = followed(0..100_000).await;
    while n_rows(&client) == 0 {
        tokio::task::yield_now().await;
    }
    let mut resets = Vec::new();
    while let Some(event) = client.try_event() {
        resets.extend(Some(told(event)).filter(|text| text.starts_with("reset")));
    }
    assert_eq!(resets, ["reset 100000"]);
}
