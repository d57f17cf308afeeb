//! Indexes by value, made for clients that come in crowds: hundreds of controllers each ask for a few of many rows.
//!
//! In: questions of jobs that make monitors' contents. Out: indexes, shared. One who asks alone searches; from the
//! second on it is worth an index, which is kept while it is asked for, and made anew before too much has changed.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use ovsdb_data::{ColumnIdx, DatabaseSchema, TableIdx};
use ovsdb_engine::Snapshot;
use ovsdb_engine::by_value::ByValue;
use parking_lot::Mutex;

/// Tables of fewer rows are searched.
const MANY_ROWS: usize = 10_000;

/// After so many calls of [`Lookups::expire`] an index is made anew.
const MAX_AGE: u32 = 10;

/// The indexes of one database. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Lookups(Arc<Mutex<BTreeMap<(TableIdx, ColumnIdx), Slot>>>);

struct Slot {
    schema: Arc<DatabaseSchema>,
    index: Option<Arc<OnceLock<Arc<ByValue>>>>,
    used: bool,
    age: u32,
}

impl Lookups {
    /// The index of a column, if it is worth one. The first who gets it makes it; others wait for that.
    pub fn get(&self, snapshot: &Snapshot, table: TableIdx, column: ColumnIdx) -> Option<Arc<ByValue>> {
        if snapshot.table(table).len() < MANY_ROWS {
            return None;
        }
        let index = {
            let mut slots = self.0.lock();
            let fresh = Slot {
                schema: snapshot.schema.clone(),
                index: None,
                used: true,
                age: 0,
            };
            match slots.get_mut(&(table, column)) {
                Some(slot) if Arc::ptr_eq(&slot.schema, &snapshot.schema) => {
                    slot.used = true;
                    slot.index.get_or_insert_default().clone()
                }
                _ => {
                    slots.insert((table, column), fresh);
                    return None;
                }
            }
        };
        Some(
            index
                .get_or_init(|| Arc::new(ByValue::new(snapshot, table, column)))
                .clone(),
        )
    }

    /// Forgets what was not asked for since the last call, and what is old.
    pub fn expire(&self) {
        self.0.lock().retain(|_, slot| {
            slot.age += 1;
            std::mem::take(&mut slot.used) && slot.age < MAX_AGE
        });
    }
}
