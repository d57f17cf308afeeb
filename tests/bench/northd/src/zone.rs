//! Two databases and who keeps the second in step with the first; killed with their handle.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use ferrovn_tests::client::{Client, Received};
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::process::Process;
use ferrovn_tests::server::{Kind, Server, ours};
use ovn_schemas::Db;
use serde_json::{Value, json};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(600);

/// The databases.
pub struct Zone {
    nb: Client,
    nb_cfg: i64,
    _servers: [Server; 2],
    scratch: Scratch,
}

/// A running `ovn-northd`.
pub struct Northd {
    /// The program.
    pub process: Process,
    control: PathBuf,
}

impl Zone {
    /// Databases of whose servers; both are empty but for `NB_Global`.
    pub fn new(kind: Kind) -> Zone {
        let scratch = Scratch::new("bench-northd");
        let start = |name, db: Db| Server::start(kind, &scratch, name, db.text(), &[]);
        let servers = [start("nb", Db::OvnNorthbound), start("sb", Db::OvnSouthbound)];
        let mut zone = Zone {
            nb: Client::connect(&scratch.host("nb.sock")),
            nb_cfg: 0,
            _servers: servers,
            scratch,
        };
        let settings = json!([
            "map",
            [
                ["svc_monitor_mac", "02:00:00:00:00:99"],
                ["mac_prefix", "0a:00:00"]
            ]
        ]);
        zone.transact(&[json!({"op": "insert", "table": "NB_Global", "row": {"options": settings}})]);
        zone
    }

    /// Starts an `ovn-northd`.
    pub fn start(&self, kind: Kind) -> Northd {
        let log = std::fs::File::create(self.scratch.host("northd.log")).expect("the folder is writable");
        let mut command = match kind {
            Kind::C => self.scratch.peer("ovn-northd"),
            Kind::Ours => Command::new(ours("ovn-northd")),
        };
        let at = |file: &str| match kind {
            Kind::C => self.scratch.inner(file),
            Kind::Ours => self.scratch.host(file),
        };
        command
            .arg(format!("--ovnnb-db=unix:{}", at("nb.sock").display()))
            .arg(format!("--ovnsb-db=unix:{}", at("sb.sock").display()))
            .arg(format!("--unixctl={}", at("northd.ctl").display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let process = Process::start(command);
        eprintln!("{kind:?}: ovn-northd is process {}", process.id());
        Northd {
            process,
            control: self.scratch.host("northd.ctl"),
        }
    }

    /// A northbound transaction, committed.
    pub fn transact(&mut self, operations: &[Value]) {
        let params = std::iter::once(json!(Db::OvnNorthbound.name())).chain(operations.iter().cloned());
        let results = self.nb.transact(params.collect());
        let failed = results
            .as_array()
            .map(|results| results.iter().find(|result| result.get("error").is_some()));
        assert_eq!(failed, Some(None), "{results}");
    }

    /// A northbound transaction that asks to be told when the southbound database has it.
    pub fn ask(&mut self, mut operations: Vec<Value>) {
        operations.push(
            json!({"op": "mutate", "table": "NB_Global", "where": [], "mutations": [["nb_cfg", "+=", 1]]}),
        );
        self.transact(&operations);
        self.nb_cfg += 1;
    }

    /// Waits until the southbound database has what was asked for last.
    pub fn wait(&mut self) {
        let wait = json!({"op": "wait", "table": "NB_Global", "where": [], "columns": ["sb_cfg"], "until": "==",
            "rows": [{"sb_cfg": self.nb_cfg}]});
        self.nb.send("transact", json!([Db::OvnNorthbound.name(), wait]));
        let received = self.nb.poll(PATIENCE);
        assert!(
            matches!(&received, Received::Message(reply) if reply["error"].is_null()),
            "sb_cfg does not come: {received:?}"
        );
    }

    /// How many logical flows the southbound database has.
    pub fn n_flows(&self) -> usize {
        let mut sb = Client::connect(&self.scratch.host("sb.sock"));
        let select = json!({"op": "select", "table": "Logical_Flow", "where": [], "columns": ["_uuid"]});
        let results = sb.transact(json!([Db::OvnSouthbound.name(), select]));
        results[0]["rows"].as_array().map_or(0, Vec::len)
    }
}

impl Northd {
    /// Makes it compute everything again.
    pub fn recompute(&self) {
        Client::connect(&self.control).call("inc-engine/recompute", json!([]));
    }
}
