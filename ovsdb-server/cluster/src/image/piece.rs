//! One piece of a snapshot, and its bytes: the codec's, and a checksum.

use bytes::Bytes;
use ovsdb_data::Uuid;
use ovsdb_raft::codec;
use ovsdb_raft::types::Request;
use serde::{Deserialize, Serialize};
use sha1::{Digest as _, Sha1};

/// Bytes of the checksum at the end of a piece.
const SUM_BYTES: usize = 8;

/// What a piece holds. They come in this order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Piece {
    /// The first one.
    Head {
        /// The schema's JSON text; none where there is no database yet.
        schema: Option<String>,
        /// The id of the state.
        id: Uuid,
        /// The id of the state before the oldest commit of the history.
        history_base: Option<Uuid>,
        /// What is added to a log index to give the public one.
        index_base: u64,
        /// The election timer in force, in milliseconds.
        election_timer_ms: u64,
    },
    /// Rows of a table. Tables come in the schema's order, rows in that of their uuids.
    Rows {
        /// The table's name.
        table: String,
        /// `"UUID":{"COLUMN":VALUE,…},…`, as a standalone file's records have them (ovsdb-server(5)).
        rows: String,
    },
    /// A commit of the history, the latest first.
    Commit {
        /// The id of the state that it led to.
        id: Uuid,
        /// What takes it back: a standalone file's record, or a part of one.
        undo: String,
        /// Whether no further part follows.
        is_whole: bool,
    },
    /// Executed requests with their replies, the oldest first.
    Requests(Vec<(Request, Bytes)>),
    /// The last one.
    End {
        /// How many pieces come before it.
        n_pieces: u64,
        /// Atoms of all rows.
        n_atoms: u64,
    },
}

impl Piece {
    /// Its bytes.
    pub fn seal(&self) -> Vec<u8> {
        let mut bytes = codec::encode(self);
        let sum = sum(&bytes);
        bytes.extend_from_slice(&sum);
        bytes
    }

    /// The piece of some bytes, or what is wrong with them.
    pub fn open(bytes: &[u8]) -> Result<Piece, String> {
        let (body, found) = bytes.split_last_chunk::<SUM_BYTES>().ok_or("too short")?;
        if sum(body) != *found {
            return Err("its checksum is another one".to_owned());
        }
        codec::decode(body).map_err(|error| error.to_string())
    }
}

fn sum(bytes: &[u8]) -> [u8; SUM_BYTES] {
    let digest: [u8; 20] = Sha1::digest(bytes).into();
    let mut sum = [0; SUM_BYTES];
    sum.copy_from_slice(&digest[..SUM_BYTES]);
    sum
}
