//! What befalls the cluster. The same seed befalls it in the same order.
//!
//! Wall clocks are left alone: they belong to the whole machine. That no election depends on them is seen in the source:
//! `ovsdb-raft` may not ask for the time of day (its `clippy.toml`).

use std::time::Duration;

use ferrovn_tests::cluster::Cluster;
use ferrovn_tests::workload::Random;

use crate::load::Shared;

/// Something that befalls it; healed again when it returns.
pub type Nemesis = fn(&mut Cluster, &mut Random, &Shared);

/// All of them, by name.
pub const ALL: [(&str, Nemesis); 11] = [
    ("kill the leader", |cluster, random, _| {
        kill(cluster, random, cluster.leader());
    }),
    ("kill any", |cluster, random, _| {
        let member = any(cluster, random);
        kill(cluster, random, member);
    }),
    ("kill all", |cluster, random, _| {
        for member in cluster.members() {
            cluster.kill(member);
        }
        pause(random, 300);
        for member in cluster.members() {
            cluster.restart(member);
        }
    }),
    ("pause", |cluster, random, _| {
        let member = match random.one_in(2) {
            true => cluster.leader(),
            false => any(cluster, random),
        };
        cluster.pause(member);
        pause(random, 3000);
        cluster.resume(member);
    }),
    ("cut off", |cluster, random, _| {
        let member = match random.one_in(2) {
            true => cluster.leader(),
            false => any(cluster, random),
        };
        let others: Vec<usize> = cluster.members().into_iter().filter(|i| *i != member).collect();
        match random.below(3) {
            0 => cluster.network().cut_one_way(member, others[0]),
            // It hears nobody, but is heard.
            1 => others
                .iter()
                .for_each(|other| cluster.network().cut_one_way(*other, member)),
            _ => cluster.network().cut(&[member], &others),
        }
        pause(random, 3000);
        cluster.network().mend();
    }),
    ("slow down links", |cluster, random, _| {
        // Less than the clients have to tell: every message is late, and some are lost.
        for member in cluster.members() {
            cluster
                .network()
                .throttle(member, [400, 1000, 3000][random.below(3) as usize]);
        }
        pause(random, 3000);
        cluster.network().mend();
    }),
    ("loosen a plug", |cluster, random, _| {
        let member = any(cluster, random);
        let others: Vec<usize> = cluster.members().into_iter().filter(|i| *i != member).collect();
        for _ in 0..6 {
            cluster.network().cut(&[member], &others);
            pause(random, 120);
            cluster.network().mend();
            pause(random, 120);
        }
    }),
    ("move to another clock", |cluster, random, _| {
        let member = match random.one_in(2) {
            true => cluster.leader(),
            false => any(cluster, random),
        };
        cluster.kill(member);
        // Back, at times, when this was ahead before.
        cluster.restart_ahead(member, Duration::from_secs(random.below(3) * 1_000_000));
    }),
    ("fill a disk", |cluster, random, _| {
        let member = any(cluster, random);
        cluster.fill_disk(member);
        pause(random, 2000);
        cluster.free_disk(member);
        // It looks at itself several times a second.
        std::thread::sleep(Duration::from_secs(1));
        // One that could not write something has stopped for good: whoever made room starts it again.
        let has_stopped = |cluster: &Cluster| {
            let ask = |command| {
                let answer = cluster.control(member, command, &[cluster.database()]);
                answer.unwrap_or_else(|error| panic!("{command}: {error}"))
            };
            let has_stopped = ask("ovsdb-server/get-db-storage-status").contains("ovsdb error");
            let status = ask("cluster/status");
            assert!(!has_stopped || status.contains("Status: failed"), "{status}");
            has_stopped
        };
        if !cluster.is_alive(member) || has_stopped(cluster) || random.one_in(2) {
            cluster.restart(member);
        }
    }),
    ("lose a folder", |cluster, random, shared| {
        let member = any(cluster, random);
        cluster.replace(member);
        tell(shared, cluster);
    }),
    ("change the members", |cluster, random, shared| {
        let member = any(cluster, random);
        cluster.join();
        tell(shared, cluster);
        cluster.leave(member);
        tell(shared, cluster);
    }),
];

/// Waits for a part of `ms_max`.
fn pause(random: &mut Random, ms_max: u64) {
    std::thread::sleep(Duration::from_millis(ms_max / 4 + random.below(ms_max * 3 / 4)));
}

fn any(cluster: &Cluster, random: &mut Random) -> usize {
    let members = cluster.running();
    members[random.below(members.len() as u64) as usize]
}

fn kill(cluster: &mut Cluster, random: &mut Random, member: usize) {
    cluster.kill(member);
    pause(random, 2000);
    cluster.restart(member);
}

/// Tells the clients where the members are now.
fn tell(shared: &Shared, cluster: &Cluster) {
    let sockets = cluster.members().into_iter().map(|i| cluster.socket(i)).collect();
    *shared.sockets.write().expect("no client panicked") = sockets;
}
