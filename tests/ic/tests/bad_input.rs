//! What zones do to one another by mistake or by bad luck: whoever is to blame is named in the log, zones that are not
//! to blame go on, and all is as it was once the cause is gone.

use std::time::{Duration, Instant};

use ferrovn_tests::server::Kind;
use ic_oracle::world::World;
use ic_oracle::{SHARED, case};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Zones that ours connect, with a router each on the same transit switch.
fn zones(case_name: &str, names: &[&str]) -> World {
    let zones: Vec<(&str, Kind)> = names.iter().map(|name| (*name, Kind::Ours)).collect();
    let world = World::start(&zones);
    world.play(&case(case_name));
    world
}

fn wait_for(what: &str, world: &World, look: impl Fn() -> bool) {
    let began = Instant::now();
    while !look() {
        let logs = || {
            ["a", "b", "c"]
                .map(|zone| format!("{zone}:\n{}", world.log(zone)))
                .concat()
        };
        assert!(
            began.elapsed() < PATIENCE,
            "{what}: not within {PATIENCE:?}\n{}",
            logs()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Waits for a line of a zone's log that has all of these.
fn wait_for_warning(world: &World, zone: &str, texts: &[&str]) {
    wait_for(&format!("a warning of {texts:?} by zone {zone}"), world, || {
        let log = world.log(zone);
        let mut lines = log.lines().filter(|line| line.contains("WARN"));
        lines.any(|line| texts.iter().all(|text| line.contains(text)))
    });
}

fn routes(world: &World, zone: &str) -> String {
    world.ctl(
        zone,
        false,
        &[
            "--bare",
            "--columns=ip_prefix",
            "list",
            "Logical_Router_Static_Route",
        ],
    )
}

/// A network of a zone's router becomes known to another zone.
fn a_route_crosses(world: &World, from: &str, to: &str, network: &str) {
    let (router, port) = (
        format!("lr-{from}"),
        format!("lrp-{from}-{}", network.replace(['.', '/'], "-")),
    );
    let mac = format!("aa:bb:cc:00:{:02x}:01", network.len());
    world.ctl(from, false, &["lrp-add", &router, &port, &mac, network]);
    wait_for(&format!("{network} of {from} in {to}"), world, || {
        routes(world, to).contains(network)
    });
    world.ctl(from, false, &["lrp-del", &port]);
    wait_for(&format!("{network} of {from} gone from {to}"), world, || {
        !routes(world, to).contains(network)
    });
}

#[test]
fn two_zones_of_one_name_leave_each_other_alone() {
    let world = zones("three_zones", &["a", "b", "c"]);
    let before = world.settle();
    world.ctl("b", false, &["set", "NB_Global", ".", "name=a"]);
    let is_told =
        |zone: &str| world.log(zone).contains("zone a: ") && world.log(zone).contains("another ovn-ic");
    wait_for("a warning", &world, || is_told("a") || is_told("b"));
    // Nobody writes without end, and others see the rows of both.
    world.settle();
    let gateways = world.ctl(SHARED, true, &["--bare", "--columns=name", "list", "Gateway"]);
    assert!(
        ["gw-a", "gw-b", "gw-c"]
            .iter()
            .all(|gateway| gateways.contains(gateway)),
        "{gateways}"
    );
    a_route_crosses(&world, "c", "a", "192.168.77.1/24");
    a_route_crosses(&world, "a", "c", "192.168.78.1/24");
    world.ctl("b", false, &["set", "NB_Global", ".", "name=b"]);
    let differences = world.expect(&before);
    assert_eq!(
        differences,
        Vec::<String>::new(),
        "{}\n{}",
        world.log("a"),
        world.log("b")
    );
}

#[test]
fn a_prefix_that_is_there_already_is_told() {
    let world = zones("three_zones", &["a", "b", "c"]);
    let before = world.settle();
    world.ctl(
        "b",
        false,
        &[
            "lrp-add",
            "lr-b",
            "lrp-b-same",
            "aa:aa:aa:00:09:02",
            "192.168.1.5/24",
        ],
    );
    wait_for_warning(&world, "a", &["192.168.1.5/24", "zone b", "lrp-a-in"]);
    a_route_crosses(&world, "a", "c", "192.168.79.1/24");
    world.ctl("b", false, &["lrp-del", "lrp-b-same"]);
    assert_eq!(world.expect(&before), Vec::<String>::new());
}

#[test]
fn a_zone_that_vanishes_is_named_and_comes_back() {
    let mut world = zones("three_zones", &["a", "b", "c"]);
    world.ctl(SHARED, false, &["--wait=sb", "sync"]);
    let before = world.settle();
    world.kill_ic("b");
    let asked = world.ctl(SHARED, false, &["get", "IC_NB_Global", ".", "nb_ic_cfg"]);
    let asked: u32 = asked.trim().parse().expect("a number");
    for n in [1, 2] {
        world.ctl(
            SHARED,
            false,
            &["set", "IC_NB_Global", ".", &format!("nb_ic_cfg={}", asked + n)],
        );
        world.settle();
    }
    wait_for_warning(&world, "a", &["zone b", "nb_ic_cfg"]);
    a_route_crosses(&world, "c", "a", "192.168.80.1/24");
    world.ctl(
        "b",
        false,
        &["lr-route-add", "lr-b", "10.80.0.0/16", "192.168.2.10"],
    );
    world.start_ic("b", Kind::Ours);
    wait_for("the route of who is back", &world, || {
        routes(&world, "c").contains("10.80.0.0/16")
    });
    world.ctl(SHARED, false, &["--wait=sb", "sync"]);
    world.ctl("b", false, &["lr-route-del", "lr-b", "10.80.0.0/16"]);
    let differences = world.expect(&before);
    // How often somebody asked is no difference.
    let differences: Vec<&String> = differences
        .iter()
        .filter(|line| !line.contains("_ic_cfg"))
        .collect();
    assert_eq!(differences, Vec::<&String>::new());

    // Gone for good: its rows are removed by hand, and what was learned from it goes.
    world.kill_ic("b");
    let find = |table: &str, condition: &str| {
        let words = ["--bare", "--columns=_uuid", "find", table, condition];
        world.ctl(SHARED, true, &words)
    };
    let zone = find("Availability_Zone", "name=b");
    for table in ["Route", "Port_Binding", "Gateway"] {
        for row in find(table, &format!("availability_zone={}", zone.trim())).split_whitespace() {
            world.ctl(SHARED, true, &["destroy", table, row]);
        }
    }
    world.ctl(SHARED, true, &["destroy", "Availability_Zone", zone.trim()]);
    let after = world.settle();
    let left: Vec<&String> = after
        .keys()
        .filter(|name| !name.starts_with("b ") && name.contains("lsp-b-ts1"))
        .collect();
    assert_eq!(left, Vec::<&String>::new());
    world.ctl(SHARED, false, &["--wait=sb", "sync"]);
}

#[test]
fn databases_that_cannot_be_reached_cost_nothing() {
    let mut world = zones("three_zones", &["a", "b", "c"]);
    let before = world.settle();
    for db in ["nb", "sb"] {
        world.kill_database(SHARED, db);
    }
    for zone in ["a", "b", "c"] {
        wait_for("it is told", &world, || {
            world.ask(zone, "ic-sb-connection-status") == "not connected"
        });
    }
    wait_for_warning(&world, "a", &["zone a", "OVN_IC_Southbound"]);
    world.ctl(
        "a",
        false,
        &["lr-route-add", "lr-a", "10.81.0.0/16", "192.168.1.10"],
    );
    assert!(
        routes(&world, "c").contains("192.168.1.1/24"),
        "what is known is kept"
    );
    for db in ["nb", "sb"] {
        world.restart_database(SHARED, db);
    }
    wait_for("the route of meanwhile", &world, || {
        routes(&world, "c").contains("10.81.0.0/16")
    });
    world.ctl("a", false, &["lr-route-del", "lr-a", "10.81.0.0/16"]);
    assert_eq!(world.expect(&before), Vec::<String>::new());
}

#[test]
fn an_old_backup_is_brought_up_to_date() {
    let mut world = World::start(&[("a", Kind::Ours), ("b", Kind::Ours), ("c", Kind::Ours)]);
    // Of two zones that have met, and a gateway that will be gone.
    world.play(&case("base"));
    world.ctl("a", true, &["chassis-add", "gw-old", "geneve", "10.0.0.77"]);
    world.ctl(
        "a",
        true,
        &["set", "Chassis", "gw-old", "other_config:is-interconn=true"],
    );
    world.settle();
    let backups = ["nb", "sb"].map(|db| world.backup(SHARED, db));
    world.ctl("a", true, &["chassis-del", "gw-old"]);
    world.ctl("c", false, &["lr-add", "lr-c"]);
    world.ctl(
        "c",
        false,
        &[
            "lrp-add",
            "lr-c",
            "lrp-c-ts1",
            "aa:aa:aa:00:00:03",
            "169.254.100.3/24",
        ],
    );
    world.ctl(
        "c",
        false,
        &[
            "lsp-add",
            "ts1",
            "lsp-c-ts1",
            "--",
            "lsp-set-type",
            "lsp-c-ts1",
            "router",
        ],
    );
    world.ctl(
        "c",
        false,
        &["lsp-set-options", "lsp-c-ts1", "router-port=lrp-c-ts1"],
    );
    world.ctl(
        "a",
        false,
        &[
            "lrp-add",
            "lr-a",
            "lrp-a-in",
            "aa:aa:aa:00:01:01",
            "192.168.1.1/24",
        ],
    );
    let before = world.settle();
    for _ in 0..2 {
        for (db, backup) in ["nb", "sb"].iter().zip(&backups) {
            world.kill_database(SHARED, db);
            world.restore(SHARED, db, backup);
            world.restart_database(SHARED, db);
        }
        let differences = world.expect(&before);
        assert_eq!(differences, Vec::<String>::new(), "{}", world.log("a"));
    }
}

#[test]
fn keys_that_clash_are_given_anew() {
    let world = zones("base", &["a", "b"]);
    let before = world.settle();
    // Both zones take keys of the same switch at once, again and again.
    let ports = |zone: &'static str| {
        let world = &world;
        move || {
            for n in 0..20 {
                let name = format!("{zone}-port-{n}");
                world.ctl(
                    zone,
                    false,
                    &["lsp-add", "ts1", &name, "--", "lsp-set-type", &name, "switch"],
                );
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(ports("a"));
        scope.spawn(ports("b"));
    });
    let bound = || {
        world.ctl(
            SHARED,
            true,
            &["--bare", "--columns=tunnel_key", "list", "Port_Binding"],
        )
    };
    wait_for("all ports", &world, || bound().split_whitespace().count() == 42);
    let found = bound();
    let mut keys: Vec<&str> = found.split_whitespace().collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 42, "{keys:?}");
    for zone in ["a", "b"] {
        for n in 0..20 {
            world.ctl(zone, false, &["lsp-del", &format!("{zone}-port-{n}")]);
        }
    }
    assert_eq!(world.expect(&before), Vec::<String>::new());

    // A port of this name is another zone's.
    let names = || {
        world.ctl(
            SHARED,
            true,
            &["--bare", "--columns=logical_port", "list", "Port_Binding"],
        )
    };
    world.ctl(
        "b",
        false,
        &["lsp-add", "ts1", "mine", "--", "lsp-set-type", "mine", "switch"],
    );
    wait_for("the port of b", &world, || names().contains("mine"));
    world.ctl(
        "a",
        false,
        &[
            "ls-add",
            "own",
            "--",
            "--if-exists",
            "lsp-del",
            "mine",
            "--",
            "lsp-add",
            "own",
            "mine",
        ],
    );
    wait_for_warning(&world, "a", &["mine", "zone b"]);
    world.ctl("a", false, &["ls-del", "own"]);
    world.ctl("b", false, &["lsp-del", "mine"]);
    assert_eq!(world.expect(&before), Vec::<String>::new());
}
