//! A load balancer, without and with health checks.

use ferrovn_tests::node::wait_for;

use crate::routes::Pods;
use crate::talk::{ask, serve};
use crate::world::{World, wait_for_told};

const VIP: &str = "10.9.9.9";

/// 10.0.1.2 asks a VIP for 10.0.1.1 on another node and 10.0.2.1 on its own.
pub fn check(world: &World, pods: &Pods) {
    let (client, backends) = (&pods.net1[1], [&pods.net1[0], &pods.net2[0]]);
    let first = serve(backends[0], "first", &[8080]);
    let _second = serve(backends[1], "second", &[8080]);
    let told = ["first 10.0.1.2", "second 10.0.1.2"];
    assert_eq!(ask(client, VIP, 80, 1), ["silent"], "there is no VIP yet");
    world.nb(&format!(
        "lb-add lb {VIP}:80 {}:8080,{}:8080 tcp -- ls-lb-add net1 lb -- ls-lb-add net2 lb",
        backends[0].address, backends[1].address
    ));
    world.sync();
    wait_for_told(client, VIP, 80, &told);

    // Nobody watches the backends: one that is gone still gets its share.
    drop(first);
    wait_for_told(client, VIP, 80, &[told[1], "refused"]);

    world.nb(&format!(
        "--id=@check create Load_Balancer_Health_Check vip='\"{VIP}:80\"' options:interval=1 options:timeout=1 \
         options:success_count=1 options:failure_count=1 -- add Load_Balancer lb health_check @check \
         -- set Load_Balancer lb 'ip_port_mappings:\"10.0.1.1\"=\"p1-1:10.0.1.250\"' \
         'ip_port_mappings:\"10.0.2.1\"=\"p2-1:10.0.2.250\"'"
    ));
    let status = |port: &str| {
        let found = world.sb(&format!(
            "--bare --columns=status find Service_Monitor logical_port={port}"
        ));
        found.trim().to_owned()
    };
    wait_for("the checks", || {
        status("p1-1") == "offline" && status("p2-1") == "online"
    });
    world.sync();
    wait_for_told(client, VIP, 80, &[told[1]]);
    let more = ask(client, VIP, 80, 30);
    assert!(!more.iter().any(|line| line == "refused"), "{more:?}");

    let _first = serve(backends[0], "first", &[8080]);
    wait_for("the check of a backend that is back", || {
        status("p1-1") == "online"
    });
    wait_for_told(client, VIP, 80, &told);
    world.nb("lb-del lb");
    world.sync();
    assert_eq!(ask(client, VIP, 80, 1), ["silent"], "there is no VIP any more");
}
