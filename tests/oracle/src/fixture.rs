//! The packaged servers and the packaged `ovn-northd`, kept running from case to case.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};

use ferrovn_tests::client::Client;
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::server::{Kind, Server};
use ovn_schemas::Db;
use ovsdb_data::monitor::MonitorVersion;
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
    northd: Child,
}

impl Drop for Fixture {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.northd.kill();
        let _ = self.northd.wait();
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

impl Fixture {
    /// Starts the programs.
    pub fn start() -> Fixture {
        let scratch = Scratch::new("oracle");
        let nb = Server::start(Kind::C, &scratch, "nb", Db::OvnNorthbound.text(), &[]);
        let sb = Server::start(Kind::C, &scratch, "sb", Db::OvnSouthbound.text(), &[]);
        let log = std::fs::File::create(scratch.host("northd.log")).expect("the folder is writable");
        let northd = scratch
            .peer("ovn-northd")
            .args([
                "--ovnnb-db=unix:nb.sock",
                "--ovnsb-db=unix:sb.sock",
                "--unixctl=northd.ctl",
                "--n-threads=1",
            ])
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the peer starts");
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
    fn reset(&self) {
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
        self.reset();
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
        // The second time covers what northd makes of its own writes.
        self.nbctl(&["--wait=sb", "sync"]);
        self.nbctl(&["--wait=sb", "sync"]);
        let sb = dump(&mut self.sb.client(&self.scratch), Db::OvnSouthbound);
        for change in &sb {
            written.remove(&(change.table, change.uuid));
        }
        Contents {
            nb: dump(&mut self.nb.client(&self.scratch), Db::OvnNorthbound),
            sb,
            deleted: written.into_values().collect(),
        }
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
fn dump(client: &mut Client, db: Db) -> Vec<RowChange> {
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
        .apply(MonitorVersion::V2, &Value::Object(body))
        .expect("rows of the schema")
}
