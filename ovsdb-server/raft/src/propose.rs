//! Proposals in order, in batches: what comes while a batch is under way goes together into the next one. And single
//! ones that are waited for.

mod gather;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use openraft::errors::RaftError;
use tokio::sync::oneshot;

use crate::error::MemberError;
use crate::shared::Shared;
use crate::types::{Command, LogId, Told};

pub(crate) use gather::Proposals;

/// The next batch waits for the one before, this long at most: a batch costs every member the same whether it holds one
/// entry or many, and a slow disk or a far member must not keep the others waiting.
const PATIENCE: Duration = Duration::from_millis(2);

/// Hands commands to openraft for as long as it is let.
pub(crate) async fn run(shared: Arc<Shared>, proposals: Arc<Proposals>) {
    loop {
        let batch = proposals.next().await;
        let turn = shared.proposing.lock().await;
        let Ok(raft) = shared.raft().await else { return };
        let (mut applied, until_applied) = {
            let (applied, until_applied) = oneshot::channel::<()>();
            (Some(applied), until_applied)
        };
        let last = batch.len().saturating_sub(1);
        for (i, command) in batch.into_iter().enumerate() {
            if let Command::ElectionTimer(ms) = command {
                *shared.timer_next_ms.lock() = Some(ms);
            }
            let told = {
                let shared = shared.clone();
                let applied = if i == last { applied.take() } else { None };
                Told(Box::new(move |result: Result<_, _>| {
                    if let Err(error) = result {
                        in_vain(&shared, &error);
                    }
                    drop(applied);
                }))
            };
            if let Err(error) = raft.client_write_ff(command, Some(told)).await {
                in_vain(&shared, &error);
            }
        }
        drop(raft);
        drop(turn);
        // Its end says enough, whether it was told anything or not.
        let _ = tokio::time::timeout(PATIENCE, until_applied).await;
    }
}

/// Proposes a command and waits until this member has applied it.
pub(crate) async fn write(shared: &Shared, command: Command) -> Result<LogId, MemberError> {
    let (done, written) = oneshot::channel();
    {
        let _turn = shared.proposing.lock().await;
        // Whoever waited may have gone.
        let told = Told(Box::new(|result: Result<_, _>| drop(done.send(result))));
        let raft = shared.raft().await?;
        raft.client_write_ff(command, Some(told)).await?;
    }
    match written.await {
        Ok(Ok(response)) => Ok(response.log_id),
        Ok(Err(error)) => Err(RaftError::APIError(error).into()),
        Err(_) => Err(MemberError::Stopped(
            "it is unknown what became of a proposal".to_owned(),
        )),
    }
}

fn in_vain(shared: &Shared, error: &dyn std::error::Error) {
    tracing::debug!(target: "raft", "proposed in vain: {error}");
    shared.lost.store(true, Ordering::Release);
    shared.changed.notify_one();
}
