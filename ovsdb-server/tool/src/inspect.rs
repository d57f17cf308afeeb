//! Commands that tell what a file is.

use std::cmp::Ordering;
use std::path::Path;

use ovsdb_data::DatabaseSchema;
use ovsdb_store::StoreError;
use ovsdb_store::clustered::Header;
use ovsdb_store::log::{Log, Magic, Mode};
use ovsdb_store::standalone::read_schema;
use serde_json::json;

use crate::{Options, Outcome, ToolError, db_arg, print_line, schema_arg};

fn open(path: &Path) -> Result<Log, ToolError> {
    Ok(Log::open(path, &Magic::ALL, Mode::ReadOnly)?)
}

/// The exit status of a question: 0 for yes, 2 for no.
fn answer(yes: bool) -> Outcome {
    Ok(if yes { 0 } else { 2 })
}

fn standalone_schema(path: &Path) -> Result<DatabaseSchema, ToolError> {
    let mut log = open(path)?;
    if log.magic() == Magic::Cluster {
        return Err(StoreError::Clustered(log.display().to_owned()).into());
    }
    let (schema, _) = read_schema(&mut log)?;
    Ok((*schema).clone())
}

fn header(path: &str) -> Result<Header, ToolError> {
    let mut log = open(Path::new(path))?;
    if log.magic() == Magic::Json {
        return Err(ToolError::Plain(format!("{path}: not a clustered database")));
    }
    Ok(Header::read(&mut log)?)
}

/// `db-name`.
pub(crate) fn db_name(_: &Options, args: &[String]) -> Outcome {
    let path = db_arg(args, 0);
    let mut log = open(&path)?;
    let name = match log.magic() {
        Magic::Cluster => Header::read(&mut log)?.name,
        Magic::Json => read_schema(&mut log)?.0.name.to_string(),
    };
    print_line(name)
}

/// `db-version`.
pub(crate) fn db_version(_: &Options, args: &[String]) -> Outcome {
    print_line(standalone_schema(&db_arg(args, 0))?.version)
}

/// `db-cksum`.
pub(crate) fn db_cksum(_: &Options, args: &[String]) -> Outcome {
    print_line(standalone_schema(&db_arg(args, 0))?.cksum)
}

/// `db-cid`: 2 while a joining server does not know it.
pub(crate) fn db_cid(_: &Options, args: &[String]) -> Outcome {
    match header(&args[0])?.cluster_id {
        Some(id) => print_line(id),
        None => {
            eprintln!("{}: cluster ID not yet known", args[0]);
            Ok(2)
        }
    }
}

/// `db-sid`.
pub(crate) fn db_sid(_: &Options, args: &[String]) -> Outcome {
    print_line(header(&args[0])?.server_id)
}

/// `db-local-address`.
pub(crate) fn db_local_address(_: &Options, args: &[String]) -> Outcome {
    print_line(header(&args[0])?.local_address)
}

/// `db-is-clustered`: 0 or 2.
pub(crate) fn db_is_clustered(_: &Options, args: &[String]) -> Outcome {
    answer(open(Path::new(&args[0]))?.magic() == Magic::Cluster)
}

/// `db-is-standalone`: 0 or 2.
pub(crate) fn db_is_standalone(_: &Options, args: &[String]) -> Outcome {
    answer(open(Path::new(&args[0]))?.magic() == Magic::Json)
}

/// `db-raft-header`: who a cluster's file belongs to, for `rejoin-cluster`.
pub(crate) fn db_raft_header(_: &Options, args: &[String]) -> Outcome {
    let header = header(&args[0])?;
    let cluster_id = header.cluster_id.unwrap_or_default();
    let value = json!({
        "cluster_id": cluster_id.to_string(), "local_address": header.local_address.as_str(),
        "name": header.name, "server_id": header.server_id.to_string(),
    });
    print_line(format_args!("{value:#}"))
}

/// `schema-name`.
pub(crate) fn schema_name(_: &Options, args: &[String]) -> Outcome {
    print_line(schema_arg(args, 0)?.name)
}

/// `schema-version`.
pub(crate) fn schema_version(_: &Options, args: &[String]) -> Outcome {
    print_line(schema_arg(args, 0)?.version)
}

/// `schema-cksum`.
pub(crate) fn schema_cksum(_: &Options, args: &[String]) -> Outcome {
    print_line(schema_arg(args, 0)?.cksum)
}

/// `compare-versions a op b`: 0 where it holds, 2 where not.
pub(crate) fn compare_versions(_: &Options, args: &[String]) -> Outcome {
    let parse = |text: &str| -> Result<Vec<u32>, ToolError> {
        let parts: Option<Vec<u32>> = text.split('.').map(|part| part.parse().ok()).collect();
        parts
            .filter(|parts| parts.len() == 3)
            .ok_or_else(|| ToolError::Plain(format!("{text}: not an OVSDB version number in format x.y.z")))
    };
    let order = parse(&args[0])?.cmp(&parse(&args[2])?);
    let holds = match &*args[1] {
        "<" => order == Ordering::Less,
        "<=" => order != Ordering::Greater,
        "==" => order == Ordering::Equal,
        ">=" => order != Ordering::Less,
        ">" => order == Ordering::Greater,
        "!=" => order != Ordering::Equal,
        other => return Err(ToolError::Plain(format!("{other}: not a relational operator"))),
    };
    answer(holds)
}
