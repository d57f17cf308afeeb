//! Packets through our databases and `ovn-northd`, by the real Open vSwitch and ovn-controller: what must arrive does,
//! what must not does not; and the same with the packaged `ovn-northd`.
//!
//! One world, and all scenarios in it one after the other: starting it takes longer than they do.

mod acls;
mod balancer;
mod multicast;
mod outside;
mod routes;
mod services;
mod talk;
mod world;

use std::time::Instant;

use ferrovn_tests::server::Kind;

use crate::world::World;

#[test]
fn packets_go_where_ours_lets_them() {
    check(Kind::Ours);
}

#[test]
fn packets_go_where_the_packaged_one_lets_them() {
    check(Kind::C);
}

fn check(northd: Kind) {
    let start = Instant::now();
    let done = |what: &str| println!("{:6.1} s: {what}", start.elapsed().as_secs_f64());
    let mut world = World::start(northd, 3);
    done("nodes");
    let pods = routes::check(&world);
    done("routes");
    acls::check(&world, &pods);
    done("ACLs");
    balancer::check(&world, &pods);
    done("load balancer");
    services::lease(&world);
    done("DHCP");
    services::names(&world, &pods);
    done("DNS");
    services::proxy(&world, &pods);
    done("ARP proxy");
    multicast::check(&world, &pods);
    done("multicast");
    let outside = outside::check(&world, &pods);
    done("gateway");
    outside::balancer(&world, &pods, &outside);
    done("load balancer outside");
    outside::hops(&world, &pods);
    done("several next hops");
    outside::failover(&mut world, &pods, &outside);
    done("failover");
}
