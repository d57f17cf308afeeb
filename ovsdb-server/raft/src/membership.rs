//! Servers that come and go, and leadership that is handed over.
//!
//! A server that comes is a learner until it has caught up, then a voter. One that goes loses its vote first, and is
//! forgotten once it had time to hear of that. One change at a time, each made by the leader, whoever asks for it. What
//! a leader leaves half-done is ended by the next ([`crate::unfinished`]).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use openraft::async_runtime::watch::WatchReceiver;
use openraft::raft::VoteRequest;
use openraft::{ChangeMembers, ServerState};
use tokio::time::Instant;

use crate::error::MemberError;
use crate::peer::client::{CallError, Connection};
use crate::peer::{Answer, Refusal, Request};
use crate::shared::{Metrics, Phase, Shared, index_of, other_voters, told_to_stop};
use crate::state_machine::Raft;
use crate::types::{Peer, ServerId};

/// How long a server waits before it asks again.
pub(crate) const AGAIN: Duration = Duration::from_millis(500);

/// How long asking another member for a change of the membership may take.
const ASK_TIMEOUT: Duration = Duration::from_secs(30);

/// A server that joins is given up when it was not heard of for so long: it asks again, and others wait for their turn.
pub(crate) const SILENCE: Duration = Duration::from_secs(5);

/// How often something is looked at that should happen soon.
const POLL: Duration = Duration::from_millis(10);

/// Makes this server the first member of a cluster, once.
pub(crate) async fn found(shared: &Shared) -> Result<(), MemberError> {
    let raft = shared.raft().await?;
    if raft.is_initialized().await? {
        return Ok(());
    }
    let members = BTreeMap::from([(shared.server(), shared.own())]);
    match raft.initialize(members).await {
        Ok(()) => Ok(()),
        Err(error) => Err(MemberError::Refused(error.to_string())),
    }
}

/// Asks members to take this server in, again and again, until one that leads has done so. One that refuses is passed
/// over: another address may be the right one, and what is wrong may be mended meanwhile.
pub(crate) async fn join(shared: &Shared, mut remotes: Vec<String>) -> Result<(), MemberError> {
    if remotes.is_empty() {
        return Err(MemberError::Refused("there is nobody to ask".to_owned()));
    }
    let mut next = 0;
    // What it sees of the membership before it is taken in is of another life of the same server.
    shared.joining.store(true, Ordering::Release);
    loop {
        shared.raft().await?;
        // All that it was told of may have gone since it began to learn.
        let leader = leader_heard(shared).filter(|leader| !remotes.contains(&leader.address));
        remotes.extend(leader.map(|leader| leader.address));
        shared.asked.lock().clone_from(&remotes);
        let address = remotes[next % remotes.len()].clone();
        next += 1;
        let store = shared.running().await?.store;
        let request = Request::Join {
            server: shared.server(),
            peer: shared.own(),
            is_new: store.last()?.or(store.purged()?).is_none(),
        };
        let mut connection = Connection::new(shared.dialing.clone(), None, address);
        match connection.call(&request, ASK_TIMEOUT).await {
            Ok(Answer::Admitted(index)) => {
                // It may be taken out again before it sees the membership that it is in.
                shared.has_vote_since(index).await?;
                shared.member_from.store(index, Ordering::Release);
                shared.asked.lock().clear();
                shared.joining.store(false, Ordering::Release);
                return Ok(());
            }
            Ok(Answer::AskLeader(Some(leader))) => {
                let known = remotes.iter().position(|address| *address == leader.address);
                let asked_it = known == Some((next - 1) % remotes.len());
                if known.is_none() {
                    remotes.push(leader.address);
                }
                next = known.unwrap_or(remotes.len() - 1);
                if !asked_it {
                    continue;
                }
            }
            Ok(_) => {}
            // It was told where it came in.
            Err(CallError::Refused { .. }) => {}
            Err(error) => tracing::info!(target: "raft", "joining: {error}"),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// The leader, if it was heard of lately.
fn leader_heard(shared: &Shared) -> Option<Peer> {
    let metrics = shared.metrics();
    let membership = metrics.membership_config.membership();
    membership.get_node(&shared.fresh_leader()?).cloned()
}

/// Leader's side of [`join`]. Asking again is harmless.
pub(crate) async fn admit(shared: &Arc<Shared>, server: ServerId, peer: Peer, is_new: bool) -> Answer {
    // What was begun is ended, even when the asker has gone.
    let shared = shared.clone();
    let admitted = tokio::spawn(async move {
        shared.asked_by.lock().note(server);
        let _turn = shared.membership.lock().await;
        let answer = admit_in_turn(&shared, server, peer, is_new).await;
        shared.asked_by.lock().note(server);
        answer
    });
    admitted
        .await
        .unwrap_or_else(|error| Answer::Failed(error.to_string()))
}

async fn admit_in_turn(shared: &Shared, server: ServerId, peer: Peer, is_new: bool) -> Answer {
    let metrics = shared.metrics();
    if let Some(leader) = elsewhere(&metrics) {
        return leader;
    }
    let membership = metrics.membership_config.membership();
    if let Some((other, _)) = membership
        .nodes()
        .find(|(id, node)| **id != server && **node == peer)
    {
        return Answer::Refused(Refusal::AddressTaken {
            address: peer.address,
            server: *other,
        });
    }
    if membership.voter_ids().any(|id| id == server) {
        if !is_new {
            let committed = &metrics.committed_membership_config;
            let has_vote = committed.membership().voter_ids().any(|id| id == server);
            return match index_of(committed).filter(|_| has_vote) {
                Some(index) => Answer::Admitted(index),
                None => Answer::Failed(format!("the vote of server {server} is not committed yet")),
            };
        }
        tracing::warn!(
            target: "raft",
            "server {server} comes back without its log: it has no vote until it has what the others have"
        );
        if let Err(error) = without_its_log(shared, server).await {
            return failed(error);
        }
    }
    tracing::info!(target: "raft", "adding server {server} at {}", peer.address);
    shared.dialing.acknowledged.forget(server);
    shared.dialing.refusals.lock().remove(&peer.address);
    let added = async {
        let raft = shared.raft().await?;
        set_phase(shared, server, Phase::CatchingUp);
        raft.add_learner(server, peer, false).await?;
        shared.dialing.failpoints.adding();
        caught_up(shared, &raft, server).await?;
        set_phase(shared, server, Phase::Committing);
        let voter = ChangeMembers::AddVoterIds([server].into());
        let admitted = raft.change_membership(voter, true).await?;
        Ok::<u64, MemberError>(admitted.log_id.index)
    };
    let added = added.await;
    *shared.phase.lock() = None;
    match added {
        Ok(index) => Answer::Admitted(index),
        Err(error) => failed(error),
    }
}

/// The answer where something could not be done.
pub(crate) fn failed(error: MemberError) -> Answer {
    match error {
        MemberError::NotLeader(_) => Answer::AskLeader(None),
        error => Answer::Failed(error.to_string()),
    }
}

/// The refusal of a member that has less of the log than it told this leader.
pub(crate) fn log_lost(shared: &Shared, server: ServerId) -> Option<Refusal> {
    let metrics = shared.metrics();
    if metrics.state != ServerState::Leader {
        return None;
    }
    let index = shared.dialing.acknowledged.lost(server, metrics.current_term)?;
    Some(Refusal::LogLost { server, index })
}

/// A member has lost its log and begins anew. What it acknowledged counts no more; so the others must have it before
/// it has a vote again, which they have once they have taken it out.
async fn without_its_log(shared: &Shared, server: ServerId) -> Result<(), MemberError> {
    let voters = shared
        .metrics()
        .membership_config
        .membership()
        .voter_ids()
        .count();
    if voters > 2 {
        return remove_in_turn(shared, server).await;
    }
    // Of two, neither goes on without the other: whatever is committed is in this leader's log.
    let matched = || {
        let matched = shared.metrics().replication.unwrap_or_default();
        matched.get(&server).copied().flatten()
    };
    let before = matched();
    let allowed = shared
        .raft()
        .await?
        .trigger()
        .allow_next_revert(&server, true)
        .await?;
    allowed.map_err(|error| MemberError::Refused(error.to_string()))?;
    shared.dialing.acknowledged.forget(server);
    until(SILENCE, || matched() < before).await;
    Ok(())
}

/// Waits until a learner has what was in the log when this was called. A large snapshot may take its time; without
/// any sign of life for long it is given up.
async fn caught_up(shared: &Shared, raft: &Raft, server: ServerId) -> Result<(), MemberError> {
    let mut metrics = raft.metrics();
    let goal = metrics.borrow_watched().last_log_index;
    let began = Instant::now();
    loop {
        {
            let now = metrics.borrow_watched().clone();
            if now.state != ServerState::Leader {
                return Err(MemberError::NotLeader(now.current_leader));
            }
            let matched = now
                .replication
                .as_ref()
                .and_then(|known| known.get(&server).copied().flatten());
            if matched.map(|id| id.index) >= goal {
                return Ok(());
            }
        }
        let heard = shared.dialing.links.last_heard(server);
        if heard.max(Some(began)).is_some_and(|at| at.elapsed() > SILENCE) {
            return Err(MemberError::Refused(format!(
                "{server} was not heard of for too long"
            )));
        }
        // Without news for a while it is looked at all the same.
        let _ = tokio::time::timeout(AGAIN, metrics.changed()).await;
    }
}

fn set_phase(shared: &Shared, server: ServerId, phase: Phase) {
    *shared.phase.lock() = Some((server, phase));
}

/// The answer of a member that does not lead.
fn elsewhere(metrics: &Metrics) -> Option<Answer> {
    if metrics.state == ServerState::Leader {
        return None;
    }
    let membership = metrics.membership_config.membership();
    let leader = metrics.current_leader;
    Some(Answer::AskLeader(
        leader.and_then(|id| membership.get_node(&id).cloned()),
    ))
}

/// Has a server taken out, by whoever leads.
pub(crate) async fn kick(shared: &Arc<Shared>, server: ServerId) -> Result<(), MemberError> {
    let end = Instant::now() + ASK_TIMEOUT;
    let mut last = "nobody leads".to_owned();
    while Instant::now() < end {
        shared.raft().await?;
        let answer = match leader_elsewhere(shared) {
            Some((id, peer)) => {
                let mut connection = Connection::new(shared.dialing.clone(), Some(id), peer.address);
                connection.call(&Request::Remove(server), ASK_TIMEOUT).await
            }
            None => {
                may_remove(shared, server)?;
                Ok(remove(shared, server).await)
            }
        };
        match answer {
            Ok(Answer::Done) => return Ok(()),
            Ok(Answer::Failed(what)) => last = what,
            Ok(_) => {}
            Err(error) => last = error.to_string(),
        }
        tokio::time::sleep(POLL * 10).await;
    }
    Err(MemberError::Refused(last))
}

pub(crate) fn leader_elsewhere(shared: &Shared) -> Option<(ServerId, Peer)> {
    let metrics = shared.metrics();
    let leader = metrics.current_leader.filter(|leader| *leader != metrics.id)?;
    let peer = metrics
        .membership_config
        .membership()
        .get_node(&leader)
        .cloned()?;
    Some((leader, peer))
}

/// Leader's side of [`kick`]: takes a server out, whether it is there or not.
pub(crate) async fn remove(shared: &Arc<Shared>, server: ServerId) -> Answer {
    // What was begun is ended, even when the asker has gone.
    let shared = shared.clone();
    let removed = tokio::spawn(async move {
        let _turn = shared.membership.lock().await;
        let metrics = shared.metrics();
        if let Some(leader) = elsewhere(&metrics) {
            return leader;
        }
        if server == shared.server() {
            if let Err(error) = may_remove(&shared, server) {
                return failed(error);
            }
            // Somebody else has to do that.
            return match transfer(&shared, None).await {
                Ok(()) => {
                    until_led_elsewhere(&shared).await;
                    Answer::AskLeader(None)
                }
                Err(error) => Answer::Failed(error.to_string()),
            };
        }
        set_phase(&shared, server, Phase::Removing);
        let removed = remove_in_turn(&shared, server).await;
        *shared.phase.lock() = None;
        match removed {
            Ok(()) => Answer::Done,
            Err(error) => failed(error),
        }
    });
    removed
        .await
        .unwrap_or_else(|error| Answer::Failed(error.to_string()))
}

/// Whether those that are there can agree to do without a voter, and on anything after that: a change that nobody
/// can agree on would stop all writes, and every other change. Only a leader can tell.
pub(crate) fn may_remove(shared: &Shared, server: ServerId) -> Result<(), MemberError> {
    let metrics = shared.metrics();
    let present: BTreeSet<ServerId> = metrics.membership_config.membership().voter_ids().collect();
    if metrics.state != ServerState::Leader || !present.contains(&server) {
        return Ok(());
    }
    let mut remaining = present.clone();
    remaining.remove(&server);
    for (which, voters) in [("present", present), ("remaining", remaining)] {
        let (n, n_there) = (
            voters.len(),
            voters.iter().filter(|id| shared.is_there(**id)).count(),
        );
        // With the last one the cluster ends.
        if n > 0 && n_there * 2 <= n {
            return Err(MemberError::NoMajority {
                server,
                n_there,
                n,
                which,
            });
        }
    }
    Ok(())
}

async fn remove_in_turn(shared: &Shared, server: ServerId) -> Result<(), MemberError> {
    may_remove(shared, server)?;
    let raft = shared.raft().await?;
    let membership = |metrics: &Metrics| metrics.membership_config.membership().clone();
    if membership(&shared.metrics()).voter_ids().any(|id| id == server) {
        tracing::info!(target: "raft", "removing server {server}");
        let voters = ChangeMembers::RemoveVoters([server].into());
        raft.change_membership(voters, true).await?;
        let index = index_of(&shared.metrics().membership_config);
        // It hears of it, unless it is not there.
        let end = Instant::now() + shared.timer();
        while Instant::now() < end {
            let matched = shared.metrics().replication.unwrap_or_default();
            if matched.get(&server).copied().flatten().map(|id| id.index) >= index {
                // With this it learns that the change is committed.
                raft.trigger().heartbeat().await?;
                tokio::time::sleep(POLL * 2).await;
                break;
            }
            tokio::time::sleep(POLL).await;
        }
    }
    if membership(&shared.metrics()).get_node(&server).is_some() {
        let nodes = ChangeMembers::RemoveNodes([server].into());
        raft.change_membership(nodes, true).await?;
    }
    Ok(())
}

/// Leaves the cluster. Ends when this server is not a member any more.
pub(crate) async fn leave(shared: &Arc<Shared>) -> Result<(), MemberError> {
    shared.leaving.store(true, Ordering::Release);
    let left = leave_now(shared).await;
    shared.leaving.store(false, Ordering::Release);
    left
}

async fn leave_now(shared: &Arc<Shared>) -> Result<(), MemberError> {
    loop {
        if shared.removed.load(Ordering::Acquire) {
            return Ok(());
        }
        let metrics = shared.metrics();
        if metrics.state == ServerState::Leader {
            if other_voters(&metrics).is_empty() {
                // The cluster ends with it.
                shared.set_removed().await;
                return Ok(());
            }
            match may_remove(shared, metrics.id) {
                Ok(()) => {
                    transfer(shared, None).await?;
                    until_led_elsewhere(shared).await;
                }
                // Those that are missing may come back.
                Err(error) => {
                    tracing::warn!(target: "raft", "{}: {error}", shared.settings.database);
                    tokio::time::sleep(SILENCE).await;
                }
            }
            continue;
        }
        if leader_elsewhere(shared).is_some() {
            match kick(shared, shared.server()).await {
                Ok(()) => {
                    shared.set_removed().await;
                    return Ok(());
                }
                Err(error) => {
                    tracing::info!(target: "raft", "{}: leaving: {error}", shared.settings.database)
                }
            }
        }
        shared.raft().await?;
        tokio::time::sleep(AGAIN).await;
    }
}

/// [`transfer`], until whoever was to lead does.
pub(crate) async fn transfer_and_wait(shared: &Shared, to: Option<ServerId>) -> Result<(), MemberError> {
    transfer(shared, to).await?;
    let leads_now = || {
        let (leader, _) = leader_elsewhere(shared)?;
        Some(leader).filter(|leader| to.is_none_or(|to| *leader == to))
    };
    // An election among members that are there takes a moment; another one begins by itself where it fails.
    until(shared.timer() * 2 + AGAIN, || leads_now().is_some()).await;
    match (leads_now(), leader_elsewhere(shared)) {
        (Some(_), _) => Ok(()),
        (None, Some((leader, _))) => Err(MemberError::Refused(format!(
            "server {leader} leads instead: it may have more of the log; ask it"
        ))),
        (None, None) => Err(MemberError::Refused(
            "nobody has taken over yet: look who leads before you ask again".to_owned(),
        )),
    }
}

/// Hands leadership to another member, by default to the one that has most of the log among those that are there. Ends
/// when that was asked to lead.
pub(crate) async fn transfer(shared: &Shared, to: Option<ServerId>) -> Result<(), MemberError> {
    let metrics = shared.metrics();
    if metrics.state != ServerState::Leader {
        return Err(MemberError::NotLeader(metrics.current_leader));
    }
    let matched = metrics.replication.clone().unwrap_or_default();
    let is_there = |id: &ServerId| shared.is_there(*id);
    let voters = other_voters(&metrics);
    // Who has no vote never leads: this member would neither, for the rest of the term.
    if let Some(to) = to.filter(|to| !voters.contains(to)) {
        return Err(MemberError::Refused(format!("server {to} is no other voter")));
    }
    // Nobody would lead until the others have missed this one.
    if let Some(to) = to.filter(|to| !is_there(to)) {
        return Err(MemberError::Refused(format!(
            "server {to} was not heard of within the election timer: name one that is there, or none"
        )));
    }
    let others = voters.into_iter().filter(is_there);
    let best = others.max_by_key(|id| matched.get(id).copied().flatten());
    let Some(to) = to.or(best) else {
        return Err(MemberError::Refused("no other voter is there".to_owned()));
    };
    // Whoever restarts openraft, which would forget of it, waits for this.
    let running = shared.running.read().await;
    let raft = &running.as_ref().ok_or_else(told_to_stop)?.raft;
    tracing::info!(target: "raft", "transferring leadership to {to}");
    // From now on nothing is proposed.
    *shared.handing_over.lock() = Some(metrics.current_term);
    shared.changed.notify_one();
    let told = raft.trigger().transfer_leader(to).await;
    if told.is_err() {
        *shared.handing_over.lock() = None;
    }
    Ok(told?)
}

/// Has leadership handed to this member by whoever has it. Ends when it leads.
pub(crate) async fn lead(shared: &Shared) -> Result<(), MemberError> {
    let leads = || shared.standing.borrow().leads.is_some();
    let end = Instant::now() + shared.timer() * 2 + AGAIN;
    let mut last = MemberError::NotLeader(None);
    while !leads() {
        if Instant::now() > end {
            return Err(last);
        }
        if let Some((leader, peer)) = leader_elsewhere(shared) {
            let mut connection = Connection::new(shared.dialing.clone(), Some(leader), peer.address);
            let request = Request::HandOver(shared.server());
            last = match connection.call(&request, ASK_TIMEOUT).await {
                Ok(Answer::Done) => MemberError::NotLeader(Some(leader)),
                Ok(_) => MemberError::NotLeader(None),
                Err(error) => MemberError::Refused(error.to_string()),
            };
            // An election among members that are there takes a moment.
            until(shared.timer(), leads).await;
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

/// Waits for something that should happen soon, but not for longer than this.
async fn until(patience: Duration, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + patience;
    while !done() && Instant::now() < end {
        tokio::time::sleep(POLL).await;
    }
}

/// Before a clean exit: somebody else is to lead.
pub(crate) async fn hand_over(shared: &Shared) {
    if transfer(shared, None).await.is_ok() {
        until_led_elsewhere(shared).await;
    }
}

/// Waits until another member leads, one election timer at most.
async fn until_led_elsewhere(shared: &Shared) {
    until(shared.timer(), || leader_elsewhere(shared).is_some()).await;
}

/// Asks the others whether this server is still a member, where nobody would tell: one that lost its vote while it was
/// cut off is sent nothing any more, and does not ask for votes.
pub(crate) async fn ask_whether_removed(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(shared.timer() * 3).await;
        let metrics = shared.metrics();
        let membership = metrics.membership_config.membership();
        let lost_its_vote = shared.voter_at.load(Ordering::Acquire) > 0
            && !membership.voter_ids().any(|id| id == metrics.id)
            && !shared.removed.load(Ordering::Acquire);
        if !lost_its_vote || shared.fresh_leader().is_some() {
            continue;
        }
        let Ok(running) = shared.running().await else {
            return;
        };
        // Whether they would vote for it: an answer that is no hint of a removal changes nothing anywhere.
        let Ok(last) = running.store.last() else { return };
        for (server, peer) in membership.nodes().filter(|(id, _)| **id != metrics.id) {
            let mut connection = Connection::new(shared.dialing.clone(), Some(*server), peer.address.clone());
            let question = Request::PreVote(VoteRequest::new(metrics.vote, last));
            // The answer is noted where it comes in; who does not answer does not matter.
            let _ = connection.call(&question, shared.timer()).await;
        }
        shared.changed.notify_one();
    }
}

/// Hands over leadership when a failure test wants it.
pub(crate) async fn hand_over_on_demand(shared: Arc<Shared>) {
    loop {
        shared.dialing.failpoints.transfer.notified().await;
        tracing::info!(target: "raft", "Transferring leadership to write a snapshot.");
        // Alone, or not the leader: there is nothing to hand over.
        let _ = transfer(&shared, None).await;
    }
}
