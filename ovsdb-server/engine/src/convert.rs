//! Converts a database to another schema (ovsdb-server(7) §4.1.22 `convert`).

use std::sync::Arc;

use ovsdb_data::{ColumnIdx, DatabaseSchema, Datum, OvsdbError, TxnId, Uuid};

use crate::database::{Database, Snapshot};
use crate::txn::Txn;

/// The contents of `from` under `schema`: tables and columns unknown to it are dropped, new columns default, others
/// are checked against their new types; references are validated by the commit pipeline.
pub fn convert(
    from: &Snapshot,
    schema: Arc<DatabaseSchema>,
    txn_id: TxnId,
    fresh: &mut dyn FnMut() -> Uuid,
) -> Result<Database, OvsdbError> {
    let mut to = Database::new(schema.clone(), txn_id);
    let mut txn = Txn::new(&to);
    for (new_idx, new_table) in schema.iter() {
        let Some(old_idx) = from.schema.table_idx(&new_table.name) else {
            continue;
        };
        let old_table = from.schema.table(old_idx);
        let columns: Vec<(ColumnIdx, ColumnIdx)> = new_table
            .iter()
            .skip(2)
            .filter_map(|(new, column)| Some((old_table.column(&column.name)?, new)))
            .collect();
        for (uuid, row) in from.table(old_idx) {
            let mut values = Vec::with_capacity(columns.len());
            for (old, new) in &columns {
                let old_ty = &old_table.column_schema(*old).ty;
                let new_ty = &new_table.column_schema(*new).ty;
                let value = row.get(*old);
                let value = match old_ty == new_ty {
                    true => value.clone(),
                    false => Datum::from_json(&value.to_json(old_ty), new_ty, None)?,
                };
                values.push((*new, value));
            }
            // The defaults of new columns are nobody's choice, and taken whatever their constraints.
            let row = new_table.row_of(*uuid, Uuid::nil(), values);
            txn.put((new_idx, *uuid), Some(row));
        }
    }
    let changes = txn.commit(fresh)?;
    to.apply(&changes, txn_id);
    Ok(to)
}
