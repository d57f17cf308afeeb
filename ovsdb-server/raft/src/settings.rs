//! Who a member is and how it behaves.

use std::sync::Arc;

use ovsdb_transport::tls::Tls;

use crate::types::{ClusterId, ServerId};

/// Who a member is and how it behaves.
#[derive(Clone)]
pub struct Settings {
    /// Its id.
    pub server: ServerId,
    /// Its cluster; none for a server that joins and has not been told which.
    pub cluster: Option<ClusterId>,
    /// The database's name.
    pub database: String,
    /// Its own address: where it listens, and where others find it.
    pub address: String,
    /// Its election timer, in milliseconds, until the cluster has agreed on another one
    /// (ovsdb-server(1) `cluster/change-election-timer`).
    pub election_timer_ms: u64,
    /// Log entries after which a snapshot is made.
    pub snapshot_every: u64,
    /// It was a member before: without a log, from its beginning on or behind a snapshot, it has forgotten what others
    /// rely on, and is not started.
    pub has_log: bool,
    /// For `ssl:` addresses.
    pub tls: Arc<Tls>,
}
