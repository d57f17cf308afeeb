//! What is changed, one thing at a time.

use serde_json::{Value, json};

use crate::shape::{Places, id, insert, mac, map, refs};

/// A change.
pub struct Change {
    /// Its name in the table.
    pub name: &'static str,
    /// The operations that make it for the nth time.
    pub operations: fn(&Places, usize) -> Vec<Value>,
}

/// All of them.
pub const CHANGES: &[Change] = &[
    Change {
        name: "nothing",
        operations: |_, _| Vec::new(),
    },
    Change {
        name: "pod port",
        operations: |places, n| {
            let addresses = format!("{} 10.15.{}.{}", mac(9, n), n / 250, n % 250 + 1);
            let row = json!({"name": format!("new{n}"), "addresses": addresses, "port_security": addresses});
            part(
                &places.switch,
                ("Logical_Switch", "ports"),
                "Logical_Switch_Port",
                &new(1, n),
                row,
            )
        },
    },
    Change {
        name: "ACL of a switch",
        operations: |places, n| {
            part(
                &places.switch,
                ("Logical_Switch", "acls"),
                "ACL",
                &new(2, n),
                acl(n, "ip4"),
            )
        },
    },
    Change {
        name: "ACL of a port group",
        operations: |places, n| {
            let of = format!("outport == @{} && ip4", places.group_name);
            part(
                &places.group,
                ("Port_Group", "acls"),
                "ACL",
                &new(3, n),
                acl(n, &of),
            )
        },
    },
    Change {
        name: "static route",
        operations: |places, n| {
            let row = json!({"ip_prefix": format!("198.18.{n}.0/24"), "nexthop": "100.64.0.2"});
            let table = "Logical_Router_Static_Route";
            part(
                &places.router,
                ("Logical_Router", "static_routes"),
                table,
                &new(4, n),
                row,
            )
        },
    },
    Change {
        name: "policy",
        operations: |places, n| {
            let row = json!({"priority": 20_000, "action": "reroute", "nexthops": "100.64.0.2",
                "match": format!("ip4.src == 198.19.{n}.0/24")});
            let table = "Logical_Router_Policy";
            part(
                &places.router,
                ("Logical_Router", "policies"),
                table,
                &new(5, n),
                row,
            )
        },
    },
    Change {
        name: "VIP",
        operations: |places, n| {
            let vip = map([(format!("10.97.0.{}:80", n + 1), "10.16.0.2:80,10.16.0.3:80")]);
            vec![mutate("Load_Balancer", &places.balancer, "vips", vip)]
        },
    },
    Change {
        name: "member of a port group",
        operations: |places, n| {
            let port = &places.outsiders[n % places.outsiders.len()];
            vec![mutate(
                "Port_Group",
                &places.group,
                "ports",
                refs(std::slice::from_ref(port)),
            )]
        },
    },
    Change {
        name: "NAT",
        operations: |places, n| {
            let row = json!({"type": "dnat_and_snat", "external_ip": format!("172.18.200.{}", n + 1),
                "logical_ip": format!("10.16.0.{}", n + 100)});
            part(
                &places.nat_router,
                ("Logical_Router", "nat"),
                "NAT",
                &new(6, n),
                row,
            )
        },
    },
    Change {
        name: "switch with its router port",
        operations: |places, n| {
            let (port, switch) = (new(7, n), new(8, n));
            let row = json!({"name": format!("new-sr{n}"), "type": "router", "addresses": "router",
                "options": map([("router-port", format!("new-rs{n}"))])});
            let mut operations = vec![
                insert("Logical_Switch_Port", &port, row),
                insert(
                    "Logical_Switch",
                    &switch,
                    json!({"name": format!("new-switch{n}"), "ports": refs(&[port])}),
                ),
            ];
            operations.extend(router_port(places, "new-rs", 9, n));
            operations
        },
    },
    Change {
        name: "router port",
        operations: |places, n| router_port(places, "new-r", 10, n),
    },
];

/// The uuid of the nth new row of a kind.
fn new(kind: u32, n: usize) -> String {
    id(0x1000 + kind, n as u64)
}

fn acl(n: usize, r#match: &str) -> Value {
    json!({"direction": "to-lport", "priority": 1500, "match": format!("{match} && tcp.dst == {}", 1000 + n),
        "action": "allow-related"})
}

fn router_port(places: &Places, name: &str, kind: u32, n: usize) -> Vec<Value> {
    let row = json!({"name": format!("{name}{n}"), "mac": mac(kind as u8, n), "networks": format!("10.2{kind:02}.{n}.1/24")});
    let table = "Logical_Router_Port";
    part(
        &places.router,
        ("Logical_Router", "ports"),
        table,
        &new(kind, n),
        row,
    )
}

/// A new row that another one refers to.
fn part(of: &str, (owner, column): (&str, &str), table: &str, id: &str, row: Value) -> Vec<Value> {
    vec![
        insert(table, id, row),
        mutate(owner, of, column, refs(&[id.to_owned()])),
    ]
}

fn mutate(table: &str, id: &str, column: &str, added: Value) -> Value {
    json!({"op": "mutate", "table": table, "where": [["_uuid", "==", ["uuid", id]]],
        "mutations": [[column, "insert", added]]})
}
