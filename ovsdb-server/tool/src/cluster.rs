//! Commands that make the files of a cluster's members, and mend them.
//!
//! `create-cluster` and `join-cluster` are the C program's; `--sid`, `fix-cluster` and `rejoin-cluster` are what
//! Kube-OVN's start scripts call on top.

use std::collections::BTreeSet;
use std::path::Path;

use ovsdb_data::{DatabaseSchema, Uuid, json};
use ovsdb_store::clustered::Header;
use ovsdb_store::log::{Log, Magic, Mode};
use ovsdb_store::standalone::{encode_snapshot, parse};
use serde_json::{Map, Value, json};

use crate::{Options, Outcome, ToolError, date_ms, fresh_uuid, open, read_schema_file};

fn usage(text: impl Into<String>) -> ToolError {
    ToolError::Usage(text.into())
}

fn check_address(address: &str) -> Result<(), ToolError> {
    if address.starts_with("unix:") {
        return Ok(());
    }
    let Some(("tcp" | "ssl", rest)) = address.split_once(':') else {
        let text = format!("ovsdb error: {address}: expected \"tcp\" or \"ssl\" address");
        return Err(usage(text));
    };
    let port = match rest.strip_prefix('[').and_then(|rest| rest.split_once("]:")) {
        Some((_, port)) => Some(port),
        None => rest.split_once(':').map(|(_, port)| port),
    };
    match port.map(str::parse::<u16>) {
        Some(Ok(_)) => Ok(()),
        _ => Err(usage(format!("ovsdb error: {address}: syntax error in address"))),
    }
}

/// `create-cluster db contents address`: a cluster of one, from a schema or a standalone database.
pub(crate) fn create(options: &Options, args: &[String]) -> Outcome {
    let (contents, local) = (&args[1], &args[2]);
    let (mut schema, data) = match read_schema_file(Path::new(contents)) {
        Ok(schema) => (schema, json!({})),
        Err(_) => {
            let opened = open(Path::new(contents), Mode::ReadOnly)?;
            let snapshot = opened.database.snapshot();
            let comment = format!("created from {contents}");
            let text = encode_snapshot(snapshot, &comment, date_ms(), true);
            let data = json::parse(&text).map_err(|error| usage(error.to_string()))?;
            ((*snapshot.schema).clone(), data)
        }
    };
    persist(&mut schema, contents);
    check_address(local)?;
    if let Some(ms) = options.election_timer {
        check_election_timer(ms)?;
    }
    let sid = options.sid.unwrap_or_else(fresh_uuid);
    let header = json!({
        "server_id": sid.to_string(),
        "cluster_id": fresh_uuid().to_string(),
        "local_address": local,
        "name": &*schema.name,
        "prev_servers": {sid.to_string(): local},
        "prev_index": 1,
        "prev_term": 1,
        "prev_data": [schema.to_json(), data],
        "prev_eid": fresh_uuid().to_string(),
    });
    let mut log = Header::create(Path::new(&args[0]), &header)?;
    if let Some(ms) = options.election_timer {
        let entry = json!({"term": 1, "index": 2, "election_timer": ms});
        log.append(json::to_string(&entry).as_bytes())?;
        log.sync()?;
    }
    Ok(0)
}

/// Clusters have no ephemeral columns: every member must come to the same contents.
fn persist(schema: &mut DatabaseSchema, file: &str) {
    let (persistent, changed) = schema.clone().into_persistent();
    let n: usize = changed.values().map(Vec::len).sum();
    if let Some((table, columns)) = changed.last_key_value()
        && let Some(column) = columns.last()
    {
        tracing::warn!(
            target: "ovsdb",
            "{file}: changed {n} columns in '{}' database from ephemeral to persistent, including '{column}' column \
             in '{table}' table, because clusters do not support ephemeral columns",
            schema.name
        );
    }
    *schema = persistent;
}

fn check_election_timer(ms: u64) -> Result<(), ToolError> {
    match ms {
        0..100 | 600_001.. => Err(usage(
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
        return Err(usage(format!(
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
    check_address(local)?;
    let remotes: BTreeSet<&str> = remotes.iter().map(String::as_str).collect();
    for remote in &remotes {
        check_address(remote)?;
        if *remote == local {
            return Err(usage(
                "ovsdb error: remote addresses cannot be the same as the local address",
            ));
        }
    }
    let mut header = json!({
        "server_id": sid.unwrap_or_else(fresh_uuid).to_string(),
        "local_address": local,
        "name": name,
        "remote_addresses": remotes,
    });
    if let Some(cid) = cid.filter(|cid| !cid.is_nil()) {
        header["cluster_id"] = cid.to_string().into();
    }
    Header::create(path, &header)?;
    Ok(0)
}

/// `rejoin-cluster db header local remote...`: the file of a member that lost its own, with the identity that
/// `db-raft-header` saved.
pub(crate) fn rejoin(_: &Options, args: &[String]) -> Outcome {
    let file = &args[1];
    let text = std::fs::read(file).map_err(|error| usage(format!("{file}: {error}")))?;
    let value = json::parse(&text).map_err(|error| usage(format!("{file}: {error}")))?;
    let member = |name: &str| {
        let text = value.get(name).and_then(Value::as_str);
        text.ok_or_else(|| usage(format!("{file}: member \"{name}\" is missing")))
    };
    let uuid = |name: &str| {
        let uuid = Uuid::try_parse(member(name)?).ok();
        uuid.filter(|uuid| !uuid.is_nil())
            .ok_or_else(|| usage(format!("{file}: member \"{name}\" is no valid, nonzero UUID")))
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

/// `fix-cluster db...`: cuts each file at its first damaged record.
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
                .map_err(|error| usage(format!("{file}: truncate failed ({error})")))?;
        }
    }
    Ok(0)
}

/// An entry as `check-cluster` shows it.
pub(crate) fn entry_json(entry: &ovsdb_store::clustered::Entry) -> String {
    let mut members = Map::new();
    members.insert("term".into(), entry.term.into());
    if let Some(data) = &entry.data {
        members.insert("data".into(), data.clone());
    }
    if let Some(eid) = entry.eid {
        members.insert("eid".into(), eid.to_string().into());
    }
    if let Some(servers) = &entry.servers {
        members.insert("servers".into(), servers.clone());
    }
    json::to_string(&Value::Object(members))
}
