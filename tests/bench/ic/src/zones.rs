//! Zones on one transit switch: their databases, and the `ovn-ic` of each.

use std::time::Duration;

use ferrovn_tests::client::{Client, Received};
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::process::Process;
use ferrovn_tests::server::{Kind, Server};
use ferrovn_tests::translator;
use ovn_schemas::Db;
use serde_json::{Value, json};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(900);

/// The transit switch.
const SWITCH: &str = "ts1";

/// One zone.
struct Zone {
    name: String,
    nb: Client,
    sb: Client,
    /// Follows the northbound routes.
    routes: Client,
    n_routes: usize,
    _servers: [Server; 2],
}

/// All zones, and what they share.
pub struct Zones {
    zones: Vec<Zone>,
    programs: Vec<Process>,
    ic_sb: Client,
    _servers: [Server; 2],
    scratch: Scratch,
}

impl Zones {
    /// The databases: each zone has a router.
    pub fn new(n: usize) -> Zones {
        let scratch = Scratch::new("bench-ic");
        let start = |name: &str, db: Db| Server::start(Kind::C, &scratch, name, db.text(), &[]);
        let servers = [
            start("ic-nb", Db::OvnIcNorthbound),
            start("ic-sb", Db::OvnIcSouthbound),
        ];
        let connect = |name: &str| Client::connect(&scratch.host(&format!("{name}.sock")));
        let mut ic_nb = connect("ic-nb");
        ic_nb.commit(
            Db::OvnIcNorthbound,
            &[
                json!({"op": "insert", "table": "IC_NB_Global", "row": {}}),
                json!({"op": "insert", "table": "Transit_Switch", "row": {"name": SWITCH}}),
            ],
        );
        let mut ic_sb = connect("ic-sb");
        ic_sb.commit(
            Db::OvnIcSouthbound,
            &[json!({"op": "insert", "table": "IC_SB_Global", "row": {}})],
        );
        let zone = |n: usize| {
            let name = format!("z{n}");
            let (nb, sb) = (format!("{name}-nb"), format!("{name}-sb"));
            let servers = [start(&nb, Db::OvnNorthbound), start(&sb, Db::OvnSouthbound)];
            let mut zone = Zone {
                nb: connect(&nb),
                sb: connect(&sb),
                routes: connect(&nb),
                n_routes: 0,
                name,
                _servers: servers,
            };
            zone.begin(n);
            zone
        };
        Zones {
            zones: (0..n).map(zone).collect(),
            programs: Vec::new(),
            ic_sb,
            _servers: servers,
            scratch,
        }
    }

    /// Starts an `ovn-ic` for each zone.
    pub fn start(&mut self, kind: Kind) {
        let scratch = &self.scratch;
        let program = |zone: &Zone| {
            let name = &zone.name;
            let options = [
                ("ovnnb-db", format!("{name}-nb")),
                ("ovnsb-db", format!("{name}-sb")),
                ("ic-nb-db", "ic-nb".to_owned()),
                ("ic-sb-db", "ic-sb".to_owned()),
            ]
            .map(|(option, file)| {
                let socket = kind.path(scratch, &format!("{file}.sock"));
                format!("--{option}=unix:{socket}")
            });
            translator::start(kind, scratch, "ovn-ic", name, &options)
        };
        self.programs = self.zones.iter().map(program).collect();
    }

    /// Ends them all.
    pub fn stop(&mut self) {
        self.programs.clear();
    }

    /// Puts each zone's router on the transit switch, and waits until all zones know of all.
    pub fn connect(&mut self) {
        for (n, zone) in self.zones.iter_mut().enumerate() {
            let switch = json!({"name": SWITCH});
            zone.nb
                .wait(Db::OvnNorthbound, "Logical_Switch", &switch, true, PATIENCE);
            zone.connect(n);
        }
        for n in 0..self.zones.len() {
            let port = json!({"logical_port": format!("z{n}-{SWITCH}")});
            self.ic_sb
                .wait(Db::OvnIcSouthbound, "Port_Binding", &port, true, PATIENCE);
            for zone in &mut self.zones {
                let name = json!({"name": format!("z{n}-{SWITCH}")});
                zone.nb
                    .wait(Db::OvnNorthbound, "Logical_Switch_Port", &name, true, PATIENCE);
            }
        }
    }

    /// Gives each zone so many routes.
    pub fn add_routes(&mut self, n_routes: usize) {
        for (n, zone) in self.zones.iter_mut().enumerate() {
            let mut operations: Vec<Value> = (0..n_routes)
                .map(|route| {
                    let prefix = format!("{}.{}.{}.0/24", 11 + n, route / 250, route % 250);
                    static_route(&format!("r{route}"), &prefix)
                })
                .collect();
            let names = (0..n_routes).map(|route| json!(["named-uuid", format!("r{route}")]));
            operations.push(json!({"op": "mutate", "table": "Logical_Router", "where": [],
                "mutations": [["static_routes", "insert", ["set", names.collect::<Vec<_>>()]]]}));
            zone.commit(&operations);
        }
    }

    /// Waits until each zone has learned so many.
    pub fn wait_for_routes(&mut self, n: usize) {
        for zone in &mut self.zones {
            while zone.n_routes < n {
                zone.follow();
            }
        }
    }

    /// Gives the first zone one route more, or takes it away.
    pub fn change_route(&mut self, n: usize, is_there: bool) {
        let operations = match is_there {
            true => vec![
                static_route("extra", &extra(n)),
                json!({"op": "mutate", "table": "Logical_Router", "where": [],
                    "mutations": [["static_routes", "insert", ["named-uuid", "extra"]]]}),
            ],
            false => {
                let select = json!({"op": "select", "table": "Logical_Router_Static_Route", "columns": ["_uuid"],
                    "where": [["ip_prefix", "==", extra(n)]]});
                let found = self.zones[0].commit(&[select]);
                let uuid = &found[0]["rows"][0]["_uuid"];
                vec![json!({"op": "mutate", "table": "Logical_Router", "where": [],
                    "mutations": [["static_routes", "delete", uuid]]})]
            }
        };
        self.zones[0].commit(&operations);
    }

    /// Waits until the last zone has that route, or has it no more.
    pub fn wait_for_route(&mut self, n: usize, is_there: bool) {
        let zone = self.zones.last_mut().expect("there are zones");
        let row = json!({"ip_prefix": extra(n)});
        let table = "Logical_Router_Static_Route";
        zone.nb.wait(Db::OvnNorthbound, table, &row, is_there, PATIENCE);
    }

    /// Processor time so far of all, in s.
    pub fn cpu_s(&self) -> f64 {
        self.programs.iter().map(Process::cpu_s).sum()
    }

    /// Resident memory of the largest, in MB (10⁶ bytes).
    pub fn memory_mb(&self) -> f64 {
        self.programs.iter().map(Process::memory_mb).fold(0.0, f64::max)
    }
}

impl Zone {
    fn commit(&mut self, operations: &[Value]) -> Value {
        self.nb.commit(Db::OvnNorthbound, operations)
    }

    /// The zone's name, its router, and its gateway.
    fn begin(&mut self, n: usize) {
        let options = json!(["map", [["ic-route-adv", "true"], ["ic-route-learn", "true"]]]);
        let port = json!({"name": format!("lrp{n}"), "mac": mac(n), "networks": network(n)});
        let router = json!({"name": format!("lr{n}"), "ports": ["named-uuid", "lrp"]});
        self.commit(&[
            json!({"op": "insert", "table": "NB_Global", "row": {"name": self.name, "options": options}}),
            json!({"op": "insert", "table": "Logical_Router_Port", "uuid-name": "lrp", "row": port}),
            json!({"op": "insert", "table": "Logical_Router", "row": router}),
        ]);
        let encap =
            json!({"type": "geneve", "ip": format!("10.0.0.{}", n + 1), "chassis_name": format!("gw{n}")});
        let chassis = json!({"name": format!("gw{n}"), "hostname": format!("host{n}"),
            "encaps": ["named-uuid", "encap"], "other_config": ["map", [["is-interconn", "true"]]]});
        self.sb.commit(
            Db::OvnSouthbound,
            &[
                json!({"op": "insert", "table": "SB_Global", "row": {}}),
                json!({"op": "insert", "table": "Encap", "uuid-name": "encap", "row": encap}),
                json!({"op": "insert", "table": "Chassis", "row": chassis}),
            ],
        );
        let request = json!({"Logical_Router_Static_Route": {"columns": ["external_ids"]}});
        let monitor = json!([Db::OvnNorthbound.name(), null, request]);
        self.routes.call("monitor", monitor);
    }

    /// Puts the router on the switch, and says of it southbound what northd would.
    fn connect(&mut self, n: usize) {
        let (name, peer) = (format!("{}-{SWITCH}", self.name), format!("lrp{n}"));
        let port = json!({"name": name, "type": "router", "addresses": "router",
            "options": ["map", [["router-port", peer]]]});
        self.commit(&[
            json!({"op": "insert", "table": "Logical_Switch_Port", "uuid-name": "port", "row": port}),
            json!({"op": "mutate", "table": "Logical_Switch", "where": [["name", "==", SWITCH]],
                "mutations": [["ports", "insert", ["named-uuid", "port"]]]}),
        ]);
        let datapath = |key: i64, ids: Value| json!({"tunnel_key": key, "external_ids": ["map", ids]});
        let binding = |name: &str, of: &str, peer: &str, mac: Value| {
            json!({"op": "insert", "table": "Port_Binding", "row": {"logical_port": name, "type": "patch",
                "tunnel_key": 1, "datapath": ["named-uuid", of], "options": ["map", [["peer", peer]]], "mac": mac}})
        };
        let address = format!("{} {}", mac(n), network(n));
        let router = self
            .commit(&[json!({"op": "select", "table": "Logical_Router", "where": [], "columns": ["_uuid"]})]);
        let router = router[0]["rows"][0]["_uuid"][1].clone();
        self.sb.commit(
            Db::OvnSouthbound,
            &[
                json!({"op": "insert", "table": "Datapath_Binding", "uuid-name": "switch",
                    "row": datapath(1, json!([["name", SWITCH], ["interconn-ts", SWITCH]]))}),
                json!({"op": "insert", "table": "Datapath_Binding", "uuid-name": "router",
                    "row": datapath(2, json!([["name", format!("lr{n}")], ["logical-router", router]]))}),
                binding(&name, "switch", &peer, json!("router")),
                binding(&peer, "router", &name, json!(address)),
            ],
        );
    }

    /// Counts the routes that have been learned.
    fn follow(&mut self) {
        let update = self
            .routes
            .notifications
            .pop_front()
            .or_else(|| match self.routes.poll(PATIENCE) {
                Received::Message(message) => Some(message),
                Received::Silence | Received::Closed => None,
            });
        let update = update.unwrap_or_else(|| panic!("{} learns no more than {}", self.name, self.n_routes));
        let rows = update["params"][1]["Logical_Router_Static_Route"].as_object();
        let is_learned = |row: &&Value| {
            let ids = row["new"]["external_ids"][1].as_array();
            row["old"].is_null()
                && ids.is_some_and(|ids| ids.iter().any(|pair| pair[0] == "ic-learned-route"))
        };
        self.n_routes += rows.map_or(0, |rows| rows.values().filter(is_learned).count());
    }
}

fn static_route(name: &str, prefix: &str) -> Value {
    json!({"op": "insert", "table": "Logical_Router_Static_Route", "uuid-name": name,
        "row": {"ip_prefix": prefix, "nexthop": "192.168.0.1"}})
}

fn extra(n: usize) -> String {
    format!("172.16.{n}.0/24")
}

fn network(n: usize) -> String {
    format!("169.254.100.{}/24", n + 1)
}

fn mac(n: usize) -> String {
    format!("aa:aa:aa:00:00:{:02x}", n + 1)
}
