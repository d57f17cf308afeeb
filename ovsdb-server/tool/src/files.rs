//! Commands that make or change database files.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ovsdb_data::{OvsdbError, json};
use ovsdb_engine::rbac::Identity;
use ovsdb_engine::{Context, Database, Outcome as TxnOutcome, Snapshot};
use ovsdb_store::StoreError;
use ovsdb_store::backup;
use ovsdb_store::compact::save;
use ovsdb_store::log::{Log, Magic, Mode};
use ovsdb_store::standalone::{Opened, Standalone};
use ovsdb_wire::reply;
use serde_json::Value;

use crate::{
    OVS_VERSION, Options, Outcome, ToolError, date_ms, db_arg, fresh_uuid, member, open, print_line,
    schema_arg,
};

/// `create [db [schema]]`.
pub(crate) fn create(_: &Options, args: &[String]) -> Outcome {
    let path = db_arg(args, 0);
    Standalone::create(&path, &schema_arg(args, 1)?)?;
    Ok(0)
}

/// `compact [db [dst]]`.
pub(crate) fn compact(_: &Options, args: &[String]) -> Outcome {
    lock_in_short(rewrite(&db_arg(args, 0), args.get(1), "compacted", |_| Ok(None)))
}

/// `convert [db [schema [dst]]]`.
pub(crate) fn convert(_: &Options, args: &[String]) -> Outcome {
    let schema = Arc::new(schema_arg(args, 1)?);
    lock_in_short(rewrite(&db_arg(args, 0), args.get(2), "converted", |from| {
        let id = from.txn_id;
        Ok(Some(ovsdb_engine::convert::convert(
            from,
            schema,
            id,
            &mut fresh_uuid,
        )?))
    }))
}

/// These commands name a lock that they cannot have without the kind of the error.
fn lock_in_short(outcome: Outcome) -> Outcome {
    outcome.map_err(|error| match error {
        ToolError::Store(StoreError::Locked { .. }) => {
            ToolError::Plain(error.to_string().trim_start_matches("I/O error: ").to_owned())
        }
        error => error,
    })
}

/// Writes a database whole, in place or over another one, perhaps as another one.
fn rewrite(
    path: &Path,
    target: Option<&String>,
    done: &str,
    change: impl FnOnce(&Snapshot) -> Result<Option<Database>, ToolError>,
) -> Outcome {
    let mode = match target {
        Some(_) => Mode::ReadOnly,
        None => Mode::ReadWrite,
    };
    let Opened {
        mut file, database, ..
    } = open(path, mode)?;
    let changed = change(database.snapshot())?;
    let snapshot = changed.as_ref().unwrap_or(&database).snapshot();
    match target {
        Some(target) => save(
            Path::new(target),
            Mode::Replace,
            snapshot,
            &backup::carried(path, &by_tool(done)),
            date_ms(),
        )?,
        None => {
            // Of a state alone nothing is a difference.
            file.column_diff = false;
            file.compaction()
                .write(snapshot, &by_tool(done), date_ms())?
                .finish(&mut file)?
                .settle();
        }
    }
    Ok(0)
}

/// The comment of a file that was `done`.
fn by_tool(done: &str) -> String {
    format!("{done} by ovsdb-tool {OVS_VERSION}")
}

/// `needs-conversion [db [schema]]`.
pub(crate) fn needs_conversion(_: &Options, args: &[String]) -> Outcome {
    let new = schema_arg(args, 1)?;
    let opened = open(&db_arg(args, 0), Mode::ReadOnly)?;
    let is_same = *opened.database.snapshot().schema == new;
    print_line(if is_same { "no" } else { "yes" })
}

/// `query [db] trns`: runs a transaction that may not write.
pub(crate) fn query(options: &Options, args: &[String]) -> Outcome {
    run(options, args, true)
}

/// `transact [db] trns`.
pub(crate) fn transact(options: &Options, args: &[String]) -> Outcome {
    run(options, args, false)
}

fn run(options: &Options, args: &[String], read_only: bool) -> Outcome {
    let (path, text) = match args {
        [path, text] => (Path::new(path).to_owned(), text),
        [text] => (db_arg(&[], 0), text),
        _ => return Err(ToolError::Plain("one transaction expected".into())),
    };
    let params =
        json::parse(text.as_bytes()).map_err(|error| ToolError::Plain(format!("\"{text}\": {error}")))?;
    let mode = if read_only {
        Mode::ReadOnly
    } else {
        Mode::ReadWrite
    };
    let Opened {
        mut file, database, ..
    } = open(&path, mode)?;
    let schema = database.snapshot().schema.clone();
    let operations = match &params {
        Value::Array(array) => match array.split_first() {
            Some((Value::String(name), operations)) if **name == *schema.name => operations,
            _ => return refused(&params, "database name expected as first parameter"),
        },
        _ => return refused(&params, "array expected"),
    };
    let identity = options.rbac_role.clone().map(|role| Identity {
        role,
        id: Some(String::new()),
    });
    let execute = |elapsed| {
        database.execute(
            operations,
            &mut Context {
                fresh: &mut fresh_uuid,
                read_only,
                identity: identity.as_ref(),
                holds_lock: &|_| false,
                elapsed,
            },
        )
    };
    let outcome = match execute(Duration::ZERO) {
        // Nobody else could make it come true.
        TxnOutcome::Wait { .. } => without_waiting(execute(Duration::MAX)),
        outcome => outcome,
    };
    let mut out = Vec::from(b"[");
    let mut element = |write: &dyn Fn(&mut Vec<u8>)| {
        if out.len() > 1 {
            out.push(b',');
        }
        write(&mut out);
    };
    match outcome {
        TxnOutcome::Done {
            replies,
            changes,
            comment,
            durable,
        } => {
            if !changes.is_empty() || comment.is_some() {
                file.append(&schema, &changes, comment.as_deref(), date_ms())?;
                if durable {
                    file.sync()?;
                }
            }
            for reply in &replies {
                element(&|out| reply::write_result(&schema, reply, out));
            }
        }
        TxnOutcome::Failed { replies } => {
            for reply in &replies {
                element(&|out| match reply {
                    None => out.extend_from_slice(b"null"),
                    Some(Ok(result)) => reply::write_result(&schema, result, out),
                    Some(Err(error)) => json::write(&reply::error_value(error), out),
                });
            }
        }
        TxnOutcome::Wait { .. } => unreachable!("every wait of a transaction that is old enough is over"),
    }
    out.push(b']');
    print_line(String::from_utf8_lossy(&out))
}

/// A transaction that cannot be run has a result like any other.
fn refused(at: &Value, details: &str) -> Outcome {
    let error = OvsdbError::syntax(at, details);
    print_line(json::to_string(&reply::error_value(&error)))
}

/// A `wait` that does not hold is not supported without a server.
fn without_waiting(outcome: TxnOutcome) -> TxnOutcome {
    match outcome {
        TxnOutcome::Failed { mut replies } => {
            let failed = replies.iter_mut().flatten().find(|reply| reply.is_err());
            if let Some(reply) = failed {
                *reply = Err(OvsdbError::new("not supported", "triggers not supported"));
            }
            TxnOutcome::Failed { replies }
        }
        outcome => outcome,
    }
}

/// `cluster-to-standalone db clusterdb`.
pub(crate) fn cluster_to_standalone(_: &Options, args: &[String]) -> Outcome {
    let log = Log::open(Path::new(&args[1]), &Magic::ALL, Mode::ReadOnly)?;
    if log.magic() == Magic::Json {
        return Err(ToolError::Plain("Database is not clustered db.".into()));
    }
    let member::Contents { database, index, .. } = member::contents(&args[1])?;
    let snapshot = database.snapshot();
    // A cluster that is made of it goes on from this index.
    let comment = backup::comment(&snapshot.schema.name, Some(index));
    save(Path::new(&args[0]), Mode::Create, snapshot, &comment, date_ms())?;
    Ok(0)
}
