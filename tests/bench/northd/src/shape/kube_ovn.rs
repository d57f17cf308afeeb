//! Few switches with many ports on one router, services in load balancers on all switches, network policies as port
//! groups with address sets.

use serde_json::{Value, json};

use super::{Shape, acl, localnet, map, pod, refs, router_port, to_router};

/// The whole: 200 nodes, 10,000 pods in 20 subnets beside the one of nodes, 1,000 services of 8 backends, 300 policies.
pub fn fill(shape: &mut Shape, of: &dyn Fn(usize) -> usize) {
    let (n_nodes, n_subnets, n_pods) = (of(200), of(20), of(10_000));
    let (n_vips, n_policies) = (of(1_000), of(300));
    let n_each = n_pods / n_subnets;
    let ip = |n: usize| {
        let (subnet, n) = (n / n_each, n % n_each);
        format!("10.{}.{}.{}", 16 + subnet, n / 200, n % 200 + 2)
    };
    let balancers: Vec<_> = ["tcp", "udp"]
        .into_iter()
        .enumerate()
        .map(|(at, protocol)| {
            let vips = (at..n_vips).step_by(2).map(|n| {
                let backends: Vec<String> = (0..8)
                    .map(|k| format!("{}:8080", ip((n * 8 + k) % n_pods)))
                    .collect();
                (
                    format!("172.20.{}.{}:80", n / 250, n % 250 + 1),
                    backends.join(","),
                )
            });
            let row = json!({"name": format!("cluster-{protocol}"), "protocol": protocol, "vips": map(vips)});
            shape.alone("Load_Balancer", row)
        })
        .collect();
    let services = json!({"load_balancer": refs(&balancers)});
    let mut pods = Vec::new();
    for subnet in 0..n_subnets {
        let numbers = subnet * n_each..(subnet + 1) * n_each;
        let mut ports: Vec<Value> = numbers
            .map(|n| pod(&format!("pod{n}.ns{subnet}"), n, &ip(n)))
            .collect();
        ports.push(to_router(&format!("ovn-cluster-subnet{subnet}")));
        let columns = services.clone();
        let (switch, mut ids) = shape.switch(&format!("subnet{subnet}"), ports, columns);
        ids.pop();
        pods.extend(ids);
        shape.places.switch = switch;
    }
    let node = |n: usize| format!("100.64.{}.{}", n / 200, n % 200 + 2);
    let mut ports: Vec<Value> = (0..n_nodes)
        .map(|n| pod(&format!("node-{n}"), 100_000 + n, &node(n)))
        .collect();
    ports.push(to_router("ovn-cluster-join"));
    shape.switch("join", ports, services.clone());
    shape.places.services = services;
    shape.switch(
        "external",
        vec![localnet("external-net"), to_router("ovn-cluster-external")],
        json!({}),
    );
    let mut ports: Vec<Value> = (0..n_subnets)
        .map(|n| {
            let network = format!("10.{}.0.1/16", 16 + n);
            router_port(&format!("ovn-cluster-subnet{n}"), n, &network)
        })
        .collect();
    ports.push(router_port("ovn-cluster-join", 1000, "100.64.0.1/16"));
    let mut external = router_port("ovn-cluster-external", 1001, "172.18.0.1/16");
    let (gateway, operation) = shape.insert(
        "Gateway_Chassis",
        json!({"name": "external-gw0", "chassis_name": "gw0", "priority": 100}),
    );
    external["gateway_chassis"] = refs(&[gateway]);
    ports.push(external);
    let policies = (0..n_nodes).map(|n| {
        json!({"priority": 30_000, "match": format!("ip4.dst == 192.168.{}.{}", n / 200, n % 200 + 2),
            "action": "reroute", "nexthops": node(n)})
    });
    let routes = vec![
        json!({"ip_prefix": "0.0.0.0/0", "nexthop": "100.64.0.2"}),
        shape.watched_route("ovn-cluster-join"),
    ];
    let nats = (0..10).map(|n| {
        json!({"type": "dnat_and_snat", "external_ip": format!("172.18.1.{}", n + 1), "logical_ip": ip(n)})
    });
    let router = shape.router(
        "ovn-cluster",
        vec![operation],
        vec![
            ("ports", "Logical_Router_Port", ports),
            ("policies", "Logical_Router_Policy", policies.collect()),
            ("static_routes", "Logical_Router_Static_Route", routes),
            ("nat", "NAT", nats.collect()),
        ],
        json!({}),
    );
    for n in 0..n_policies {
        let name = format!("np{n}");
        let addresses: Vec<String> = (0..20).map(|k| ip((n * 31 + k * 7) % n_pods)).collect();
        shape.alone(
            "Address_Set",
            json!({"name": format!("{name}.from"), "addresses": ["set", addresses]}),
        );
        let members: Vec<_> = (0..30)
            .filter_map(|k| pods.get((n * 33 + k) % pods.len()).cloned())
            .collect();
        let acls = vec![
            acl(2000, &format!("outport == @{name} && ip"), "drop"),
            acl(
                2001,
                &format!("ip4.src == ${name}.from && outport == @{name} && ip"),
                "allow-related",
            ),
            acl(
                2001,
                &format!("ip4.src == ${name}.from && outport == @{name} && tcp.dst == 80"),
                "allow-related",
            ),
        ];
        let group = shape.group(&name, &members, acls);
        if n == 0 {
            shape.places.group = group;
            shape.places.group_name = name;
        }
    }
    shape.places.outsiders = pods.iter().skip(pods.len() / 2).cloned().collect();
    shape.places.nat_router = router.clone();
    shape.places.router = router;
    shape.places.balancer = balancers.into_iter().next().unwrap_or_default();
}
