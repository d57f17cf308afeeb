//! The harness of clusters, on the C server, whose clusters work: what a test may ask of it holds.

use ferrovn_tests::cluster::{Cluster, Links, Options, Role};
use ferrovn_tests::server::Kind;
use serde_json::{Value, json};

fn insert(cluster: &Cluster, member: usize, name: &str) -> Value {
    let row = json!({"op": "insert", "table": "Chassis_Private", "row": {"name": name}});
    cluster.client(member).transact(json!([cluster.database(), row]))
}

fn count(cluster: &Cluster, member: usize) -> usize {
    let select = json!({"op": "select", "table": "Chassis_Private", "where": []});
    let results = cluster
        .client(member)
        .transact(json!([cluster.database(), select]));
    results[0]["rows"].as_array().map_or(0, Vec::len)
}

#[test]
fn members_come_and_go() {
    let mut cluster = Cluster::start_with(
        Kind::C,
        3,
        Options {
            links: Links::Unix,
            ..Options::default()
        },
    );
    let (leader, follower) = (cluster.leader(), cluster.follower());
    assert_eq!(
        cluster.status(follower).map(|status| status.role),
        Ok(Role::Follower)
    );
    assert!(insert(&cluster, follower, "one")[0]["uuid"].is_array());
    cluster.kill(leader);
    assert_ne!(cluster.leader(), leader);
    assert!(insert(&cluster, cluster.leader(), "two")[0]["uuid"].is_array());
    cluster.restart(leader);
    cluster.wait_until_whole();
    assert_eq!(count(&cluster, leader), 2);

    let new = cluster.replace(leader);
    cluster.leave(follower);
    cluster.wait_until_whole();
    assert_eq!((cluster.members().len(), count(&cluster, new)), (2, 2));
}

#[test]
fn networks_are_cut_and_disks_are_filled() {
    let mut cluster = Cluster::start_with(
        Kind::C,
        3,
        Options {
            links: Links::Network,
            disk_mb: Some(32),
            ..Options::default()
        },
    );
    let leader = cluster.leader();
    let others: Vec<usize> = cluster.members().into_iter().filter(|i| *i != leader).collect();
    cluster.network().cut(&[leader], &others);
    cluster.wait("another leader", |cluster| {
        cluster.leader_now().filter(|now| *now != leader)
    });
    cluster.network().mend();
    cluster.wait_until_whole();

    let follower = cluster.follower();
    cluster.fill_disk(follower);
    assert!(insert(&cluster, cluster.leader(), "one")[0]["uuid"].is_array());
    cluster.free_disk(follower);
    cluster.restart(follower);
    cluster.wait_until_whole();
    assert_eq!(count(&cluster, follower), 1);
}
