//! For each node a switch with pods, a gateway router and an external switch; one router and one switch between them;
//! services as load balancers in one group on every switch and gateway router.

use serde_json::{Value, json};

use super::{Shape, acl, localnet, map, pod, refs, router_port, to_router};

const N_PODS: usize = 50;

/// The whole: 500 nodes of 50 pods, 10,000 load balancers, 500 port groups of 50 ports on as many switches.
pub fn fill(shape: &mut Shape, of: &dyn Fn(usize) -> usize) {
    let (n_nodes, n_balancers, n_groups) = (of(500), of(10_000), of(500));
    let subnet = |n: usize| format!("10.{}.{}", 128 + n / 256, n % 256);
    let ip = |node: usize, pod: usize| format!("{}.{}", subnet(node), pod + 3);
    let join = |n: usize| format!("100.64.{}.{}", n / 200, n % 200 + 2);
    let mut balancers = Vec::new();
    for n in 0..n_balancers {
        let vip = format!("10.96.{}.{}:80", n / 250, n % 250 + 1);
        let backends: Vec<String> = (0..2)
            .map(|k| format!("{}:8080", ip((n + k) % n_nodes, n % N_PODS)))
            .collect();
        let row = json!({"name": format!("service{n}"), "protocol": "tcp", "vips": map([(vip, backends.join(","))])});
        balancers.push(shape.alone("Load_Balancer", row));
    }
    let group = shape.alone(
        "Load_Balancer_Group",
        json!({"name": "clusterLBGroup", "load_balancer": refs(&balancers)}),
    );
    let groups = || json!({"load_balancer_group": refs(std::slice::from_ref(&group))});
    shape.places.services = groups();
    let mut pods = Vec::new();
    for node in 0..n_nodes {
        let mut ports: Vec<Value> = (0..N_PODS)
            .map(|n| pod(&format!("pod{n}-node{node}"), node * N_PODS + n, &ip(node, n)))
            .collect();
        ports.push(to_router(&format!("rtos-node{node}")));
        let (switch, ids) = shape.switch(&format!("node{node}"), ports, groups());
        pods.push(ids);
        shape.places.switch = switch;
        let (to_join, out) = (format!("rtoj-GR_node{node}"), format!("rtoe-GR_node{node}"));
        shape.switch(
            &format!("ext_node{node}"),
            vec![localnet(&format!("br-ex_node{node}")), to_router(&out)],
            json!({}),
        );
        let external = format!("172.{}.{}.2", 18 + node / 256, node % 256);
        let nat =
            json!({"type": "snat", "external_ip": external, "logical_ip": format!("{}.0/24", subnet(node))});
        let mut columns = groups();
        columns["options"] = map([
            ("chassis", format!("node{node}").as_str()),
            ("lb_force_snat_ip", "router_ip"),
            // Otherwise each resolves the addresses of all the others.
            ("dynamic_neigh_routers", "true"),
        ]);
        shape.places.nat_router = shape.router(
            &format!("GR_node{node}"),
            Vec::new(),
            vec![
                (
                    "ports",
                    "Logical_Router_Port",
                    vec![
                        router_port(&to_join, 2000 + node, &format!("{}/16", join(node))),
                        router_port(&out, 4000 + node, &format!("{external}/24")),
                    ],
                ),
                (
                    "static_routes",
                    "Logical_Router_Static_Route",
                    vec![
                        json!({"ip_prefix": "10.128.0.0/14", "nexthop": "100.64.0.1"}),
                        json!({"ip_prefix": "0.0.0.0/0", "nexthop": external.replace(".2", ".1"), "output_port": out}),
                    ],
                ),
                ("nat", "NAT", vec![nat]),
            ],
            columns,
        );
    }
    let mut ports: Vec<Value> = (0..n_nodes)
        .map(|node| to_router(&format!("rtoj-GR_node{node}")))
        .collect();
    ports.push(to_router("rtoj-ovn_cluster_router"));
    shape.switch("join", ports, json!({}));
    let mut ports: Vec<Value> = (0..n_nodes)
        .map(|node| {
            router_port(
                &format!("rtos-node{node}"),
                node,
                &format!("{}.1/24", subnet(node)),
            )
        })
        .collect();
    ports.push(router_port("rtoj-ovn_cluster_router", 1999, "100.64.0.1/16"));
    let routes = (0..n_nodes).map(|node| {
        json!({"ip_prefix": format!("{}.0/24", subnet(node)), "nexthop": join(node), "policy": "src-ip"})
    });
    let routes: Vec<Value> = routes
        .chain([shape.watched_route("rtoj-ovn_cluster_router")])
        .collect();
    let policies = (0..n_nodes).map(|node| {
        json!({"priority": 1004, "action": "reroute", "nexthops": format!("{}.2", subnet(node)),
            "match": format!("inport == \"rtos-node{node}\" && ip4.dst == 172.18.0.{}", node % 250 + 2)})
    });
    shape.places.router = shape.router(
        "ovn_cluster_router",
        Vec::new(),
        vec![
            ("ports", "Logical_Router_Port", ports),
            ("static_routes", "Logical_Router_Static_Route", routes),
            ("policies", "Logical_Router_Policy", policies.collect()),
        ],
        json!({}),
    );
    for n in 0..n_groups {
        let name = format!("pg{n}");
        let members: Vec<_> = (0..50.min(n_nodes))
            .map(|k| pods[(n + k * 10) % n_nodes][(n + k) % N_PODS].clone())
            .collect();
        let acls = vec![
            acl(1001, &format!("outport == @{name} && ip4"), "allow-related"),
            acl(1000, &format!("outport == @{name} && arp"), "allow"),
        ];
        let group = shape.group(&name, &members, acls);
        if n == 0 {
            shape.places.group = group;
            shape.places.group_name = name;
        }
    }
    shape.places.outsiders = pods.iter().skip(n_nodes / 2).flatten().cloned().collect();
    shape.places.balancer = balancers.into_iter().next().unwrap_or_default();
}
