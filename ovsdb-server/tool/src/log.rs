//! `show-log`: a file's records as people read them.

use std::collections::BTreeMap;
use std::sync::Arc;

use ovsdb_cluster::export::{Exported, command, members, read_only};
use ovsdb_data::{DatabaseSchema, Datum, Uuid, json};
use ovsdb_raft::Command;
use ovsdb_store::clustered::{Address, ClusterRecord, Data, Header, Says, Servers, Standing, Txn};
use ovsdb_store::log::{Log, Magic, Mode};
use ovsdb_store::record::parse;
use ovsdb_store::text::encode_snapshot;
use serde_json::Value;

use crate::{Options, Outcome, db_arg, fresh_uuid};

/// What is known of a file while its records go by.
#[derive(Default)]
struct Shown {
    schema: Option<Arc<DatabaseSchema>>,
    /// Names of rows by uuid.
    names: BTreeMap<String, String>,
}

/// `show-log [db]`; `-m` shows rows, `-mm` their columns.
pub(crate) fn show(options: &Options, args: &[String]) -> Outcome {
    let path = db_arg(args, 0);
    let mut log = Log::open(&path, &Magic::ALL, Mode::ReadOnly)?;
    let mut shown = Shown::default();
    if log.magic() == Magic::Cluster {
        return match read_only(&path)? {
            Some(exported) => show_folder(options, &mut log, &exported, &mut shown),
            None => show_cluster(options, &mut log, &mut shown),
        };
    }
    for number in 0.. {
        let Some(record) = log.read()? else { break };
        let value = parse(&log, &record)?;
        print!("record {number}:");
        match &shown.schema {
            None => {
                let parsed = DatabaseSchema::from_json(&value).map_err(|why| log.not_valid(&record, why))?;
                println!(
                    " \"{}\" schema, version=\"{}\", cksum=\"{}\"",
                    parsed.name, parsed.version, parsed.cksum
                );
                shown.schema = Some(Arc::new(parsed));
            }
            Some(_) => change(options, &mut shown, &value),
        }
        println!();
    }
    Ok(0)
}

fn show_cluster(options: &Options, log: &mut Log, shown: &mut Shown) -> Outcome {
    println!("record 0:");
    let header = Header::read(log)?;
    show_header(options, &header, shown);
    println!();
    for number in 1.. {
        let Some(record) = log.read()? else { break };
        println!("record {number}:");
        match ClusterRecord::parse(log, &record) {
            Ok(record) => show_record(options, &record, shown),
            Err(error) => println!("{error}"),
        }
        println!();
    }
    Ok(0)
}

/// Our member's log: its identity, its snapshot, its entries.
fn show_folder(options: &Options, log: &mut Log, exported: &Exported, shown: &mut Shown) -> Outcome {
    println!("record 0:");
    show_header(options, &Header::read(log)?, shown);
    println!(" term: {}", exported.term);
    if let Some(id) = exported.voted_for {
        println!(" vote: {id}");
    }
    if let Some(id) = exported.leader {
        println!(" leader: {id}");
    }
    if let Some(committed) = exported.committed {
        println!(" commit_index: {}", committed.index);
    }
    println!();
    if let Some((last, n_bytes)) = exported.snapshot().map_err(|error| exported.failed(error))? {
        println!("snapshot of {n_bytes} bytes:");
        println!(" prev_index: {}", last.index);
        println!(" prev_term: {}", last.leader_id.term);
        if let Some(db) = exported.in_snapshot(&fresh_uuid)?.db {
            let snapshot = db.snapshot();
            show_eid("prev_eid", snapshot.txn_id.0);
            let data = Data {
                schema: Some(Arc::clone(&snapshot.schema)),
                txn: Txn::parse(&encode_snapshot(snapshot, "snapshot", 0, true)),
            };
            show_data(options, "prev_", &data, shown);
        }
        println!();
    }
    for (entry, number) in exported.entries().zip(1..) {
        let (entry, _) = entry.map_err(|error| exported.failed(error))?;
        println!("record {number}:");
        println!(" term: {}", entry.log_id.leader_id.term);
        println!(" index: {}", entry.log_id.index);
        show_entry(options, &entry, shown);
        println!();
    }
    Ok(0)
}

fn show_entry(options: &Options, entry: &ovsdb_raft::types::Entry, shown: &mut Shown) {
    if let Some(members) = members(entry) {
        let shown = members.iter().map(|(id, address)| format!("{id}(\"{address}\")"));
        println!(" servers: {}", shown.collect::<Vec<_>>().join(", "));
    }
    let typed = |text: &str| {
        let schema = DatabaseSchema::from_json(&json::parse(text.as_bytes()).ok()?).ok()?;
        Some(Arc::new(schema))
    };
    let (id, data) = match command(entry) {
        None => return,
        Some(Command::ElectionTimer(ms)) => {
            println!(" election_timer: {ms}");
            return;
        }
        Some(Command::Verify(id)) => {
            println!(" verification: {id}");
            return;
        }
        Some(Command::Transaction(txn)) => {
            show_eid("prerequisite", txn.prerequisite);
            let txn_text = Txn::parse(&txn.record);
            (
                txn.id,
                Data {
                    schema: None,
                    txn: txn_text,
                },
            )
        }
        Some(Command::Convert {
            id,
            prerequisite,
            schema,
        }) => {
            show_eid("prerequisite", *prerequisite);
            (
                *id,
                Data {
                    schema: typed(schema),
                    txn: None,
                },
            )
        }
        Some(Command::Restore {
            id, schema, record, ..
        }) => {
            let txn = Txn::parse(record);
            (
                *id,
                Data {
                    schema: typed(schema),
                    txn,
                },
            )
        }
    };
    show_eid("eid", id);
    show_data(options, "", &data, shown);
}

/// What an entry says, in a few words.
pub(crate) fn says(entry: &ovsdb_raft::types::Entry) -> String {
    match (command(entry), members(entry)) {
        (Some(command), _) => command.to_string(),
        (None, Some(members)) => {
            let members = members.keys().map(ToString::to_string);
            format!("members {}", members.collect::<Vec<_>>().join(", "))
        }
        (None, None) => "the beginning of a leadership".to_owned(),
    }
}

/// The first digits of an id, by which people know it.
pub(crate) fn short(id: Uuid) -> String {
    id.to_string().split_at(4).0.to_owned()
}

fn show_header(options: &Options, header: &Header, shown: &mut Shown) {
    // The quotes do not match in the C program either, and somebody may look for them.
    println!(" name: \"{}'", header.name);
    println!(" local address: \"{}\"", header.local_address);
    println!(" server_id: {}", short(header.server_id));
    if let Some(cid) = header.cluster_id {
        println!(" cluster_id: {}", short(cid));
    }
    match &header.standing {
        Standing::Joining { remote_addresses } => {
            let addresses: Vec<&str> = remote_addresses.iter().map(Address::as_str).collect();
            println!(" remote_addresses: {}", addresses.join(" "));
        }
        Standing::Member { servers, snapshot } => {
            let Some(snapshot) = snapshot else { return };
            println!(" prev_index: {}", snapshot.index);
            println!(" prev_term: {}", snapshot.term);
            show_servers("prev_servers", servers);
            show_eid("prev_eid", snapshot.eid);
            show_data(options, "prev_", &snapshot.data, shown);
        }
    }
}

fn show_eid(name: &str, eid: Uuid) {
    if !eid.is_nil() {
        println!(" {name}: {}", short(eid));
    }
}

fn show_record(options: &Options, record: &ClusterRecord, shown: &mut Shown) {
    if let Some(comment) = &record.comment {
        println!(" comment: \"{comment}\"");
    }
    if let Some(term) = record.term().filter(|term| *term > 0) {
        println!(" term: {term}");
    }
    match &record.says {
        Says::Term(_) => {}
        Says::Vote { server, .. } => println!(" vote: {}", short(*server)),
        Says::Leader { server, .. } => println!(" leader: {}", short(*server)),
        Says::Note(note) => println!(" note: \"{note}\""),
        Says::CommitIndex(index) => println!(" commit_index: {index}"),
        Says::Entry(entry) => {
            println!(" index: {}", entry.index);
            if let Some(servers) = &entry.servers {
                show_servers("servers", servers);
            }
            if let Some(eid) = entry.eid {
                show_eid("eid", eid);
            }
            if let Some(data) = &entry.data {
                show_data(options, "", data, shown);
            }
        }
    }
}

fn show_servers(name: &str, servers: &Servers) {
    let shown = servers
        .iter()
        .map(|(id, address)| format!("{}(\"{address}\")", short(*id)));
    println!(" {name}: {}", shown.collect::<Vec<_>>().join(", "));
}

fn show_data(options: &Options, prefix: &str, data: &Data, shown: &mut Shown) {
    if let Some(schema) = &data.schema {
        println!(
            " {prefix}schema: \"{}\", version=\"{}\", cksum=\"{}\"",
            schema.name, schema.version, schema.cksum
        );
        shown.schema = Some(Arc::clone(schema));
    }
    if let Some(txn) = &data.txn {
        change(options, shown, &txn.to_json());
    }
}

fn change(options: &Options, shown: &mut Shown, txn: &Value) {
    let Shown { schema, names } = shown;
    let (Some(schema), Some(members)) = (schema.as_ref(), txn.as_object()) else {
        return;
    };
    if let Some(date) = members.get("_date").and_then(Value::as_i64) {
        // C's dates are seconds in old files, milliseconds in others.
        let ms = if date < 1 << 31 { date * 1000 } else { date };
        if let Ok(time) = jiff::Timestamp::from_millisecond(ms) {
            print!(" {}", time.strftime("%Y-%m-%d %H:%M:%S.%3f"));
        }
    }
    if let Some(comment) = members.get("_comment").and_then(Value::as_str) {
        print!(" \"{comment}\"");
    }
    if options.more == 0 {
        return;
    }
    let diff = members.get("_is_diff") == Some(&Value::Bool(true));
    let tables = members
        .iter()
        .filter(|(name, rows)| !name.starts_with('_') && rows.is_object());
    for (i, (table, rows)) in tables.enumerate() {
        if i == 0 {
            println!();
        }
        for (uuid, columns) in rows.as_object().into_iter().flatten() {
            row(options, schema, table, uuid, columns, diff, names);
        }
    }
}

fn row(
    options: &Options,
    schema: &DatabaseSchema,
    table: &str,
    uuid: &str,
    columns: &Value,
    diff: bool,
    names: &mut BTreeMap<String, String>,
) {
    let short = uuid.get(..8).unwrap_or(uuid);
    let new_name = columns.get("name").map(json::to_string);
    match (names.get(uuid), &new_name) {
        (None, Some(name)) => println!("  table {table} insert row {name} ({short}):"),
        (None, None) => println!("  table {table} insert row {short}:"),
        (Some(name), _) => println!(
            "  table {table} row {name} ({short}){}:",
            if diff { " diff" } else { "" }
        ),
    }
    let Value::Object(columns) = columns else {
        println!("    delete row");
        names.remove(uuid);
        return;
    };
    if options.more > 1 {
        let table_schema = schema.table_idx(table).map(|idx| schema.table(idx));
        for (column, value) in columns {
            let ty = table_schema.and_then(|t| Some(&t.column_schema(t.column(column)?).ty));
            let datum = ty.and_then(|ty| Datum::from_json_trusted(value, ty).ok().map(|d| d.to_text(ty)));
            println!("    {column}={}", datum.unwrap_or_else(|| json::to_string(value)));
        }
    }
    names.insert(uuid.to_owned(), new_name.unwrap_or_else(|| short.to_owned()));
}
