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

/// Leadership is not handed to a member that is away; the leader goes on as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_hands_over_to_the_absent() {
    let (places, mut running) = three().await;
    let led = leader(&running).await;
    write(&running, 0).await;
    let term = running[led].member.status().term;
    let away = (led + 1) % 3;
    let gone = places[away].settings.server;
    running[away].member.stop().await.expect("it stops");
    running.swap(led, 0);
    let leading = &running[0].member;
    until("its absence to be noticed", || {
        let last = leading.status().servers.get(&gone).and_then(|of| of.last_message);
        last.is_some_and(|ago| ago.as_millis() > 300)
    })
    .await;
    let refused = leading.transfer(Some(gone)).await.expect_err("it is away");
    assert!(refused.to_string().contains("not heard of"), "{refused}");
    assert_eq!(
        (leading.status().role, leading.status().term),
        (Role::Leader, term)
    );
    leading.write(transaction(1)).await.expect("it leads");
    leading.transfer(None).await.expect("the third is there");
    let third = places[3 - led - away].settings.server;
    until("the third to lead", || leading.status().leader == Some(third)).await;
}
