//! Zones with nodes: our database servers everywhere; the real Open vSwitch and ovn-controller on every node; pods that
//! send packets.
//!
//! In: which zones, whose `ovn-northd` and `ovn-ic` they run, how many nodes they have. Out: commands on their
//! databases, pods, what they have learned. Never here: what a test expects.
//!
//! Zone Z, counted from 1, has a router of its own name and switches `netN` with 10.Z.N.0/24, the router at 10.Z.N.254.
//! Its port on the transit switch `tsI` is `ZONE-tsI` with 169.254.100+I.Z. Chassis are `node1`, `node2`, … through all
//! zones. Arguments `zone` and `node` are positions: of a zone, of a node in its zone.

use std::collections::BTreeSet;

use ferrovn_tests::node::{Network, Node, Pod};
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::process::Process;
use ferrovn_tests::server::{Kind, Server};
use ferrovn_tests::translator;
use ovn_schemas::Db;
use serde_json::{Value, json};

use crate::contents::{Contents, contents};
use crate::shared::Shared;
use crate::world::settled;

/// A zone with nodes.
pub struct Site {
    /// Its name, and its router's.
    pub name: String,
    number: usize,
    programs: Vec<Process>,
    nb: Server,
    sb: Server,
    scratch: Scratch,
    /// Its nodes.
    pub nodes: Vec<Node>,
}

/// Zones that are connected; everything ends with the handle.
pub struct Sites {
    /// The zones.
    pub zones: Vec<Site>,
    /// What they share.
    pub shared: Shared,
    network: Network,
}

impl Sites {
    /// Zones: name, whose `ovn-northd` and `ovn-ic`, number of nodes. They share databases on so many servers.
    pub fn start(n_shared: usize, zones: &[(&str, Kind, usize)]) -> Sites {
        let mut network = Network::new();
        let shared = Shared::start(n_shared);
        let mut next_node = 1;
        let zones = zones.iter().enumerate().map(|(i, (name, kind, n_nodes))| {
            let site = Site::start(name, i + 1, *kind, &shared, &mut network, next_node, *n_nodes);
            next_node += n_nodes;
            site
        });
        Sites {
            zones: zones.collect(),
            shared,
            network,
        }
    }

    /// Connects all zones by the transit switch `tsI`: each zone's port is on the first of these nodes of it that lives.
    pub fn connect(&self, i: usize, gateways: &[&[usize]]) {
        self.shared.nb(&format!("ts-add ts{i}"));
        for (zone, gateways) in self.zones.iter().zip(gateways) {
            zone.join(i, gateways);
        }
    }

    /// A pod with 10.Z.N.K on the switch `netN` of a zone, on one of its nodes.
    pub fn pod(&self, zone: usize, node: usize, n: usize, k: usize) -> Pod {
        let site = &self.zones[zone];
        let z = site.number;
        let (name, address) = (format!("{}-{n}-{k}", site.name), format!("10.{z}.{n}.{k}"));
        let mac = format!("02:00:00:{z:02x}:{n:02x}:{k:02x}");
        site.nb(&format!(
            "lsp-add net{n} {name} -- lsp-set-addresses {name} '{mac} {address}'"
        ));
        let pod = self.network.pod(&site.nodes[node], &name, &mac, &address);
        pod.sh(&format!("ip route add default via 10.{z}.{n}.254"));
        pod
    }

    /// Lets a zone have addresses 10.0.Z.1 to N behind a pod of it, and the router know them.
    pub fn behind(&self, zone: usize, pod: &Pod, n: usize) -> Vec<String> {
        let site = &self.zones[zone];
        let z = site.number;
        site.nb(&format!(
            "lr-route-add {} 10.0.{z}.0/24 {}",
            site.name, pod.address
        ));
        let addresses = (1..=n).map(|k| format!("10.0.{z}.{k}"));
        addresses
            .inspect(|address| {
                pod.sh(&format!("ip addr add {address}/32 dev lo"));
            })
            .collect()
    }

    /// How many packets a node of a zone has sent to other zones, as far as Open vSwitch has counted them.
    pub fn crossed(&self, zone: usize, node: usize) -> u64 {
        let others = self.zones.iter().enumerate().filter(|(other, _)| *other != zone);
        let others = others.flat_map(|(_, other)| &other.nodes);
        let tunnels: Vec<String> = others.map(|node| format!("ovn-node{}-0", node.number)).collect();
        let words = ["--format=json", "--columns=name,statistics", "list", "Interface"];
        let listed = self.zones[zone].nodes[node].vsctl(&words);
        let listed: Value = serde_json::from_str(&listed).expect("it was asked for JSON");
        let rows = listed["data"].as_array().cloned().unwrap_or_default();
        let tunnels = rows
            .iter()
            .filter(|row| tunnels.iter().any(|name| row[0] == **name));
        let counts = tunnels.flat_map(|row| row[1][1].as_array().cloned().unwrap_or_default());
        counts
            .filter(|pair| pair[0] == "tx_packets")
            .filter_map(|pair| pair[1].as_u64())
            .sum()
    }

    /// Kills everything on a node of a zone with -9.
    pub fn kill_node(&mut self, zone: usize, node: usize) {
        self.network.kill(&self.zones[zone].nodes[node]);
    }

    /// Waits until every node has what its zone's databases say.
    pub fn sync(&self) {
        for zone in &self.zones {
            zone.nb("--wait=hv sync");
        }
    }

    /// All databases in words, once nothing happens any more.
    pub fn settle(&self) -> Contents {
        settled(|| self.contents())
    }

    /// All databases in words.
    pub fn contents(&self) -> Contents {
        let mut databases = self.shared.clients();
        for zone in &self.zones {
            for (db, server) in [(Db::OvnNorthbound, &zone.nb), (Db::OvnSouthbound, &zone.sb)] {
                databases.push((zone.name.clone(), db, server.client(&zone.scratch)));
            }
        }
        contents(&mut databases)
    }
}

impl Site {
    fn start(
        name: &str,
        number: usize,
        kind: Kind,
        shared: &Shared,
        network: &mut Network,
        first_node: usize,
        n_nodes: usize,
    ) -> Site {
        let scratch = Scratch::new(name);
        let port = network.free_port();
        // Only the nodes reach it.
        let remote = format!("--remote=ptcp:{port}:{}", network.address());
        let nb = Server::start(Kind::Ours, &scratch, "nb", Db::OvnNorthbound.text(), &[]);
        let sb = Server::start(Kind::Ours, &scratch, "sb", Db::OvnSouthbound.text(), &[&remote]);
        let mut site = Site {
            name: name.to_owned(),
            number,
            programs: Vec::new(),
            nb,
            sb,
            scratch,
            nodes: Vec::new(),
        };
        site.nb(&format!(
            "init -- set NB_Global . name={name} options:ic-route-adv=true options:ic-route-learn=true \
             -- lr-add {name}"
        ));
        let own = ["nb", "sb"].map(|side| (format!("ovn{side}-db"), site.at(kind, &format!("{side}.sock"))));
        let own = own.map(|(option, path)| format!("--{option}=unix:{path}"));
        let [ic_nb, ic_sb] = shared.remotes(kind);
        let all = [format!("--ic-nb-db={ic_nb}"), format!("--ic-sb-db={ic_sb}")];
        site.run(kind, "ovn-northd", &own);
        site.run(kind, "ovn-ic", &[own, all].concat());
        // The packaged ovn-controller falls over a database without the row.
        site.sb("wait-until SB_Global .");
        let nodes = first_node..first_node + n_nodes;
        let nodes = nodes.map(|n| network.node(n.try_into().expect("few nodes"), port));
        site.nodes.extend(nodes);
        site
    }

    /// A file's path for programs of a kind.
    fn at(&self, kind: Kind, file: &str) -> String {
        kind.path(&self.scratch, file)
    }

    fn run(&mut self, kind: Kind, program: &str, options: &[String]) {
        let process = translator::start(kind, &self.scratch, program, program, options);
        self.programs.push(process);
    }

    /// Runs `ovn-nbctl`.
    pub fn nb(&self, words: &str) -> String {
        crate::ctl(&self.scratch, "ovn-nbctl", "unix:nb.sock", words)
    }

    /// Runs `ovn-sbctl`.
    pub fn sb(&self, words: &str) -> String {
        crate::ctl(&self.scratch, "ovn-sbctl", "unix:sb.sock", words)
    }

    /// Makes the switch `netN` and connects it to the router.
    pub fn switch(&self, n: usize) {
        let (zone, z) = (&self.name, self.number);
        self.nb(&format!(
            "ls-add net{n} -- lrp-add {zone} {zone}-net{n} 02:00:00:{z:02x}:{n:02x}:fe 10.{z}.{n}.254/24 \
             -- lsp-add net{n} net{n}-{zone} -- lsp-set-type net{n}-{zone} router \
             -- lsp-set-addresses net{n}-{zone} router -- lsp-set-options net{n}-{zone} router-port={zone}-net{n}"
        ));
    }

    /// Connects the router to the transit switch `tsI`.
    fn join(&self, i: usize, gateways: &[usize]) {
        let (zone, z) = (&self.name, self.number);
        for node in gateways {
            let words = ["set", "Open_vSwitch", ".", "external_ids:ovn-is-interconn=true"];
            self.nodes[*node].vsctl(&words);
        }
        self.nb(&format!("wait-until Logical_Switch ts{i}"));
        let gateways = gateways.iter().enumerate().map(|(nth, node)| {
            let (chassis, priority) = (self.nodes[*node].number, 100 - nth);
            format!(" -- lrp-set-gateway-chassis {zone}-ts{i} node{chassis} {priority}")
        });
        self.nb(&format!(
            "lrp-add {zone} {zone}-ts{i} 02:00:01:{z:02x}:00:{i:02x} 169.254.{}.{z}/24 \
             -- lsp-add ts{i} ts{i}-{zone} -- lsp-set-type ts{i}-{zone} router \
             -- lsp-set-addresses ts{i}-{zone} router -- lsp-set-options ts{i}-{zone} router-port={zone}-ts{i}{}",
            100 + i,
            gateways.collect::<String>()
        ));
    }

    /// The routes that the zone has learned: prefix and next hop.
    pub fn learned(&self) -> BTreeSet<(String, String)> {
        let mut client = self.nb.client(&self.scratch);
        let select = json!({"op": "select", "table": "Logical_Router_Static_Route", "where": []});
        let results = client.transact(json!(["OVN_Northbound", select]));
        let rows = results[0]["rows"].as_array().cloned().unwrap_or_default();
        let is_learned = |ids: &Value| ids.to_string().contains("ic-learned-route");
        let rows = rows.into_iter().filter(|row| is_learned(&row["external_ids"]));
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        rows.map(|row| (text(&row["ip_prefix"]), text(&row["nexthop"])))
            .collect()
    }

    /// The number of the node that has the zone's port on the transit switch `tsI` now.
    pub fn gateway(&self, i: usize) -> Option<u32> {
        let port = format!("cr-{}-ts{i}", self.name);
        let chassis = self.sb(&format!(
            "--bare --columns=chassis find Port_Binding logical_port={port}"
        ));
        let chassis = chassis.trim();
        if chassis.is_empty() {
            return None;
        }
        let name = self.sb(&format!("--bare get Chassis {chassis} name"));
        name.trim().trim_matches('"').strip_prefix("node")?.parse().ok()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let tell = |of: &str, scratch: &Scratch, program: &str| {
            let log = std::fs::read_to_string(scratch.host(&format!("{program}.log")));
            println!("--- {of}: {program}\n{}", log.unwrap_or_default());
        };
        for program in ["ovn-northd", "ovn-ic", "nb", "sb"] {
            tell(&self.name, &self.scratch, program);
        }
        for node in &self.nodes {
            for program in ["ovn-controller", "ovs-vswitchd"] {
                tell(&format!("node{}", node.number), &node.scratch, program);
            }
        }
        for (program, db) in [("ovn-nbctl", "nb"), ("ovn-sbctl", "sb")] {
            let db = format!("--db=unix:{db}.sock");
            let shown = self.scratch.output(program, &[&db, "--timeout=5", "show"]);
            let text = String::from_utf8_lossy(&shown.stdout);
            println!("--- {}: {program} show:\n{text}", self.name);
        }
    }
}
