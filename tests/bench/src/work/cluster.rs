//! The works on clusters of three.

pub mod kill;
pub mod port;
pub mod reconnect;
pub mod resident;
pub mod restart;
pub mod snapshot;

use super::Bench;
use crate::client::Connection;
use crate::server::Kind;
use crate::{Result, data, prepared};
use ferrovn_tests::cluster::{Cluster, Options};
use std::path::PathBuf;

/// How many servers.
const MEMBERS: usize = 3;

impl Bench {
    /// A cluster on a new database of that schema, empty.
    fn start_cluster_empty(&self, kind: Kind, schema: &str) -> Cluster {
        self.start_cluster(kind, self.programs.peers.join("usr/share/ovn").join(schema))
    }

    /// A cluster on the prepared southbound database.
    fn start_cluster_southbound(&self, kind: Kind) -> Result<Cluster> {
        let prepared = prepared::southbound(&self.programs, self.shape())?;
        let cluster = self.start_cluster(kind, prepared);
        // Founded from a file, it has what the file has.
        let rows = southbound_rows(&mut Connection::open(&cluster.socket(cluster.leader()))?)?;
        match rows == self.shape().flows {
            true => Ok(cluster),
            false => Err(format!("the cluster has {rows} flows, not {}", self.shape().flows).into()),
        }
    }

    fn start_cluster(&self, kind: Kind, contents: PathBuf) -> Cluster {
        let options = Options {
            contents: Some(contents),
            binary: Some(self.programs.ours.clone()),
            arguments: vec!["-vconsole:warn".into(), "-vsyslog:off".into()],
            ..Options::default()
        };
        Cluster::start_with(kind, MEMBERS, options)
    }
}

/// How many flows a server has.
fn southbound_rows(connection: &mut Connection) -> Result<usize> {
    let select =
        serde_json::json!({"op": "select", "table": "Logical_Flow", "where": [], "columns": ["_uuid"]});
    let reply = connection.call(&data::transact("OVN_Southbound", &[select]))?;
    Ok(memchr::memmem::find_iter(reply, b"\"_uuid\"").count())
}
