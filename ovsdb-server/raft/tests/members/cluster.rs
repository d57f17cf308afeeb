//! What is acknowledged stays, everywhere alike; servers come and go.

use std::collections::BTreeSet;
use std::time::Duration;

use ovsdb_raft::peer::{self, Answer, Refusal};
use ovsdb_raft::{ClusterId, Peer, Role, ServerId};
use tokio::time::timeout;

use crate::common::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_join_and_agree() {
    let (_places, running) = three().await;
    for n in 0..20 {
        write(&running, n).await;
    }
    until_equal(&running, &(0..20).collect::<Vec<_>>()).await;
    let members: Vec<BTreeSet<ServerId>> = running
        .iter()
        .map(|r| r.member.status().servers.into_keys().collect())
        .collect();
    assert!(members.iter().all(|m| m.len() == 3), "{members:?}");
}

/// The leader goes away in the middle; the others go on, and it catches up when it is back, by a snapshot: the log
/// that it would need is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_lost_loses_nothing() {
    let (places, mut running) = three().await;
    for n in 0..100 {
        write(&running, n).await;
    }
    let lost = running
        .iter()
        .position(|r| r.member.status().role == Role::Leader)
        .expect("somebody leads");
    running.remove(lost).member.stop().await.expect("it stops");
    for n in 100..1400 {
        write(&running, n).await;
    }
    until("a log without its beginning", || {
        running.iter().all(|r| r.member.status().log.0 > 200)
    })
    .await;
    let back = places[lost].start().await;
    assert!(back.ids.applied.lock().len() <= 101);
    running.push(back);
    write(&running, 1400).await;
    until_equal(&running, &(0..=1400).collect::<Vec<_>>()).await;
}

/// All members stop and start: what was acknowledged is there, in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_comes_back_as_it_was() {
    let (places, mut running) = three().await;
    for n in 0..70 {
        write(&running, n).await;
    }
    for one in running.drain(..) {
        one.member.stop().await.expect("it stops");
    }
    for place in &places {
        running.push(place.start().await);
    }
    write(&running, 70).await;
    until_equal(&running, &(0..=70).collect::<Vec<_>>()).await;
}

/// Leadership is handed over, members are removed; one of another cluster is refused and says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_come_and_go() {
    let (places, running) = three().await;
    let nobody = running[0].member.transfer(Some(ovsdb_raft::ServerId::default()));
    nobody.await.expect_err("it has no vote");
    write(&running, 0).await;
    let second = places[1].settings.server;
    running[0].member.transfer(Some(second)).await.expect("it leads");
    assert_ne!(running[0].member.status().role, Role::Leader);
    until("the second to know", || {
        running[1].member.status().role == Role::Leader
    })
    .await;
    running[1]
        .member
        .kick(places[0].settings.server)
        .await
        .expect("it is removed");
    assert_eq!(running[1].member.status().servers.len(), 2);
    write(&running[1..], 1).await;
    until_equal(&running[1..], &[0, 1]).await;

    let mut stranger = place(9, Some(ClusterId(uuid(78))));
    stranger.settings.server = ServerId(uuid(9));
    let stranger = stranger.start().await;
    let there = [places[1].settings.address.clone()];
    let refused = until("a refusal", || {
        let refusals = stranger.member.status().refusals;
        refusals
            .values()
            .any(|why| matches!(why, Refusal::Cluster { .. }))
    });
    tokio::select! {
        joined = stranger.member.join(&there) => panic!("another cluster's member: {joined:?}"),
        () = refused => {}
    }
}

/// One address is of another cluster, one of another database: it is taken in by those that are of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_address_keeps_nobody_from_joining() {
    let (places, _running) = three().await;
    let (mut other_database, other_cluster) = (place(8, Some(CLUSTER)), place(9, Some(ClusterId(uuid(78)))));
    other_database.settings.database = "other".to_owned();
    let mut remotes = Vec::new();
    let mut others = Vec::new();
    for place in [&other_database, &other_cluster] {
        let other = place.start().await;
        other.member.found().await.expect("a new cluster");
        others.push(other);
        remotes.push(place.settings.address.clone());
    }
    remotes.push(places[2].settings.address.clone());
    let fourth = place(4, Some(CLUSTER)).start().await;
    let joined = timeout(Duration::from_secs(30), fourth.member.join(&remotes));
    joined.await.expect("it asks all").expect("it has a vote");
    assert!(
        fourth
            .member
            .status()
            .servers
            .contains_key(&places[0].settings.server)
    );
    // Who was asked in vain is of no interest any more.
    until("no refusal", || fourth.member.status().refusals.is_empty()).await;
}

/// A server that was removed hears of it; one that leaves while it leads hands over first; one that was removed while it
/// was away is told when it is back; and a server may come in its place once it was removed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removed_servers_know() {
    let (places, mut running) = three().await;
    let removed = |one: &Running| one.member.status().removed;
    let led = leader(&running).await;
    running[led].member.leave().await.expect("it leaves");
    assert!(removed(&running[led]));
    running.remove(led);
    let mut places: Vec<&Place> = places.iter().collect();
    places.remove(led);
    let led = leader(&running).await;
    write(&running, 1).await;

    let usurper = place(9, None);
    let mut usurper = usurper;
    usurper.settings.address = places[1 - led].settings.address.clone();
    let away = running.remove(1 - led);
    away.member.stop().await.expect("it stops");
    let usurper = usurper.start().await;
    let first = [places[led].settings.address.clone()];
    let joining = usurper.member.join(&first);
    let refused = until("a refusal", || !usurper.member.status().refusals.is_empty());
    tokio::select! {
        joined = joining => panic!("the address is taken: {joined:?}"),
        () = refused => {}
    }
    let refusals = format!("{:?}", usurper.member.status().refusals);
    assert!(refusals.contains("AddressTaken"), "{refusals}");
    usurper.member.stop().await.expect("it stops");
}

/// Any member can be asked to remove any other, and a member that was away learns it when it is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_away_learns_that_it_was_removed() {
    let (places, mut running) = three().await;
    let fourth = place(4, None);
    running.push(fourth.start().await);
    let first = [places[0].settings.address.clone()];
    running[3].member.join(&first).await.expect("it is taken in");
    write(&running, 0).await;
    let away = running.remove(2);
    away.member.stop().await.expect("it stops");
    let led = leader(&running).await;
    let follower = (led + 1) % 3;
    running[follower]
        .member
        .kick(places[2].settings.server)
        .await
        .expect("a follower has it removed");
    let back = places[2].start().await;
    until("the removed one to know", || back.member.status().removed).await;
    let standing = back.ids.standings.lock().last().cloned().expect("it was told");
    assert!(
        standing.removed && !standing.member && !standing.connected,
        "{standing:?}"
    );
    back.member.stop().await.expect("it stops");
    // It still knows after another start.
    let again = places[2].start().await;
    assert!(again.member.status().removed);
    write(&running, 1).await;
}

/// Of all that a server was told of nobody is left; it hears of the leader all the same, which another told of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_joins_asks_the_leader_that_it_hears_of() {
    let (places, mut running) = three().await;
    let fourth = place(4, None);
    running.push(fourth.start().await);
    let led = leader(&running).await;
    let mut stream = greet(&places[led], fourth.settings.server).await;
    let request = peer::Request::Join {
        server: fourth.settings.server,
        peer: Peer {
            address: fourth.settings.address.clone(),
        },
        is_new: true,
    };
    let answer: Option<Answer> = ask(&mut stream, &request).await;
    assert!(matches!(answer, Some(Answer::Admitted(_))), "{answer:?}");
    let nobody = [address()];
    let joined = timeout(Duration::from_secs(30), running[3].member.join(&nobody));
    joined.await.expect("it asks the leader").expect("it has a vote");
}

/// What is proposed without waiting is applied in the order of proposals.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proposals_keep_their_order() {
    let (_places, running) = three().await;
    let led = leader(&running).await;
    for n in 0..2000 {
        running[led].member.propose(transaction(n));
    }
    until_equal(&running, &(0..2000).collect::<Vec<_>>()).await;
    running[led].member.linearize().await.expect("it leads");
}

/// A member that does not lead loses what it is asked to propose, and says so before it leads again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leadership_is_handed_over() {
    let (_places, running) = three().await;
    let led = leader(&running).await;
    write(&running, 0).await;
    let term = running[led].member.status().term;
    running[led].member.hand_over().await;
    running[led].member.propose(transaction(7));
    assert_ne!(running[led].member.status().role, Role::Leader);
    let lost = running[led]
        .ids
        .standings
        .lock()
        .last()
        .cloned()
        .expect("it was told");
    assert_eq!(lost.leads, None);
    write(&running, 1).await;
    until_equal(&running, &[0, 1]).await;
    assert_eq!(running[leader(&running).await].member.status().term, term + 1);
}
