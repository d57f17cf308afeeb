//! What a cluster's members send each other of its contents, and what opening a member's file makes of any bytes.

use super::fresh;
use ovsdb_cluster::image::{Image, Piece, read};
use ovsdb_cluster::{Loaded, contents, file, state_hash};
use ovsdb_data::TxnId;
use ovsdb_store::Magic;
use ovsdb_store::log::compose;

/// A small schema with references, for the records.
const SCHEMA: &str = r#"{"name":"D","version":"1.0.0","tables":{
  "Part":{"isRoot":false,"columns":{"text":{"type":"string"}}},
  "T":{"isRoot":true,"columns":{"name":{"type":"string"},"n":{"type":{"key":"integer","min":0,"max":3}},
    "ids":{"type":{"key":"string","value":"real","min":0,"max":"unlimited"}},
    "parts":{"type":{"key":{"type":"uuid","refTable":"Part"},"min":0,"max":"unlimited"}}}}}}"#;

/// Lines as the pieces of a snapshot: those that are one as JSON are given the right bytes, others are taken as they
/// are. What is read is written and read again as the same.
pub fn image(lines: &[u8]) {
    let piece = |line: &[u8]| match serde_json::from_slice::<Piece>(line) {
        Ok(piece) => piece.seal(),
        Err(_) => line.to_vec(),
    };
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let Ok(loaded) = load(lines.map(piece).collect()) else {
        return;
    };
    let written = image_of(&loaded).into_pieces();
    let again = load(written.map(|piece| piece.expect("memory is read")).collect());
    let again = again.expect("what was written is read");
    let hash = |loaded: &Loaded| loaded.db.as_ref().map(|db| state_hash(db.snapshot()));
    assert_eq!(hash(&again), hash(&loaded));
    assert_eq!(again.history.base(), loaded.history.base());
    assert_eq!(again.requests.len(), loaded.requests.len());
}

fn load(pieces: Vec<Vec<u8>>) -> Result<Loaded, ovsdb_cluster::ImageError> {
    read(Box::new(pieces.into_iter().map(Ok)), &fresh())
}

fn image_of(loaded: &Loaded) -> Image {
    Image {
        snapshot: loaded.db.as_ref().map(|db| db.snapshot().clone()),
        history: loaded.history.clone(),
        requests: loaded.requests.clone(),
        index_base: loaded.index_base,
        election_timer_ms: loaded.election_timer_ms,
    }
}

/// The first line as contents, the others as transactions on them; each that is taken can be taken back.
pub fn entries(lines: &[u8]) {
    let mut lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let (Some(first), fresh) = (lines.next(), fresh()) else {
        return;
    };
    let Ok(mut db) = contents::database(SCHEMA, first, TxnId::default(), &fresh) else {
        return;
    };
    for line in lines {
        let Ok(changes) = contents::changes(line, db.snapshot(), &fresh) else {
            continue;
        };
        let before = state_hash(db.snapshot());
        db.apply(&changes, TxnId::default());
        db.apply(&contents::inverse(&changes), TxnId::default());
        assert_eq!(state_hash(db.snapshot()), before);
        db.apply(&changes, TxnId::default());
    }
}

/// Lines as the records of a member's file: it is opened or refused, and left as it was.
pub fn member(lines: &[u8]) {
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let bytes: Vec<u8> = lines.flat_map(|line| compose(Magic::Cluster, line).0).collect();
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("db");
    std::fs::write(&path, &bytes).expect("it is writable");
    let first = file::open(&path).map(|opened| opened.kind.clone());
    let again = file::open(&path).map(|opened| opened.kind.clone());
    assert_eq!(first.ok(), again.ok());
    assert_eq!(std::fs::read(&path).expect("it is there"), bytes);
}
