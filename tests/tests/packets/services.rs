//! What ovn-controller and the pipeline answer themselves: DHCP, DNS, ARP.

use ferrovn_tests::node::wait_for;

use crate::routes::Pods;
use crate::talk::lines;
use crate::world::{World, router_mac};

/// A pod without an address asks for one.
pub fn lease(world: &World) {
    world.switch(4);
    let [pod, other] = [world.pod(0, 4, 1), world.pod(1, 4, 2)];
    pod.sh("ip addr flush dev eth0");
    assert_eq!(
        lines(&pod, &["lease"]),
        Vec::<String>::new(),
        "nobody has addresses yet"
    );
    world.nb(
        "--id=@options create DHCP_Options cidr=10.0.4.0/24 options:server_id=10.0.4.254 \
         options:server_mac='\"02:00:00:00:04:fd\"' options:lease_time=3600 options:router=10.0.4.254 \
         options:mtu=1400 options:dns_server=10.0.4.53 -- set Logical_Switch_Port p4-1 dhcpv4_options=@options",
    );
    world.sync();
    let mut told = Vec::new();
    wait_for("an address", || {
        told = lines(&pod, &["lease"]);
        !told.is_empty()
    });
    assert_eq!(
        told,
        [
            "10.0.4.1",
            "1 ffffff00",  // the subnet's mask
            "3 0a0004fe",  // the router
            "6 0a000435",  // the name server
            "26 0578",     // the MTU
            "51 00000e10", // how long
            "53 05",       // the kind of message: an acknowledgement
            "54 0a0004fe", // the server
        ]
    );
    pod.sh("ip addr add 10.0.4.1/24 dev eth0");
    pod.sh("ip route add default via 10.0.4.254");
    wait_for("the pod to reach another", || pod.pings(&other.address));
    assert_eq!(
        lines(&other, &["lease"]),
        Vec::<String>::new(),
        "it has no options"
    );
}

/// A pod asks for a name, of a server that is none.
pub fn names(world: &World, pods: &Pods) {
    let ask = |pod, name| lines(pod, &["resolve", "10.0.1.254", name]);
    assert_eq!(ask(&pods.net1[0], "web.example.org"), Vec::<String>::new());
    world.nb(
        "--id=@names create DNS records='{\"web.example.org\"=\"10.0.1.1 10.0.2.1\"}' \
         -- add Logical_Switch net1 dns_records @names",
    );
    world.sync();
    for pod in &pods.net1 {
        let mut told = Vec::new();
        wait_for("the addresses of a name", || {
            told = ask(pod, "web.example.org");
            !told.is_empty()
        });
        told.sort();
        assert_eq!(told, ["10.0.1.1", "10.0.2.1"]);
    }
    assert_eq!(ask(&pods.net1[0], "other.example.org"), Vec::<String>::new());
    let other_switch = lines(&pods.net2[0], &["resolve", "10.0.2.254", "web.example.org"]);
    assert_eq!(other_switch, Vec::<String>::new());
}

/// The router's port answers for addresses that nobody has.
pub fn proxy(world: &World, pods: &Pods) {
    let pod = &pods.net1[1];
    let asked = |address: &str| {
        pod.sh("ip neigh flush dev eth0");
        // Nobody has the address: what counts is who says so.
        pod.pings(address);
        let known = pod.sh(&format!("ip neigh show {address}"));
        known.contains(&format!("lladdr {}", router_mac(1)))
    };
    pod.sh("ip route add 169.254.7.0/24 dev eth0");
    assert!(!asked("169.254.7.7"), "nobody answers for it yet");
    world.nb("set Logical_Switch_Port net1-r options:arp_proxy='\"169.254.7.7\"'");
    world.sync();
    wait_for("the answer", || asked("169.254.7.7"));
    assert!(!asked("169.254.7.8"), "nobody answers for it");
}
