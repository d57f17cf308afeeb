//! The election timer that a cluster agreed on. openraft takes its timers when it starts, so it is started again inside
//! the process: with the log and the state as they are, and on a leader in the same term.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use openraft::async_runtime::watch::WatchReceiver;
use openraft::errors::Fatal;
use openraft::{Config, ServerState, SnapshotPolicy};
use tokio::time::Instant;

use crate::error::MemberError;
use crate::peer::client::Factory;
use crate::settings::Settings;
use crate::shared::{Running, Shared, other_voters};
use crate::state_machine::{Raft, StateMachine};
use crate::store::Store;
use crate::store::log::Log;

/// How often the end of the old one is looked for.
const POLL: Duration = Duration::from_millis(1);

/// How often a leader that was just restored asks for a quorum's answer.
const HEARTBEAT: Duration = Duration::from_millis(5);

/// Restarts openraft whenever the cluster has agreed on another election timer.
pub(crate) async fn follow(shared: Arc<Shared>) {
    let mut timer = shared.progress.watch_timer();
    while timer.changed().await.is_ok() {
        let timer_ms = *timer.borrow_and_update();
        tracing::info!(target: "raft", "election timer: {timer_ms} ms");
        if let Err(error) = restart(&shared, timer_ms).await {
            tracing::error!(target: "raft", "cannot go on with another election timer: {error}");
        }
    }
}

/// Starts openraft on a folder that is open. With `restore` it leads at once if it did in the last term.
pub(crate) async fn start(
    shared: &Shared,
    store: Store,
    log: Log,
    timer_ms: u64,
    restore: bool,
) -> Result<Running, MemberError> {
    let server = shared.server();
    let state_machine = StateMachine::new(
        store.clone(),
        shared.machine.clone(),
        server,
        shared.dialing.failpoints.clone(),
        shared.progress.clone(),
    );
    let config = Arc::new(config(&shared.settings, timer_ms, restore).validate()?);
    let factory = Factory(shared.dialing.clone());
    let started = Raft::new(server, config, factory, log.clone(), state_machine).await;
    let raft = started.map_err(|error| match error {
        Fatal::StorageError(error) => MemberError::Store(io::Error::other(error.to_string())),
        other => other.into(),
    })?;
    Ok(Running { raft, store, log })
}

async fn restart(shared: &Shared, timer_ms: u64) -> Result<(), MemberError> {
    // Nothing is proposed until it can be put into the log again: otherwise it would be lost.
    let _no_proposals = shared.proposing.lock().await;
    let mut running = shared.running.write().await;
    let Some(old) = running.clone() else {
        return Ok(());
    };
    shared.progress.set_restarting(true);
    let restarted = async {
        // What was proposed before is in the log after this.
        old.raft.with_raft_state(|_| ()).await?;
        let leads = shared.metrics().state == ServerState::Leader;
        let stopped = old.raft.shutdown().await;
        stopped.map_err(|error| MemberError::Stopped(error.to_string()))?;
        // The old state machine takes what it was given.
        while Arc::strong_count(&shared.progress) > 1 {
            tokio::time::sleep(POLL).await;
        }
        // The new one takes all that is written for durable.
        old.store.write_durably(old.store.batch()).await?;
        start(shared, old.store.clone(), old.log.clone(), timer_ms, leads).await
    };
    let restarted = restarted.await;
    let new = match restarted {
        Ok(new) => new,
        Err(error) => {
            shared.progress.set_restarting(false);
            return Err(error);
        }
    };
    let raft = new.raft.clone();
    // The new one knows of no transfer: a leader that it restores goes on leading.
    *shared.handing_over.lock() = None;
    *running = Some(new);
    drop(running);
    until_it_may_write(shared, &raft).await;
    *shared.metrics.lock() = Some(raft.metrics());
    shared.progress.set_restarting(false);
    shared.changed.notify_one();
    Ok(())
}

/// A leader that was just restored takes proposals once a quorum has answered it.
async fn until_it_may_write(shared: &Shared, raft: &Raft) {
    let end = Instant::now() + shared.timer();
    let mut metrics = raft.metrics();
    let mut next_heartbeat = Instant::now();
    while Instant::now() < end {
        let now = metrics.borrow_watched().clone();
        // Before it has told anything, its term is 0.
        let told = now.current_term > 0 || now.last_log_index.is_some();
        let leads = now.state == ServerState::Leader;
        if told && (!leads || now.last_quorum_acked.is_some() || other_voters(&now).is_empty()) {
            return;
        }
        // Its own heartbeat would come too late. Each changes what it tells, so that is no reason for another one.
        if leads && Instant::now() >= next_heartbeat {
            let _ = raft.trigger().heartbeat().await;
            next_heartbeat = Instant::now() + HEARTBEAT;
        }
        let _ = tokio::time::timeout(HEARTBEAT, metrics.changed()).await;
    }
}

/// Entries that stay in the log after a snapshot: members that lag behind need not be sent the snapshot.
pub(crate) fn kept(settings: &Settings) -> u64 {
    settings.snapshot_every.min(1000)
}

fn config(settings: &Settings, timer_ms: u64, restore: bool) -> Config {
    let timer = timer_ms.max(50);
    Config {
        cluster_name: settings.database.clone(),
        heartbeat_interval: timer / 5,
        // A leader's lease lasts for the maximum, and an election begins a random time between the two after that: 1.1
        // to 1.4 timers after the last heartbeat.
        election_timeout_min: timer * 4 / 10,
        election_timeout_max: timer * 7 / 10,
        max_payload_entries: 1024,
        replication_lag_threshold: settings.snapshot_every * 2,
        snapshot_policy: SnapshotPolicy::LogsSinceLast(settings.snapshot_every),
        max_in_snapshot_log_to_keep: kept(settings),
        install_snapshot_timeout: 120_000,
        enable_pre_vote: Some(true),
        // A leader that comes back must be elected: what it last applied is not on disk. Inside the process it is here.
        enable_leader_restore: Some(restore),
        ..Config::default()
    }
}
