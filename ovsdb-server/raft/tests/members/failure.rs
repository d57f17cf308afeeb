//! A member that cannot go on.

use std::sync::atomic::Ordering;

use crate::common::*;

/// It says so for as long as it runs, and the others go on without it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_has_failed_says_so() {
    let (places, mut running) = three().await;
    write(&running, 0).await;
    until_equal(&running, &[0]).await;
    assert!(running.iter().all(|one| one.member.status().failure.is_none()));
    let broken = (leader(&running).await + 1) % 3;
    running[broken].ids.is_broken.store(true, Ordering::Release);
    write(&running, 1).await;
    let failed = running.remove(broken);
    until("it to say so", || failed.member.status().failure.is_some()).await;
    let standing = failed.ids.standings.lock().last().cloned().expect("it was told");
    assert!(
        standing.failure.is_some() && !standing.connected && standing.member,
        "{standing:?}"
    );
    write(&running, 2).await;
    until_equal(&running, &[0, 1, 2]).await;
    assert!(running.iter().all(|one| one.member.status().failure.is_none()));

    // Another start mends it.
    failed.member.stop().await.expect("it stops");
    drop(failed);
    let back = places[broken].start().await;
    running.push(back);
    until_equal(&running, &[0, 1, 2]).await;
    let back = &running[2];
    until("it to take part", || back.member.status().connected).await;
    assert_eq!(back.member.status().failure, None);
}
