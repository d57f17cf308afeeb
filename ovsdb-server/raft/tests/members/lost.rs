//! A member that comes back with less of the log than it had: a folder that was removed, a disk that was restored.

use crate::common::*;
use ovsdb_raft::Role;
use ovsdb_raft::peer::Refusal;

/// Its name is taken in again, once the others have what it had.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_lost_its_folder_is_taken_in_again() {
    let (mut places, mut running) = three().await;
    for n in 0..30 {
        write(&running, n).await;
    }
    until_equal(&running, &(0..30).collect::<Vec<_>>()).await;
    let led = leader(&running).await;
    let lost = (led + 1) % 3;
    running.remove(lost).member.stop().await.expect("it stops");
    places[lost].folder = tempfile::tempdir().expect("a folder");
    write(&running, 30).await;
    let back = places[lost].start().await;
    let others: Vec<String> = places
        .iter()
        .map(|place| place.settings.address.clone())
        .collect();
    back.member.join(&others).await.expect("it is taken in");
    running.push(back);
    write(&running, 31).await;
    until_equal(&running, &(0..32).collect::<Vec<_>>()).await;
    until("three members and no refusal", || {
        running.iter().all(|one| {
            let status = one.member.status();
            status.servers.len() == 3 && status.refusals.is_empty()
        })
    })
    .await;
    // It counts: with it and one other there is a majority.
    let led = leader(&running).await;
    let other = running.iter().position(|one| {
        one.member.server() != places[lost].settings.server && one.member.status().role != Role::Leader
    });
    running
        .remove(other.unwrap_or(led))
        .member
        .stop()
        .await
        .expect("it stops");
    write(&running, 32).await;
    until_equal(&running, &(0..33).collect::<Vec<_>>()).await;
    assert!(running.iter().all(|one| {
        one.ids
            .standings
            .lock()
            .last()
            .is_some_and(|s| s.member && !s.removed)
    }));
}

/// Of two, the other has everything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_members_is_taken_in_again() {
    let (mut places, mut running) = three().await;
    let led = leader(&running).await;
    let (gone, lost) = ((led + 1) % 3, (led + 2) % 3);
    let which = places[gone].settings.server;
    running[led].member.kick(which).await.expect("it goes");
    for n in 0..10 {
        write(&running, n).await;
    }
    let leading = running.swap_remove(led);
    for other in running.drain(..) {
        other.member.stop().await.expect("it stops");
    }
    places[lost].folder = tempfile::tempdir().expect("a folder");
    let back = places[lost].start().await;
    back.member
        .join(&[places[led].settings.address.clone()])
        .await
        .expect("it is taken in");
    let running = [leading, back];
    write(&running, 10).await;
    until_equal(&running, &(0..=10).collect::<Vec<_>>()).await;
}

/// An old copy of a folder cannot tell what it has lost: it takes no part, and says so, until it is replaced.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_with_an_old_disk_is_refused() {
    let (mut places, mut running) = three().await;
    for n in 0..5 {
        write(&running, n).await;
    }
    until_equal(&running, &(0..5).collect::<Vec<_>>()).await;
    let led = leader(&running).await;
    let old = (led + 1) % 3;
    let kept = tempfile::tempdir().expect("a folder");
    running[old].member.stop().await.expect("it stops");
    copy(places[old].folder.path(), kept.path());
    running[old] = places[old].start().await;
    for n in 5..25 {
        write(&running, n).await;
    }
    until_equal(&running, &(0..25).collect::<Vec<_>>()).await;
    running.remove(old).member.stop().await.expect("it stops");
    places[old].folder = kept;
    let back = places[old].start().await;
    let refused = |one: &Running| {
        let refusals = one.member.status().refusals;
        let lost = |refusal: &Refusal| matches!(refusal, Refusal::LogLost { server, .. } if *server == places[old].settings.server);
        refusals.values().any(lost)
    };
    let leads = |one: &&Running| one.member.status().role == Role::Leader;
    until("the leader to notice", || {
        running.iter().find(leads).is_some_and(refused)
    })
    .await;
    until("the member to hear of it", || refused(&back)).await;
    // The others go on, and it has no part in that.
    write(&running, 25).await;
    until_equal(&running, &(0..=25).collect::<Vec<_>>()).await;
    assert!(back.ids.applied.lock().len() <= 6);
    assert_ne!(back.member.status().role, Role::Leader);
    back.member.stop().await.expect("it stops");

    // As it is told to: kicked, and another one in its place.
    let server = places[old].settings.server;
    running[0].member.kick(server).await.expect("it goes");
    let new = place(9, None);
    let joining = new.start().await;
    let first = places[led].settings.address.clone();
    joining.member.join(&[first]).await.expect("it is taken in");
    running.push(joining);
    write(&running, 26).await;
    until_equal(&running, &(0..=26).collect::<Vec<_>>()).await;
}
