//! The tables of `OVN_IC_Northbound` 1.2.0 as types. Generated from the schema; the generator is `generate.rs`.

use ovsdb_data::typed::{Column, Map, MapView, One, Optional, Schema, Set, SetView, Table, Text};
use ovsdb_data::{Row, TableIdx, Uuid};

/// The schema of these tables.
#[derive(Clone, Copy, Debug)]
pub enum OvnIcNorthboundSchema {}

impl Schema for OvnIcNorthboundSchema {
    const NAME: &'static str = "OVN_IC_Northbound";
    const VERSION: &'static str = "1.2.0";
    const CKSUM: &'static str = "4176728051 3557";
}

/// A row of `Connection`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct Connection<'a>(&'a Row);

impl<'a> Table<'a> for Connection<'a> {
    type Schema = OvnIcNorthboundSchema;
    const TABLE_NAME: &'static str = "Connection";
    const TABLE_INDEX: TableIdx = TableIdx(0);

    fn of(row: &'a Row) -> Self {
        Connection(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Connection<'a> {
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Connection<'static>, Map<Text, Text>> = Column::new(2, "external_ids");
    /// Column `inactivity_probe`.
    pub const INACTIVITY_PROBE: Column<Connection<'static>, Optional<i64>> =
        Column::new(3, "inactivity_probe");
    /// Column `is_connected`.
    pub const IS_CONNECTED: Column<Connection<'static>, One<bool>> = Column::new(4, "is_connected");
    /// Column `max_backoff`.
    pub const MAX_BACKOFF: Column<Connection<'static>, Optional<i64>> = Column::new(5, "max_backoff");
    /// Column `other_config`.
    pub const OTHER_CONFIG: Column<Connection<'static>, Map<Text, Text>> = Column::new(6, "other_config");
    /// Column `status`.
    pub const STATUS: Column<Connection<'static>, Map<Text, Text>> = Column::new(7, "status");
    /// Column `target`.
    pub const TARGET: Column<Connection<'static>, One<Text>> = Column::new(8, "target");

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `inactivity_probe`: optional, integer.
    pub fn inactivity_probe(self) -> Option<i64> {
        self.get(Self::INACTIVITY_PROBE)
    }

    /// `is_connected`: boolean; not kept on disk.
    pub fn is_connected(self) -> bool {
        self.get(Self::IS_CONNECTED)
    }

    /// `max_backoff`: optional, integer, at least 1000.
    pub fn max_backoff(self) -> Option<i64> {
        self.get(Self::MAX_BACKOFF)
    }

    /// `other_config`: 0 or more, string to string.
    pub fn other_config(self) -> MapView<'a, Text, Text> {
        self.get(Self::OTHER_CONFIG)
    }

    /// `status`: 0 or more, string to string; not kept on disk.
    pub fn status(self) -> MapView<'a, Text, Text> {
        self.get(Self::STATUS)
    }

    /// `target`: string.
    pub fn target(self) -> &'a str {
        self.get(Self::TARGET)
    }
}

/// A row of `IC_NB_Global`.
#[derive(Clone, Copy, Debug)]
pub struct IcNbGlobal<'a>(&'a Row);

impl<'a> Table<'a> for IcNbGlobal<'a> {
    type Schema = OvnIcNorthboundSchema;
    const TABLE_NAME: &'static str = "IC_NB_Global";
    const TABLE_INDEX: TableIdx = TableIdx(1);

    fn of(row: &'a Row) -> Self {
        IcNbGlobal(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> IcNbGlobal<'a> {
    /// Column `connections`.
    pub const CONNECTIONS: Column<IcNbGlobal<'static>, Set<Uuid>> = Column::new(2, "connections");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<IcNbGlobal<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `nb_ic_cfg`.
    pub const NB_IC_CFG: Column<IcNbGlobal<'static>, One<i64>> = Column::new(4, "nb_ic_cfg");
    /// Column `options`.
    pub const OPTIONS: Column<IcNbGlobal<'static>, Map<Text, Text>> = Column::new(5, "options");
    /// Column `sb_ic_cfg`.
    pub const SB_IC_CFG: Column<IcNbGlobal<'static>, One<i64>> = Column::new(6, "sb_ic_cfg");
    /// Column `ssl`.
    pub const SSL: Column<IcNbGlobal<'static>, Optional<Uuid>> = Column::new(7, "ssl");

    /// `connections`: 0 or more, uuid of a row of `Connection`.
    pub fn connections(self) -> SetView<'a, Uuid> {
        self.get(Self::CONNECTIONS)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `nb_ic_cfg`: integer.
    pub fn nb_ic_cfg(self) -> i64 {
        self.get(Self::NB_IC_CFG)
    }

    /// `options`: 0 or more, string to string.
    pub fn options(self) -> MapView<'a, Text, Text> {
        self.get(Self::OPTIONS)
    }

    /// `sb_ic_cfg`: integer.
    pub fn sb_ic_cfg(self) -> i64 {
        self.get(Self::SB_IC_CFG)
    }

    /// `ssl`: optional, uuid of a row of `SSL`.
    pub fn ssl(self) -> Option<Uuid> {
        self.get(Self::SSL)
    }
}

/// A row of `SSL`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct Ssl<'a>(&'a Row);

impl<'a> Table<'a> for Ssl<'a> {
    type Schema = OvnIcNorthboundSchema;
    const TABLE_NAME: &'static str = "SSL";
    const TABLE_INDEX: TableIdx = TableIdx(2);

    fn of(row: &'a Row) -> Self {
        Ssl(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Ssl<'a> {
    /// Column `bootstrap_ca_cert`.
    pub const BOOTSTRAP_CA_CERT: Column<Ssl<'static>, One<bool>> = Column::new(2, "bootstrap_ca_cert");
    /// Column `ca_cert`.
    pub const CA_CERT: Column<Ssl<'static>, One<Text>> = Column::new(3, "ca_cert");
    /// Column `certificate`.
    pub const CERTIFICATE: Column<Ssl<'static>, One<Text>> = Column::new(4, "certificate");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Ssl<'static>, Map<Text, Text>> = Column::new(5, "external_ids");
    /// Column `private_key`.
    pub const PRIVATE_KEY: Column<Ssl<'static>, One<Text>> = Column::new(6, "private_key");
    /// Column `ssl_ciphers`.
    pub const SSL_CIPHERS: Column<Ssl<'static>, One<Text>> = Column::new(7, "ssl_ciphers");
    /// Column `ssl_ciphersuites`.
    pub const SSL_CIPHERSUITES: Column<Ssl<'static>, One<Text>> = Column::new(8, "ssl_ciphersuites");
    /// Column `ssl_protocols`.
    pub const SSL_PROTOCOLS: Column<Ssl<'static>, One<Text>> = Column::new(9, "ssl_protocols");

    /// `bootstrap_ca_cert`: boolean.
    pub fn bootstrap_ca_cert(self) -> bool {
        self.get(Self::BOOTSTRAP_CA_CERT)
    }

    /// `ca_cert`: string.
    pub fn ca_cert(self) -> &'a str {
        self.get(Self::CA_CERT)
    }

    /// `certificate`: string.
    pub fn certificate(self) -> &'a str {
        self.get(Self::CERTIFICATE)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `private_key`: string.
    pub fn private_key(self) -> &'a str {
        self.get(Self::PRIVATE_KEY)
    }

    /// `ssl_ciphers`: string.
    pub fn ssl_ciphers(self) -> &'a str {
        self.get(Self::SSL_CIPHERS)
    }

    /// `ssl_ciphersuites`: string.
    pub fn ssl_ciphersuites(self) -> &'a str {
        self.get(Self::SSL_CIPHERSUITES)
    }

    /// `ssl_protocols`: string.
    pub fn ssl_protocols(self) -> &'a str {
        self.get(Self::SSL_PROTOCOLS)
    }
}

/// A row of `Transit_Switch`.
#[derive(Clone, Copy, Debug)]
pub struct TransitSwitch<'a>(&'a Row);

impl<'a> Table<'a> for TransitSwitch<'a> {
    type Schema = OvnIcNorthboundSchema;
    const TABLE_NAME: &'static str = "Transit_Switch";
    const TABLE_INDEX: TableIdx = TableIdx(3);

    fn of(row: &'a Row) -> Self {
        TransitSwitch(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> TransitSwitch<'a> {
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<TransitSwitch<'static>, Map<Text, Text>> = Column::new(2, "external_ids");
    /// Column `name`.
    pub const NAME: Column<TransitSwitch<'static>, One<Text>> = Column::new(3, "name");
    /// Column `other_config`.
    pub const OTHER_CONFIG: Column<TransitSwitch<'static>, Map<Text, Text>> = Column::new(4, "other_config");

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `other_config`: 0 or more, string to string.
    pub fn other_config(self) -> MapView<'a, Text, Text> {
        self.get(Self::OTHER_CONFIG)
    }
}
