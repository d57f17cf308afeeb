//! The tables of `OVN_Northbound` 7.11.0 as types. Generated from the schema; the generator is `generate.rs`.

use ovsdb_data::typed::{Column, Map, MapView, One, Optional, Schema, Set, SetView, Table, Text};
use ovsdb_data::{Row, TableIdx, Uuid};

/// The schema of these tables.
#[derive(Clone, Copy, Debug)]
pub enum OvnNorthboundSchema {}

impl Schema for OvnNorthboundSchema {
    const NAME: &'static str = "OVN_Northbound";
    const VERSION: &'static str = "7.11.0";
    const CKSUM: &'static str = "2520708261 39034";
}

/// A row of `ACL`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct Acl<'a>(&'a Row);

impl<'a> Table<'a> for Acl<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "ACL";
    const TABLE_INDEX: TableIdx = TableIdx(0);

    fn of(row: &'a Row) -> Self {
        Acl(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Acl<'a> {
    /// Column `action`.
    pub const ACTION: Column<Acl<'static>, One<Text>> = Column::new(2, "action");
    /// Column `direction`.
    pub const DIRECTION: Column<Acl<'static>, One<Text>> = Column::new(3, "direction");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Acl<'static>, Map<Text, Text>> = Column::new(4, "external_ids");
    /// Column `label`.
    pub const LABEL: Column<Acl<'static>, One<i64>> = Column::new(5, "label");
    /// Column `log`.
    pub const LOG: Column<Acl<'static>, One<bool>> = Column::new(6, "log");
    /// Column `match`.
    pub const MATCH: Column<Acl<'static>, One<Text>> = Column::new(7, "match");
    /// Column `meter`.
    pub const METER: Column<Acl<'static>, Optional<Text>> = Column::new(8, "meter");
    /// Column `name`.
    pub const NAME: Column<Acl<'static>, Optional<Text>> = Column::new(9, "name");
    /// Column `options`.
    pub const OPTIONS: Column<Acl<'static>, Map<Text, Text>> = Column::new(10, "options");
    /// Column `priority`.
    pub const PRIORITY: Column<Acl<'static>, One<i64>> = Column::new(11, "priority");
    /// Column `sample_est`.
    pub const SAMPLE_EST: Column<Acl<'static>, Optional<Uuid>> = Column::new(12, "sample_est");
    /// Column `sample_new`.
    pub const SAMPLE_NEW: Column<Acl<'static>, Optional<Uuid>> = Column::new(13, "sample_new");
    /// Column `severity`.
    pub const SEVERITY: Column<Acl<'static>, Optional<Text>> = Column::new(14, "severity");
    /// Column `tier`.
    pub const TIER: Column<Acl<'static>, One<i64>> = Column::new(15, "tier");

    /// `action`: string, one of `allow`, `allow-related`, `allow-stateless`, `drop`, `pass`, `reject`.
    pub fn action(self) -> &'a str {
        self.get(Self::ACTION)
    }

    /// `direction`: string, one of `from-lport`, `to-lport`.
    pub fn direction(self) -> &'a str {
        self.get(Self::DIRECTION)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `label`: integer, 0 to 4294967295.
    pub fn label(self) -> i64 {
        self.get(Self::LABEL)
    }

    /// `log`: boolean.
    pub fn log(self) -> bool {
        self.get(Self::LOG)
    }

    /// `match`: string.
    pub fn r#match(self) -> &'a str {
        self.get(Self::MATCH)
    }

    /// `meter`: optional, string.
    pub fn meter(self) -> Option<&'a str> {
        self.get(Self::METER)
    }

    /// `name`: optional, string, of 0 to 63 characters.
    pub fn name(self) -> Option<&'a str> {
        self.get(Self::NAME)
    }

    /// `options`: 0 or more, string to string.
    pub fn options(self) -> MapView<'a, Text, Text> {
        self.get(Self::OPTIONS)
    }

    /// `priority`: integer, 0 to 32767.
    pub fn priority(self) -> i64 {
        self.get(Self::PRIORITY)
    }

    /// `sample_est`: optional, uuid of a row of `Sample`.
    pub fn sample_est(self) -> Option<Uuid> {
        self.get(Self::SAMPLE_EST)
    }

    /// `sample_new`: optional, uuid of a row of `Sample`.
    pub fn sample_new(self) -> Option<Uuid> {
        self.get(Self::SAMPLE_NEW)
    }

    /// `severity`: optional, string, one of `alert`, `debug`, `info`, `notice`, `warning`.
    pub fn severity(self) -> Option<&'a str> {
        self.get(Self::SEVERITY)
    }

    /// `tier`: integer, 0 to 3.
    pub fn tier(self) -> i64 {
        self.get(Self::TIER)
    }
}

/// A row of `Address_Set`.
#[derive(Clone, Copy, Debug)]
pub struct AddressSet<'a>(&'a Row);

impl<'a> Table<'a> for AddressSet<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Address_Set";
    const TABLE_INDEX: TableIdx = TableIdx(1);

    fn of(row: &'a Row) -> Self {
        AddressSet(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> AddressSet<'a> {
    /// Column `addresses`.
    pub const ADDRESSES: Column<AddressSet<'static>, Set<Text>> = Column::new(2, "addresses");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<AddressSet<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `name`.
    pub const NAME: Column<AddressSet<'static>, One<Text>> = Column::new(4, "name");

    /// `addresses`: 0 or more, string.
    pub fn addresses(self) -> SetView<'a, Text> {
        self.get(Self::ADDRESSES)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }
}

/// A row of `BFD`.
#[derive(Clone, Copy, Debug)]
pub struct Bfd<'a>(&'a Row);

impl<'a> Table<'a> for Bfd<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "BFD";
    const TABLE_INDEX: TableIdx = TableIdx(2);

    fn of(row: &'a Row) -> Self {
        Bfd(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Bfd<'a> {
    /// Column `detect_mult`.
    pub const DETECT_MULT: Column<Bfd<'static>, Optional<i64>> = Column::new(2, "detect_mult");
    /// Column `dst_ip`.
    pub const DST_IP: Column<Bfd<'static>, One<Text>> = Column::new(3, "dst_ip");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Bfd<'static>, Map<Text, Text>> = Column::new(4, "external_ids");
    /// Column `logical_port`.
    pub const LOGICAL_PORT: Column<Bfd<'static>, One<Text>> = Column::new(5, "logical_port");
    /// Column `min_rx`.
    pub const MIN_RX: Column<Bfd<'static>, Optional<i64>> = Column::new(6, "min_rx");
    /// Column `min_tx`.
    pub const MIN_TX: Column<Bfd<'static>, Optional<i64>> = Column::new(7, "min_tx");
    /// Column `options`.
    pub const OPTIONS: Column<Bfd<'static>, Map<Text, Text>> = Column::new(8, "options");
    /// Column `status`.
    pub const STATUS: Column<Bfd<'static>, Optional<Text>> = Column::new(9, "status");

    /// `detect_mult`: optional, integer, at least 1.
    pub fn detect_mult(self) -> Option<i64> {
        self.get(Self::DETECT_MULT)
    }

    /// `dst_ip`: string.
    pub fn dst_ip(self) -> &'a str {
        self.get(Self::DST_IP)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `logical_port`: string.
    pub fn logical_port(self) -> &'a str {
        self.get(Self::LOGICAL_PORT)
    }

    /// `min_rx`: optional, integer.
    pub fn min_rx(self) -> Option<i64> {
        self.get(Self::MIN_RX)
    }

    /// `min_tx`: optional, integer, at least 1.
    pub fn min_tx(self) -> Option<i64> {
        self.get(Self::MIN_TX)
    }

    /// `options`: 0 or more, string to string.
    pub fn options(self) -> MapView<'a, Text, Text> {
        self.get(Self::OPTIONS)
    }

    /// `status`: optional, string, one of `admin_down`, `down`, `init`, `up`.
    pub fn status(self) -> Option<&'a str> {
        self.get(Self::STATUS)
    }
}

/// A row of `Chassis_Template_Var`.
#[derive(Clone, Copy, Debug)]
pub struct ChassisTemplateVar<'a>(&'a Row);

impl<'a> Table<'a> for ChassisTemplateVar<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Chassis_Template_Var";
    const TABLE_INDEX: TableIdx = TableIdx(3);

    fn of(row: &'a Row) -> Self {
        ChassisTemplateVar(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> ChassisTemplateVar<'a> {
    /// Column `chassis`.
    pub const CHASSIS: Column<ChassisTemplateVar<'static>, One<Text>> = Column::new(2, "chassis");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<ChassisTemplateVar<'static>, Map<Text, Text>> =
        Column::new(3, "external_ids");
    /// Column `variables`.
    pub const VARIABLES: Column<ChassisTemplateVar<'static>, Map<Text, Text>> = Column::new(4, "variables");

    /// `chassis`: string.
    pub fn chassis(self) -> &'a str {
        self.get(Self::CHASSIS)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `variables`: 0 or more, string to string.
    pub fn variables(self) -> MapView<'a, Text, Text> {
        self.get(Self::VARIABLES)
    }
}

/// A row of `Connection`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct Connection<'a>(&'a Row);

impl<'a> Table<'a> for Connection<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Connection";
    const TABLE_INDEX: TableIdx = TableIdx(4);

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

/// A row of `Copp`.
#[derive(Clone, Copy, Debug)]
pub struct Copp<'a>(&'a Row);

impl<'a> Table<'a> for Copp<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Copp";
    const TABLE_INDEX: TableIdx = TableIdx(5);

    fn of(row: &'a Row) -> Self {
        Copp(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Copp<'a> {
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Copp<'static>, Map<Text, Text>> = Column::new(2, "external_ids");
    /// Column `meters`.
    pub const METERS: Column<Copp<'static>, Map<Text, Text>> = Column::new(3, "meters");
    /// Column `name`.
    pub const NAME: Column<Copp<'static>, One<Text>> = Column::new(4, "name");

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `meters`: 0 or more, string to string.
    pub fn meters(self) -> MapView<'a, Text, Text> {
        self.get(Self::METERS)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }
}

/// A row of `DHCP_Options`.
#[derive(Clone, Copy, Debug)]
pub struct DhcpOptions<'a>(&'a Row);

impl<'a> Table<'a> for DhcpOptions<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "DHCP_Options";
    const TABLE_INDEX: TableIdx = TableIdx(6);

    fn of(row: &'a Row) -> Self {
        DhcpOptions(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> DhcpOptions<'a> {
    /// Column `cidr`.
    pub const CIDR: Column<DhcpOptions<'static>, One<Text>> = Column::new(2, "cidr");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<DhcpOptions<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `options`.
    pub const OPTIONS: Column<DhcpOptions<'static>, Map<Text, Text>> = Column::new(4, "options");

    /// `cidr`: string.
    pub fn cidr(self) -> &'a str {
        self.get(Self::CIDR)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `options`: 0 or more, string to string.
    pub fn options(self) -> MapView<'a, Text, Text> {
        self.get(Self::OPTIONS)
    }
}

/// A row of `DHCP_Relay`.
#[derive(Clone, Copy, Debug)]
pub struct DhcpRelay<'a>(&'a Row);

impl<'a> Table<'a> for DhcpRelay<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "DHCP_Relay";
    const TABLE_INDEX: TableIdx = TableIdx(7);

    fn of(row: &'a Row) -> Self {
        DhcpRelay(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> DhcpRelay<'a> {
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<DhcpRelay<'static>, Map<Text, Text>> = Column::new(2, "external_ids");
    /// Column `name`.
    pub const NAME: Column<DhcpRelay<'static>, One<Text>> = Column::new(3, "name");
    /// Column `options`.
    pub const OPTIONS: Column<DhcpRelay<'static>, Map<Text, Text>> = Column::new(4, "options");
    /// Column `servers`.
    pub const SERVERS: Column<DhcpRelay<'static>, Optional<Text>> = Column::new(5, "servers");

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `options`: 0 or more, string to string.
    pub fn options(self) -> MapView<'a, Text, Text> {
        self.get(Self::OPTIONS)
    }

    /// `servers`: optional, string.
    pub fn servers(self) -> Option<&'a str> {
        self.get(Self::SERVERS)
    }
}

/// A row of `DNS`.
#[derive(Clone, Copy, Debug)]
pub struct Dns<'a>(&'a Row);

impl<'a> Table<'a> for Dns<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "DNS";
    const TABLE_INDEX: TableIdx = TableIdx(8);

    fn of(row: &'a Row) -> Self {
        Dns(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Dns<'a> {
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Dns<'static>, Map<Text, Text>> = Column::new(2, "external_ids");
    /// Column `options`.
    pub const OPTIONS: Column<Dns<'static>, Map<Text, Text>> = Column::new(3, "options");
    /// Column `records`.
    pub const RECORDS: Column<Dns<'static>, Map<Text, Text>> = Column::new(4, "records");

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `options`: 0 or more, string to string.
    pub fn options(self) -> MapView<'a, Text, Text> {
        self.get(Self::OPTIONS)
    }

    /// `records`: 0 or more, string to string.
    pub fn records(self) -> MapView<'a, Text, Text> {
        self.get(Self::RECORDS)
    }
}

/// A row of `Forwarding_Group`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct ForwardingGroup<'a>(&'a Row);

impl<'a> Table<'a> for ForwardingGroup<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Forwarding_Group";
    const TABLE_INDEX: TableIdx = TableIdx(9);

    fn of(row: &'a Row) -> Self {
        ForwardingGroup(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> ForwardingGroup<'a> {
    /// Column `child_port`.
    pub const CHILD_PORT: Column<ForwardingGroup<'static>, Set<Text>> = Column::new(2, "child_port");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<ForwardingGroup<'static>, Map<Text, Text>> =
        Column::new(3, "external_ids");
    /// Column `liveness`.
    pub const LIVENESS: Column<ForwardingGroup<'static>, One<bool>> = Column::new(4, "liveness");
    /// Column `name`.
    pub const NAME: Column<ForwardingGroup<'static>, One<Text>> = Column::new(5, "name");
    /// Column `vip`.
    pub const VIP: Column<ForwardingGroup<'static>, One<Text>> = Column::new(6, "vip");
    /// Column `vmac`.
    pub const VMAC: Column<ForwardingGroup<'static>, One<Text>> = Column::new(7, "vmac");

    /// `child_port`: 1 or more, string.
    pub fn child_port(self) -> SetView<'a, Text> {
        self.get(Self::CHILD_PORT)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `liveness`: boolean.
    pub fn liveness(self) -> bool {
        self.get(Self::LIVENESS)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `vip`: string.
    pub fn vip(self) -> &'a str {
        self.get(Self::VIP)
    }

    /// `vmac`: string.
    pub fn vmac(self) -> &'a str {
        self.get(Self::VMAC)
    }
}

/// A row of `Gateway_Chassis`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct GatewayChassis<'a>(&'a Row);

impl<'a> Table<'a> for GatewayChassis<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Gateway_Chassis";
    const TABLE_INDEX: TableIdx = TableIdx(10);

    fn of(row: &'a Row) -> Self {
        GatewayChassis(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> GatewayChassis<'a> {
    /// Column `chassis_name`.
    pub const CHASSIS_NAME: Column<GatewayChassis<'static>, One<Text>> = Column::new(2, "chassis_name");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<GatewayChassis<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `name`.
    pub const NAME: Column<GatewayChassis<'static>, One<Text>> = Column::new(4, "name");
    /// Column `options`.
    pub const OPTIONS: Column<GatewayChassis<'static>, Map<Text, Text>> = Column::new(5, "options");
    /// Column `priority`.
    pub const PRIORITY: Column<GatewayChassis<'static>, One<i64>> = Column::new(6, "priority");

    /// `chassis_name`: string.
    pub fn chassis_name(self) -> &'a str {
        self.get(Self::CHASSIS_NAME)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `options`: 0 or more, string to string.
    pub fn options(self) -> MapView<'a, Text, Text> {
        self.get(Self::OPTIONS)
    }

    /// `priority`: integer, 0 to 32767.
    pub fn priority(self) -> i64 {
        self.get(Self::PRIORITY)
    }
}

/// A row of `HA_Chassis`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct HaChassis<'a>(&'a Row);

impl<'a> Table<'a> for HaChassis<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "HA_Chassis";
    const TABLE_INDEX: TableIdx = TableIdx(11);

    fn of(row: &'a Row) -> Self {
        HaChassis(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> HaChassis<'a> {
    /// Column `chassis_name`.
    pub const CHASSIS_NAME: Column<HaChassis<'static>, One<Text>> = Column::new(2, "chassis_name");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<HaChassis<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `priority`.
    pub const PRIORITY: Column<HaChassis<'static>, One<i64>> = Column::new(4, "priority");

    /// `chassis_name`: string.
    pub fn chassis_name(self) -> &'a str {
        self.get(Self::CHASSIS_NAME)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `priority`: integer, 0 to 32767.
    pub fn priority(self) -> i64 {
        self.get(Self::PRIORITY)
    }
}

/// A row of `HA_Chassis_Group`.
#[derive(Clone, Copy, Debug)]
pub struct HaChassisGroup<'a>(&'a Row);

impl<'a> Table<'a> for HaChassisGroup<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "HA_Chassis_Group";
    const TABLE_INDEX: TableIdx = TableIdx(12);

    fn of(row: &'a Row) -> Self {
        HaChassisGroup(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> HaChassisGroup<'a> {
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<HaChassisGroup<'static>, Map<Text, Text>> = Column::new(2, "external_ids");
    /// Column `ha_chassis`.
    pub const HA_CHASSIS: Column<HaChassisGroup<'static>, Set<Uuid>> = Column::new(3, "ha_chassis");
    /// Column `name`.
    pub const NAME: Column<HaChassisGroup<'static>, One<Text>> = Column::new(4, "name");

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `ha_chassis`: 0 or more, uuid of a row of `HA_Chassis`.
    pub fn ha_chassis(self) -> SetView<'a, Uuid> {
        self.get(Self::HA_CHASSIS)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }
}

/// A row of `Load_Balancer`.
#[derive(Clone, Copy, Debug)]
pub struct LoadBalancer<'a>(&'a Row);

impl<'a> Table<'a> for LoadBalancer<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Load_Balancer";
    const TABLE_INDEX: TableIdx = TableIdx(13);

    fn of(row: &'a Row) -> Self {
        LoadBalancer(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> LoadBalancer<'a> {
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<LoadBalancer<'static>, Map<Text, Text>> = Column::new(2, "external_ids");
    /// Column `health_check`.
    pub const HEALTH_CHECK: Column<LoadBalancer<'static>, Set<Uuid>> = Column::new(3, "health_check");
    /// Column `ip_port_mappings`.
    pub const IP_PORT_MAPPINGS: Column<LoadBalancer<'static>, Map<Text, Text>> =
        Column::new(4, "ip_port_mappings");
    /// Column `name`.
    pub const NAME: Column<LoadBalancer<'static>, One<Text>> = Column::new(5, "name");
    /// Column `options`.
    pub const OPTIONS: Column<LoadBalancer<'static>, Map<Text, Text>> = Column::new(6, "options");
    /// Column `protocol`.
    pub const PROTOCOL: Column<LoadBalancer<'static>, Optional<Text>> = Column::new(7, "protocol");
    /// Column `selection_fields`.
    pub const SELECTION_FIELDS: Column<LoadBalancer<'static>, Set<Text>> = Column::new(8, "selection_fields");
    /// Column `vips`.
    pub const VIPS: Column<LoadBalancer<'static>, Map<Text, Text>> = Column::new(9, "vips");

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `health_check`: 0 or more, uuid of a row of `Load_Balancer_Health_Check`.
    pub fn health_check(self) -> SetView<'a, Uuid> {
        self.get(Self::HEALTH_CHECK)
    }

    /// `ip_port_mappings`: 0 or more, string to string.
    pub fn ip_port_mappings(self) -> MapView<'a, Text, Text> {
        self.get(Self::IP_PORT_MAPPINGS)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `options`: 0 or more, string to string.
    pub fn options(self) -> MapView<'a, Text, Text> {
        self.get(Self::OPTIONS)
    }

    /// `protocol`: optional, string, one of `sctp`, `tcp`, `udp`.
    pub fn protocol(self) -> Option<&'a str> {
        self.get(Self::PROTOCOL)
    }

    /// `selection_fields`: 0 or more, string, one of `eth_dst`, `eth_src`, `ip_dst`, `ip_src`, `ipv6_dst`, `ipv6_src`, `tp_dst`, `tp_src`.
    pub fn selection_fields(self) -> SetView<'a, Text> {
        self.get(Self::SELECTION_FIELDS)
    }

    /// `vips`: 0 or more, string to string.
    pub fn vips(self) -> MapView<'a, Text, Text> {
        self.get(Self::VIPS)
    }
}

/// A row of `Load_Balancer_Group`.
#[derive(Clone, Copy, Debug)]
pub struct LoadBalancerGroup<'a>(&'a Row);

impl<'a> Table<'a> for LoadBalancerGroup<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Load_Balancer_Group";
    const TABLE_INDEX: TableIdx = TableIdx(14);

    fn of(row: &'a Row) -> Self {
        LoadBalancerGroup(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> LoadBalancerGroup<'a> {
    /// Column `load_balancer`.
    pub const LOAD_BALANCER: Column<LoadBalancerGroup<'static>, Set<Uuid>> = Column::new(2, "load_balancer");
    /// Column `name`.
    pub const NAME: Column<LoadBalancerGroup<'static>, One<Text>> = Column::new(3, "name");

    /// `load_balancer`: 0 or more, uuid of a row, weakly, of `Load_Balancer`.
    pub fn load_balancer(self) -> SetView<'a, Uuid> {
        self.get(Self::LOAD_BALANCER)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }
}

/// A row of `Load_Balancer_Health_Check`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct LoadBalancerHealthCheck<'a>(&'a Row);

impl<'a> Table<'a> for LoadBalancerHealthCheck<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Load_Balancer_Health_Check";
    const TABLE_INDEX: TableIdx = TableIdx(15);

    fn of(row: &'a Row) -> Self {
        LoadBalancerHealthCheck(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> LoadBalancerHealthCheck<'a> {
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<LoadBalancerHealthCheck<'static>, Map<Text, Text>> =
        Column::new(2, "external_ids");
    /// Column `options`.
    pub const OPTIONS: Column<LoadBalancerHealthCheck<'static>, Map<Text, Text>> = Column::new(3, "options");
    /// Column `vip`.
    pub const VIP: Column<LoadBalancerHealthCheck<'static>, One<Text>> = Column::new(4, "vip");

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `options`: 0 or more, string to string.
    pub fn options(self) -> MapView<'a, Text, Text> {
        self.get(Self::OPTIONS)
    }

    /// `vip`: string.
    pub fn vip(self) -> &'a str {
        self.get(Self::VIP)
    }
}

/// A row of `Logical_Router`.
#[derive(Clone, Copy, Debug)]
pub struct LogicalRouter<'a>(&'a Row);

impl<'a> Table<'a> for LogicalRouter<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Logical_Router";
    const TABLE_INDEX: TableIdx = TableIdx(16);

    fn of(row: &'a Row) -> Self {
        LogicalRouter(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> LogicalRouter<'a> {
    /// Column `copp`.
    pub const COPP: Column<LogicalRouter<'static>, Optional<Uuid>> = Column::new(2, "copp");
    /// Column `enabled`.
    pub const ENABLED: Column<LogicalRouter<'static>, Optional<bool>> = Column::new(3, "enabled");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<LogicalRouter<'static>, Map<Text, Text>> = Column::new(4, "external_ids");
    /// Column `load_balancer`.
    pub const LOAD_BALANCER: Column<LogicalRouter<'static>, Set<Uuid>> = Column::new(5, "load_balancer");
    /// Column `load_balancer_group`.
    pub const LOAD_BALANCER_GROUP: Column<LogicalRouter<'static>, Set<Uuid>> =
        Column::new(6, "load_balancer_group");
    /// Column `name`.
    pub const NAME: Column<LogicalRouter<'static>, One<Text>> = Column::new(7, "name");
    /// Column `nat`.
    pub const NAT: Column<LogicalRouter<'static>, Set<Uuid>> = Column::new(8, "nat");
    /// Column `options`.
    pub const OPTIONS: Column<LogicalRouter<'static>, Map<Text, Text>> = Column::new(9, "options");
    /// Column `policies`.
    pub const POLICIES: Column<LogicalRouter<'static>, Set<Uuid>> = Column::new(10, "policies");
    /// Column `ports`.
    pub const PORTS: Column<LogicalRouter<'static>, Set<Uuid>> = Column::new(11, "ports");
    /// Column `static_routes`.
    pub const STATIC_ROUTES: Column<LogicalRouter<'static>, Set<Uuid>> = Column::new(12, "static_routes");

    /// `copp`: optional, uuid of a row, weakly, of `Copp`.
    pub fn copp(self) -> Option<Uuid> {
        self.get(Self::COPP)
    }

    /// `enabled`: optional, boolean.
    pub fn enabled(self) -> Option<bool> {
        self.get(Self::ENABLED)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `load_balancer`: 0 or more, uuid of a row, weakly, of `Load_Balancer`.
    pub fn load_balancer(self) -> SetView<'a, Uuid> {
        self.get(Self::LOAD_BALANCER)
    }

    /// `load_balancer_group`: 0 or more, uuid of a row of `Load_Balancer_Group`.
    pub fn load_balancer_group(self) -> SetView<'a, Uuid> {
        self.get(Self::LOAD_BALANCER_GROUP)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `nat`: 0 or more, uuid of a row of `NAT`.
    pub fn nat(self) -> SetView<'a, Uuid> {
        self.get(Self::NAT)
    }

    /// `options`: 0 or more, string to string.
    pub fn options(self) -> MapView<'a, Text, Text> {
        self.get(Self::OPTIONS)
    }

    /// `policies`: 0 or more, uuid of a row of `Logical_Router_Policy`.
    pub fn policies(self) -> SetView<'a, Uuid> {
        self.get(Self::POLICIES)
    }

    /// `ports`: 0 or more, uuid of a row of `Logical_Router_Port`.
    pub fn ports(self) -> SetView<'a, Uuid> {
        self.get(Self::PORTS)
    }

    /// `static_routes`: 0 or more, uuid of a row of `Logical_Router_Static_Route`.
    pub fn static_routes(self) -> SetView<'a, Uuid> {
        self.get(Self::STATIC_ROUTES)
    }
}

/// A row of `Logical_Router_Policy`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct LogicalRouterPolicy<'a>(&'a Row);

impl<'a> Table<'a> for LogicalRouterPolicy<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Logical_Router_Policy";
    const TABLE_INDEX: TableIdx = TableIdx(17);

    fn of(row: &'a Row) -> Self {
        LogicalRouterPolicy(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> LogicalRouterPolicy<'a> {
    /// Column `action`.
    pub const ACTION: Column<LogicalRouterPolicy<'static>, One<Text>> = Column::new(2, "action");
    /// Column `bfd_sessions`.
    pub const BFD_SESSIONS: Column<LogicalRouterPolicy<'static>, Set<Uuid>> = Column::new(3, "bfd_sessions");
    /// Column `chain`.
    pub const CHAIN: Column<LogicalRouterPolicy<'static>, Optional<Text>> = Column::new(4, "chain");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<LogicalRouterPolicy<'static>, Map<Text, Text>> =
        Column::new(5, "external_ids");
    /// Column `jump_chain`.
    pub const JUMP_CHAIN: Column<LogicalRouterPolicy<'static>, Optional<Text>> = Column::new(6, "jump_chain");
    /// Column `match`.
    pub const MATCH: Column<LogicalRouterPolicy<'static>, One<Text>> = Column::new(7, "match");
    /// Column `nexthop`.
    pub const NEXTHOP: Column<LogicalRouterPolicy<'static>, Optional<Text>> = Column::new(8, "nexthop");
    /// Column `nexthops`.
    pub const NEXTHOPS: Column<LogicalRouterPolicy<'static>, Set<Text>> = Column::new(9, "nexthops");
    /// Column `options`.
    pub const OPTIONS: Column<LogicalRouterPolicy<'static>, Map<Text, Text>> = Column::new(10, "options");
    /// Column `priority`.
    pub const PRIORITY: Column<LogicalRouterPolicy<'static>, One<i64>> = Column::new(11, "priority");

    /// `action`: string, one of `allow`, `drop`, `jump`, `reroute`.
    pub fn action(self) -> &'a str {
        self.get(Self::ACTION)
    }

    /// `bfd_sessions`: 0 or more, uuid of a row, weakly, of `BFD`.
    pub fn bfd_sessions(self) -> SetView<'a, Uuid> {
        self.get(Self::BFD_SESSIONS)
    }

    /// `chain`: optional, string.
    pub fn chain(self) -> Option<&'a str> {
        self.get(Self::CHAIN)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `jump_chain`: optional, string.
    pub fn jump_chain(self) -> Option<&'a str> {
        self.get(Self::JUMP_CHAIN)
    }

    /// `match`: string.
    pub fn r#match(self) -> &'a str {
        self.get(Self::MATCH)
    }

    /// `nexthop`: optional, string.
    pub fn nexthop(self) -> Option<&'a str> {
        self.get(Self::NEXTHOP)
    }

    /// `nexthops`: 0 or more, string.
    pub fn nexthops(self) -> SetView<'a, Text> {
        self.get(Self::NEXTHOPS)
    }

    /// `options`: 0 or more, string to string.
    pub fn options(self) -> MapView<'a, Text, Text> {
        self.get(Self::OPTIONS)
    }

    /// `priority`: integer, 0 to 32767.
    pub fn priority(self) -> i64 {
        self.get(Self::PRIORITY)
    }
}

/// A row of `Logical_Router_Port`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct LogicalRouterPort<'a>(&'a Row);

impl<'a> Table<'a> for LogicalRouterPort<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Logical_Router_Port";
    const TABLE_INDEX: TableIdx = TableIdx(18);

    fn of(row: &'a Row) -> Self {
        LogicalRouterPort(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> LogicalRouterPort<'a> {
    /// Column `dhcp_relay`.
    pub const DHCP_RELAY: Column<LogicalRouterPort<'static>, Optional<Uuid>> = Column::new(2, "dhcp_relay");
    /// Column `enabled`.
    pub const ENABLED: Column<LogicalRouterPort<'static>, Optional<bool>> = Column::new(3, "enabled");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<LogicalRouterPort<'static>, Map<Text, Text>> =
        Column::new(4, "external_ids");
    /// Column `gateway_chassis`.
    pub const GATEWAY_CHASSIS: Column<LogicalRouterPort<'static>, Set<Uuid>> =
        Column::new(5, "gateway_chassis");
    /// Column `ha_chassis_group`.
    pub const HA_CHASSIS_GROUP: Column<LogicalRouterPort<'static>, Optional<Uuid>> =
        Column::new(6, "ha_chassis_group");
    /// Column `ipv6_prefix`.
    pub const IPV6_PREFIX: Column<LogicalRouterPort<'static>, Set<Text>> = Column::new(7, "ipv6_prefix");
    /// Column `ipv6_ra_configs`.
    pub const IPV6_RA_CONFIGS: Column<LogicalRouterPort<'static>, Map<Text, Text>> =
        Column::new(8, "ipv6_ra_configs");
    /// Column `mac`.
    pub const MAC: Column<LogicalRouterPort<'static>, One<Text>> = Column::new(9, "mac");
    /// Column `name`.
    pub const NAME: Column<LogicalRouterPort<'static>, One<Text>> = Column::new(10, "name");
    /// Column `networks`.
    pub const NETWORKS: Column<LogicalRouterPort<'static>, Set<Text>> = Column::new(11, "networks");
    /// Column `options`.
    pub const OPTIONS: Column<LogicalRouterPort<'static>, Map<Text, Text>> = Column::new(12, "options");
    /// Column `peer`.
    pub const PEER: Column<LogicalRouterPort<'static>, Optional<Text>> = Column::new(13, "peer");
    /// Column `status`.
    pub const STATUS: Column<LogicalRouterPort<'static>, Map<Text, Text>> = Column::new(14, "status");

    /// `dhcp_relay`: optional, uuid of a row of `DHCP_Relay`.
    pub fn dhcp_relay(self) -> Option<Uuid> {
        self.get(Self::DHCP_RELAY)
    }

    /// `enabled`: optional, boolean.
    pub fn enabled(self) -> Option<bool> {
        self.get(Self::ENABLED)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `gateway_chassis`: 0 or more, uuid of a row of `Gateway_Chassis`.
    pub fn gateway_chassis(self) -> SetView<'a, Uuid> {
        self.get(Self::GATEWAY_CHASSIS)
    }

    /// `ha_chassis_group`: optional, uuid of a row of `HA_Chassis_Group`.
    pub fn ha_chassis_group(self) -> Option<Uuid> {
        self.get(Self::HA_CHASSIS_GROUP)
    }

    /// `ipv6_prefix`: 0 or more, string.
    pub fn ipv6_prefix(self) -> SetView<'a, Text> {
        self.get(Self::IPV6_PREFIX)
    }

    /// `ipv6_ra_configs`: 0 or more, string to string.
    pub fn ipv6_ra_configs(self) -> MapView<'a, Text, Text> {
        self.get(Self::IPV6_RA_CONFIGS)
    }

    /// `mac`: string.
    pub fn mac(self) -> &'a str {
        self.get(Self::MAC)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `networks`: 0 or more, string.
    pub fn networks(self) -> SetView<'a, Text> {
        self.get(Self::NETWORKS)
    }

    /// `options`: 0 or more, string to string.
    pub fn options(self) -> MapView<'a, Text, Text> {
        self.get(Self::OPTIONS)
    }

    /// `peer`: optional, string.
    pub fn peer(self) -> Option<&'a str> {
        self.get(Self::PEER)
    }

    /// `status`: 0 or more, string to string.
    pub fn status(self) -> MapView<'a, Text, Text> {
        self.get(Self::STATUS)
    }
}

/// A row of `Logical_Router_Static_Route`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct LogicalRouterStaticRoute<'a>(&'a Row);

impl<'a> Table<'a> for LogicalRouterStaticRoute<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Logical_Router_Static_Route";
    const TABLE_INDEX: TableIdx = TableIdx(19);

    fn of(row: &'a Row) -> Self {
        LogicalRouterStaticRoute(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> LogicalRouterStaticRoute<'a> {
    /// Column `bfd`.
    pub const BFD: Column<LogicalRouterStaticRoute<'static>, Optional<Uuid>> = Column::new(2, "bfd");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<LogicalRouterStaticRoute<'static>, Map<Text, Text>> =
        Column::new(3, "external_ids");
    /// Column `ip_prefix`.
    pub const IP_PREFIX: Column<LogicalRouterStaticRoute<'static>, One<Text>> = Column::new(4, "ip_prefix");
    /// Column `nexthop`.
    pub const NEXTHOP: Column<LogicalRouterStaticRoute<'static>, One<Text>> = Column::new(5, "nexthop");
    /// Column `options`.
    pub const OPTIONS: Column<LogicalRouterStaticRoute<'static>, Map<Text, Text>> = Column::new(6, "options");
    /// Column `output_port`.
    pub const OUTPUT_PORT: Column<LogicalRouterStaticRoute<'static>, Optional<Text>> =
        Column::new(7, "output_port");
    /// Column `policy`.
    pub const POLICY: Column<LogicalRouterStaticRoute<'static>, Optional<Text>> = Column::new(8, "policy");
    /// Column `route_table`.
    pub const ROUTE_TABLE: Column<LogicalRouterStaticRoute<'static>, One<Text>> =
        Column::new(9, "route_table");
    /// Column `selection_fields`.
    pub const SELECTION_FIELDS: Column<LogicalRouterStaticRoute<'static>, Set<Text>> =
        Column::new(10, "selection_fields");

    /// `bfd`: optional, uuid of a row, weakly, of `BFD`.
    pub fn bfd(self) -> Option<Uuid> {
        self.get(Self::BFD)
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

    /// `options`: 0 or more, string to string.
    pub fn options(self) -> MapView<'a, Text, Text> {
        self.get(Self::OPTIONS)
    }

    /// `output_port`: optional, string.
    pub fn output_port(self) -> Option<&'a str> {
        self.get(Self::OUTPUT_PORT)
    }

    /// `policy`: optional, string, one of `dst-ip`, `src-ip`.
    pub fn policy(self) -> Option<&'a str> {
        self.get(Self::POLICY)
    }

    /// `route_table`: string.
    pub fn route_table(self) -> &'a str {
        self.get(Self::ROUTE_TABLE)
    }

    /// `selection_fields`: 0 or more, string, one of `eth_dst`, `eth_src`, `ip_dst`, `ip_proto`, `ip_src`, `ipv6_dst`, `ipv6_src`, `tp_dst`, `tp_src`.
    pub fn selection_fields(self) -> SetView<'a, Text> {
        self.get(Self::SELECTION_FIELDS)
    }
}

/// A row of `Logical_Switch`.
#[derive(Clone, Copy, Debug)]
pub struct LogicalSwitch<'a>(&'a Row);

impl<'a> Table<'a> for LogicalSwitch<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Logical_Switch";
    const TABLE_INDEX: TableIdx = TableIdx(20);

    fn of(row: &'a Row) -> Self {
        LogicalSwitch(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> LogicalSwitch<'a> {
    /// Column `acls`.
    pub const ACLS: Column<LogicalSwitch<'static>, Set<Uuid>> = Column::new(2, "acls");
    /// Column `copp`.
    pub const COPP: Column<LogicalSwitch<'static>, Optional<Uuid>> = Column::new(3, "copp");
    /// Column `dns_records`.
    pub const DNS_RECORDS: Column<LogicalSwitch<'static>, Set<Uuid>> = Column::new(4, "dns_records");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<LogicalSwitch<'static>, Map<Text, Text>> = Column::new(5, "external_ids");
    /// Column `forwarding_groups`.
    pub const FORWARDING_GROUPS: Column<LogicalSwitch<'static>, Set<Uuid>> =
        Column::new(6, "forwarding_groups");
    /// Column `load_balancer`.
    pub const LOAD_BALANCER: Column<LogicalSwitch<'static>, Set<Uuid>> = Column::new(7, "load_balancer");
    /// Column `load_balancer_group`.
    pub const LOAD_BALANCER_GROUP: Column<LogicalSwitch<'static>, Set<Uuid>> =
        Column::new(8, "load_balancer_group");
    /// Column `name`.
    pub const NAME: Column<LogicalSwitch<'static>, One<Text>> = Column::new(9, "name");
    /// Column `other_config`.
    pub const OTHER_CONFIG: Column<LogicalSwitch<'static>, Map<Text, Text>> = Column::new(10, "other_config");
    /// Column `ports`.
    pub const PORTS: Column<LogicalSwitch<'static>, Set<Uuid>> = Column::new(11, "ports");
    /// Column `qos_rules`.
    pub const QOS_RULES: Column<LogicalSwitch<'static>, Set<Uuid>> = Column::new(12, "qos_rules");

    /// `acls`: 0 or more, uuid of a row of `ACL`.
    pub fn acls(self) -> SetView<'a, Uuid> {
        self.get(Self::ACLS)
    }

    /// `copp`: optional, uuid of a row, weakly, of `Copp`.
    pub fn copp(self) -> Option<Uuid> {
        self.get(Self::COPP)
    }

    /// `dns_records`: 0 or more, uuid of a row, weakly, of `DNS`.
    pub fn dns_records(self) -> SetView<'a, Uuid> {
        self.get(Self::DNS_RECORDS)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `forwarding_groups`: 0 or more, uuid of a row of `Forwarding_Group`.
    pub fn forwarding_groups(self) -> SetView<'a, Uuid> {
        self.get(Self::FORWARDING_GROUPS)
    }

    /// `load_balancer`: 0 or more, uuid of a row, weakly, of `Load_Balancer`.
    pub fn load_balancer(self) -> SetView<'a, Uuid> {
        self.get(Self::LOAD_BALANCER)
    }

    /// `load_balancer_group`: 0 or more, uuid of a row of `Load_Balancer_Group`.
    pub fn load_balancer_group(self) -> SetView<'a, Uuid> {
        self.get(Self::LOAD_BALANCER_GROUP)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `other_config`: 0 or more, string to string.
    pub fn other_config(self) -> MapView<'a, Text, Text> {
        self.get(Self::OTHER_CONFIG)
    }

    /// `ports`: 0 or more, uuid of a row of `Logical_Switch_Port`.
    pub fn ports(self) -> SetView<'a, Uuid> {
        self.get(Self::PORTS)
    }

    /// `qos_rules`: 0 or more, uuid of a row of `QoS`.
    pub fn qos_rules(self) -> SetView<'a, Uuid> {
        self.get(Self::QOS_RULES)
    }
}

/// A row of `Logical_Switch_Port`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct LogicalSwitchPort<'a>(&'a Row);

impl<'a> Table<'a> for LogicalSwitchPort<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Logical_Switch_Port";
    const TABLE_INDEX: TableIdx = TableIdx(21);

    fn of(row: &'a Row) -> Self {
        LogicalSwitchPort(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> LogicalSwitchPort<'a> {
    /// Column `addresses`.
    pub const ADDRESSES: Column<LogicalSwitchPort<'static>, Set<Text>> = Column::new(2, "addresses");
    /// Column `dhcpv4_options`.
    pub const DHCPV4_OPTIONS: Column<LogicalSwitchPort<'static>, Optional<Uuid>> =
        Column::new(3, "dhcpv4_options");
    /// Column `dhcpv6_options`.
    pub const DHCPV6_OPTIONS: Column<LogicalSwitchPort<'static>, Optional<Uuid>> =
        Column::new(4, "dhcpv6_options");
    /// Column `dynamic_addresses`.
    pub const DYNAMIC_ADDRESSES: Column<LogicalSwitchPort<'static>, Optional<Text>> =
        Column::new(5, "dynamic_addresses");
    /// Column `enabled`.
    pub const ENABLED: Column<LogicalSwitchPort<'static>, Optional<bool>> = Column::new(6, "enabled");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<LogicalSwitchPort<'static>, Map<Text, Text>> =
        Column::new(7, "external_ids");
    /// Column `ha_chassis_group`.
    pub const HA_CHASSIS_GROUP: Column<LogicalSwitchPort<'static>, Optional<Uuid>> =
        Column::new(8, "ha_chassis_group");
    /// Column `mirror_rules`.
    pub const MIRROR_RULES: Column<LogicalSwitchPort<'static>, Set<Uuid>> = Column::new(9, "mirror_rules");
    /// Column `name`.
    pub const NAME: Column<LogicalSwitchPort<'static>, One<Text>> = Column::new(10, "name");
    /// Column `options`.
    pub const OPTIONS: Column<LogicalSwitchPort<'static>, Map<Text, Text>> = Column::new(11, "options");
    /// Column `parent_name`.
    pub const PARENT_NAME: Column<LogicalSwitchPort<'static>, Optional<Text>> =
        Column::new(12, "parent_name");
    /// Column `peer`.
    pub const PEER: Column<LogicalSwitchPort<'static>, Optional<Text>> = Column::new(13, "peer");
    /// Column `port_security`.
    pub const PORT_SECURITY: Column<LogicalSwitchPort<'static>, Set<Text>> = Column::new(14, "port_security");
    /// Column `tag`.
    pub const TAG: Column<LogicalSwitchPort<'static>, Optional<i64>> = Column::new(15, "tag");
    /// Column `tag_request`.
    pub const TAG_REQUEST: Column<LogicalSwitchPort<'static>, Optional<i64>> = Column::new(16, "tag_request");
    /// Column `type`.
    pub const TYPE: Column<LogicalSwitchPort<'static>, One<Text>> = Column::new(17, "type");
    /// Column `up`.
    pub const UP: Column<LogicalSwitchPort<'static>, Optional<bool>> = Column::new(18, "up");

    /// `addresses`: 0 or more, string.
    pub fn addresses(self) -> SetView<'a, Text> {
        self.get(Self::ADDRESSES)
    }

    /// `dhcpv4_options`: optional, uuid of a row, weakly, of `DHCP_Options`.
    pub fn dhcpv4_options(self) -> Option<Uuid> {
        self.get(Self::DHCPV4_OPTIONS)
    }

    /// `dhcpv6_options`: optional, uuid of a row, weakly, of `DHCP_Options`.
    pub fn dhcpv6_options(self) -> Option<Uuid> {
        self.get(Self::DHCPV6_OPTIONS)
    }

    /// `dynamic_addresses`: optional, string.
    pub fn dynamic_addresses(self) -> Option<&'a str> {
        self.get(Self::DYNAMIC_ADDRESSES)
    }

    /// `enabled`: optional, boolean.
    pub fn enabled(self) -> Option<bool> {
        self.get(Self::ENABLED)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `ha_chassis_group`: optional, uuid of a row of `HA_Chassis_Group`.
    pub fn ha_chassis_group(self) -> Option<Uuid> {
        self.get(Self::HA_CHASSIS_GROUP)
    }

    /// `mirror_rules`: 0 or more, uuid of a row, weakly, of `Mirror`.
    pub fn mirror_rules(self) -> SetView<'a, Uuid> {
        self.get(Self::MIRROR_RULES)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `options`: 0 or more, string to string.
    pub fn options(self) -> MapView<'a, Text, Text> {
        self.get(Self::OPTIONS)
    }

    /// `parent_name`: optional, string.
    pub fn parent_name(self) -> Option<&'a str> {
        self.get(Self::PARENT_NAME)
    }

    /// `peer`: optional, string.
    pub fn peer(self) -> Option<&'a str> {
        self.get(Self::PEER)
    }

    /// `port_security`: 0 or more, string.
    pub fn port_security(self) -> SetView<'a, Text> {
        self.get(Self::PORT_SECURITY)
    }

    /// `tag`: optional, integer, 1 to 4095.
    pub fn tag(self) -> Option<i64> {
        self.get(Self::TAG)
    }

    /// `tag_request`: optional, integer, 0 to 4095.
    pub fn tag_request(self) -> Option<i64> {
        self.get(Self::TAG_REQUEST)
    }

    /// `type`: string.
    pub fn r#type(self) -> &'a str {
        self.get(Self::TYPE)
    }

    /// `up`: optional, boolean.
    pub fn up(self) -> Option<bool> {
        self.get(Self::UP)
    }
}

/// A row of `Meter`.
#[derive(Clone, Copy, Debug)]
pub struct Meter<'a>(&'a Row);

impl<'a> Table<'a> for Meter<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Meter";
    const TABLE_INDEX: TableIdx = TableIdx(22);

    fn of(row: &'a Row) -> Self {
        Meter(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Meter<'a> {
    /// Column `bands`.
    pub const BANDS: Column<Meter<'static>, Set<Uuid>> = Column::new(2, "bands");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Meter<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `fair`.
    pub const FAIR: Column<Meter<'static>, Optional<bool>> = Column::new(4, "fair");
    /// Column `name`.
    pub const NAME: Column<Meter<'static>, One<Text>> = Column::new(5, "name");
    /// Column `unit`.
    pub const UNIT: Column<Meter<'static>, One<Text>> = Column::new(6, "unit");

    /// `bands`: 1 or more, uuid of a row of `Meter_Band`.
    pub fn bands(self) -> SetView<'a, Uuid> {
        self.get(Self::BANDS)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `fair`: optional, boolean.
    pub fn fair(self) -> Option<bool> {
        self.get(Self::FAIR)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `unit`: string, one of `kbps`, `pktps`.
    pub fn unit(self) -> &'a str {
        self.get(Self::UNIT)
    }
}

/// A row of `Meter_Band`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct MeterBand<'a>(&'a Row);

impl<'a> Table<'a> for MeterBand<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Meter_Band";
    const TABLE_INDEX: TableIdx = TableIdx(23);

    fn of(row: &'a Row) -> Self {
        MeterBand(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> MeterBand<'a> {
    /// Column `action`.
    pub const ACTION: Column<MeterBand<'static>, One<Text>> = Column::new(2, "action");
    /// Column `burst_size`.
    pub const BURST_SIZE: Column<MeterBand<'static>, One<i64>> = Column::new(3, "burst_size");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<MeterBand<'static>, Map<Text, Text>> = Column::new(4, "external_ids");
    /// Column `rate`.
    pub const RATE: Column<MeterBand<'static>, One<i64>> = Column::new(5, "rate");

    /// `action`: string, one of `drop`.
    pub fn action(self) -> &'a str {
        self.get(Self::ACTION)
    }

    /// `burst_size`: integer, 0 to 4294967295.
    pub fn burst_size(self) -> i64 {
        self.get(Self::BURST_SIZE)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `rate`: integer, 1 to 4294967295.
    pub fn rate(self) -> i64 {
        self.get(Self::RATE)
    }
}

/// A row of `Mirror`.
#[derive(Clone, Copy, Debug)]
pub struct Mirror<'a>(&'a Row);

impl<'a> Table<'a> for Mirror<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Mirror";
    const TABLE_INDEX: TableIdx = TableIdx(24);

    fn of(row: &'a Row) -> Self {
        Mirror(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Mirror<'a> {
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Mirror<'static>, Map<Text, Text>> = Column::new(2, "external_ids");
    /// Column `filter`.
    pub const FILTER: Column<Mirror<'static>, One<Text>> = Column::new(3, "filter");
    /// Column `index`.
    pub const INDEX: Column<Mirror<'static>, One<i64>> = Column::new(4, "index");
    /// Column `name`.
    pub const NAME: Column<Mirror<'static>, One<Text>> = Column::new(5, "name");
    /// Column `sink`.
    pub const SINK: Column<Mirror<'static>, One<Text>> = Column::new(6, "sink");
    /// Column `type`.
    pub const TYPE: Column<Mirror<'static>, One<Text>> = Column::new(7, "type");

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `filter`: string, one of `both`, `from-lport`, `to-lport`.
    pub fn filter(self) -> &'a str {
        self.get(Self::FILTER)
    }

    /// `index`: integer.
    pub fn index(self) -> i64 {
        self.get(Self::INDEX)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `sink`: string.
    pub fn sink(self) -> &'a str {
        self.get(Self::SINK)
    }

    /// `type`: string, one of `erspan`, `gre`, `local`.
    pub fn r#type(self) -> &'a str {
        self.get(Self::TYPE)
    }
}

/// A row of `NAT`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct Nat<'a>(&'a Row);

impl<'a> Table<'a> for Nat<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "NAT";
    const TABLE_INDEX: TableIdx = TableIdx(25);

    fn of(row: &'a Row) -> Self {
        Nat(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Nat<'a> {
    /// Column `allowed_ext_ips`.
    pub const ALLOWED_EXT_IPS: Column<Nat<'static>, Optional<Uuid>> = Column::new(2, "allowed_ext_ips");
    /// Column `exempted_ext_ips`.
    pub const EXEMPTED_EXT_IPS: Column<Nat<'static>, Optional<Uuid>> = Column::new(3, "exempted_ext_ips");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Nat<'static>, Map<Text, Text>> = Column::new(4, "external_ids");
    /// Column `external_ip`.
    pub const EXTERNAL_IP: Column<Nat<'static>, One<Text>> = Column::new(5, "external_ip");
    /// Column `external_mac`.
    pub const EXTERNAL_MAC: Column<Nat<'static>, Optional<Text>> = Column::new(6, "external_mac");
    /// Column `external_port_range`.
    pub const EXTERNAL_PORT_RANGE: Column<Nat<'static>, One<Text>> = Column::new(7, "external_port_range");
    /// Column `gateway_port`.
    pub const GATEWAY_PORT: Column<Nat<'static>, Optional<Uuid>> = Column::new(8, "gateway_port");
    /// Column `logical_ip`.
    pub const LOGICAL_IP: Column<Nat<'static>, One<Text>> = Column::new(9, "logical_ip");
    /// Column `logical_port`.
    pub const LOGICAL_PORT: Column<Nat<'static>, Optional<Text>> = Column::new(10, "logical_port");
    /// Column `match`.
    pub const MATCH: Column<Nat<'static>, One<Text>> = Column::new(11, "match");
    /// Column `options`.
    pub const OPTIONS: Column<Nat<'static>, Map<Text, Text>> = Column::new(12, "options");
    /// Column `priority`.
    pub const PRIORITY: Column<Nat<'static>, One<i64>> = Column::new(13, "priority");
    /// Column `type`.
    pub const TYPE: Column<Nat<'static>, One<Text>> = Column::new(14, "type");

    /// `allowed_ext_ips`: optional, uuid of a row of `Address_Set`.
    pub fn allowed_ext_ips(self) -> Option<Uuid> {
        self.get(Self::ALLOWED_EXT_IPS)
    }

    /// `exempted_ext_ips`: optional, uuid of a row of `Address_Set`.
    pub fn exempted_ext_ips(self) -> Option<Uuid> {
        self.get(Self::EXEMPTED_EXT_IPS)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `external_ip`: string.
    pub fn external_ip(self) -> &'a str {
        self.get(Self::EXTERNAL_IP)
    }

    /// `external_mac`: optional, string.
    pub fn external_mac(self) -> Option<&'a str> {
        self.get(Self::EXTERNAL_MAC)
    }

    /// `external_port_range`: string.
    pub fn external_port_range(self) -> &'a str {
        self.get(Self::EXTERNAL_PORT_RANGE)
    }

    /// `gateway_port`: optional, uuid of a row, weakly, of `Logical_Router_Port`.
    pub fn gateway_port(self) -> Option<Uuid> {
        self.get(Self::GATEWAY_PORT)
    }

    /// `logical_ip`: string.
    pub fn logical_ip(self) -> &'a str {
        self.get(Self::LOGICAL_IP)
    }

    /// `logical_port`: optional, string.
    pub fn logical_port(self) -> Option<&'a str> {
        self.get(Self::LOGICAL_PORT)
    }

    /// `match`: string.
    pub fn r#match(self) -> &'a str {
        self.get(Self::MATCH)
    }

    /// `options`: 0 or more, string to string.
    pub fn options(self) -> MapView<'a, Text, Text> {
        self.get(Self::OPTIONS)
    }

    /// `priority`: integer, 0 to 32767.
    pub fn priority(self) -> i64 {
        self.get(Self::PRIORITY)
    }

    /// `type`: string, one of `dnat`, `dnat_and_snat`, `snat`.
    pub fn r#type(self) -> &'a str {
        self.get(Self::TYPE)
    }
}

/// A row of `NB_Global`.
#[derive(Clone, Copy, Debug)]
pub struct NbGlobal<'a>(&'a Row);

impl<'a> Table<'a> for NbGlobal<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "NB_Global";
    const TABLE_INDEX: TableIdx = TableIdx(26);

    fn of(row: &'a Row) -> Self {
        NbGlobal(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> NbGlobal<'a> {
    /// Column `connections`.
    pub const CONNECTIONS: Column<NbGlobal<'static>, Set<Uuid>> = Column::new(2, "connections");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<NbGlobal<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `hv_cfg`.
    pub const HV_CFG: Column<NbGlobal<'static>, One<i64>> = Column::new(4, "hv_cfg");
    /// Column `hv_cfg_timestamp`.
    pub const HV_CFG_TIMESTAMP: Column<NbGlobal<'static>, One<i64>> = Column::new(5, "hv_cfg_timestamp");
    /// Column `ipsec`.
    pub const IPSEC: Column<NbGlobal<'static>, One<bool>> = Column::new(6, "ipsec");
    /// Column `name`.
    pub const NAME: Column<NbGlobal<'static>, One<Text>> = Column::new(7, "name");
    /// Column `nb_cfg`.
    pub const NB_CFG: Column<NbGlobal<'static>, One<i64>> = Column::new(8, "nb_cfg");
    /// Column `nb_cfg_timestamp`.
    pub const NB_CFG_TIMESTAMP: Column<NbGlobal<'static>, One<i64>> = Column::new(9, "nb_cfg_timestamp");
    /// Column `options`.
    pub const OPTIONS: Column<NbGlobal<'static>, Map<Text, Text>> = Column::new(10, "options");
    /// Column `sb_cfg`.
    pub const SB_CFG: Column<NbGlobal<'static>, One<i64>> = Column::new(11, "sb_cfg");
    /// Column `sb_cfg_timestamp`.
    pub const SB_CFG_TIMESTAMP: Column<NbGlobal<'static>, One<i64>> = Column::new(12, "sb_cfg_timestamp");
    /// Column `ssl`.
    pub const SSL: Column<NbGlobal<'static>, Optional<Uuid>> = Column::new(13, "ssl");

    /// `connections`: 0 or more, uuid of a row of `Connection`.
    pub fn connections(self) -> SetView<'a, Uuid> {
        self.get(Self::CONNECTIONS)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `hv_cfg`: integer.
    pub fn hv_cfg(self) -> i64 {
        self.get(Self::HV_CFG)
    }

    /// `hv_cfg_timestamp`: integer.
    pub fn hv_cfg_timestamp(self) -> i64 {
        self.get(Self::HV_CFG_TIMESTAMP)
    }

    /// `ipsec`: boolean.
    pub fn ipsec(self) -> bool {
        self.get(Self::IPSEC)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `nb_cfg`: integer.
    pub fn nb_cfg(self) -> i64 {
        self.get(Self::NB_CFG)
    }

    /// `nb_cfg_timestamp`: integer.
    pub fn nb_cfg_timestamp(self) -> i64 {
        self.get(Self::NB_CFG_TIMESTAMP)
    }

    /// `options`: 0 or more, string to string.
    pub fn options(self) -> MapView<'a, Text, Text> {
        self.get(Self::OPTIONS)
    }

    /// `sb_cfg`: integer.
    pub fn sb_cfg(self) -> i64 {
        self.get(Self::SB_CFG)
    }

    /// `sb_cfg_timestamp`: integer.
    pub fn sb_cfg_timestamp(self) -> i64 {
        self.get(Self::SB_CFG_TIMESTAMP)
    }

    /// `ssl`: optional, uuid of a row of `SSL`.
    pub fn ssl(self) -> Option<Uuid> {
        self.get(Self::SSL)
    }
}

/// A row of `Port_Group`.
#[derive(Clone, Copy, Debug)]
pub struct PortGroup<'a>(&'a Row);

impl<'a> Table<'a> for PortGroup<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Port_Group";
    const TABLE_INDEX: TableIdx = TableIdx(27);

    fn of(row: &'a Row) -> Self {
        PortGroup(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> PortGroup<'a> {
    /// Column `acls`.
    pub const ACLS: Column<PortGroup<'static>, Set<Uuid>> = Column::new(2, "acls");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<PortGroup<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `name`.
    pub const NAME: Column<PortGroup<'static>, One<Text>> = Column::new(4, "name");
    /// Column `ports`.
    pub const PORTS: Column<PortGroup<'static>, Set<Uuid>> = Column::new(5, "ports");

    /// `acls`: 0 or more, uuid of a row of `ACL`.
    pub fn acls(self) -> SetView<'a, Uuid> {
        self.get(Self::ACLS)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `ports`: 0 or more, uuid of a row, weakly, of `Logical_Switch_Port`.
    pub fn ports(self) -> SetView<'a, Uuid> {
        self.get(Self::PORTS)
    }
}

/// A row of `QoS`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct QoS<'a>(&'a Row);

impl<'a> Table<'a> for QoS<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "QoS";
    const TABLE_INDEX: TableIdx = TableIdx(28);

    fn of(row: &'a Row) -> Self {
        QoS(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> QoS<'a> {
    /// Column `action`.
    pub const ACTION: Column<QoS<'static>, Map<Text, i64>> = Column::new(2, "action");
    /// Column `bandwidth`.
    pub const BANDWIDTH: Column<QoS<'static>, Map<Text, i64>> = Column::new(3, "bandwidth");
    /// Column `direction`.
    pub const DIRECTION: Column<QoS<'static>, One<Text>> = Column::new(4, "direction");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<QoS<'static>, Map<Text, Text>> = Column::new(5, "external_ids");
    /// Column `match`.
    pub const MATCH: Column<QoS<'static>, One<Text>> = Column::new(6, "match");
    /// Column `priority`.
    pub const PRIORITY: Column<QoS<'static>, One<i64>> = Column::new(7, "priority");

    /// `action`: 0 or more, string, one of `dscp`, `mark` to integer, 0 to 4294967295.
    pub fn action(self) -> MapView<'a, Text, i64> {
        self.get(Self::ACTION)
    }

    /// `bandwidth`: 0 or more, string, one of `burst`, `rate` to integer, 1 to 4294967295.
    pub fn bandwidth(self) -> MapView<'a, Text, i64> {
        self.get(Self::BANDWIDTH)
    }

    /// `direction`: string, one of `from-lport`, `to-lport`.
    pub fn direction(self) -> &'a str {
        self.get(Self::DIRECTION)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `match`: string.
    pub fn r#match(self) -> &'a str {
        self.get(Self::MATCH)
    }

    /// `priority`: integer, 0 to 32767.
    pub fn priority(self) -> i64 {
        self.get(Self::PRIORITY)
    }
}

/// A row of `SSL`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct Ssl<'a>(&'a Row);

impl<'a> Table<'a> for Ssl<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "SSL";
    const TABLE_INDEX: TableIdx = TableIdx(29);

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

/// A row of `Sample`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a>(&'a Row);

impl<'a> Table<'a> for Sample<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Sample";
    const TABLE_INDEX: TableIdx = TableIdx(30);

    fn of(row: &'a Row) -> Self {
        Sample(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Sample<'a> {
    /// Column `collectors`.
    pub const COLLECTORS: Column<Sample<'static>, Set<Uuid>> = Column::new(2, "collectors");
    /// Column `metadata`.
    pub const METADATA: Column<Sample<'static>, One<i64>> = Column::new(3, "metadata");

    /// `collectors`: 0 or more, uuid of a row of `Sample_Collector`.
    pub fn collectors(self) -> SetView<'a, Uuid> {
        self.get(Self::COLLECTORS)
    }

    /// `metadata`: integer, 1 to 4294967295.
    pub fn metadata(self) -> i64 {
        self.get(Self::METADATA)
    }
}

/// A row of `Sample_Collector`.
#[derive(Clone, Copy, Debug)]
pub struct SampleCollector<'a>(&'a Row);

impl<'a> Table<'a> for SampleCollector<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Sample_Collector";
    const TABLE_INDEX: TableIdx = TableIdx(31);

    fn of(row: &'a Row) -> Self {
        SampleCollector(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> SampleCollector<'a> {
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<SampleCollector<'static>, Map<Text, Text>> =
        Column::new(2, "external_ids");
    /// Column `id`.
    pub const ID: Column<SampleCollector<'static>, One<i64>> = Column::new(3, "id");
    /// Column `name`.
    pub const NAME: Column<SampleCollector<'static>, One<Text>> = Column::new(4, "name");
    /// Column `probability`.
    pub const PROBABILITY: Column<SampleCollector<'static>, One<i64>> = Column::new(5, "probability");
    /// Column `set_id`.
    pub const SET_ID: Column<SampleCollector<'static>, One<i64>> = Column::new(6, "set_id");

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `id`: integer, 1 to 255.
    pub fn id(self) -> i64 {
        self.get(Self::ID)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `probability`: integer, 0 to 65535.
    pub fn probability(self) -> i64 {
        self.get(Self::PROBABILITY)
    }

    /// `set_id`: integer, 1 to 4294967295.
    pub fn set_id(self) -> i64 {
        self.get(Self::SET_ID)
    }
}

/// A row of `Sampling_App`.
#[derive(Clone, Copy, Debug)]
pub struct SamplingApp<'a>(&'a Row);

impl<'a> Table<'a> for SamplingApp<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Sampling_App";
    const TABLE_INDEX: TableIdx = TableIdx(32);

    fn of(row: &'a Row) -> Self {
        SamplingApp(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> SamplingApp<'a> {
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<SamplingApp<'static>, Map<Text, Text>> = Column::new(2, "external_ids");
    /// Column `id`.
    pub const ID: Column<SamplingApp<'static>, One<i64>> = Column::new(3, "id");
    /// Column `type`.
    pub const TYPE: Column<SamplingApp<'static>, One<Text>> = Column::new(4, "type");

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `id`: integer, 1 to 255.
    pub fn id(self) -> i64 {
        self.get(Self::ID)
    }

    /// `type`: string, one of `acl-est`, `acl-new`, `drop`.
    pub fn r#type(self) -> &'a str {
        self.get(Self::TYPE)
    }
}

/// A row of `Static_MAC_Binding`.
#[derive(Clone, Copy, Debug)]
pub struct StaticMacBinding<'a>(&'a Row);

impl<'a> Table<'a> for StaticMacBinding<'a> {
    type Schema = OvnNorthboundSchema;
    const TABLE_NAME: &'static str = "Static_MAC_Binding";
    const TABLE_INDEX: TableIdx = TableIdx(33);

    fn of(row: &'a Row) -> Self {
        StaticMacBinding(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> StaticMacBinding<'a> {
    /// Column `ip`.
    pub const IP: Column<StaticMacBinding<'static>, One<Text>> = Column::new(2, "ip");
    /// Column `logical_port`.
    pub const LOGICAL_PORT: Column<StaticMacBinding<'static>, One<Text>> = Column::new(3, "logical_port");
    /// Column `mac`.
    pub const MAC: Column<StaticMacBinding<'static>, One<Text>> = Column::new(4, "mac");
    /// Column `override_dynamic_mac`.
    pub const OVERRIDE_DYNAMIC_MAC: Column<StaticMacBinding<'static>, One<bool>> =
        Column::new(5, "override_dynamic_mac");

    /// `ip`: string.
    pub fn ip(self) -> &'a str {
        self.get(Self::IP)
    }

    /// `logical_port`: string.
    pub fn logical_port(self) -> &'a str {
        self.get(Self::LOGICAL_PORT)
    }

    /// `mac`: string.
    pub fn mac(self) -> &'a str {
        self.get(Self::MAC)
    }

    /// `override_dynamic_mac`: boolean.
    pub fn override_dynamic_mac(self) -> bool {
        self.get(Self::OVERRIDE_DYNAMIC_MAC)
    }
}
