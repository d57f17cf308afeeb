//! What is changed, one thing at a time.

use serde_json::{Value, json};

use crate::shape::{Places, id, insert, mac, map, refs};

/// A change.
pub struct Change {
    /// Its name in the table.
    pub name: &'static str,
    /// The operations that make it for the nth time.
    pub operations: fn(&Places, usize) -> Vec<Value>,
    /// What chassis write in the southbound database, if they are who makes it.
    pub of_chassis: Option<Report>,
}

/// What a chassis writes.
pub struct Report {
    /// The operations that make it for the nth time.
    pub operations: fn(&Places, usize) -> Vec<Value>,
    /// The northbound row that then says that it was seen: its table, and columns.
    pub seen: fn(&Places, usize) -> (&'static str, Value),
}

/// What a chassis of this release can do: flows use nothing that one of them lacks.
const FEATURES: [&str; 10] = [
    "port-up-notif",
    "ct-no-masked-label",
    "mac-binding-timestamp",
    "fdb-timestamp",
    "ls-dpg-column",
    "ct-commit-nat-v2",
    "ct-commit-to-zone",
    "ct-next-zone",
    "ovn-sample-with-registers",
    "ct-label-flush",
];

/// The change that happens most often.
pub const POD_PORT: Change = Change {
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
    of_chassis: None,
};

/// All of them.
pub const CHANGES: &[Change] = &[
    Change {
        name: "nothing",
        operations: |_, _| Vec::new(),
        of_chassis: None,
    },
    POD_PORT,
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
        of_chassis: None,
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
        of_chassis: None,
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
        of_chassis: None,
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
        of_chassis: None,
    },
    Change {
        name: "VIP",
        operations: |places, n| {
            let vip = format!("10.97.{}.{}:80", n / 250, n % 250 + 1);
            let vip = map([(vip, "10.16.0.2:80,10.16.0.3:80")]);
            vec![mutate("Load_Balancer", &places.balancer, "vips", vip)]
        },
        of_chassis: None,
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
        of_chassis: None,
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
        of_chassis: None,
    },
    Change {
        name: "switch with its router port and all services",
        operations: |places, n| {
            let (port, switch) = (new(7, n), new(8, n));
            let row = json!({"name": format!("new-sr{n}"), "type": "router", "addresses": "router",
                "options": map([("router-port", format!("new-rs{n}"))])});
            let mut columns = places.services.clone();
            columns["name"] = json!(format!("new-switch{n}"));
            columns["ports"] = refs(std::slice::from_ref(&port));
            let mut operations = vec![
                insert("Logical_Switch_Port", &port, row),
                insert("Logical_Switch", &switch, columns),
            ];
            operations.extend(router_port(places, "new-rs", 9, n));
            operations
        },
        of_chassis: None,
    },
    Change {
        name: "router port",
        operations: |places, n| router_port(places, "new-r", 10, n),
        of_chassis: None,
    },
    Change {
        name: "network policy with 40 addresses",
        operations: |places, n| {
            let name = format!("new-policy{n}");
            let addresses: Vec<String> = (0..40).map(|k| format!("10.99.{n}.{}", k + 1)).collect();
            let set = json!({"name": format!("{name}.from"), "addresses": ["set", addresses]});
            let rule = new(11, n);
            let of = format!("ip4.src == ${name}.from && outport == @{name}");
            let member = places.outsiders[n % places.outsiders.len()].clone();
            let group =
                json!({"name": name, "ports": refs(&[member]), "acls": refs(std::slice::from_ref(&rule))});
            vec![
                insert("Address_Set", &new(12, n), set),
                insert("ACL", &rule, acl(n, &of)),
                insert("Port_Group", &new(13, n), group),
            ]
        },
        of_chassis: None,
    },
    Change {
        name: "chassis joining",
        operations: |_, _| Vec::new(),
        of_chassis: Some(Report {
            operations: |_, n| {
                let (encap, chassis) = (new(14, n), new(15, n));
                let name = format!("new-chassis{n}");
                let tunnel =
                    json!({"type": "geneve", "ip": format!("192.0.2.{}", n + 1), "chassis_name": name});
                let row = json!({"name": name, "hostname": name, "encaps": ["uuid", encap],
                    "other_config": map(FEATURES.map(|feature| (feature, "true")))});
                // A number that no other one has, so that it can be seen northbound.
                let private = json!({"name": name, "chassis": ["uuid", chassis], "nb_cfg": least(n)});
                vec![
                    insert("Encap", &encap, tunnel),
                    insert("Chassis", &chassis, row),
                    insert("Chassis_Private", &new(16, n), private),
                ]
            },
            seen: |_, n| ("NB_Global", json!({"hv_cfg": least(n)})),
        }),
    },
    Change {
        name: "BFD flap",
        operations: |_, _| Vec::new(),
        of_chassis: Some(Report {
            operations: |places, n| {
                vec![
                    json!({"op": "update", "table": "BFD", "row": {"status": status(n)},
                    "where": [["logical_port", "==", places.watched_port]]}),
                ]
            },
            seen: |places, n| {
                (
                    "BFD",
                    json!({"logical_port": places.watched_port, "status": status(n)}),
                )
            },
        }),
    },
];

/// A state of the database that the nth chassis says it has reached: below that of all before it.
fn least(n: usize) -> i64 {
    -1 - n as i64
}

fn status(n: usize) -> &'static str {
    ["up", "down"][n % 2]
}

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
