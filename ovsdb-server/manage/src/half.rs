//! The server's half: each method is an operation; backups go out in chunks, files to restore come in so.

use std::sync::{Arc, Weak};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt;
use jsonrpsee::core::{SubscriptionResult, async_trait};
use jsonrpsee::types::ErrorObjectOwned;
use jsonrpsee::{PendingSubscriptionSink, SubscriptionMessage, SubscriptionSink};
use parking_lot::Mutex;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::CHUNK_BYTES;
use crate::api::ApiServer;
use crate::operations::{Backup, Operations};
use crate::restore::{Restores, hex};
use crate::types::{
    BackupPart, DatabaseInfo, Member, Removal, RestoreId, Status, StorageStatus, Verification,
};

/// How often it is looked for restores that nobody goes on with.
const LOOK: Duration = Duration::from_secs(30);

/// What answers.
pub struct Half {
    operations: Arc<dyn Operations>,
    restores: Arc<Mutex<Restores>>,
    /// What the restores' time begins with.
    since: Instant,
}

impl Half {
    /// It answers by these operations. Call it in a tokio runtime.
    pub fn new(operations: Arc<dyn Operations>) -> Half {
        let restores = Arc::default();
        let since = Instant::now();
        tokio::spawn(forget_idle(Arc::downgrade(&restores), since));
        Half {
            operations,
            restores,
            since,
        }
    }
}

/// Gives back the memory of restores that nobody goes on with, for as long as there may be any.
async fn forget_idle(restores: Weak<Mutex<Restores>>, since: Instant) {
    loop {
        tokio::time::sleep(LOOK).await;
        let Some(restores) = restores.upgrade() else {
            return;
        };
        for db in restores.lock().forget_idle(since.elapsed()) {
            tracing::info!(target: "manage", "{db}: a file to restore was not sent to its end, and is forgotten");
        }
    }
}

type Answer<T> = Result<T, ErrorObjectOwned>;

#[async_trait]
impl ApiServer for Half {
    async fn databases(&self) -> Answer<Vec<DatabaseInfo>> {
        Ok(self.operations.databases().await?)
    }

    async fn status(&self, db: String) -> Answer<Status> {
        Ok(self.operations.status(&db).await?)
    }

    async fn members(&self, db: String) -> Answer<Vec<Member>> {
        Ok(self.operations.members(&db).await?)
    }

    async fn kick(&self, db: String, server: String) -> Answer<Removal> {
        Ok(self.operations.kick(&db, &server).await?)
    }

    async fn leave(&self, db: String) -> Answer<()> {
        Ok(self.operations.leave(&db).await?)
    }

    async fn transfer(&self, db: String, to: Option<String>) -> Answer<()> {
        Ok(self.operations.transfer(&db, to.as_deref()).await?)
    }

    async fn election_timer(&self, db: String, ms: u64) -> Answer<()> {
        Ok(self.operations.election_timer(&db, ms).await?)
    }

    async fn storage_status(&self, db: String) -> Answer<StorageStatus> {
        Ok(self.operations.storage_status(&db).await?)
    }

    async fn compact(&self, db: String) -> Answer<()> {
        Ok(self.operations.compact(&db).await?)
    }

    async fn verify(&self, db: String) -> Answer<Verification> {
        Ok(self.operations.verify(&db).await?)
    }

    async fn backup(&self, pending: PendingSubscriptionSink, db: String) -> SubscriptionResult {
        match self.operations.backup(&db).await {
            Ok(backup) => send_backup(pending.accept().await?, backup).await,
            Err(error) => pending.reject(error).await,
        }
        Ok(())
    }

    async fn watch(&self, pending: PendingSubscriptionSink, db: String) -> SubscriptionResult {
        let mut changes = match self.operations.watch(&db).await {
            Ok(changes) => changes,
            Err(error) => {
                pending.reject(error).await;
                return Ok(());
            }
        };
        let sink = pending.accept().await?;
        loop {
            tokio::select! {
                () = sink.closed() => return Ok(()),
                status = changes.next() => match status {
                    Some(status) if send(&sink, &status).await => {}
                    _ => return Ok(()),
                },
            }
        }
    }

    async fn restore_begin(&self, db: String) -> Answer<RestoreId> {
        // A wrong name is told before the whole file is sent.
        let databases = self.operations.databases().await?;
        if !databases.iter().any(|database| database.name == db) {
            return Err(crate::OperationError::no_database(&db).into());
        }
        Ok(self.restores.lock().begin(db, self.since.elapsed()))
    }

    async fn restore_chunk(&self, id: RestoreId, offset: u64, data: String) -> Answer<u64> {
        let now = self.since.elapsed();
        Ok(self.restores.lock().chunk(id, offset, &data, now)?)
    }

    async fn restore_finish(&self, id: RestoreId, sha256: String, force: Option<bool>) -> Answer<()> {
        let (db, file) = self.restores.lock().finish(id, &sha256)?;
        Ok(self.operations.restore(&db, file, force.unwrap_or(false)).await?)
    }

    async fn restore_abort(&self, id: RestoreId) -> Answer<()> {
        self.restores.lock().abort(id);
        Ok(())
    }
}

/// Sends a backup to its end, or until nobody wants it any more.
async fn send_backup(sink: SubscriptionSink, backup: Backup) {
    let Backup { total, mut bytes } = backup;
    let mut hash = Sha256::new();
    let mut offset = 0;
    while let Some(piece) = bytes.next().await {
        let piece = match piece {
            Ok(piece) => piece,
            Err(error) => {
                let error = error.message;
                send(&sink, &BackupPart::Failed { error }).await;
                return;
            }
        };
        for chunk in piece.chunks(CHUNK_BYTES) {
            hash.update(chunk);
            let data = STANDARD.encode(chunk);
            if !send(&sink, &BackupPart::Chunk { offset, total, data }).await {
                return;
            }
            offset += chunk.len() as u64;
        }
    }
    let done = BackupPart::Done {
        length: offset,
        sha256: hex(hash),
    };
    send(&sink, &done).await;
}

/// Sends an item once there is room; false when the subscriber is gone.
async fn send(sink: &SubscriptionSink, item: &impl Serialize) -> bool {
    match SubscriptionMessage::new(sink.method_name(), sink.subscription_id(), item) {
        Ok(message) => sink.send(message).await.is_ok(),
        Err(error) => {
            tracing::error!(target: "manage", "{}: {error}", sink.method_name());
            false
        }
    }
}
