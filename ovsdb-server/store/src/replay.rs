//! Replays a file's records, several processors at work: one reads and hashes, the others parse, the caller's applies.
//!
//! In: a log after its schema. Out: the database at the end of its valid prefix. The order of records is kept; only
//! the reading of text goes on at once.
//!
//! ```text
//!   reader ──pieces──► parsers (any number) ──rows──┐
//!      └─────────records, in order──────────────────┴─► caller: resolve, commit checks, apply
//! ```

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ovsdb_data::json;
use ovsdb_data::stream::{self, RawRow};
use ovsdb_data::{
    Atom, ColumnIdx, DatabaseSchema, Datum, OvsdbError, Row, RowChange, TableIdx, TxnId, Uuid, diff,
};
use ovsdb_engine::intern::Interner;
use ovsdb_engine::{Database, Snapshot};
use serde_json::Value;

use crate::StoreError;
use crate::log::{Log, Record};
use crate::split::{self, Member};
use crate::standalone::{decode, next_txn_id, parse_text, type_default};

/// Makes `_version`s; called from several threads.
pub type Fresh<'a> = &'a (dyn Fn() -> Uuid + Sync);

/// Records that are read ahead, at most.
const AHEAD: usize = 16;

/// Rows are parsed in pieces of about this many bytes.
const PIECE: usize = 256 << 10;

/// A row ready to be resolved against the state before its record.
struct Prepared {
    table: TableIdx,
    uuid: Uuid,
    change: Change,
}

enum Change {
    Delete,
    /// The row as it is if it is new, and which columns its record names.
    Put(Row, Box<[ColumnIdx]>),
}

/// Rows of one table, waiting to be parsed.
struct Piece {
    record: Arc<Record>,
    table: TableIdx,
    /// Where in the record's text; rows with commas between them, without braces around.
    range: std::ops::Range<usize>,
    done: Sender<Option<Vec<Prepared>>>,
}

/// A record on its way to the caller.
struct Coming {
    record: Arc<Record>,
    /// None where the record is out of the ordinary: it is parsed as a tree.
    pieces: Option<Pieces>,
}

/// Whether values are differences, and where the rows of each piece will be found.
type Pieces = (bool, Vec<Receiver<Option<Vec<Prepared>>>>);

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
    let n_parsers = thread::available_parallelism().map_or(1, |n| n.get());
    let mut bad: Option<(Arc<Record>, Failure)> = None;
    let read = thread::scope(|scope| {
        let (to_caller, records) = sync_channel::<Coming>(AHEAD);
        let (to_parsers, pieces) = channel::<Piece>();
        let pieces = Arc::new(Mutex::new(pieces));
        for _ in 0..n_parsers {
            let (pieces, schema) = (pieces.clone(), schema.clone());
            scope.spawn(move || parse_pieces(&pieces, &schema, fresh));
        }
        let for_reader = schema.clone();
        let reader = scope.spawn(move || read(log, &for_reader, converting, &to_caller, &to_parsers));
        for Coming { record, pieces } in records {
            let next = next_txn_id(txn_id, &record.sha1);
            let replayed = resolve(database.snapshot(), &record, pieces, converting, fresh)
                .and_then(|changes| Ok(database.replay(changes, next, &mut || fresh())?));
            if let Err(failure) = replayed {
                bad = Some((record, failure));
                break;
            }
            txn_id = next;
        }
        // The reader stops when nobody takes its records any more.
        reader.join()
    });
    let (log, read) = match read {
        Ok(read) => read,
        Err(panic) => std::panic::resume_unwind(panic),
    };
    match bad {
        None => Ok((txn_id, read.err())),
        Some((record, failure)) => {
            let error = match failure {
                Failure::NotJson(why) => log.not_json(&record, &why),
                Failure::NotObject => log.not_object(&record),
                Failure::Contents(why) => log.not_valid(&record, why),
            };
            // A record that does not apply ends the valid prefix like a torn one; a conversion must not lose it.
            if converting {
                return Err(error);
            }
            log.unread_from(&record);
            Ok((txn_id, Some(error)))
        }
    }
}

/// Why a record does not count.
pub(crate) enum Failure {
    /// Its text is not JSON.
    NotJson(String),
    /// It is JSON, but no object.
    NotObject,
    /// It does not apply to the state before it.
    Contents(OvsdbError),
}

impl From<OvsdbError> for Failure {
    fn from(error: OvsdbError) -> Self {
        Failure::Contents(error)
    }
}

/// Reads records to the end, or until nobody wants more; hands out their pieces.
fn read<'a>(
    log: &'a mut Log,
    schema: &DatabaseSchema,
    converting: bool,
    to_caller: &SyncSender<Coming>,
    to_parsers: &Sender<Piece>,
) -> (&'a mut Log, Result<(), StoreError>) {
    loop {
        let record = match log.read() {
            Ok(Some(record)) => Arc::new(record),
            Ok(None) => return (log, Ok(())),
            Err(error) => return (log, Err(error)),
        };
        let pieces = match converting {
            true => None,
            false => cut(&record, schema, to_parsers),
        };
        if to_caller.send(Coming { record, pieces }).is_err() {
            return (log, Ok(()));
        }
    }
}

/// Hands a record's rows to the parsers; none where its members are not those of an ordinary transaction.
fn cut(record: &Arc<Record>, schema: &DatabaseSchema, to_parsers: &Sender<Piece>) -> Option<Pieces> {
    let mut is_diff = false;
    let mut pieces = Vec::new();
    let mut tables = BTreeSet::new();
    for Member { name, value } in split::members(&record.text)? {
        let text = &record.text[value.clone()];
        match name {
            "_is_diff" if matches!(text, b"true" | b"false") => is_diff = text == b"true",
            // Whatever they hold, a record that is not JSON does not count.
            "_comment" if json::parse(text).is_ok() => {}
            "_date" if json::parse(text).is_ok_and(|date| date.is_i64()) => {}
            _ => {
                let table = schema.table_idx(name)?;
                // Of a member given twice the last one counts, as in a tree.
                if !tables.insert(table) {
                    return None;
                }
                for range in split::entries(&record.text, value, PIECE)? {
                    let (done, parsed) = channel();
                    pieces.push(parsed);
                    let record = record.clone();
                    to_parsers
                        .send(Piece {
                            record,
                            table,
                            range,
                            done,
                        })
                        .ok()?;
                }
            }
        }
    }
    Some((is_diff, pieces))
}

fn parse_pieces(pieces: &Mutex<Receiver<Piece>>, schema: &DatabaseSchema, fresh: Fresh<'_>) {
    let mut interner = Interner::default();
    let defaults: Vec<Vec<Datum>> = schema
        .tables
        .iter()
        .map(|table| table.columns.iter().map(|c| type_default(&c.ty)).collect())
        .collect();
    loop {
        let next = pieces.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(piece) = next else { return };
        // Whoever waited may have given up on the file.
        let _ = piece
            .done
            .send(parse_piece(&piece, schema, &defaults, &mut interner, fresh));
    }
}

fn parse_piece(
    piece: &Piece,
    schema: &DatabaseSchema,
    defaults: &[Vec<Datum>],
    interner: &mut Interner,
    fresh: Fresh<'_>,
) -> Option<Vec<Prepared>> {
    let rows = std::str::from_utf8(&piece.record.text[piece.range.clone()]).ok()?;
    let table = schema.table(piece.table);
    let raw = stream::rows(&format!("{{{rows}}}"), table, interner)?;
    let mut prepared = Vec::with_capacity(raw.len());
    for RawRow { uuid, columns } in raw {
        let change = match columns {
            None => Change::Delete,
            Some(columns) => {
                let named = columns.iter().map(|(column, _)| *column).collect();
                let mut datums = defaults[usize::from(piece.table.0)].clone();
                for (column, datum) in columns {
                    datums[usize::from(column.0)] = datum;
                }
                datums[usize::from(ColumnIdx::UUID.0)] = Datum::One(Atom::Uuid(uuid));
                datums[usize::from(ColumnIdx::VERSION.0)] = Datum::One(Atom::Uuid(fresh()));
                Change::Put(Row::new(datums), named)
            }
        };
        prepared.push(Prepared {
            table: piece.table,
            uuid,
            change,
        });
    }
    Some(prepared)
}

/// A record as changes of the state before it.
fn resolve(
    before: &Snapshot,
    record: &Record,
    pieces: Option<Pieces>,
    converting: bool,
    fresh: Fresh<'_>,
) -> Result<Vec<RowChange>, Failure> {
    match pieces.and_then(|pieces| try_resolve(before, pieces)) {
        Some(changes) => Ok(changes),
        None => {
            let value: Value = parse_text(&record.text)?;
            Ok(decode(before, &value, converting, &mut || fresh())?)
        }
    }
}

fn try_resolve(before: &Snapshot, (is_diff, pieces): Pieces) -> Option<Vec<RowChange>> {
    let mut changes = Vec::new();
    for piece in pieces {
        // A parser that is gone leaves its piece unparsed.
        let rows = piece.recv().ok()??;
        changes.reserve(rows.len());
        for Prepared { table, uuid, change } in rows {
            let old = before.get(table, &uuid).cloned();
            let new = match (change, &old) {
                (Change::Delete, None) => return None,
                (Change::Delete, Some(_)) => None,
                (Change::Put(row, named), None) => {
                    check_sizes(before, table, &row, &named)?;
                    Some(row)
                }
                (Change::Put(row, named), Some(old)) => {
                    Some(merge(before, table, old, &row, &named, is_diff)?)
                }
            };
            changes.push(RowChange {
                table,
                uuid,
                old,
                new,
            });
        }
    }
    changes.sort_by_key(|change| (change.table, change.uuid));
    Some(changes)
}

/// The stream leaves sizes unchecked, as a difference may have any.
fn check_sizes(before: &Snapshot, table: TableIdx, row: &Row, named: &[ColumnIdx]) -> Option<()> {
    let schema = before.schema.table(table);
    let fits = |column: &ColumnIdx| {
        schema
            .column_schema(*column)
            .ty
            .allows_len(row.get(*column).len())
    };
    named.iter().all(fits).then_some(())
}

/// A present row with the columns that a record names, or with their differences.
fn merge(
    before: &Snapshot,
    table: TableIdx,
    old: &Row,
    row: &Row,
    named: &[ColumnIdx],
    is_diff: bool,
) -> Option<Row> {
    let schema = before.schema.table(table);
    let mut columns = vec![(ColumnIdx::VERSION, row.get(ColumnIdx::VERSION).clone())];
    for column in named {
        let ty = &schema.column_schema(*column).ty;
        let datum = match is_diff {
            true => diff::apply(old.get(*column), row.get(*column), ty).ok()?,
            false => row.get(*column).clone(),
        };
        columns.push((*column, datum));
    }
    let new = old.with(columns);
    check_sizes(before, table, &new, named)?;
    Some(new)
}
