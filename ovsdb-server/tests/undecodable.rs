//! Committed entries whose contents a member cannot take, whatever it was that made them: it says which database and
//! what to do, goes on serving what it has, takes no more, and serves its other databases as ever.

use std::fmt::Debug;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ovsdb_cluster::state_hash;
use ovsdb_data::Uuid;
use ovsdb_raft::types::{Command, LogId, Request, ServerId, Transaction};
use ovsdb_raft::{Applied, Forwarded};
use ovsdb_server::cluster::{Cluster, ClusterEvent, Consensus};
use ovsdb_server::database::OpenDatabase;
use ovsdb_server::server::{Event, Host, Server};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};

type Job = Box<dyn FnOnce() -> Event + Send>;

/// A host on which no time passes; its jobs wait.
#[derive(Default)]
struct Still(Arc<Mutex<Vec<Job>>>, u128);

impl Host for Still {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn date_ms(&self) -> i64 {
        0
    }

    fn fresh_uuid(&mut self) -> Uuid {
        self.1 += 1;
        Uuid::from_u128(self.1)
    }

    fn spawn(&self, job: Job) {
        self.0.lock().push(job);
    }

    fn wake_at(&self, _: Duration) {}

    fn config_changed(&self) {}
}

/// A cluster that nothing is asked of.
struct Nobody;

impl Consensus for Nobody {
    fn propose(&self, _: Command) {}

    fn forward(&self, _: Forwarded) {}

    fn forget(&self, _: &Request) {}

    fn confirm(&self, _: u64) {}
}

/// The texts of what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        struct Text(String);
        impl Visit for Text {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        let mut text = Text(String::new());
        event.record(&mut text);
        self.0.lock().push(text.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

const ROW: &str = "00000000-0000-4000-8000-0000000000aa";

fn contents(db: &str) -> Command {
    let schema = format!(
        r#"{{"name":"{db}","version":"1.0.0","tables":{{"T":{{"isRoot":true,"columns":{{"n":{{"type":"integer"}}}}}}}}}}"#
    );
    Command::Restore {
        id: Uuid::from_u128(100),
        schema: schema.into(),
        record: format!(r#"{{"T":{{"{ROW}":{{"n":1}}}}}}"#).into(),
        index_at_least: 0,
    }
}

fn transaction(after: u128, record: &str) -> Command {
    Command::Transaction(Transaction {
        id: Uuid::from_u128(after + 1),
        prerequisite: Uuid::from_u128(after),
        request: None,
        record: Bytes::copy_from_slice(record.as_bytes()),
        reply: Bytes::new(),
    })
}

/// A server of members of two clusters, `D` and `E`, each with one row.
struct Served {
    server: Server,
    jobs: Arc<Mutex<Vec<Job>>>,
}

impl Served {
    fn new() -> Served {
        let jobs = Arc::default();
        let host = Still(Arc::clone(&jobs), 0);
        let mut served = Served {
            server: Server::new(Box::new(host)),
            jobs,
        };
        for db in ["D", "E"] {
            let mut cluster = Cluster::new(ServerId(Uuid::from_u128(7)));
            cluster.connect(Arc::new(Nobody));
            let database = OpenDatabase::clustered(db, cluster).expect("a name of letters");
            served
                .server
                .add_database(database)
                .expect("there is none of that name");
            served.apply(db, 1, contents(db)).expect("it is right");
        }
        served
    }

    /// Hands over an entry; what came of it.
    fn apply(&mut self, db: &str, index: u64, command: Command) -> io::Result<()> {
        let (done, mut wait) = oneshot::channel();
        let entry = Applied {
            log_id: LogId::new_term_index(1, index),
            command: Some(command),
        };
        let event = ClusterEvent::Apply(vec![entry], done);
        self.server.handle(Event::Cluster(db.to_owned(), event));
        loop {
            let Some(job) = self.jobs.lock().pop() else { break };
            let event = job();
            self.server.handle(event);
        }
        wait.try_recv().expect("it is done with it")
    }

    fn state(&self, db: &str) -> (Uuid, u64) {
        let snapshot = self.server.databases[db].snapshot();
        (snapshot.txn_id.0, state_hash(snapshot))
    }
}

fn check(record: &str) {
    let log = Log::default();
    let _listening = tracing::subscriber::set_default(log.clone());
    let mut served = Served::new();
    let before = served.state("D");
    let told = served
        .apply("D", 2, transaction(100, record))
        .expect_err(record)
        .to_string();
    assert!(told.contains("the record of a log entry: "), "{record}: {told}");
    let shown = served.server.databases["D"].storage_error.clone();
    let shown = shown
        .unwrap_or_else(|| panic!("{record}: the status is well"))
        .to_string();
    assert!(shown.starts_with("inconsistent data: "), "{record}: {shown}");
    let logged = log.0.lock().join("\n");
    assert!(logged.contains("D: inconsistent data: "), "{record}: {logged}");
    assert!(
        logged.contains("replace this member: kick it and let a new one join"),
        "{record}: {logged}"
    );
    assert_eq!(served.state("D"), before, "{record}");

    let right = format!(r#"{{"T":{{"{ROW}":{{"n":2}}}}}}"#);
    let other = served.state("E");
    served
        .apply("E", 2, transaction(100, &right))
        .expect("nothing is wrong with it");
    assert_ne!(served.state("E"), other, "{record}");
    assert!(served.server.databases["E"].storage_error.is_none(), "{record}");
}

#[test]
fn records_that_make_no_sense() {
    for record in [
        "",
        "nonsense",
        "[]",
        "1",
        r#"{"T":"#,
        r#"{"U":{}}"#,
        r#"{"T":[]}"#,
        r#"{"T":{"nobody":{"n":2}}}"#,
        r#"{"T":{"00000000-0000-4000-8000-0000000000aa":[]}}"#,
        r#"{"T":{"00000000-0000-4000-8000-0000000000aa":{"m":2}}}"#,
        r#"{"T":{"00000000-0000-4000-8000-0000000000aa":{"n":"two"}}}"#,
        r#"{"T":{"00000000-0000-4000-8000-0000000000bb":null}}"#,
        "\u{0}",
    ] {
        check(record);
    }
}
