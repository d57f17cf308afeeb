//! Database files: as bytes, and as JSON lines that are given right headers, so that the replay is reached.

use super::fresh;
use ovsdb_store::clustered::{self, Header};
use ovsdb_store::log::compose;
use ovsdb_store::{Log, Magic, Mode, Standalone};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Any bytes: the valid records come out in order, end where the next begins, and carry the checksum they claim.
pub fn log(bytes: &[u8]) {
    let (_dir, path) = file(bytes);
    let Ok(mut log) = Log::open(&path, &[Magic::Json, Magic::Cluster], Mode::ReadOnly) else {
        return;
    };
    let magic = log.magic();
    let mut end = 0;
    while let Ok(Some(record)) = log.read() {
        assert!(record.offset >= end);
        end = record.data_offset + record.text.len() as u64;
        assert!(end <= bytes.len() as u64);
        let text = record.text.strip_suffix(b"\n").unwrap_or(&record.text);
        if text.len() < record.text.len() {
            assert_eq!(compose(magic, text).1, record.sha1);
        }
    }
    open(&path);
}

/// Lines as the records of a standalone database.
pub fn standalone(lines: &[u8]) {
    let (_dir, path) = file(&records(Magic::Json, lines));
    open(&path);
}

/// Lines as the records of a cluster member's file.
pub fn clustered(lines: &[u8]) {
    let (_dir, path) = file(&records(Magic::Cluster, lines));
    let Ok(mut log) = Log::open(&path, &[Magic::Cluster], Mode::ReadOnly) else {
        return;
    };
    let Ok(header) = Header::read(&mut log) else {
        return;
    };
    let _ = clustered::contents(&header, &mut log, &mut fresh());
}

fn open(path: &Path) {
    if let Ok(opened) = Standalone::open(path, Mode::ReadOnly, &fresh()) {
        let again = Standalone::open(path, Mode::ReadOnly, &fresh()).expect("it was opened before");
        assert_eq!(opened.file.txn_id(), again.file.txn_id());
    }
}

fn records(magic: Magic, lines: &[u8]) -> Vec<u8> {
    lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .flat_map(|line| compose(magic, line).0)
        .collect()
}

fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    let path = dir.path().join("database.db");
    std::fs::write(&path, bytes).expect("a temporary file can be written");
    (dir, path)
}
