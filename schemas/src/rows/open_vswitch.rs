//! The tables of `Open_vSwitch` 8.8.0 as types. Generated from the schema; the generator is `generate.rs`.

use ovsdb_data::typed::{Column, Map, MapView, One, Optional, Schema, Set, SetView, Table, Text};
use ovsdb_data::{Row, TableIdx, Uuid};

/// The schema of these tables.
#[derive(Clone, Copy, Debug)]
pub enum OpenVSwitchSchema {}

impl Schema for OpenVSwitchSchema {
    const NAME: &'static str = "Open_vSwitch";
    const VERSION: &'static str = "8.8.0";
    const CKSUM: &'static str = "2823623553 27869";
}

/// A row of `AutoAttach`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct AutoAttach<'a>(&'a Row);

impl<'a> Table<'a> for AutoAttach<'a> {
    type Schema = OpenVSwitchSchema;
    const TABLE_NAME: &'static str = "AutoAttach";
    const TABLE_INDEX: TableIdx = TableIdx(0);

    fn of(row: &'a Row) -> Self {
        AutoAttach(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> AutoAttach<'a> {
    /// Column `mappings`.
    pub const MAPPINGS: Column<AutoAttach<'static>, Map<i64, i64>> = Column::new(2, "mappings");
    /// Column `system_description`.
    pub const SYSTEM_DESCRIPTION: Column<AutoAttach<'static>, One<Text>> =
        Column::new(3, "system_description");
    /// Column `system_name`.
    pub const SYSTEM_NAME: Column<AutoAttach<'static>, One<Text>> = Column::new(4, "system_name");

    /// `mappings`: 0 or more, integer, 0 to 16777215 to integer, 0 to 4095.
    pub fn mappings(self) -> MapView<'a, i64, i64> {
        self.get(Self::MAPPINGS)
    }

    /// `system_description`: string.
    pub fn system_description(self) -> &'a str {
        self.get(Self::SYSTEM_DESCRIPTION)
    }

    /// `system_name`: string.
    pub fn system_name(self) -> &'a str {
        self.get(Self::SYSTEM_NAME)
    }
}

/// A row of `Bridge`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct Bridge<'a>(&'a Row);

impl<'a> Table<'a> for Bridge<'a> {
    type Schema = OpenVSwitchSchema;
    const TABLE_NAME: &'static str = "Bridge";
    const TABLE_INDEX: TableIdx = TableIdx(1);

    fn of(row: &'a Row) -> Self {
        Bridge(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Bridge<'a> {
    /// Column `auto_attach`.
    pub const AUTO_ATTACH: Column<Bridge<'static>, Optional<Uuid>> = Column::new(2, "auto_attach");
    /// Column `controller`.
    pub const CONTROLLER: Column<Bridge<'static>, Set<Uuid>> = Column::new(3, "controller");
    /// Column `datapath_id`.
    pub const DATAPATH_ID: Column<Bridge<'static>, Optional<Text>> = Column::new(4, "datapath_id");
    /// Column `datapath_type`.
    pub const DATAPATH_TYPE: Column<Bridge<'static>, One<Text>> = Column::new(5, "datapath_type");
    /// Column `datapath_version`.
    pub const DATAPATH_VERSION: Column<Bridge<'static>, One<Text>> = Column::new(6, "datapath_version");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Bridge<'static>, Map<Text, Text>> = Column::new(7, "external_ids");
    /// Column `fail_mode`.
    pub const FAIL_MODE: Column<Bridge<'static>, Optional<Text>> = Column::new(8, "fail_mode");
    /// Column `flood_vlans`.
    pub const FLOOD_VLANS: Column<Bridge<'static>, Set<i64>> = Column::new(9, "flood_vlans");
    /// Column `flow_tables`.
    pub const FLOW_TABLES: Column<Bridge<'static>, Map<i64, Uuid>> = Column::new(10, "flow_tables");
    /// Column `ipfix`.
    pub const IPFIX: Column<Bridge<'static>, Optional<Uuid>> = Column::new(11, "ipfix");
    /// Column `mcast_snooping_enable`.
    pub const MCAST_SNOOPING_ENABLE: Column<Bridge<'static>, One<bool>> =
        Column::new(12, "mcast_snooping_enable");
    /// Column `mirrors`.
    pub const MIRRORS: Column<Bridge<'static>, Set<Uuid>> = Column::new(13, "mirrors");
    /// Column `name`.
    pub const NAME: Column<Bridge<'static>, One<Text>> = Column::new(14, "name");
    /// Column `netflow`.
    pub const NETFLOW: Column<Bridge<'static>, Optional<Uuid>> = Column::new(15, "netflow");
    /// Column `other_config`.
    pub const OTHER_CONFIG: Column<Bridge<'static>, Map<Text, Text>> = Column::new(16, "other_config");
    /// Column `ports`.
    pub const PORTS: Column<Bridge<'static>, Set<Uuid>> = Column::new(17, "ports");
    /// Column `protocols`.
    pub const PROTOCOLS: Column<Bridge<'static>, Set<Text>> = Column::new(18, "protocols");
    /// Column `rstp_enable`.
    pub const RSTP_ENABLE: Column<Bridge<'static>, One<bool>> = Column::new(19, "rstp_enable");
    /// Column `rstp_status`.
    pub const RSTP_STATUS: Column<Bridge<'static>, Map<Text, Text>> = Column::new(20, "rstp_status");
    /// Column `sflow`.
    pub const SFLOW: Column<Bridge<'static>, Optional<Uuid>> = Column::new(21, "sflow");
    /// Column `status`.
    pub const STATUS: Column<Bridge<'static>, Map<Text, Text>> = Column::new(22, "status");
    /// Column `stp_enable`.
    pub const STP_ENABLE: Column<Bridge<'static>, One<bool>> = Column::new(23, "stp_enable");

    /// `auto_attach`: optional, uuid of a row of `AutoAttach`.
    pub fn auto_attach(self) -> Option<Uuid> {
        self.get(Self::AUTO_ATTACH)
    }

    /// `controller`: 0 or more, uuid of a row of `Controller`.
    pub fn controller(self) -> SetView<'a, Uuid> {
        self.get(Self::CONTROLLER)
    }

    /// `datapath_id`: optional, string; not kept on disk.
    pub fn datapath_id(self) -> Option<&'a str> {
        self.get(Self::DATAPATH_ID)
    }

    /// `datapath_type`: string.
    pub fn datapath_type(self) -> &'a str {
        self.get(Self::DATAPATH_TYPE)
    }

    /// `datapath_version`: string.
    pub fn datapath_version(self) -> &'a str {
        self.get(Self::DATAPATH_VERSION)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `fail_mode`: optional, string, one of `secure`, `standalone`.
    pub fn fail_mode(self) -> Option<&'a str> {
        self.get(Self::FAIL_MODE)
    }

    /// `flood_vlans`: 0 to 4096, integer, 0 to 4095.
    pub fn flood_vlans(self) -> SetView<'a, i64> {
        self.get(Self::FLOOD_VLANS)
    }

    /// `flow_tables`: 0 or more, integer, 0 to 254 to uuid of a row of `Flow_Table`.
    pub fn flow_tables(self) -> MapView<'a, i64, Uuid> {
        self.get(Self::FLOW_TABLES)
    }

    /// `ipfix`: optional, uuid of a row of `IPFIX`.
    pub fn ipfix(self) -> Option<Uuid> {
        self.get(Self::IPFIX)
    }

    /// `mcast_snooping_enable`: boolean.
    pub fn mcast_snooping_enable(self) -> bool {
        self.get(Self::MCAST_SNOOPING_ENABLE)
    }

    /// `mirrors`: 0 or more, uuid of a row of `Mirror`.
    pub fn mirrors(self) -> SetView<'a, Uuid> {
        self.get(Self::MIRRORS)
    }

    /// `name`: string; never changes.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `netflow`: optional, uuid of a row of `NetFlow`.
    pub fn netflow(self) -> Option<Uuid> {
        self.get(Self::NETFLOW)
    }

    /// `other_config`: 0 or more, string to string.
    pub fn other_config(self) -> MapView<'a, Text, Text> {
        self.get(Self::OTHER_CONFIG)
    }

    /// `ports`: 0 or more, uuid of a row of `Port`.
    pub fn ports(self) -> SetView<'a, Uuid> {
        self.get(Self::PORTS)
    }

    /// `protocols`: 0 or more, string, one of `OpenFlow10`, `OpenFlow11`, `OpenFlow12`, `OpenFlow13`, `OpenFlow14`, `OpenFlow15`.
    pub fn protocols(self) -> SetView<'a, Text> {
        self.get(Self::PROTOCOLS)
    }

    /// `rstp_enable`: boolean.
    pub fn rstp_enable(self) -> bool {
        self.get(Self::RSTP_ENABLE)
    }

    /// `rstp_status`: 0 or more, string to string; not kept on disk.
    pub fn rstp_status(self) -> MapView<'a, Text, Text> {
        self.get(Self::RSTP_STATUS)
    }

    /// `sflow`: optional, uuid of a row of `sFlow`.
    pub fn sflow(self) -> Option<Uuid> {
        self.get(Self::SFLOW)
    }

    /// `status`: 0 or more, string to string; not kept on disk.
    pub fn status(self) -> MapView<'a, Text, Text> {
        self.get(Self::STATUS)
    }

    /// `stp_enable`: boolean.
    pub fn stp_enable(self) -> bool {
        self.get(Self::STP_ENABLE)
    }
}

/// A row of `CT_Timeout_Policy`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct CtTimeoutPolicy<'a>(&'a Row);

impl<'a> Table<'a> for CtTimeoutPolicy<'a> {
    type Schema = OpenVSwitchSchema;
    const TABLE_NAME: &'static str = "CT_Timeout_Policy";
    const TABLE_INDEX: TableIdx = TableIdx(2);

    fn of(row: &'a Row) -> Self {
        CtTimeoutPolicy(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> CtTimeoutPolicy<'a> {
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<CtTimeoutPolicy<'static>, Map<Text, Text>> =
        Column::new(2, "external_ids");
    /// Column `timeouts`.
    pub const TIMEOUTS: Column<CtTimeoutPolicy<'static>, Map<Text, i64>> = Column::new(3, "timeouts");

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `timeouts`: 0 or more, string, one of `icmp_first`, `icmp_reply`, `tcp_close`, `tcp_close_wait`, `tcp_established`, `tcp_fin_wait`, `tcp_last_ack`, `tcp_retransmit`, `tcp_syn_recv`, `tcp_syn_sent`, `tcp_syn_sent2`, `tcp_time_wait`, `tcp_unack`, `udp_first`, `udp_multiple`, `udp_single` to integer, 0 to 4294967295.
    pub fn timeouts(self) -> MapView<'a, Text, i64> {
        self.get(Self::TIMEOUTS)
    }
}

/// A row of `CT_Zone`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct CtZone<'a>(&'a Row);

impl<'a> Table<'a> for CtZone<'a> {
    type Schema = OpenVSwitchSchema;
    const TABLE_NAME: &'static str = "CT_Zone";
    const TABLE_INDEX: TableIdx = TableIdx(3);

    fn of(row: &'a Row) -> Self {
        CtZone(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> CtZone<'a> {
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<CtZone<'static>, Map<Text, Text>> = Column::new(2, "external_ids");
    /// Column `limit`.
    pub const LIMIT: Column<CtZone<'static>, Optional<i64>> = Column::new(3, "limit");
    /// Column `timeout_policy`.
    pub const TIMEOUT_POLICY: Column<CtZone<'static>, Optional<Uuid>> = Column::new(4, "timeout_policy");

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `limit`: optional, integer, 0 to 4294967295.
    pub fn limit(self) -> Option<i64> {
        self.get(Self::LIMIT)
    }

    /// `timeout_policy`: optional, uuid of a row of `CT_Timeout_Policy`.
    pub fn timeout_policy(self) -> Option<Uuid> {
        self.get(Self::TIMEOUT_POLICY)
    }
}

/// A row of `Controller`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct Controller<'a>(&'a Row);

impl<'a> Table<'a> for Controller<'a> {
    type Schema = OpenVSwitchSchema;
    const TABLE_NAME: &'static str = "Controller";
    const TABLE_INDEX: TableIdx = TableIdx(4);

    fn of(row: &'a Row) -> Self {
        Controller(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Controller<'a> {
    /// Column `connection_mode`.
    pub const CONNECTION_MODE: Column<Controller<'static>, Optional<Text>> =
        Column::new(2, "connection_mode");
    /// Column `controller_burst_limit`.
    pub const CONTROLLER_BURST_LIMIT: Column<Controller<'static>, Optional<i64>> =
        Column::new(3, "controller_burst_limit");
    /// Column `controller_queue_size`.
    pub const CONTROLLER_QUEUE_SIZE: Column<Controller<'static>, Optional<i64>> =
        Column::new(4, "controller_queue_size");
    /// Column `controller_rate_limit`.
    pub const CONTROLLER_RATE_LIMIT: Column<Controller<'static>, Optional<i64>> =
        Column::new(5, "controller_rate_limit");
    /// Column `enable_async_messages`.
    pub const ENABLE_ASYNC_MESSAGES: Column<Controller<'static>, Optional<bool>> =
        Column::new(6, "enable_async_messages");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Controller<'static>, Map<Text, Text>> = Column::new(7, "external_ids");
    /// Column `inactivity_probe`.
    pub const INACTIVITY_PROBE: Column<Controller<'static>, Optional<i64>> =
        Column::new(8, "inactivity_probe");
    /// Column `is_connected`.
    pub const IS_CONNECTED: Column<Controller<'static>, One<bool>> = Column::new(9, "is_connected");
    /// Column `local_gateway`.
    pub const LOCAL_GATEWAY: Column<Controller<'static>, Optional<Text>> = Column::new(10, "local_gateway");
    /// Column `local_ip`.
    pub const LOCAL_IP: Column<Controller<'static>, Optional<Text>> = Column::new(11, "local_ip");
    /// Column `local_netmask`.
    pub const LOCAL_NETMASK: Column<Controller<'static>, Optional<Text>> = Column::new(12, "local_netmask");
    /// Column `max_backoff`.
    pub const MAX_BACKOFF: Column<Controller<'static>, Optional<i64>> = Column::new(13, "max_backoff");
    /// Column `other_config`.
    pub const OTHER_CONFIG: Column<Controller<'static>, Map<Text, Text>> = Column::new(14, "other_config");
    /// Column `role`.
    pub const ROLE: Column<Controller<'static>, Optional<Text>> = Column::new(15, "role");
    /// Column `status`.
    pub const STATUS: Column<Controller<'static>, Map<Text, Text>> = Column::new(16, "status");
    /// Column `target`.
    pub const TARGET: Column<Controller<'static>, One<Text>> = Column::new(17, "target");
    /// Column `type`.
    pub const TYPE: Column<Controller<'static>, Optional<Text>> = Column::new(18, "type");

    /// `connection_mode`: optional, string, one of `in-band`, `out-of-band`.
    pub fn connection_mode(self) -> Option<&'a str> {
        self.get(Self::CONNECTION_MODE)
    }

    /// `controller_burst_limit`: optional, integer, at least 25.
    pub fn controller_burst_limit(self) -> Option<i64> {
        self.get(Self::CONTROLLER_BURST_LIMIT)
    }

    /// `controller_queue_size`: optional, integer, 1 to 512.
    pub fn controller_queue_size(self) -> Option<i64> {
        self.get(Self::CONTROLLER_QUEUE_SIZE)
    }

    /// `controller_rate_limit`: optional, integer, at least 100.
    pub fn controller_rate_limit(self) -> Option<i64> {
        self.get(Self::CONTROLLER_RATE_LIMIT)
    }

    /// `enable_async_messages`: optional, boolean.
    pub fn enable_async_messages(self) -> Option<bool> {
        self.get(Self::ENABLE_ASYNC_MESSAGES)
    }

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

    /// `local_gateway`: optional, string.
    pub fn local_gateway(self) -> Option<&'a str> {
        self.get(Self::LOCAL_GATEWAY)
    }

    /// `local_ip`: optional, string.
    pub fn local_ip(self) -> Option<&'a str> {
        self.get(Self::LOCAL_IP)
    }

    /// `local_netmask`: optional, string.
    pub fn local_netmask(self) -> Option<&'a str> {
        self.get(Self::LOCAL_NETMASK)
    }

    /// `max_backoff`: optional, integer, at least 1000.
    pub fn max_backoff(self) -> Option<i64> {
        self.get(Self::MAX_BACKOFF)
    }

    /// `other_config`: 0 or more, string to string.
    pub fn other_config(self) -> MapView<'a, Text, Text> {
        self.get(Self::OTHER_CONFIG)
    }

    /// `role`: optional, string, one of `master`, `other`, `slave`; not kept on disk.
    pub fn role(self) -> Option<&'a str> {
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

    /// `type`: optional, string, one of `primary`, `service`.
    pub fn r#type(self) -> Option<&'a str> {
        self.get(Self::TYPE)
    }
}

/// A row of `Datapath`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct Datapath<'a>(&'a Row);

impl<'a> Table<'a> for Datapath<'a> {
    type Schema = OpenVSwitchSchema;
    const TABLE_NAME: &'static str = "Datapath";
    const TABLE_INDEX: TableIdx = TableIdx(5);

    fn of(row: &'a Row) -> Self {
        Datapath(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Datapath<'a> {
    /// Column `capabilities`.
    pub const CAPABILITIES: Column<Datapath<'static>, Map<Text, Text>> = Column::new(2, "capabilities");
    /// Column `ct_zone_default_limit`.
    pub const CT_ZONE_DEFAULT_LIMIT: Column<Datapath<'static>, Optional<i64>> =
        Column::new(3, "ct_zone_default_limit");
    /// Column `ct_zones`.
    pub const CT_ZONES: Column<Datapath<'static>, Map<i64, Uuid>> = Column::new(4, "ct_zones");
    /// Column `datapath_version`.
    pub const DATAPATH_VERSION: Column<Datapath<'static>, One<Text>> = Column::new(5, "datapath_version");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Datapath<'static>, Map<Text, Text>> = Column::new(6, "external_ids");

    /// `capabilities`: 0 or more, string to string.
    pub fn capabilities(self) -> MapView<'a, Text, Text> {
        self.get(Self::CAPABILITIES)
    }

    /// `ct_zone_default_limit`: optional, integer, 0 to 4294967295.
    pub fn ct_zone_default_limit(self) -> Option<i64> {
        self.get(Self::CT_ZONE_DEFAULT_LIMIT)
    }

    /// `ct_zones`: 0 or more, integer, 0 to 65535 to uuid of a row of `CT_Zone`.
    pub fn ct_zones(self) -> MapView<'a, i64, Uuid> {
        self.get(Self::CT_ZONES)
    }

    /// `datapath_version`: string.
    pub fn datapath_version(self) -> &'a str {
        self.get(Self::DATAPATH_VERSION)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }
}

/// A row of `Flow_Sample_Collector_Set`.
#[derive(Clone, Copy, Debug)]
pub struct FlowSampleCollectorSet<'a>(&'a Row);

impl<'a> Table<'a> for FlowSampleCollectorSet<'a> {
    type Schema = OpenVSwitchSchema;
    const TABLE_NAME: &'static str = "Flow_Sample_Collector_Set";
    const TABLE_INDEX: TableIdx = TableIdx(6);

    fn of(row: &'a Row) -> Self {
        FlowSampleCollectorSet(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> FlowSampleCollectorSet<'a> {
    /// Column `bridge`.
    pub const BRIDGE: Column<FlowSampleCollectorSet<'static>, One<Uuid>> = Column::new(2, "bridge");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<FlowSampleCollectorSet<'static>, Map<Text, Text>> =
        Column::new(3, "external_ids");
    /// Column `id`.
    pub const ID: Column<FlowSampleCollectorSet<'static>, One<i64>> = Column::new(4, "id");
    /// Column `ipfix`.
    pub const IPFIX: Column<FlowSampleCollectorSet<'static>, Optional<Uuid>> = Column::new(5, "ipfix");
    /// Column `local_group_id`.
    pub const LOCAL_GROUP_ID: Column<FlowSampleCollectorSet<'static>, Optional<i64>> =
        Column::new(6, "local_group_id");

    /// `bridge`: uuid of a row of `Bridge`.
    pub fn bridge(self) -> Uuid {
        self.get(Self::BRIDGE)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `id`: integer, 0 to 4294967295.
    pub fn id(self) -> i64 {
        self.get(Self::ID)
    }

    /// `ipfix`: optional, uuid of a row of `IPFIX`.
    pub fn ipfix(self) -> Option<Uuid> {
        self.get(Self::IPFIX)
    }

    /// `local_group_id`: optional, integer, 0 to 4294967295.
    pub fn local_group_id(self) -> Option<i64> {
        self.get(Self::LOCAL_GROUP_ID)
    }
}

/// A row of `Flow_Table`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct FlowTable<'a>(&'a Row);

impl<'a> Table<'a> for FlowTable<'a> {
    type Schema = OpenVSwitchSchema;
    const TABLE_NAME: &'static str = "Flow_Table";
    const TABLE_INDEX: TableIdx = TableIdx(7);

    fn of(row: &'a Row) -> Self {
        FlowTable(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> FlowTable<'a> {
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<FlowTable<'static>, Map<Text, Text>> = Column::new(2, "external_ids");
    /// Column `flow_limit`.
    pub const FLOW_LIMIT: Column<FlowTable<'static>, Optional<i64>> = Column::new(3, "flow_limit");
    /// Column `groups`.
    pub const GROUPS: Column<FlowTable<'static>, Set<Text>> = Column::new(4, "groups");
    /// Column `name`.
    pub const NAME: Column<FlowTable<'static>, Optional<Text>> = Column::new(5, "name");
    /// Column `overflow_policy`.
    pub const OVERFLOW_POLICY: Column<FlowTable<'static>, Optional<Text>> = Column::new(6, "overflow_policy");
    /// Column `prefixes`.
    pub const PREFIXES: Column<FlowTable<'static>, Set<Text>> = Column::new(7, "prefixes");

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `flow_limit`: optional, integer, at least 0.
    pub fn flow_limit(self) -> Option<i64> {
        self.get(Self::FLOW_LIMIT)
    }

    /// `groups`: 0 or more, string.
    pub fn groups(self) -> SetView<'a, Text> {
        self.get(Self::GROUPS)
    }

    /// `name`: optional, string.
    pub fn name(self) -> Option<&'a str> {
        self.get(Self::NAME)
    }

    /// `overflow_policy`: optional, string, one of `evict`, `refuse`.
    pub fn overflow_policy(self) -> Option<&'a str> {
        self.get(Self::OVERFLOW_POLICY)
    }

    /// `prefixes`: 0 to 4, string.
    pub fn prefixes(self) -> SetView<'a, Text> {
        self.get(Self::PREFIXES)
    }
}

/// A row of `IPFIX`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct Ipfix<'a>(&'a Row);

impl<'a> Table<'a> for Ipfix<'a> {
    type Schema = OpenVSwitchSchema;
    const TABLE_NAME: &'static str = "IPFIX";
    const TABLE_INDEX: TableIdx = TableIdx(8);

    fn of(row: &'a Row) -> Self {
        Ipfix(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Ipfix<'a> {
    /// Column `cache_active_timeout`.
    pub const CACHE_ACTIVE_TIMEOUT: Column<Ipfix<'static>, Optional<i64>> =
        Column::new(2, "cache_active_timeout");
    /// Column `cache_max_flows`.
    pub const CACHE_MAX_FLOWS: Column<Ipfix<'static>, Optional<i64>> = Column::new(3, "cache_max_flows");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Ipfix<'static>, Map<Text, Text>> = Column::new(4, "external_ids");
    /// Column `obs_domain_id`.
    pub const OBS_DOMAIN_ID: Column<Ipfix<'static>, Optional<i64>> = Column::new(5, "obs_domain_id");
    /// Column `obs_point_id`.
    pub const OBS_POINT_ID: Column<Ipfix<'static>, Optional<i64>> = Column::new(6, "obs_point_id");
    /// Column `other_config`.
    pub const OTHER_CONFIG: Column<Ipfix<'static>, Map<Text, Text>> = Column::new(7, "other_config");
    /// Column `sampling`.
    pub const SAMPLING: Column<Ipfix<'static>, Optional<i64>> = Column::new(8, "sampling");
    /// Column `stats_interval`.
    pub const STATS_INTERVAL: Column<Ipfix<'static>, Optional<i64>> = Column::new(9, "stats_interval");
    /// Column `targets`.
    pub const TARGETS: Column<Ipfix<'static>, Set<Text>> = Column::new(10, "targets");
    /// Column `template_interval`.
    pub const TEMPLATE_INTERVAL: Column<Ipfix<'static>, Optional<i64>> = Column::new(11, "template_interval");

    /// `cache_active_timeout`: optional, integer, 0 to 4200.
    pub fn cache_active_timeout(self) -> Option<i64> {
        self.get(Self::CACHE_ACTIVE_TIMEOUT)
    }

    /// `cache_max_flows`: optional, integer, 0 to 4294967295.
    pub fn cache_max_flows(self) -> Option<i64> {
        self.get(Self::CACHE_MAX_FLOWS)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `obs_domain_id`: optional, integer, 0 to 4294967295.
    pub fn obs_domain_id(self) -> Option<i64> {
        self.get(Self::OBS_DOMAIN_ID)
    }

    /// `obs_point_id`: optional, integer, 0 to 4294967295.
    pub fn obs_point_id(self) -> Option<i64> {
        self.get(Self::OBS_POINT_ID)
    }

    /// `other_config`: 0 or more, string to string.
    pub fn other_config(self) -> MapView<'a, Text, Text> {
        self.get(Self::OTHER_CONFIG)
    }

    /// `sampling`: optional, integer, 1 to 4294967295.
    pub fn sampling(self) -> Option<i64> {
        self.get(Self::SAMPLING)
    }

    /// `stats_interval`: optional, integer, 1 to 3600.
    pub fn stats_interval(self) -> Option<i64> {
        self.get(Self::STATS_INTERVAL)
    }

    /// `targets`: 0 or more, string.
    pub fn targets(self) -> SetView<'a, Text> {
        self.get(Self::TARGETS)
    }

    /// `template_interval`: optional, integer, 1 to 3600.
    pub fn template_interval(self) -> Option<i64> {
        self.get(Self::TEMPLATE_INTERVAL)
    }
}

/// A row of `Interface`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct Interface<'a>(&'a Row);

impl<'a> Table<'a> for Interface<'a> {
    type Schema = OpenVSwitchSchema;
    const TABLE_NAME: &'static str = "Interface";
    const TABLE_INDEX: TableIdx = TableIdx(9);

    fn of(row: &'a Row) -> Self {
        Interface(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Interface<'a> {
    /// Column `admin_state`.
    pub const ADMIN_STATE: Column<Interface<'static>, Optional<Text>> = Column::new(2, "admin_state");
    /// Column `bfd`.
    pub const BFD: Column<Interface<'static>, Map<Text, Text>> = Column::new(3, "bfd");
    /// Column `bfd_status`.
    pub const BFD_STATUS: Column<Interface<'static>, Map<Text, Text>> = Column::new(4, "bfd_status");
    /// Column `cfm_fault`.
    pub const CFM_FAULT: Column<Interface<'static>, Optional<bool>> = Column::new(5, "cfm_fault");
    /// Column `cfm_fault_status`.
    pub const CFM_FAULT_STATUS: Column<Interface<'static>, Set<Text>> = Column::new(6, "cfm_fault_status");
    /// Column `cfm_flap_count`.
    pub const CFM_FLAP_COUNT: Column<Interface<'static>, Optional<i64>> = Column::new(7, "cfm_flap_count");
    /// Column `cfm_health`.
    pub const CFM_HEALTH: Column<Interface<'static>, Optional<i64>> = Column::new(8, "cfm_health");
    /// Column `cfm_mpid`.
    pub const CFM_MPID: Column<Interface<'static>, Optional<i64>> = Column::new(9, "cfm_mpid");
    /// Column `cfm_remote_mpids`.
    pub const CFM_REMOTE_MPIDS: Column<Interface<'static>, Set<i64>> = Column::new(10, "cfm_remote_mpids");
    /// Column `cfm_remote_opstate`.
    pub const CFM_REMOTE_OPSTATE: Column<Interface<'static>, Optional<Text>> =
        Column::new(11, "cfm_remote_opstate");
    /// Column `duplex`.
    pub const DUPLEX: Column<Interface<'static>, Optional<Text>> = Column::new(12, "duplex");
    /// Column `error`.
    pub const ERROR: Column<Interface<'static>, Optional<Text>> = Column::new(13, "error");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Interface<'static>, Map<Text, Text>> = Column::new(14, "external_ids");
    /// Column `ifindex`.
    pub const IFINDEX: Column<Interface<'static>, Optional<i64>> = Column::new(15, "ifindex");
    /// Column `ingress_policing_burst`.
    pub const INGRESS_POLICING_BURST: Column<Interface<'static>, One<i64>> =
        Column::new(16, "ingress_policing_burst");
    /// Column `ingress_policing_kpkts_burst`.
    pub const INGRESS_POLICING_KPKTS_BURST: Column<Interface<'static>, One<i64>> =
        Column::new(17, "ingress_policing_kpkts_burst");
    /// Column `ingress_policing_kpkts_rate`.
    pub const INGRESS_POLICING_KPKTS_RATE: Column<Interface<'static>, One<i64>> =
        Column::new(18, "ingress_policing_kpkts_rate");
    /// Column `ingress_policing_rate`.
    pub const INGRESS_POLICING_RATE: Column<Interface<'static>, One<i64>> =
        Column::new(19, "ingress_policing_rate");
    /// Column `lacp_current`.
    pub const LACP_CURRENT: Column<Interface<'static>, Optional<bool>> = Column::new(20, "lacp_current");
    /// Column `link_resets`.
    pub const LINK_RESETS: Column<Interface<'static>, Optional<i64>> = Column::new(21, "link_resets");
    /// Column `link_speed`.
    pub const LINK_SPEED: Column<Interface<'static>, Optional<i64>> = Column::new(22, "link_speed");
    /// Column `link_state`.
    pub const LINK_STATE: Column<Interface<'static>, Optional<Text>> = Column::new(23, "link_state");
    /// Column `lldp`.
    pub const LLDP: Column<Interface<'static>, Map<Text, Text>> = Column::new(24, "lldp");
    /// Column `mac`.
    pub const MAC: Column<Interface<'static>, Optional<Text>> = Column::new(25, "mac");
    /// Column `mac_in_use`.
    pub const MAC_IN_USE: Column<Interface<'static>, Optional<Text>> = Column::new(26, "mac_in_use");
    /// Column `mtu`.
    pub const MTU: Column<Interface<'static>, Optional<i64>> = Column::new(27, "mtu");
    /// Column `mtu_request`.
    pub const MTU_REQUEST: Column<Interface<'static>, Optional<i64>> = Column::new(28, "mtu_request");
    /// Column `name`.
    pub const NAME: Column<Interface<'static>, One<Text>> = Column::new(29, "name");
    /// Column `ofport`.
    pub const OFPORT: Column<Interface<'static>, Optional<i64>> = Column::new(30, "ofport");
    /// Column `ofport_request`.
    pub const OFPORT_REQUEST: Column<Interface<'static>, Optional<i64>> = Column::new(31, "ofport_request");
    /// Column `options`.
    pub const OPTIONS: Column<Interface<'static>, Map<Text, Text>> = Column::new(32, "options");
    /// Column `other_config`.
    pub const OTHER_CONFIG: Column<Interface<'static>, Map<Text, Text>> = Column::new(33, "other_config");
    /// Column `statistics`.
    pub const STATISTICS: Column<Interface<'static>, Map<Text, i64>> = Column::new(34, "statistics");
    /// Column `status`.
    pub const STATUS: Column<Interface<'static>, Map<Text, Text>> = Column::new(35, "status");
    /// Column `type`.
    pub const TYPE: Column<Interface<'static>, One<Text>> = Column::new(36, "type");

    /// `admin_state`: optional, string, one of `down`, `up`; not kept on disk.
    pub fn admin_state(self) -> Option<&'a str> {
        self.get(Self::ADMIN_STATE)
    }

    /// `bfd`: 0 or more, string to string.
    pub fn bfd(self) -> MapView<'a, Text, Text> {
        self.get(Self::BFD)
    }

    /// `bfd_status`: 0 or more, string to string; not kept on disk.
    pub fn bfd_status(self) -> MapView<'a, Text, Text> {
        self.get(Self::BFD_STATUS)
    }

    /// `cfm_fault`: optional, boolean; not kept on disk.
    pub fn cfm_fault(self) -> Option<bool> {
        self.get(Self::CFM_FAULT)
    }

    /// `cfm_fault_status`: 0 or more, string; not kept on disk.
    pub fn cfm_fault_status(self) -> SetView<'a, Text> {
        self.get(Self::CFM_FAULT_STATUS)
    }

    /// `cfm_flap_count`: optional, integer.
    pub fn cfm_flap_count(self) -> Option<i64> {
        self.get(Self::CFM_FLAP_COUNT)
    }

    /// `cfm_health`: optional, integer, 0 to 100; not kept on disk.
    pub fn cfm_health(self) -> Option<i64> {
        self.get(Self::CFM_HEALTH)
    }

    /// `cfm_mpid`: optional, integer.
    pub fn cfm_mpid(self) -> Option<i64> {
        self.get(Self::CFM_MPID)
    }

    /// `cfm_remote_mpids`: 0 or more, integer; not kept on disk.
    pub fn cfm_remote_mpids(self) -> SetView<'a, i64> {
        self.get(Self::CFM_REMOTE_MPIDS)
    }

    /// `cfm_remote_opstate`: optional, string, one of `down`, `up`; not kept on disk.
    pub fn cfm_remote_opstate(self) -> Option<&'a str> {
        self.get(Self::CFM_REMOTE_OPSTATE)
    }

    /// `duplex`: optional, string, one of `full`, `half`; not kept on disk.
    pub fn duplex(self) -> Option<&'a str> {
        self.get(Self::DUPLEX)
    }

    /// `error`: optional, string.
    pub fn error(self) -> Option<&'a str> {
        self.get(Self::ERROR)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `ifindex`: optional, integer, 0 to 4294967295; not kept on disk.
    pub fn ifindex(self) -> Option<i64> {
        self.get(Self::IFINDEX)
    }

    /// `ingress_policing_burst`: integer, at least 0.
    pub fn ingress_policing_burst(self) -> i64 {
        self.get(Self::INGRESS_POLICING_BURST)
    }

    /// `ingress_policing_kpkts_burst`: integer, at least 0.
    pub fn ingress_policing_kpkts_burst(self) -> i64 {
        self.get(Self::INGRESS_POLICING_KPKTS_BURST)
    }

    /// `ingress_policing_kpkts_rate`: integer, at least 0.
    pub fn ingress_policing_kpkts_rate(self) -> i64 {
        self.get(Self::INGRESS_POLICING_KPKTS_RATE)
    }

    /// `ingress_policing_rate`: integer, at least 0.
    pub fn ingress_policing_rate(self) -> i64 {
        self.get(Self::INGRESS_POLICING_RATE)
    }

    /// `lacp_current`: optional, boolean; not kept on disk.
    pub fn lacp_current(self) -> Option<bool> {
        self.get(Self::LACP_CURRENT)
    }

    /// `link_resets`: optional, integer; not kept on disk.
    pub fn link_resets(self) -> Option<i64> {
        self.get(Self::LINK_RESETS)
    }

    /// `link_speed`: optional, integer; not kept on disk.
    pub fn link_speed(self) -> Option<i64> {
        self.get(Self::LINK_SPEED)
    }

    /// `link_state`: optional, string, one of `down`, `up`; not kept on disk.
    pub fn link_state(self) -> Option<&'a str> {
        self.get(Self::LINK_STATE)
    }

    /// `lldp`: 0 or more, string to string.
    pub fn lldp(self) -> MapView<'a, Text, Text> {
        self.get(Self::LLDP)
    }

    /// `mac`: optional, string.
    pub fn mac(self) -> Option<&'a str> {
        self.get(Self::MAC)
    }

    /// `mac_in_use`: optional, string; not kept on disk.
    pub fn mac_in_use(self) -> Option<&'a str> {
        self.get(Self::MAC_IN_USE)
    }

    /// `mtu`: optional, integer; not kept on disk.
    pub fn mtu(self) -> Option<i64> {
        self.get(Self::MTU)
    }

    /// `mtu_request`: optional, integer, at least 1.
    pub fn mtu_request(self) -> Option<i64> {
        self.get(Self::MTU_REQUEST)
    }

    /// `name`: string; never changes.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `ofport`: optional, integer.
    pub fn ofport(self) -> Option<i64> {
        self.get(Self::OFPORT)
    }

    /// `ofport_request`: optional, integer, 1 to 65279.
    pub fn ofport_request(self) -> Option<i64> {
        self.get(Self::OFPORT_REQUEST)
    }

    /// `options`: 0 or more, string to string.
    pub fn options(self) -> MapView<'a, Text, Text> {
        self.get(Self::OPTIONS)
    }

    /// `other_config`: 0 or more, string to string.
    pub fn other_config(self) -> MapView<'a, Text, Text> {
        self.get(Self::OTHER_CONFIG)
    }

    /// `statistics`: 0 or more, string to integer; not kept on disk.
    pub fn statistics(self) -> MapView<'a, Text, i64> {
        self.get(Self::STATISTICS)
    }

    /// `status`: 0 or more, string to string; not kept on disk.
    pub fn status(self) -> MapView<'a, Text, Text> {
        self.get(Self::STATUS)
    }

    /// `type`: string.
    pub fn r#type(self) -> &'a str {
        self.get(Self::TYPE)
    }
}

/// A row of `Manager`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct Manager<'a>(&'a Row);

impl<'a> Table<'a> for Manager<'a> {
    type Schema = OpenVSwitchSchema;
    const TABLE_NAME: &'static str = "Manager";
    const TABLE_INDEX: TableIdx = TableIdx(10);

    fn of(row: &'a Row) -> Self {
        Manager(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Manager<'a> {
    /// Column `connection_mode`.
    pub const CONNECTION_MODE: Column<Manager<'static>, Optional<Text>> = Column::new(2, "connection_mode");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Manager<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `inactivity_probe`.
    pub const INACTIVITY_PROBE: Column<Manager<'static>, Optional<i64>> = Column::new(4, "inactivity_probe");
    /// Column `is_connected`.
    pub const IS_CONNECTED: Column<Manager<'static>, One<bool>> = Column::new(5, "is_connected");
    /// Column `max_backoff`.
    pub const MAX_BACKOFF: Column<Manager<'static>, Optional<i64>> = Column::new(6, "max_backoff");
    /// Column `other_config`.
    pub const OTHER_CONFIG: Column<Manager<'static>, Map<Text, Text>> = Column::new(7, "other_config");
    /// Column `status`.
    pub const STATUS: Column<Manager<'static>, Map<Text, Text>> = Column::new(8, "status");
    /// Column `target`.
    pub const TARGET: Column<Manager<'static>, One<Text>> = Column::new(9, "target");

    /// `connection_mode`: optional, string, one of `in-band`, `out-of-band`.
    pub fn connection_mode(self) -> Option<&'a str> {
        self.get(Self::CONNECTION_MODE)
    }

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

/// A row of `Mirror`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct Mirror<'a>(&'a Row);

impl<'a> Table<'a> for Mirror<'a> {
    type Schema = OpenVSwitchSchema;
    const TABLE_NAME: &'static str = "Mirror";
    const TABLE_INDEX: TableIdx = TableIdx(11);

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
    pub const FILTER: Column<Mirror<'static>, Optional<Text>> = Column::new(3, "filter");
    /// Column `name`.
    pub const NAME: Column<Mirror<'static>, One<Text>> = Column::new(4, "name");
    /// Column `output_port`.
    pub const OUTPUT_PORT: Column<Mirror<'static>, Optional<Uuid>> = Column::new(5, "output_port");
    /// Column `output_vlan`.
    pub const OUTPUT_VLAN: Column<Mirror<'static>, Optional<i64>> = Column::new(6, "output_vlan");
    /// Column `select_all`.
    pub const SELECT_ALL: Column<Mirror<'static>, One<bool>> = Column::new(7, "select_all");
    /// Column `select_dst_port`.
    pub const SELECT_DST_PORT: Column<Mirror<'static>, Set<Uuid>> = Column::new(8, "select_dst_port");
    /// Column `select_src_port`.
    pub const SELECT_SRC_PORT: Column<Mirror<'static>, Set<Uuid>> = Column::new(9, "select_src_port");
    /// Column `select_vlan`.
    pub const SELECT_VLAN: Column<Mirror<'static>, Set<i64>> = Column::new(10, "select_vlan");
    /// Column `snaplen`.
    pub const SNAPLEN: Column<Mirror<'static>, Optional<i64>> = Column::new(11, "snaplen");
    /// Column `statistics`.
    pub const STATISTICS: Column<Mirror<'static>, Map<Text, i64>> = Column::new(12, "statistics");

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `filter`: optional, string.
    pub fn filter(self) -> Option<&'a str> {
        self.get(Self::FILTER)
    }

    /// `name`: string.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `output_port`: optional, uuid of a row, weakly, of `Port`.
    pub fn output_port(self) -> Option<Uuid> {
        self.get(Self::OUTPUT_PORT)
    }

    /// `output_vlan`: optional, integer, 1 to 4095.
    pub fn output_vlan(self) -> Option<i64> {
        self.get(Self::OUTPUT_VLAN)
    }

    /// `select_all`: boolean.
    pub fn select_all(self) -> bool {
        self.get(Self::SELECT_ALL)
    }

    /// `select_dst_port`: 0 or more, uuid of a row, weakly, of `Port`.
    pub fn select_dst_port(self) -> SetView<'a, Uuid> {
        self.get(Self::SELECT_DST_PORT)
    }

    /// `select_src_port`: 0 or more, uuid of a row, weakly, of `Port`.
    pub fn select_src_port(self) -> SetView<'a, Uuid> {
        self.get(Self::SELECT_SRC_PORT)
    }

    /// `select_vlan`: 0 to 4096, integer, 0 to 4095.
    pub fn select_vlan(self) -> SetView<'a, i64> {
        self.get(Self::SELECT_VLAN)
    }

    /// `snaplen`: optional, integer, 14 to 65535.
    pub fn snaplen(self) -> Option<i64> {
        self.get(Self::SNAPLEN)
    }

    /// `statistics`: 0 or more, string to integer; not kept on disk.
    pub fn statistics(self) -> MapView<'a, Text, i64> {
        self.get(Self::STATISTICS)
    }
}

/// A row of `NetFlow`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct NetFlow<'a>(&'a Row);

impl<'a> Table<'a> for NetFlow<'a> {
    type Schema = OpenVSwitchSchema;
    const TABLE_NAME: &'static str = "NetFlow";
    const TABLE_INDEX: TableIdx = TableIdx(12);

    fn of(row: &'a Row) -> Self {
        NetFlow(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> NetFlow<'a> {
    /// Column `active_timeout`.
    pub const ACTIVE_TIMEOUT: Column<NetFlow<'static>, One<i64>> = Column::new(2, "active_timeout");
    /// Column `add_id_to_interface`.
    pub const ADD_ID_TO_INTERFACE: Column<NetFlow<'static>, One<bool>> =
        Column::new(3, "add_id_to_interface");
    /// Column `engine_id`.
    pub const ENGINE_ID: Column<NetFlow<'static>, Optional<i64>> = Column::new(4, "engine_id");
    /// Column `engine_type`.
    pub const ENGINE_TYPE: Column<NetFlow<'static>, Optional<i64>> = Column::new(5, "engine_type");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<NetFlow<'static>, Map<Text, Text>> = Column::new(6, "external_ids");
    /// Column `targets`.
    pub const TARGETS: Column<NetFlow<'static>, Set<Text>> = Column::new(7, "targets");

    /// `active_timeout`: integer, at least -1.
    pub fn active_timeout(self) -> i64 {
        self.get(Self::ACTIVE_TIMEOUT)
    }

    /// `add_id_to_interface`: boolean.
    pub fn add_id_to_interface(self) -> bool {
        self.get(Self::ADD_ID_TO_INTERFACE)
    }

    /// `engine_id`: optional, integer, 0 to 255.
    pub fn engine_id(self) -> Option<i64> {
        self.get(Self::ENGINE_ID)
    }

    /// `engine_type`: optional, integer, 0 to 255.
    pub fn engine_type(self) -> Option<i64> {
        self.get(Self::ENGINE_TYPE)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `targets`: 1 or more, string.
    pub fn targets(self) -> SetView<'a, Text> {
        self.get(Self::TARGETS)
    }
}

/// A row of `Open_vSwitch`.
#[derive(Clone, Copy, Debug)]
pub struct OpenVSwitch<'a>(&'a Row);

impl<'a> Table<'a> for OpenVSwitch<'a> {
    type Schema = OpenVSwitchSchema;
    const TABLE_NAME: &'static str = "Open_vSwitch";
    const TABLE_INDEX: TableIdx = TableIdx(13);

    fn of(row: &'a Row) -> Self {
        OpenVSwitch(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> OpenVSwitch<'a> {
    /// Column `bridges`.
    pub const BRIDGES: Column<OpenVSwitch<'static>, Set<Uuid>> = Column::new(2, "bridges");
    /// Column `cur_cfg`.
    pub const CUR_CFG: Column<OpenVSwitch<'static>, One<i64>> = Column::new(3, "cur_cfg");
    /// Column `datapath_types`.
    pub const DATAPATH_TYPES: Column<OpenVSwitch<'static>, Set<Text>> = Column::new(4, "datapath_types");
    /// Column `datapaths`.
    pub const DATAPATHS: Column<OpenVSwitch<'static>, Map<Text, Uuid>> = Column::new(5, "datapaths");
    /// Column `db_version`.
    pub const DB_VERSION: Column<OpenVSwitch<'static>, Optional<Text>> = Column::new(6, "db_version");
    /// Column `dpdk_initialized`.
    pub const DPDK_INITIALIZED: Column<OpenVSwitch<'static>, One<bool>> = Column::new(7, "dpdk_initialized");
    /// Column `dpdk_version`.
    pub const DPDK_VERSION: Column<OpenVSwitch<'static>, Optional<Text>> = Column::new(8, "dpdk_version");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<OpenVSwitch<'static>, Map<Text, Text>> = Column::new(9, "external_ids");
    /// Column `iface_types`.
    pub const IFACE_TYPES: Column<OpenVSwitch<'static>, Set<Text>> = Column::new(10, "iface_types");
    /// Column `manager_options`.
    pub const MANAGER_OPTIONS: Column<OpenVSwitch<'static>, Set<Uuid>> = Column::new(11, "manager_options");
    /// Column `next_cfg`.
    pub const NEXT_CFG: Column<OpenVSwitch<'static>, One<i64>> = Column::new(12, "next_cfg");
    /// Column `other_config`.
    pub const OTHER_CONFIG: Column<OpenVSwitch<'static>, Map<Text, Text>> = Column::new(13, "other_config");
    /// Column `ovs_version`.
    pub const OVS_VERSION: Column<OpenVSwitch<'static>, Optional<Text>> = Column::new(14, "ovs_version");
    /// Column `ssl`.
    pub const SSL: Column<OpenVSwitch<'static>, Optional<Uuid>> = Column::new(15, "ssl");
    /// Column `statistics`.
    pub const STATISTICS: Column<OpenVSwitch<'static>, Map<Text, Text>> = Column::new(16, "statistics");
    /// Column `system_type`.
    pub const SYSTEM_TYPE: Column<OpenVSwitch<'static>, Optional<Text>> = Column::new(17, "system_type");
    /// Column `system_version`.
    pub const SYSTEM_VERSION: Column<OpenVSwitch<'static>, Optional<Text>> =
        Column::new(18, "system_version");

    /// `bridges`: 0 or more, uuid of a row of `Bridge`.
    pub fn bridges(self) -> SetView<'a, Uuid> {
        self.get(Self::BRIDGES)
    }

    /// `cur_cfg`: integer.
    pub fn cur_cfg(self) -> i64 {
        self.get(Self::CUR_CFG)
    }

    /// `datapath_types`: 0 or more, string.
    pub fn datapath_types(self) -> SetView<'a, Text> {
        self.get(Self::DATAPATH_TYPES)
    }

    /// `datapaths`: 0 or more, string to uuid of a row of `Datapath`.
    pub fn datapaths(self) -> MapView<'a, Text, Uuid> {
        self.get(Self::DATAPATHS)
    }

    /// `db_version`: optional, string.
    pub fn db_version(self) -> Option<&'a str> {
        self.get(Self::DB_VERSION)
    }

    /// `dpdk_initialized`: boolean.
    pub fn dpdk_initialized(self) -> bool {
        self.get(Self::DPDK_INITIALIZED)
    }

    /// `dpdk_version`: optional, string.
    pub fn dpdk_version(self) -> Option<&'a str> {
        self.get(Self::DPDK_VERSION)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `iface_types`: 0 or more, string.
    pub fn iface_types(self) -> SetView<'a, Text> {
        self.get(Self::IFACE_TYPES)
    }

    /// `manager_options`: 0 or more, uuid of a row of `Manager`.
    pub fn manager_options(self) -> SetView<'a, Uuid> {
        self.get(Self::MANAGER_OPTIONS)
    }

    /// `next_cfg`: integer.
    pub fn next_cfg(self) -> i64 {
        self.get(Self::NEXT_CFG)
    }

    /// `other_config`: 0 or more, string to string.
    pub fn other_config(self) -> MapView<'a, Text, Text> {
        self.get(Self::OTHER_CONFIG)
    }

    /// `ovs_version`: optional, string.
    pub fn ovs_version(self) -> Option<&'a str> {
        self.get(Self::OVS_VERSION)
    }

    /// `ssl`: optional, uuid of a row of `SSL`.
    pub fn ssl(self) -> Option<Uuid> {
        self.get(Self::SSL)
    }

    /// `statistics`: 0 or more, string to string; not kept on disk.
    pub fn statistics(self) -> MapView<'a, Text, Text> {
        self.get(Self::STATISTICS)
    }

    /// `system_type`: optional, string.
    pub fn system_type(self) -> Option<&'a str> {
        self.get(Self::SYSTEM_TYPE)
    }

    /// `system_version`: optional, string.
    pub fn system_version(self) -> Option<&'a str> {
        self.get(Self::SYSTEM_VERSION)
    }
}

/// A row of `Port`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct Port<'a>(&'a Row);

impl<'a> Table<'a> for Port<'a> {
    type Schema = OpenVSwitchSchema;
    const TABLE_NAME: &'static str = "Port";
    const TABLE_INDEX: TableIdx = TableIdx(14);

    fn of(row: &'a Row) -> Self {
        Port(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Port<'a> {
    /// Column `bond_active_slave`.
    pub const BOND_ACTIVE_SLAVE: Column<Port<'static>, Optional<Text>> = Column::new(2, "bond_active_slave");
    /// Column `bond_downdelay`.
    pub const BOND_DOWNDELAY: Column<Port<'static>, One<i64>> = Column::new(3, "bond_downdelay");
    /// Column `bond_fake_iface`.
    pub const BOND_FAKE_IFACE: Column<Port<'static>, One<bool>> = Column::new(4, "bond_fake_iface");
    /// Column `bond_mode`.
    pub const BOND_MODE: Column<Port<'static>, Optional<Text>> = Column::new(5, "bond_mode");
    /// Column `bond_updelay`.
    pub const BOND_UPDELAY: Column<Port<'static>, One<i64>> = Column::new(6, "bond_updelay");
    /// Column `cvlans`.
    pub const CVLANS: Column<Port<'static>, Set<i64>> = Column::new(7, "cvlans");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Port<'static>, Map<Text, Text>> = Column::new(8, "external_ids");
    /// Column `fake_bridge`.
    pub const FAKE_BRIDGE: Column<Port<'static>, One<bool>> = Column::new(9, "fake_bridge");
    /// Column `interfaces`.
    pub const INTERFACES: Column<Port<'static>, Set<Uuid>> = Column::new(10, "interfaces");
    /// Column `lacp`.
    pub const LACP: Column<Port<'static>, Optional<Text>> = Column::new(11, "lacp");
    /// Column `mac`.
    pub const MAC: Column<Port<'static>, Optional<Text>> = Column::new(12, "mac");
    /// Column `name`.
    pub const NAME: Column<Port<'static>, One<Text>> = Column::new(13, "name");
    /// Column `other_config`.
    pub const OTHER_CONFIG: Column<Port<'static>, Map<Text, Text>> = Column::new(14, "other_config");
    /// Column `protected`.
    pub const PROTECTED: Column<Port<'static>, One<bool>> = Column::new(15, "protected");
    /// Column `qos`.
    pub const QOS: Column<Port<'static>, Optional<Uuid>> = Column::new(16, "qos");
    /// Column `rstp_statistics`.
    pub const RSTP_STATISTICS: Column<Port<'static>, Map<Text, i64>> = Column::new(17, "rstp_statistics");
    /// Column `rstp_status`.
    pub const RSTP_STATUS: Column<Port<'static>, Map<Text, Text>> = Column::new(18, "rstp_status");
    /// Column `statistics`.
    pub const STATISTICS: Column<Port<'static>, Map<Text, i64>> = Column::new(19, "statistics");
    /// Column `status`.
    pub const STATUS: Column<Port<'static>, Map<Text, Text>> = Column::new(20, "status");
    /// Column `tag`.
    pub const TAG: Column<Port<'static>, Optional<i64>> = Column::new(21, "tag");
    /// Column `trunks`.
    pub const TRUNKS: Column<Port<'static>, Set<i64>> = Column::new(22, "trunks");
    /// Column `vlan_mode`.
    pub const VLAN_MODE: Column<Port<'static>, Optional<Text>> = Column::new(23, "vlan_mode");

    /// `bond_active_slave`: optional, string.
    pub fn bond_active_slave(self) -> Option<&'a str> {
        self.get(Self::BOND_ACTIVE_SLAVE)
    }

    /// `bond_downdelay`: integer.
    pub fn bond_downdelay(self) -> i64 {
        self.get(Self::BOND_DOWNDELAY)
    }

    /// `bond_fake_iface`: boolean.
    pub fn bond_fake_iface(self) -> bool {
        self.get(Self::BOND_FAKE_IFACE)
    }

    /// `bond_mode`: optional, string, one of `active-backup`, `balance-slb`, `balance-tcp`.
    pub fn bond_mode(self) -> Option<&'a str> {
        self.get(Self::BOND_MODE)
    }

    /// `bond_updelay`: integer.
    pub fn bond_updelay(self) -> i64 {
        self.get(Self::BOND_UPDELAY)
    }

    /// `cvlans`: 0 to 4096, integer, 0 to 4095.
    pub fn cvlans(self) -> SetView<'a, i64> {
        self.get(Self::CVLANS)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `fake_bridge`: boolean.
    pub fn fake_bridge(self) -> bool {
        self.get(Self::FAKE_BRIDGE)
    }

    /// `interfaces`: 1 or more, uuid of a row of `Interface`.
    pub fn interfaces(self) -> SetView<'a, Uuid> {
        self.get(Self::INTERFACES)
    }

    /// `lacp`: optional, string, one of `active`, `off`, `passive`.
    pub fn lacp(self) -> Option<&'a str> {
        self.get(Self::LACP)
    }

    /// `mac`: optional, string.
    pub fn mac(self) -> Option<&'a str> {
        self.get(Self::MAC)
    }

    /// `name`: string; never changes.
    pub fn name(self) -> &'a str {
        self.get(Self::NAME)
    }

    /// `other_config`: 0 or more, string to string.
    pub fn other_config(self) -> MapView<'a, Text, Text> {
        self.get(Self::OTHER_CONFIG)
    }

    /// `protected`: boolean.
    pub fn protected(self) -> bool {
        self.get(Self::PROTECTED)
    }

    /// `qos`: optional, uuid of a row of `QoS`.
    pub fn qos(self) -> Option<Uuid> {
        self.get(Self::QOS)
    }

    /// `rstp_statistics`: 0 or more, string to integer; not kept on disk.
    pub fn rstp_statistics(self) -> MapView<'a, Text, i64> {
        self.get(Self::RSTP_STATISTICS)
    }

    /// `rstp_status`: 0 or more, string to string; not kept on disk.
    pub fn rstp_status(self) -> MapView<'a, Text, Text> {
        self.get(Self::RSTP_STATUS)
    }

    /// `statistics`: 0 or more, string to integer; not kept on disk.
    pub fn statistics(self) -> MapView<'a, Text, i64> {
        self.get(Self::STATISTICS)
    }

    /// `status`: 0 or more, string to string; not kept on disk.
    pub fn status(self) -> MapView<'a, Text, Text> {
        self.get(Self::STATUS)
    }

    /// `tag`: optional, integer, 0 to 4095.
    pub fn tag(self) -> Option<i64> {
        self.get(Self::TAG)
    }

    /// `trunks`: 0 to 4096, integer, 0 to 4095.
    pub fn trunks(self) -> SetView<'a, i64> {
        self.get(Self::TRUNKS)
    }

    /// `vlan_mode`: optional, string, one of `access`, `dot1q-tunnel`, `native-tagged`, `native-untagged`, `trunk`.
    pub fn vlan_mode(self) -> Option<&'a str> {
        self.get(Self::VLAN_MODE)
    }
}

/// A row of `QoS`.
#[derive(Clone, Copy, Debug)]
pub struct QoS<'a>(&'a Row);

impl<'a> Table<'a> for QoS<'a> {
    type Schema = OpenVSwitchSchema;
    const TABLE_NAME: &'static str = "QoS";
    const TABLE_INDEX: TableIdx = TableIdx(15);

    fn of(row: &'a Row) -> Self {
        QoS(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> QoS<'a> {
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<QoS<'static>, Map<Text, Text>> = Column::new(2, "external_ids");
    /// Column `other_config`.
    pub const OTHER_CONFIG: Column<QoS<'static>, Map<Text, Text>> = Column::new(3, "other_config");
    /// Column `queues`.
    pub const QUEUES: Column<QoS<'static>, Map<i64, Uuid>> = Column::new(4, "queues");
    /// Column `type`.
    pub const TYPE: Column<QoS<'static>, One<Text>> = Column::new(5, "type");

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `other_config`: 0 or more, string to string.
    pub fn other_config(self) -> MapView<'a, Text, Text> {
        self.get(Self::OTHER_CONFIG)
    }

    /// `queues`: 0 or more, integer, 0 to 4294967295 to uuid of a row of `Queue`.
    pub fn queues(self) -> MapView<'a, i64, Uuid> {
        self.get(Self::QUEUES)
    }

    /// `type`: string.
    pub fn r#type(self) -> &'a str {
        self.get(Self::TYPE)
    }
}

/// A row of `Queue`.
#[derive(Clone, Copy, Debug)]
pub struct Queue<'a>(&'a Row);

impl<'a> Table<'a> for Queue<'a> {
    type Schema = OpenVSwitchSchema;
    const TABLE_NAME: &'static str = "Queue";
    const TABLE_INDEX: TableIdx = TableIdx(16);

    fn of(row: &'a Row) -> Self {
        Queue(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> Queue<'a> {
    /// Column `dscp`.
    pub const DSCP: Column<Queue<'static>, Optional<i64>> = Column::new(2, "dscp");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<Queue<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `other_config`.
    pub const OTHER_CONFIG: Column<Queue<'static>, Map<Text, Text>> = Column::new(4, "other_config");

    /// `dscp`: optional, integer, 0 to 63.
    pub fn dscp(self) -> Option<i64> {
        self.get(Self::DSCP)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `other_config`: 0 or more, string to string.
    pub fn other_config(self) -> MapView<'a, Text, Text> {
        self.get(Self::OTHER_CONFIG)
    }
}

/// A row of `SSL`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct Ssl<'a>(&'a Row);

impl<'a> Table<'a> for Ssl<'a> {
    type Schema = OpenVSwitchSchema;
    const TABLE_NAME: &'static str = "SSL";
    const TABLE_INDEX: TableIdx = TableIdx(17);

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
}

/// A row of `sFlow`. Rows live as long as something refers to them.
#[derive(Clone, Copy, Debug)]
pub struct SFlow<'a>(&'a Row);

impl<'a> Table<'a> for SFlow<'a> {
    type Schema = OpenVSwitchSchema;
    const TABLE_NAME: &'static str = "sFlow";
    const TABLE_INDEX: TableIdx = TableIdx(18);

    fn of(row: &'a Row) -> Self {
        SFlow(row)
    }

    fn row(self) -> &'a Row {
        self.0
    }
}

impl<'a> SFlow<'a> {
    /// Column `agent`.
    pub const AGENT: Column<SFlow<'static>, Optional<Text>> = Column::new(2, "agent");
    /// Column `external_ids`.
    pub const EXTERNAL_IDS: Column<SFlow<'static>, Map<Text, Text>> = Column::new(3, "external_ids");
    /// Column `header`.
    pub const HEADER: Column<SFlow<'static>, Optional<i64>> = Column::new(4, "header");
    /// Column `polling`.
    pub const POLLING: Column<SFlow<'static>, Optional<i64>> = Column::new(5, "polling");
    /// Column `sampling`.
    pub const SAMPLING: Column<SFlow<'static>, Optional<i64>> = Column::new(6, "sampling");
    /// Column `targets`.
    pub const TARGETS: Column<SFlow<'static>, Set<Text>> = Column::new(7, "targets");

    /// `agent`: optional, string.
    pub fn agent(self) -> Option<&'a str> {
        self.get(Self::AGENT)
    }

    /// `external_ids`: 0 or more, string to string.
    pub fn external_ids(self) -> MapView<'a, Text, Text> {
        self.get(Self::EXTERNAL_IDS)
    }

    /// `header`: optional, integer.
    pub fn header(self) -> Option<i64> {
        self.get(Self::HEADER)
    }

    /// `polling`: optional, integer.
    pub fn polling(self) -> Option<i64> {
        self.get(Self::POLLING)
    }

    /// `sampling`: optional, integer.
    pub fn sampling(self) -> Option<i64> {
        self.get(Self::SAMPLING)
    }

    /// `targets`: 1 or more, string.
    pub fn targets(self) -> SetView<'a, Text> {
        self.get(Self::TARGETS)
    }
}
