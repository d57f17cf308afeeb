//! A network of its own for each member: a namespace with one interface, all on one bridge. Members talk over it;
//! clients reach them by unix sockets, which know no namespaces.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::node::sh;

/// The bridge and its namespaces, which go with it.
pub struct Network {
    id: String,
    members: Vec<usize>,
}

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Network {
    /// A bridge without ports. This machine itself has no address on it, so that networks do not see one another.
    pub fn new() -> Network {
        // An interface's name has fifteen characters at most.
        let id = format!(
            "fc{}.{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        sh(&format!("ip link add {id} type bridge && ip link set {id} up"));
        Network {
            id,
            members: Vec::new(),
        }
    }

    /// Adds a member's namespace.
    pub fn add(&mut self, member: usize) {
        let (namespace, outer) = (self.namespace(member), self.interface(member));
        let (address, mac) = (self.address(member), mac(member));
        sh(&format!(
            "ip netns add {namespace} && \
             ip link add {outer} type veth peer name eth0 netns {namespace} && \
             ip link set {outer} master {} up && \
             ip -n {namespace} link set lo up && \
             ip -n {namespace} link set eth0 address {mac} up && \
             ip -n {namespace} addr add {address}/24 dev eth0",
            self.id
        ));
        self.members.push(member);
    }

    /// A member's namespace.
    pub fn namespace(&self, member: usize) -> String {
        format!("{}-{member}", self.id)
    }

    /// A member's address.
    pub fn address(&self, member: usize) -> String {
        format!("10.98.0.{}", member + 1)
    }

    /// Lets nothing pass between two groups of members.
    pub fn cut(&self, some: &[usize], others: &[usize]) {
        for (from, to) in pairs(some, others) {
            self.cut_one_way(from, to);
        }
    }

    /// What one member sends to another goes nowhere; the other way is open.
    pub fn cut_one_way(&self, from: usize, to: usize) {
        // A hardware address that nobody has: the bridge floods it, everybody drops it.
        sh(&format!(
            "ip -n {} neigh replace {} lladdr 02:00:00:00:ff:ff nud permanent dev eth0",
            self.namespace(from),
            self.address(to)
        ));
    }

    /// Lets a member send no more than so many kbit/s. What is above that waits, and what would wait for long is lost:
    /// delay and loss as on a link that is too small. (`netem`, which makes them up, is no part of many kernels.)
    pub fn throttle(&self, member: usize, kbits: u32) {
        sh(&format!(
            "tc -n {} qdisc replace dev eth0 root tbf rate {kbits}kbit burst 3000 latency 250ms",
            self.namespace(member)
        ));
    }

    /// Mends every cut, and lets everybody send as fast as they can.
    pub fn mend(&self) {
        for member in &self.members {
            let namespace = self.namespace(*member);
            if sh(&format!("tc -n {namespace} qdisc show dev eth0")).contains("tbf") {
                sh(&format!("tc -n {namespace} qdisc del dev eth0 root"));
            }
        }
        for (from, to) in pairs(&self.members, &self.members) {
            if from != to {
                sh(&format!(
                    "ip -n {} neigh replace {} lladdr {} nud permanent dev eth0",
                    self.namespace(from),
                    self.address(to),
                    mac(to)
                ));
            }
        }
    }

    fn interface(&self, member: usize) -> String {
        format!("{}e{member}", self.id)
    }
}

/// Both ways between the members of two groups.
fn pairs(some: &[usize], others: &[usize]) -> Vec<(usize, usize)> {
    some.iter()
        .flat_map(|a| others.iter().flat_map(move |b| [(*a, *b), (*b, *a)]))
        .collect()
}

fn mac(member: usize) -> String {
    format!("02:00:00:00:00:{:02x}", member + 1)
}

impl Default for Network {
    fn default() -> Self {
        Network::new()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for member in &self.members {
            let _ = std::process::Command::new("ip")
                .args(["netns", "del", &self.namespace(*member)])
                .status();
        }
        let _ = std::process::Command::new("ip")
            .args(["link", "del", &self.id])
            .status();
    }
}
