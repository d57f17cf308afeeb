//! The client library on the C server, on ours, and within one process: what it follows equals what is committed, over
//! crashes and several remotes.

use std::collections::BTreeMap;
use std::time::Duration;

use ferrovn_tests::peers::Scratch;
use ferrovn_tests::server::{Kind, Server};
use ovn_schemas::rows::ovn_northbound::{LogicalSwitch, LogicalSwitchPort, OvnNorthboundSchema};
use ovn_schemas::rows::ovn_southbound;
use ovn_schemas::{Db, schema};
use ovsdb_data::condition::Function;
use ovsdb_data::typed::{Columns, Table};
use ovsdb_data::{RowChange, Uuid};
use ovsdb_idl::condition::Where;
use ovsdb_idl::session::{Config, Event, Interest};
use ovsdb_idl::tables::{Change, NoRows, Rows};
use ovsdb_idl::txn::{Outcome, Txn};
use ovsdb_server::embed::Embedded;
use ovsdb_server::host::fresh_uuid;
use ovsdb_transport::dialer::Dialer;
use ovsdb_transport::drive::Client;
use serde_json::{Value, json};
use tokio::runtime::Handle;

type Nb<'a> = Rows<'a, OvnNorthboundSchema>;

fn config() -> Config {
    Config {
        db: Db::OvnNorthbound.name().to_owned(),
        leader_only: true,
        tables: Interest::All,
        schema: Some(schema(Db::OvnNorthbound)),
    }
}

fn client(sockets: &[String]) -> Client {
    let remotes = sockets
        .iter()
        .map(|socket| format!("unix:{socket}").parse().expect("a remote"));
    let dialer = Dialer::new(
        remotes.collect(),
        Some(Duration::from_secs(1)),
        Default::default(),
    );
    Client::start(&Handle::current(), config(), dialer)
}

fn socket(scratch: &Scratch, name: &str) -> String {
    scratch.host(&format!("{name}.sock")).display().to_string()
}

fn start(kind: Kind, scratch: &Scratch, name: &str) -> Server {
    Server::start(kind, scratch, name, Db::OvnNorthbound.text(), &[])
}

/// The names of switches as the events tell them; none before the first contents.
#[derive(Debug, Default)]
struct Told(Option<BTreeMap<Uuid, String>>);

impl Told {
    fn take(&mut self, client: &Client, changes: &[RowChange]) {
        let read = client.rows(|rows: Nb<'_>| self.take_typed(rows, changes));
        read.expect("rows of NB");
    }

    fn take_typed(&mut self, rows: Nb<'_>, changes: &[RowChange]) {
        let known = self.0.as_mut().expect("the first contents come first");
        for change in rows.changes::<LogicalSwitch>(changes) {
            match change {
                Change::Inserted(new) => {
                    let before = known.insert(new.uuid(), new.name().to_owned());
                    assert_eq!(before, None, "a switch is inserted once");
                }
                Change::Modified(old, new) => {
                    let before = known.insert(new.uuid(), new.name().to_owned());
                    assert_eq!(
                        before.as_deref(),
                        Some(old.name()),
                        "an old row is the one told before"
                    );
                }
                Change::Deleted(old) => {
                    assert_eq!(known.remove(&old.uuid()).as_deref(), Some(old.name()));
                }
            }
        }
    }

    fn is(&self, names: &[&str]) -> bool {
        self.0.as_ref().is_some_and(|known| {
            let mut told: Vec<&str> = known.values().map(String::as_str).collect();
            told.sort_unstable();
            told == names
        })
    }

    /// Takes events until the switches are these.
    async fn until(&mut self, client: &mut Client, names: &[&str]) {
        self.follow(client, |told, _| told.is(names)).await;
        assert!(self.is(names));
    }

    /// Takes events until the contents match what was asked for.
    async fn until_met(&mut self, client: &mut Client, change: u64) {
        let is_it =
            |event: Option<&Event>| matches!(event, Some(Event::ConditionsMet(met)) if *met >= change);
        self.follow(client, |_, event| is_it(event)).await;
    }

    /// Takes events until one is the last; checks that what is told by then is what is read.
    async fn follow(&mut self, client: &mut Client, is_last: impl Fn(&Told, Option<&Event>) -> bool) {
        let follow = async {
            let mut event = None;
            while !is_last(self, event.as_ref()) {
                match event.insert(client.event().await) {
                    Event::Reset { rows, .. } => {
                        self.0 = Some(BTreeMap::new());
                        let inserted = rows.iter().map(|(table, row)| RowChange {
                            table: *table,
                            uuid: row.uuid(),
                            old: None,
                            new: Some(row.clone()),
                        });
                        self.take(client, &inserted.collect::<Vec<_>>());
                    }
                    Event::Changed { changes, .. } => self.take(client, changes),
                    _ => {}
                }
            }
        };
        let followed = tokio::time::timeout(Duration::from_secs(30), follow).await;
        assert!(followed.is_ok(), "told {:?} by then", self.0);
        let read = client.rows(|rows: Nb<'_>| {
            let rows = rows.table::<LogicalSwitch>();
            rows.map(|switch| (switch.uuid(), switch.name().to_owned()))
                .collect()
        });
        assert_eq!(self.0, read.ok(), "what is told is what is read");
    }
}

async fn add_switch(client: &Client, name: &str) -> Uuid {
    let mut fresh = fresh_uuid;
    let mut txn = Txn::new(&mut fresh);
    let port = txn.insert(&Columns::new().set(LogicalSwitchPort::NAME, format!("{name}-port")));
    let switch = txn.insert(
        &Columns::new()
            .set(LogicalSwitch::NAME, name)
            .set(LogicalSwitch::PORTS, [port]),
    );
    assert_eq!(client.transact(txn).await, Outcome::Committed);
    switch
}

/// Writes, reads, and what transactions come to.
async fn check_client(client: &mut Client, others: &mut Client) {
    let (mut told, mut others_told) = (Told::default(), Told::default());
    told.until(client, &[]).await;
    others_told.until(others, &[]).await;
    let a = add_switch(client, "a").await;
    others_told.until(others, &["a"]).await;
    let b = add_switch(others, "b").await;
    told.until(client, &["a", "b"]).await;

    let mut fresh = fresh_uuid;
    let mut stale = Txn::new(&mut fresh);
    stale.verify(a, &Columns::new().set(LogicalSwitch::NAME, "other"));
    stale.delete::<LogicalSwitch>(a);
    assert_eq!(client.transact(stale).await, Outcome::TryAgain);
    let mut fresh = fresh_uuid;
    let mut without_lock = Txn::new(&mut fresh);
    without_lock.assert_lock("nobodys");
    assert_eq!(client.transact(without_lock).await, Outcome::TryAgain);
    let mut fresh = fresh_uuid;
    let mut dangling = Txn::new(&mut fresh);
    dangling.add(a, LogicalSwitch::PORTS, [Uuid::from_u128(1)]);
    assert!(matches!(client.transact(dangling).await, Outcome::Failed(_)));

    let mut fresh = fresh_uuid;
    let mut txn = Txn::new(&mut fresh);
    txn.verify(a, &Columns::new().set(LogicalSwitch::NAME, "a"));
    txn.update(a, &Columns::new().set(LogicalSwitch::NAME, "z"));
    txn.put(b, LogicalSwitch::OTHER_CONFIG, "subnet", "10.0.0.0/8");
    txn.put(b, LogicalSwitch::OTHER_CONFIG, "subnet", "11.0.0.0/8");
    assert_eq!(client.transact(txn).await, Outcome::Committed);
    others_told.until(others, &["b", "z"]).await;
    let subnet = others.rows(|rows: Nb<'_>| {
        let switch: LogicalSwitch<'_> = rows.find(b)?;
        switch.other_config().get("subnet").map(str::to_owned)
    });
    assert_eq!(subnet, Ok(Some("11.0.0.0/8".to_owned())));
}

/// The switches of these names.
fn named(names: &[&str]) -> Where<LogicalSwitch<'static>> {
    names.iter().fold(Where::none(), |rows, name| {
        rows.or(LogicalSwitch::NAME, Function::Eq, *name)
    })
}

/// Follows some of the switches b and z, then others.
async fn check_conditions(writer: &Client, mut following: Client) {
    let mut told = Told::default();
    // Asked before there is anything: nothing else is ever told.
    let change = following.set_where(&named(&["b"])).expect("a table of NB");
    told.until_met(&mut following, change).await;
    assert!(told.is(&["b"]));
    for (rows, names) in [
        (named(&["z"]), &["z"][..]),
        (Where::none(), &[]),
        (named(&["b", "c"]), &["b"]),
        (Where::all(), &["b", "z"]),
        (named(&["c", "z"]), &["z"]),
    ] {
        let change = following.set_where(&rows).expect("a table of NB");
        told.until_met(&mut following, change).await;
        assert!(told.is(names), "{told:?}, not {names:?}");
        assert_eq!(following.conditions_met(), change);
    }
    let c = add_switch(writer, "c").await;
    told.until(&mut following, &["c", "z"]).await;
    let mut fresh = fresh_uuid;
    let mut txn = Txn::new(&mut fresh);
    txn.delete::<LogicalSwitch>(c);
    assert_eq!(writer.transact(txn).await, Outcome::Committed);
    told.until(&mut following, &["z"]).await;
}

/// Takes events until one is this.
async fn until_event(client: &mut Client, wanted: Event) {
    let follow = async { while client.event().await != wanted {} };
    let followed = tokio::time::timeout(Duration::from_secs(30), follow).await;
    assert!(followed.is_ok(), "{wanted:?} never came");
}

/// What a transaction under a lock comes to.
async fn under_lock(client: &Client) -> Outcome {
    let mut fresh = fresh_uuid;
    let mut txn = Txn::new(&mut fresh);
    txn.assert_lock("l");
    client.transact(txn).await
}

/// A lock goes from one client to another.
async fn check_locks(mut first: Client, mut second: Client) {
    // Before there is a connection.
    first.lock("l");
    until_event(&mut first, Event::Locked).await;
    assert_eq!(under_lock(&first).await, Outcome::Committed);
    second.lock("l");
    until_event(&mut second, Event::Connected(true)).await;
    assert_eq!(under_lock(&second).await, Outcome::TryAgain);
    assert!(first.has_lock() && second.is_lock_contended());

    // Stolen from each in turn; who loses it gets it back when the other gives it up.
    second.steal("l");
    until_event(&mut first, Event::Stolen).await;
    until_event(&mut second, Event::Locked).await;
    assert_eq!(under_lock(&first).await, Outcome::TryAgain);
    assert_eq!(under_lock(&second).await, Outcome::Committed);
    first.steal("l");
    until_event(&mut second, Event::Stolen).await;
    until_event(&mut first, Event::Locked).await;
    first.unlock();
    until_event(&mut second, Event::Locked).await;
    assert_eq!(under_lock(&second).await, Outcome::Committed);
    assert!(!first.has_lock() && !first.is_lock_contended());
}

/// A lock outlives the conversion of the database.
async fn check_conversion(server: &Server, scratch: &Scratch, mut client: Client) {
    client.lock("l");
    until_event(&mut client, Event::Locked).await;
    let mut newer: Value = serde_json::from_str(Db::OvnNorthbound.text()).expect("JSON");
    newer["tables"]["Later"] = json!({"columns": {"n": {"type": "integer"}}});
    // Who is not aware of changes is disconnected by them.
    let mut converter = server.client(scratch);
    converter.call("set_db_change_aware", json!([true]));
    let converted = converter.call("convert", json!([Db::OvnNorthbound.name(), newer]));
    assert_eq!(converted["error"], Value::Null, "{converted}");
    until_event(&mut client, Event::Connected(false)).await;
    until_event(&mut client, Event::Connected(true)).await;
    assert!(client.has_lock());
    assert_eq!(under_lock(&client).await, Outcome::Committed);
}

/// The switches after each crash: one is written in every round.
const ROUNDS: [&[&str]; 4] = [
    &["b", "z"],
    &["b", "z", "~1"],
    &["b", "z", "~1", "~2"],
    &["b", "z", "~1", "~2", "~3"],
];

async fn check_server(kind: Kind) {
    let scratch = Scratch::new("idl");
    let mut server = start(kind, &scratch, "nb");
    let sockets = [socket(&scratch, "nb")];
    let (mut writer, mut watcher) = (client(&sockets), client(&sockets));
    check_client(&mut writer, &mut watcher).await;
    check_conditions(&writer, client(&sockets)).await;
    check_locks(client(&sockets), client(&sockets)).await;
    check_conversion(&server, &scratch, client(&sockets)).await;
    let mut told = Told::default();
    let mut following = client(&sockets);
    told.until(&mut following, ROUNDS[0]).await;
    let (mut some_told, mut some) = (Told::default(), client(&sockets));
    some.set_where(&named(&["b", "~2"])).expect("a table of NB");
    some_told.until(&mut some, &["b"]).await;
    for after in &ROUNDS[1..] {
        server.crash(&scratch);
        let mut writer = client(&sockets);
        let before = &after[..after.len() - 1];
        Told::default().until(&mut writer, before).await;
        add_switch(&writer, after[after.len() - 1]).await;
        // Every change once, none lost: `Told` checks each against what was told before.
        told.until(&mut following, after).await;
    }
    some_told.until(&mut some, &["b", "~2"]).await;
}

/// Tables of another database, some of which have the same names, are neither shown nor written.
async fn check_other_types(client: &Client) {
    let shown = client.rows(|_: Rows<'_, ovn_southbound::OvnSouthboundSchema>| ());
    assert!(matches!(shown, Err(NoRows::OtherSchema { .. })));
    let mut fresh = fresh_uuid;
    let mut txn = Txn::new(&mut fresh);
    txn.insert(&Columns::new().set(ovn_southbound::Connection::TARGET, "ptcp:1"));
    let error = "tables of OVN_Southbound are meant, but the client follows OVN_Northbound";
    assert_eq!(client.transact(txn).await, Outcome::Failed(error.to_owned()));
    let rows = Where::none().or(ovn_southbound::Connection::TARGET, Function::Eq, "ptcp:1");
    assert_eq!(
        client.set_where(&rows).map_err(|e| e.to_string()),
        Err(error.to_owned())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_our_server() {
    check_server(Kind::Ours).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_c_server() {
    check_server(Kind::C).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn within_one_process() {
    let server = Embedded::start(Handle::current()).expect("a server");
    let db = server
        .in_memory(schema(Db::OvnNorthbound))
        .await
        .expect("a database");
    let connect = || Client::on(&Handle::current(), config(), server.connect());
    let mut writer = connect();
    check_client(&mut writer, &mut connect()).await;
    check_conditions(&writer, connect()).await;
    check_locks(connect(), connect()).await;
    check_other_types(&writer).await;
    let now = db.snapshot().await.expect("it is open");
    assert_eq!(now.table(LogicalSwitch::TABLE_INDEX).len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_remote_is_followed_when_one_goes() {
    let scratch = Scratch::new("idl-remotes");
    let mut first = start(Kind::Ours, &scratch, "first");
    let second = start(Kind::Ours, &scratch, "second");
    let sockets = ["first", "second"].map(|name| socket(&scratch, name));
    let only = |name: &str| client(&[socket(&scratch, name)]);
    for name in ["first", "second"] {
        let mut writer = only(name);
        Told::default().until(&mut writer, &[]).await;
        add_switch(&writer, name).await;
    }
    let mut told = Told::default();
    let mut both = client(&sockets);
    told.until(&mut both, &["first"]).await;
    first.kill();
    // Another database: what it lacks is told as gone, what it has as new.
    told.until(&mut both, &["second"]).await;
    drop(second);
}
