//! What a member is at the moment: looked at whenever something happens, and often enough to see that nothing does.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use openraft::async_runtime::watch::WatchReceiver;
use openraft::{Instant as _, ServerState};
use tokio::time::Instant;

use crate::failpoints::Failpoint;
use crate::machine::Standing;
use crate::shared::{Metrics, Shared, index_of, other_voters};

/// A member counts as connected for this many election timers after it last heard of a leader, so that clients stay
/// over an election that succeeds.
const PATIENCE: u32 = 3;

/// Tells the machine what this member is, for as long as it runs.
pub(crate) async fn watch(shared: Arc<Shared>) {
    let mut seen = Seen {
        hold_until: Instant::now(),
        has_failed: false,
    };
    while let Ok(raft) = shared.raft().await {
        let (mut server_metrics, mut metrics) = (raft.server_metrics(), raft.metrics());
        drop(raft);
        loop {
            let is_coming = look(&shared, &mut seen).await;
            let tick = (shared.timer() / 20).clamp(Duration::from_millis(5), Duration::from_millis(200));
            tokio::select! {
                biased;
                changed = server_metrics.changed() => if changed.is_err() { break },
                changed = metrics.changed(), if is_coming => if changed.is_err() { break },
                () = shared.changed.notified() => {}
                () = tokio::time::sleep(tick) => {}
            }
        }
        // openraft was restarted, or failed: then this is seen once more and at leisure.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What was seen before.
struct Seen {
    /// It does not lead until then.
    hold_until: Instant,
    /// It was told why this member takes part no more.
    has_failed: bool,
}

/// Says once why this member takes part no more.
fn tell_failure(shared: &Shared, metrics: &Metrics, seen: &mut Seen) {
    if let Err(error) = &metrics.running_state
        && !std::mem::replace(&mut seen.has_failed, true)
    {
        tracing::error!(
            target: "raft",
            "{}: this member has stopped: {error}; mend what is wrong, or, where its folder is damaged, kick it, remove \
             its file and let a new one join; then start this server again: no other server needs it meanwhile, as \
             long as a majority runs",
            shared.settings.database
        );
    }
}

/// Whether it waits for entries to be applied before it leads, or serves.
async fn look(shared: &Shared, seen: &mut Seen) -> bool {
    if shared.progress.is_restarting() {
        return false;
    }
    let metrics = shared.metrics();
    if let Some(acked) = metrics.last_quorum_acked {
        let at = Instant::now() - acked.elapsed();
        let mut known = shared.quorum_acked.lock();
        *known = (*known).max(Some(at));
    }
    tell_failure(shared, &metrics, seen);
    note_elections(shared, &metrics);
    note_membership(shared, &metrics).await;
    forget_refusals(shared, &metrics);
    delay_election(shared).await;
    let timer = shared.timer();
    if shared.lost.swap(false, Ordering::AcqRel) {
        // Whoever proposed must see that it did so in vain, even if this member goes on to lead the same term.
        seen.hold_until = Instant::now() + timer / 5;
    }
    let held = Instant::now() < seen.hold_until;
    let handing_over = *shared.handing_over.lock() == Some(metrics.current_term);
    let standing = judge(shared, &metrics, held || handing_over);
    let progress = &shared.progress;
    progress.leads.store(standing.leads.is_some(), Ordering::Release);
    if standing.leads.is_none() {
        *shared.timer_next_ms.lock() = None;
    }
    let leads = standing.leads;
    let is_elected = metrics.state == ServerState::Leader && leads.is_none();
    let is_coming = is_elected || standing.member && !standing.connected;
    if standing != *shared.standing.borrow() {
        shared.machine.standing(standing.clone());
        shared.standing.send_replace(standing);
    }
    // Whoever reads this asks the machine after it was told.
    if let Some(term) = leads {
        shared.led_term.store(term, Ordering::Release);
    }
    is_coming
}

fn judge(shared: &Shared, metrics: &Metrics, suspended: bool) -> Standing {
    let timer = shared.timer();
    let removed = shared.removed.load(Ordering::Acquire);
    let mut standing = Standing {
        term: metrics.current_term,
        removed,
        ..Standing::default()
    };
    let membership = metrics.membership_config.membership();
    standing.member = !removed && membership.voter_ids().any(|id| id == metrics.id);
    if let Err(error) = &metrics.running_state {
        standing.failure = Some(error.to_string());
        return standing;
    }
    if metrics.state == ServerState::Leader {
        let alone = other_voters(metrics).is_empty();
        let acked = *shared.quorum_acked.lock();
        let fresh = alone || acked.is_some_and(|at| at.elapsed() < timer);
        let applied = metrics.last_applied.map(|last| last.committed_leader_id().term);
        let leads = fresh && !suspended && applied == Some(metrics.current_term);
        standing.leads = leads.then_some(metrics.current_term);
        standing.leader = fresh.then_some(metrics.id);
    } else {
        let heard = shared.fresh_leader();
        standing.leader = heard.filter(|leader| metrics.current_leader == Some(*leader));
    }
    // As a leader it heard of itself when a quorum last answered.
    let heard = shared
        .heard
        .lock()
        .map(|(_, at)| at)
        .max(*shared.quorum_acked.lock());
    let recently = heard.is_some_and(|at| at.elapsed() < timer * PATIENCE);
    standing.connected =
        standing.member && shared.is_caught_up(metrics) && (recently || standing.leader == Some(metrics.id));
    standing
}

/// Elections that this member began are seen where it asks for votes; here: those it won.
fn note_elections(shared: &Shared, metrics: &Metrics) {
    if metrics.state == ServerState::Leader {
        shared.dialing.elections.won(metrics.current_term);
    }
    let n_others = other_voters(metrics).len();
    shared
        .dialing
        .failpoints
        .n_others
        .store(n_others, Ordering::Release);
}

async fn note_membership(shared: &Shared, metrics: &Metrics) {
    let committed = &metrics.committed_membership_config;
    let counts = |index: &u64| {
        !shared.removed.load(Ordering::Acquire)
            && !shared.joining.load(Ordering::Acquire)
            && *index >= shared.member_from.load(Ordering::Acquire)
    };
    let Some(index) = index_of(committed).filter(counts) else {
        return;
    };
    let voter = committed.membership().voter_ids().any(|id| id == metrics.id);
    let known = shared.voter_at.load(Ordering::Acquire);
    if voter && let Err(error) = shared.has_vote_since(index).await {
        tracing::warn!(target: "raft", "cannot write down that this server is a member: {error}");
    }
    let at = index + 1;
    // After a restart the last membership known may be one from before.
    let without = !voter && known > 0 && at > known;
    // A member that knows a later membership does not find this server in it.
    let expelled = known > 0 && shared.dialing.expelled_at().is_some_and(|at| at + 1 > known);
    if without || expelled {
        shared.set_removed().await;
    }
}

/// Nobody asks there any more: what was wrong has been mended, or concerns nobody.
fn forget_refusals(shared: &Shared, metrics: &Metrics) {
    let mut refusals = shared.dialing.refusals.lock();
    if refusals.is_empty() {
        return;
    }
    let membership = metrics.membership_config.membership();
    let asked = shared.asked.lock();
    refusals.retain(|address, _| {
        asked.contains(address) || membership.nodes().any(|(_, node)| node.address == *address)
    });
}

/// A fault that is brought about on purpose: this member lets others be faster.
async fn delay_election(shared: &Shared) {
    if !shared.dialing.failpoints.is(Failpoint::DelayElection) {
        return;
    }
    let heard = *shared.heard.lock();
    let late = heard.is_none_or(|(_, at)| at.elapsed() > shared.timer() * 5 / 2);
    if let Ok(raft) = shared.raft().await {
        raft.runtime_config().elect(late);
    }
}
