//! Converts a database to another schema (ovsdb-server(7) §4.1.22 `convert`).

use std::sync::Arc;

use ovsdb_data::{DatabaseSchema, OvsdbError, TxnId, Uuid};

use crate::database::{Database, Snapshot};

/// The contents of `from` under `schema`: tables and columns unknown to it are dropped, new columns default, others
/// are checked against their new types; references are validated by the commit pipeline.
pub fn convert(
    _from: &Snapshot,
    _schema: Arc<DatabaseSchema>,
    _txn_id: TxnId,
    _fresh: &mut dyn FnMut() -> Uuid,
) -> Result<Database, OvsdbError> {
    todo!()
}
