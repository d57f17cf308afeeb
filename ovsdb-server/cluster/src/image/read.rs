//! Pieces as a state: one thread checks and decodes them, others parse rows, the caller's puts them together.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use ovsdb_data::{RowChange, TxnId, json};
use ovsdb_engine::{Database, History, Snapshot};
use ovsdb_raft::machine::Pieces;
use ovsdb_store::Fresh;
use ovsdb_store::parse::{Parsers, Parsing, SharedText, changes, with_parsers};

use super::piece::Piece;
use super::{ImageError, Loaded};
use crate::contents;
use crate::requests::Requests;

/// Pieces that are read ahead, at most.
const AHEAD: usize = 16;

/// Reads pieces to their end. `fresh` makes `_version`s; rows are parsed by several threads.
pub fn read(mut pieces: Pieces, fresh: Fresh<'_>) -> Result<Loaded, ImageError> {
    let damaged = |why: &str| damaged(0, why);
    let first = pieces.next().ok_or_else(|| damaged("there is none"))??;
    let Piece::Head {
        schema,
        id,
        history_base,
        index_base,
        election_timer_ms,
    } = Piece::open(&first).map_err(|why| damaged(&why))?
    else {
        return Err(damaged("it is not the first one"));
    };
    let db = match schema {
        None => None,
        Some(text) => {
            let schema = contents::schema(&text).map_err(|error| damaged(&error.to_string()))?;
            Some(Database::new(schema, TxnId(id)))
        }
    };
    let mut reader = Reader {
        past: db.as_ref().map(|db| db.snapshot().clone()),
        id: TxnId(id),
        fresh,
        undone: Vec::new(),
        undo: String::new(),
        requests: Requests::default(),
        stage: 0,
        is_complete: false,
        db,
    };
    match reader.db.as_ref().map(|db| db.snapshot().schema.clone()) {
        None => reader.rest(pieces, None)?,
        Some(schema) => with_parsers(&schema, fresh, |parsers| reader.rest(pieces, Some(parsers)))?,
    }
    if !reader.is_complete {
        return Err(damaged("the last one is missing"));
    }
    reader.undone.reverse();
    Ok(Loaded {
        history: History::of(history_base.map(TxnId), reader.undone),
        db: reader.db,
        requests: reader.requests,
        index_base,
        election_timer_ms,
    })
}

fn damaged(number: u64, why: &str) -> ImageError {
    ImageError::Damaged {
        number,
        why: why.to_owned(),
    }
}

/// A piece on its way to the caller.
enum Coming {
    Rows {
        table: String,
        rows: Arc<String>,
        /// None where they are out of the ordinary.
        parsing: Option<Parsing>,
    },
    Other(Piece),
}

struct Reader<'a> {
    db: Option<Database>,
    fresh: Fresh<'a>,
    /// The state before the commits undone so far, and its id.
    past: Option<Snapshot>,
    id: TxnId,
    /// The latest first.
    undone: Vec<(TxnId, Arc<[RowChange]>)>,
    /// Parts of a commit's text.
    undo: String,
    requests: Requests,
    /// How far in the order of pieces.
    stage: u8,
    is_complete: bool,
}

impl Reader<'_> {
    /// Everything after the first piece.
    fn rest(&mut self, pieces: Pieces, parsers: Option<Parsers<'_>>) -> Result<(), ImageError> {
        thread::scope(|scope| {
            let (to_caller, coming) = sync_channel(AHEAD);
            scope.spawn(move || decode(pieces, parsers, &to_caller));
            self.take_all(coming)
        })
    }

    fn take_all(&mut self, coming: Receiver<Result<Coming, ImageError>>) -> Result<(), ImageError> {
        for (number, coming) in (1..).zip(coming) {
            let coming = coming?;
            if self.is_complete {
                return Err(damaged(number, "it comes after the last one"));
            }
            self.take(number, coming).map_err(|why| damaged(number, &why))?;
        }
        Ok(())
    }

    fn take(&mut self, number: u64, coming: Coming) -> Result<(), String> {
        let stage = match &coming {
            Coming::Rows { .. } => 0,
            Coming::Other(Piece::Commit { .. }) => 1,
            Coming::Other(_) => 2,
        };
        if stage < self.stage || (stage != 1 && !self.undo.is_empty()) {
            return Err("it is out of order".to_owned());
        }
        if stage == 1 && self.stage == 0 {
            self.past = self.db.as_ref().map(|db| db.snapshot().clone());
        }
        self.stage = stage;
        match coming {
            Coming::Rows { table, rows, parsing } => self.rows(&table, &rows, parsing),
            Coming::Other(Piece::Commit { id, undo, is_whole }) => {
                self.undo.push_str(&undo);
                match is_whole {
                    true => self.undo(TxnId(id)),
                    false => Ok(()),
                }
            }
            Coming::Other(Piece::Requests(requests)) => {
                for (request, reply) in requests {
                    self.requests.insert(request, reply);
                }
                Ok(())
            }
            Coming::Other(Piece::End { n_pieces, n_atoms }) => {
                let found = self.db.as_ref().map_or(0, |db| db.snapshot().n_atoms as u64);
                self.is_complete = true;
                match (n_pieces, n_atoms) == (number, found) {
                    true => Ok(()),
                    false => Err(format!(
                        "{number} pieces with {found} atoms were read, {n_pieces} with {n_atoms} were written"
                    )),
                }
            }
            Coming::Other(Piece::Head { .. } | Piece::Rows { .. }) => Err("it is out of place".to_owned()),
        }
    }

    fn rows(&mut self, table: &str, rows: &str, parsing: Option<Parsing>) -> Result<(), String> {
        let db = self.db.as_mut().ok_or("rows without a schema")?;
        let parsed = match parsing.and_then(|parsing| parsing.resolve(db.snapshot())) {
            Some(changes) => changes,
            None => {
                let mut record = b"{".to_vec();
                json::write_str(table, &mut record);
                record.extend_from_slice(b":{");
                record.extend_from_slice(rows.as_bytes());
                record.extend_from_slice(b"}}");
                changes(db.snapshot(), &record, self.fresh).map_err(|error| error.to_string())?
            }
        };
        if parsed.iter().any(|change| change.old.is_some()) {
            return Err(format!("a row of table {table} comes twice"));
        }
        db.apply(&parsed, self.id);
        Ok(())
    }

    /// Takes back the commit that led to `id`.
    fn undo(&mut self, id: TxnId) -> Result<(), String> {
        let past = self.past.as_mut().ok_or("a commit without a schema")?;
        let undo = std::mem::take(&mut self.undo);
        let back = match undo.is_empty() {
            true => Vec::new(),
            false => changes(past, undo.as_bytes(), self.fresh).map_err(|error| error.to_string())?,
        };
        for change in &back {
            let rows = &mut past.tables[usize::from(change.table.0)];
            match &change.new {
                Some(row) => rows.insert(change.uuid, row.clone()),
                None => rows.remove(&change.uuid),
            };
        }
        self.undone.push((id, contents::inverse(&back).into()));
        Ok(())
    }
}

/// Decodes pieces and hands their rows to the parsers, to the end or until nobody wants more.
fn decode(
    mut pieces: Pieces,
    parsers: Option<Parsers<'_>>,
    to_caller: &SyncSender<Result<Coming, ImageError>>,
) {
    for number in 1.. {
        let Some(bytes) = pieces.next() else { return };
        let coming = one(bytes, parsers.as_ref(), number);
        let is_last = coming.is_err();
        if to_caller.send(coming).is_err() || is_last {
            return;
        }
    }
}

fn one(bytes: io::Result<Vec<u8>>, parsers: Option<&Parsers<'_>>, number: u64) -> Result<Coming, ImageError> {
    let damaged = |why: &str| damaged(number, why);
    match Piece::open(&bytes?).map_err(|why| damaged(&why))? {
        Piece::Rows { table, rows } => {
            let rows = Arc::new(rows);
            let text: SharedText<'_> = rows.clone();
            let parsing = parsers.and_then(|parsers| parsers.rows_of(parsers.table(&table)?, &text));
            Ok(Coming::Rows { table, rows, parsing })
        }
        other => Ok(Coming::Other(other)),
    }
}
