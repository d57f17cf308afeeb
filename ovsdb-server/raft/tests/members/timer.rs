//! The election timer by consensus.

use crate::common::*;
use ovsdb_raft::Command;

/// It changes under writes: the leader and its term stay, nothing is lost, every member and one that joins later has it,
/// and so they have after a restart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_election_timer_changes_in_the_middle_of_everything() {
    let (mut places, mut running) = three().await;
    let led = leader(&running).await;
    let before = running[led].member.status();
    assert_eq!(before.election_timer_ms, 300);
    let mut n = 0;
    let mut propose = |running: &[Running], n_more: u128| {
        for _ in 0..n_more {
            running[led].member.propose(transaction(n));
            n += 1;
        }
        n
    };
    for ms in [600, 1200, 400] {
        propose(&running, 50);
        running[led].member.propose(Command::ElectionTimer(ms));
        propose(&running, 50);
        for one in &running {
            until("another timer", || one.member.status().election_timer_ms == ms).await;
        }
    }
    let total = propose(&running, 50);
    until_equal(&running, &(0..total).collect::<Vec<_>>()).await;
    let after = running[led].member.status();
    assert_eq!((after.role, after.term), (before.role, before.term));
    let leads = |one: &Running| {
        one.ids
            .standings
            .lock()
            .iter()
            .filter(|s| s.leads.is_some())
            .count()
    };
    assert_eq!(leads(&running[led]), 1, "{:?}", running[led].ids.standings.lock());

    let fourth = place(4, None);
    running.push(fourth.start().await);
    places.push(fourth);
    let first = [places[led].settings.address.clone()];
    running[3].member.join(&first).await.expect("it is taken in");
    until("the timer of a cluster that was joined", || {
        running[3].member.status().election_timer_ms == 400
    })
    .await;
    for one in running.drain(..) {
        one.member.stop().await.expect("it stops");
    }
    for place in &places {
        let one = place.start().await;
        assert_eq!(one.member.status().election_timer_ms, 400);
        running.push(one);
    }
    write(&running, total).await;
    until_equal(&running, &(0..=total).collect::<Vec<_>>()).await;
}
