//! The methods. `Client` of a connection has them all ([`ApiClient`]); the server's half implements [`ApiServer`].
//!
//! Parameters go as an array or by name. A `db` is a database's name.

use jsonrpsee::core::SubscriptionResult;
use jsonrpsee::proc_macros::rpc;
use jsonrpsee::types::ErrorObjectOwned;

use crate::types::{
    BackupPart, DatabaseInfo, Member, Removal, RestoreId, Status, StorageStatus, Verification,
};

/// What operators may ask.
#[rpc(server, client)]
pub trait Api {
    /// The databases that the server has.
    #[method(name = "databases")]
    async fn databases(&self) -> Result<Vec<DatabaseInfo>, ErrorObjectOwned>;

    /// The cluster, as this member sees it.
    #[method(name = "status")]
    async fn status(&self, db: String) -> Result<Status, ErrorObjectOwned>;

    /// The cluster's members.
    #[method(name = "members")]
    async fn members(&self, db: String) -> Result<Vec<Member>, ErrorObjectOwned>;

    /// Removes a member: `server` is the beginning of its server id, of four digits at least, or its address.
    #[method(name = "kick")]
    async fn kick(&self, db: String, server: String) -> Result<Removal, ErrorObjectOwned>;

    /// Lets this member leave its cluster.
    #[method(name = "leave")]
    async fn leave(&self, db: String) -> Result<(), ErrorObjectOwned>;

    /// Hands leadership over, to a member of the choice or to the best one.
    #[method(name = "transfer")]
    async fn transfer(&self, db: String, to: Option<String>) -> Result<(), ErrorObjectOwned>;

    /// Changes the base of election timeouts.
    #[method(name = "election_timer")]
    async fn election_timer(&self, db: String, ms: u64) -> Result<(), ErrorObjectOwned>;

    /// Whether the database's storage is sound.
    #[method(name = "storage_status")]
    async fn storage_status(&self, db: String) -> Result<StorageStatus, ErrorObjectOwned>;

    /// Writes a snapshot and drops the log before it.
    #[method(name = "compact")]
    async fn compact(&self, db: String) -> Result<(), ErrorObjectOwned>;

    /// The index and the hash of every member's contents.
    #[method(name = "verify")]
    async fn verify(&self, db: String) -> Result<Verification, ErrorObjectOwned>;

    /// The contents as a standalone database's file, in parts.
    #[subscription(name = "backup", unsubscribe = "backup_stop", item = BackupPart)]
    async fn backup(&self, db: String) -> SubscriptionResult;

    /// The cluster's standing, now and whenever it changes.
    #[subscription(name = "watch", unsubscribe = "watch_stop", item = Status)]
    async fn watch(&self, db: String) -> SubscriptionResult;

    /// Begins to send a database's file that is to replace the contents. An unfinished one of the same database is
    /// given up; so is this one when no chunk comes for ten minutes. All files that are being sent have room for 4 GiB.
    #[method(name = "restore_begin")]
    async fn restore_begin(&self, db: String) -> Result<RestoreId, ErrorObjectOwned>;

    /// The bytes of the file at `offset`, which is where the last chunk ended, in base64; how many there are now.
    #[method(name = "restore_chunk")]
    async fn restore_chunk(&self, id: RestoreId, offset: u64, data: String) -> Result<u64, ErrorObjectOwned>;

    /// The file is complete: replaces the contents in one step, or not at all. `sha256` is that of the whole file, in
    /// hexadecimal. A file of another schema than the database has is refused, unless `force` is given as true.
    #[method(name = "restore_finish")]
    async fn restore_finish(
        &self,
        id: RestoreId,
        sha256: String,
        force: Option<bool>,
    ) -> Result<(), ErrorObjectOwned>;

    /// Gives a restore up; one that is not there is no error.
    #[method(name = "restore_abort")]
    async fn restore_abort(&self, id: RestoreId) -> Result<(), ErrorObjectOwned>;
}
