//! A world: our database servers, an `ovn-northd` of either kind, nodes with the real Open vSwitch and ovn-controller.
//!
//! The router `r` has switches `netN` with 10.0.N.0/24, itself at 10.0.N.254. Pods are called `pN-K`, at 10.0.N.K.
//! Chassis are `node1`, `node2`, …; where an argument is a node, it is a position, from 0.

use ferrovn_tests::node::{Network, Node, Pod, wait_for};
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::process::Process;
use ferrovn_tests::server::{Kind, Server};
use ferrovn_tests::translator;
use ovn_schemas::Db;

use crate::talk::ask;

/// Ends with its handle.
pub struct World {
    _northd: Process,
    nb: Server,
    sb: Server,
    scratch: Scratch,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The physical network, which the localnet name `outside` stands for.
    pub network: Network,
}

impl World {
    /// With so many nodes and the packaged `ovn-northd`, or ours.
    pub fn start(northd: Kind, n_nodes: u32) -> World {
        let scratch = Scratch::new("packets");
        let mut network = Network::new();
        let port = network.free_port();
        // Only the nodes reach it.
        let remote = format!("--remote=ptcp:{port}:{}", network.address());
        let nb = Server::start(Kind::Ours, &scratch, "nb", Db::OvnNorthbound.text(), &[]);
        let sb = Server::start(Kind::Ours, &scratch, "sb", Db::OvnSouthbound.text(), &[&remote]);
        let northd = translator::northd(northd, &scratch, "northd");
        // The packaged ovn-controller falls over a database without the row.
        ctl(&scratch, "ovn-sbctl --db=unix:sb.sock", "wait-until SB_Global .");
        let nodes = (1..=n_nodes).map(|n| network.node(n, port)).collect();
        let world = World {
            _northd: northd,
            nb,
            sb,
            scratch,
            nodes,
            network,
        };
        for node in &world.nodes {
            let mapping = "external_ids:ovn-bridge-mappings=outside:br-phy";
            node.vsctl(&["set", "Open_vSwitch", ".", mapping]);
        }
        world.nb("lr-add r");
        world
    }

    /// Runs `ovn-nbctl`; the words are a shell's.
    pub fn nb(&self, words: &str) -> String {
        ctl(&self.scratch, "ovn-nbctl --db=unix:nb.sock", words)
    }

    /// Runs `ovn-sbctl`; the words are a shell's.
    pub fn sb(&self, words: &str) -> String {
        ctl(&self.scratch, "ovn-sbctl --db=unix:sb.sock", words)
    }

    /// Waits until every node has what the databases say.
    pub fn sync(&self) {
        self.nb("--wait=hv sync");
    }

    /// The switch `netN`, without the router.
    pub fn lone_switch(&self, n: u32) {
        self.nb(&format!("ls-add net{n}"));
    }

    /// The switch `netN`, with the router.
    pub fn switch(&self, n: u32) {
        self.lone_switch(n);
        self.nb(&format!(
            "lrp-add r r-net{n} {} 10.0.{n}.254/24 -- lsp-add net{n} net{n}-r -- lsp-set-type net{n}-r router \
             -- lsp-set-addresses net{n}-r router -- lsp-set-options net{n}-r router-port=r-net{n}",
            router_mac(n)
        ));
    }

    /// The pod `pN-K` on a node.
    pub fn pod(&self, node: usize, n: u32, k: u32) -> Pod {
        let (name, address) = (format!("p{n}-{k}"), format!("10.0.{n}.{k}"));
        let mac = format!("02:00:00:00:{n:02x}:{k:02x}");
        self.nb(&format!(
            "lsp-add net{n} {name} -- lsp-set-addresses {name} '{mac} {address}'"
        ));
        let pod = self.network.pod(&self.nodes[node], &name, &mac, &address);
        pod.sh(&format!("ip route add default via 10.0.{n}.254"));
        pod
    }
}

/// The router's MAC on `netN`.
pub fn router_mac(n: u32) -> String {
    format!("02:00:00:00:{n:02x}:fe")
}

/// Waits until connections to an address and a port are told all of this, and nothing else.
pub fn wait_for_told(pod: &Pod, address: &str, port: u16, expected: &[&str]) {
    let mut told = Vec::new();
    wait_for(&format!("{address}:{port} to tell {expected:?}"), || {
        told = ask(pod, address, port, 10);
        let all = expected.iter().all(|text| told.iter().any(|line| line == text));
        let only = told.iter().all(|line| expected.contains(&line.as_str()));
        if !(all && only) {
            println!("{address}:{port} told {told:?}");
        }
        all && only
    });
}

fn ctl(scratch: &Scratch, program: &str, words: &str) -> String {
    scratch.run("sh", &["-c", &format!("{program} --timeout=60 {words}")])
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for (name, log) in [
            ("nb", self.nb.log(&self.scratch)),
            ("sb", self.sb.log(&self.scratch)),
        ] {
            println!("--- {name}\n{log}");
        }
        let tell = |of: &str, scratch: &Scratch, program: &str| {
            let log = std::fs::read_to_string(scratch.host(&format!("{program}.log")));
            println!("--- {of}: {program}\n{}", log.unwrap_or_default());
        };
        tell("world", &self.scratch, "northd");
        for node in &self.nodes {
            for program in ["ovn-controller", "ovs-vswitchd"] {
                tell(&format!("node{}", node.number), &node.scratch, program);
            }
        }
        for command in ["ovn-nbctl --db=unix:nb.sock", "ovn-sbctl --db=unix:sb.sock"] {
            let command = format!("{command} --timeout=5 show");
            let shown = self.scratch.output("sh", &["-c", &command]);
            println!("--- {command}\n{}", String::from_utf8_lossy(&shown.stdout));
        }
    }
}
