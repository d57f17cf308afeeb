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
    let sites = Sites::start(1, &[("east", Kind::Ours, 2), ("west", west, 2)]);
    sites.zones[EAST].switch(1);
    sites.zones[EAST].switch(9);
    sites.zones[EAST].nb("set NB_Global . options:ic-route-denylist=10.1.9.0/24");
    sites.zones[WEST].switch(1);
    let easterners = [sites.pod(EAST, 0, 1, 1), sites.pod(EAST, 1, 1, 2)];
    let westerners = [sites.pod(WEST, 0, 1, 1), sites.pod(WEST, 1, 1, 2)];
    let hidden = sites.pod(EAST, 1, 9, 1);
    assert!(
        !easterners[0].pings(&westerners[0].address),
        "nothing connects them"
    );

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
        assert!(
            !westerner.pings(&hidden.address),
            "its prefix is on the deny list"
        );
    }
    sites.zones[EAST].nb("remove NB_Global . options ic-route-denylist");
    wait_for("west to reach what is hidden no more", || {
        silent(std::slice::from_ref(&hidden), &westerners).is_empty()
    });
    sites.zones[EAST].nb("set NB_Global . options:ic-route-denylist=10.1.9.0/24");
    wait_for("west to unlearn the route", || {
        sites.zones[WEST].learned() == routes(&[("10.1.1.254/24", 1, 1)])
    });
    sites.sync();
    assert!(
        !westerners[0].pings(&hidden.address),
        "its prefix is on the deny list again"
    );
    assert_eq!(silent(&easterners, &westerners), Vec::<String>::new());
}

/// As Kube-OVN sets it up: as many transit switches as gateways, each gateway the first choice for one of them. Routes to
/// networks of routers are no ECMP groups in OVN 25.03, whatever a router learns; static routes are.
#[test]
fn two_gateways_do_the_work_of_three() {
    let mut sites = Sites::start(1, &[("east", Kind::Ours, 3), ("west", Kind::Ours, 2)]);
    for zone in &sites.zones {
        zone.switch(1);
    }
    let easterners = [sites.pod(EAST, 1, 1, 1), sites.pod(EAST, 2, 1, 2)];
    let westerners = [sites.pod(WEST, 0, 1, 1), sites.pod(WEST, 1, 1, 2)];
    sites.connect(1, &[&[0, 1, 2], &[0, 1]]);
    sites.connect(2, &[&[1, 2, 0], &[1, 0]]);
    sites.connect(3, &[&[2, 0, 1], &[0, 1]]);
    let behind = [
        sites.behind(EAST, &easterners[0], 12),
        sites.behind(WEST, &westerners[0], 12),
    ];
    let ways = |zone| {
        let prefixes = [format!("10.{zone}.1.254/24"), format!("10.0.{zone}.0/24")];
        let ways = [1, 2, 3].map(|i| [(&*prefixes[0], i, zone), (&*prefixes[1], i, zone)]);
        routes(ways.as_flattened())
    };
    let is_learned =
        |sites: &Sites| sites.zones[EAST].learned() == ways(2) && sites.zones[WEST].learned() == ways(1);
    wait_for("every way to be learned", || is_learned(&sites));
    let gateways = |sites: &Sites| [1, 2, 3].map(|i| sites.zones[EAST].gateway(i));
    wait_for("each gateway to have its transit port", || {
        gateways(&sites) == [Some(1), Some(2), Some(3)]
    });
    let all = || {
        let [eastern, western] = &behind;
        let to_west = easterners.iter().flat_map(|pod| to_each(pod, western));
        let to_east = westerners.iter().flat_map(|pod| to_each(pod, eastern));
        let between = both_ways(&easterners, &westerners);
        unanswered(to_west.chain(to_east).chain(between))
    };
    wait_for("every address to be reached, through every gateway", || {
        all().is_empty() && (0..3).all(|node| sites.crossed(EAST, node) > 0)
    });
    sites.sync();

    sites.kill_node(EAST, 0);
    wait_for("every address to be reached without a gateway", || {
        let silent = all();
        println!("{} pings are not answered", silent.len());
        gateways(&sites) == [Some(2), Some(2), Some(3)] && silent.is_empty()
    });
    assert!(is_learned(&sites));
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
    let before = sites.settle();
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
    wait_for("west to unlearn the routes", || {
        sites.zones[WEST].learned() == learned
    });
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
fn silent(some: &[Pod], others: &[Pod]) -> Vec<String> {
    unanswered(both_ways(some, others))
}

/// Everybody of some to everybody of others, and back.
fn both_ways<'a>(some: &'a [Pod], others: &'a [Pod]) -> impl Iterator<Item = (&'a Pod, &'a str)> {
    some.iter().flat_map(move |one| {
        let both = move |other: &'a Pod| [(one, &*other.address), (other, &*one.address)];
        others.iter().flat_map(both)
    })
}

/// A pod to addresses.
fn to_each<'a>(pod: &'a Pod, addresses: &'a [String]) -> impl Iterator<Item = (&'a Pod, &'a str)> {
    addresses.iter().map(move |address| (pod, address.as_str()))
}

/// Pings all at once; those that nobody answers.
fn unanswered<'a>(pings: impl Iterator<Item = (&'a Pod, &'a str)>) -> Vec<String> {
    std::thread::scope(|scope| {
        let asked: Vec<_> = pings
            .map(|(from, to)| (from, to, scope.spawn(|| from.pings(to))))
            .collect();
        let silent = asked.into_iter().filter_map(|(from, to, answer)| {
            let is_answered = answer.join().expect("it ends");
            (!is_answered).then(|| format!("{} to {to}", from.address))
        });
        silent.collect()
    })
}
