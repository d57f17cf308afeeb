//! `ovsdb-server/tlog-set` and `tlog-list`: tables whose changes go to the log, for watching a live system.

use crate::control::Reply;
use crate::server::Server;

/// Turns a table's log on or off.
pub(super) fn set(server: &mut Server, target: &str, state: &str) -> Reply {
    let on = match state.to_ascii_lowercase().as_str() {
        "on" => true,
        "off" => false,
        _ => return Err("invalid command argument".into()),
    };
    let (db, table) = target
        .split_once(':')
        .filter(|(db, table)| !db.is_empty() && !table.is_empty() && !table.contains(':'))
        .ok_or("invalid DB:TABLE argument")?;
    let db = server.databases.get_mut(db).ok_or("no such database")?;
    let table = db.snapshot().schema.table_idx(table).ok_or("no such table")?;
    match on {
        true => db.logged.insert(table),
        false => db.logged.remove(&table),
    };
    Ok(String::new())
}

/// Which tables are logged.
pub(super) fn list(server: &Server) -> String {
    let mut out = String::from("database        table                       logging\n");
    out.push_str("--------        -----                       -------\n");
    for (name, db) in &server.databases {
        out.push_str(&format!("{name:<16} \n"));
        let schema = &db.snapshot().schema;
        let mut tables: Vec<_> = schema.iter().collect();
        tables.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name));
        for (idx, table) in tables {
            let logging = if db.logged.contains(&idx) { "ON" } else { "OFF" };
            out.push_str(&format!("                {:<27} {logging}\n", table.name));
        }
    }
    out
}
