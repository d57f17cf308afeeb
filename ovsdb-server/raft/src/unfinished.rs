//! What a leader began with the membership and could not end, because it died or led no more: whoever leads next ends it.
//!
//! A vote comes or goes with two entries: openraft agrees on the old and the new voters together, then on the new ones
//! alone. A server that goes is forgotten with a third entry, one that comes is a learner before the first. Where a
//! leader ends in between, the log says what was meant, but for learners: one that joins looks like one that goes. Who
//! joins asks for it again and again, and whoever leads hears that; a learner that does not ask is waited for by nobody.
//! Its address is free once it is forgotten. Should it ask after all, it is taken in as any other.
//!
//! Never here: what a leader does while it leads ([`crate::membership`]), which holds the same lock.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use openraft::{ChangeMembers, ServerState};
use tokio::time::Instant;

use crate::error::MemberError;
use crate::membership::{AGAIN, SILENCE, transfer};
use crate::shared::Shared;
use crate::types::ServerId;

/// A learner that has not asked for so long, of this leader, does not want to be taken in.
const UNASKED: Duration = SILENCE.saturating_mul(2);

/// Who asked to be taken in, and when last: whether or not it could be.
#[derive(Default)]
pub(crate) struct Asked(BTreeMap<ServerId, Instant>);

impl Asked {
    /// A server asks, or was answered.
    pub(crate) fn note(&mut self, server: ServerId) {
        self.0.retain(|_, at| at.elapsed() < UNASKED);
        self.0.insert(server, Instant::now());
    }

    fn lately(&self, server: ServerId) -> bool {
        self.0.get(&server).is_some_and(|at| at.elapsed() < UNASKED)
    }
}

/// Ends what other leaders have begun, for as long as this member runs.
pub(crate) async fn finish(shared: Arc<Shared>) {
    let mut leading: Option<(u64, Instant)> = None;
    loop {
        tokio::time::sleep(AGAIN).await;
        let term = shared.standing.borrow().leads;
        leading = term.map(|term| match leading {
            Some((led, since)) if led == term => (led, since),
            _ => (term, Instant::now()),
        });
        let Some((_, since)) = leading else { continue };
        if let Err(error) = finish_one(&shared, since).await {
            tracing::info!(
                target: "raft",
                "{}: a change of the membership is still to be ended: {error}",
                shared.settings.database
            );
            tokio::time::sleep(SILENCE).await;
        }
    }
}

/// One step of what is to be done, if anything is.
async fn finish_one(shared: &Shared, since: Instant) -> Result<(), MemberError> {
    // Whoever has it ends what is going on, and who waits for it is no learner of long ago.
    let Ok(_turn) = shared.membership.try_lock() else {
        return Ok(());
    };
    let metrics = shared.metrics();
    if metrics.state != ServerState::Leader {
        return Ok(());
    }
    let membership = metrics.membership_config.membership();
    let voters = membership.get_joint_config();
    if let [_, .., after] = voters.as_slice() {
        if !after.contains(&metrics.id) {
            // Somebody else has to do that.
            return transfer(shared, None).await;
        }
        tracing::info!(target: "raft", "ending the change of voters that another leader began");
        let none = ChangeMembers::AddVoterIds([].into());
        shared.raft().await?.change_membership(none, true).await?;
        return Ok(());
    }
    if since.elapsed() < UNASKED {
        return Ok(());
    }
    let unasked = {
        let asked = shared.asked_by.lock();
        membership.learner_ids().find(|learner| !asked.lately(*learner))
    };
    if let Some(server) = unasked {
        tracing::info!(
            target: "raft",
            "forgetting server {server}: it has no vote, and does not ask to be taken in"
        );
        let forgotten = ChangeMembers::RemoveNodes([server].into());
        shared.raft().await?.change_membership(forgotten, true).await?;
    }
    Ok(())
}
