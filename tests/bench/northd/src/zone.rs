//! Two databases and who keeps the second in step with the first; killed with their handle.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use ferrovn_tests::client::Client;
use ferrovn_tests::cluster::Cluster;
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::process::Process;
use ferrovn_tests::server::{Kind, Server};
use ferrovn_tests::translator;
use ovn_schemas::Db;
use serde_json::{Value, json};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(600);

/// The databases.
pub struct Zone {
    nb: Client,
    sb: Client,
    nb_cfg: i64,
    _northbound: Server,
    southbound: Southbound,
    scratch: Scratch,
}

/// Who serves the southbound database.
enum Southbound {
    Alone(#[expect(dead_code, reason = "it ends with its handle")] Server),
    Cluster(Cluster),
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
        let southbound = Server::start(kind, &scratch, "sb", Db::OvnSouthbound.text(), &[]);
        let sb = southbound.client(&scratch);
        Zone::on(kind, scratch, Southbound::Alone(southbound), sb)
    }

    /// The same, with three servers for the southbound one.
    pub fn clustered(kind: Kind) -> Zone {
        let cluster = Cluster::start(kind, 3);
        let sb = cluster.client(cluster.leader());
        let scratch = Scratch::new("bench-northd");
        Zone::on(kind, scratch, Southbound::Cluster(cluster), sb)
    }

    fn on(kind: Kind, scratch: Scratch, southbound: Southbound, sb: Client) -> Zone {
        let northbound = Server::start(kind, &scratch, "nb", Db::OvnNorthbound.text(), &[]);
        let mut zone = Zone {
            nb: northbound.client(&scratch),
            sb,
            nb_cfg: 0,
            _northbound: northbound,
            southbound,
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
        let socket = |name: &str| format!("unix:{}", kind.path(&self.scratch, name));
        let southbound = match (&self.southbound, kind) {
            (Southbound::Alone(_), _) => socket("sb.sock"),
            (Southbound::Cluster(cluster), kind) => cluster.remotes(kind),
        };
        let options = [
            format!("--ovnnb-db={}", socket("nb.sock")),
            format!("--ovnsb-db={southbound}"),
        ];
        let process = translator::start(kind, &self.scratch, "ovn-northd", "northd", &options);
        eprintln!("{kind:?}: ovn-northd is process {}", process.id());
        Northd {
            process,
            control: self.scratch.host("northd.ctl"),
        }
    }

    /// A northbound transaction, committed.
    pub fn transact(&mut self, operations: &[Value]) {
        self.nb.commit(Db::OvnNorthbound, operations);
    }

    /// A southbound transaction, committed.
    pub fn report(&mut self, operations: &[Value]) {
        self.sb.commit(Db::OvnSouthbound, operations);
    }

    /// Waits for a northbound row.
    pub fn wait_for(&mut self, table: &str, row: &Value) {
        self.nb.wait(Db::OvnNorthbound, table, row, true, PATIENCE);
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
        let sb_cfg = json!({"sb_cfg": self.nb_cfg});
        self.wait_for("NB_Global", &sb_cfg);
    }

    /// Kills the leader of the southbound servers.
    pub fn kill_leader(&mut self) -> usize {
        let cluster = self.cluster();
        let leader = cluster.leader();
        cluster.kill(leader);
        leader
    }

    /// Starts a server again, and waits until it is one of the others.
    pub fn restart(&mut self, member: usize) {
        let cluster = self.cluster();
        cluster.restart(member);
        cluster.wait_until_whole();
        let leader = cluster.leader();
        self.sb = self.cluster().client(leader);
    }

    fn cluster(&mut self) -> &mut Cluster {
        match &mut self.southbound {
            Southbound::Cluster(cluster) => cluster,
            Southbound::Alone(_) => panic!("the southbound database has one server"),
        }
    }

    /// The rows of all logical flows. Their versions would tell less: each C server has its own.
    pub fn flows(&mut self) -> BTreeSet<String> {
        let select = json!({"op": "select", "table": "Logical_Flow", "where": [], "columns": ["_uuid"]});
        let results = self.sb.commit(Db::OvnSouthbound, &[select]);
        let rows = results[0]["rows"].as_array().into_iter().flatten();
        rows.map(|row| row["_uuid"][1].to_string()).collect()
    }

    /// How many logical flows the southbound database has.
    pub fn n_flows(&mut self) -> usize {
        self.flows().len()
    }
}

impl Northd {
    /// Makes it compute everything again.
    pub fn recompute(&self) {
        Client::connect(&self.control).call("inc-engine/recompute", json!([]));
    }
}
