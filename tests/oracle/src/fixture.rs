//! The packaged servers and the packaged `ovn-northd`, kept running from case to case.

use std::collections::BTreeMap;
use std::process::Command;

use ferrovn_tests::client::Client;
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::process::Process;
use ferrovn_tests::server::{Kind, Server};
use ferrovn_tests::translator;
use ovn_schemas::Db;
use ovn_schemas::rows::ovn_northbound::NbGlobal;
use ovn_schemas::rows::ovn_southbound::SbGlobal;
use ovsdb_data::monitor::MonitorVersion;
use ovsdb_data::typed::Table;
use ovsdb_data::{DatabaseSchema, RowChange, TableIdx, Uuid};
use ovsdb_idl::replica::Replica;
use serde_json::{Map, Value, json};

use crate::{Case, Step};

/// Settings that are random otherwise.
const SETTINGS: [&str; 2] = ["mac_prefix=0a:00:00", "svc_monitor_mac=02:00:00:00:00:99"];

/// Southbound tables whose rows others write, and northd deletes.
pub const OTHERS: [&str; 4] = ["FDB", "IGMP_Group", "Learned_Route", "MAC_Binding"];

/// A pair of databases and who keeps the second in step with the first.
pub struct Fixture {
    scratch: Scratch,
    nb: Server,
    sb: Server,
    northd: Process,
}

impl Drop for Fixture {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.scratch.host("northd.log")).unwrap_or_default();
            let last: Vec<&str> = log.lines().rev().take(5).collect();
            println!("northd has ended: {}; {last:#?}", self.northd.has_ended());
        }
    }
}

/// Both databases' rows after a case.
pub struct Contents {
    /// `OVN_Northbound`.
    pub nb: Vec<RowChange>,
    /// `OVN_Southbound`.
    pub sb: Vec<RowChange>,
    /// Rows of [`OTHERS`] that the case has written, and northd has deleted.
    pub deleted: Vec<RowChange>,
}

impl Contents {
    /// Whether the southbound contents are those of these northbound ones (ovn-sb(5) "SB_Global" `nb_cfg`): a northd whose
    /// transactions fail again and again may seem to be done.
    fn is_in_step(&self) -> bool {
        let asked = rows_of::<NbGlobal<'_>>(&self.nb).map(|row| row.nb_cfg()).next();
        let done = rows_of::<SbGlobal<'_>>(&self.sb).map(|row| row.nb_cfg()).next();
        asked == done
    }
}

impl Fixture {
    /// Starts the programs.
    pub fn start() -> Fixture {
        let scratch = Scratch::new("oracle");
        let nb = Server::start(Kind::C, &scratch, "nb", Db::OvnNorthbound.text(), &[]);
        let sb = Server::start(Kind::C, &scratch, "sb", Db::OvnSouthbound.text(), &[]);
        let northd = translator::northd(Kind::C, &scratch, "northd");
        let fixture = Fixture {
            scratch,
            nb,
            sb,
            northd,
        };
        fixture.nbctl(&["init"]);
        fixture.reset();
        fixture
    }

    fn nbctl(&self, args: &[&str]) {
        let args: Vec<&str> = ["--db=unix:nb.sock", "--timeout=60"]
            .into_iter()
            .chain(args.iter().copied())
            .collect();
        self.scratch.run("ovn-nbctl", &args);
    }

    fn sbctl(&self, args: &[&str]) {
        let args: Vec<&str> = ["--db=unix:sb.sock", "--timeout=60"]
            .into_iter()
            .chain(args.iter().copied())
            .collect();
        self.scratch.run("ovn-sbctl", &args);
    }

    /// Both databases as they were at the start.
    pub fn reset(&self) {
        empty(
            &mut self.nb.client(&self.scratch),
            Db::OvnNorthbound,
            &["NB_Global"],
        );
        let settings = |options: &[&str]| {
            let mut args = vec!["set", "NB_Global", "."];
            args.extend(options);
            self.nbctl(&args);
        };
        self.nbctl(&["clear", "NB_Global", ".", "options"]);
        settings(
            &SETTINGS
                .map(|setting| format!("options:{setting}"))
                .each_ref()
                .map(String::as_str),
        );
        // A feature that a chassis lacked stays away until this; and it makes northd read all options again, of which
        // it misses some where several change at once.
        settings(&["options:ignore_chassis_features=true"]);
        self.nbctl(&["--wait=sb", "sync"]);
        empty(
            &mut self.sb.client(&self.scratch),
            Db::OvnSouthbound,
            &["SB_Global"],
        );
        self.nbctl(&["remove", "NB_Global", ".", "options", "ignore_chassis_features"]);
        self.nbctl(&["--wait=sb", "sync"]);
    }

    /// Runs a case, and reads what came of it.
    pub fn run(&self, case: &Case) -> Contents {
        let _named = Named(&case.name);
        self.reset();
        let mut written = self.steps(case);
        let contents = self.contents();
        for change in &contents.sb {
            written.remove(&(change.table, change.uuid));
        }
        Contents {
            deleted: written.into_values().collect(),
            ..contents
        }
    }

    /// Takes the steps of a case; the rows of [`OTHERS`] that it has written.
    pub fn steps(&self, case: &Case) -> BTreeMap<(TableIdx, Uuid), RowChange> {
        let mut written = BTreeMap::new();
        for step in &case.steps {
            let args = |args: &'_ [String]| -> Vec<String> { args.to_vec() };
            match step {
                Step::Nb(words) => self.nbctl(&args(words).iter().map(String::as_str).collect::<Vec<_>>()),
                Step::Sb(words) => {
                    // What is deleted at once is seen, too.
                    self.signal("STOP");
                    self.sbctl(&args(words).iter().map(String::as_str).collect::<Vec<_>>());
                    written.extend(self.others());
                    self.signal("CONT");
                }
                Step::Sync => self.nbctl(&["--wait=sb", "sync"]),
                Step::Found([table, column, text, changed, value]) => {
                    let operation = json!({"op": "update", "table": table, "where": [[column, "==", text]],
                        "row": {changed: value}});
                    let mut client = self.sb.client(&self.scratch);
                    let results = client.transact(json!([Db::OvnSouthbound.name(), operation]));
                    assert!(results[0]["count"].as_u64() > Some(0), "{results}");
                }
            }
        }
        written
    }

    /// Whether the northbound server takes a transaction.
    pub fn transact(&self, operations: &[Value]) -> bool {
        let mut params = vec![json!(Db::OvnNorthbound.name())];
        params.extend(operations.iter().cloned());
        let results = self.nb.client(&self.scratch).transact(Value::Array(params));
        let is_error = |result: &Value| result.get("error").is_some();
        results
            .as_array()
            .is_some_and(|results| !results.iter().any(is_error))
    }

    /// What there is once the packaged northd is done.
    pub fn contents(&self) -> Contents {
        self.try_contents().expect("the packaged northd comes to rest")
    }

    /// The same, unless the packaged northd has ended or does not come to rest.
    pub fn try_contents(&self) -> Option<Contents> {
        // What it keeps up to date is not always what it makes anew.
        let target = format!("--target={}", self.scratch.inner("northd.ctl").display());
        let recompute = ["ovn-appctl", &target, "inc-engine/recompute"];
        let sync = [
            "ovn-nbctl",
            "--db=unix:nb.sock",
            "--timeout=30",
            "--wait=sb",
            "sync",
        ];
        // The second time covers what northd makes of its own writes.
        for words in [&recompute[..], &sync, &recompute, &sync] {
            let (program, args) = words.split_first()?;
            if !self.scratch.output(program, args).status.success() {
                return None;
            }
        }
        let contents = Contents {
            nb: dump(&mut self.nb.client(&self.scratch), Db::OvnNorthbound),
            sb: dump(&mut self.sb.client(&self.scratch), Db::OvnSouthbound),
            deleted: Vec::new(),
        };
        contents.is_in_step().then_some(contents)
    }

    fn signal(&self, signal: &str) {
        let pid = self.northd.id().to_string();
        let status = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(status.is_ok_and(|status| status.success()), "{signal}");
    }

    /// The rows that others write, as they are.
    fn others(&self) -> BTreeMap<(TableIdx, Uuid), RowChange> {
        let rows = rows(&mut self.sb.client(&self.scratch), Db::OvnSouthbound, |table| {
            OTHERS.contains(&table)
        });
        rows.into_iter()
            .map(|change| ((change.table, change.uuid), change))
            .collect()
    }
}

fn rows_of<'a, T: Table<'a>>(changes: &'a [RowChange]) -> impl Iterator<Item = T> {
    let rows = changes.iter().filter(|change| change.table == T::TABLE_INDEX);
    rows.filter_map(|change| change.new.as_ref().map(T::of))
}

/// Says which case it was where something fails.
struct Named<'a>(&'a str);

impl Drop for Named<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("in case {}", self.0);
        }
    }
}

/// Deletes every row but those of some tables.
fn empty(client: &mut Client, db: Db, kept: &[&str]) {
    let schema = ovn_schemas::schema(db);
    let tables = schema.tables.iter().map(|table| &*table.name);
    let tables = tables.filter(|table| !kept.contains(table));
    let mut operations = vec![json!(db.name())];
    operations.extend(tables.map(|table| json!({"op": "delete", "table": table, "where": []})));
    let results = client.transact(Value::Array(operations));
    let failed = results
        .as_array()
        .into_iter()
        .flatten()
        .find(|result| result.get("error").is_some());
    assert_eq!(failed, None);
}

/// Every row of a database.
pub fn dump(client: &mut Client, db: Db) -> Vec<RowChange> {
    rows(client, db, |_| true)
}

/// Every row of some tables.
fn rows(client: &mut Client, db: Db, is_asked: impl Fn(&str) -> bool) -> Vec<RowChange> {
    let schema: DatabaseSchema = ovn_schemas::schema(db);
    let tables: Vec<_> = schema
        .tables
        .iter()
        .filter(|table| is_asked(&table.name))
        .collect();
    let mut operations = vec![json!(db.name())];
    operations.extend(
        tables
            .iter()
            .map(|table| json!({"op": "select", "table": &*table.name, "where": []})),
    );
    let results = client.transact(Value::Array(operations));
    let mut body = Map::new();
    for (table, result) in tables.iter().zip(results.as_array().into_iter().flatten()) {
        let rows = result["rows"]
            .as_array()
            .unwrap_or_else(|| panic!("{}: {result}", table.name));
        let rows = rows.iter().map(|row| {
            let mut row = row.as_object().expect("a row").clone();
            row.remove("_version");
            let uuid = row.remove("_uuid").expect("every row has one");
            (
                uuid[1].as_str().expect("a uuid").to_owned(),
                json!({"initial": row}),
            )
        });
        let rows: Map<String, Value> = rows.collect();
        if !rows.is_empty() {
            body.insert(table.name.to_string(), Value::Object(rows));
        }
    }
    let mut replica = Replica::new(schema);
    replica
        .apply(MonitorVersion::V2, Value::Object(body))
        .expect("rows of the schema")
}
