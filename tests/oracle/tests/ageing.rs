//! What chassis have learned is deleted when it is too old: exactly that, and not before.

use std::collections::{BTreeMap, BTreeSet};

use northd_core::Side;
use northd_oracle::live::Live;
use northd_oracle::seeds;
use ovn_schemas::rows::ovn_southbound::{DatapathBinding, Fdb, MacBinding};
use ovsdb_data::typed::Table;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

/// Random worlds.
const SEEDS: u64 = 30;

/// Milliseconds.
const SECOND: i64 = 1000;

/// Something that a chassis has learned: what tells it from the rest, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Learned {
    /// By a router: the host's address in `10.N.0.0/16`.
    Neighbor(usize, u8, u8),
    /// By a switch.
    Station(usize, u8),
}

use Learned::{Neighbor, Station};

/// Ages of a router: in `10.1.0.0/16`, and elsewhere. The age of a switch.
#[derive(Default)]
struct World {
    live: Live,
    routers: Vec<[i64; 2]>,
    switches: Vec<i64>,
    seen: BTreeMap<Learned, i64>,
}

impl World {
    fn new(rng: &mut StdRng) -> World {
        let mut world = World::default();
        world.nb(json!({"op": "insert", "table": "NB_Global", "row": {}}));
        for i in 0..3 {
            let router = json!({"op": "insert", "table": "Logical_Router", "row": {"name": format!("r{i}"),
                "ports": ["named-uuid", "port"]}});
            let port = json!({"op": "insert", "table": "Logical_Router_Port", "uuid-name": "port", "row": {
                "name": format!("r{i}-p"), "mac": "00:00:00:00:00:01", "networks": format!("10.{i}.0.1/8")}});
            assert!(world.live.transact(&[port, router]));
            let port = json!({"op": "insert", "table": "Logical_Switch_Port", "uuid-name": "port", "row": {
                "name": format!("s{i}-p"), "options": ["map", [["requested-tnl-key", "7"]]]}});
            let switch = json!({"op": "insert", "table": "Logical_Switch", "row": {"name": format!("s{i}"),
                "other_config": ["map", [["requested-tnl-key", (100 + i).to_string()]]],
                "ports": ["named-uuid", "port"]}});
            assert!(world.live.transact(&[port, switch]));
            world.routers.push([0, 0]);
            world.switches.push(0);
            world.change_ages(i, rng);
        }
        world.live.settle();
        world
    }

    fn nb(&mut self, operation: Value) {
        assert!(
            self.live.transact(std::slice::from_ref(&operation)),
            "{operation}"
        );
    }

    fn sb(&mut self, operation: Value) {
        assert!(
            self.live.transact_sb(std::slice::from_ref(&operation)),
            "{operation}"
        );
    }

    fn limit(&mut self, limit: usize) {
        let options =
            ["mac_binding_removal_limit", "fdb_removal_limit"].map(|key| [key.into(), limit.to_string()]);
        self.nb(
            json!({"op": "update", "table": "NB_Global", "where": [], "row": {"options": ["map", options]}}),
        );
    }

    fn change_ages(&mut self, i: usize, rng: &mut StdRng) {
        let mut age = || [0, 1, 5, 60][rng.random_range(0..4)];
        self.routers[i] = [age(), age()];
        self.switches[i] = age();
        let [near, otherwise] = self.routers[i];
        let ages = format!("10.1.0.0/16:{near};{otherwise}");
        self.nb(
            json!({"op": "update", "table": "Logical_Router", "where": [["name", "==", format!("r{i}")]],
            "row": {"options": ["map", [["mac_binding_age_threshold", ages]]]}}),
        );
        self.nb(
            json!({"op": "mutate", "table": "Logical_Switch", "where": [["name", "==", format!("s{i}")]],
            "mutations": [["other_config", "delete", ["set", ["fdb_age_threshold"]]],
                ["other_config", "insert", ["map", [["fdb_age_threshold", self.switches[i].to_string()]]]]]}),
        );
    }

    fn learn(&mut self, what: Learned, at: i64) {
        let is_new = self.seen.insert(what, at).is_none();
        let (table, mut row, found) = match what {
            Neighbor(i, net, host) => {
                let (port, ip) = (format!("r{i}-p"), format!("10.{net}.0.{host}"));
                let found = json!([["logical_port", "==", port], ["ip", "==", ip]]);
                let row = json!({"logical_port": port, "ip": ip, "datapath": ["uuid", self.datapath(i)]});
                ("MAC_Binding", row, found)
            }
            Station(i, host) => {
                let (key, mac) = (100 + i, format!("00:00:00:00:00:{host:02x}"));
                let found = json!([["dp_key", "==", key], ["mac", "==", mac]]);
                ("FDB", json!({"dp_key": key, "mac": mac, "port_key": 7}), found)
            }
        };
        row["timestamp"] = at.into();
        self.sb(match is_new {
            true => json!({"op": "insert", "table": table, "row": row}),
            false => json!({"op": "update", "table": table, "where": found, "row": {"timestamp": at}}),
        });
    }

    fn datapath(&self, router: usize) -> String {
        let rows = self
            .live
            .northd
            .databases()
            .rows(Side::Sb, DatapathBinding::TABLE_INDEX);
        let name = format!("r{router}");
        let mut rows = rows.filter(|row| DatapathBinding::of(row).external_ids().get("name") == Some(&*name));
        rows.next().expect("every router has a row").uuid().to_string()
    }

    /// When something is too old.
    fn due(&self, what: Learned) -> Option<i64> {
        let age = match what {
            Neighbor(i, 1, _) => self.routers[i][0],
            Neighbor(i, ..) => self.routers[i][1],
            Station(i, _) => self.switches[i],
        };
        (age > 0).then(|| self.seen[&what] + age * SECOND)
    }

    /// What is in the database.
    fn present(&self) -> BTreeSet<Learned> {
        let databases = self.live.northd.databases();
        let neighbors = databases.rows(Side::Sb, MacBinding::TABLE_INDEX).map(|row| {
            let row = MacBinding::of(row);
            let router = row.logical_port().as_bytes()[1] - b'0';
            let ip = row
                .ip()
                .parse::<std::net::Ipv4Addr>()
                .expect("it was written here")
                .octets();
            Neighbor(router.into(), ip[1], ip[3])
        });
        let stations = databases.rows(Side::Sb, Fdb::TABLE_INDEX).map(|row| {
            let row = Fdb::of(row);
            let host = u8::from_str_radix(&row.mac()[15..], 16).expect("it was written here");
            Station(usize::try_from(row.dp_key() - 100).expect("it is positive"), host)
        });
        neighbors.chain(stations).collect()
    }
}

#[test]
fn what_is_too_old_is_deleted_and_nothing_else() {
    for seed in seeds(SEEDS) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut world = World::new(&mut rng);
        let mut now = 1_000_000;
        let mut n_deleted = 0;
        for step in 0..60 {
            let when = format!("ORACLE_SEED={seed} step {step}");
            match rng.random_range(0..8) {
                0 => world.change_ages(rng.random_range(0..3), &mut rng),
                n => {
                    let i = rng.random_range(0..3);
                    let host = rng.random_range(1..9);
                    let what = match n % 2 {
                        0 => Neighbor(i, rng.random_range(0..3), host),
                        _ => Station(i, host),
                    };
                    world.learn(what, now - rng.random_range(-2..4) * SECOND);
                }
            }
            // Either some time later, or when something is due, or just before that.
            world.live.settle();
            let next = world.live.next(now).filter(|next| *next > now);
            now = match (rng.random_range(0..3), next) {
                (0, Some(next)) => next,
                (1, Some(next)) => next - 1,
                _ => now + rng.random_range(0..2500),
            };
            let before = world.seen.len();
            let due: Vec<(Learned, Option<i64>)> =
                world.seen.keys().map(|what| (*what, world.due(*what))).collect();
            world.seen.retain(|what, _| {
                let of = due.iter().find(|(other, _)| other == what);
                of.and_then(|(_, due)| *due).is_none_or(|due| due > now)
            });
            world.live.pass(now);
            n_deleted += before - world.seen.len();
            assert_eq!(world.present(), world.seen.keys().copied().collect(), "{when}");
            let next = world.seen.keys().filter_map(|what| world.due(*what)).min();
            assert_eq!(world.live.next(now), next, "{when}");
        }
        assert!(n_deleted > 5, "ORACLE_SEED={seed}");
    }
}

#[test]
fn no_more_go_at_once_than_may() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut world = World::new(&mut rng);
    world.routers[0] = [1, 1];
    world.nb(
        json!({"op": "update", "table": "Logical_Router", "where": [["name", "==", "r0"]],
        "row": {"options": ["map", [["mac_binding_age_threshold", "1"]]]}}),
    );
    world.limit(3);
    for host in 1..=7 {
        world.learn(Neighbor(0, 0, host), SECOND * i64::from(host));
    }
    let mut left_at = |now: i64| {
        world.live.pass(now);
        (world.present().len(), world.live.next(now))
    };
    assert_eq!(left_at(100_000), (4, Some(105_000)));
    assert_eq!(left_at(104_999), (4, Some(105_000)));
    assert_eq!(left_at(105_000), (1, Some(110_000)));
    // A clock that is set back does not make a rest longer.
    assert_eq!(left_at(50_000), (0, None));
}

#[test]
fn whoever_else_has_roles_keeps_them() {
    let mut world = World::new(&mut StdRng::seed_from_u64(1));
    world.sb(json!({"op": "insert", "table": "RBAC_Role", "row": {"name": "ovn-controller"}}));
    world.sb(json!({"op": "insert", "table": "RBAC_Role", "row": {"name": "other"}}));
    world.sb(json!({"op": "insert", "table": "RBAC_Permission", "row": {"table": "Chassis", "authorization": "nobody"}}));
    world.sb(
        json!({"op": "insert", "table": "DHCP_Options", "row": {"name": "x", "code": 99, "type": "str"}}),
    );
    world.live.settle();
    assert_eq!(world.live.what_is_missing(), Vec::<Value>::new());
    let names = |table: &str, column: &str| -> Vec<String> {
        let schema = ovn_schemas::schema(ovn_schemas::Db::OvnSouthbound);
        let table = schema.table_idx(table).expect("a table of the schema");
        let column = schema.table(table).column(column).expect("a column of it");
        let rows = world.live.northd.databases().rows(Side::Sb, table);
        let names = rows.filter_map(|row| Some(row.get(column).one()?.to_text()));
        names.collect()
    };
    let mut roles = names("RBAC_Role", "name");
    roles.sort();
    assert_eq!(roles, ["other", "ovn-controller"]);
    let chassis = names("RBAC_Permission", "table")
        .into_iter()
        .filter(|table| table == "Chassis");
    assert_eq!(chassis.count(), 2);
    assert!(!names("DHCP_Options", "name").contains(&"x".to_owned()));
}
