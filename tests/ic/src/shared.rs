//! The two databases that zones share, on clusters of our servers.
//!
//! In: how many servers. Out: where they are, what is in them, an end of their leaders. Never here: zones.

use ferrovn_tests::client::Client;
use ferrovn_tests::cluster::{Cluster, Options};
use ferrovn_tests::peers;
use ferrovn_tests::server::Kind;
use ovn_schemas::Db;

use crate::SHARED;

/// The databases that zones share.
pub struct Shared {
    nb: Cluster,
    sb: Cluster,
}

impl Shared {
    /// Both, each on so many servers, ready for zones.
    pub fn start(n: usize) -> Shared {
        let cluster = |schema: &str| {
            let contents = peers::root().join("usr/share/ovn").join(schema);
            let options = Options {
                contents: Some(contents),
                ..Options::default()
            };
            Cluster::start_with(Kind::Ours, n, options)
        };
        let shared = Shared {
            nb: cluster("ovn-ic-nb.ovsschema"),
            sb: cluster("ovn-ic-sb.ovsschema"),
        };
        shared.nb("init");
        shared.sb("init");
        shared
    }

    /// Where they are, for programs of a kind: northbound, southbound.
    pub fn remotes(&self, of: Kind) -> [String; 2] {
        [&self.nb, &self.sb].map(|cluster| cluster.remotes(of))
    }

    /// Runs `ovn-ic-nbctl`.
    pub fn nb(&self, words: &str) -> String {
        crate::ctl(
            self.nb.scratch(),
            "ovn-ic-nbctl",
            &self.nb.remotes(Kind::C),
            words,
        )
    }

    /// Runs `ovn-ic-sbctl`.
    pub fn sb(&self, words: &str) -> String {
        crate::ctl(
            self.sb.scratch(),
            "ovn-ic-sbctl",
            &self.sb.remotes(Kind::C),
            words,
        )
    }

    /// Connections to both leaders.
    pub(crate) fn clients(&self) -> Vec<(String, Db, Client)> {
        let databases = [(Db::OvnIcNorthbound, &self.nb), (Db::OvnIcSouthbound, &self.sb)];
        let client =
            |(db, cluster): (Db, &Cluster)| (SHARED.to_owned(), db, cluster.client(cluster.leader()));
        databases.map(client).into()
    }

    /// The leaders.
    pub fn leaders(&self) -> [usize; 2] {
        [self.nb.leader(), self.sb.leader()]
    }

    /// Kills servers with -9, one of each database.
    pub fn kill(&mut self, [nb, sb]: [usize; 2]) {
        self.nb.kill(nb);
        self.sb.kill(sb);
    }

    /// Starts killed servers again, and waits until they have what the others have.
    pub fn restart(&mut self, [nb, sb]: [usize; 2]) {
        self.nb.restart(nb);
        self.sb.restart(sb);
        self.nb.wait_until_whole();
        self.sb.wait_until_whole();
    }
}
