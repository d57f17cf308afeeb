//! Where the packaged northd is odd: what is made of such rows here, and why is in `northd/README.md`.

use northd_core::{Northd, Side};
use ovn_schemas::Db;
use ovn_schemas::rows::ovn_northbound::{
    AddressSet, GatewayChassis, LoadBalancer, LoadBalancerHealthCheck, LogicalRouter, LogicalRouterPolicy,
    LogicalRouterPort, LogicalRouterStaticRoute, LogicalSwitch, LogicalSwitchPort, Nat,
};
use ovn_schemas::rows::ovn_southbound::{
    AdvertisedRoute, DatapathBinding, LearnedRoute, LogicalFlow, PortBinding,
};
use ovsdb_data::typed::{Columns, Table};
use ovsdb_data::{Atom, Row, RowChange, Uuid};

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn nb<T: Table<'static>>(n: u128, columns: Columns<T>) -> RowChange {
    row(Db::OvnNorthbound, n, columns)
}

fn sb<T: Table<'static>>(n: u128, columns: Columns<T>) -> RowChange {
    row(Db::OvnSouthbound, n, columns)
}

fn row<T: Table<'static>>(db: Db, n: u128, columns: Columns<T>) -> RowChange {
    let schema = ovn_schemas::schema(db);
    let row: Row = columns.into_row(id(n), id(n), schema.table(T::TABLE_INDEX).iter().count());
    RowChange {
        table: T::TABLE_INDEX,
        uuid: id(n),
        old: None,
        new: Some(row),
    }
}

fn router(n: u128, ports: &[u128]) -> Columns<LogicalRouter<'static>> {
    Columns::new()
        .set(LogicalRouter::NAME, format!("lr{n}"))
        .set(LogicalRouter::PORTS, ports.iter().copied().map(id))
}

/// Port 12 is `p12`, with an Ethernet address that ends with its number.
fn port(n: u128, network: &'static str) -> Columns<LogicalRouterPort<'static>> {
    Columns::new()
        .set(LogicalRouterPort::NAME, format!("p{n}"))
        .set(LogicalRouterPort::MAC, format!("00:00:00:00:00:{n}"))
        .set(LogicalRouterPort::NETWORKS, [network])
}

/// A port of a switch that leads to a router's.
fn leading(n: u128, to: &'static str) -> Columns<LogicalSwitchPort<'static>> {
    Columns::new()
        .set(LogicalSwitchPort::NAME, format!("s{n}"))
        .set(LogicalSwitchPort::TYPE, "router")
        .set(LogicalSwitchPort::OPTIONS, [("router-port", to)])
        .set(LogicalSwitchPort::ADDRESSES, ["router"])
}

fn switch(n: u128, ports: &[u128]) -> RowChange {
    let columns = Columns::<LogicalSwitch<'static>>::new()
        .set(LogicalSwitch::NAME, format!("sw{n}"))
        .set(LogicalSwitch::PORTS, ports.iter().copied().map(id));
    nb(n, columns)
}

/// All of a router on one chassis.
const ON_CHASSIS: [(&str, &str); 1] = [("chassis", "ch")];

/// What is made of northbound rows.
fn made(rows: &[RowChange]) -> Vec<String> {
    let mut northd = Northd::new();
    northd.change(Side::Nb, rows);
    northd.settle();
    said(&northd)
}

/// Flows with the numbers of their datapaths, advertised routes, and addresses that are announced.
fn said(northd: &Northd) -> Vec<String> {
    let mut texts = Vec::new();
    for row in northd.all() {
        let words = |column| {
            let of = row.columns.iter().filter(move |(of, _)| *of == column);
            of.flat_map(|(_, value)| value.atoms()).filter_map(Atom::as_str)
        };
        match row.table {
            LogicalFlow::TABLE_INDEX => {
                let Some(merged) = northd.program().flow(row.id) else {
                    continue;
                };
                let on: Vec<String> = merged
                    .datapaths
                    .iter()
                    .map(|uuid| uuid.as_u128().to_string())
                    .collect();
                let flow = merged.flow;
                texts.push(format!(
                    "{} {} {} {} -> {}",
                    on.join(","),
                    flow.stage.name(),
                    flow.priority,
                    flow.r#match,
                    flow.actions
                ));
            }
            AdvertisedRoute::TABLE_INDEX => {
                let told = words(AdvertisedRoute::IP_PREFIX.index);
                texts.extend(told.map(|prefix| format!("advertised {prefix}")));
            }
            PortBinding::TABLE_INDEX => {
                let announced = words(PortBinding::NAT_ADDRESSES.index);
                texts.extend(announced.map(|text| format!("announced {text}")));
            }
            _ => {}
        }
    }
    texts.sort();
    texts
}

/// All that is made of rows and contains a text.
#[track_caller]
fn check(what: &str, rows: &[RowChange], containing: &str, expected: &[&str]) {
    let mut found = made(rows);
    found.retain(|text| text.contains(containing));
    assert_eq!(found, expected, "{what}");
}

/// The southbound rows of a router, its port 11 and routes that this one has learned.
fn learned(n: u128, routes: &[(u128, &'static str, &'static str)]) -> Vec<RowChange> {
    let (datapath, binding) = (n + 900, n + 901);
    let of = [("logical-router", id(n).to_string())];
    let port = Columns::<PortBinding<'static>>::new()
        .set(PortBinding::LOGICAL_PORT, "p11")
        .set(PortBinding::DATAPATH, id(datapath))
        .set(PortBinding::TUNNEL_KEY, 1);
    let mut rows = vec![
        sb(
            datapath,
            Columns::<DatapathBinding<'static>>::new().set(DatapathBinding::EXTERNAL_IDS, of),
        ),
        sb(binding, port),
    ];
    rows.extend(routes.iter().map(|(n, prefix, nexthop)| {
        let columns = Columns::<LearnedRoute<'static>>::new()
            .set(LearnedRoute::DATAPATH, id(datapath))
            .set(LearnedRoute::LOGICAL_PORT, id(binding))
            .set(LearnedRoute::IP_PREFIX, *prefix)
            .set(LearnedRoute::NEXTHOP, *nexthop);
        sb(*n, columns)
    }));
    rows
}

fn gone(row: RowChange) -> RowChange {
    RowChange {
        old: row.new,
        new: None,
        ..row
    }
}

fn policy(action: &'static str, r#match: &'static str) -> Columns<LogicalRouterPolicy<'static>> {
    Columns::new()
        .set(LogicalRouterPolicy::PRIORITY, 10)
        .set(LogicalRouterPolicy::ACTION, action)
        .set(LogicalRouterPolicy::MATCH, r#match)
}

#[test]
fn chains_are_a_routers_own() {
    let on = |n: u128, policies: &[u128]| {
        let policies = policies.iter().copied().map(id);
        nb(n, router(n, &[]).set(LogicalRouter::POLICIES, policies))
    };
    let chained = |n: u128, r#match: &'static str, chain: &'static str| {
        nb(
            n,
            policy("allow", r#match).set(LogicalRouterPolicy::CHAIN, Some(chain)),
        )
    };
    let rows = [
        on(1, &[10, 11]),
        on(2, &[20, 21]),
        on(3, &[30]),
        chained(10, "tcp", "a"),
        nb(11, policy("allow", "udp")),
        nb(20, policy("allow", "sctp")),
        nb(
            21,
            policy("jump", "icmp4").set(LogicalRouterPolicy::JUMP_CHAIN, Some("a")),
        ),
        chained(30, "icmp6", "b"),
    ];
    check(
        "chains",
        &rows,
        "lr_in_policy 10 ",
        &[
            "1 lr_in_policy 10 reg9[16..31] == 0 && (udp) -> reg8[0..15] = 0; next;",
            "1 lr_in_policy 10 reg9[16..31] == 1 && (tcp) -> reg8[0..15] = 0; next;",
            "2 lr_in_policy 10 sctp -> reg8[0..15] = 0; next;",
            "3 lr_in_policy 10 reg9[16..31] == 1 && (icmp6) -> reg8[0..15] = 0; next;",
        ],
    );
}

#[test]
fn route_tables_are_a_routers_own() {
    let on = |n: u128, port: u128, routes: &[u128]| {
        let routes = routes.iter().copied().map(id);
        nb(n, router(n, &[port]).set(LogicalRouter::STATIC_ROUTES, routes))
    };
    let port = |n: u128, network: &'static str, table: &'static str| {
        nb(
            n,
            port(n, network).set(LogicalRouterPort::OPTIONS, [("route_table", table)]),
        )
    };
    let route = Columns::<LogicalRouterStaticRoute<'static>>::new()
        .set(LogicalRouterStaticRoute::IP_PREFIX, "10.9.0.0/16")
        .set(LogicalRouterStaticRoute::NEXTHOP, "10.2.0.9")
        .set(LogicalRouterStaticRoute::ROUTE_TABLE, "red");
    let rows = [
        on(1, 11, &[]),
        port(11, "10.1.0.1/24", "blue"),
        on(2, 21, &[29]),
        port(21, "10.2.0.1/24", "red"),
        nb(29, route),
    ];
    check(
        "what comes in",
        &rows,
        "lr_in_ip_routing_pre 100 ",
        &[
            "1 lr_in_ip_routing_pre 100 inport == \"p11\" -> reg7 = 1; next;",
            "2 lr_in_ip_routing_pre 100 inport == \"p21\" -> reg7 = 1; next;",
        ],
    );
    check(
        "what is routed",
        &rows,
        "reg7 == ",
        &[
            "2 lr_in_ip_routing 132 reg7 == 1 && ip4.dst == 10.9.0.0/16 -> ip.ttl--; reg8[0..15] = 0; \
           reg0 = 10.2.0.9; reg5 = 10.2.0.1; eth.src = 00:00:00:00:00:21; outport = \"p21\"; \
           flags.loopback = 1; reg9[9] = 1; next;",
        ],
    );
}

#[test]
fn groups_that_come_and_go_share_no_number() {
    let route = |n: u128, prefix: &'static str, nexthop: &'static str| {
        learned(1, &[(n, prefix, nexthop)]).pop().expect("a row")
    };
    let first = ["10.0.0.2", "10.0.0.3", "10.0.0.4"].map(|hop| ("192.168.1.0/24", hop));
    let second = ["10.0.0.2", "10.0.0.3"].map(|hop| ("192.168.2.0/24", hop));
    let third = ["10.0.0.2", "10.0.0.3"].map(|hop| ("192.168.3.0/24", hop));
    let mut northd = Northd::new();
    let router = nb(1, router(1, &[11]));
    northd.change(Side::Nb, &[router, nb(11, port(11, "10.0.0.1/24"))]);
    northd.change(Side::Sb, &learned(1, &[]));
    let mut check = |what: &str, changes: Vec<RowChange>, expected: &[(&str, &str)]| {
        northd.change(Side::Sb, &changes);
        northd.settle();
        let mut found = said(&northd);
        found.retain(|text| text.starts_with("1 lr_in_ip_routing 194 "));
        let expected: Vec<String> = (expected.iter())
            .map(|(to, group)| {
                format!(
                    "1 lr_in_ip_routing 194 reg7 == 0 && ip4.dst == {to} -> ip.ttl--; flags.loopback = 1; {group}"
                )
            })
            .collect();
        assert_eq!(found, expected, "{what}");
    };
    let rows = |from: u128, routes: &[(&'static str, &'static str)]| -> Vec<RowChange> {
        let routes = (from..).zip(routes);
        routes.map(|(n, (prefix, hop))| route(n, prefix, hop)).collect()
    };
    let of =
        |number: u32, members: &str| format!("reg8[0..15] = {number}; reg8[16..31] = select({members});");
    check(
        "two groups",
        [rows(20, &first), rows(30, &second)].concat(),
        &[
            ("192.168.1.0/24", &of(1, "1, 2, 3")),
            ("192.168.2.0/24", &of(2, "1, 2")),
        ],
    );
    check(
        "one of three goes",
        vec![gone(rows(20, &first).remove(0))],
        &[
            ("192.168.1.0/24", &of(1, "1, 2")),
            ("192.168.2.0/24", &of(2, "1, 2")),
        ],
    );
    let others = rows(20, &first).into_iter().skip(1).map(gone);
    check(
        "the group goes",
        others.collect(),
        &[("192.168.2.0/24", &of(1, "1, 2"))],
    );
    check(
        "another comes",
        rows(40, &third),
        &[
            ("192.168.2.0/24", &of(1, "1, 2")),
            ("192.168.3.0/24", &of(2, "1, 2")),
        ],
    );
}

#[test]
fn a_port_without_addresses_leads_where_its_link_does() {
    let rows = [
        nb(1, router(1, &[11])),
        nb(
            11,
            port(11, "10.0.0.1/24").set(LogicalRouterPort::NETWORKS, [""; 0]),
        ),
    ];
    let mut northd = Northd::new();
    northd.change(Side::Nb, &rows);
    let routes = [
        (20, "192.168.3.0/24", "10.0.0.3"),
        (21, "192.168.4.0/24", "fe80::7"),
        (22, "fd01::/64", "fe80::7"),
        (23, "fd02::/64", "fd00::7"),
    ];
    northd.change(Side::Sb, &learned(1, &routes));
    northd.settle();
    let mut found = said(&northd);
    found.retain(|text| text.contains("lr_in_ip_routing ") && text.contains("reg7 == 0"));
    let by_link = "ip.ttl--; reg8[0..15] = 0; xxreg0 = fe80::7; xxreg1 = fe80::200:ff:fe00:11; \
                   eth.src = 00:00:00:00:00:11; outport = \"p11\"; flags.loopback = 1; reg9[9] = 0; next;";
    assert_eq!(
        found,
        [
            format!("1 lr_in_ip_routing 194 reg7 == 0 && ip4.dst == 192.168.4.0/24 -> {by_link}"),
            format!("1 lr_in_ip_routing 514 reg7 == 0 && ip6.dst == fd01::/64 -> {by_link}"),
        ]
    );
}

#[test]
fn who_may_reach_what_is_translated_without_state_is_told_by_addresses() {
    let nat = |outside: &'static str, inside: &'static str| {
        Columns::<Nat<'static>>::new()
            .set(Nat::TYPE, "dnat_and_snat")
            .set(Nat::EXTERNAL_IP, outside)
            .set(Nat::LOGICAL_IP, inside)
            .set(Nat::OPTIONS, [("stateless", "true")])
    };
    let friends = Columns::<AddressSet<'static>>::new().set(AddressSet::NAME, "friends");
    let chassis = Columns::<GatewayChassis<'static>>::new()
        .set(GatewayChassis::NAME, "gc")
        .set(GatewayChassis::CHASSIS_NAME, "ch");
    let rows = [
        nb(1, router(1, &[11, 12]).set(LogicalRouter::NAT, [18, 19].map(id))),
        nb(
            11,
            port(11, "172.16.0.1/24").set(LogicalRouterPort::GATEWAY_CHASSIS, [id(99)]),
        ),
        nb(12, port(12, "192.168.0.1/24")),
        nb(99, chassis),
        nb(98, friends),
        nb(
            18,
            nat("172.16.0.5", "192.168.0.5").set(Nat::ALLOWED_EXT_IPS, Some(id(98))),
        ),
        nb(
            19,
            nat("172.16.0.6", "192.168.0.6").set(Nat::EXEMPTED_EXT_IPS, Some(id(98))),
        ),
    ];
    check(
        "both",
        &rows,
        " lr_in_gw_redirect 7",
        &[
            "1 lr_in_gw_redirect 70 ip && ip4.dst == 172.16.0.5 -> drop;",
            "1 lr_in_gw_redirect 75 ip && ip4.dst == 172.16.0.5 && ip4.src == $friends && outport == \"p11\" -> \
             outport = \"cr-p11\"; next;",
            "1 lr_in_gw_redirect 75 ip && ip4.dst == 172.16.0.6 && ip4.src == $friends && outport == \"p11\" -> \
             drop;",
        ],
    );
}

#[test]
fn addresses_of_ipv6_are_no_empty_set() {
    let check = |vips: &[&'static str], expected: &[&str]| {
        let balancer = Columns::<LoadBalancer<'static>>::new()
            .set(LoadBalancer::NAME, "lb")
            .set(LoadBalancer::VIPS, vips.iter().map(|vip| (*vip, "")))
            .set(LoadBalancer::OPTIONS, [("add_route", "true")]);
        let on_chassis = |n: u128, port: u128| router(n, &[port]).set(LogicalRouter::OPTIONS, ON_CHASSIS);
        let rows = [
            nb(1, on_chassis(1, 11).set(LogicalRouter::LOAD_BALANCER, [id(9)])),
            nb(11, port(11, "10.0.0.1/24")),
            nb(2, on_chassis(2, 21)),
            nb(21, port(21, "10.0.0.2/24")),
            switch(3, &[31, 32]),
            nb(31, leading(31, "p11")),
            nb(32, leading(32, "p21")),
            nb(9, balancer),
        ];
        check(
            &format!("{vips:?}"),
            &rows,
            "outport == \"p21\" && reg0 == {",
            expected,
        );
    };
    check(&["fd00::9"], &[]);
    check(
        &["fd00::9", "10.96.0.1"],
        &[
            "2 lr_in_arp_resolve 100 outport == \"p21\" && reg0 == {10.96.0.1} -> \
           eth.dst = 00:00:00:00:00:11; next;",
        ],
    );
}

#[test]
fn the_first_gateway_port_is_so_by_name() {
    let check = |first: u128, second: u128| {
        let chassis = Columns::<GatewayChassis<'static>>::new()
            .set(GatewayChassis::NAME, "gc")
            .set(GatewayChassis::CHASSIS_NAME, "ch");
        let gateway = |n: u128, name: &'static str, network: &'static str| {
            let columns = port(n, network).set(LogicalRouterPort::NAME, name);
            nb(n, columns.set(LogicalRouterPort::GATEWAY_CHASSIS, [id(99)]))
        };
        let announcing = leading(31, "p13").set(
            LogicalSwitchPort::OPTIONS,
            [
                ("router-port", "p13"),
                ("nat-addresses", "00:00:00:00:00:01 10.9.9.9"),
            ],
        );
        let rows = [
            nb(1, router(1, &[first, second, 13])),
            gateway(first, "east", "10.1.0.1/24"),
            gateway(second, "west", "10.2.0.1/24"),
            nb(13, port(13, "10.3.0.1/24")),
            nb(99, chassis),
            switch(3, &[31]),
            nb(31, announcing),
        ];
        check(
            &format!("{first} {second}"),
            &rows,
            "announced ",
            &["announced 00:00:00:00:00:01 10.9.9.9 is_chassis_resident(\"cr-east\")"],
        );
    };
    check(11, 12);
    check(12, 11);
}

/// A router that tells routing protocols about something.
fn telling(n: u128, ports: &[u128], what: &'static str) -> Columns<LogicalRouter<'static>> {
    router(n, ports).set(
        LogicalRouter::OPTIONS,
        [
            ("dynamic-routing", "true"),
            ("dynamic-routing-redistribute", what),
        ],
    )
}

#[test]
fn ways_that_share_a_network_are_told_of_once() {
    let route = |n: u128, nexthop: &'static str| {
        let columns = Columns::<LogicalRouterStaticRoute<'static>>::new()
            .set(LogicalRouterStaticRoute::IP_PREFIX, "10.9.0.0/16")
            .set(LogicalRouterStaticRoute::NEXTHOP, nexthop);
        nb(n, columns)
    };
    let rows = [
        nb(
            1,
            telling(1, &[11], "static").set(LogicalRouter::STATIC_ROUTES, [id(18), id(19)]),
        ),
        nb(11, port(11, "10.1.0.1/24")),
        route(18, "10.1.0.8"),
        route(19, "10.1.0.9"),
    ];
    check("two ways", &rows, "advertised ", &["advertised 10.9.0.0/16"]);
}

#[test]
fn every_router_that_a_router_is_connected_to_is_asked() {
    let connected = |n: u128, to: &'static str, network: &'static str| {
        nb(n, port(n, network).set(LogicalRouterPort::PEER, Some(to)))
    };
    let behind = |n: u128, port: u128| {
        router(n, &[port])
            .set(LogicalRouter::OPTIONS, ON_CHASSIS)
            .set(LogicalRouter::NAT, [id(n * 10 + 8)])
            .set(LogicalRouter::LOAD_BALANCER, [id(n * 10 + 9)])
    };
    let nat = |n: u128, outside: &'static str| {
        let columns = Columns::<Nat<'static>>::new()
            .set(Nat::TYPE, "dnat_and_snat")
            .set(Nat::EXTERNAL_IP, outside)
            .set(Nat::LOGICAL_IP, "10.8.0.8");
        nb(n, columns)
    };
    let balancer = |n: u128, vip: &'static str| {
        let columns = Columns::<LoadBalancer<'static>>::new()
            .set(LoadBalancer::NAME, format!("lb{n}"))
            .set(LoadBalancer::VIPS, [(vip, "10.8.0.8")]);
        nb(n, columns)
    };
    let check = |what: &'static str, expected: &[&str]| {
        let rows = [
            nb(1, telling(1, &[11, 12], what)),
            connected(11, "p21", "10.1.0.1/24"),
            connected(12, "p31", "10.2.0.1/24"),
            nb(2, behind(2, 21)),
            connected(21, "p11", "10.1.0.2/24"),
            nat(28, "172.16.0.2"),
            balancer(29, "10.96.0.2"),
            nb(3, behind(3, 31)),
            connected(31, "p12", "10.2.0.3/24"),
            nat(38, "172.16.0.3"),
            balancer(39, "10.96.0.3"),
        ];
        check(what, &rows, "advertised ", expected);
    };
    check("nat", &["advertised 172.16.0.2", "advertised 172.16.0.3"]);
    check("lb", &["advertised 10.96.0.2", "advertised 10.96.0.3"]);
}

#[test]
fn who_asks_backends_is_answered_for_as_the_virtual_address_says() {
    let check = |[vip, backends, backend, source]: [&'static str; 4], expected: &str| {
        let asked = Columns::<LoadBalancerHealthCheck<'static>>::new().set(LoadBalancerHealthCheck::VIP, vip);
        let balancer = Columns::<LoadBalancer<'static>>::new()
            .set(LoadBalancer::NAME, "lb")
            .set(LoadBalancer::VIPS, [(vip, backends)])
            .set(LoadBalancer::IP_PORT_MAPPINGS, [(backend, source)])
            .set(LoadBalancer::HEALTH_CHECK, [id(91)]);
        let web = Columns::<LogicalSwitchPort<'static>>::new().set(LogicalSwitchPort::NAME, "web");
        let rows = [switch(3, &[31]), nb(31, web), nb(9, balancer), nb(91, asked)];
        let flows = made(&rows);
        let matches = flows.iter().filter_map(|flow| flow.split(" -> ").next());
        let found: Vec<&str> = matches
            .filter(|text| text.contains("ls_in_arp_rsp 110 "))
            .collect();
        let expected = format!("3 ls_in_arp_rsp 110 {expected}");
        assert_eq!(found, [expected], "{vip} {source}");
    };
    let v4 = |source| ["10.96.0.1:80", "10.0.0.3:8080", "10.0.0.3", source];
    let v6 = |source| ["[fd00::9]:80", "[fd00::3]:8080", "[fd00::3]", source];
    check(v4("web:10.0.0.254"), "arp.tpa == 10.0.0.254 && arp.op == 1");
    check(v4("web:[fd00::fe]"), "arp.tpa == fd00::fe && arp.op == 1");
    check(v6("web:[fd00::fe]"), "nd_ns && nd.target == fd00::fe");
    check(v6("web:10.0.0.254"), "nd_ns && nd.target == 10.0.0.254");
}
