//! What a change of a route or of a policy makes again, and what it leaves alone.

use northd_core::nodes::Node;
use northd_core::{Northd, Side};
use ovn_schemas::rows::ovn_northbound::{
    LogicalRouter, LogicalRouterPolicy, LogicalRouterPort, LogicalRouterStaticRoute,
};
use ovsdb_data::typed::{Columns, Table};
use ovsdb_data::{Row, RowChange, Uuid};

/// How many routes and policies the router has.
const MANY: u128 = 50;

fn row<T: Table<'static>>(n: u128, columns: Columns<T>) -> RowChange {
    let schema = ovn_schemas::schema(ovn_schemas::Db::OvnNorthbound);
    let uuid = Uuid::from_u128(n);
    let row: Row = columns.into_row(uuid, uuid, schema.table(T::TABLE_INDEX).iter().count());
    RowChange {
        table: T::TABLE_INDEX,
        uuid,
        old: None,
        new: Some(row),
    }
}

fn router(routes: impl Iterator<Item = u128>) -> RowChange {
    let columns = Columns::new()
        .set(LogicalRouter::NAME, "lr0")
        .set(LogicalRouter::PORTS, [Uuid::from_u128(2)])
        .set(LogicalRouter::STATIC_ROUTES, routes.map(Uuid::from_u128))
        .set(
            LogicalRouter::POLICIES,
            (0..MANY).map(|n| Uuid::from_u128(5000 + n)),
        );
    row(1, columns)
}

fn port() -> RowChange {
    let columns = Columns::new()
        .set(LogicalRouterPort::NAME, "p")
        .set(LogicalRouterPort::MAC, "00:00:00:00:00:01")
        .set(LogicalRouterPort::NETWORKS, ["10.0.0.1/24"]);
    row(2, columns)
}

/// Where the routes 1000, 1001, … lead: each to its own network.
fn prefix(n: u128) -> String {
    format!("192.168.{}.0/24", n - 1000)
}

fn route(n: u128, prefix: &str, nexthop: &str) -> RowChange {
    let columns = Columns::new()
        .set(LogicalRouterStaticRoute::IP_PREFIX, prefix)
        .set(LogicalRouterStaticRoute::NEXTHOP, nexthop);
    row(n, columns)
}

fn policy(n: u128, nexthops: &[&str]) -> RowChange {
    let columns = Columns::new()
        .set(LogicalRouterPolicy::ACTION, "reroute")
        .set(LogicalRouterPolicy::MATCH, "ip4")
        .set(LogicalRouterPolicy::NEXTHOPS, nexthops.iter().copied());
    row(n, columns)
}

/// `after` where `before` was.
fn instead(before: RowChange, after: RowChange) -> RowChange {
    RowChange {
        old: before.new,
        ..after
    }
}

#[test]
fn little_is_made_again() {
    let mut northd = Northd::new();
    let all = 1000..1000 + MANY;
    let mut changes = vec![router(all.clone()), port()];
    changes.extend(all.clone().map(|n| route(n, &prefix(n), "10.0.0.2")));
    changes.extend((0..MANY).map(|n| policy(5000 + n, &["10.0.0.3"])));
    northd.change(Side::Nb, &changes);
    northd.settle();
    let mut check = |what: &str, changes: &[RowChange], made: [u64; 3]| {
        let nodes = [Node::RouteFlows, Node::PortRoutingFlows, Node::PolicyFlows];
        let made_of = |northd: &Northd| nodes.map(|node| northd.count(node).made);
        let before = made_of(&northd);
        northd.change(Side::Nb, changes);
        northd.settle();
        let after = made_of(&northd);
        let counted = [0, 1, 2].map(|i| after[i] - before[i]);
        assert_eq!(counted, made, "{what}");
        assert_eq!(northd.all(), northd.again().all(), "{what}");
    };
    let first = || route(1000, &prefix(1000), "10.0.0.2");
    let moved = || route(1000, &prefix(1000), "10.0.0.9");
    check("a next hop", &[instead(first(), moved())], [1, 0, 0]);
    let more = || router(all.clone().chain([1500]));
    let second = || route(1500, "192.168.200.0/24", "10.0.0.2");
    check(
        "a route of its own",
        &[instead(router(all.clone()), more()), second()],
        [1, 0, 0],
    );
    let shared = || route(1500, &prefix(1000), "10.0.0.2");
    check(
        "one that shares another's packets",
        &[instead(second(), shared())],
        [2, 0, 0],
    );
    check(
        "a next hop of one of two",
        &[instead(shared(), route(1500, &prefix(1000), "10.0.0.8"))],
        [2, 0, 0],
    );
    check(
        "a policy's next hop",
        &[instead(policy(5000, &["10.0.0.3"]), policy(5000, &["10.0.0.4"]))],
        [0, 0, 1],
    );
    check(
        "a policy that chooses",
        &[instead(
            policy(5000, &["10.0.0.4"]),
            policy(5000, &["10.0.0.4", "10.0.0.5"]),
        )],
        [0, 0, 1],
    );
}

#[test]
fn of_many_policies_few_are_asked_again() {
    const MANY: u128 = 500;
    // Uuids as they are in life: the first bits differ.
    let id = |n: u128| (n % 64) << 122 | (1000 + n);
    let router = |n_policies: u128| {
        let columns = Columns::new()
            .set(LogicalRouter::NAME, "lr0")
            .set(LogicalRouter::PORTS, [Uuid::from_u128(2)])
            .set(
                LogicalRouter::POLICIES,
                (0..n_policies).map(|n| Uuid::from_u128(id(n))),
            );
        row(1, columns)
    };
    let of = |n: u128, nexthops: &[&str]| policy(id(n), nexthops);
    let (one, two) = (&["10.0.0.3"][..], &["10.0.0.3", "10.0.0.4"][..]);
    let mut northd = Northd::new();
    let policies = (0..MANY).map(|n| of(n, one));
    let rows = policies.chain([router(MANY), port()]);
    northd.change(Side::Nb, &rows.collect::<Vec<_>>());
    northd.settle();
    let mut check = |what: &str, changes: &[RowChange], made: [u64; 4]| {
        let nodes = [
            Node::BucketPolicies,
            Node::PolicyChains,
            Node::PolicyGroups,
            Node::PolicyFlows,
        ];
        let made_of = |northd: &Northd| nodes.map(|node| northd.count(node).made);
        let before = made_of(&northd);
        northd.change(Side::Nb, changes);
        northd.settle();
        let after = made_of(&northd);
        assert_eq!([0, 1, 2, 3].map(|i| after[i] - before[i]), made, "{what}");
        assert_eq!(northd.all(), northd.again().all(), "{what}");
    };
    check(
        "one more",
        &[of(MANY, one), instead(router(MANY), router(MANY + 1))],
        [1, 0, 0, 1],
    );
    check(
        "one that chooses",
        &[instead(of(70, one), of(70, two))],
        [1, 1, 1, 1],
    );
    check(
        "another that does, behind it",
        &[instead(of(71, one), of(71, two))],
        [1, 1, 1, 1],
    );
    check(
        "another, before both: they move",
        &[instead(of(65, one), of(65, two))],
        [1, 1, 1, 3],
    );
}
