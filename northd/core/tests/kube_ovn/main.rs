//! What Kube-OVN's options change of flows, and that nothing changes without them.

mod nearby;

use std::collections::BTreeMap;

use northd_core::{Northd, Side};
use ovn_schemas::Db;
use ovn_schemas::rows::ovn_northbound::{
    Acl, Bfd, GatewayChassis, LoadBalancer, LogicalRouter, LogicalRouterPolicy, LogicalRouterPort,
    LogicalRouterStaticRoute, LogicalSwitch, LogicalSwitchPort, NbGlobal,
};
use ovn_schemas::rows::ovn_southbound::{LogicalFlow, PortBinding};
use ovsdb_data::typed::{Columns, Table};
use ovsdb_data::{Atom, ColumnIdx, Datum, Row, RowChange, Uuid};

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn row<T: Table<'static>>(db: Db, n: u128, columns: Columns<T>) -> RowChange {
    let n_columns = ovn_schemas::schema(db).table(T::TABLE_INDEX).iter().count();
    let row: Row = columns.into_row(id(n), id(n), n_columns);
    RowChange {
        table: T::TABLE_INDEX,
        uuid: id(n),
        old: None,
        new: Some(row),
    }
}

fn nb<T: Table<'static>>(n: u128, columns: Columns<T>) -> RowChange {
    row(Db::OvnNorthbound, n, columns)
}

fn global(options: &[(&'static str, &'static str)]) -> RowChange {
    nb::<NbGlobal<'static>>(1, Columns::new().set(NbGlobal::OPTIONS, options.iter().copied()))
}

fn switch(n: u128, ports: &[u128]) -> RowChange {
    nb(n, switch_columns(n, ports))
}

fn switch_columns(n: u128, ports: &[u128]) -> Columns<LogicalSwitch<'static>> {
    Columns::new()
        .set(LogicalSwitch::NAME, format!("sw{n}"))
        .set(LogicalSwitch::PORTS, ports.iter().copied().map(id))
}

fn port(n: u128, r#type: &'static str, addresses: &'static str) -> Columns<LogicalSwitchPort<'static>> {
    Columns::new()
        .set(LogicalSwitchPort::NAME, format!("p{n}"))
        .set(LogicalSwitchPort::TYPE, r#type)
        .set(LogicalSwitchPort::ADDRESSES, [addresses])
}

fn leading(n: u128, to: &'static str) -> RowChange {
    let columns = port(n, "router", "router");
    nb(n, columns.set(LogicalSwitchPort::OPTIONS, [("router-port", to)]))
}

fn router_port(n: u128, networks: &[&'static str]) -> Columns<LogicalRouterPort<'static>> {
    Columns::new()
        .set(LogicalRouterPort::NAME, format!("r{n}"))
        .set(LogicalRouterPort::MAC, format!("00:00:00:00:ff:{n:02}"))
        .set(LogicalRouterPort::NETWORKS, networks.iter().copied())
}

fn router(n: u128, ports: &[u128]) -> Columns<LogicalRouter<'static>> {
    Columns::new()
        .set(LogicalRouter::NAME, format!("lr{n}"))
        .set(LogicalRouter::PORTS, ports.iter().copied().map(id))
}

fn gateway(n: u128, network: &'static str) -> Columns<LogicalRouterPort<'static>> {
    router_port(n, &[network]).set(LogicalRouterPort::GATEWAY_CHASSIS, [id(99)])
}

fn gateway_chassis() -> RowChange {
    let columns = Columns::<GatewayChassis<'static>>::new()
        .set(GatewayChassis::NAME, "gc")
        .set(GatewayChassis::CHASSIS_NAME, "ch");
    nb(99, columns)
}

const BALANCER: u128 = 90;

fn balancer() -> RowChange {
    let columns = Columns::<LoadBalancer<'static>>::new()
        .set(LoadBalancer::NAME, "lb")
        .set(
            LoadBalancer::VIPS,
            [("10.96.0.1:80", "10.0.0.3:8080,10.0.0.4:8080")],
        );
    nb(BALANCER, columns)
}

/// Two subnets behind a router: ports 11, 12 and the router's 10 on switch 2; port 21 and the router's 20 on switch 3,
/// which has a localnet port, 29. Both have a load balancer, and switch 2 an ACL.
fn network() -> Vec<RowChange> {
    let balanced =
        |n: u128, ports: &[u128]| switch_columns(n, ports).set(LogicalSwitch::LOAD_BALANCER, [id(BALANCER)]);
    let acl = Columns::<Acl<'static>>::new()
        .set(Acl::ACTION, "allow-related")
        .set(Acl::DIRECTION, "to-lport")
        .set(Acl::MATCH, "ip4");
    vec![
        nb(2, balanced(2, &[10, 11, 12]).set(LogicalSwitch::ACLS, [id(91)])),
        nb(3, balanced(3, &[20, 21, 29])),
        nb(4, router(4, &[40, 41])),
        nb(40, router_port(40, &["10.0.0.1/24", "fd00::1/64"])),
        nb(
            41,
            router_port(41, &["10.1.0.1/24", "169.254.1.1/30", "fd01::1/64"]),
        ),
        leading(10, "r40"),
        nb(11, port(11, "", "00:00:00:00:00:11 10.0.0.3")),
        nb(12, port(12, "", "00:00:00:00:00:12 10.0.0.4")),
        leading(20, "r41"),
        nb(21, port(21, "", "00:00:00:00:00:21 10.1.0.3")),
        nb(29, port(29, "localnet", "unknown")),
        balancer(),
        nb(91, acl),
    ]
}

/// Flows by text, each with the number of its datapaths.
type Texts = BTreeMap<String, usize>;

fn texts(changes: &[&[RowChange]]) -> Texts {
    let mut northd = Northd::new();
    for changes in changes {
        northd.change(Side::Nb, changes);
    }
    northd.settle();
    shown(&northd)
}

fn shown(northd: &Northd) -> Texts {
    let all = northd.all();
    let flows = all.iter().filter(|row| row.table == LogicalFlow::TABLE_INDEX);
    let flows = flows.filter_map(|row| northd.program().flow(row.id));
    let text = |merged: northd_core::flow::table::Merged| {
        let flow = merged.flow;
        let text = format!(
            "{} {} {} -> {}",
            flow.stage.name(),
            flow.priority,
            flow.r#match,
            flow.actions
        );
        (text, merged.datapaths.len())
    };
    flows.map(text).collect()
}

/// What options change of the flows of a network: `-` is gone, `+` is new; each with the number of datapaths.
#[track_caller]
fn check(network: &[RowChange], options: &[(&'static str, &'static str)], changed: &[&str]) {
    let (before, after) = (
        texts(&[&[global(&[])], network]),
        texts(&[&[global(options)], network]),
    );
    let without = |sign: &str, of: &Texts, others: &Texts| -> Vec<String> {
        let only = of.iter().filter(|(text, n)| others.get(*text) != Some(n));
        only.map(|(text, n)| format!("{sign}{n} {text}")).collect()
    };
    let mut found = without("-", &before, &after);
    found.extend(without("+", &after, &before));
    assert_eq!(found, changed, "{options:?}");
}

#[test]
fn local_dns_is_not_tracked() {
    let dns = "169.254.25.10";
    check(
        &network(),
        &[("node_local_dns_ip", dns)],
        &[
            &format!("+1 ls_in_pre_acl 110 ip4 && ip4.dst == {dns} -> next;"),
            &format!("+2 ls_in_pre_lb 105 ip4 && ip4.dst == {dns} -> next;"),
            &format!("+1 ls_out_pre_acl 110 ip4 && ip4.dst == {dns} -> next;"),
        ],
    );
}

#[test]
fn networks_are_not_tracked() {
    check(
        &network(),
        &[("skip_conntrack_dst_cidrs", "10.9.0.0/16,fd09::/64")],
        &[
            "+2 ls_in_pre_lb 105 ip4 && ip4.dst == 10.9.0.0/16 -> next;",
            "+2 ls_in_pre_lb 105 ip6 && ip6.dst == fd09::/64 -> next;",
        ],
    );
    check(&network(), &[("ls_ct_skip_dst_lport_ips", "true")], &[]);
}

/// A switch of a physical network, which has its gateway out there.
fn underlay() -> Vec<RowChange> {
    underlay_of("172.18.0.0/16", "fd18::/64")
}

fn underlay_of(v4: &'static str, v6: &'static str) -> Vec<RowChange> {
    let wire = port(59, "localnet", "unknown");
    let networks = [("ipv4_network", v4), ("ipv6_network", v6)];
    let columns = switch_columns(5, &[51, 52, 59]).set(LogicalSwitch::LOAD_BALANCER, [id(BALANCER)]);
    vec![
        nb(5, columns),
        nb(51, port(51, "", "00:00:00:00:00:51 172.18.0.3 fd18::3")),
        nb(52, port(52, "", "unknown")),
        nb(59, wire.set(LogicalSwitchPort::EXTERNAL_IDS, networks)),
        balancer(),
    ]
}

#[test]
fn physical_networks_are_not_tracked() {
    let check = |v4: &'static str, v6: &'static str, untracked: &[&str]| {
        let skip = |to: &&str| format!("+1 ls_in_pre_lb 105 {to} -> next;");
        let changed: Vec<String> = untracked.iter().map(skip).collect();
        let changed: Vec<&str> = changed.iter().map(String::as_str).collect();
        check(
            &underlay_of(v4, v6),
            &[("ls_ct_skip_dst_lport_ips", "true")],
            &changed,
        );
    };
    let v4 = "ip4 && ip4.dst == 172.18.0.0/16";
    check("172.18.0.0/16", "fd18::/64", &[v4, "ip6 && ip6.dst == fd18::/64"]);
    check("172.18.0.0/16", "fd18::/128", &[v4]);
    check("172.18.0.1", "fd18::/32", &["ip6 && ip6.dst == fd18::/32"]);
    check("172.18.0.1/32", "::/0", &[]);
    check("0.0.0.0/0", "nonsense", &[]);
    check("nonsense", "fd18::/64", &[]);
}

#[test]
fn what_is_balanced_finds_its_port() {
    let to = "eth.dst = 00:00:00:00:00:51; outport = \"p51\"; output;";
    check(
        &underlay(),
        &[("ls_dnat_mod_dl_dst", "true")],
        &[
            &format!("+1 ls_in_l2_lkup 55 reg0[2] != 0 && ip4.dst == 172.18.0.3 -> {to}"),
            &format!("+1 ls_in_l2_lkup 55 reg0[2] != 0 && ip6.dst == fd18::3 -> {to}"),
        ],
    );
}

#[test]
fn routers_on_every_chassis_keep_quiet() {
    check(
        &network(),
        &[("ls_dnat_mod_dl_dst", "false")],
        &[
            "+1 ls_in_arp_rsp 105 inport == \"p29\" && arp.tpa == 10.1.0.1 && arp.op == 1 -> drop;",
            "+1 ls_in_arp_rsp 105 inport == \"p29\" && nd_ns && ip6.dst == {fd01::1, ff02::1:ff00:1} && \
             nd.target == fd01::1 -> drop;",
            "+1 ls_in_l2_lkup 60 inport == \"p20\" && ip4.src == 10.1.0.3 && eth.src != 00:00:00:00:00:21 -> \
             eth.src = 00:00:00:00:00:21; next(pipeline=ingress, table=28);",
        ],
    );
    // A port that names chassis is on them, even if the whole router is on another.
    for options in [&[][..], &[("chassis", "ch")]] {
        let mut network = network();
        network[2] = nb(
            4,
            router(4, &[40, 41]).set(LogicalRouter::OPTIONS, options.iter().copied()),
        );
        network[4] = nb(41, gateway(41, "10.1.0.1/24"));
        network.push(gateway_chassis());
        check(&network, &[("ls_dnat_mod_dl_dst", "false")], &[]);
    }
}

#[test]
fn either_word_says_that_kube_ovn_is_there() {
    let flows = |options: &[(&'static str, &'static str)], ids: &[(&'static str, &'static str)]| {
        let columns = Columns::<NbGlobal<'static>>::new()
            .set(NbGlobal::OPTIONS, options.iter().copied())
            .set(NbGlobal::EXTERNAL_IDS, ids.iter().copied());
        texts(&[&[nb(1, columns)], &network()])
    };
    let (option, id) = (("ls_dnat_mod_dl_dst", "false"), ("kube-ovn-version", "v1.15.24"));
    assert_ne!(flows(&[], &[]), flows(&[], &[id]));
    assert_eq!(flows(&[option], &[]), flows(&[], &[id]));
    assert_eq!(flows(&[option], &[]), flows(&[option], &[id]));
}

#[test]
fn questions_are_not_flooded() {
    let from_wire = "inport == \"p59\" && eth.bcast && arp.op == 1";
    check(
        &underlay(),
        &[("bcast_arp_req_flood", "false")],
        &[
            &format!(
                "+1 ls_in_arp_rsp 110 {from_wire} && arp.tpa == 172.18.0.3 -> outport = \"p51\"; output;"
            ),
            "+1 ls_in_l2_lkup 90 eth.bcast && arp.op == 1 -> next;",
        ],
    );
}

#[test]
fn old_controllers_get_what_they_know() {
    let mut network = network();
    let wire = port(29, "localnet", "unknown");
    let limited = port(21, "", "00:00:00:00:00:21 10.1.0.3");
    network.retain(|change| ![id(21), id(29), id(41)].contains(&change.uuid));
    network.extend([
        nb(
            29,
            wire.set(LogicalSwitchPort::OPTIONS, [("localnet_learn_fdb", "true")]),
        ),
        nb(
            21,
            limited.set(LogicalSwitchPort::OPTIONS, [("qdisc_queue_id", "7")]),
        ),
        nb(41, gateway(41, "10.1.0.1/24")),
        gateway_chassis(),
    ]);
    // What has come since which release, and what was there before.
    let news = [
        (
            "22.06",
            "ls_in_check_port_sec 50 1 -> reg0[15] = check_in_port_sec(); next;",
            "ls_in_check_port_sec 50 1 -> next;",
        ),
        (
            "22.06",
            "set_queue(7); reg0[15] = check_in_port_sec(); next;",
            "set_queue(7); next;",
        ),
        (
            "22.06",
            "ls_out_check_port_sec 0 1 -> reg0[15] = check_out_port_sec(); next;",
            "ls_out_check_port_sec 0 1 -> next;",
        ),
        (
            "22.06",
            "\"p29\" -> flags.localnet = 1; reg0[11] = lookup_fdb",
            "\"p29\" -> reg0[11] = lookup_fdb",
        ),
        (
            "22.06",
            "(arp.op == 1 || rarp.op == 3 || nd_ns)",
            "(arp.op == 1 || nd_ns)",
        ),
        ("23.03", "lr_in_admission 110 ", ""),
        ("23.03", "lr_in_admission 120 ", ""),
        (
            "23.03",
            "lr_in_learn_neighbor 100 reg9[2] == 1 -> mac_cache_use; next;",
            "lr_in_learn_neighbor 100 reg9[2] == 1 -> next;",
        ),
        ("23.03", "ls_in_check_port_sec 105 ", ""),
        ("23.03", "ls_in_check_port_sec 110 ", ""),
        ("23.03", "ls_in_check_port_sec 120 ", ""),
        ("23.03", "reg0[19] == 1 && ip4 ", ""),
        ("23.03", "reg0[19] == 1 && ip6 ", ""),
        ("24.09", "ct_label", "ct_commit { ct_mark.blocked = 0; }; next;"),
        ("24.09", "allow_established", ""),
        ("24.09", "ls_in_acl_after_lb_eval 65532 reg0[21] == 1 ", ""),
    ];
    let check = |oldest: &'static str, is_known: fn(&str) -> bool| {
        let flows = texts(&[&[global(&[("version_compatibility", oldest)])], &network]);
        for (since, new, before) in news {
            let has = |what: &str| !what.is_empty() && flows.keys().any(|text| text.contains(what));
            let is_known = is_known(since);
            assert_eq!(has(new), is_known, "{oldest}: {new}");
            assert_eq!(has(before), !is_known && !before.is_empty(), "{oldest}: {before}");
        }
    };
    for new in ["", "25.03", "_22.03"] {
        check(new, |_| true);
    }
    check("24.03", |since| since < "24");
    check("22.12", |since| since < "23");
    check("22.03", |_| false);
    check("21.06", |_| false);
}

#[test]
fn flows_that_skip_tracking_say_so() {
    let mut northd = Northd::new();
    northd.change(Side::Nb, &[global(&[("node_local_dns_ip", "10.2.3.4")])]);
    northd.change(Side::Nb, &network());
    northd.settle();
    let all = northd.all();
    let flows = all.iter().filter_map(|row| northd.program().flow(row.id));
    for flow in flows {
        let text = &flow.flow.r#match;
        assert_eq!(flow.flow.skips_tracking, text.contains("10.2.3.4"), "{text}");
    }
    // Kube-OVN's ovn-controller looks for the very words.
    for row in all.iter().filter(|row| row.table == LogicalFlow::TABLE_INDEX) {
        let of = |columns: &[(ColumnIdx, Datum)], column: ColumnIdx| {
            let found = columns.iter().find(|(at, _)| *at == column);
            found.map_or(Datum::Empty, |(_, value)| value.clone())
        };
        let ids = of(&row.at_first, LogicalFlow::EXTERNAL_IDS.index);
        let packets = of(&row.columns, LogicalFlow::MATCH.index);
        let skips = format!("{packets:?}").contains("10.2.3.4");
        let words = skips.then_some("kube-ovn: skip conntrack");
        assert_eq!(ids.get_str("kube-ovn-hint"), words, "{packets:?}");
    }
}

#[test]
fn changes_lead_where_a_fresh_start_leads() {
    let mut northd = Northd::new();
    let cidr = "10.9.0.0/16";
    northd.change(Side::Nb, &[global(&[("skip_conntrack_dst_cidrs", cidr)])]);
    northd.change(Side::Nb, &network());
    northd.settle();
    let before = network().remove(0);
    let change = RowChange {
        old: before.new,
        ..switch(2, &[10, 11, 12])
    };
    northd.change(Side::Nb, &[change]);
    northd.settle();
    assert_eq!(shown(&northd), shown(&northd.again()));
    let skip = format!("ls_in_pre_lb 105 ip4 && ip4.dst == {cidr} -> next;");
    assert_eq!(
        shown(&northd).get(&skip),
        Some(&1),
        "without a load balancer nothing is tracked"
    );
}

#[test]
fn routes_by_source_come_after_those_by_destination() {
    let route = |n: u128, prefix: &'static str| {
        let columns = Columns::<LogicalRouterStaticRoute<'static>>::new()
            .set(LogicalRouterStaticRoute::IP_PREFIX, prefix)
            .set(LogicalRouterStaticRoute::NEXTHOP, "10.0.0.254")
            .set(LogicalRouterStaticRoute::POLICY, Some("src-ip"));
        nb(n, columns)
    };
    let routes = [42, 43].map(id);
    let network = [
        nb(4, router(4, &[40]).set(LogicalRouter::STATIC_ROUTES, routes)),
        nb(40, router_port(40, &["10.0.0.1/24"])),
        route(42, "10.5.0.0/16"),
        route(43, "10.6.0.6/32"),
    ];
    let priorities = |options: &[(&'static str, &'static str)]| -> Vec<String> {
        let flows = texts(&[&[global(options)], &network]);
        let flows = flows
            .keys()
            .filter(|text| text.contains("ip4.src == 10.") && text.contains("lr_in_ip_routing "));
        flows
            .map(|text| text.split(" -> ").next().unwrap().to_owned())
            .collect()
    };
    let route =
        |priority: u16, source: &str| format!("lr_in_ip_routing {priority} reg7 == 0 && ip4.src == {source}");
    assert_eq!(
        priorities(&[]),
        [route(128, "10.5.0.0/16"), route(256, "10.6.0.6/32")]
    );
    assert_eq!(
        priorities(&[("ls_dnat_mod_dl_dst", "true")]),
        [route(1, "10.5.0.0/16"), route(5, "10.6.0.6/32")]
    );
}

#[test]
fn several_gateways_share_what_is_balanced_by_network() {
    let check = |options: &[(&'static str, &'static str)], r40: &'static str, ports: [&[&str]; 2]| {
        let columns = router(4, &[40, 41]).set(LogicalRouter::LOAD_BALANCER, [id(BALANCER)]);
        let balancer = Columns::<LoadBalancer<'static>>::new()
            .set(LoadBalancer::NAME, "lb")
            .set(LoadBalancer::VIPS, [("10.96.0.1:80", "10.0.0.3:8080")])
            .set(LoadBalancer::OPTIONS, options.iter().copied());
        let network = [
            nb(4, columns),
            nb(40, gateway(40, r40)),
            nb(41, gateway(41, "10.97.0.254/24")),
            gateway_chassis(),
            nb(BALANCER, balancer),
        ];
        let new = "ct.new && !ct.rel && ip4 && ip4.dst == 10.96.0.1 && tcp && tcp.dst == 80";
        let found = |options: &[(&'static str, &'static str)]| -> Vec<String> {
            let flows = texts(&[&[global(options)], &network]);
            let flows = flows
                .keys()
                .filter_map(|text| text.strip_prefix("lr_in_dnat 120 "));
            let packets = flows.map(|text| text.split(" -> ").next().unwrap());
            let at = packets.map(|packets| packets.strip_prefix(new).unwrap().to_owned());
            at.collect()
        };
        let at = |ports: &[&str]| -> Vec<String> {
            let at = |port: &&str| match *port {
                "" => String::new(),
                port => format!(" && is_chassis_resident(\"cr-{port}\")"),
            };
            ports.iter().map(at).collect()
        };
        let [stock, own] = ports.map(at);
        assert_eq!(found(&[]), stock, "{r40}");
        assert_eq!(found(&[("ls_dnat_mod_dl_dst", "true")]), own, "{r40}");
    };
    check(&[], "10.96.0.254/24", [&["r40", "r41"], &["r40"]]);
    // In nobody's network.
    check(&[], "10.98.0.254/24", [&["r40", "r41"], &[""]]);
    let stateless = [("use_stateless_nat", "true")];
    check(&stateless, "10.96.0.254/24", [&["r40", "r41"], &["r40", "r41"]]);
}

#[test]
fn sessions_have_a_port_of_their_own() {
    let session = || {
        Columns::<Bfd<'static>>::new()
            .set(Bfd::LOGICAL_PORT, "r41")
            .set(Bfd::DST_IP, "10.0.0.9")
            .set(Bfd::STATUS, Some("down"))
    };
    let policy = || {
        Columns::<LogicalRouterPolicy<'static>>::new()
            .set(LogicalRouterPolicy::ACTION, "reroute")
            .set(LogicalRouterPolicy::PRIORITY, 100)
            .set(LogicalRouterPolicy::MATCH, "ip4")
            .set(LogicalRouterPolicy::NEXTHOPS, ["10.0.0.9"])
            .set(LogicalRouterPolicy::BFD_SESSIONS, [id(43)])
    };
    let rows = |is_dedicated: &'static str| {
        let dedicated = gateway(41, "10.255.255.255/32");
        [
            global(&[]),
            nb(4, router(4, &[40, 41]).set(LogicalRouter::POLICIES, [id(42)])),
            nb(40, router_port(40, &["10.0.0.1/24"])),
            nb(
                41,
                dedicated.set(LogicalRouterPort::OPTIONS, [("bfd-only", is_dedicated)]),
            ),
            nb(42, policy()),
            nb(43, session()),
        ]
    };
    let [without, with] = ["false", "true"].map(|is_dedicated| texts(&[&rows(is_dedicated)]));
    let own = "lr_in_ip_input 115 ip4.dst == 10.255.255.255 && udp.dst == 3784 && !is_chassis_resident(\"cr-r41\") -> \
               outport = \"cr-r41\"; output;";
    assert_eq!(
        (without.contains_key(own), with.contains_key(own)),
        (false, true),
        "{with:#?}"
    );
    let rerouted = |flows: &Texts| flows.keys().any(|text| text.starts_with("lr_in_policy 100 "));
    assert_eq!(
        (rerouted(&without), rerouted(&with)),
        (true, false),
        "the session is down"
    );
    // What nobody needs is not even tried.
    let status = |is_dedicated: &'static str| {
        let mut northd = Northd::new();
        northd.change(Side::Nb, &rows(is_dedicated));
        northd.settle();
        let all = northd.all();
        let session = all.iter().find(|row| row.side == Side::Nb && row.id == id(43));
        let columns = session.map(|row| row.columns.clone()).unwrap_or_default();
        let status = columns.iter().find(|(column, _)| *column == Bfd::STATUS.index);
        status.map(|(_, value)| value.clone())
    };
    let text = |text: &str| Some(Datum::One(Atom::from(text)));
    assert_eq!(["false", "true"].map(status), [text("admin_down"), text("down")]);
}

#[test]
fn sessions_go_to_the_chassis_that_holds_them() {
    let check = |chassis: &[u128], options: &[(&'static str, &'static str)], is_led: bool, rows: &[&str]| {
        let session = Columns::<Bfd<'static>>::new()
            .set(Bfd::LOGICAL_PORT, "r41")
            .set(Bfd::DST_IP, "10.0.0.9");
        let port = router_port(41, &["10.255.255.255/32", "fd41::1/128"])
            .set(LogicalRouterPort::OPTIONS, [("bfd-only", "true")])
            .set(
                LogicalRouterPort::GATEWAY_CHASSIS,
                chassis.iter().copied().map(id),
            );
        let mut northd = Northd::new();
        let network = [
            nb(
                4,
                router(4, &[41]).set(LogicalRouter::OPTIONS, options.iter().copied()),
            ),
            nb(41, port),
            nb(43, session),
            gateway_chassis(),
        ];
        northd.change(Side::Nb, &network);
        northd.settle();
        let flows = shown(&northd);
        let flows = flows
            .keys()
            .filter(|text| text.starts_with("lr_in_ip_input 115 "));
        let led = [
            "ip4.dst == 10.255.255.255",
            "ip6.dst == {fd41::1, fe80::200:ff:fe00:ff41}",
        ];
        let led = led.map(|to| {
            format!(
                "lr_in_ip_input 115 {to} && udp.dst == 3784 && !is_chassis_resident(\"cr-r41\") -> \
                 outport = \"cr-r41\"; output;"
            )
        });
        let led = if is_led { &led[..] } else { &[] };
        assert_eq!(flows.collect::<Vec<_>>(), led.iter().collect::<Vec<_>>());
        // Kube-OVN's ovn-controller goes by the rows.
        let all = northd.all();
        let bindings = all.iter().filter(|row| row.table == PortBinding::TABLE_INDEX);
        let of_sessions = bindings.filter_map(|row| {
            let value = |column: ColumnIdx| row.columns.iter().find(|(at, _)| *at == column);
            let (_, options) = value(PortBinding::OPTIONS.index)?;
            let (_, name) = value(PortBinding::LOGICAL_PORT.index)?;
            (options.get_str("bfd-only") == Some("true")).then(|| name.clone())
        });
        let mut of_sessions: Vec<Datum> = of_sessions.collect();
        of_sessions.sort();
        let rows: Vec<Datum> = rows.iter().map(|name| Datum::One(Atom::from(*name))).collect();
        assert_eq!(of_sessions, rows);
    };
    check(&[99], &[], true, &["cr-r41", "r41"]);
    check(&[99], &[("chassis", "ch")], true, &["r41"]);
    check(&[], &[], false, &["r41"]);
}
