//! `show-log`: a file's records as people read them.

use std::collections::BTreeMap;
use std::sync::Arc;

use ovsdb_data::{DatabaseSchema, Datum, Uuid, json};
use ovsdb_store::clustered::{Address, ClusterRecord, Data, Header, Says, Servers, Standing};
use ovsdb_store::log::{Log, Magic, Mode};
use ovsdb_store::standalone::parse;
use serde_json::Value;

use crate::{Options, Outcome, db_arg};

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
        return show_cluster(options, &mut log, &mut shown);
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
