//! `ovn-northd` when others die: two of it, on a northbound server and a southbound cluster of ours.

use std::path::Path;
use std::time::Duration;

use ferrovn_tests::client::{Client, Received};
use ferrovn_tests::cluster::Cluster;
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::process::Process;
use ferrovn_tests::server::{Kind, Server};
use ferrovn_tests::translator;
use northd_core::{Northd, Reconcile, Side};
use northd_oracle::fixture::dump;
use northd_oracle::seeds;
use ovn_schemas::Db;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who dies how often.
const ROUNDS: usize = 40;

struct World {
    scratch: Scratch,
    nb: Server,
    sb: Cluster,
    northds: Vec<Process>,
    nb_cfg: i64,
    n_rows: usize,
}

impl World {
    fn new(test: &str) -> World {
        let scratch = Scratch::new(test);
        let nb = Server::start(Kind::Ours, &scratch, "nb", Db::OvnNorthbound.text(), &[]);
        let mut world = World {
            scratch,
            nb,
            sb: Cluster::start(Kind::Ours, 3),
            northds: Vec::new(),
            nb_cfg: 0,
            n_rows: 0,
        };
        world.commit(vec![
            json!({"op": "insert", "table": "NB_Global", "row": {}}),
            json!({"op": "insert", "table": "Logical_Switch", "row": {"name": "sw"}}),
            json!({"op": "insert", "table": "Logical_Router", "row": {"name": "r"}}),
        ]);
        for n in 0..2 {
            let northd = world.northd(n);
            world.northds.push(northd);
        }
        world
    }

    fn northd(&self, n: usize) -> Process {
        let options = [
            format!("--ovnnb-db=unix:{}", Kind::Ours.path(&self.scratch, "nb.sock")),
            format!("--ovnsb-db={}", self.sb.remotes(Kind::Ours)),
        ];
        translator::start(
            Kind::Ours,
            &self.scratch,
            "ovn-northd",
            &format!("northd{n}"),
            &options,
        )
    }

    /// A northbound transaction.
    fn commit(&self, operations: Vec<Value>) {
        self.nb
            .client(&self.scratch)
            .commit(Db::OvnNorthbound, &operations);
    }

    /// Something is there that was not, or changes.
    fn change(&mut self, rng: &mut StdRng) {
        self.n_rows += 1;
        let n = self.n_rows;
        let insert =
            |table: &str, row: Value| json!({"op": "insert", "table": table, "uuid-name": "it", "row": row});
        let join = |table: &str, column: &str| {
            json!({"op": "mutate", "table": table, "where": [],
                "mutations": [[column, "insert", ["named-uuid", "it"]]]})
        };
        let operations = match rng.random_range(0..5) {
            0 => {
                let acl = json!({"direction": "to-lport", "priority": 1000 + n, "action": "drop",
                    "match": format!("ip4.src == 10.1.{}.{}", n / 250, n % 250)});
                vec![insert("ACL", acl), join("Logical_Switch", "acls")]
            }
            1 => {
                let route =
                    json!({"ip_prefix": format!("20.{}.{}.0/24", n / 250, n % 250), "nexthop": "10.0.0.9"});
                vec![
                    insert("Logical_Router_Static_Route", route),
                    join("Logical_Router", "static_routes"),
                ]
            }
            2 => {
                let port = json!({"name": format!("rp{n}"), "mac": format!("00:00:00:01:{:02x}:{:02x}", n / 250, n % 250),
                    "networks": format!("10.2.{n}.1/24")});
                vec![
                    insert("Logical_Router_Port", port),
                    join("Logical_Router", "ports"),
                ]
            }
            3 => {
                let is_on = n.is_multiple_of(2).to_string();
                vec![json!({"op": "mutate", "table": "Logical_Switch", "where": [],
                    "mutations": [["other_config", "delete", ["set", ["mcast_snoop"]]],
                        ["other_config", "insert", ["map", [["mcast_snoop", is_on]]]]]})]
            }
            _ => {
                let addresses = format!("00:00:00:02:{:02x}:{:02x} 10.3.{n}.1", n / 250, n % 250);
                let port = json!({"name": format!("p{n}"), "addresses": addresses});
                vec![
                    insert("Logical_Switch_Port", port),
                    join("Logical_Switch", "ports"),
                ]
            }
        };
        self.commit(operations);
    }

    /// Waits until the southbound database has all of the northbound one.
    fn sync(&mut self) {
        self.nb_cfg += 1;
        self.commit(vec![
            json!({"op": "update", "table": "NB_Global", "where": [], "row": {"nb_cfg": self.nb_cfg}}),
        ]);
        let wait = json!({"op": "wait", "table": "NB_Global", "where": [], "columns": ["sb_cfg"], "until": "==",
            "rows": [{"sb_cfg": self.nb_cfg}]});
        let mut client = self.nb.client(&self.scratch);
        client.send("transact", json!([Db::OvnNorthbound.name(), wait]));
        let received = client.poll(PATIENCE);
        assert!(
            matches!(&received, Received::Message(reply) if reply["error"].is_null()),
            "{} within {PATIENCE:?}: {received:?}\n{}\n{}",
            self.nb_cfg,
            log(&self.scratch.host("northd0.log")),
            log(&self.scratch.host("northd1.log")),
        );
    }

    /// What the southbound database lacks of what the northbound one asks for.
    fn what_is_missing(&self) -> Vec<Value> {
        let mut northd = Northd::new();
        let nb = dump(&mut self.nb.client(&self.scratch), Db::OvnNorthbound);
        let sb = dump(&mut self.sb.client(self.sb.leader()), Db::OvnSouthbound);
        northd.change(Side::Sb, &sb);
        northd.change(Side::Nb, &nb);
        northd.settle();
        let mut reconcile = Reconcile::new(Side::Sb);
        reconcile.changed(&sb);
        reconcile.again(&northd);
        reconcile.operations(&northd)
    }
}

fn log(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn the_southbound_database_is_as_it_must_be_whoever_dies() {
    for seed in seeds(1) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut world = World::new("northd-faults");
        for round in 0..ROUNDS {
            for _ in 0..rng.random_range(1..4) {
                world.change(&mut rng);
            }
            match rng.random_range(0..5) {
                0 | 1 => {
                    let n = rng.random_range(0..2);
                    drop(world.northds.remove(n));
                    let northd = world.northd(n);
                    world.northds.insert(n, northd);
                }
                2 => {
                    let leader = world.sb.leader();
                    world.sb.kill(leader);
                    world.change(&mut rng);
                    world.sb.restart(leader);
                }
                3 => world.nb.crash(&world.scratch),
                _ => world.sync(),
            }
            if round % 8 == 0 {
                world.sync();
            }
        }
        world.sync();
        assert_eq!(world.what_is_missing(), Vec::<Value>::new(), "seed {seed}");
    }
}

/// The versions of the logical flows' rows on one server, which change with every write.
fn versions(client: &mut Client) -> Vec<String> {
    let select =
        json!({"op": "select", "table": "Logical_Flow", "where": [], "columns": ["_uuid", "_version"]});
    let results = client.transact(json!([Db::OvnSouthbound.name(), select]));
    let rows = results[0]["rows"].as_array().expect("there are rows");
    let mut rows: Vec<String> = rows.iter().map(Value::to_string).collect();
    rows.sort();
    rows
}

#[test]
fn a_new_southbound_leader_costs_no_row() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut world = World::new("northd-leader");
    for _ in 0..20 {
        world.change(&mut rng);
    }
    world.sync();
    let leader = world.sb.leader();
    let follower = world.sb.follower();
    world.sb.wait_until_whole();
    let before = versions(&mut world.sb.client(follower));
    assert!(before.len() > 100);
    world.sb.kill(leader);
    world.sync();
    world.sb.restart(leader);
    world.sb.wait_until_whole();
    assert_eq!(versions(&mut world.sb.client(follower)), before);
}
