//! Whether other members are in a cluster already: who then founded a second one, for want of a file that was lost,
//! would split the zones.

use std::sync::Arc;
use std::time::Duration;

use ovn_schemas::rows::server::{Database, ServerSchema};
use ovn_schemas::{Db, schema};
use ovsdb_daemon::options::TlsOptions;
use ovsdb_idl::session::{Config, Event, Interest};
use ovsdb_transport::dial::dial;
use ovsdb_transport::drive::Client;
use ovsdb_transport::remote::Remote;
use ovsdb_transport::tls::{Tls, TlsFiles};
use tokio::runtime::{Builder, Handle};
use tokio::time::timeout;

use crate::place::Cluster;

/// How long a member may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether any of the others is in a cluster, though it may be one without a leader at present.
pub fn are_in_cluster(db: Db, cluster: &Cluster, tls: &TlsOptions) -> Result<bool, String> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot ask the other members: {error}"))?;
    let file = |option: &Option<String>| option.clone().map(Into::into);
    let tls = Arc::new(Tls::new(TlsFiles {
        private_key: file(&tls.private_key),
        certificate: file(&tls.certificate),
        ca_cert: file(&tls.ca_cert),
        ..TlsFiles::default()
    }));
    runtime.block_on(async {
        let mut asked = Vec::new();
        for (_, remote) in &cluster.others {
            let remote: Remote = remote.parse().map_err(|error| format!("{error}"))?;
            asked.push(tokio::spawn(timeout(PATIENCE, is_member(db, remote, tls.clone()))));
        }
        for answer in asked {
            if let Ok(Ok(Some(true))) = answer.await {
                return Ok(true);
            }
        }
        Ok(false)
    })
}

/// What a server says of itself; nothing where it cannot be reached.
async fn is_member(db: Db, remote: Remote, tls: Arc<Tls>) -> Option<bool> {
    let Remote::Active(remote) = remote else { return None };
    let stream = dial(&remote, &tls).await.ok()?;
    let config = Config {
        db: Db::Server.name().to_owned(),
        leader_only: false,
        tables: Interest::All,
        schema: Some(schema(Db::Server)),
    };
    let mut client = Client::on(&Handle::current(), config, stream);
    while !matches!(client.event().await, Event::Reset { .. }) {}
    let is_member = |row: Database<'_>| row.name() == db.name() && row.cid().is_some();
    let told = client.rows::<ServerSchema, bool>(|rows| rows.table().any(is_member));
    told.ok()
}
