//! Load balancers that prefer backends where the client is.

use northd_core::{Northd, Side};
use ovn_schemas::Db;
use ovn_schemas::rows::ovn_northbound::{LoadBalancer, LoadBalancerHealthCheck};
use ovn_schemas::rows::ovn_southbound::{PortBinding, ServiceMonitor};
use ovsdb_data::RowChange;
use ovsdb_data::typed::{Columns, Table};

use crate::{BALANCER, id, nb, network, row, shown};

/// A load balancer that prefers backends nearby.
fn preferring(
    vip: (&'static str, &'static str),
    mappings: &[(&'static str, &'static str)],
) -> Columns<LoadBalancer<'static>> {
    Columns::new()
        .set(LoadBalancer::NAME, "lb")
        .set(LoadBalancer::VIPS, [vip])
        .set(LoadBalancer::OPTIONS, [("prefer_local_backend", "true")])
        .set(LoadBalancer::IP_PORT_MAPPINGS, mappings.iter().copied())
}

/// What goes to backends nearby, with ports 11 and 12 on one chassis and port 21 on another.
#[track_caller]
fn check(balancer: Columns<LoadBalancer<'static>>, more: &[RowChange], nearby: &[&str]) {
    let mut network = network();
    network.retain(|change| change.uuid != id(BALANCER));
    network.push(nb(BALANCER, balancer));
    let binding = |n: u128, port: &'static str, chassis: u128| {
        let columns = Columns::<PortBinding<'static>>::new()
            .set(PortBinding::LOGICAL_PORT, port)
            .set(PortBinding::UP, Some(true))
            .set(PortBinding::CHASSIS, Some(id(chassis)));
        row(Db::OvnSouthbound, n, columns)
    };
    let mut northd = Northd::new();
    northd.change(Side::Nb, &network);
    northd.settle();
    northd.change(
        Side::Sb,
        &[
            binding(71, "p11", 80),
            binding(72, "p12", 80),
            binding(73, "p21", 81),
        ],
    );
    for change in more {
        let is_monitor = change.table == ServiceMonitor::TABLE_INDEX;
        let side = if is_monitor { Side::Sb } else { Side::Nb };
        northd.change(side, std::slice::from_ref(change));
    }
    northd.settle();
    let flows = shown(&northd);
    let is_near = |text: &&String| {
        let is_said = text.contains("is_chassis_resident") || text.starts_with("ls_in_lb 139 ");
        text.starts_with("ls_in_l") && is_said
    };
    assert_eq!(flows.keys().filter(is_near).collect::<Vec<_>>(), nearby);
    assert_eq!(flows, shown(&northd.again()));
}

#[test]
fn backends_nearby_go_first() {
    let new = "ls_in_lb 140 ct.new && ip4.dst == 10.96.0.1 && tcp.dst == 80";
    let kept = "reg4 = 10.96.0.1; reg2[0..15] = 80;";
    check(
        preferring(
            ("10.96.0.1:80", "10.0.0.3:8080,10.0.0.4:8080,10.0.0.5:8080"),
            &[("10.0.0.3", "p11:10.0.0.2"), ("10.0.0.4", "p12")],
        ),
        &[],
        &[&format!(
            "{new} && is_chassis_resident(\"p11\") -> {kept} ct_lb_mark(backends=10.0.0.3:8080,10.0.0.4:8080);"
        )],
    );
    // All ports of an address.
    let new = "ls_in_lb 130 ct.new && ip4.dst == 10.96.0.1";
    check(
        preferring(
            ("10.96.0.1", "10.0.0.3,10.1.0.3"),
            &[("10.0.0.3", "p11"), ("10.1.0.3", "p21"), ("10.0.0.5", "p12")],
        ),
        &[],
        &[
            &format!(
                "{new} && is_chassis_resident(\"p11\") -> reg4 = 10.96.0.1; ct_lb_mark(backends=10.0.0.3);"
            ),
            &format!(
                "{new} && is_chassis_resident(\"p21\") -> reg4 = 10.96.0.1; ct_lb_mark(backends=10.1.0.3);"
            ),
        ],
    );
    // IPv6 addresses are mapped in brackets, others without.
    check(
        preferring(
            ("[fd96::1]:80", "[fd00::3]:8080,[fd00::4]:8080"),
            &[("[fd00::3]", "p11"), ("fd00::4", "p21")],
        ),
        &[],
        &[
            "ls_in_lb 140 ct.new && ip6.dst == fd96::1 && tcp.dst == 80 && is_chassis_resident(\"p11\") -> \
             xxreg1 = fd96::1; reg2[0..15] = 80; ct_lb_mark(backends=[fd00::3]:8080);",
        ],
    );
    check(
        preferring(("10.96.0.1:80", "10.0.0.3:8080"), &[("[10.0.0.3]", "p11")]),
        &[],
        &[],
    );
}

#[test]
fn dead_backends_nearby_end_connections() {
    let check_dead = |word: &'static str, statuses: [&'static str; 3], ends: [&str; 2]| {
        let mappings = [
            ("10.0.0.3", "p11:10.0.0.2"),
            ("10.0.0.4", "p12"),
            ("10.1.0.3", "p21:10.1.0.2"),
        ];
        let backends = "10.0.0.3:8080,10.0.0.4:8080,10.1.0.3:8080";
        let options = [("prefer_local_backend", "true"), ("reject", word)];
        let balancer = preferring(("10.96.0.1:80", backends), &mappings)
            .set(LoadBalancer::OPTIONS, options)
            .set(LoadBalancer::HEALTH_CHECK, [id(92)]);
        let health_check = Columns::<LoadBalancerHealthCheck<'static>>::new()
            .set(LoadBalancerHealthCheck::VIP, "10.96.0.1:80");
        let mut more = vec![nb(92, health_check)];
        let ips = [("p11", "10.0.0.3"), ("p12", "10.0.0.4"), ("p21", "10.1.0.3")];
        more.extend((74..).zip(ips).zip(statuses).map(|((n, (port, ip)), status)| {
            let columns = Columns::<ServiceMonitor<'static>>::new()
                .set(ServiceMonitor::LOGICAL_PORT, port)
                .set(ServiceMonitor::IP, ip)
                .set(ServiceMonitor::PORT, 8080)
                .set(ServiceMonitor::PROTOCOL, Some("tcp"))
                .set(ServiceMonitor::STATUS, Some(status));
            row(Db::OvnSouthbound, n, columns)
        }));
        let new = "ls_in_lb 140 ct.new && ip4.dst == 10.96.0.1 && tcp.dst == 80";
        let nearby = [("p11", ends[0]), ("p21", ends[1])];
        let nearby = nearby.map(|(port, then)| format!("{new} && is_chassis_resident(\"{port}\") -> {then}"));
        check(balancer, &more, &nearby.each_ref().map(String::as_str));
    };
    let to = |ip: &str| format!("reg4 = 10.96.0.1; reg2[0..15] = 80; ct_lb_mark(backends={ip}:8080);");
    let reject = "reg0 = 0; reject { outport <-> inport; next(pipeline=egress,table=9);};";
    let (near, far) = (to("10.0.0.3"), to("10.1.0.3"));
    // Nobody asks the second how it is: it does not count.
    check_dead("false", ["online"; 3], [&near, &far]);
    check_dead("false", ["offline", "online", "online"], ["drop;", &far]);
    check_dead("true", ["online", "online", "offline"], [&near, reject]);
}

#[test]
fn one_node_answers_the_physical_network() {
    let check_entry = |node: &'static str, nearby: &[&str]| {
        let balancer = preferring(
            ("10.96.0.1:80", "10.0.0.3:8080,10.1.0.3:8080"),
            &[("10.0.0.3", "p11"), ("10.1.0.3", "p21")],
        );
        let options = [("prefer_local_backend", "true"), ("affinity_timeout", "60")];
        let entry = ("kube-ovn.io/local-external-vip/10.96.0.1:80", node);
        let balancer = balancer
            .set(LoadBalancer::OPTIONS, options)
            .set(LoadBalancer::EXTERNAL_IDS, [entry]);
        check(balancer, &[], nearby);
    };
    let new = "ct.new && ip4.dst == 10.96.0.1 && tcp.dst == 80";
    let others = format!("ls_in_lb 139 {new} -> next;");
    let kept = "reg4 = 10.96.0.1; reg2[0..15] = 80;";
    let balanced = |node: &str, to: &str| {
        let here = format!("is_chassis_resident(\"{node}\")");
        [
            others.clone(),
            format!("ls_in_lb 140 {new} && {here} -> {kept} ct_lb_mark(backends={to}:8080);"),
            format!(
                "ls_in_lb 150 reg9[6] == 1 && ct.new && ip4.dst == 10.96.0.1 && reg4 == {to} && \
                 reg2[0..15] == 8080 && {here} -> {kept} ct_lb_mark(backends={to}:8080);"
            ),
            format!(
                "ls_in_lb_aff_check 100 ct.new && ip4 && ip4.dst == 10.96.0.1 && tcp && tcp.dst == 80 && {here} -> \
                 reg9[6] = chk_lb_aff(); next;"
            ),
            format!(
                "ls_in_lb_aff_learn 100 reg9[6] == 0 && ct.new && ip4 && reg4 == 10.96.0.1 && \
                 reg2[0..15] == 80 && ip4.dst == {to} && tcp.dst == 8080 && {here} -> \
                 commit_lb_aff(vip = \"10.96.0.1:80\", backend = \"{to}:8080\", proto = tcp, timeout = 60); /* drop */"
            ),
        ]
    };
    // Port 12 is on a chassis with port 11, whose switch has no physical network; port 21's has one.
    let flows = balanced("p12", "10.0.0.3");
    check_entry("p12", &flows.each_ref().map(String::as_str));
    let flows = balanced("p21", "10.1.0.3");
    let address = "ls_in_l2_lkup 55 reg0[2] != 0 && ip4.dst == 10.1.0.3 && is_chassis_resident(\"p21\") -> \
                   eth.dst = 00:00:00:00:00:21; outport = \"p21\"; output;";
    let flows: Vec<&str> = [address]
        .into_iter()
        .chain(flows.iter().map(String::as_str))
        .collect();
    check_entry("p21", &flows);
    // Whoever it is, it is not there.
    check_entry("elsewhere", &[&others]);
}
