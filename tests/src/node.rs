//! Nodes as network namespaces: a bridge plays the physical network, each node runs the real Open vSwitch and
//! ovn-controller, pods are namespaces of their own.
//!
//! Only one test at a time may have nodes: a lock file in the peers' tree sees to it. What a killed run has left of its
//! network goes before the next one comes.

use std::fs::File;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::peers::{self, Scratch};

/// This machine on the physical network.
const ADDRESS: &str = "10.99.0.254";

/// What names of namespaces and devices of these networks begin with, before a digit.
const PREFIX: &str = "fv";

static NEXT: AtomicU32 = AtomicU32::new(0);

/// The physical network; everything on it goes with its handle.
pub struct Network {
    /// The bridge's name; others' begin with it. A device's name has fifteen characters at most.
    id: String,
    /// Programs, each with the number of its node.
    children: Vec<(u32, Child)>,
    _lock: File,
}

/// Runs a system command that must succeed.
pub fn sh(command: &str) -> String {
    let output = Command::new("sh")
        .arg("-c")
        .arg(command)
        .output()
        .expect("a shell runs");
    assert!(
        output.status.success(),
        "{command}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Waits until a condition holds; panics with `what` after a minute.
pub fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < until, "waited a minute for {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

impl Network {
    /// A bridge without ports. Waits for other tests' networks to go, and removes what is left of killed ones.
    pub fn new() -> Network {
        let lock =
            File::create(peers::root().join("tmp/ferrovn-network.lock")).expect("the tree is writable");
        lock.lock().expect("a local file system locks");
        clear();
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let network = Network {
            id: format!("{PREFIX}{}.{n}", std::process::id()),
            children: Vec::new(),
            _lock: lock,
        };
        sh(&format!(
            "ip link add {} type bridge && ip link set {0} up",
            network.id
        ));
        sh(&format!("ip addr add {ADDRESS}/24 dev {}", network.id));
        network
    }

    /// This machine's address on the network.
    pub fn address(&self) -> &'static str {
        ADDRESS
    }

    /// A port of this machine's address that nobody listens on now.
    pub fn free_port(&self) -> u16 {
        let listener = TcpListener::bind((ADDRESS, 0)).expect("the address has ports");
        listener.local_addr().expect("it is bound").port()
    }

    fn namespace(&self, name: &str) -> String {
        let name = format!("{}-{name}", self.id);
        sh(&format!(
            "ip netns add {name} && ip netns exec {name} ip link set lo up"
        ));
        name
    }

    /// A node with number `n` (its address 10.99.0.N): Open vSwitch in user space, and ovn-controller connected to
    /// the southbound database on TCP `port` of the bridge's address.
    pub fn node(&mut self, n: u32, port: u16) -> Node {
        let scratch = Scratch::new(&format!("node{n}"));
        let namespace = self.namespace(&format!("n{n}"));
        let (bridge, outer) = (&self.id, format!("{}e{n}", self.id));
        sh(&format!(
            "ip link add {outer} type veth peer name eth0 netns {namespace}"
        ));
        sh(&format!(
            "ip link set {outer} master {bridge} up && ethtool -K {outer} tx off"
        ));
        let within = |command: &str| sh(&format!("ip netns exec {namespace} {command}"));
        within("ethtool -K eth0 tx off");
        within("ip link set eth0 up");
        scratch.run(
            "ovsdb-tool",
            &["create", "conf.db", "/usr/share/openvswitch/vswitch.ovsschema"],
        );
        let node = Node {
            scratch,
            number: n,
            namespace: namespace.clone(),
            port,
        };
        let mut start = |program: &str, args: &[&str]| {
            let log =
                File::create(node.scratch.host(&format!("{program}.log"))).expect("the folder is writable");
            let child = node
                .command(program)
                .args(args)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(log)
                .spawn();
            self.children.push((n, child.expect("the peer starts")));
        };
        start(
            "ovsdb-server",
            &["conf.db", "--remote=punix:db.sock", "--unixctl=ovsdb.ctl"],
        );
        wait_for("the node's database", || node.scratch.host("db.sock").exists());
        node.vsctl(&["--no-wait", "init"]);
        start("ovs-vswitchd", &["--disable-system", "--unixctl=vswitchd.ctl"]);
        let id = format!("external_ids:system-id=node{n}");
        let remote = format!("external_ids:ovn-remote=tcp:{ADDRESS}:{port}");
        let ip = format!("external_ids:ovn-encap-ip=10.99.0.{n}");
        node.vsctl(&[
            "set",
            "Open_vSwitch",
            ".",
            &id,
            &remote,
            &ip,
            "external_ids:ovn-encap-type=geneve",
            "external_ids:ovn-bridge-datapath-type=netdev",
        ]);
        // Tunnels in user space need a bridge that owns the underlay's address.
        node.vsctl(&[
            "add-br",
            "br-phy",
            "--",
            "set",
            "bridge",
            "br-phy",
            "datapath_type=netdev",
        ]);
        node.vsctl(&["add-port", "br-phy", "eth0"]);
        within(&format!("ip addr add 10.99.0.{n}/24 dev br-phy"));
        within("ip link set br-phy up");
        node.vsctl(&[
            "--may-exist",
            "add-br",
            "br-int",
            "--",
            "set",
            "bridge",
            "br-int",
            "datapath_type=netdev",
            "fail_mode=secure",
        ]);
        start(
            "ovn-controller",
            &["unix:db.sock", "--unixctl=ovn-controller.ctl"],
        );
        node
    }

    /// Kills everything that runs on a node with -9, as a power cut does.
    pub fn kill(&mut self, node: &Node) {
        for (_, child) in self.children.iter_mut().filter(|(n, _)| *n == node.number) {
            child.kill().expect("it was started");
            child.wait().expect("it was started");
        }
    }

    /// A pod on a node: a namespace with an interface of this address, bound to a logical port.
    pub fn pod(&self, node: &Node, name: &str, mac: &str, address: &str) -> Pod {
        let namespace = self.namespace(name);
        let outer = format!("p-{name}");
        sh(&format!(
            "ip link add eth0 netns {namespace} type veth peer name {outer} netns {}",
            node.namespace
        ));
        sh(&format!(
            "ip netns exec {namespace} ip link set eth0 address {mac} up"
        ));
        sh(&format!(
            "ip netns exec {namespace} ip addr add {address}/24 dev eth0"
        ));
        sh(&format!("ip netns exec {namespace} ethtool -K eth0 tx off"));
        sh(&format!(
            "ip netns exec {} sh -c 'ip link set {outer} up; ethtool -K {outer} tx off'",
            node.namespace
        ));
        let iface = format!("external_ids:iface-id={name}");
        node.vsctl(&[
            "add-port",
            "br-int",
            &outer,
            "--",
            "set",
            "interface",
            &outer,
            &iface,
        ]);
        Pod {
            namespace,
            address: address.to_owned(),
        }
    }

    /// Somebody on the physical network who is no node: a namespace with an interface of this address.
    pub fn outsider(&self, n: u32, address: &str) -> Pod {
        let namespace = self.namespace(&format!("o{n}"));
        let (bridge, outer) = (&self.id, format!("{}o{n}", self.id));
        sh(&format!(
            "ip link add {outer} type veth peer name eth0 netns {namespace} && ip link set {outer} master {bridge} up \
             && ethtool -K {outer} tx off"
        ));
        let outsider = Pod {
            namespace,
            address: address.to_owned(),
        };
        outsider.sh("ethtool -K eth0 tx off");
        outsider.sh("ip link set eth0 up");
        outsider.sh(&format!("ip addr add {address}/24 dev eth0"));
        outsider
    }
}

impl Default for Network {
    fn default() -> Self {
        Network::new()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for (_, child) in &mut self.children {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
        clear();
    }
}

/// Removes every network with all that runs on it. Only who holds the lock may have one.
fn clear() {
    // What is to go may be going already.
    let run = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).output();
        output.map_or_else(
            |_| String::new(),
            |output| String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    };
    let is_network = |name: &&str| {
        let rest = name.strip_prefix(PREFIX);
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    for line in run("ip", &["netns", "list"]).lines() {
        if let Some(name) = line.split(' ').next().filter(is_network) {
            for pid in run("ip", &["netns", "pids", name]).split_whitespace() {
                run("kill", &["-9", pid]);
            }
            run("ip", &["netns", "del", name]);
        }
    }
    // A killed node's connections keep its namespace, and the namespace its devices, for minutes.
    for line in run("ip", &["-br", "link"]).lines() {
        if let Some(name) = line.split([' ', '@']).next().filter(is_network) {
            run("ip", &["link", "del", name]);
        }
    }
}

/// A node.
pub struct Node {
    /// Its files.
    pub scratch: Scratch,
    /// Its number; its chassis is called `nodeN`.
    pub number: u32,
    namespace: String,
    /// Where its southbound database is.
    pub port: u16,
}

impl Node {
    fn command(&self, program: &str) -> Command {
        let inner = self.scratch.peer(program);
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", &self.namespace])
            .arg(inner.get_program())
            .args(inner.get_args());
        for (key, value) in inner.get_envs() {
            command.env(key, value.unwrap_or_default());
        }
        command
    }

    /// Runs `ovs-vsctl` on the node.
    pub fn vsctl(&self, args: &[&str]) -> String {
        let db = format!("--db=unix:{}", self.scratch.inner("db.sock").display());
        let output = self
            .command("ovs-vsctl")
            .arg(db)
            .arg("--timeout=20")
            .args(args)
            .output()
            .expect("it runs");
        assert!(
            output.status.success(),
            "ovs-vsctl {args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// A pod.
pub struct Pod {
    namespace: String,
    /// Its address.
    pub address: String,
}

impl Pod {
    /// A system program in the pod.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace, program]);
        command
    }

    /// Runs a system command in the pod, which must succeed.
    pub fn sh(&self, command: &str) -> String {
        sh(&format!("ip netns exec {} {command}", self.namespace))
    }

    /// Whether an address answers one ping within a second.
    pub fn pings(&self, address: &str) -> bool {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace, "ping", "-c1", "-W1", address]);
        command
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
    /// How many of `n` pings, five a second, an address answers.
    pub fn answers(&self, address: &str, n: usize) -> usize {
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", &self.namespace, "ping", "-q", "-i0.2"])
            .arg(format!("-c{n}"))
            .arg(address);
        let output = command.output().expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let count = text
            .split(", ")
            .find_map(|part| part.strip_suffix(" received")?.parse().ok());
        count.unwrap_or_else(|| panic!("ping {address}: {text}"))
    }
}
