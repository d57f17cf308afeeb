//! Clients' requests on their way to whoever leads, and the replies of those that made no log entry.
//!
//! ```text
//!   Member::forward ──► pending, in order ──► one connection to the leader ──► its Machine::forwarded
//!   Machine::answered ◄── removed from it ◄────────── Reply ◄─────────────────┘   (out of order)
//! ```
//!
//! What is pending is sent again, all of it and in order, when the connection broke, another term began, or the leader
//! says that it is none. That is harmless: a request is executed once however often it comes.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use ovsdb_transport::stream::Stream;
use tokio::io::{AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use crate::failpoints::Failpoint;
use crate::machine::{Forwarded, Handled, Standing};
use crate::peer::client::Connection;
use crate::peer::links::Links;
use crate::peer::{self, MAX_FRAME, Reply};
use crate::shared::Shared;
use crate::types::{Peer, Request, ServerId};

/// How long to wait before trying again.
const PAUSE: Duration = Duration::from_millis(20);

/// How long connecting to the leader may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Requests written at once, at most.
const BATCH: usize = 256;

/// What the task is told.
pub(crate) enum Forwarding {
    /// To be sent.
    Send(Forwarded),
    /// Not any more.
    Forget(Request),
}

/// What waits for an answer, in the order in which it came.
#[derive(Default)]
struct Pending {
    by_number: BTreeMap<u64, Forwarded>,
    numbers: HashMap<Request, u64>,
    /// The number of the next one to come.
    next: u64,
    /// The number of the next one to be sent.
    unsent: u64,
}

impl Pending {
    fn take(&mut self, forwarding: Forwarding) {
        match forwarding {
            Forwarding::Send(forwarded) => {
                // Asked for again: it stays where it is.
                if !self.numbers.contains_key(&forwarded.request) {
                    self.numbers.insert(forwarded.request, self.next);
                    self.by_number.insert(self.next, forwarded);
                    self.next += 1;
                }
            }
            Forwarding::Forget(request) => {
                self.remove(&request);
            }
        }
    }

    fn remove(&mut self, request: &Request) -> bool {
        let number = self.numbers.remove(request);
        number.is_some_and(|number| self.by_number.remove(&number).is_some())
    }

    fn send_all_again(&mut self) {
        self.unsent = 0;
    }

    /// The next ones to be sent.
    fn take_unsent(&mut self, n_max: usize) -> Vec<Forwarded> {
        let unsent: Vec<(u64, Forwarded)> = self
            .by_number
            .range(self.unsent..)
            .take(n_max)
            .map(|(number, forwarded)| (*number, forwarded.clone()))
            .collect();
        if let Some((last, _)) = unsent.last() {
            self.unsent = last + 1;
        }
        unsent.into_iter().map(|(_, forwarded)| forwarded).collect()
    }

    fn has_unsent(&self) -> bool {
        self.by_number.range(self.unsent..).next().is_some()
    }
}

/// To whom requests go at present.
enum Route {
    /// This member leads.
    Here,
    /// Another one does.
    There(Outgoing),
}

/// A connection that requests are written to; replies and its end are told to the task.
struct Outgoing {
    requests: UnboundedSender<Vec<Forwarded>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What comes back, with the number of the route it comes from.
type Back = (u64, Option<Reply>);

/// Forwards requests for as long as some may come.
pub(crate) async fn run(shared: Arc<Shared>, mut inbox: UnboundedReceiver<Forwarding>) {
    let mut standing = shared.standing.subscribe();
    let mut pending = Pending::default();
    let (back_tx, mut back) = unbounded_channel::<Back>();
    let mut route: Option<Route> = None;
    let mut n_routes = 0;
    let mut led_by = who_leads(&standing.borrow());
    let mut taken = Vec::new();
    loop {
        // What is not wanted any more is not sent once again.
        while let Ok(forwarding) = inbox.try_recv() {
            pending.take(forwarding);
        }
        if route.is_none()
            && let Some(found) = find(&shared, &standing.borrow().clone())
        {
            n_routes += 1;
            pending.send_all_again();
            route = Some(match found {
                None => Route::Here,
                Some((server, peer)) => Route::There(dial(&shared, server, peer, n_routes, back_tx.clone())),
            });
        }
        while route.is_some() && pending.has_unsent() {
            let requests = pending.take_unsent(BATCH);
            match &route {
                Some(Route::Here) => hand_over(&shared, requests, n_routes, &back_tx),
                Some(Route::There(outgoing)) if outgoing.requests.send(requests).is_ok() => {}
                _ => route = None,
            }
        }
        tokio::select! {
            biased;
            changed = standing.changed() => {
                if changed.is_err() {
                    return;
                }
                let now = who_leads(&standing.borrow_and_update());
                // Another leader or term: everything goes to it.
                if std::mem::replace(&mut led_by, now) != now {
                    route = None;
                }
            }
            Some((of, reply)) = back.recv() => match reply {
                Some(Reply { request, handled: Handled::Replied(reply) }) if pending.remove(&request) => {
                    shared.machine.answered(request, reply);
                }
                // It does not lead any more, or the connection broke.
                Some(Reply { handled: Handled::NotLeading, .. }) | None if of == n_routes && route.is_some() => {
                    route = None;
                    tokio::time::sleep(PAUSE).await;
                }
                _ => {}
            },
            n = inbox.recv_many(&mut taken, BATCH) => {
                if n == 0 {
                    return;
                }
                taken.drain(..).for_each(|forwarding| pending.take(forwarding));
            }
            // Nobody leads, or it is unknown where.
            () = tokio::time::sleep(PAUSE), if route.is_none() && !pending.by_number.is_empty() => {}
        }
    }
}

fn who_leads(standing: &Standing) -> (Option<ServerId>, u64, bool) {
    (standing.leader, standing.term, standing.leads.is_some())
}

/// Who leads: none where it is this member.
#[expect(clippy::option_option)]
fn find(shared: &Shared, standing: &Standing) -> Option<Option<(ServerId, Peer)>> {
    if standing.leads.is_some() {
        return Some(None);
    }
    let leader = standing.leader.filter(|leader| *leader != shared.server())?;
    let metrics = shared.metrics();
    let peer = metrics
        .membership_config
        .membership()
        .get_node(&leader)
        .cloned()?;
    Some(Some((leader, peer)))
}

/// To this member itself.
fn hand_over(shared: &Shared, requests: Vec<Forwarded>, route: u64, back: &UnboundedSender<Back>) {
    for forwarded in requests {
        let request = forwarded.request;
        let (answer, answered) = oneshot::channel();
        shared.machine.forwarded(forwarded, answer);
        let back = back.clone();
        tokio::spawn(async move {
            if let Ok(handled) = answered.await {
                // Without a receiver the member was stopped.
                let _ = back.send((route, Some(Reply { request, handled })));
            }
        });
    }
}

fn dial(
    shared: &Arc<Shared>,
    server: ServerId,
    peer: Peer,
    route: u64,
    back: UnboundedSender<Back>,
) -> Outgoing {
    let (requests, to_send) = unbounded_channel();
    let shared = shared.clone();
    let task = tokio::spawn(async move {
        if let Err(error) = talk(&shared, server, peer, to_send, route, &back).await {
            tracing::debug!(target: "raft", "forwarding to {server}: {error}");
        }
        // Without a receiver the member was stopped.
        let _ = back.send((route, None));
    });
    Outgoing { requests, task }
}

async fn talk(
    shared: &Shared,
    server: ServerId,
    peer: Peer,
    mut to_send: UnboundedReceiver<Vec<Forwarded>>,
    route: u64,
    back: &UnboundedSender<Back>,
) -> io::Result<()> {
    let failpoints = &shared.dialing.failpoints;
    failpoints.stall().await;
    let connection = Connection::new(shared.dialing.clone(), Some(server), peer.address);
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, connection.connect()).await?;
    let mut linked = connected.map_err(io::Error::other)?;
    peer::write(&mut linked.stream, &peer::Request::Forwards).await?;
    let (mut reader, mut writer) = tokio::io::split(linked.stream);
    let write = async {
        while let Some(requests) = to_send.recv().await {
            failpoints.stall().await;
            failpoints.crash(Failpoint::CrashBeforeSendingExecuteCommandRequest);
            write_all(&mut writer, &requests, &shared.dialing.links).await?;
            failpoints.crash(Failpoint::CrashAfterSendingExecuteCommandRequest);
        }
        Ok(())
    };
    let read = async {
        while let Some(reply) = peer::read::<Reply>(&mut reader, MAX_FRAME).await? {
            failpoints.stall().await;
            shared.dialing.links.heard(server);
            // Without a receiver the member was stopped.
            let _ = back.send((route, Some(reply)));
        }
        Ok(())
    };
    tokio::select! {
        biased;
        ended = write => ended,
        ended = read => ended,
    }
}

/// Several frames with one write.
async fn write_all(
    writer: &mut (impl AsyncWrite + Unpin),
    values: &[impl serde::Serialize],
    links: &Arc<Links>,
) -> io::Result<()> {
    let mut out = Vec::new();
    for value in values {
        peer::frame(&mut out, value)?;
    }
    let _backlog = links.sending(out.len());
    writer.write_all(&out).await?;
    writer.flush().await
}

/// The leader's side of such a connection.
pub(crate) async fn serve(stream: BufReader<Stream>, from: ServerId, shared: &Shared) -> io::Result<()> {
    let failpoints = &shared.dialing.failpoints;
    let (mut reader, mut writer) = tokio::io::split(stream);
    let (replies_tx, mut replies) = unbounded_channel::<(Request, oneshot::Receiver<Handled>)>();
    let read = async {
        while let Some(forwarded) = peer::read::<Forwarded>(&mut reader, MAX_FRAME).await? {
            failpoints.stall().await;
            shared.dialing.links.heard(from);
            let request = forwarded.request;
            let (answer, answered) = oneshot::channel();
            match shared.standing.borrow().leads {
                Some(_) => shared.machine.forwarded(forwarded, answer),
                // Who was waiting may have gone.
                None => drop(answer.send(Handled::NotLeading)),
            }
            // The other half ends with this one.
            let _ = replies_tx.send((request, answered));
        }
        Ok(())
    };
    let write = async {
        let mut waiting = FuturesUnordered::new();
        let mut out = VecDeque::new();
        loop {
            tokio::select! {
                biased;
                Some((request, answered)) = waiting.next() => {
                    // One that became a log entry is not answered.
                    if let Ok(handled) = answered {
                        out.push_back(Reply { request, handled });
                    }
                }
                Some((request, answered)) = replies.recv() => {
                    waiting.push(async move { (request, answered.await) });
                }
            }
            if let Some(reply) = out.pop_front() {
                failpoints.stall().await;
                failpoints.crash(Failpoint::CrashBeforeSendingExecuteCommandReply);
                write_all(&mut writer, &[reply], &shared.dialing.links).await?;
                failpoints.crash(Failpoint::CrashAfterSendingExecuteCommandReply);
            }
        }
    };
    tokio::select! {
        biased;
        ended = read => ended,
        ended = write => ended,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn request(n: u128) -> Request {
        Request {
            server: ServerId::default(),
            id: Uuid::from_u128(n),
        }
    }

    fn send(n: u128) -> Forwarding {
        Forwarding::Send(Forwarded {
            request: request(n),
            body: Default::default(),
        })
    }

    fn unsent(pending: &mut Pending) -> Vec<u128> {
        let unsent = pending.take_unsent(2);
        unsent.iter().map(|f| f.request.id.as_u128()).collect()
    }

    #[test]
    fn what_is_pending_keeps_its_order() {
        let mut pending = Pending::default();
        (1..=3).for_each(|n| pending.take(send(n)));
        assert_eq!(unsent(&mut pending), [1, 2]);
        pending.take(Forwarding::Forget(request(1)));
        pending.take(send(2));
        assert_eq!(unsent(&mut pending), [3]);
        assert!(!pending.has_unsent());
        pending.send_all_again();
        assert_eq!(unsent(&mut pending), [2, 3]);
        assert!(pending.remove(&request(3)));
        assert!(!pending.remove(&request(3)));
        pending.take(send(1));
        pending.send_all_again();
        assert_eq!(unsent(&mut pending), [2, 1]);
    }
}
