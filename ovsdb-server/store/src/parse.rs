//! Rows from the texts of records, several processors at work.
//!
//! In: texts of rows, as records have them. Out: row changes of a state, in the texts' order; only the reading of text
//! goes on at once. Whatever is out of the ordinary is parsed as a tree, which knows every rule and every error.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ovsdb_data::intern::Interner;
use ovsdb_data::stream::{self, RawRow, Share};
use ovsdb_data::{
    Atom, ColumnIdx, DatabaseSchema, Datum, Row, RowChange, SmolStr, TableIdx, TableSchema, Uuid, diff, json,
};
use ovsdb_engine::Snapshot;
use serde_json::Value;

use crate::split::{self, Member};
use crate::text::{TextError, decode, parse_text, type_default};

/// Makes `_version`s; called from several threads.
pub type Fresh<'a> = &'a (dyn Fn() -> Uuid + Sync);

/// Rows are parsed in pieces of about this many bytes.
const PIECE: usize = 256 << 10;

/// A record's text as changes of the state before it. Long ones are parsed by several threads.
pub fn changes(before: &Snapshot, text: &[u8], fresh: Fresh<'_>) -> Result<Vec<RowChange>, TextError> {
    match text.len() > 2 * PIECE {
        true => with_parsers(&before.schema, fresh, |parsers| {
            let shared: SharedText<'_> = Arc::new(text);
            let parsing = parsers.record(&shared);
            resolve(before, text, parsing, false, fresh)
        }),
        false => match at_once(before, text, fresh) {
            Some(changes) => Ok(changes),
            None => resolve(before, text, None, false, fresh),
        },
    }
}

/// A text that several threads read.
pub type SharedText<'a> = Arc<dyn AsRef<[u8]> + Send + Sync + 'a>;

/// Threads that parse texts of rows.
pub struct Parsers<'a> {
    schema: Arc<DatabaseSchema>,
    pieces: Sender<Piece<'a>>,
}

/// Rows of one table, waiting to be parsed.
struct Piece<'a> {
    text: SharedText<'a>,
    table: TableIdx,
    /// Where in the text; rows with commas between them, without braces around.
    range: Range<usize>,
    done: Sender<Option<Vec<Prepared>>>,
}

/// Texts that are being parsed.
pub struct Parsing {
    is_diff: bool,
    pieces: Vec<Receiver<Option<Vec<Prepared>>>>,
}

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

/// Has parsers at work, as many as there are processors, for as long as `work` takes.
pub fn with_parsers<'a, R>(
    schema: &Arc<DatabaseSchema>,
    fresh: Fresh<'_>,
    work: impl FnOnce(Parsers<'a>) -> R,
) -> R {
    let n_parsers = thread::available_parallelism().map_or(1, |n| n.get());
    thread::scope(|scope| {
        let (to_parsers, pieces) = channel::<Piece<'a>>();
        let pieces = Arc::new(Mutex::new(pieces));
        for _ in 0..n_parsers {
            let pieces = pieces.clone();
            scope.spawn(move || parse_pieces(&pieces, schema, fresh));
        }
        work(Parsers {
            schema: schema.clone(),
            pieces: to_parsers,
        })
    })
}

impl<'a> Parsers<'a> {
    /// The table of a name.
    pub fn table(&self, name: &str) -> Option<TableIdx> {
        self.schema.table_idx(name)
    }

    /// Begins to parse a record; none where its members are not those of an ordinary transaction.
    pub fn record(&self, text: &SharedText<'a>) -> Option<Parsing> {
        let cut = cut((**text).as_ref(), &self.schema)?;
        let pieces = cut
            .ranges
            .into_iter()
            .map(|(table, range)| self.rows(text, table, range));
        Some(Parsing {
            is_diff: cut.is_diff,
            pieces: pieces.collect::<Option<_>>()?,
        })
    }

    /// Begins to parse rows of one table: `"UUID":ROW,…`, without braces around.
    pub fn rows_of(&self, table: TableIdx, text: &SharedText<'a>) -> Option<Parsing> {
        let range = 0..(**text).as_ref().len();
        Some(Parsing {
            is_diff: false,
            pieces: vec![self.rows(text, table, range)?],
        })
    }

    fn rows(
        &self,
        text: &SharedText<'a>,
        table: TableIdx,
        range: Range<usize>,
    ) -> Option<Receiver<Option<Vec<Prepared>>>> {
        let (done, parsed) = channel();
        let text = text.clone();
        let piece = Piece {
            text,
            table,
            range,
            done,
        };
        self.pieces.send(piece).ok()?;
        Some(parsed)
    }
}

/// Where a record has its rows.
struct Cut {
    is_diff: bool,
    ranges: Vec<(TableIdx, Range<usize>)>,
}

/// None where a record's members are not those of an ordinary transaction.
fn cut(text: &[u8], schema: &DatabaseSchema) -> Option<Cut> {
    let mut is_diff = false;
    let mut ranges = Vec::new();
    let mut tables = BTreeSet::new();
    for Member { name, value } in split::members(text)? {
        let member = &text[value.clone()];
        match name {
            "_is_diff" if matches!(member, b"true" | b"false") => is_diff = member == b"true",
            // Whatever they hold, a record that is not JSON does not count.
            "_comment" if json::parse(member).is_ok() => {}
            "_date" if json::parse(member).is_ok_and(|date| date.is_i64()) => {}
            _ => {
                let table = schema.table_idx(name)?;
                // Of a member given twice the last one counts, as in a tree.
                if !tables.insert(table) {
                    return None;
                }
                let entries = split::entries(text, value, PIECE)?;
                ranges.extend(entries.into_iter().map(|range| (table, range)));
            }
        }
    }
    Some(Cut { is_diff, ranges })
}

/// A short record, parsed where it is; none where it is out of the ordinary.
fn at_once(before: &Snapshot, text: &[u8], fresh: Fresh<'_>) -> Option<Vec<RowChange>> {
    let cut = cut(text, &before.schema)?;
    let mut changes = Vec::new();
    for (table, range) in cut.ranges {
        let schema = before.schema.table(table);
        let rows = parse_rows(
            &text[range],
            table,
            schema,
            &defaults(schema),
            &mut Unshared,
            fresh,
        )?;
        resolve_rows(before, rows, cut.is_diff, &mut changes)?;
    }
    in_order(changes)
}

/// A few rows have little in common.
struct Unshared;

impl Share for Unshared {
    fn string(&mut self, text: &str) -> SmolStr {
        text.into()
    }

    fn datum(&mut self, datum: Datum) -> Datum {
        datum
    }
}

fn parse_pieces(pieces: &Mutex<Receiver<Piece<'_>>>, schema: &DatabaseSchema, fresh: Fresh<'_>) {
    let mut interner = Interner::default();
    let defaults: Vec<Vec<Datum>> = schema.tables.iter().map(|table| defaults(table)).collect();
    loop {
        let next = pieces.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(piece) = next else { return };
        let text = &(*piece.text).as_ref()[piece.range.clone()];
        let (table, defaults) = (piece.table, &defaults[usize::from(piece.table.0)]);
        let rows = parse_rows(text, table, schema.table(table), defaults, &mut interner, fresh);
        // Whoever waited may have given up on the text.
        let _ = piece.done.send(rows);
    }
}

fn defaults(table: &TableSchema) -> Vec<Datum> {
    table.columns.iter().map(|c| type_default(&c.ty)).collect()
}

fn parse_rows(
    text: &[u8],
    table: TableIdx,
    schema: &TableSchema,
    defaults: &[Datum],
    share: &mut dyn Share,
    fresh: Fresh<'_>,
) -> Option<Vec<Prepared>> {
    let rows = std::str::from_utf8(text).ok()?;
    let raw = stream::rows(&format!("{{{rows}}}"), schema, share)?;
    let mut prepared = Vec::with_capacity(raw.len());
    for RawRow { uuid, columns, .. } in raw {
        let change = match columns {
            None => Change::Delete,
            Some(columns) => {
                let named = columns.iter().map(|(column, _)| *column).collect();
                let mut datums = defaults.to_vec();
                for (column, datum) in columns {
                    datums[usize::from(column.0)] = datum;
                }
                datums[usize::from(ColumnIdx::UUID.0)] = Datum::One(Atom::Uuid(uuid));
                datums[usize::from(ColumnIdx::VERSION.0)] = Datum::One(Atom::Uuid(fresh()));
                Change::Put(Row::new(datums), named)
            }
        };
        prepared.push(Prepared { table, uuid, change });
    }
    Some(prepared)
}

/// A record as changes of the state before it.
pub(crate) fn resolve(
    before: &Snapshot,
    text: &[u8],
    parsing: Option<Parsing>,
    converting: bool,
    fresh: Fresh<'_>,
) -> Result<Vec<RowChange>, TextError> {
    match parsing.and_then(|parsing| parsing.resolve(before)) {
        Some(changes) => Ok(changes),
        None => {
            let value: Value = parse_text(text)?;
            Ok(decode(before, &value, converting, &mut || fresh())?)
        }
    }
}

impl Parsing {
    /// Waits for the rows and makes them changes of the state before them, ordered by table and uuid; none where they
    /// are out of the ordinary.
    pub fn resolve(self, before: &Snapshot) -> Option<Vec<RowChange>> {
        let mut changes = Vec::new();
        for piece in self.pieces {
            // A parser that is gone leaves its piece unparsed.
            resolve_rows(before, piece.recv().ok()??, self.is_diff, &mut changes)?;
        }
        in_order(changes)
    }
}

/// Sorts changes; none where one row has two of them.
fn in_order(mut changes: Vec<RowChange>) -> Option<Vec<RowChange>> {
    let place = |change: &RowChange| (change.table, change.uuid);
    changes.sort_by_key(place);
    let twice = changes.windows(2).any(|pair| place(&pair[0]) == place(&pair[1]));
    (!twice).then_some(changes)
}

fn resolve_rows(
    before: &Snapshot,
    rows: Vec<Prepared>,
    is_diff: bool,
    changes: &mut Vec<RowChange>,
) -> Option<()> {
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
            (Change::Put(row, named), Some(old)) => Some(merge(before, table, old, &row, &named, is_diff)?),
        };
        changes.push(RowChange {
            table,
            uuid,
            old,
            new,
        });
    }
    Some(())
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
