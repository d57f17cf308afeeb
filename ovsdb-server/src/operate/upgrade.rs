//! Databases whose schema is older than the one that a program knows: converted while they are served, after a backup.
//!
//! In: a schema, where its database's file is. Out: the database converted, `FILE.backupVERSION-TIME` beside it. In a
//! cluster the leader does it, once it leads.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ovsdb_data::{DatabaseSchema, OvsdbError, TxnId};
use tokio::sync::oneshot;

use crate::actor::Actor;
use crate::cluster::{Conversion, Initiator, Wish};
use crate::control::ask;
use crate::database::{Model, OpenDatabase};
use crate::operate::backup::{OperateError, backup};
use crate::server::Server;

/// How often a member looks whether it leads by now.
const INTERVAL: Duration = Duration::from_secs(1);

/// What there is to do about a schema.
enum Found {
    /// Another member leads, or none does yet.
    Later,
    /// Of this version: nothing.
    AsIs(String),
    /// Of this version, which is older.
    Older(String),
}

/// Brings a database up to a schema. Returns when it has that, or a newer one, or cannot have it.
pub async fn upgrade(actor: Actor<Server>, schema: DatabaseSchema, file: PathBuf) {
    let (name, wanted) = (schema.name.to_string(), schema.version.clone());
    loop {
        let (asked, version) = (name.clone(), wanted.clone());
        let found = ask(&actor, move |server| look(server.databases.get(&asked), &version));
        let Ok(found) = found.await else { return };
        match found {
            Found::Later => tokio::time::sleep(INTERVAL).await,
            Found::AsIs(version) => {
                if version != wanted {
                    tracing::warn!(
                        target: "ovsdb_server",
                        "{name}: the schema's version {version} is not older than {wanted}, the one known here: left as it is"
                    );
                }
                return;
            }
            Found::Older(version) => {
                let from = format!("from schema {version} to {wanted}");
                match convert(&actor, &schema, &version, &file).await {
                    Ok(kept) => tracing::info!(
                        target: "ovsdb_server", "{name}: converted {from}; as it was: {kept}"
                    ),
                    Err(error) => tracing::error!(
                        target: "ovsdb_server", "{name}: not converted {from}: {error}"
                    ),
                }
                return;
            }
        }
    }
}

fn look(db: Option<&OpenDatabase>, wanted: &str) -> Found {
    let Some(db) = db else { return Found::Later };
    let decides = match &db.model {
        Model::Clustered(cluster) => cluster.standing.leads.is_some(),
        _ => true,
    };
    if !db.is_available() {
        return Found::Later;
    }
    let version = db.snapshot().schema.version.clone();
    match (numbers(&version) < numbers(wanted), decides) {
        (false, _) => Found::AsIs(version),
        (true, false) => Found::Later,
        (true, true) => Found::Older(version),
    }
}

fn numbers(version: &str) -> Vec<u64> {
    version
        .split('.')
        .map(|part| part.parse().unwrap_or_default())
        .collect()
}

/// Where the backup is.
async fn convert(
    actor: &Actor<Server>,
    schema: &DatabaseSchema,
    version: &str,
    file: &Path,
) -> Result<String, OperateError> {
    let name = schema.name.to_string();
    let now = jiff::Timestamp::now().as_second();
    let kept = format!("{}.backup{version}-{now}", file.display());
    backup(actor, &name, Path::new(&kept)).await?;
    let (done, wait) = oneshot::channel();
    let schema = Arc::new(schema.clone());
    let begun = ask(actor, move |server| server.upgrade(&name, schema, done));
    begun.await.map_err(|_| OperateError::Stopping)??;
    let ended = wait.await.map_err(|_| OperateError::Stopping)?;
    ended.map(|()| kept).map_err(OperateError::Refused)
}

impl Server {
    fn upgrade(
        &mut self,
        name: &str,
        schema: Arc<DatabaseSchema>,
        done: oneshot::Sender<Result<(), String>>,
    ) -> Result<(), OperateError> {
        let refused = |error: OvsdbError| OperateError::Refused(error.to_string());
        let no_database = || OperateError::NoDatabase(name.to_owned());
        let open = self.databases.get(name).ok_or_else(no_database)?;
        if let Model::Clustered(_) = open.model {
            let (persistent, _) = (*schema).clone().into_persistent();
            let wish = Wish::Schema(open.check_conversion(&persistent.to_json()).map_err(refused)?);
            let id = self.host.fresh_uuid();
            let initiator = Initiator::Operator(done);
            self.convert_in_cluster(name, Conversion { id, initiator, wish });
            return Ok(());
        }
        let mut open = self.databases.remove(name).ok_or_else(no_database)?;
        let converted = self.convert_alone(&mut open, schema).map_err(refused);
        if converted.is_ok() {
            self.end_service(&mut open);
        }
        self.databases.insert(name.to_owned(), open);
        self.refresh_server_rows();
        // Who asked may have gone.
        let _ = done.send(Ok(()));
        converted
    }

    /// Converts a database that is in no cluster; those who use it are not told here.
    pub(crate) fn convert_alone(
        &mut self,
        open: &mut OpenDatabase,
        schema: Arc<DatabaseSchema>,
    ) -> Result<(), OvsdbError> {
        let host = &mut self.host;
        let id = TxnId(host.fresh_uuid());
        let converted =
            ovsdb_engine::convert::convert(open.snapshot(), schema, id, &mut || host.fresh_uuid())?;
        open.replace(converted, host.date_ms())
    }
}
