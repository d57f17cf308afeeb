//! Every case: zones that the packaged `ovn-ic` connects, zones that ours connects, and zones of which one has the one
//! and one the other, come to the same.
//!
//! `ORACLE_CASE=text` runs the cases with that text in their names.

use ferrovn_tests::server::Kind;
use ic_oracle::world::World;
use ic_oracle::{Case, case, cases};

/// How many cases are played at a time: they mostly wait.
const AT_ONCE: usize = 4;

#[test]
fn zones_are_connected_alike() {
    let wanted = std::env::var("ORACLE_CASE").unwrap_or_default();
    let all: Vec<Case> = cases();
    let all: Vec<&Case> = all.iter().filter(|case| case.name.contains(&wanted)).collect();
    let all = &all;
    let part = |nth: usize| {
        let mine = all.iter().skip(nth).step_by(AT_ONCE);
        mine.flat_map(|case| compare(case)).collect::<Vec<String>>()
    };
    let failed: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|nth| scope.spawn(move || part(nth))).collect();
        let failed = threads
            .into_iter()
            .map(|thread| thread.join().expect("a case ends"));
        failed.flatten().collect()
    });
    assert_eq!(failed, Vec::<String>::new());
}

/// Plays a case in all three ways; which of ours come to something else.
fn compare(case: &Case) -> Vec<String> {
    let mut failed = Vec::new();
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
    failed
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
