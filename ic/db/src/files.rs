//! What must be there before a database is served: its folder, and its file, made from the built-in schema or as a
//! member's of a cluster. A file that is there already is taken up as it is.

use std::path::Path;

use ovn_schemas::schema;
use ovsdb_cluster::make::{self, Contents};
use ovsdb_daemon::options::TlsOptions;
use ovsdb_server::host::fresh_uuid;
use ovsdb_store::backup::first_index;
use ovsdb_store::clustered::Address;
use ovsdb_store::log::{Log, Magic, Mode};
use ovsdb_store::standalone::Standalone;

use crate::others;
use crate::place::{Cluster, First, Place};

/// Makes what is missing of both.
pub fn prepare(places: &[Place], tls: &TlsOptions) -> Result<(), String> {
    for place in places {
        let made = one(place, tls);
        made.map_err(|error| format!("{}: {error}", place.file.display()))?;
    }
    Ok(())
}

fn one(place: &Place, tls: &TlsOptions) -> Result<(), String> {
    let file = &place.file;
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    }
    let exists = file.try_exists().map_err(|error| error.to_string())?;
    let Some(cluster) = &place.cluster else {
        if !exists {
            Standalone::create(file, &schema(place.db)).map_err(|error| error.to_string())?;
            tracing::info!(target: "ovn_ic_db", "{}: made for {}", file.display(), place.db.name());
        }
        return Ok(());
    };
    if exists && is_clustered(file)? {
        return Ok(());
    }
    // Whatever needs the network comes before anything is touched.
    let remotes = remotes(place, cluster, tls)?;
    let local = Address::parse(&cluster.local).map_err(|error| error.to_string())?;
    let now = jiff::Timestamp::now();
    let kept = exists.then(|| format!("{}.backup-{}", file.display(), now.as_second()));
    let member = (fresh_uuid(), local);
    if remotes.is_empty() {
        let (contents, from) = match &kept {
            None => (Contents::empty(schema(place.db)), place.db.name()),
            Some(kept) => {
                // A file that cannot be used stays where it is: the next start would find none, and found an empty cluster.
                let opened = Standalone::open(file, Mode::ReadOnly, &fresh_uuid);
                let opened = opened.map_err(|error| error.to_string())?;
                let contents = Contents {
                    index: first_index(file),
                    ..Contents::of(opened.database.snapshot(), kept, now.as_millisecond())
                };
                contents
                    .check(place.db.name())
                    .map_err(|error| error.to_string())?;
                put_aside(file, kept)?;
                (contents, kept.as_str())
            }
        };
        let timer = cluster.election_timer;
        make::found(file, contents, from, member, timer, &fresh_uuid).map_err(|error| error.to_string())?;
        tracing::info!(target: "ovn_ic_db", "{}: founds a cluster at {}", file.display(), cluster.local);
        return Ok(());
    }
    if let Some(kept) = &kept {
        put_aside(file, kept)?;
    }
    let asked: Vec<String> = remotes.iter().map(Address::to_string).collect();
    make::join(file, place.db.name(), member, remotes, None).map_err(|error| error.to_string())?;
    tracing::info!(target: "ovn_ic_db", "{}: joins the cluster of {}", file.display(), asked.join(", "));
    Ok(())
}

/// Whom to ask to be taken in; nobody where a cluster is to be founded.
fn remotes(place: &Place, cluster: &Cluster, tls: &TlsOptions) -> Result<Vec<Address>, String> {
    let others = cluster.others.iter().map(|(address, _)| address);
    let remotes: Vec<&String> = match &cluster.first {
        First::Join(leader) => {
            let others = others.filter(|other| *other != leader);
            [leader].into_iter().chain(others).collect()
        }
        First::Found => match others::are_in_cluster(place.db, cluster, tls)? {
            true => others.collect(),
            false => Vec::new(),
        },
    };
    let parsed = remotes.into_iter().map(|remote| Address::parse(remote));
    parsed
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())
}

fn is_clustered(file: &Path) -> Result<bool, String> {
    let log = Log::open(file, &Magic::ALL, Mode::ReadOnly).map_err(|error| error.to_string())?;
    Ok(log.magic() == Magic::Cluster)
}

/// Gives a standalone database's file, whose place a member's takes, another name.
fn put_aside(file: &Path, kept: &str) -> Result<(), String> {
    std::fs::rename(file, kept).map_err(|error| format!("cannot be renamed to {kept}: {error}"))?;
    tracing::info!(target: "ovn_ic_db", "{}: a standalone database, kept as {kept}", file.display());
    Ok(())
}
