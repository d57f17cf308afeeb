//! Commands that make the files of a cluster's members, and mend them.
//!
//! `create-cluster` and `join-cluster` are the C program's; `--sid`, `fix-cluster` and `rejoin-cluster` are what
//! Kube-OVN's start scripts call on top; `force-new-cluster` is for those who lost most of their servers.

use std::collections::BTreeSet;
use std::path::Path;

use ovsdb_cluster::{make, mend};
use ovsdb_data::{Uuid, json, os_text};
use ovsdb_raft::ClusterId;
use ovsdb_store::backup::first_index;
use ovsdb_store::clustered::{Address, Header};
use ovsdb_store::log::{Log, Magic, Mode};
use ovsdb_store::record::parse;
use serde_json::Value;

use crate::member::Contents;
use crate::{Options, Outcome, ToolError, date_ms, fresh_uuid, member, open, read_schema_file};

fn plain(text: impl Into<String>) -> ToolError {
    ToolError::Plain(text.into())
}

/// `create-cluster db contents address`: a cluster of one, from a schema, a standalone database, or the file of
/// another cluster's member. It continues the index of a cluster whose contents or backup it is.
pub(crate) fn create(options: &Options, args: &[String]) -> Outcome {
    let from = &args[1];
    let contents = match read_schema_file(Path::new(from)) {
        Ok(schema) => make::Contents::empty(schema),
        Err(_) => {
            let found = contents_of(from)?;
            make::Contents {
                index: found.index,
                election_timer: found.election_timer,
                ..make::Contents::of(found.database.snapshot(), from, date_ms())
            }
        }
    };
    let address = Address::parse(&args[2])?;
    if let Some(ms) = options.election_timer {
        check_election_timer(ms)?;
    }
    let server = (options.sid.unwrap_or_else(fresh_uuid), address);
    let (path, timer) = (Path::new(&args[0]), options.election_timer);
    make::found(path, contents, from, server, timer, &fresh_uuid)?;
    Ok(0)
}

/// What is in a file of either kind, and the index that a cluster made of it begins with.
fn contents_of(file: &str) -> Result<Contents, ToolError> {
    let path = Path::new(file);
    match Log::open(path, &Magic::ALL, Mode::ReadOnly)?.magic() {
        Magic::Json => Ok(Contents {
            database: open(path, Mode::ReadOnly)?.database,
            index: first_index(path),
            election_timer: None,
        }),
        Magic::Cluster => {
            let mut contents = member::contents(file)?;
            // Clients that have seen the old cluster's index take what is lower for stale.
            contents.index += 1;
            Ok(contents)
        }
    }
}

fn check_election_timer(ms: u64) -> Result<(), ToolError> {
    match ms {
        0..100 | 600_001.. => Err(plain(
            "ovsdb error: election timer must be between 100 and 600000, in msec.",
        )),
        _ => Ok(()),
    }
}

/// `join-cluster db name local remote...`.
pub(crate) fn join(options: &Options, args: &[String]) -> Outcome {
    let name = &args[1];
    let is_id = name
        .bytes()
        .enumerate()
        .all(|(i, b)| b.is_ascii_alphabetic() || b == b'_' || i > 0 && b.is_ascii_digit());
    if name.is_empty() || !is_id {
        return Err(plain(format!(
            "{name}: not a valid schema name (use \"schema-name\" command to find the correct name)"
        )));
    }
    write_joining(
        Path::new(&args[0]),
        name,
        options.sid,
        options.cid,
        &args[2],
        &args[3..],
    )
}

fn write_joining(
    path: &Path,
    name: &str,
    sid: Option<Uuid>,
    cid: Option<Uuid>,
    local: &str,
    remotes: &[String],
) -> Outcome {
    let local_address = Address::parse(local)?;
    let remotes: BTreeSet<&String> = remotes.iter().collect();
    let mut remote_addresses = Vec::new();
    for remote in remotes {
        remote_addresses.push(Address::parse(remote)?);
        if remote == local {
            return Err(plain(
                "ovsdb error: remote addresses cannot be the same as the local address",
            ));
        }
    }
    let server = (sid.unwrap_or_else(fresh_uuid), local_address);
    let cluster = cid.filter(|cid| !cid.is_nil());
    make::join(path, name, server, remote_addresses, cluster)?;
    Ok(0)
}

/// `rejoin-cluster db header local remote...`: the file of a member that lost its own, with the identity that
/// `db-raft-header` saved.
pub(crate) fn rejoin(_: &Options, args: &[String]) -> Outcome {
    let file = &args[1];
    let text = std::fs::read(file).map_err(|error| plain(format!("{file}: {}", os_text(&error))))?;
    let value = json::parse(&text).map_err(|error| plain(format!("{file}: {error}")))?;
    let member = |name: &str| {
        let text = value.get(name).and_then(Value::as_str);
        text.ok_or_else(|| plain(format!("{file}: member \"{name}\" is missing")))
    };
    let uuid = |name: &str| {
        let uuid = Uuid::try_parse(member(name)?).ok();
        uuid.filter(|uuid| !uuid.is_nil())
            .ok_or_else(|| plain(format!("{file}: member \"{name}\" is no valid, nonzero UUID")))
    };
    let (sid, cid) = (uuid("server_id")?, uuid("cluster_id")?);
    write_joining(
        Path::new(&args[0]),
        member("name")?,
        Some(sid),
        Some(cid),
        &args[2],
        &args[3..],
    )
}

/// `fix-cluster db...`: cuts each file, or the log beside it, at its first damaged record.
pub(crate) fn fix(_: &Options, args: &[String]) -> Outcome {
    for file in args {
        let path = Path::new(file);
        let mut log = Log::open(path, &[Magic::Cluster], Mode::ReadWrite)?;
        Header::read(&mut log)?;
        let end = loop {
            let end = log.offset();
            match log.read() {
                Ok(None) => break None,
                Ok(Some(record)) => match parse(&log, &record) {
                    Ok(_) => {}
                    Err(error) => break Some((end, error)),
                },
                Err(error) => break Some((end, error)),
            }
        };
        if let Some((end, error)) = end {
            println!("{file}: {error}; truncated to {end} bytes");
            let cut = std::fs::File::options().write(true).open(path);
            cut.and_then(|cut| cut.set_len(end).and_then(|()| cut.sync_all()))
                .map_err(|error| plain(format!("{file}: truncate failed ({})", os_text(&error))))?;
        }
        if let Some(cut) = mend::cut_at_damage(path)? {
            println!(
                "{file}: {}; the log ends before entry {} now",
                cut.error, cut.index
            );
        }
    }
    Ok(0)
}

/// `force-new-cluster db`: the member goes on alone, as a cluster of its own.
pub(crate) fn force_new(_: &Options, args: &[String]) -> Outcome {
    let file = &args[0];
    let cluster = ClusterId(fresh_uuid());
    let forced = mend::force_new_cluster(Path::new(file), cluster)?;
    println!(
        "{file}: server {} is the only member of \"{}\" now",
        forced.server, forced.name
    );
    let was = forced
        .was
        .map_or_else(|| "not known".to_owned(), |id| id.0.to_string());
    println!("cluster ID: {} (was {was})", cluster.0);
    for (id, peer) in forced.before.iter().filter(|(id, _)| **id != forced.server) {
        println!("removed: server {id} at {}", peer.address);
    }
    println!(
        "kept: contents, index and the log to its end at {}, committed or not",
        forced.at.index - 1
    );
    println!("remove the files of the other servers and let them join with \"ovsdb-tool join-cluster\"");
    Ok(0)
}
