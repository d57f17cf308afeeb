//! The tables of `_Server` 1.2.0 as types. Generated from the schema; the generator is `generate.rs`.

use ovsdb_data::typed::{Column, One, Optional, Schema, Table, Text};
use ovsdb_data::{Row, TableIdx, Uuid};

/// The schema of these tables.
#[derive(Clone, Copy, Debug)]
pub enum ServerSchema {}

impl Schema for ServerSchema {
    const NAME: &'static str = "_Server";
    const VERSION: &'static str = "1.2.0";
    const CKSUM: &'static str = "3009684573 744";
}

/// A row of `Database`.
#[derive(Clone, Copy, Debug)]
pub struct Database<'a>(&'a Row);

impl<'a> Table<'a> for Database<'a> {
    type Schema = ServerSchema;
    const TABLE_NAME: &'static str = "Database";
    const TABLE_INDEX: TableIdx = TableIdx(0);

    fn of(row: &'a Row) -> Self {
        Database(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Database<'a> {
    /// Column `cid`.
    pub const CID: Column<Database<'static>, Optional<Uuid>> = Column::new(2, "cid");
    /// Column `connected`.
    pub const CONNECTED: Column<Database<'static>, One<bool>> = Column::new(3, "connected");
    /// Column `index`.
    pub const INDEX: Column<Database<'static>, Optional<i64>> = Column::new(4, "index");
    /// Column `leader`.
    pub const LEADER: Column<Database<'static>, One<bool>> = Column::new(5, "leader");
    /// Column `model`.
    pub const MODEL: Column<Database<'static>, One<Text>> = Column::new(6, "model");
    /// Column `name`.
    pub const NAME: Column<Database<'static>, One<Text>> = Column::new(7, "name");
    /// Column `schema`.
    pub const SCHEMA: Column<Database<'static>, Optional<Text>> = Column::new(8, "schema");
    /// Column `sid`.
    pub const SID: Column<Database<'static>, Optional<Uuid>> = Column::new(9, "sid");

    /// `cid`: optional, uuid.
    pub fn cid(self) -> Option<Uuid> {
        self.get(Self::CID)
    }

    /// `connected`: boolean.
    pub fn connected(self) -> bool {
        self.get(Self::CONNECTED)
    }

    /// `index`: optional, integer.
    pub fn index(self) -> Option<i64> {
        self.get(Self::INDEX)
    }

    /// `leader`: boolean.
    pub fn leader(self) -> bool {
        self.get(Self::LEADER)
    }

    /// `model`: string, one of `clustered`, `relay`, `standalone`.
    pub fn model(self) -> &'a str {
        self.get(Self::MODEL)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `schema`: optional, string.
    pub fn schema(self) -> Option<&'a str> {
        self.get(Self::SCHEMA)
    }

    /// `sid`: optional, uuid.
    pub fn sid(self) -> Option<Uuid> {
        self.get(Self::SID)
    }
}
