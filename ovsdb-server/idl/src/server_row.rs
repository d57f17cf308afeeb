//! The row of `_Server.Database` that describes the database followed, and whether it will do.

use ovsdb_data::{Datum, Row, TableSchema};

use crate::refusal::Refusal;
use crate::replica::Replica;

/// The columns read; servers of before 2.12 lack some.
pub(crate) const COLUMNS: [&str; 6] = ["name", "model", "connected", "leader", "schema", "index"];

/// Checks the server's state of a database. Returns the schema's text and raises `min_index` to the member's index.
pub(crate) fn check(
    server: &Replica,
    db: &str,
    leader_only: bool,
    min_index: &mut i64,
) -> Result<String, Refusal> {
    let no_database = || Refusal::NoDatabase(db.to_owned());
    let idx = server.schema().table_idx("Database").ok_or_else(no_database)?;
    let table = server.schema().table(idx);
    let row = server
        .rows(idx)
        .find(|row| text(row, table, "name") == Some(db))
        .ok_or_else(no_database)?;
    let schema = text(row, table, "schema");
    let connected = flag(row, table, "connected");
    match text(row, table, "model") {
        Some("clustered") => {
            let schema = schema.ok_or(Refusal::NotJoined)?;
            let index = datum(row, table, "index")
                .and_then(|datum| datum.one()?.as_integer())
                .unwrap_or(0);
            if !connected {
                return Err(Refusal::Disconnected);
            }
            if leader_only && !flag(row, table, "leader") {
                return Err(Refusal::NotLeader);
            }
            if index < *min_index {
                return Err(Refusal::Stale);
            }
            *min_index = index;
            Ok(schema.to_owned())
        }
        Some("relay") => {
            let schema = schema.ok_or(Refusal::RelayNotConnected)?;
            if !connected {
                return Err(Refusal::RelayDisconnected);
            }
            if leader_only {
                return Err(Refusal::RelayNotLeader);
            }
            Ok(schema.to_owned())
        }
        _ => Ok(schema.ok_or(Refusal::NoSchema)?.to_owned()),
    }
}

fn datum<'a>(row: &'a Row, table: &TableSchema, column: &str) -> Option<&'a Datum> {
    table.column(column).map(|column| row.get(column))
}

fn text<'a>(row: &'a Row, table: &TableSchema, column: &str) -> Option<&'a str> {
    datum(row, table, column)?.one()?.as_str()
}

fn flag(row: &Row, table: &TableSchema, column: &str) -> bool {
    datum(row, table, column)
        .and_then(|datum| datum.one()?.as_bool())
        .unwrap_or(false)
}
