//! A snapshot of what the log led to, as pieces of about a megabyte, and back.
//!
//! In: a state that shares everything with the one that goes on. Out: pieces, each made when it is asked for; and the
//! state again, its rows parsed by several threads. History is written backwards, as what takes each commit back: so
//! rows that did not change are not written twice. Pieces carry a checksum, as a bit that is read wrongly would part
//! the members for ever.

mod piece;
mod read;

use std::collections::VecDeque;
use std::io;
use std::ops::Bound;

use ovsdb_data::{TableIdx, Uuid, json};
use ovsdb_engine::{Database, History, Snapshot};
use ovsdb_raft::machine::Pieces;
use ovsdb_store::text::{encode, encode_whole_row};

use crate::contents::inverse;
use crate::requests::Requests;

pub use piece::Piece;
pub use read::read;

/// The size from which on a piece ends.
const PIECE_BYTES: usize = 1 << 20;

/// What a snapshot holds.
#[derive(Clone)]
pub struct Image {
    /// The database; none before the first `Restore`.
    pub snapshot: Option<Snapshot>,
    /// The latest commits.
    pub history: History,
    /// The latest requests.
    pub requests: Requests,
    /// What is added to a log index to give the public one.
    pub index_base: u64,
    /// The election timer in force, in milliseconds.
    pub election_timer_ms: u64,
}

/// What was read from a snapshot.
pub struct Loaded {
    /// The database; none before the first `Restore`.
    pub db: Option<Database>,
    /// The latest commits.
    pub history: History,
    /// The latest requests.
    pub requests: Requests,
    /// What is added to a log index to give the public one.
    pub index_base: u64,
    /// The election timer in force, in milliseconds.
    pub election_timer_ms: u64,
}

/// Why pieces are no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// They cannot be read.
    #[error("reading a snapshot: {0}")]
    Io(#[from] io::Error),
    /// A piece is not what the format promises.
    #[error("piece {number} of a snapshot is damaged: {why}")]
    Damaged {
        /// How many pieces come before it.
        number: u64,
        /// What is wrong with it.
        why: String,
    },
}

impl From<ImageError> for io::Error {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Io(error) => error,
            damaged => io::Error::new(io::ErrorKind::InvalidData, damaged),
        }
    }
}

impl Image {
    /// The pieces, each made when it is asked for, by whoever asks.
    pub fn into_pieces(self) -> Pieces {
        Box::new(Writer {
            step: Step::Head,
            n_pieces: 0,
            image: self,
        })
    }
}

/// Where a writer is.
enum Step {
    Head,
    /// Rows of a table, those after a uuid.
    Rows(TableIdx, Option<Uuid>),
    /// The latest commits first; this many are left.
    Commits(usize),
    /// The rest of a commit's text.
    Commit(usize, VecDeque<Piece>),
    /// So many requests are written.
    Requests(usize),
    End,
    Done,
}

struct Writer {
    image: Image,
    step: Step,
    n_pieces: u64,
}

impl Iterator for Writer {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let piece = loop {
            let (piece, next) = self.advance()?;
            self.step = next;
            if let Some(piece) = piece {
                break piece;
            }
        };
        self.n_pieces += 1;
        Some(Ok(piece.seal()))
    }
}

impl Writer {
    /// The next piece, if the present step has one, and the step after it.
    fn advance(&mut self) -> Option<(Option<Piece>, Step)> {
        let image = &self.image;
        let n_commits = image.history.commits().count();
        Some(match &mut self.step {
            Step::Head => {
                let schema = image
                    .snapshot
                    .as_ref()
                    .map(|s| json::to_string(&s.schema.to_json()));
                let head = Piece::Head {
                    schema,
                    id: image.snapshot.as_ref().map_or(Uuid::nil(), |s| s.txn_id.0),
                    history_base: image.history.base().map(|id| id.0),
                    index_base: image.index_base,
                    election_timer_ms: image.election_timer_ms,
                };
                let next = match image.snapshot {
                    Some(_) => Step::Rows(TableIdx(0), None),
                    None => Step::Requests(0),
                };
                (Some(head), next)
            }
            Step::Rows(table, after) => match &image.snapshot {
                Some(snapshot) if usize::from(table.0) < snapshot.tables.len() => {
                    rows(snapshot, *table, *after)
                }
                _ => (None, Step::Commits(n_commits)),
            },
            Step::Commits(0) => (None, Step::Requests(0)),
            Step::Commits(left) => {
                let at = *left - 1;
                (None, Step::Commit(at, commit(image, at)))
            }
            Step::Commit(at, parts) => match parts.pop_front() {
                Some(part) => (Some(part), Step::Commit(*at, std::mem::take(parts))),
                None => (None, Step::Commits(*at)),
            },
            Step::Requests(done) => {
                let mut n_bytes = 0;
                let mut requests = Vec::new();
                for (request, reply) in image.requests.iter().skip(*done) {
                    requests.push((*request, reply.clone()));
                    n_bytes += reply.len() + 32;
                    if n_bytes >= PIECE_BYTES {
                        break;
                    }
                }
                match requests.len() {
                    0 => (None, Step::End),
                    n => (Some(Piece::Requests(requests)), Step::Requests(*done + n)),
                }
            }
            Step::End => {
                let end = Piece::End {
                    n_pieces: self.n_pieces,
                    n_atoms: image.snapshot.as_ref().map_or(0, |s| s.n_atoms as u64),
                };
                (Some(end), Step::Done)
            }
            Step::Done => return None,
        })
    }
}

/// Rows of a table from `after` on, and where to go on.
fn rows(snapshot: &Snapshot, table: TableIdx, after: Option<Uuid>) -> (Option<Piece>, Step) {
    let schema = snapshot.schema.table(table);
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let mut text = Vec::with_capacity(PIECE_BYTES + PIECE_BYTES / 8);
    let mut next = Step::Rows(TableIdx(table.0 + 1), None);
    for (uuid, row) in snapshot.table(table).range((from, Bound::Unbounded)) {
        if !text.is_empty() {
            text.push(b',');
        }
        encode_whole_row(schema, *uuid, row, &mut text);
        if text.len() >= PIECE_BYTES {
            next = Step::Rows(table, Some(*uuid));
            break;
        }
    }
    let piece = (!text.is_empty()).then(|| Piece::Rows {
        table: schema.name.to_string(),
        rows: written(text),
    });
    (piece, next)
}

/// What takes a commit back, in parts.
fn commit(image: &Image, at: usize) -> VecDeque<Piece> {
    let commit = image.history.commits().nth(at);
    let (Some((id, changes)), Some(snapshot)) = (commit, &image.snapshot) else {
        return VecDeque::new();
    };
    let undo = encode(&snapshot.schema, &inverse(changes), None, 0, true).unwrap_or_default();
    let mut undo = written(undo);
    let mut parts = VecDeque::new();
    loop {
        let mut at = undo.len().min(PIECE_BYTES);
        while !undo.is_char_boundary(at) {
            at -= 1;
        }
        let rest = undo.split_off(at);
        parts.push_back(Piece::Commit {
            id: id.0,
            undo,
            is_whole: rest.is_empty(),
        });
        if rest.is_empty() {
            return parts;
        }
        undo = rest;
    }
}

/// JSON that was just written, as text.
fn written(json: Vec<u8>) -> String {
    String::from_utf8(json).expect("JSON is written from strings")
}
