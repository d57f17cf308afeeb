//! What a backup says of itself, in the comment of the record that holds its contents: the database, and the last index
//! that clients of its cluster can have seen. A cluster made of it goes on from there: what is lower is stale to them.
//! Whoever writes the file anew, compacted or converted, says so behind that: `backup of D at index 7, compacted by …`.
//!
//! In: a name and an index, or a file. Out: a comment, or what it says. Never here: rows.

use std::path::Path;

use serde::Deserialize;

use crate::error::StoreError;
use crate::log::{Log, Magic, Mode};
use crate::standalone::read_schema;

/// The comment of a backup.
pub fn comment(db: &str, index: Option<u64>) -> String {
    match index {
        Some(index) => format!("backup of {db} at index {index}"),
        None => format!("backup of {db}"),
    }
}

/// The comment of a record that holds all contents of a file, written anew. `done` tells by what; what the file says of
/// its index stays. What is wrong with the file is told by whoever replays it.
pub fn carried(path: &Path, done: &str) -> String {
    match read_origin(path) {
        Some((db, index)) => format!("{}, {done}", comment(&db, Some(index))),
        None => done.to_owned(),
    }
}

/// What the first record behind a file's schema says of where it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The last index that clients can have seen; none where the file is no backup of a cluster's database.
    pub index: Option<u64>,
}

/// All that is read of a record: its rows may be many.
#[derive(Deserialize)]
struct Annotated {
    #[serde(rename = "_comment")]
    comment: Option<String>,
}

/// Where the contents of a log that was just opened are from; none where it ends behind its schema.
pub fn origin(log: &mut Log) -> Result<Option<Origin>, StoreError> {
    Ok(of_database(log)?.map(|(_, origin)| origin))
}

/// The same, with the database's name.
fn of_database(log: &mut Log) -> Result<Option<(String, Origin)>, StoreError> {
    let (schema, _) = read_schema(log)?;
    let Some(record) = log.read()? else {
        return Ok(None);
    };
    // Anything but a text is no comment of ours.
    let read = serde_json::from_slice(&record.text).ok();
    let comment = read.and_then(|record: Annotated| record.comment);
    let index = comment.and_then(|comment| {
        let told = comment.strip_prefix(&format!("backup of {} at index ", schema.name))?;
        let index = told.split_once(", ").map_or(told, |(index, _)| index);
        // To clients it is a JSON integer.
        index.parse().ok().filter(|index| *index < i64::MAX as u64)
    });
    Ok(Some((schema.name.to_string(), Origin { index })))
}

/// The index that a cluster begins with whose contents are those of a standalone file. What is wrong with the file is
/// told by whoever replays it.
pub fn first_index(path: &Path) -> u64 {
    read_origin(path).map_or(1, |(_, index)| index + 1)
}

/// The database and the index of a cluster's backup; none where the file is no such thing.
fn read_origin(path: &Path) -> Option<(String, u64)> {
    let log = Log::open(path, &[Magic::Json], Mode::ReadOnly);
    let (db, origin) = log.and_then(|mut log| of_database(&mut log)).ok()??;
    Some((db, origin.index?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of a file with this record behind its schema.
    fn check(record: Option<&str>, expected: Option<Option<u64>>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let mut log = Log::open(&path, &[Magic::Json], Mode::Create).unwrap();
        log.append(br#"{"name":"D","version":"1.0.0","tables":{}}"#)
            .unwrap();
        if let Some(record) = record {
            log.append(record.as_bytes()).unwrap();
        }
        drop(log);
        let mut log = Log::open(&path, &[Magic::Json], Mode::ReadOnly).unwrap();
        let found = origin(&mut log).unwrap().map(|origin| origin.index);
        assert_eq!(found, expected, "{record:?}");
        let first = expected.flatten().map_or(1, |index| index + 1);
        assert_eq!(first_index(&path), first, "{record:?}");
        let again = match expected.flatten() {
            Some(index) => format!("backup of D at index {index}, done"),
            None => "done".to_owned(),
        };
        assert_eq!(carried(&path, "done"), again, "{record:?}");
    }

    #[test]
    fn only_a_backup_of_the_database_has_an_index() {
        let commented =
            |text: &str| format!(r#"{{"T":{{"x":{{"n":[1,"\n"]}}}},"_comment":"{text}","_date":1}}"#);
        check(None, None);
        check(Some("{}"), Some(None));
        check(Some(r#"{"_comment":7}"#), Some(None));
        check(Some(&commented(&comment("D", Some(42)))), Some(Some(42)));
        check(
            Some(&commented("backup of D at index 42, compacted, converted")),
            Some(Some(42)),
        );
        for text in [
            &comment("D", None),
            &comment("E", Some(42)),
            &comment("D", Some(u64::MAX)),
            "backup of D at index -1",
            "backup of D at index 4 2",
            "backup of D at index 4,2",
            "backup of D at index , compacted",
            "compacting database online",
        ] {
            check(Some(&commented(text)), Some(None));
        }
    }
}
