//! What the server does: the other side of the API.

use bytes::Bytes;
use futures_util::stream::BoxStream;
pub use jsonrpsee::core::async_trait;

use crate::OperationError;
use crate::types::{DatabaseInfo, Member, Removal, Status, StorageStatus, Verification};

/// A backup: a standalone database's file.
pub struct Backup {
    /// How long it will be, if that is known before.
    pub total: Option<u64>,
    /// Its bytes, in pieces of any size. The stream ends after an error.
    pub bytes: BoxStream<'static, Result<Bytes, OperationError>>,
}

/// What an operation comes to.
pub type Outcome<T> = Result<T, OperationError>;

/// The operations on the server's databases. Every `db` is a name as a client wrote it. Implement it with
/// `#[ovsdb_manage::operations::async_trait]`.
#[async_trait]
pub trait Operations: Send + Sync + 'static {
    /// All databases but the server's own.
    async fn databases(&self) -> Outcome<Vec<DatabaseInfo>>;

    /// The cluster, as this member sees it.
    async fn status(&self, db: &str) -> Outcome<Status>;

    /// The cluster's members: those of the status, unless the server knows more.
    async fn members(&self, db: &str) -> Outcome<Vec<Member>> {
        Ok(self.status(db).await?.members)
    }

    /// Begins to remove a member, or asks the leader to. `server`: the beginning of a server id, or an address.
    async fn kick(&self, db: &str, server: &str) -> Outcome<Removal>;

    /// Begins to leave the cluster.
    async fn leave(&self, db: &str) -> Outcome<()>;

    /// Hands leadership over; returns when another leads.
    async fn transfer(&self, db: &str, to: Option<&str>) -> Outcome<()>;

    /// Begins to change the election timer.
    async fn election_timer(&self, db: &str, ms: u64) -> Outcome<()>;

    /// Whether storage is sound.
    async fn storage_status(&self, db: &str) -> Outcome<StorageStatus>;

    /// Writes a snapshot; returns when it is on disk.
    async fn compact(&self, db: &str) -> Outcome<()>;

    /// Asks every member for the index and the hash of its contents.
    async fn verify(&self, db: &str) -> Outcome<Verification>;

    /// Begins a backup of the contents as they are now.
    async fn backup(&self, db: &str) -> Outcome<Backup>;

    /// Replaces the contents by those of a standalone database's file, in one step or not at all. The file arrived as
    /// it was sent; whether it is one is for the server to see. One of another schema is refused unless `any_schema`.
    async fn restore(&self, db: &str, file: Vec<u8>, any_schema: bool) -> Outcome<()>;

    /// The cluster's standing: what it is now, then each change.
    async fn watch(&self, db: &str) -> Outcome<BoxStream<'static, Status>>;
}
