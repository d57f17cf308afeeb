//! What a change of a route makes again, and what it leaves alone.

use ic_core::nodes::Node;
use ic_core::{Ic, Side};
use ovn_schemas::rows::ovn_ic_northbound::TransitSwitch;
use ovn_schemas::rows::ovn_ic_southbound::Route;
use ovn_schemas::rows::ovn_northbound::{
    LogicalRouter, LogicalRouterPort, LogicalRouterStaticRoute, LogicalSwitch, LogicalSwitchPort, NbGlobal,
};
use ovn_schemas::rows::ovn_southbound::{DatapathBinding, PortBinding};
use ovsdb_data::typed::{Columns, Table};
use ovsdb_data::{Row, RowChange, TableIdx, Uuid};

/// How many static routes the router has, and how many routes others tell of.
const MANY: u128 = 50;

fn row<T: Table<'static>>(side: Side, n: u128, columns: Columns<T>) -> RowChange {
    let schema = ovn_schemas::schema(side.db());
    let uuid = Uuid::from_u128(n);
    let row: Row = columns.into_row(uuid, uuid, schema.table(T::TABLE_INDEX).iter().count());
    RowChange {
        table: T::TABLE_INDEX,
        uuid,
        old: None,
        new: Some(row),
    }
}

/// The router 3 with a network of its own, and its port on the transit switch.
fn northbound() -> Vec<RowChange> {
    let options = [("ic-route-adv", "true"), ("ic-route-learn", "true")];
    let global = Columns::new()
        .set(NbGlobal::NAME, "az")
        .set(NbGlobal::OPTIONS, options);
    let switch = Columns::new()
        .set(LogicalSwitch::NAME, "ts")
        .set(LogicalSwitch::OTHER_CONFIG, [("interconn-ts", "ts")])
        .set(LogicalSwitch::PORTS, [Uuid::from_u128(2)]);
    let port = Columns::new()
        .set(LogicalSwitchPort::NAME, "ts-lr")
        .set(LogicalSwitchPort::TYPE, "router")
        .set(LogicalSwitchPort::OPTIONS, [("router-port", "lr-ts")]);
    let router = Columns::new()
        .set(LogicalRouter::NAME, "lr")
        .set(LogicalRouter::PORTS, [4, 5].map(Uuid::from_u128))
        .set(
            LogicalRouter::STATIC_ROUTES,
            (0..MANY).map(|n| Uuid::from_u128(1000 + n)),
        );
    let outside = Columns::new()
        .set(LogicalRouterPort::NAME, "lr-ts")
        .set(LogicalRouterPort::NETWORKS, ["169.254.100.1/24"]);
    let inside = Columns::new()
        .set(LogicalRouterPort::NAME, "lr-in")
        .set(LogicalRouterPort::NETWORKS, ["192.168.1.1/24"]);
    vec![
        row(Side::Nb, 9, global),
        row(Side::Nb, 1, switch),
        row(Side::Nb, 2, port),
        row(Side::Nb, 3, router),
        row(Side::Nb, 4, outside),
        row(Side::Nb, 5, inside),
    ]
}

fn southbound() -> Vec<RowChange> {
    let switch = Columns::new()
        .set(PortBinding::LOGICAL_PORT, "ts-lr")
        .set(PortBinding::OPTIONS, [("peer", "lr-ts")]);
    let router = Columns::new()
        .set(PortBinding::LOGICAL_PORT, "lr-ts")
        .set(PortBinding::MAC, ["aa:aa:aa:00:00:01 169.254.100.1/24"])
        .set(PortBinding::DATAPATH, Uuid::from_u128(22));
    let ids = [("logical-router", Uuid::from_u128(3).to_string())];
    let datapath = Columns::new().set(DatapathBinding::EXTERNAL_IDS, ids);
    vec![
        row(Side::Sb, 20, switch),
        row(Side::Sb, 21, router),
        row(Side::Sb, 22, datapath),
    ]
}

fn own_route(n: u128, prefix: u128) -> RowChange {
    let columns = Columns::new()
        .set(LogicalRouterStaticRoute::IP_PREFIX, format!("10.1.{prefix}.0/24"))
        .set(LogicalRouterStaticRoute::NEXTHOP, "192.168.1.10");
    row(Side::Nb, 1000 + n, columns)
}

fn others_route(n: u128, prefix: u128) -> RowChange {
    let columns = Columns::new()
        .set(Route::TRANSIT_SWITCH, "ts")
        .set(Route::IP_PREFIX, format!("10.2.{prefix}.0/24"))
        .set(Route::NEXTHOP, "169.254.100.2")
        .set(Route::ORIGIN, "static")
        .set(Route::EXTERNAL_IDS, [("lr-id", Uuid::from_u128(77).to_string())]);
    row(Side::IcSb, 2000 + n, columns)
}

#[test]
fn little_is_made_again() {
    let mut ic = Ic::new();
    let switch = Columns::new().set(TransitSwitch::NAME, "ts");
    ic.change(Side::IcNb, &[row(Side::IcNb, 30, switch)]);
    ic.change(Side::Sb, &southbound());
    ic.change(Side::Nb, &northbound());
    ic.change(Side::Nb, &(0..MANY).map(|n| own_route(n, n)).collect::<Vec<_>>());
    ic.change(
        Side::IcSb,
        &(0..MANY).map(|n| others_route(n, n)).collect::<Vec<_>>(),
    );
    ic.settle();
    let n_wanted = |side: Side, table: TableIdx| {
        let all = ic.all();
        all.iter()
            .filter(|row| (row.side, row.table) == (side, table))
            .count()
    };
    // Its static routes, and its network.
    assert_eq!(n_wanted(Side::IcSb, Route::TABLE_INDEX), MANY as usize + 1);
    assert_eq!(
        n_wanted(Side::Nb, LogicalRouterStaticRoute::TABLE_INDEX),
        MANY as usize
    );

    let mut check = |side: Side, before: RowChange, after: RowChange, made: [u64; 4], n_touched: usize| {
        let nodes = [
            Node::StaticRoutes,
            Node::ConnectedRoutes,
            Node::LearnedRoutes,
            Node::TransitPort,
        ];
        let made_of = |ic: &Ic| nodes.map(|node| ic.count(node).made);
        let counted = made_of(&ic);
        let change = RowChange {
            old: before.new,
            ..after
        };
        ic.change(side, &[change]);
        let touched = ic.settle();
        let now = made_of(&ic);
        assert_eq!([0, 1, 2, 3].map(|n| now[n] - counted[n]), made);
        assert_eq!(touched.len(), n_touched);
        assert_eq!(ic.all(), ic.again().all());
    };
    // A route goes, another one comes.
    check(Side::Nb, own_route(7, 7), own_route(7, 200), [1, 0, 0, 0], 2);
    check(
        Side::IcSb,
        others_route(7, 7),
        others_route(7, 200),
        [0, 0, 1, 0],
        2,
    );
}
