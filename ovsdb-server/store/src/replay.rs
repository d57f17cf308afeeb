//! Replays a file's records: one thread reads and hashes, others parse ([`crate::parse`]), the caller's applies.
//!
//! In: a log after its schema. Out: the database at the end of its valid prefix. The order of records is kept.
//!
//! ```text
//!   reader ──pieces──► parsers (any number) ──rows──┐
//!      └─────────records, in order──────────────────┴─► caller: resolve, commit checks, apply
//! ```

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use ovsdb_data::TxnId;
use ovsdb_engine::Database;

use crate::StoreError;
use crate::log::{Log, Record};
use crate::parse::{Fresh, Parsers, Parsing, SharedText, resolve, with_parsers};
use crate::record::{does_not_count, next_txn_id};
use crate::text::TextError;

/// Records that are read ahead, at most.
const AHEAD: usize = 16;

/// A record on its way to the caller.
struct Coming {
    record: Arc<Record>,
    /// None where the record is out of the ordinary: it is parsed as a tree.
    parsing: Option<Parsing>,
}

/// How a replay ended: the id of the last state, and what made a record not count.
pub(crate) type Ended = (TxnId, Option<StoreError>);

/// Replays every record that is left in a log. With `converting`, tables and columns unknown to the database's schema
/// are skipped, and a record that does not apply is an error rather than the end of the valid prefix.
pub(crate) fn replay(
    log: &mut Log,
    database: &mut Database,
    mut txn_id: TxnId,
    converting: bool,
    fresh: Fresh<'_>,
) -> Result<Ended, StoreError> {
    let schema = database.snapshot().schema.clone();
    let mut bad: Option<(Arc<Record>, TextError)> = None;
    let read = with_parsers(&schema, fresh, |parsers| {
        thread::scope(|scope| {
            let (to_caller, records) = sync_channel::<Coming>(AHEAD);
            let reader = scope.spawn(move || read(log, converting, &to_caller, &parsers));
            for Coming { record, parsing } in records {
                let next = next_txn_id(txn_id, &record.sha1);
                let replayed = resolve(database.snapshot(), &record.text, parsing, converting, fresh)
                    .and_then(|changes| Ok(database.replay(changes, next, &mut || fresh())?));
                if let Err(failure) = replayed {
                    bad = Some((record, failure));
                    break;
                }
                txn_id = next;
            }
            // The reader stops when nobody takes its records any more.
            reader.join()
        })
    });
    let (log, read) = match read {
        Ok(read) => read,
        Err(panic) => std::panic::resume_unwind(panic),
    };
    match bad {
        None => Ok((txn_id, read.err())),
        Some((record, failure)) => {
            let error = does_not_count(log, &record, failure);
            // A record that does not apply ends the valid prefix like a torn one; a conversion must not lose it.
            if converting {
                return Err(error);
            }
            log.unread_from(&record);
            Ok((txn_id, Some(error)))
        }
    }
}

/// Reads records to the end, or until nobody wants more; hands out their pieces.
fn read<'a>(
    log: &'a mut Log,
    converting: bool,
    to_caller: &SyncSender<Coming>,
    parsers: &Parsers<'_>,
) -> (&'a mut Log, Result<(), StoreError>) {
    loop {
        let record = match log.read() {
            Ok(Some(record)) => Arc::new(record),
            Ok(None) => return (log, Ok(())),
            Err(error) => return (log, Err(error)),
        };
        let text: SharedText<'_> = record.clone();
        let parsing = match converting {
            true => None,
            false => parsers.record(&text),
        };
        if to_caller.send(Coming { record, parsing }).is_err() {
            return (log, Ok(()));
        }
    }
}
