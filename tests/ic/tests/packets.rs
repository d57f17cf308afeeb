//! Packets between zones: the real Open vSwitch and ovn-controller on nodes, our database servers, `ovn-northd` and
//! `ovn-ic`; and one zone of two with the packaged `ovn-northd` and `ovn-ic`.

use std::collections::BTreeSet;

use ferrovn_tests::node::{Pod, wait_for};
use ferrovn_tests::server::Kind;
use ic_oracle::contents::differences;
use ic_oracle::site::Sites;

const EAST: usize = 0;
const WEST: usize = 1;

#[test]
fn pods_of_two_zones_reach_each_other() {
    two_zones(Kind::Ours);
}

#[test]
fn pods_of_a_zone_of_ours_and_of_a_packaged_one_reach_each_other() {
    two_zones(Kind::C);
}

/// Two zones of two nodes, each with a gateway; the second zone's `ovn-northd` and `ovn-ic` are of this kind.
fn two_zones(west: Kind) {
    let mut sites = Sites::start(1, &[("east", Kind::Ours, 2), ("west", west, 2)]);
    sites.zones[EAST].switch(1);
    sites.zones[EAST].switch(9);
    sites.zones[EAST].nb("set NB_Global . options:ic-route-denylist=10.1.9.0/24");
    sites.zones[WEST].switch(1);
    let easterners = [sites.pod(EAST, 0, 1, 1), sites.pod(EAST, 1, 1, 2)];
    let westerners = [sites.pod(WEST, 0, 1, 1), sites.pod(WEST, 1, 1, 2)];
    let hidden = sites.pod(EAST, 1, 9, 1);
    assert!(!easterners[0].pings(&westerners[0].address), "nothing connects them");

    sites.connect(1, &[&[0], &[0]]);
    wait_for("all pods to reach the other zone", || {
        silent(&easterners, &westerners).is_empty()
    });
    assert_eq!(sites.zones[EAST].learned(), routes(&[("10.2.1.254/24", 1, 2)]));
    assert_eq!(sites.zones[WEST].learned(), routes(&[("10.1.1.254/24", 1, 1)]));
    sites.sync();

    // What east holds back is east's alone.
    wait_for("the hidden pod to be up", || easterners[0].pings(&hidden.address));
    for westerner in &westerners {
        assert!(!westerner.pings(&hidden.address), "its prefix is on the deny list");
    }
    sites.zones[EAST].nb("remove NB_Global . options ic-route-denylist");
    wait_for("west to reach what is hidden no more", || {
        silent(&[&hidden], &westerners).is_empty()
    });
    sites.zones[EAST].nb("set NB_Global . options:ic-route-denylist=10.1.9.0/24");
    wait_for("west to unlearn the route", || {
        sites.zones[WEST].learned() == routes(&[("10.1.1.254/24", 1, 1)])
    });
    sites.sync();
    assert!(!westerners[0].pings(&hidden.address), "its prefix is on the deny list again");
    assert_eq!(silent(&easterners, &westerners), Vec::<String>::new());
}

/// As Kube-OVN sets it up: as many transit switches as gateways, each gateway the first choice for one of them.
#[test]
fn three_gateways_share_the_work_of_one_that_is_killed() {
    let mut sites = Sites::start(1, &[("east", Kind::Ours, 3), ("west", Kind::Ours, 2)]);
    for zone in &sites.zones {
        zone.switch(1);
    }
    let easterners = [1, 2].map(|node| [1, 2].map(|k| sites.pod(EAST, node, 1, 10 * node + k)));
    let westerners = [0, 1].map(|node| [1, 2].map(|k| sites.pod(WEST, node, 1, 10 * node + k)));
    let (easterners, westerners) = (easterners.as_flattened(), westerners.as_flattened());
    sites.connect(1, &[&[0, 1, 2], &[0, 1]]);
    sites.connect(2, &[&[1, 2, 0], &[1, 0]]);
    sites.connect(3, &[&[2, 0, 1], &[0, 1]]);
    let ways = |prefix, zone| routes(&[1, 2, 3].map(|i| (prefix, i, zone)));
    wait_for("every way to be learned", || {
        sites.zones[EAST].learned() == ways("10.2.1.254/24", 2)
            && sites.zones[WEST].learned() == ways("10.1.1.254/24", 1)
    });
    let gateways = |sites: &Sites| [1, 2, 3].map(|i| sites.zones[EAST].gateway(i));
    wait_for("each gateway to have its transit port", || {
        gateways(&sites) == [Some(1), Some(2), Some(3)]
    });
    wait_for("all pods to reach the other zone", || {
        silent(easterners, westerners).is_empty()
    });
    sites.sync();

    sites.kill_node(EAST, 0);
    wait_for("all pods to reach the other zone without the gateway", || {
        silent(easterners, westerners).is_empty()
    });
    assert_eq!(gateways(&sites), [Some(2), Some(2), Some(3)]);
    assert_eq!(sites.zones[EAST].learned(), ways("10.2.1.254/24", 2));
    assert_eq!(sites.zones[WEST].learned(), ways("10.1.1.254/24", 1));
}

#[test]
fn nothing_is_lost_with_the_leaders_of_what_zones_share() {
    let mut sites = Sites::start(3, &[("east", Kind::Ours, 2), ("west", Kind::Ours, 2)]);
    for zone in &sites.zones {
        zone.switch(1);
    }
    let easterners = [sites.pod(EAST, 0, 1, 1), sites.pod(EAST, 1, 1, 2)];
    let westerners = [sites.pod(WEST, 0, 1, 1), sites.pod(WEST, 1, 1, 2)];
    sites.connect(1, &[&[0], &[0]]);
    wait_for("all pods to reach the other zone", || {
        silent(&easterners, &westerners).is_empty()
    });
    sites.sync();
    let before = sites.contents();
    let learned = sites.zones[WEST].learned();

    // Somebody behind the first pod, whom a route leads to.
    easterners[0].sh("ip addr add 10.77.9.1/32 dev lo");
    let prefixes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(|n| format!("10.77.{n}.0/24"));
    let more: Vec<(&str, usize, usize)> = prefixes.iter().map(|prefix| (prefix.as_str(), 1, 1)).collect();
    let leaders = sites.shared.leaders();
    let (sender, receiver) = (&westerners[1], &easterners[1].address);
    let answered = std::thread::scope(|scope| {
        let stream = scope.spawn(|| sender.answers(receiver, 50));
        for (n, prefix) in prefixes.iter().enumerate() {
            if n == 5 {
                sites.shared.kill(leaders);
            }
            sites.zones[EAST].nb(&format!("lr-route-add east {prefix} {}", easterners[0].address));
        }
        wait_for("west to learn every route", || {
            let expected: BTreeSet<_> = learned.union(&routes(&more)).cloned().collect();
            sites.zones[WEST].learned() == expected
        });
        stream.join().expect("it ends")
    });
    wait_for("a packet along a new route", || westerners[0].pings("10.77.9.1"));
    // The last one may be on its way when ping ends.
    assert!(answered >= 49, "of 50 packets {answered} were answered");
    let new_leaders = sites.shared.leaders();
    assert!(leaders[0] != new_leaders[0] && leaders[1] != new_leaders[1]);

    // But for the routes everything is as it was.
    for prefix in &prefixes {
        sites.zones[EAST].nb(&format!("lr-route-del east {prefix}"));
    }
    wait_for("west to unlearn the routes", || sites.zones[WEST].learned() == learned);
    let mut different = Vec::new();
    wait_for("what was", || {
        let now = differences(&before, &sites.contents());
        if now != different {
            println!("{now:#?}");
        }
        different = now;
        different.is_empty()
    });
    sites.shared.restart(leaders);
    assert_eq!(differences(&before, &sites.contents()), Vec::<String>::new());
    assert_eq!(silent(&easterners, &westerners), Vec::<String>::new());
}

/// Learned routes: prefix, number of the transit switch, number of the zone that has told of it.
fn routes(all: &[(&str, usize, usize)]) -> BTreeSet<(String, String)> {
    let routes = all
        .iter()
        .map(|(prefix, i, zone)| (prefix.to_string(), format!("169.254.{}.{zone}", 100 + i)));
    routes.collect()
}

/// Who of some and of others gets no answer from whom.
fn silent<P: std::borrow::Borrow<Pod> + Sync>(some: &[P], others: &[Pod]) -> Vec<String> {
    let pairs = some.iter().map(P::borrow).flat_map(|one| {
        let both = move |other| [(one, other), (other, one)];
        others.iter().flat_map(both)
    });
    std::thread::scope(|scope| {
        let asked: Vec<_> = pairs
            .map(|(from, to): (&Pod, &Pod)| (from, to, scope.spawn(|| from.pings(&to.address))))
            .collect();
        let asked = asked.into_iter();
        let silent = asked.filter_map(|(from, to, answer)| {
            let is_answered = answer.join().expect("it ends");
            (!is_answered).then(|| format!("{} to {}", from.address, to.address))
        });
        silent.collect()
    })
}
