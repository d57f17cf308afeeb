//! Who may be taken out while others are away.

use crate::common::*;
use ovsdb_raft::MemberError;

/// The one that is away may go; those that are there may not, or nothing could be agreed on any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_that_are_needed_stay() {
    let (places, mut running) = three().await;
    let (server, away) = {
        let led = leader(&running).await;
        (places[led].settings.server, (led + 1) % 3)
    };
    let gone = places[away].settings.server;
    running.remove(away).member.stop().await.expect("it stops");
    let led = leader(&running).await;
    let leading = &running[led].member;
    let needed = running[1 - led].member.server();
    assert_eq!(leading.server(), server);
    until("its absence to be noticed", || {
        leading.may_remove(needed).is_err()
    })
    .await;
    for which in [needed, leading.server()] {
        let refused = leading
            .kick(which)
            .await
            .expect_err("a majority would be missing");
        let expected = matches!(
            refused,
            MemberError::NoMajority {
                n_there: 1,
                n: 2,
                which: "remaining",
                ..
            }
        );
        assert!(expected, "{refused}");
    }
    // Nothing was begun by that.
    assert_eq!(leading.status().servers.len(), 3);
    write(&running, 1).await;
    leading.may_remove(gone).expect("it is missed already");
    leading.kick(gone).await.expect("it is removed");
    leading.kick(needed).await.expect("one is a majority of one");
    assert_eq!(leading.status().servers.len(), 1);
    leading.write(transaction(2)).await.expect("it goes on alone");
    leading.may_remove(server).expect("the cluster may end");
}

/// Of two, neither goes on without the other: what is begun could not be ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_cannot_decide() {
    let (places, mut running) = three().await;
    let led = leader(&running).await;
    let (first, second) = ((led + 1) % 3, (led + 2) % 3);
    let leading = &running[led].member;
    leading
        .kick(places[first].settings.server)
        .await
        .expect("it is removed");
    running[second].member.stop().await.expect("it stops");
    let gone = places[second].settings.server;
    until("its absence to be noticed", || leading.may_remove(gone).is_err()).await;
    let refused = leading.kick(gone).await.expect_err("it would have to agree");
    let expected = matches!(
        refused,
        MemberError::NoMajority {
            n_there: 1,
            n: 2,
            which: "present",
            ..
        }
    );
    assert!(expected, "{refused}");
    // With it back there are two.
    running[second] = places[second].start().await;
    let leading = &running[led].member;
    until("it to be heard of", || leading.may_remove(gone).is_ok()).await;
    leading.kick(gone).await.expect("it is removed");
    write(&running[led..=led], 1).await;
}
