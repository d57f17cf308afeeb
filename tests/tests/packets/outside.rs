//! The way outside: a gateway, what it translates, several next hops, and another gateway when it dies.

use ferrovn_tests::node::{Pod, wait_for};

use crate::routes::Pods;
use crate::talk::{ask, serve};
use crate::world::{World, wait_for_told};

/// The router's address outside.
const ROUTER: &str = "172.16.0.1";
const ROUTER_MAC: &str = "02:00:00:00:ff:01";
/// 10.0.1.1 outside, at the gateway.
const FLOATING: &str = "172.16.0.50";
/// 10.0.1.2 outside, at its own node.
const DISTRIBUTED: &str = "172.16.0.51";
const DISTRIBUTED_MAC: &str = "02:00:00:00:ff:51";
/// A load balancer's address outside.
const VIP: &str = "172.16.0.60";
/// The node that is the gateway, and the one that is when it is gone.
const GATEWAYS: [usize; 2] = [2, 1];

/// Somebody outside.
pub fn check(world: &World, pods: &Pods) -> Pod {
    let outside = world.network.outsider(1, "172.16.0.2");
    let _serving = serve(&outside, "outside", &[1000]);
    let _answering = pods.net1.each_ref().map(|pod| serve(pod, &pod.address, &[1000]));
    assert_eq!(ask(&pods.net1[0], &outside.address, 1000, 1), ["silent"]);
    let [first, second] = GATEWAYS.map(|node| world.nodes[node].number);
    world.nb(&format!(
        "ls-add public -- lsp-add public public-outside -- lsp-set-type public-outside localnet \
         -- lsp-set-addresses public-outside unknown -- lsp-set-options public-outside network_name=outside \
         -- lrp-add r r-public {ROUTER_MAC} {ROUTER}/24 -- lsp-add public public-r \
         -- lsp-set-type public-r router -- lsp-set-addresses public-r router \
         -- lsp-set-options public-r router-port=r-public nat-addresses=router \
         -- --id=@first create HA_Chassis chassis_name=node{first} priority=20 \
         -- --id=@second create HA_Chassis chassis_name=node{second} priority=10 \
         -- --id=@group create HA_Chassis_Group name=gateways ha_chassis=@first,@second \
         -- set Logical_Router_Port r-public ha_chassis_group=@group"
    ));
    wait_for("the gateway", || gateway(world) == Some(first));
    wait_for("the router to answer outside", || outside.pings(ROUTER));
    assert!(!pods.net1[0].pings(&outside.address), "nobody outside knows pods");

    world.nb(&format!("lr-nat-add r snat {ROUTER} 10.0.0.0/16"));
    let seen = format!("outside {ROUTER}");
    for pod in pods.net1.iter().chain(&pods.net2) {
        wait_for_told(pod, &outside.address, 1000, &[&seen]);
    }

    assert!(!outside.pings(FLOATING), "nobody has it yet");
    world.nb(&format!(
        "lr-nat-add r dnat_and_snat {FLOATING} {} \
         -- lr-nat-add r dnat_and_snat {DISTRIBUTED} {} p1-2 {DISTRIBUTED_MAC}",
        pods.net1[0].address, pods.net1[1].address
    ));
    for (pod, floating) in pods.net1.iter().zip([FLOATING, DISTRIBUTED]) {
        wait_for_told(
            &outside,
            floating,
            1000,
            &[&format!("{} 172.16.0.2", pod.address)],
        );
        wait_for_told(pod, &outside.address, 1000, &[&format!("outside {floating}")]);
    }
    wait_for_told(&pods.net2[0], &outside.address, 1000, &[&seen]);
    for (address, mac) in [(FLOATING, ROUTER_MAC), (DISTRIBUTED, DISTRIBUTED_MAC)] {
        let known = outside.sh(&format!("ip neigh show {address}"));
        assert!(known.contains(&format!("lladdr {mac}")), "{known}");
    }
    outside
}

/// Outside asks a VIP of the router for pods on two nodes.
pub fn balancer(world: &World, pods: &Pods, outside: &Pod) {
    let told = ["one 172.16.0.2", "two 172.16.0.2"];
    let _serving = [
        serve(&pods.net2[0], "one", &[8080]),
        serve(&pods.net2[1], "two", &[8080]),
    ];
    assert!(!outside.pings(VIP), "nobody has it yet");
    world.nb(&format!(
        "lb-add lb {VIP}:80 {}:8080,{}:8080 tcp -- lr-lb-add r lb",
        pods.net2[0].address, pods.net2[1].address
    ));
    world.sync();
    wait_for_told(outside, VIP, 80, &told);
    world.nb("lb-del lb");
}

/// Two next hops to a network that is behind both, by routes and by a policy.
pub fn hops(world: &World, pods: &Pods) {
    let hops = [11, 12].map(|n| {
        let hop = world.network.outsider(n, &format!("172.16.0.{n}"));
        hop.sh("ip route add local 203.0.113.0/24 dev lo");
        hop
    });
    let [pod, other] = &pods.net2;
    let echoes = || hops.each_ref().map(echoes);
    // How many pings of many addresses are answered, and how many came to each next hop.
    let ping = |pod: &Pod| {
        let before = echoes();
        let answered = (1..=24).filter(|n| pod.pings(&format!("203.0.113.{n}"))).count();
        let after = echoes();
        println!("{answered} answered; {before:?} to {after:?}");
        (answered, after[0] - before[0], after[1] - before[1])
    };
    for hop in &hops {
        world.nb(&format!("--ecmp lr-route-add r 203.0.113.0/24 {}", hop.address));
    }
    world.sync();
    wait_for("answers by way of both", || {
        let (answered, first, second) = ping(pod);
        answered == 24 && first > 0 && second > 0 && first + second == 24
    });
    world.nb(&format!(
        "lr-policy-add r 100 'ip4.src == {} && ip4.dst == 203.0.113.0/24' reroute {}",
        pod.address, hops[0].address
    ));
    world.sync();
    wait_for("answers by way of the first, which the policy says", || {
        ping(pod) == (24, 24, 0)
    });
    wait_for("answers to a pod without a policy", || {
        let (answered, first, second) = ping(other);
        answered == 24 && first > 0 && second > 0
    });
    world.nb("lr-policy-del r");
    hops[0].sh("ip link set eth0 down");
    world.nb(&format!("lr-route-del r 203.0.113.0/24 {}", hops[0].address));
    world.sync();
    wait_for("answers by way of the other", || ping(pod) == (24, 0, 24));
    world.nb("lr-route-del r 203.0.113.0/24");
    world.sync();
    wait_for("no way", || !pod.pings("203.0.113.1"));
}

/// The gateway dies.
pub fn failover(world: &mut World, pods: &Pods, outside: &Pod) {
    let _serving = serve(outside, "outside", &[1001]);
    let _answering = serve(&pods.net1[0], "pod", &[1001]);
    let [first, second] = GATEWAYS.map(|node| world.nodes[node].number);
    let works = |world: &World| {
        assert!(gateway(world).is_some());
        wait_for_told(outside, FLOATING, 1001, &["pod 172.16.0.2"]);
        wait_for_told(
            &pods.net2[0],
            &outside.address,
            1001,
            &[&format!("outside {ROUTER}")],
        );
    };
    works(world);
    assert_eq!(gateway(world), Some(first));
    wait_for("the distributed address", || outside.pings(DISTRIBUTED));
    world.network.kill(&world.nodes[GATEWAYS[0]]);
    wait_for("the distributed address, which is no gateway's", || {
        outside.pings(DISTRIBUTED)
    });
    wait_for("the other gateway", || gateway(world) == Some(second));
    works(world);
}

/// The number of the node that has the router's port outside now.
fn gateway(world: &World) -> Option<u32> {
    let chassis = world.sb("--bare --columns=chassis find Port_Binding logical_port=cr-r-public");
    let chassis = chassis.trim();
    if chassis.is_empty() {
        return None;
    }
    let name = world.sb(&format!("--bare get Chassis {chassis} name"));
    name.trim().trim_matches('"').strip_prefix("node")?.parse().ok()
}

/// How many pings a pod has got so far.
fn echoes(pod: &Pod) -> u64 {
    let text = pod.sh("cat /proc/net/snmp");
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("Icmp: "));
    let [names, values] = [(); 2].map(|()| lines.next().unwrap_or_default().split(' '));
    let found = names.zip(values).find(|(name, _)| *name == "InEchos");
    found
        .and_then(|(_, value)| value.parse().ok())
        .expect("the kernel counts them")
}
