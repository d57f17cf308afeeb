//! Uniqueness of a table's indexes (RFC 7047 §3.2 "indexes"), checked on what a transaction leaves behind.

use foldhash::HashMap;
use ovsdb_data::{ColumnIdx, OvsdbError, Row, TableIdx, TableSchema, Uuid};

use crate::database::{IndexKey, index_key};
use crate::txn::Txn;

/// Fails when two rows would have the same values in the columns of an index.
pub(crate) fn check(txn: &Txn<'_>) -> Result<(), OvsdbError> {
    let mut seen: HashMap<(TableIdx, usize), HashMap<IndexKey, Uuid>> = HashMap::default();
    for ((table, uuid), touched) in &txn.rows {
        let Some(row) = &touched.new else { continue };
        let schema = txn.db.head.schema.table(*table);
        for (index, columns) in schema.indexes.iter().enumerate() {
            let key = index_key(columns, row);
            let in_txn = seen.entry((*table, index)).or_default();
            let other = in_txn.get(&key).copied().or_else(|| {
                let known = txn.db.indexes[table.0 as usize][index].get(&key).copied();
                known.filter(|known| !txn.rows.contains_key(&(*table, *known)))
            });
            if let Some(other) = other.and_then(|other| txn.get((*table, other))) {
                return Err(duplicate(txn, *table, columns, other, row));
            }
            in_txn.insert(key, *uuid);
        }
    }
    Ok(())
}

fn duplicate(txn: &Txn<'_>, table: TableIdx, index: &[ColumnIdx], a: &Row, b: &Row) -> OvsdbError {
    // The greater row comes first, so that the same conflict always reads the same.
    let (first, second) = if a.cmp_values(b).is_lt() { (b, a) } else { (a, b) };
    let schema = txn.db.head.schema.table(table);
    OvsdbError::constraint(format!(
        "Transaction causes multiple rows in \"{}\" table to have identical values ({}) for index on {}.  \
         First row, with UUID {}, {}.  Second row, with UUID {}, {}.",
        schema.name,
        values(schema, index, first),
        columns(schema, index),
        first.uuid(),
        how(txn, table, index, first.uuid()),
        second.uuid(),
        how(txn, table, index, second.uuid()),
    ))
}

fn how(txn: &Txn<'_>, table: TableIdx, index: &[ColumnIdx], uuid: Uuid) -> String {
    let schema = txn.db.head.schema.table(table);
    match txn.rows.get(&(table, uuid)) {
        None => "existed in the database before this transaction and was not modified by the transaction".into(),
        Some(touched) => match (&touched.old, &touched.new) {
            (Some(old), Some(new)) if index_key(index, old) == index_key(index, new) => {
                "existed in the database before this transaction, which modified some of the row's columns but \
                 not any columns in this index"
                    .into()
            }
            (Some(old), _) => {
                format!("had the following index values before the transaction: {}", values(schema, index, old))
            }
            (None, _) => "was inserted by this transaction".into(),
        },
    }
}

fn values(schema: &TableSchema, index: &[ColumnIdx], row: &Row) -> String {
    let text = |c: &ColumnIdx| row.get(*c).to_text(&schema.column_schema(*c).ty);
    listed(index.iter().map(text).collect())
}

fn columns(schema: &TableSchema, index: &[ColumnIdx]) -> String {
    let name = |c: &ColumnIdx| format!("\"{}\"", schema.column_schema(*c).name);
    let names = listed(index.iter().map(name).collect());
    let s = if index.len() == 1 { "" } else { "s" };
    format!("column{s} {names}")
}

/// `a`, `a and b`, `a, b, and c`.
fn listed(texts: Vec<String>) -> String {
    match texts.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [a, b] => format!("{a} and {b}"),
        [most @ .., last] => format!("{}, and {last}", most.join(", ")),
    }
}
