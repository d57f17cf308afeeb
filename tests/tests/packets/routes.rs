//! Switches and a router.

use ferrovn_tests::node::{Pod, wait_for};

use crate::world::World;

/// The pods of both switches.
pub struct Pods {
    /// 10.0.1.1 on the first node, 10.0.1.2 on the second.
    pub net1: [Pod; 2],
    /// 10.0.2.1 on the second node, 10.0.2.2 on the first.
    pub net2: [Pod; 2],
}

/// Pods of connected switches reach each other, a lonely pod nobody.
pub fn check(world: &World) -> Pods {
    world.switch(1);
    world.switch(2);
    world.lone_switch(9);
    let pods = Pods {
        net1: [world.pod(0, 1, 1), world.pod(1, 1, 2)],
        net2: [world.pod(1, 2, 1), world.pod(0, 2, 2)],
    };
    let lonely = world.pod(0, 9, 1);
    world.sync();
    let all: Vec<&Pod> = pods.net1.iter().chain(&pods.net2).collect();
    for from in &all {
        for to in &all {
            wait_for(&format!("{} to reach {}", from.address, to.address), || {
                from.pings(&to.address)
            });
        }
        assert!(!from.pings(&lonely.address), "nothing leads there");
        assert!(!lonely.pings(&from.address), "nothing leads there");
    }
    wait_for("the router to answer", || all[0].pings("10.0.2.254"));
    assert!(!all[0].pings("10.0.2.77"), "nobody has that address");
    pods
}
