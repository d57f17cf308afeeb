//! A switch that watches who joins which group.

use ferrovn_tests::node::{Pod, wait_for};

use crate::routes::Pods;
use crate::talk::{heard, lines, start};
use crate::world::World;

const GROUP: &str = "239.1.2.3";

/// A sender and two more on one switch, of whom one joins.
pub fn check(world: &World, pods: &Pods) {
    let (sender, member) = (&pods.net1[0], &pods.net1[1]);
    let stranger = world.pod(1, 1, 3);
    sender.sh("ip route add 239.0.0.0/8 dev eth0");
    member.sh("ip route add 239.0.0.0/8 dev eth0");
    world.sync();
    wait_for("the new pod", || sender.pings(&stranger.address));
    let heard = || [member, &stranger].map(|pod| hear(sender, pod));
    assert_eq!(heard(), ["10", "10"], "an ordinary switch tells everybody");

    world.nb(
        "set Logical_Switch net1 other_config:mcast_snoop=true other_config:mcast_querier=true \
         other_config:mcast_query_interval=1 other_config:mcast_eth_src='\"02:00:00:00:01:fd\"' \
         other_config:mcast_ip4_src=10.0.1.253",
    );
    world.sync();
    wait_for("nobody to be told", || heard() == ["0", "0"]);
    let _joined = start(member, &["join", GROUP]);
    let is_known = || {
        world
            .sb("--bare --columns=address list IGMP_Group")
            .contains(GROUP)
    };
    wait_for("the group", is_known);
    world.sync();
    wait_for("the member to be told, and only it", || heard() == ["10", "0"]);
    world.nb("clear Logical_Switch net1 other_config");
    world.sync();
    wait_for("everybody to be told again", || heard() == ["10", "10"]);
}

/// How many of ten datagrams to the group come to a pod's interface.
fn hear(sender: &Pod, pod: &Pod) -> String {
    let talk = start(pod, &["count", GROUP, "9999"]);
    lines(sender, &["tell", GROUP, "10"]);
    heard(talk, || {
        lines(sender, &["end", &pod.address, "9999"]);
    })
}
