//! A leader whose process died: its connections end at once, and nobody listens at its address any more. A follower
//! that sees both need not wait until the election timer is over.
//!
//! A mistake costs nothing: without the agreement of a majority that saw the same no term begins (pre-vote), and what a
//! leader says to clients is asked of a quorum first.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::failpoints::Failpoint;
use crate::peer;
use crate::random;
use crate::shared::Shared;
use crate::types::ServerId;

/// An address where nobody answers in this time is not one where nobody listens.
const PROBE_TIMEOUT: Duration = Duration::from_millis(100);

/// How long to wait before each look.
const PROBES_MS: [u64; 6] = [0, 5, 10, 20, 40, 80];

/// Followers wait for different times, so that one of them is the first to ask for votes.
const DELAY_MAX_MS: u64 = 100;

/// How often it asks for votes: the first time the others may not have seen yet what it saw.
const ATTEMPTS: usize = 4;

/// What an election takes between members that are near: it is not disturbed meanwhile.
const ELECTION_MS: u64 = 30;

/// A connection that `from` had made ended: if it leads, looks into it.
pub(crate) fn ended(shared: &Arc<Shared>, from: ServerId) {
    if shared.metrics().current_leader != Some(from)
        || shared.fresh_leader() != Some(from)
        || from == shared.server()
        || shared.suspecting.swap(true, Ordering::AcqRel)
    {
        return;
    }
    let shared = shared.clone();
    tokio::spawn(async move {
        if let Some(address) = address(&shared, from)
            && is_gone(&shared, from, &address).await
        {
            tracing::info!(target: "raft", "{address}: leader {from} is gone");
            elect(&shared, from).await;
        }
        shared.suspecting.store(false, Ordering::Release);
    });
}

fn address(shared: &Shared, server: ServerId) -> Option<String> {
    let metrics = shared.metrics();
    let membership = metrics.membership_config.membership();
    membership.get_node(&server).map(|peer| peer.address.clone())
}

/// Whether nobody listens at a leader's address. A process that is being ended closes one socket after the other: so
/// this is looked at more than once.
async fn is_gone(shared: &Shared, leader: ServerId, address: &str) -> bool {
    for pause in PROBES_MS {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        if shared.metrics().current_leader != Some(leader) {
            return false;
        }
        if nobody_listens(shared, address).await {
            return true;
        }
    }
    false
}

async fn nobody_listens(shared: &Shared, address: &str) -> bool {
    let Ok(active) = peer::active(address) else {
        return false;
    };
    let dialed = shared.dialing.world.dial(&active, &shared.dialing.tls);
    match tokio::time::timeout(PROBE_TIMEOUT, dialed).await {
        Ok(Err(error)) => matches!(
            error.kind(),
            ErrorKind::ConnectionRefused | ErrorKind::HostUnreachable | ErrorKind::NotFound
        ),
        _ => false,
    }
}

async fn elect(shared: &Shared, gone: ServerId) {
    if shared.dialing.failpoints.is(Failpoint::DelayElection) {
        return;
    }
    for attempt in 0..ATTEMPTS {
        // Another one after a change of the election timer, which has not seen anything.
        let Ok(raft) = shared.raft().await else { return };
        // Others may have the vote of this member from now on; it asks for theirs a moment later. One that has stopped
        // neither gives nor asks.
        if shared.metrics().current_leader == Some(gone) {
            let _ = shared.distrust(&raft).await;
        }
        let pause = random::number() % DELAY_MAX_MS + if attempt == 0 { 0 } else { ELECTION_MS };
        tokio::time::sleep(Duration::from_millis(pause)).await;
        if shared
            .metrics()
            .current_leader
            .is_some_and(|leader| leader != gone)
        {
            return;
        }
        let _ = raft.trigger().elect(true).await;
    }
}
