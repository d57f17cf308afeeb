//! Requests that are forwarded to whoever leads.

use crate::common::*;
use bytes::Bytes;
use ovsdb_raft::{Forwarded, Handled, Request};

fn request(running: &Running, n: u128) -> Forwarded {
    Forwarded {
        request: Request {
            server: running.member.server(),
            id: uuid(n),
        },
        body: Bytes::from(n.to_string()),
    }
}

fn numbers(running: &Running) -> Vec<u128> {
    let forwarded = running.ids.forwarded.lock();
    forwarded
        .iter()
        .map(|forwarded| forwarded.request.id.as_u128())
        .collect()
}

/// From every member, the leader included, requests come in order, and replies go back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_come_in_order() {
    let (_places, running) = three().await;
    let led = leader(&running).await;
    for (i, one) in running.iter().enumerate() {
        running[led].ids.forwarded.lock().clear();
        let expected: Vec<u128> = (0..500).map(|n| 1000 * i as u128 + n).collect();
        for n in &expected {
            one.member.forward(request(one, *n));
        }
        until("all replies", || one.ids.answered.lock().len() == 500).await;
        assert_eq!(numbers(&running[led]), expected);
        for (request, reply) in one.ids.answered.lock().iter() {
            assert_eq!(*reply, request.id.as_u128().to_string());
        }
    }
}

/// What is pending goes to the next leader, and what was forgotten goes nowhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_leader_gets_what_is_pending() {
    let (_places, running) = three().await;
    let led = leader(&running).await;
    let (asking, next) = ((led + 1) % 3, (led + 2) % 3);
    // The first leader puts requests into its log, as far as anybody knows; and one it does not want.
    *running[led].ids.handle.lock() = Some(Box::new(|forwarded| match forwarded.body.as_ref() {
        b"3" => Some(Handled::NotLeading),
        _ => None,
    }));
    for n in 1..=3 {
        running[asking].member.forward(request(&running[asking], n));
    }
    // Since one was not wanted all come again.
    until("the requests again", || numbers(&running[led]).len() >= 6).await;
    running[asking]
        .member
        .forget(&request(&running[asking], 2).request);
    let to = running[next].member.server();
    running[led].member.transfer(Some(to)).await.expect("it is asked");
    until("replies", || running[asking].ids.answered.lock().len() == 2).await;
    assert_eq!(numbers(&running[next]), [1, 3]);
}
