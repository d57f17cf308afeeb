//! Northbound databases, as transactions, and the places in them where changes are made.

mod kube_ovn;
mod ovn_kubernetes;

use ovsdb_data::Uuid;
use serde_json::{Map, Value, json};

/// Whose way to use OVN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Few switches with many ports on one router.
    KubeOvn,
    /// A switch, a gateway router and an external switch for each node.
    OvnKubernetes,
}

/// A row's uuid.
pub type Id = String;

/// A northbound database.
#[derive(Default)]
pub struct Shape {
    /// The transactions that make it; no row refers to one of a later transaction.
    pub transactions: Vec<Vec<Value>>,
    /// Where changes are made.
    pub places: Places,
    n_rows: u64,
}

/// The rows that changes begin at.
#[derive(Default)]
pub struct Places {
    /// A switch with pods.
    pub switch: Id,
    /// The router that everything is connected to.
    pub router: Id,
    /// A router that translates addresses.
    pub nat_router: Id,
    /// A load balancer.
    pub balancer: Id,
    /// The columns by which a switch has the services.
    pub services: Value,
    /// The router's port that next hops are watched through.
    pub watched_port: String,
    /// A port group.
    pub group: Id,
    /// Its name.
    pub group_name: String,
    /// Switch ports that are not in the group.
    pub outsiders: Vec<Id>,
}

impl Shape {
    /// A database of a form and a size; 1 is the whole.
    pub fn new(form: Form, scale: f64) -> Shape {
        let mut shape = Shape::default();
        let of = |n: usize| ((n as f64 * scale).round() as usize).max(2);
        match form {
            Form::KubeOvn => kube_ovn::fill(&mut shape, &of),
            Form::OvnKubernetes => ovn_kubernetes::fill(&mut shape, &of),
        }
        shape
    }

    /// How many rows it has.
    pub fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// A uuid that no other row has.
    pub fn id(&mut self) -> Id {
        self.n_rows += 1;
        id(1, self.n_rows)
    }

    fn insert(&mut self, table: &str, row: Value) -> (Id, Value) {
        let id = self.id();
        let operation = insert(table, &id, row);
        (id, operation)
    }

    /// A switch with its ports, each with the name and other columns.
    fn switch(&mut self, name: &str, ports: Vec<Value>, mut row: Value) -> (Id, Vec<Id>) {
        let mut operations = Vec::new();
        let mut ids = Vec::new();
        for port in ports {
            let (id, operation) = self.insert("Logical_Switch_Port", port);
            ids.push(id);
            operations.push(operation);
        }
        row["name"] = json!(name);
        row["ports"] = refs(&ids);
        let (switch, operation) = self.insert("Logical_Switch", row);
        operations.push(operation);
        self.transactions.push(operations);
        (switch, ids)
    }

    /// A router with rows that belong to it: a column, a table, and the rows. `operations` make what those refer to.
    fn router(
        &mut self,
        name: &str,
        mut operations: Vec<Value>,
        parts: Vec<(&str, &str, Vec<Value>)>,
        mut row: Value,
    ) -> Id {
        row["name"] = json!(name);
        for (column, table, rows) in parts {
            let mut ids = Vec::new();
            for part in rows {
                let (id, operation) = self.insert(table, part);
                ids.push(id);
                operations.push(operation);
            }
            row[column] = refs(&ids);
        }
        let (router, operation) = self.insert("Logical_Router", row);
        operations.push(operation);
        self.transactions.push(operations);
        router
    }

    /// A port group with its ACLs.
    fn group(&mut self, name: &str, ports: &[Id], acls: Vec<Value>) -> Id {
        let mut operations = Vec::new();
        let mut ids = Vec::new();
        for acl in acls {
            let (id, operation) = self.insert("ACL", acl);
            ids.push(id);
            operations.push(operation);
        }
        let row = json!({"name": name, "ports": refs(ports), "acls": refs(&ids)});
        let (group, operation) = self.insert("Port_Group", row);
        operations.push(operation);
        self.transactions.push(operations);
        group
    }

    /// A static route whose next hop is watched through the router's port of this name, first of all down.
    fn watched_route(&mut self, port: &str) -> Value {
        let next_hop = "100.64.0.3";
        let bfd = self.alone("BFD", json!({"logical_port": port, "dst_ip": next_hop}));
        self.places.watched_port = port.to_owned();
        json!({"ip_prefix": "198.51.100.0/24", "nexthop": next_hop, "bfd": ["uuid", bfd]})
    }

    fn alone(&mut self, table: &str, row: Value) -> Id {
        let (id, operation) = self.insert(table, row);
        self.transactions.push(vec![operation]);
        id
    }
}

/// The nth uuid of a kind, spread as evenly as random ones.
pub fn id(kind: u32, n: u64) -> Id {
    // A multiplication by an odd number gives no two the same.
    const SPREAD: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
    let number = (u128::from(kind) << 64 | u128::from(n)).wrapping_mul(SPREAD);
    Uuid::from_u128(number).to_string()
}

/// The operation that makes a row.
pub fn insert(table: &str, id: &str, row: Value) -> Value {
    json!({"op": "insert", "table": table, "uuid": id, "row": row})
}

/// A set of references.
pub fn refs(ids: &[Id]) -> Value {
    let ids: Vec<Value> = ids.iter().map(|id| json!(["uuid", id])).collect();
    json!(["set", ids])
}

/// A map.
pub fn map<K: ToString, V: ToString>(pairs: impl IntoIterator<Item = (K, V)>) -> Value {
    let pairs: Map<String, Value> = pairs
        .into_iter()
        .map(|(k, v)| (k.to_string(), json!(v.to_string())))
        .collect();
    let pairs: Vec<Value> = pairs.into_iter().map(|(k, v)| json!([k, v])).collect();
    json!(["map", pairs])
}

/// The nth Ethernet address of a kind.
pub fn mac(kind: u8, n: usize) -> String {
    let [.., a, b, c] = (n as u64).to_be_bytes();
    format!("0a:{kind:02x}:00:{a:02x}:{b:02x}:{c:02x}")
}

/// A pod's port.
fn pod(name: &str, n: usize, ip: &str) -> Value {
    let addresses = format!("{} {ip}", mac(1, n));
    json!({"name": name, "addresses": addresses, "port_security": addresses})
}

/// The port of a switch that leads to a router's port.
fn to_router(router_port: &str) -> Value {
    json!({"name": format!("to-{router_port}"), "type": "router", "addresses": "router",
        "options": map([("router-port", router_port)])})
}

/// The port of a switch that leads out.
fn localnet(name: &str) -> Value {
    json!({"name": name, "type": "localnet", "addresses": "unknown", "options": map([("network_name", "physnet")])})
}

/// A router's port.
fn router_port(name: &str, n: usize, network: &str) -> Value {
    json!({"name": name, "mac": mac(2, n), "networks": network})
}

/// An ACL for what comes to a port group.
fn acl(priority: u32, r#match: &str, action: &str) -> Value {
    json!({"direction": "to-lport", "priority": priority, "match": r#match, "action": action})
}
