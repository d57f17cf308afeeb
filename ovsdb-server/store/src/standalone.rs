//! Standalone databases: the first record is the schema, each further one a transaction (ovsdb-server(5)).
//!
//! In: a file, committed row changes. Out: a database, records at the file's end. What a record says: [`crate::text`].

use std::path::Path;
use std::sync::Arc;

use ovsdb_data::{DatabaseSchema, RowChange, TxnId, json};
use ovsdb_engine::Database;

use crate::error::StoreError;
use crate::log::{Log, Magic, Mode};
use crate::parse::Fresh;
use crate::record::{next_txn_id, parse};
use crate::replay::replay;
use crate::text::encode;

/// A standalone database's file, open at its end.
#[derive(Debug)]
pub struct Standalone {
    pub(crate) log: Log,
    pub(crate) txn_id: TxnId,
    /// Whether changed rows are written as differences (off: `--disable-file-column-diff`).
    pub column_diff: bool,
}

/// An opened database.
pub struct Opened {
    /// Its file.
    pub file: Standalone,
    /// Its contents.
    pub database: Database,
    /// What ended the valid prefix, when the file's tail is damaged; the next write truncates it.
    pub warning: Option<StoreError>,
}

impl Standalone {
    /// Makes a new file that holds the schema, durable.
    pub fn create(path: &Path, schema: &DatabaseSchema) -> Result<Standalone, StoreError> {
        let mut log = Log::open(path, &[Magic::Json], Mode::Create)?;
        let sha1 = log.append(json::to_string(&schema.to_json()).as_bytes())?;
        log.sync()?;
        Ok(Standalone {
            log,
            txn_id: next_txn_id(TxnId::default(), &sha1),
            column_diff: true,
        })
    }

    /// Opens a file and replays it. `fresh` makes the rows' `_version`s.
    pub fn open(path: &Path, mode: Mode, fresh: Fresh<'_>) -> Result<Opened, StoreError> {
        Self::open_as(path, mode, None, fresh)
    }

    /// Opens a file and replays it under another schema: tables and columns unknown to it are dropped.
    pub fn open_as(
        path: &Path,
        mode: Mode,
        schema: Option<Arc<DatabaseSchema>>,
        fresh: Fresh<'_>,
    ) -> Result<Opened, StoreError> {
        Self::replay(Log::open(path, &Magic::ALL, mode)?, schema, fresh)
    }

    /// Replays a log that was just opened, like [`Standalone::open`].
    pub fn of(log: Log, fresh: Fresh<'_>) -> Result<Opened, StoreError> {
        Self::replay(log, None, fresh)
    }

    fn replay(
        mut log: Log,
        schema: Option<Arc<DatabaseSchema>>,
        fresh: Fresh<'_>,
    ) -> Result<Opened, StoreError> {
        if log.magic() == Magic::Cluster {
            return Err(StoreError::Clustered(log.display().to_owned()));
        }
        let (own, sha1) = read_schema(&mut log)?;
        let converting = schema.is_some();
        let txn_id = next_txn_id(TxnId::default(), &sha1);
        let mut database = Database::new(schema.unwrap_or(own), txn_id);
        let (txn_id, warning) = replay(&mut log, &mut database, txn_id, converting, fresh)?;
        log.mark_base();
        Ok(Opened {
            file: Standalone {
                log,
                txn_id,
                column_diff: true,
            },
            database,
            warning,
        })
    }

    /// Appends one transaction of a database with `schema`, not yet durable, and returns the id of the state it leads
    /// to. Changes of ephemeral columns alone write nothing and keep the id. `date` is in milliseconds since 1970.
    pub fn append(
        &mut self,
        schema: &DatabaseSchema,
        changes: &[RowChange],
        comment: Option<&str>,
        date: i64,
    ) -> Result<TxnId, StoreError> {
        if let Some(text) = encode(schema, changes, comment, date, self.column_diff) {
            let sha1 = self.log.append(&text)?;
            self.txn_id = next_txn_id(self.txn_id, &sha1);
        }
        Ok(self.txn_id)
    }

    /// Waits until everything appended is on disk.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        self.log.sync()
    }

    /// The id of the latest state on file.
    pub fn txn_id(&self) -> TxnId {
        self.txn_id
    }

    /// The file as a log.
    pub fn log(&self) -> &Log {
        &self.log
    }
}

/// Reads the schema that a file starts with, and its record's SHA-1.
pub fn read_schema(log: &mut Log) -> Result<(Arc<DatabaseSchema>, [u8; 20]), StoreError> {
    let record = log.read()?.ok_or_else(|| {
        StoreError::Format(format!(
            "{}: unexpected end of file reading schema",
            log.display()
        ))
    })?;
    let value = parse(log, &record)?;
    let schema = DatabaseSchema::from_json(&value).map_err(|why| log.not_valid(&record, why))?;
    Ok((Arc::new(schema), record.sha1))
}
