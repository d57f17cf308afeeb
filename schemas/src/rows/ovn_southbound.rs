//! The tables of `OVN_Southbound` 20.41.0 as types. Generated from the schema; the generator is `generate.rs`.

use ovsdb_data::typed::{Column, Map, MapView, One, Optional, Schema, Set, SetView, Table, Text};
use ovsdb_data::{Row, TableIdx, Uuid};

/// The schema of these tables.
#[derive(Clone, Copy, Debug)]
pub enum OvnSouthboundSchema {}

impl Schema for OvnSouthboundSchema {
    const NAME: &'static str = "OVN_Southbound";
    const VERSION: &'static str = "20.41.0";
    const CKSUM: &'static str = "2343742948 34719";
}

/// A row of `ACL_ID`.
#[derive(Clone, Copy, Debug)]
pub struct AclId<'a>(&'a Row);

impl<'a> Table<'a> for AclId<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "ACL_ID";
    const TABLE_INDEX: TableIdx = TableIdx(0);

    fn of(row: &'a Row) -> Self {
        AclId(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> AclId<'a> {
    /// Column `id`.
    pub const ID: Column<AclId<'static>, One<i64>> = Column::new(2, "id");

    /// `id`: integer, 0 to 32767.
    pub fn id(self) -> i64 {
        self.get(Self::ID)
    }
}

/// A row of `Address_Set`.
#[derive(Clone, Copy, Debug)]
pub struct AddressSet<'a>(&'a Row);

impl<'a> Table<'a> for AddressSet<'a> {
    type Schema = OvnSouthboundSchema;
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
    /// Column `name`.
    pub const NAME: Column<AddressSet<'static>, One<Text>> = Column::new(3, "name");

    /// `addresses`: 0 or more, string.
    pub fn addresses(self) -> SetView<'a, Text> {
        self.get(Self::ADDRESSES)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }
}

/// A row of `Advertised_Route`.
#[derive(Clone, Copy, Debug)]
pub struct AdvertisedRoute<'a>(&'a Row);

impl<'a> Table<'a> for AdvertisedRoute<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "Advertised_Route";
    const TABLE_INDEX: TableIdx = TableIdx(2);

    fn of(row: &'a Row) -> Self {
        AdvertisedRoute(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> AdvertisedRoute<'a> {
    /// Column `datapath`.
    pub const DATAPATH: Column<AdvertisedRoute<'static>, One<Uuid>> = Column::new(2, "datapath");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<AdvertisedRoute<'static>, Map<Text, Text>> =
        Column::new(3, "external_ids");
    /// Column `ip_prefix`.
    pub const IP_PREFIX: Column<AdvertisedRoute<'static>, One<Text>> = Column::new(4, "ip_prefix");
    /// Column `logical_port`.
    pub const LOGICAL_PORT: Column<AdvertisedRoute<'static>, One<Uuid>> = Column::new(5, "logical_port");
    /// Column `tracked_port`.
    pub const TRACKED_PORT: Column<AdvertisedRoute<'static>, Optional<Uuid>> = Column::new(6, "tracked_port");

    /// `datapath`: uuid of a row of `Datapath_Binding`.
    pub fn datapath(self) -> Uuid {
        self.get(Self::DATAPATH)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `ip_prefix`: string.
    pub fn ip_prefix(self) -> &'a str {
        self.get(Self::IP_PREFIX)
    }

    /// `logical_port`: uuid of a row of `Port_Binding`.
    pub fn logical_port(self) -> Uuid {
        self.get(Self::LOGICAL_PORT)
    }

    /// `tracked_port`: optional, uuid of a row of `Port_Binding`.
    pub fn tracked_port(self) -> Option<Uuid> {
        self.get(Self::TRACKED_PORT)
    }
}

/// A row of `BFD`.
#[derive(Clone, Copy, Debug)]
pub struct Bfd<'a>(&'a Row);

impl<'a> Table<'a> for Bfd<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "BFD";
    const TABLE_INDEX: TableIdx = TableIdx(3);

    fn of(row: &'a Row) -> Self {
        Bfd(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Bfd<'a> {
    /// Column `chassis_name`.
    pub const CHASSIS_NAME: Column<Bfd<'static>, One<Text>> = Column::new(2, "chassis_name");
    /// Column `detect_mult`.
    pub const DETECT_MULT: Column<Bfd<'static>, One<i64>> = Column::new(3, "detect_mult");
    /// Column `disc`.
    pub const DISC: Column<Bfd<'static>, One<i64>> = Column::new(4, "disc");
    /// Column `dst_ip`.
    pub const DST_IP: Column<Bfd<'static>, One<Text>> = Column::new(5, "dst_ip");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Bfd<'static>, Map<Text, Text>> = Column::new(6, "external_ids");
    /// Column `logical_port`.
    pub const LOGICAL_PORT: Column<Bfd<'static>, One<Text>> = Column::new(7, "logical_port");
    /// Column `min_rx`.
    pub const MIN_RX: Column<Bfd<'static>, One<i64>> = Column::new(8, "min_rx");
    /// Column `min_tx`.
    pub const MIN_TX: Column<Bfd<'static>, One<i64>> = Column::new(9, "min_tx");
    /// Column `options`.
    pub const OPTIONS: Column<Bfd<'static>, Map<Text, Text>> = Column::new(10, "options");
    /// Column `src_port`.
    pub const SRC_PORT: Column<Bfd<'static>, One<i64>> = Column::new(11, "src_port");
    /// Column `status`.
    pub const STATUS: Column<Bfd<'static>, One<Text>> = Column::new(12, "status");

    /// `chassis_name`: string.
    pub fn chassis_name(self) -> &'a str {
        self.get(Self::CHASSIS_NAME)
    }

    /// `detect_mult`: integer.
    pub fn detect_mult(self) -> i64 {
        self.get(Self::DETECT_MULT)
    }

    /// `disc`: integer.
    pub fn disc(self) -> i64 {
        self.get(Self::DISC)
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

    /// `min_rx`: integer.
    pub fn min_rx(self) -> i64 {
        self.get(Self::MIN_RX)
    }

    /// `min_tx`: integer.
    pub fn min_tx(self) -> i64 {
        self.get(Self::MIN_TX)
    }

    /// `options`: 0 or more, string to string.
    pub fn options(self) -> MapView<'a, Text, Text> {
        self.get(Self::OPTIONS)
    }

    /// `src_port`: integer, 49152 to 65535.
    pub fn src_port(self) -> i64 {
        self.get(Self::SRC_PORT)
    }

    /// `status`: string, one of `admin_down`, `down`, `init`, `up`.
    pub fn status(self) -> &'a str {
        self.get(Self::STATUS)
    }
}

/// A row of `Chassis`.
#[derive(Clone, Copy, Debug)]
pub struct Chassis<'a>(&'a Row);

impl<'a> Table<'a> for Chassis<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "Chassis";
    const TABLE_INDEX: TableIdx = TableIdx(4);

    fn of(row: &'a Row) -> Self {
        Chassis(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Chassis<'a> {
    /// Column `encaps`.
    pub const ENCAPS: Column<Chassis<'static>, Set<Uuid>> = Column::new(2, "encaps");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Chassis<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `hostname`.
    pub const HOSTNAME: Column<Chassis<'static>, One<Text>> = Column::new(4, "hostname");
    /// Column `name`.
    pub const NAME: Column<Chassis<'static>, One<Text>> = Column::new(5, "name");
    /// Column `nb_cfg`.
    pub const NB_CFG: Column<Chassis<'static>, One<i64>> = Column::new(6, "nb_cfg");
    /// Column `other_config`.
    pub const OTHER_CONFIG: Column<Chassis<'static>, Map<Text, Text>> = Column::new(7, "other_config");
    /// Column `transport_zones`.
    pub const TRANSPORT_ZONES: Column<Chassis<'static>, Set<Text>> = Column::new(8, "transport_zones");
    /// Column `vtep_logical_switches`.
    pub const VTEP_LOGICAL_SWITCHES: Column<Chassis<'static>, Set<Text>> =
        Column::new(9, "vtep_logical_switches");

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

    /// `nb_cfg`: integer.
    pub fn nb_cfg(self) -> i64 {
        self.get(Self::NB_CFG)
    }

    /// `other_config`: 0 or more, string to string.
    pub fn other_config(self) -> MapView<'a, Text, Text> {
        self.get(Self::OTHER_CONFIG)
    }

    /// `transport_zones`: 0 or more, string.
    pub fn transport_zones(self) -> SetView<'a, Text> {
        self.get(Self::TRANSPORT_ZONES)
    }

    /// `vtep_logical_switches`: 0 or more, string.
    pub fn vtep_logical_switches(self) -> SetView<'a, Text> {
        self.get(Self::VTEP_LOGICAL_SWITCHES)
    }
}

/// A row of `Chassis_Private`.
#[derive(Clone, Copy, Debug)]
pub struct ChassisPrivate<'a>(&'a Row);

impl<'a> Table<'a> for ChassisPrivate<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "Chassis_Private";
    const TABLE_INDEX: TableIdx = TableIdx(5);

    fn of(row: &'a Row) -> Self {
        ChassisPrivate(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> ChassisPrivate<'a> {
    /// Column `chassis`.
    pub const CHASSIS: Column<ChassisPrivate<'static>, Optional<Uuid>> = Column::new(2, "chassis");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<ChassisPrivate<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `name`.
    pub const NAME: Column<ChassisPrivate<'static>, One<Text>> = Column::new(4, "name");
    /// Column `nb_cfg`.
    pub const NB_CFG: Column<ChassisPrivate<'static>, One<i64>> = Column::new(5, "nb_cfg");
    /// Column `nb_cfg_timestamp`.
    pub const NB_CFG_TIMESTAMP: Column<ChassisPrivate<'static>, One<i64>> =
        Column::new(6, "nb_cfg_timestamp");

    /// `chassis`: optional, uuid of a row, weakly, of `Chassis`.
    pub fn chassis(self) -> Option<Uuid> {
        self.get(Self::CHASSIS)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
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
}

/// A row of `Chassis_Template_Var`.
#[derive(Clone, Copy, Debug)]
pub struct ChassisTemplateVar<'a>(&'a Row);

impl<'a> Table<'a> for ChassisTemplateVar<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "Chassis_Template_Var";
    const TABLE_INDEX: TableIdx = TableIdx(6);

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
    /// Column `variables`.
    pub const VARIABLES: Column<ChassisTemplateVar<'static>, Map<Text, Text>> = Column::new(3, "variables");

    /// `chassis`: string.
    pub fn chassis(self) -> &'a str {
        self.get(Self::CHASSIS)
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
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "Connection";
    const TABLE_INDEX: TableIdx = TableIdx(7);

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
    /// Column `read_only`.
    pub const READ_ONLY: Column<Connection<'static>, One<bool>> = Column::new(7, "read_only");
    /// Column `role`.
    pub const ROLE: Column<Connection<'static>, One<Text>> = Column::new(8, "role");
    /// Column `status`.
    pub const STATUS: Column<Connection<'static>, Map<Text, Text>> = Column::new(9, "status");
    /// Column `target`.
    pub const TARGET: Column<Connection<'static>, One<Text>> = Column::new(10, "target");

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

    /// `read_only`: boolean.
    pub fn read_only(self) -> bool {
        self.get(Self::READ_ONLY)
    }

    /// `role`: string.
    pub fn role(self) -> &'a str {
        self.get(Self::ROLE)
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

/// A row of `Controller_Event`.
#[derive(Clone, Copy, Debug)]
pub struct ControllerEvent<'a>(&'a Row);

impl<'a> Table<'a> for ControllerEvent<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "Controller_Event";
    const TABLE_INDEX: TableIdx = TableIdx(8);

    fn of(row: &'a Row) -> Self {
        ControllerEvent(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> ControllerEvent<'a> {
    /// Column `chassis`.
    pub const CHASSIS: Column<ControllerEvent<'static>, Optional<Uuid>> = Column::new(2, "chassis");
    /// Column `event_info`.
    pub const EVENT_INFO: Column<ControllerEvent<'static>, Map<Text, Text>> = Column::new(3, "event_info");
    /// Column `event_type`.
    pub const EVENT_TYPE: Column<ControllerEvent<'static>, One<Text>> = Column::new(4, "event_type");
    /// Column `seq_num`.
    pub const SEQ_NUM: Column<ControllerEvent<'static>, One<i64>> = Column::new(5, "seq_num");

    /// `chassis`: optional, uuid of a row, weakly, of `Chassis`.
    pub fn chassis(self) -> Option<Uuid> {
        self.get(Self::CHASSIS)
    }

    /// `event_info`: 0 or more, string to string.
    pub fn event_info(self) -> MapView<'a, Text, Text> {
        self.get(Self::EVENT_INFO)
    }

    /// `event_type`: string, one of `empty_lb_backends`.
    pub fn event_type(self) -> &'a str {
        self.get(Self::EVENT_TYPE)
    }

    /// `seq_num`: integer.
    pub fn seq_num(self) -> i64 {
        self.get(Self::SEQ_NUM)
    }
}

/// A row of `DHCP_Options`.
#[derive(Clone, Copy, Debug)]
pub struct DhcpOptions<'a>(&'a Row);

impl<'a> Table<'a> for DhcpOptions<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "DHCP_Options";
    const TABLE_INDEX: TableIdx = TableIdx(9);

    fn of(row: &'a Row) -> Self {
        DhcpOptions(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> DhcpOptions<'a> {
    /// Column `code`.
    pub const CODE: Column<DhcpOptions<'static>, One<i64>> = Column::new(2, "code");
    /// Column `name`.
    pub const NAME: Column<DhcpOptions<'static>, One<Text>> = Column::new(3, "name");
    /// Column `type`.
    pub const TYPE: Column<DhcpOptions<'static>, One<Text>> = Column::new(4, "type");

    /// `code`: integer, 0 to 254.
    pub fn code(self) -> i64 {
        self.get(Self::CODE)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `type`: string, one of `bool`, `domains`, `host_id`, `ipv4`, `static_routes`, `str`, `uint16`, `uint32`, `uint8`.
    pub fn r#type(self) -> &'a str {
        self.get(Self::TYPE)
    }
}

/// A row of `DHCPv6_Options`.
#[derive(Clone, Copy, Debug)]
pub struct DHCPv6Options<'a>(&'a Row);

impl<'a> Table<'a> for DHCPv6Options<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "DHCPv6_Options";
    const TABLE_INDEX: TableIdx = TableIdx(10);

    fn of(row: &'a Row) -> Self {
        DHCPv6Options(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> DHCPv6Options<'a> {
    /// Column `code`.
    pub const CODE: Column<DHCPv6Options<'static>, One<i64>> = Column::new(2, "code");
    /// Column `name`.
    pub const NAME: Column<DHCPv6Options<'static>, One<Text>> = Column::new(3, "name");
    /// Column `type`.
    pub const TYPE: Column<DHCPv6Options<'static>, One<Text>> = Column::new(4, "type");

    /// `code`: integer, 0 to 254.
    pub fn code(self) -> i64 {
        self.get(Self::CODE)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `type`: string, one of `domain`, `ipv6`, `mac`, `str`.
    pub fn r#type(self) -> &'a str {
        self.get(Self::TYPE)
    }
}

/// A row of `DNS`.
#[derive(Clone, Copy, Debug)]
pub struct Dns<'a>(&'a Row);

impl<'a> Table<'a> for Dns<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "DNS";
    const TABLE_INDEX: TableIdx = TableIdx(11);

    fn of(row: &'a Row) -> Self {
        Dns(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Dns<'a> {
    /// Column `datapaths`.
    pub const DATAPATHS: Column<Dns<'static>, Set<Uuid>> = Column::new(2, "datapaths");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Dns<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `options`.
    pub const OPTIONS: Column<Dns<'static>, Map<Text, Text>> = Column::new(4, "options");
    /// Column `records`.
    pub const RECORDS: Column<Dns<'static>, Map<Text, Text>> = Column::new(5, "records");

    /// `datapaths`: 1 or more, uuid of a row of `Datapath_Binding`.
    pub fn datapaths(self) -> SetView<'a, Uuid> {
        self.get(Self::DATAPATHS)
    }

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

/// A row of `Datapath_Binding`.
#[derive(Clone, Copy, Debug)]
pub struct DatapathBinding<'a>(&'a Row);

impl<'a> Table<'a> for DatapathBinding<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "Datapath_Binding";
    const TABLE_INDEX: TableIdx = TableIdx(12);

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
    /// Column `load_balancers`.
    pub const LOAD_BALANCERS: Column<DatapathBinding<'static>, Set<Uuid>> = Column::new(3, "load_balancers");
    /// Column `tunnel_key`.
    pub const TUNNEL_KEY: Column<DatapathBinding<'static>, One<i64>> = Column::new(4, "tunnel_key");

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `load_balancers`: 0 or more, uuid.
    pub fn load_balancers(self) -> SetView<'a, Uuid> {
        self.get(Self::LOAD_BALANCERS)
    }

    /// `tunnel_key`: integer, 1 to 16777215.
    pub fn tunnel_key(self) -> i64 {
        self.get(Self::TUNNEL_KEY)
    }
}

/// A row of `ECMP_Nexthop`.
#[derive(Clone, Copy, Debug)]
pub struct EcmpNexthop<'a>(&'a Row);

impl<'a> Table<'a> for EcmpNexthop<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "ECMP_Nexthop";
    const TABLE_INDEX: TableIdx = TableIdx(13);

    fn of(row: &'a Row) -> Self {
        EcmpNexthop(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> EcmpNexthop<'a> {
    /// Column `datapath`.
    pub const DATAPATH: Column<EcmpNexthop<'static>, One<Uuid>> = Column::new(2, "datapath");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<EcmpNexthop<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `mac`.
    pub const MAC: Column<EcmpNexthop<'static>, One<Text>> = Column::new(4, "mac");
    /// Column `nexthop`.
    pub const NEXTHOP: Column<EcmpNexthop<'static>, One<Text>> = Column::new(5, "nexthop");
    /// Column `port`.
    pub const PORT: Column<EcmpNexthop<'static>, One<Uuid>> = Column::new(6, "port");

    /// `datapath`: uuid of a row of `Datapath_Binding`.
    pub fn datapath(self) -> Uuid {
        self.get(Self::DATAPATH)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `mac`: string.
    pub fn mac(self) -> &'a str {
        self.get(Self::MAC)
    }

    /// `nexthop`: string.
    pub fn nexthop(self) -> &'a str {
        self.get(Self::NEXTHOP)
    }

    /// `port`: uuid of a row of `Port_Binding`.
    pub fn port(self) -> Uuid {
        self.get(Self::PORT)
    }
}

/// A row of `Encap`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct Encap<'a>(&'a Row);

impl<'a> Table<'a> for Encap<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "Encap";
    const TABLE_INDEX: TableIdx = TableIdx(14);

    fn of(row: &'a Row) -> Self {
        Encap(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Encap<'a> {
    /// Column `chassis_name`.
    pub const CHASSIS_NAME: Column<Encap<'static>, One<Text>> = Column::new(2, "chassis_name");
    /// Column `ip`.
    pub const IP: Column<Encap<'static>, One<Text>> = Column::new(3, "ip");
    /// Column `options`.
    pub const OPTIONS: Column<Encap<'static>, Map<Text, Text>> = Column::new(4, "options");
    /// Column `type`.
    pub const TYPE: Column<Encap<'static>, One<Text>> = Column::new(5, "type");

    /// `chassis_name`: string.
    pub fn chassis_name(self) -> &'a str {
        self.get(Self::CHASSIS_NAME)
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

/// A row of `FDB`.
#[derive(Clone, Copy, Debug)]
pub struct Fdb<'a>(&'a Row);

impl<'a> Table<'a> for Fdb<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "FDB";
    const TABLE_INDEX: TableIdx = TableIdx(15);

    fn of(row: &'a Row) -> Self {
        Fdb(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Fdb<'a> {
    /// Column `dp_key`.
    pub const DP_KEY: Column<Fdb<'static>, One<i64>> = Column::new(2, "dp_key");
    /// Column `mac`.
    pub const MAC: Column<Fdb<'static>, One<Text>> = Column::new(3, "mac");
    /// Column `port_key`.
    pub const PORT_KEY: Column<Fdb<'static>, One<i64>> = Column::new(4, "port_key");
    /// Column `timestamp`.
    pub const TIMESTAMP: Column<Fdb<'static>, One<i64>> = Column::new(5, "timestamp");

    /// `dp_key`: integer, 1 to 16777215.
    pub fn dp_key(self) -> i64 {
        self.get(Self::DP_KEY)
    }

    /// `mac`: string.
    pub fn mac(self) -> &'a str {
        self.get(Self::MAC)
    }

    /// `port_key`: integer, 1 to 16777215.
    pub fn port_key(self) -> i64 {
        self.get(Self::PORT_KEY)
    }

    /// `timestamp`: integer.
    pub fn timestamp(self) -> i64 {
        self.get(Self::TIMESTAMP)
    }
}

/// A row of `Gateway_Chassis`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct GatewayChassis<'a>(&'a Row);

impl<'a> Table<'a> for GatewayChassis<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "Gateway_Chassis";
    const TABLE_INDEX: TableIdx = TableIdx(16);

    fn of(row: &'a Row) -> Self {
        GatewayChassis(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> GatewayChassis<'a> {
    /// Column `chassis`.
    pub const CHASSIS: Column<GatewayChassis<'static>, Optional<Uuid>> = Column::new(2, "chassis");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<GatewayChassis<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `name`.
    pub const NAME: Column<GatewayChassis<'static>, One<Text>> = Column::new(4, "name");
    /// Column `options`.
    pub const OPTIONS: Column<GatewayChassis<'static>, Map<Text, Text>> = Column::new(5, "options");
    /// Column `priority`.
    pub const PRIORITY: Column<GatewayChassis<'static>, One<i64>> = Column::new(6, "priority");

    /// `chassis`: optional, uuid of a row, weakly, of `Chassis`.
    pub fn chassis(self) -> Option<Uuid> {
        self.get(Self::CHASSIS)
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
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "HA_Chassis";
    const TABLE_INDEX: TableIdx = TableIdx(17);

    fn of(row: &'a Row) -> Self {
        HaChassis(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> HaChassis<'a> {
    /// Column `chassis`.
    pub const CHASSIS: Column<HaChassis<'static>, Optional<Uuid>> = Column::new(2, "chassis");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<HaChassis<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `priority`.
    pub const PRIORITY: Column<HaChassis<'static>, One<i64>> = Column::new(4, "priority");

    /// `chassis`: optional, uuid of a row, weakly, of `Chassis`.
    pub fn chassis(self) -> Option<Uuid> {
        self.get(Self::CHASSIS)
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
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "HA_Chassis_Group";
    const TABLE_INDEX: TableIdx = TableIdx(18);

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
    /// Column `ref_chassis`.
    pub const REF_CHASSIS: Column<HaChassisGroup<'static>, Set<Uuid>> = Column::new(5, "ref_chassis");

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

    /// `ref_chassis`: 0 or more, uuid of a row, weakly, of `Chassis`.
    pub fn ref_chassis(self) -> SetView<'a, Uuid> {
        self.get(Self::REF_CHASSIS)
    }
}

/// A row of `IGMP_Group`.
#[derive(Clone, Copy, Debug)]
pub struct IgmpGroup<'a>(&'a Row);

impl<'a> Table<'a> for IgmpGroup<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "IGMP_Group";
    const TABLE_INDEX: TableIdx = TableIdx(19);

    fn of(row: &'a Row) -> Self {
        IgmpGroup(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> IgmpGroup<'a> {
    /// Column `address`.
    pub const ADDRESS: Column<IgmpGroup<'static>, One<Text>> = Column::new(2, "address");
    /// Column `chassis`.
    pub const CHASSIS: Column<IgmpGroup<'static>, Optional<Uuid>> = Column::new(3, "chassis");
    /// Column `chassis_name`.
    pub const CHASSIS_NAME: Column<IgmpGroup<'static>, One<Text>> = Column::new(4, "chassis_name");
    /// Column `datapath`.
    pub const DATAPATH: Column<IgmpGroup<'static>, Optional<Uuid>> = Column::new(5, "datapath");
    /// Column `ports`.
    pub const PORTS: Column<IgmpGroup<'static>, Set<Uuid>> = Column::new(6, "ports");
    /// Column `protocol`.
    pub const PROTOCOL: Column<IgmpGroup<'static>, One<Text>> = Column::new(7, "protocol");

    /// `address`: string.
    pub fn address(self) -> &'a str {
        self.get(Self::ADDRESS)
    }

    /// `chassis`: optional, uuid of a row, weakly, of `Chassis`.
    pub fn chassis(self) -> Option<Uuid> {
        self.get(Self::CHASSIS)
    }

    /// `chassis_name`: string.
    pub fn chassis_name(self) -> &'a str {
        self.get(Self::CHASSIS_NAME)
    }

    /// `datapath`: optional, uuid of a row, weakly, of `Datapath_Binding`.
    pub fn datapath(self) -> Option<Uuid> {
        self.get(Self::DATAPATH)
    }

    /// `ports`: 0 or more, uuid of a row, weakly, of `Port_Binding`.
    pub fn ports(self) -> SetView<'a, Uuid> {
        self.get(Self::PORTS)
    }

    /// `protocol`: string.
    pub fn protocol(self) -> &'a str {
        self.get(Self::PROTOCOL)
    }
}

/// A row of `IP_Multicast`.
#[derive(Clone, Copy, Debug)]
pub struct IpMulticast<'a>(&'a Row);

impl<'a> Table<'a> for IpMulticast<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "IP_Multicast";
    const TABLE_INDEX: TableIdx = TableIdx(20);

    fn of(row: &'a Row) -> Self {
        IpMulticast(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> IpMulticast<'a> {
    /// Column `datapath`.
    pub const DATAPATH: Column<IpMulticast<'static>, One<Uuid>> = Column::new(2, "datapath");
    /// Column `enabled`.
    pub const ENABLED: Column<IpMulticast<'static>, Optional<bool>> = Column::new(3, "enabled");
    /// Column `eth_src`.
    pub const ETH_SRC: Column<IpMulticast<'static>, One<Text>> = Column::new(4, "eth_src");
    /// Column `idle_timeout`.
    pub const IDLE_TIMEOUT: Column<IpMulticast<'static>, Optional<i64>> = Column::new(5, "idle_timeout");
    /// Column `ip4_src`.
    pub const IP4_SRC: Column<IpMulticast<'static>, One<Text>> = Column::new(6, "ip4_src");
    /// Column `ip6_src`.
    pub const IP6_SRC: Column<IpMulticast<'static>, One<Text>> = Column::new(7, "ip6_src");
    /// Column `querier`.
    pub const QUERIER: Column<IpMulticast<'static>, Optional<bool>> = Column::new(8, "querier");
    /// Column `query_interval`.
    pub const QUERY_INTERVAL: Column<IpMulticast<'static>, Optional<i64>> = Column::new(9, "query_interval");
    /// Column `query_max_resp`.
    pub const QUERY_MAX_RESP: Column<IpMulticast<'static>, Optional<i64>> = Column::new(10, "query_max_resp");
    /// Column `seq_no`.
    pub const SEQ_NO: Column<IpMulticast<'static>, One<i64>> = Column::new(11, "seq_no");
    /// Column `table_size`.
    pub const TABLE_SIZE: Column<IpMulticast<'static>, Optional<i64>> = Column::new(12, "table_size");

    /// `datapath`: uuid of a row, weakly, of `Datapath_Binding`.
    pub fn datapath(self) -> Uuid {
        self.get(Self::DATAPATH)
    }

    /// `enabled`: optional, boolean.
    pub fn enabled(self) -> Option<bool> {
        self.get(Self::ENABLED)
    }

    /// `eth_src`: string.
    pub fn eth_src(self) -> &'a str {
        self.get(Self::ETH_SRC)
    }

    /// `idle_timeout`: optional, integer.
    pub fn idle_timeout(self) -> Option<i64> {
        self.get(Self::IDLE_TIMEOUT)
    }

    /// `ip4_src`: string.
    pub fn ip4_src(self) -> &'a str {
        self.get(Self::IP4_SRC)
    }

    /// `ip6_src`: string.
    pub fn ip6_src(self) -> &'a str {
        self.get(Self::IP6_SRC)
    }

    /// `querier`: optional, boolean.
    pub fn querier(self) -> Option<bool> {
        self.get(Self::QUERIER)
    }

    /// `query_interval`: optional, integer.
    pub fn query_interval(self) -> Option<i64> {
        self.get(Self::QUERY_INTERVAL)
    }

    /// `query_max_resp`: optional, integer.
    pub fn query_max_resp(self) -> Option<i64> {
        self.get(Self::QUERY_MAX_RESP)
    }

    /// `seq_no`: integer.
    pub fn seq_no(self) -> i64 {
        self.get(Self::SEQ_NO)
    }

    /// `table_size`: optional, integer.
    pub fn table_size(self) -> Option<i64> {
        self.get(Self::TABLE_SIZE)
    }
}

/// A row of `Learned_Route`.
#[derive(Clone, Copy, Debug)]
pub struct LearnedRoute<'a>(&'a Row);

impl<'a> Table<'a> for LearnedRoute<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "Learned_Route";
    const TABLE_INDEX: TableIdx = TableIdx(21);

    fn of(row: &'a Row) -> Self {
        LearnedRoute(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> LearnedRoute<'a> {
    /// Column `datapath`.
    pub const DATAPATH: Column<LearnedRoute<'static>, One<Uuid>> = Column::new(2, "datapath");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<LearnedRoute<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `ip_prefix`.
    pub const IP_PREFIX: Column<LearnedRoute<'static>, One<Text>> = Column::new(4, "ip_prefix");
    /// Column `logical_port`.
    pub const LOGICAL_PORT: Column<LearnedRoute<'static>, One<Uuid>> = Column::new(5, "logical_port");
    /// Column `nexthop`.
    pub const NEXTHOP: Column<LearnedRoute<'static>, One<Text>> = Column::new(6, "nexthop");

    /// `datapath`: uuid of a row of `Datapath_Binding`.
    pub fn datapath(self) -> Uuid {
        self.get(Self::DATAPATH)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `ip_prefix`: string.
    pub fn ip_prefix(self) -> &'a str {
        self.get(Self::IP_PREFIX)
    }

    /// `logical_port`: uuid of a row of `Port_Binding`.
    pub fn logical_port(self) -> Uuid {
        self.get(Self::LOGICAL_PORT)
    }

    /// `nexthop`: string.
    pub fn nexthop(self) -> &'a str {
        self.get(Self::NEXTHOP)
    }
}

/// A row of `Load_Balancer`.
#[derive(Clone, Copy, Debug)]
pub struct LoadBalancer<'a>(&'a Row);

impl<'a> Table<'a> for LoadBalancer<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "Load_Balancer";
    const TABLE_INDEX: TableIdx = TableIdx(22);

    fn of(row: &'a Row) -> Self {
        LoadBalancer(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> LoadBalancer<'a> {
    /// Column `datapath_group`.
    pub const DATAPATH_GROUP: Column<LoadBalancer<'static>, Optional<Uuid>> =
        Column::new(2, "datapath_group");
    /// Column `datapaths`.
    pub const DATAPATHS: Column<LoadBalancer<'static>, Set<Uuid>> = Column::new(3, "datapaths");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<LoadBalancer<'static>, Map<Text, Text>> = Column::new(4, "external_ids");
    /// Column `lr_datapath_group`.
    pub const LR_DATAPATH_GROUP: Column<LoadBalancer<'static>, Optional<Uuid>> =
        Column::new(5, "lr_datapath_group");
    /// Column `ls_datapath_group`.
    pub const LS_DATAPATH_GROUP: Column<LoadBalancer<'static>, Optional<Uuid>> =
        Column::new(6, "ls_datapath_group");
    /// Column `name`.
    pub const NAME: Column<LoadBalancer<'static>, One<Text>> = Column::new(7, "name");
    /// Column `options`.
    pub const OPTIONS: Column<LoadBalancer<'static>, Map<Text, Text>> = Column::new(8, "options");
    /// Column `protocol`.
    pub const PROTOCOL: Column<LoadBalancer<'static>, Optional<Text>> = Column::new(9, "protocol");
    /// Column `vips`.
    pub const VIPS: Column<LoadBalancer<'static>, Map<Text, Text>> = Column::new(10, "vips");

    /// `datapath_group`: optional, uuid of a row of `Logical_DP_Group`.
    pub fn datapath_group(self) -> Option<Uuid> {
        self.get(Self::DATAPATH_GROUP)
    }

    /// `datapaths`: 0 or more, uuid of a row of `Datapath_Binding`.
    pub fn datapaths(self) -> SetView<'a, Uuid> {
        self.get(Self::DATAPATHS)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `lr_datapath_group`: optional, uuid of a row of `Logical_DP_Group`.
    pub fn lr_datapath_group(self) -> Option<Uuid> {
        self.get(Self::LR_DATAPATH_GROUP)
    }

    /// `ls_datapath_group`: optional, uuid of a row of `Logical_DP_Group`.
    pub fn ls_datapath_group(self) -> Option<Uuid> {
        self.get(Self::LS_DATAPATH_GROUP)
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

    /// `vips`: 0 or more, string to string.
    pub fn vips(self) -> MapView<'a, Text, Text> {
        self.get(Self::VIPS)
    }
}

/// A row of `Logical_DP_Group`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct LogicalDpGroup<'a>(&'a Row);

impl<'a> Table<'a> for LogicalDpGroup<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "Logical_DP_Group";
    const TABLE_INDEX: TableIdx = TableIdx(23);

    fn of(row: &'a Row) -> Self {
        LogicalDpGroup(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> LogicalDpGroup<'a> {
    /// Column `datapaths`.
    pub const DATAPATHS: Column<LogicalDpGroup<'static>, Set<Uuid>> = Column::new(2, "datapaths");

    /// `datapaths`: 0 or more, uuid of a row, weakly, of `Datapath_Binding`.
    pub fn datapaths(self) -> SetView<'a, Uuid> {
        self.get(Self::DATAPATHS)
    }
}

/// A row of `Logical_Flow`.
#[derive(Clone, Copy, Debug)]
pub struct LogicalFlow<'a>(&'a Row);

impl<'a> Table<'a> for LogicalFlow<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "Logical_Flow";
    const TABLE_INDEX: TableIdx = TableIdx(24);

    fn of(row: &'a Row) -> Self {
        LogicalFlow(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> LogicalFlow<'a> {
    /// Column `actions`.
    pub const ACTIONS: Column<LogicalFlow<'static>, One<Text>> = Column::new(2, "actions");
    /// Column `controller_meter`.
    pub const CONTROLLER_METER: Column<LogicalFlow<'static>, Optional<Text>> =
        Column::new(3, "controller_meter");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<LogicalFlow<'static>, Map<Text, Text>> = Column::new(4, "external_ids");
    /// Column `flow_desc`.
    pub const FLOW_DESC: Column<LogicalFlow<'static>, Optional<Text>> = Column::new(5, "flow_desc");
    /// Column `logical_datapath`.
    pub const LOGICAL_DATAPATH: Column<LogicalFlow<'static>, Optional<Uuid>> =
        Column::new(6, "logical_datapath");
    /// Column `logical_dp_group`.
    pub const LOGICAL_DP_GROUP: Column<LogicalFlow<'static>, Optional<Uuid>> =
        Column::new(7, "logical_dp_group");
    /// Column `match`.
    pub const MATCH: Column<LogicalFlow<'static>, One<Text>> = Column::new(8, "match");
    /// Column `pipeline`.
    pub const PIPELINE: Column<LogicalFlow<'static>, One<Text>> = Column::new(9, "pipeline");
    /// Column `priority`.
    pub const PRIORITY: Column<LogicalFlow<'static>, One<i64>> = Column::new(10, "priority");
    /// Column `table_id`.
    pub const TABLE_ID: Column<LogicalFlow<'static>, One<i64>> = Column::new(11, "table_id");
    /// Column `tags`.
    pub const TAGS: Column<LogicalFlow<'static>, Map<Text, Text>> = Column::new(12, "tags");

    /// `actions`: string.
    pub fn actions(self) -> &'a str {
        self.get(Self::ACTIONS)
    }

    /// `controller_meter`: optional, string.
    pub fn controller_meter(self) -> Option<&'a str> {
        self.get(Self::CONTROLLER_METER)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `flow_desc`: optional, string.
    pub fn flow_desc(self) -> Option<&'a str> {
        self.get(Self::FLOW_DESC)
    }

    /// `logical_datapath`: optional, uuid of a row of `Datapath_Binding`.
    pub fn logical_datapath(self) -> Option<Uuid> {
        self.get(Self::LOGICAL_DATAPATH)
    }

    /// `logical_dp_group`: optional, uuid of a row of `Logical_DP_Group`.
    pub fn logical_dp_group(self) -> Option<Uuid> {
        self.get(Self::LOGICAL_DP_GROUP)
    }

    /// `match`: string.
    pub fn r#match(self) -> &'a str {
        self.get(Self::MATCH)
    }

    /// `pipeline`: string, one of `egress`, `ingress`.
    pub fn pipeline(self) -> &'a str {
        self.get(Self::PIPELINE)
    }

    /// `priority`: integer, 0 to 65535.
    pub fn priority(self) -> i64 {
        self.get(Self::PRIORITY)
    }

    /// `table_id`: integer, 0 to 32.
    pub fn table_id(self) -> i64 {
        self.get(Self::TABLE_ID)
    }

    /// `tags`: 0 or more, string to string.
    pub fn tags(self) -> MapView<'a, Text, Text> {
        self.get(Self::TAGS)
    }
}

/// A row of `MAC_Binding`.
#[derive(Clone, Copy, Debug)]
pub struct MacBinding<'a>(&'a Row);

impl<'a> Table<'a> for MacBinding<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "MAC_Binding";
    const TABLE_INDEX: TableIdx = TableIdx(25);

    fn of(row: &'a Row) -> Self {
        MacBinding(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> MacBinding<'a> {
    /// Column `datapath`.
    pub const DATAPATH: Column<MacBinding<'static>, One<Uuid>> = Column::new(2, "datapath");
    /// Column `ip`.
    pub const IP: Column<MacBinding<'static>, One<Text>> = Column::new(3, "ip");
    /// Column `logical_port`.
    pub const LOGICAL_PORT: Column<MacBinding<'static>, One<Text>> = Column::new(4, "logical_port");
    /// Column `mac`.
    pub const MAC: Column<MacBinding<'static>, One<Text>> = Column::new(5, "mac");
    /// Column `timestamp`.
    pub const TIMESTAMP: Column<MacBinding<'static>, One<i64>> = Column::new(6, "timestamp");

    /// `datapath`: uuid of a row of `Datapath_Binding`.
    pub fn datapath(self) -> Uuid {
        self.get(Self::DATAPATH)
    }

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

    /// `timestamp`: integer.
    pub fn timestamp(self) -> i64 {
        self.get(Self::TIMESTAMP)
    }
}

/// A row of `Meter`.
#[derive(Clone, Copy, Debug)]
pub struct Meter<'a>(&'a Row);

impl<'a> Table<'a> for Meter<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "Meter";
    const TABLE_INDEX: TableIdx = TableIdx(26);

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
    /// Column `name`.
    pub const NAME: Column<Meter<'static>, One<Text>> = Column::new(3, "name");
    /// Column `unit`.
    pub const UNIT: Column<Meter<'static>, One<Text>> = Column::new(4, "unit");

    /// `bands`: 1 or more, uuid of a row of `Meter_Band`.
    pub fn bands(self) -> SetView<'a, Uuid> {
        self.get(Self::BANDS)
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
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "Meter_Band";
    const TABLE_INDEX: TableIdx = TableIdx(27);

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
    /// Column `rate`.
    pub const RATE: Column<MeterBand<'static>, One<i64>> = Column::new(4, "rate");

    /// `action`: string, one of `drop`.
    pub fn action(self) -> &'a str {
        self.get(Self::ACTION)
    }

    /// `burst_size`: integer, 0 to 4294967295.
    pub fn burst_size(self) -> i64 {
        self.get(Self::BURST_SIZE)
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
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "Mirror";
    const TABLE_INDEX: TableIdx = TableIdx(28);

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

/// A row of `Multicast_Group`.
#[derive(Clone, Copy, Debug)]
pub struct MulticastGroup<'a>(&'a Row);

impl<'a> Table<'a> for MulticastGroup<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "Multicast_Group";
    const TABLE_INDEX: TableIdx = TableIdx(29);

    fn of(row: &'a Row) -> Self {
        MulticastGroup(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> MulticastGroup<'a> {
    /// Column `datapath`.
    pub const DATAPATH: Column<MulticastGroup<'static>, One<Uuid>> = Column::new(2, "datapath");
    /// Column `name`.
    pub const NAME: Column<MulticastGroup<'static>, One<Text>> = Column::new(3, "name");
    /// Column `ports`.
    pub const PORTS: Column<MulticastGroup<'static>, Set<Uuid>> = Column::new(4, "ports");
    /// Column `tunnel_key`.
    pub const TUNNEL_KEY: Column<MulticastGroup<'static>, One<i64>> = Column::new(5, "tunnel_key");

    /// `datapath`: uuid of a row of `Datapath_Binding`.
    pub fn datapath(self) -> Uuid {
        self.get(Self::DATAPATH)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `ports`: 0 or more, uuid of a row, weakly, of `Port_Binding`.
    pub fn ports(self) -> SetView<'a, Uuid> {
        self.get(Self::PORTS)
    }

    /// `tunnel_key`: integer, 32768 to 65535.
    pub fn tunnel_key(self) -> i64 {
        self.get(Self::TUNNEL_KEY)
    }
}

/// A row of `Port_Binding`.
#[derive(Clone, Copy, Debug)]
pub struct PortBinding<'a>(&'a Row);

impl<'a> Table<'a> for PortBinding<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "Port_Binding";
    const TABLE_INDEX: TableIdx = TableIdx(30);

    fn of(row: &'a Row) -> Self {
        PortBinding(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> PortBinding<'a> {
    /// Column `additional_chassis`.
    pub const ADDITIONAL_CHASSIS: Column<PortBinding<'static>, Set<Uuid>> =
        Column::new(2, "additional_chassis");
    /// Column `additional_encap`.
    pub const ADDITIONAL_ENCAP: Column<PortBinding<'static>, Set<Uuid>> = Column::new(3, "additional_encap");
    /// Column `chassis`.
    pub const CHASSIS: Column<PortBinding<'static>, Optional<Uuid>> = Column::new(4, "chassis");
    /// Column `datapath`.
    pub const DATAPATH: Column<PortBinding<'static>, One<Uuid>> = Column::new(5, "datapath");
    /// Column `encap`.
    pub const ENCAP: Column<PortBinding<'static>, Optional<Uuid>> = Column::new(6, "encap");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<PortBinding<'static>, Map<Text, Text>> = Column::new(7, "external_ids");
    /// Column `gateway_chassis`.
    pub const GATEWAY_CHASSIS: Column<PortBinding<'static>, Set<Uuid>> = Column::new(8, "gateway_chassis");
    /// Column `ha_chassis_group`.
    pub const HA_CHASSIS_GROUP: Column<PortBinding<'static>, Optional<Uuid>> =
        Column::new(9, "ha_chassis_group");
    /// Column `logical_port`.
    pub const LOGICAL_PORT: Column<PortBinding<'static>, One<Text>> = Column::new(10, "logical_port");
    /// Column `mac`.
    pub const MAC: Column<PortBinding<'static>, Set<Text>> = Column::new(11, "mac");
    /// Column `mirror_rules`.
    pub const MIRROR_RULES: Column<PortBinding<'static>, Set<Uuid>> = Column::new(12, "mirror_rules");
    /// Column `nat_addresses`.
    pub const NAT_ADDRESSES: Column<PortBinding<'static>, Set<Text>> = Column::new(13, "nat_addresses");
    /// Column `options`.
    pub const OPTIONS: Column<PortBinding<'static>, Map<Text, Text>> = Column::new(14, "options");
    /// Column `parent_port`.
    pub const PARENT_PORT: Column<PortBinding<'static>, Optional<Text>> = Column::new(15, "parent_port");
    /// Column `port_security`.
    pub const PORT_SECURITY: Column<PortBinding<'static>, Set<Text>> = Column::new(16, "port_security");
    /// Column `requested_additional_chassis`.
    pub const REQUESTED_ADDITIONAL_CHASSIS: Column<PortBinding<'static>, Set<Uuid>> =
        Column::new(17, "requested_additional_chassis");
    /// Column `requested_chassis`.
    pub const REQUESTED_CHASSIS: Column<PortBinding<'static>, Optional<Uuid>> =
        Column::new(18, "requested_chassis");
    /// Column `tag`.
    pub const TAG: Column<PortBinding<'static>, Optional<i64>> = Column::new(19, "tag");
    /// Column `tunnel_key`.
    pub const TUNNEL_KEY: Column<PortBinding<'static>, One<i64>> = Column::new(20, "tunnel_key");
    /// Column `type`.
    pub const TYPE: Column<PortBinding<'static>, One<Text>> = Column::new(21, "type");
    /// Column `up`.
    pub const UP: Column<PortBinding<'static>, Optional<bool>> = Column::new(22, "up");
    /// Column `virtual_parent`.
    pub const VIRTUAL_PARENT: Column<PortBinding<'static>, Optional<Text>> =
        Column::new(23, "virtual_parent");

    /// `additional_chassis`: 0 or more, uuid of a row, weakly, of `Chassis`.
    pub fn additional_chassis(self) -> SetView<'a, Uuid> {
        self.get(Self::ADDITIONAL_CHASSIS)
    }

    /// `additional_encap`: 0 or more, uuid of a row, weakly, of `Encap`.
    pub fn additional_encap(self) -> SetView<'a, Uuid> {
        self.get(Self::ADDITIONAL_ENCAP)
    }

    /// `chassis`: optional, uuid of a row, weakly, of `Chassis`.
    pub fn chassis(self) -> Option<Uuid> {
        self.get(Self::CHASSIS)
    }

    /// `datapath`: uuid of a row of `Datapath_Binding`.
    pub fn datapath(self) -> Uuid {
        self.get(Self::DATAPATH)
    }

    /// `encap`: optional, uuid of a row, weakly, of `Encap`.
    pub fn encap(self) -> Option<Uuid> {
        self.get(Self::ENCAP)
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

    /// `logical_port`: string.
    pub fn logical_port(self) -> &'a str {
        self.get(Self::LOGICAL_PORT)
    }

    /// `mac`: 0 or more, string.
    pub fn mac(self) -> SetView<'a, Text> {
        self.get(Self::MAC)
    }

    /// `mirror_rules`: 0 or more, uuid of a row, weakly, of `Mirror`.
    pub fn mirror_rules(self) -> SetView<'a, Uuid> {
        self.get(Self::MIRROR_RULES)
    }

    /// `nat_addresses`: 0 or more, string.
    pub fn nat_addresses(self) -> SetView<'a, Text> {
        self.get(Self::NAT_ADDRESSES)
    }

    /// `options`: 0 or more, string to string.
    pub fn options(self) -> MapView<'a, Text, Text> {
        self.get(Self::OPTIONS)
    }

    /// `parent_port`: optional, string.
    pub fn parent_port(self) -> Option<&'a str> {
        self.get(Self::PARENT_PORT)
    }

    /// `port_security`: 0 or more, string.
    pub fn port_security(self) -> SetView<'a, Text> {
        self.get(Self::PORT_SECURITY)
    }

    /// `requested_additional_chassis`: 0 or more, uuid of a row, weakly, of `Chassis`.
    pub fn requested_additional_chassis(self) -> SetView<'a, Uuid> {
        self.get(Self::REQUESTED_ADDITIONAL_CHASSIS)
    }

    /// `requested_chassis`: optional, uuid of a row, weakly, of `Chassis`.
    pub fn requested_chassis(self) -> Option<Uuid> {
        self.get(Self::REQUESTED_CHASSIS)
    }

    /// `tag`: optional, integer, 1 to 4095.
    pub fn tag(self) -> Option<i64> {
        self.get(Self::TAG)
    }

    /// `tunnel_key`: integer, 1 to 32767.
    pub fn tunnel_key(self) -> i64 {
        self.get(Self::TUNNEL_KEY)
    }

    /// `type`: string.
    pub fn r#type(self) -> &'a str {
        self.get(Self::TYPE)
    }

    /// `up`: optional, boolean.
    pub fn up(self) -> Option<bool> {
        self.get(Self::UP)
    }

    /// `virtual_parent`: optional, string.
    pub fn virtual_parent(self) -> Option<&'a str> {
        self.get(Self::VIRTUAL_PARENT)
    }
}

/// A row of `Port_Group`.
#[derive(Clone, Copy, Debug)]
pub struct PortGroup<'a>(&'a Row);

impl<'a> Table<'a> for PortGroup<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "Port_Group";
    const TABLE_INDEX: TableIdx = TableIdx(31);

    fn of(row: &'a Row) -> Self {
        PortGroup(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> PortGroup<'a> {
    /// Column `name`.
    pub const NAME: Column<PortGroup<'static>, One<Text>> = Column::new(2, "name");
    /// Column `ports`.
    pub const PORTS: Column<PortGroup<'static>, Set<Text>> = Column::new(3, "ports");

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `ports`: 0 or more, string.
    pub fn ports(self) -> SetView<'a, Text> {
        self.get(Self::PORTS)
    }
}

/// A row of `RBAC_Permission`.
#[derive(Clone, Copy, Debug)]
pub struct RbacPermission<'a>(&'a Row);

impl<'a> Table<'a> for RbacPermission<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "RBAC_Permission";
    const TABLE_INDEX: TableIdx = TableIdx(32);

    fn of(row: &'a Row) -> Self {
        RbacPermission(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> RbacPermission<'a> {
    /// Column `authorization`.
    pub const AUTHORIZATION: Column<RbacPermission<'static>, Set<Text>> = Column::new(2, "authorization");
    /// Column `insert_delete`.
    pub const INSERT_DELETE: Column<RbacPermission<'static>, One<bool>> = Column::new(3, "insert_delete");
    /// Column `table`.
    pub const TABLE: Column<RbacPermission<'static>, One<Text>> = Column::new(4, "table");
    /// Column `update`.
    pub const UPDATE: Column<RbacPermission<'static>, Set<Text>> = Column::new(5, "update");

    /// `authorization`: 0 or more, string.
    pub fn authorization(self) -> SetView<'a, Text> {
        self.get(Self::AUTHORIZATION)
    }

    /// `insert_delete`: boolean.
    pub fn insert_delete(self) -> bool {
        self.get(Self::INSERT_DELETE)
    }

    /// `table`: string.
    pub fn table(self) -> &'a str {
        self.get(Self::TABLE)
    }

    /// `update`: 0 or more, string.
    pub fn update(self) -> SetView<'a, Text> {
        self.get(Self::UPDATE)
    }
}

/// A row of `RBAC_Role`.
#[derive(Clone, Copy, Debug)]
pub struct RbacRole<'a>(&'a Row);

impl<'a> Table<'a> for RbacRole<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "RBAC_Role";
    const TABLE_INDEX: TableIdx = TableIdx(33);

    fn of(row: &'a Row) -> Self {
        RbacRole(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> RbacRole<'a> {
    /// Column `name`.
    pub const NAME: Column<RbacRole<'static>, One<Text>> = Column::new(2, "name");
    /// Column `permissions`.
    pub const PERMISSIONS: Column<RbacRole<'static>, Map<Text, Uuid>> = Column::new(3, "permissions");

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `permissions`: 0 or more, string to uuid of a row, weakly, of `RBAC_Permission`.
    pub fn permissions(self) -> MapView<'a, Text, Uuid> {
        self.get(Self::PERMISSIONS)
    }
}

/// A row of `SB_Global`.
#[derive(Clone, Copy, Debug)]
pub struct SbGlobal<'a>(&'a Row);

impl<'a> Table<'a> for SbGlobal<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "SB_Global";
    const TABLE_INDEX: TableIdx = TableIdx(34);

    fn of(row: &'a Row) -> Self {
        SbGlobal(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> SbGlobal<'a> {
    /// Column `connections`.
    pub const CONNECTIONS: Column<SbGlobal<'static>, Set<Uuid>> = Column::new(2, "connections");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<SbGlobal<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `ipsec`.
    pub const IPSEC: Column<SbGlobal<'static>, One<bool>> = Column::new(4, "ipsec");
    /// Column `nb_cfg`.
    pub const NB_CFG: Column<SbGlobal<'static>, One<i64>> = Column::new(5, "nb_cfg");
    /// Column `options`.
    pub const OPTIONS: Column<SbGlobal<'static>, Map<Text, Text>> = Column::new(6, "options");
    /// Column `ssl`.
    pub const SSL: Column<SbGlobal<'static>, Optional<Uuid>> = Column::new(7, "ssl");

    /// `connections`: 0 or more, uuid of a row of `Connection`.
    pub fn connections(self) -> SetView<'a, Uuid> {
        self.get(Self::CONNECTIONS)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `ipsec`: boolean.
    pub fn ipsec(self) -> bool {
        self.get(Self::IPSEC)
    }

    /// `nb_cfg`: integer.
    pub fn nb_cfg(self) -> i64 {
        self.get(Self::NB_CFG)
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

/// A row of `SSL`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct Ssl<'a>(&'a Row);

impl<'a> Table<'a> for Ssl<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "SSL";
    const TABLE_INDEX: TableIdx = TableIdx(35);

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

/// A row of `Service_Monitor`.
#[derive(Clone, Copy, Debug)]
pub struct ServiceMonitor<'a>(&'a Row);

impl<'a> Table<'a> for ServiceMonitor<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "Service_Monitor";
    const TABLE_INDEX: TableIdx = TableIdx(36);

    fn of(row: &'a Row) -> Self {
        ServiceMonitor(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> ServiceMonitor<'a> {
    /// Column `chassis_name`.
    pub const CHASSIS_NAME: Column<ServiceMonitor<'static>, One<Text>> = Column::new(2, "chassis_name");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<ServiceMonitor<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `ip`.
    pub const IP: Column<ServiceMonitor<'static>, One<Text>> = Column::new(4, "ip");
    /// Column `logical_port`.
    pub const LOGICAL_PORT: Column<ServiceMonitor<'static>, One<Text>> = Column::new(5, "logical_port");
    /// Column `options`.
    pub const OPTIONS: Column<ServiceMonitor<'static>, Map<Text, Text>> = Column::new(6, "options");
    /// Column `port`.
    pub const PORT: Column<ServiceMonitor<'static>, One<i64>> = Column::new(7, "port");
    /// Column `protocol`.
    pub const PROTOCOL: Column<ServiceMonitor<'static>, Optional<Text>> = Column::new(8, "protocol");
    /// Column `src_ip`.
    pub const SRC_IP: Column<ServiceMonitor<'static>, One<Text>> = Column::new(9, "src_ip");
    /// Column `src_mac`.
    pub const SRC_MAC: Column<ServiceMonitor<'static>, One<Text>> = Column::new(10, "src_mac");
    /// Column `status`.
    pub const STATUS: Column<ServiceMonitor<'static>, Optional<Text>> = Column::new(11, "status");

    /// `chassis_name`: string.
    pub fn chassis_name(self) -> &'a str {
        self.get(Self::CHASSIS_NAME)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `ip`: string.
    pub fn ip(self) -> &'a str {
        self.get(Self::IP)
    }

    /// `logical_port`: string.
    pub fn logical_port(self) -> &'a str {
        self.get(Self::LOGICAL_PORT)
    }

    /// `options`: 0 or more, string to string.
    pub fn options(self) -> MapView<'a, Text, Text> {
        self.get(Self::OPTIONS)
    }

    /// `port`: integer, 0 to 65535.
    pub fn port(self) -> i64 {
        self.get(Self::PORT)
    }

    /// `protocol`: optional, string, one of `tcp`, `udp`.
    pub fn protocol(self) -> Option<&'a str> {
        self.get(Self::PROTOCOL)
    }

    /// `src_ip`: string.
    pub fn src_ip(self) -> &'a str {
        self.get(Self::SRC_IP)
    }

    /// `src_mac`: string.
    pub fn src_mac(self) -> &'a str {
        self.get(Self::SRC_MAC)
    }

    /// `status`: optional, string, one of `error`, `offline`, `online`.
    pub fn status(self) -> Option<&'a str> {
        self.get(Self::STATUS)
    }
}

/// A row of `Static_MAC_Binding`.
#[derive(Clone, Copy, Debug)]
pub struct StaticMacBinding<'a>(&'a Row);

impl<'a> Table<'a> for StaticMacBinding<'a> {
    type Schema = OvnSouthboundSchema;
    const TABLE_NAME: &'static str = "Static_MAC_Binding";
    const TABLE_INDEX: TableIdx = TableIdx(37);

    fn of(row: &'a Row) -> Self {
        StaticMacBinding(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> StaticMacBinding<'a> {
    /// Column `datapath`.
    pub const DATAPATH: Column<StaticMacBinding<'static>, One<Uuid>> = Column::new(2, "datapath");
    /// Column `ip`.
    pub const IP: Column<StaticMacBinding<'static>, One<Text>> = Column::new(3, "ip");
    /// Column `logical_port`.
    pub const LOGICAL_PORT: Column<StaticMacBinding<'static>, One<Text>> = Column::new(4, "logical_port");
    /// Column `mac`.
    pub const MAC: Column<StaticMacBinding<'static>, One<Text>> = Column::new(5, "mac");
    /// Column `override_dynamic_mac`.
    pub const OVERRIDE_DYNAMIC_MAC: Column<StaticMacBinding<'static>, One<bool>> =
        Column::new(6, "override_dynamic_mac");

    /// `datapath`: uuid of a row of `Datapath_Binding`.
    pub fn datapath(self) -> Uuid {
        self.get(Self::DATAPATH)
    }

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
