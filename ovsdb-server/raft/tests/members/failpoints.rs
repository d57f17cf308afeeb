//! Faults that are brought about on purpose.

use std::os::unix::process::ExitStatusExt;
use std::process::Command as Process;

use crate::common::*;
use bytes::Bytes;
use ovsdb_raft::{Command, Forwarded, Request, Role, Transaction};

/// Which fault the child process brings about.
const SCENARIO: &str = "FERROVN_TEST_SCENARIO";

/// A file that is there until the process dies.
const TRACE: &str = "FERROVN_TEST_TRACE";

const CRASHES: [&str; 8] = [
    "crash-before-sending-append-request",
    "crash-after-sending-append-request",
    "crash-before-sending-execute-command-reply",
    "crash-after-sending-execute-command-reply",
    "crash-before-sending-execute-command-request",
    "crash-after-sending-execute-command-request",
    "crash-after-receiving-append-request-update",
    "crash-before-sending-install-snapshot-reply",
];

/// Each crash ends the process where it is asked for, and what others see it by is removed first.
#[test]
fn crashes_end_the_process() {
    let folder = tempfile::tempdir().expect("a folder");
    for scenario in CRASHES {
        let trace = folder.path().join(scenario);
        std::fs::write(&trace, "").expect("a file");
        let died = Process::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "failpoints::a_process_that_dies", "--ignored"])
            .env(SCENARIO, scenario)
            .env(TRACE, &trace)
            .output()
            .expect("it starts");
        let output = String::from_utf8_lossy(&died.stdout);
        assert_eq!(died.status.signal(), Some(6), "{scenario}: {output}");
        assert!(!trace.exists(), "{scenario}");
    }
}

/// The child of [`crashes_end_the_process`].
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "ends the process"]
async fn a_process_that_dies() {
    let scenario = std::env::var(SCENARIO).expect("a scenario");
    let trace = std::env::var_os(TRACE).expect("a file");
    let (places, mut running) = three().await;
    let led = leader(&running).await;
    let follower = (led + 1) % 3;
    running.push(place(4, None).start().await);
    let who = match scenario.as_str() {
        "crash-before-sending-install-snapshot-reply" => 3,
        "crash-before-sending-execute-command-request"
        | "crash-after-sending-execute-command-request"
        | "crash-after-receiving-append-request-update" => follower,
        _ => led,
    };
    running[who].member.on_crash(Box::new(move || {
        let _ = std::fs::remove_file(&trace);
    }));
    running[who].member.engage(&scenario).expect("a scenario");
    let request = Request {
        server: running[follower].member.server(),
        id: uuid(1),
    };
    running[follower].member.forward(Forwarded {
        request,
        body: Bytes::new(),
    });
    running[led].member.propose(Command::Transaction(Transaction {
        id: uuid(1),
        prerequisite: uuid(0),
        request: Some(request),
        record: Bytes::new(),
        reply: Bytes::new(),
    }));
    let first = [places[led].settings.address.clone()];
    let _ = running[3].member.join(&first).await;
    until("the end", || false).await;
}

/// Leadership goes elsewhere, at once or with the next entry, or when a server is being added, which joins all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leadership_goes_elsewhere() {
    let (places, mut running) = three().await;
    let mut n = 0;
    for scenario in [
        "transfer-leadership",
        "transfer-leadership-after-sending-append-request",
    ] {
        let led = leader(&running).await;
        let term = running[led].member.status().term;
        running[led].member.engage(scenario).expect("a scenario");
        write(&running, n).await;
        n += 1;
        until("another term", || {
            running.iter().all(|one| one.member.status().term > term)
        })
        .await;
        write(&running, n).await;
        n += 1;
    }
    for one in &running {
        let scenario = "transfer-leadership-after-starting-to-add";
        one.member.engage(scenario).expect("a scenario");
    }
    running.push(place(4, None).start().await);
    let first = [places[0].settings.address.clone()];
    running[3].member.join(&first).await.expect("it is taken in");
    write(&running, n).await;
    until_equal(&running, &(0..=n).collect::<Vec<_>>()).await;
}

/// A follower that hears and says nothing wants to lead, raises no term, and follows again afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deaf_follower_disturbs_nobody() {
    let (_places, running) = three().await;
    let led = leader(&running).await;
    let term = running[led].member.status().term;
    let deaf = &running[(led + 1) % 3];
    deaf.member.engage("stop-raft-rpc").expect("a scenario");
    until("a candidate", || deaf.member.status().role == Role::Candidate).await;
    until("cut off", || !deaf.member.status().connected).await;
    write(&running, 0).await;
    deaf.member.engage("clear").expect("no scenario");
    until("a follower", || deaf.member.status().role == Role::Follower).await;
    until_equal(&running, &[0]).await;
    for one in &running {
        assert_eq!(one.member.status().term, term);
    }
}

/// Of two followers, one asks for no votes: the other leads, even if it takes its time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_for_no_votes_has_none() {
    let (_places, mut running) = three().await;
    let led = leader(&running).await;
    let (mute, late) = ((led + 1) % 3, (led + 2) % 3);
    let late_server = running[late].member.server();
    running[mute]
        .member
        .engage("dont-send-vote-request")
        .expect("a scenario");
    running[late].member.engage("delay-election").expect("a scenario");
    running.remove(led).member.stop().await.expect("it stops");
    write(&running, 0).await;
    let led = leader(&running).await;
    assert_eq!(running[led].member.server(), late_server);
}
