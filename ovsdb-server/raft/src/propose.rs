//! Proposals in order, without waiting for them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::mpsc::UnboundedReceiver;

use crate::shared::Shared;
use crate::types::{Command, Told};

/// Commands handed to openraft in one turn, at most.
const BATCH: usize = 1024;

/// Hands commands to openraft for as long as some may come.
pub(crate) async fn run(shared: Arc<Shared>, mut proposed: UnboundedReceiver<Command>) {
    let mut batch = Vec::new();
    while proposed.recv_many(&mut batch, BATCH).await > 0 {
        let _turn = shared.proposing.lock().await;
        let Ok(raft) = shared.raft().await else { return };
        for command in batch.drain(..) {
            if let Command::ElectionTimer(ms) = command {
                *shared.timer_next_ms.lock() = Some(ms);
            }
            let told = {
                let shared = shared.clone();
                Told(Box::new(move |result: Result<_, _>| {
                    if let Err(error) = result {
                        in_vain(&shared, &error);
                    }
                }))
            };
            if let Err(error) = raft.client_write_ff(command, Some(told)).await {
                in_vain(&shared, &error);
            }
        }
    }
}

fn in_vain(shared: &Shared, error: &dyn std::error::Error) {
    tracing::debug!(target: "raft", "proposed in vain: {error}");
    shared.lost.store(true, Ordering::Release);
    shared.changed.notify_one();
}
