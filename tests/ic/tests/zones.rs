//! Every case: zones that the packaged `ovn-ic` connects, zones that ours connects, and zones of which one has the one
//! and one the other, come to the same.
//!
//! `ORACLE_CASE=text` runs the cases with that text in their names.

use ferrovn_tests::server::Kind;
use ic_oracle::world::World;
use ic_oracle::{case, cases};

#[test]
fn zones_are_connected_alike() {
    let wanted = std::env::var("ORACLE_CASE").unwrap_or_default();
    let mut failed = Vec::new();
    for case in cases().iter().filter(|case| case.name.contains(&wanted)) {
        let zones = case.zones();
        let world = |kind: fn(usize) -> Kind| {
            let zones: Vec<(&str, Kind)> = zones
                .iter()
                .enumerate()
                .map(|(n, zone)| (*zone, kind(n)))
                .collect();
            let world = World::start(&zones);
            world.play(case);
            world
        };
        let expected = world(|_| Kind::C).settle();
        println!("{}: {} rows", case.name, expected.len());
        let mixed: fn(usize) -> Kind = |n| if n % 2 == 0 { Kind::C } else { Kind::Ours };
        for (what, kind) in [("ours", (|_| Kind::Ours) as fn(usize) -> Kind), ("mixed", mixed)] {
            let world = world(kind);
            let differences = world.expect(&expected);
            if differences.is_empty() {
                continue;
            }
            println!("{}, {what}: {} differences", case.name, differences.len());
            for difference in &differences {
                println!("  {difference}");
            }
            for zone in &zones {
                println!("  {zone}'s log: {}", world.log(zone));
            }
            failed.push(format!("{}, {what}", case.name));
        }
    }
    assert_eq!(failed, Vec::<String>::new());
}

#[test]
fn every_zone_answers_and_takes_commands() {
    let world = World::start(&[("a", Kind::Ours), ("b", Kind::C)]);
    world.play(&case("routes"));
    world.ctl("ic", false, &["--wait=sb", "sync"]);
    assert_eq!(world.ask("a", "status"), "Status: active");
    for database in ["nb", "sb", "ic-nb", "ic-sb"] {
        assert_eq!(
            world.ask("a", &format!("{database}-connection-status")),
            "connected"
        );
    }
    let before = world.settle();
    world.ask("a", "pause");
    assert_eq!(world.ask("a", "is-paused"), "true");
    assert_eq!(world.ask("a", "status"), "Status: paused");
    world.ctl("ic", false, &["ts-add", "late"]);
    let while_paused = world.settle();
    assert!(
        while_paused
            .keys()
            .any(|name| name.starts_with("b ") && name.contains("late"))
    );
    assert!(
        !while_paused
            .keys()
            .any(|name| name.starts_with("a ") && name.contains("late"))
    );
    world.ask("a", "resume");
    let after = world.settle();
    assert!(
        after
            .keys()
            .any(|name| name.starts_with("a ") && name.contains("late"))
    );
    assert!(after.len() > before.len());
    assert_eq!(world.ask("a", "status"), "Status: active");
}
