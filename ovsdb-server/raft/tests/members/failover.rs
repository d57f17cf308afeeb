//! Leaders that die, and followers that only think so.

use crate::common::*;
use ovsdb_raft::{Command, Role};

/// With this election timer nobody would be elected before the test is over.
const LONG_MS: u64 = 600_000;

async fn with_long_timer(running: &[Running]) -> usize {
    let led = leader(running).await;
    running[led].member.propose(Command::ElectionTimer(LONG_MS));
    for one in running {
        until("another timer", || {
            one.member.status().election_timer_ms == LONG_MS
        })
        .await;
    }
    led
}

/// Where the leader's process has ended another leader is elected at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_a_leader_that_is_gone() {
    let (_places, mut running) = three().await;
    let led = with_long_timer(&running).await;
    write(&running, 0).await;
    let term = running[led].member.status().term;
    running.remove(led).member.stop().await.expect("it stops");
    write(&running, 1).await;
    until_equal(&running, &[0, 1]).await;
    assert!(running.iter().all(|one| one.member.status().term > term));
}

/// A connection that breaks while the leader is well changes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_is_no_reason_for_an_election() {
    let (places, running) = three().await;
    let led = leader(&running).await;
    let term = running[led].member.status().term;
    for n in 0..50 {
        for (place, one) in places.iter().zip(&running) {
            if one.member.status().role == Role::Follower {
                drop(greet(place, places[led].settings.server).await);
            }
        }
        write(&running, n).await;
    }
    until_equal(&running, &(0..50).collect::<Vec<_>>()).await;
    for one in &running {
        assert_eq!(one.member.status().term, term);
    }
    assert_eq!(running[led].member.status().role, Role::Leader);
}
