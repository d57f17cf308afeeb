//! The tables of `OVN_IC_Southbound` 1.3.0 as types. Generated from the schema; the generator is `generate.rs`.

use ovsdb_data::typed::{Column, Map, MapView, One, Optional, Schema, Set, SetView, Table, Text};
use ovsdb_data::{Row, TableIdx, Uuid};

/// The schema of these tables.
#[derive(Clone, Copy, Debug)]
pub enum OvnIcSouthboundSchema {}

impl Schema for OvnIcSouthboundSchema {
    const NAME: &'static str = "OVN_IC_Southbound";
    const VERSION: &'static str = "1.3.0";
    const CKSUM: &'static str = "3496599919 7088";
}

/// A row of `Availability_Zone`.
#[derive(Clone, Copy, Debug)]
pub struct AvailabilityZone<'a>(&'a Row);

impl<'a> Table<'a> for AvailabilityZone<'a> {
    type Schema = OvnIcSouthboundSchema;
    const TABLE_NAME: &'static str = "Availability_Zone";
    const TABLE_INDEX: TableIdx = TableIdx(0);

    fn of(row: &'a Row) -> Self {
        AvailabilityZone(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> AvailabilityZone<'a> {
    /// Column `name`.
    pub const NAME: Column<AvailabilityZone<'static>, One<Text>> = Column::new(2, "name");
    /// Column `nb_ic_cfg`.
    pub const NB_IC_CFG: Column<AvailabilityZone<'static>, One<i64>> = Column::new(3, "nb_ic_cfg");

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `nb_ic_cfg`: integer.
    pub fn nb_ic_cfg(self) -> i64 {
        self.get(Self::NB_IC_CFG)
    }
}

/// A row of `Connection`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct Connection<'a>(&'a Row);

impl<'a> Table<'a> for Connection<'a> {
    type Schema = OvnIcSouthboundSchema;
    const TABLE_NAME: &'static str = "Connection";
    const TABLE_INDEX: TableIdx = TableIdx(1);

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

/// A row of `Datapath_Binding`.
#[derive(Clone, Copy, Debug)]
pub struct DatapathBinding<'a>(&'a Row);

impl<'a> Table<'a> for DatapathBinding<'a> {
    type Schema = OvnIcSouthboundSchema;
    const TABLE_NAME: &'static str = "Datapath_Binding";
    const TABLE_INDEX: TableIdx = TableIdx(2);

    fn of(row: &'a Row) -> Self {
        DatapathBinding(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> DatapathBinding<'a> {
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<DatapathBinding<'static>, Map<Text, Text>> =
        Column::new(2, "external_ids");
    /// Column `transit_switch`.
    pub const TRANSIT_SWITCH: Column<DatapathBinding<'static>, One<Text>> = Column::new(3, "transit_switch");
    /// Column `tunnel_key`.
    pub const TUNNEL_KEY: Column<DatapathBinding<'static>, One<i64>> = Column::new(4, "tunnel_key");

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `transit_switch`: string.
    pub fn transit_switch(self) -> &'a str {
        self.get(Self::TRANSIT_SWITCH)
    }

    /// `tunnel_key`: integer, 1 to 16777215.
    pub fn tunnel_key(self) -> i64 {
        self.get(Self::TUNNEL_KEY)
    }
}

/// A row of `Encap`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct Encap<'a>(&'a Row);

impl<'a> Table<'a> for Encap<'a> {
    type Schema = OvnIcSouthboundSchema;
    const TABLE_NAME: &'static str = "Encap";
    const TABLE_INDEX: TableIdx = TableIdx(3);

    fn of(row: &'a Row) -> Self {
        Encap(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Encap<'a> {
    /// Column `gateway_name`.
    pub const GATEWAY_NAME: Column<Encap<'static>, One<Text>> = Column::new(2, "gateway_name");
    /// Column `ip`.
    pub const IP: Column<Encap<'static>, One<Text>> = Column::new(3, "ip");
    /// Column `options`.
    pub const OPTIONS: Column<Encap<'static>, Map<Text, Text>> = Column::new(4, "options");
    /// Column `type`.
    pub const TYPE: Column<Encap<'static>, One<Text>> = Column::new(5, "type");

    /// `gateway_name`: string.
    pub fn gateway_name(self) -> &'a str {
        self.get(Self::GATEWAY_NAME)
    }

    /// `ip`: string.
    pub fn ip(self) -> &'a str {
        self.get(Self::IP)
    }

    /// `options`: 0 or more, string to string.
    pub fn options(self) -> MapView<'a, Text, Text> {
        self.get(Self::OPTIONS)
    }

    /// `type`: string, one of `geneve`, `stt`, `vxlan`.
    pub fn r#type(self) -> &'a str {
        self.get(Self::TYPE)
    }
}

/// A row of `Gateway`.
#[derive(Clone, Copy, Debug)]
pub struct Gateway<'a>(&'a Row);

impl<'a> Table<'a> for Gateway<'a> {
    type Schema = OvnIcSouthboundSchema;
    const TABLE_NAME: &'static str = "Gateway";
    const TABLE_INDEX: TableIdx = TableIdx(4);

    fn of(row: &'a Row) -> Self {
        Gateway(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Gateway<'a> {
    /// Column `availability_zone`.
    pub const AVAILABILITY_ZONE: Column<Gateway<'static>, One<Uuid>> = Column::new(2, "availability_zone");
    /// Column `encaps`.
    pub const ENCAPS: Column<Gateway<'static>, Set<Uuid>> = Column::new(3, "encaps");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Gateway<'static>, Map<Text, Text>> = Column::new(4, "external_ids");
    /// Column `hostname`.
    pub const HOSTNAME: Column<Gateway<'static>, One<Text>> = Column::new(5, "hostname");
    /// Column `name`.
    pub const NAME: Column<Gateway<'static>, One<Text>> = Column::new(6, "name");

    /// `availability_zone`: uuid of a row of `Availability_Zone`.
    pub fn availability_zone(self) -> Uuid {
        self.get(Self::AVAILABILITY_ZONE)
    }

    /// `encaps`: 1 or more, uuid of a row of `Encap`.
    pub fn encaps(self) -> SetView<'a, Uuid> {
        self.get(Self::ENCAPS)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `hostname`: string.
    pub fn hostname(self) -> &'a str {
        self.get(Self::HOSTNAME)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }
}

/// A row of `IC_SB_Global`.
#[derive(Clone, Copy, Debug)]
pub struct IcSbGlobal<'a>(&'a Row);

impl<'a> Table<'a> for IcSbGlobal<'a> {
    type Schema = OvnIcSouthboundSchema;
    const TABLE_NAME: &'static str = "IC_SB_Global";
    const TABLE_INDEX: TableIdx = TableIdx(5);

    fn of(row: &'a Row) -> Self {
        IcSbGlobal(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> IcSbGlobal<'a> {
    /// Column `connections`.
    pub const CONNECTIONS: Column<IcSbGlobal<'static>, Set<Uuid>> = Column::new(2, "connections");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<IcSbGlobal<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `nb_ic_cfg`.
    pub const NB_IC_CFG: Column<IcSbGlobal<'static>, One<i64>> = Column::new(4, "nb_ic_cfg");
    /// Column `options`.
    pub const OPTIONS: Column<IcSbGlobal<'static>, Map<Text, Text>> = Column::new(5, "options");
    /// Column `ssl`.
    pub const SSL: Column<IcSbGlobal<'static>, Optional<Uuid>> = Column::new(6, "ssl");

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

    /// `ssl`: optional, uuid of a row of `SSL`.
    pub fn ssl(self) -> Option<Uuid> {
        self.get(Self::SSL)
    }
}

/// A row of `Port_Binding`.
#[derive(Clone, Copy, Debug)]
pub struct PortBinding<'a>(&'a Row);

impl<'a> Table<'a> for PortBinding<'a> {
    type Schema = OvnIcSouthboundSchema;
    const TABLE_NAME: &'static str = "Port_Binding";
    const TABLE_INDEX: TableIdx = TableIdx(6);

    fn of(row: &'a Row) -> Self {
        PortBinding(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> PortBinding<'a> {
    /// Column `address`.
    pub const ADDRESS: Column<PortBinding<'static>, One<Text>> = Column::new(2, "address");
    /// Column `availability_zone`.
    pub const AVAILABILITY_ZONE: Column<PortBinding<'static>, One<Uuid>> =
        Column::new(3, "availability_zone");
    /// Column `encap`.
    pub const ENCAP: Column<PortBinding<'static>, Optional<Uuid>> = Column::new(4, "encap");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<PortBinding<'static>, Map<Text, Text>> = Column::new(5, "external_ids");
    /// Column `gateway`.
    pub const GATEWAY: Column<PortBinding<'static>, One<Text>> = Column::new(6, "gateway");
    /// Column `logical_port`.
    pub const LOGICAL_PORT: Column<PortBinding<'static>, One<Text>> = Column::new(7, "logical_port");
    /// Column `transit_switch`.
    pub const TRANSIT_SWITCH: Column<PortBinding<'static>, One<Text>> = Column::new(8, "transit_switch");
    /// Column `tunnel_key`.
    pub const TUNNEL_KEY: Column<PortBinding<'static>, One<i64>> = Column::new(9, "tunnel_key");

    /// `address`: string.
    pub fn address(self) -> &'a str {
        self.get(Self::ADDRESS)
    }

    /// `availability_zone`: uuid of a row of `Availability_Zone`.
    pub fn availability_zone(self) -> Uuid {
        self.get(Self::AVAILABILITY_ZONE)
    }

    /// `encap`: optional, uuid of a row, weakly, of `Encap`.
    pub fn encap(self) -> Option<Uuid> {
        self.get(Self::ENCAP)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `gateway`: string.
    pub fn gateway(self) -> &'a str {
        self.get(Self::GATEWAY)
    }

    /// `logical_port`: string.
    pub fn logical_port(self) -> &'a str {
        self.get(Self::LOGICAL_PORT)
    }

    /// `transit_switch`: string.
    pub fn transit_switch(self) -> &'a str {
        self.get(Self::TRANSIT_SWITCH)
    }

    /// `tunnel_key`: integer, 1 to 32767.
    pub fn tunnel_key(self) -> i64 {
        self.get(Self::TUNNEL_KEY)
    }
}

/// A row of `Route`.
#[derive(Clone, Copy, Debug)]
pub struct Route<'a>(&'a Row);

impl<'a> Table<'a> for Route<'a> {
    type Schema = OvnIcSouthboundSchema;
    const TABLE_NAME: &'static str = "Route";
    const TABLE_INDEX: TableIdx = TableIdx(7);

    fn of(row: &'a Row) -> Self {
        Route(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Route<'a> {
    /// Column `availability_zone`.
    pub const AVAILABILITY_ZONE: Column<Route<'static>, One<Uuid>> = Column::new(2, "availability_zone");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Route<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `ip_prefix`.
    pub const IP_PREFIX: Column<Route<'static>, One<Text>> = Column::new(4, "ip_prefix");
    /// Column `nexthop`.
    pub const NEXTHOP: Column<Route<'static>, One<Text>> = Column::new(5, "nexthop");
    /// Column `origin`.
    pub const ORIGIN: Column<Route<'static>, One<Text>> = Column::new(6, "origin");
    /// Column `route_table`.
    pub const ROUTE_TABLE: Column<Route<'static>, One<Text>> = Column::new(7, "route_table");
    /// Column `transit_switch`.
    pub const TRANSIT_SWITCH: Column<Route<'static>, One<Text>> = Column::new(8, "transit_switch");

    /// `availability_zone`: uuid of a row of `Availability_Zone`.
    pub fn availability_zone(self) -> Uuid {
        self.get(Self::AVAILABILITY_ZONE)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `ip_prefix`: string.
    pub fn ip_prefix(self) -> &'a str {
        self.get(Self::IP_PREFIX)
    }

    /// `nexthop`: string.
    pub fn nexthop(self) -> &'a str {
        self.get(Self::NEXTHOP)
    }

    /// `origin`: string, one of `connected`, `static`.
    pub fn origin(self) -> &'a str {
        self.get(Self::ORIGIN)
    }

    /// `route_table`: string.
    pub fn route_table(self) -> &'a str {
        self.get(Self::ROUTE_TABLE)
    }

    /// `transit_switch`: string.
    pub fn transit_switch(self) -> &'a str {
        self.get(Self::TRANSIT_SWITCH)
    }
}

/// A row of `SSL`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct Ssl<'a>(&'a Row);

impl<'a> Table<'a> for Ssl<'a> {
    type Schema = OvnIcSouthboundSchema;
    const TABLE_NAME: &'static str = "SSL";
    const TABLE_INDEX: TableIdx = TableIdx(8);

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
