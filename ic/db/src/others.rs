//! Whether other members are in a cluster already: who then founded a second one, for want of a file that was lost,
//! would split the zones.

use std::sync::Arc;
use std::time::Duration;

use ovn_schemas::Db;
use ovsdb_daemon::options::TlsOptions;
use ovsdb_transport::dial::dial;
use ovsdb_transport::remote::Remote;
use ovsdb_transport::tls::{Tls, TlsFiles};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::Builder;
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
            asked.push(tokio::spawn(timeout(
                PATIENCE,
                is_member(db, remote, tls.clone()),
            )));
        }
        for answer in asked {
            if let Ok(Ok(Some(true))) = answer.await {
                return Ok(true);
            }
        }
        Ok(false)
    })
}

/// Whether a server knows a cluster of the database; nothing where it does not answer.
async fn is_member(db: Db, remote: Remote, tls: Arc<Tls>) -> Option<bool> {
    let Remote::Active(remote) = remote else {
        return None;
    };
    let mut stream = dial(&remote, &tls).await.ok()?;
    let select = json!({
        "op": "select", "table": "Database", "where": [["name", "==", db.name()]], "columns": ["cid"],
    });
    let request = json!({"id": 0, "method": "transact", "params": [Db::Server.name(), select]});
    stream.write_all(request.to_string().as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    while stream.read_buf(&mut answer).await.ok()? > 0 {
        if let Ok(answer) = serde_json::from_slice::<Value>(&answer) {
            return Some(answer["result"][0]["rows"][0]["cid"][0] == "uuid");
        }
    }
    None
}
