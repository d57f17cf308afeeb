//! Rows in words that do not depend on uuids: a row is named by what it is, and so is whoever it refers to.
//!
//! In: rows of one database, as they are or as they are to be. Out: names, values and flows as text. Never here: what a
//! row means.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use ovn_schemas::rows::ovn_northbound as nb;
use ovn_schemas::rows::ovn_southbound as sb;
use ovsdb_data::typed::Table;
use ovsdb_data::{Atom, ColumnIdx, DatabaseSchema, Datum, Row, TableIdx, Uuid};

use crate::databases::{Databases, Side};
use crate::desired::Desired;
use crate::northd::Northd;

/// The columns of one row that somebody keeps.
pub type Kept = BTreeMap<ColumnIdx, Datum>;

type Keys = (TableIdx, &'static [ColumnIdx]);

/// What tells the rows of a northbound table from one another; all columns where nothing is said.
const NB_KEYS: &[Keys] = &[
    (
        nb::Acl::TABLE_INDEX,
        &[
            nb::Acl::DIRECTION.index,
            nb::Acl::PRIORITY.index,
            nb::Acl::MATCH.index,
            nb::Acl::ACTION.index,
        ],
    ),
    (nb::AddressSet::TABLE_INDEX, &[nb::AddressSet::NAME.index]),
    (
        nb::Bfd::TABLE_INDEX,
        &[nb::Bfd::LOGICAL_PORT.index, nb::Bfd::DST_IP.index],
    ),
    (
        nb::ChassisTemplateVar::TABLE_INDEX,
        &[nb::ChassisTemplateVar::CHASSIS.index],
    ),
    (nb::Copp::TABLE_INDEX, &[nb::Copp::NAME.index]),
    (nb::DhcpOptions::TABLE_INDEX, &[nb::DhcpOptions::CIDR.index]),
    (nb::DhcpRelay::TABLE_INDEX, &[nb::DhcpRelay::NAME.index]),
    (
        nb::ForwardingGroup::TABLE_INDEX,
        &[nb::ForwardingGroup::NAME.index],
    ),
    (nb::GatewayChassis::TABLE_INDEX, &[nb::GatewayChassis::NAME.index]),
    (
        nb::HaChassis::TABLE_INDEX,
        &[nb::HaChassis::CHASSIS_NAME.index, nb::HaChassis::PRIORITY.index],
    ),
    (nb::HaChassisGroup::TABLE_INDEX, &[nb::HaChassisGroup::NAME.index]),
    (
        nb::LoadBalancer::TABLE_INDEX,
        &[nb::LoadBalancer::NAME.index, nb::LoadBalancer::PROTOCOL.index],
    ),
    (
        nb::LoadBalancerGroup::TABLE_INDEX,
        &[nb::LoadBalancerGroup::NAME.index],
    ),
    (
        nb::LoadBalancerHealthCheck::TABLE_INDEX,
        &[nb::LoadBalancerHealthCheck::VIP.index],
    ),
    (nb::LogicalRouter::TABLE_INDEX, &[nb::LogicalRouter::NAME.index]),
    (
        nb::LogicalRouterPolicy::TABLE_INDEX,
        &[
            nb::LogicalRouterPolicy::PRIORITY.index,
            nb::LogicalRouterPolicy::MATCH.index,
            nb::LogicalRouterPolicy::ACTION.index,
        ],
    ),
    (
        nb::LogicalRouterPort::TABLE_INDEX,
        &[nb::LogicalRouterPort::NAME.index],
    ),
    (
        nb::LogicalRouterStaticRoute::TABLE_INDEX,
        &[
            nb::LogicalRouterStaticRoute::IP_PREFIX.index,
            nb::LogicalRouterStaticRoute::NEXTHOP.index,
            nb::LogicalRouterStaticRoute::OUTPUT_PORT.index,
        ],
    ),
    (nb::LogicalSwitch::TABLE_INDEX, &[nb::LogicalSwitch::NAME.index]),
    (
        nb::LogicalSwitchPort::TABLE_INDEX,
        &[nb::LogicalSwitchPort::NAME.index],
    ),
    (nb::Meter::TABLE_INDEX, &[nb::Meter::NAME.index]),
    (nb::Mirror::TABLE_INDEX, &[nb::Mirror::NAME.index]),
    (
        nb::Nat::TABLE_INDEX,
        &[
            nb::Nat::TYPE.index,
            nb::Nat::EXTERNAL_IP.index,
            nb::Nat::LOGICAL_IP.index,
            nb::Nat::LOGICAL_PORT.index,
        ],
    ),
    (nb::NbGlobal::TABLE_INDEX, &[]),
    (nb::PortGroup::TABLE_INDEX, &[nb::PortGroup::NAME.index]),
    (
        nb::QoS::TABLE_INDEX,
        &[
            nb::QoS::DIRECTION.index,
            nb::QoS::PRIORITY.index,
            nb::QoS::MATCH.index,
        ],
    ),
    (
        nb::StaticMacBinding::TABLE_INDEX,
        &[
            nb::StaticMacBinding::LOGICAL_PORT.index,
            nb::StaticMacBinding::IP.index,
        ],
    ),
];

/// Likewise of southbound tables.
const SB_KEYS: &[Keys] = &[
    (sb::SbGlobal::TABLE_INDEX, &[]),
    (
        sb::PortBinding::TABLE_INDEX,
        &[sb::PortBinding::LOGICAL_PORT.index],
    ),
    (
        sb::LogicalDpGroup::TABLE_INDEX,
        &[sb::LogicalDpGroup::DATAPATHS.index],
    ),
    (
        sb::MulticastGroup::TABLE_INDEX,
        &[sb::MulticastGroup::DATAPATH.index, sb::MulticastGroup::NAME.index],
    ),
    (sb::AddressSet::TABLE_INDEX, &[sb::AddressSet::NAME.index]),
    (sb::PortGroup::TABLE_INDEX, &[sb::PortGroup::NAME.index]),
    (sb::Meter::TABLE_INDEX, &[sb::Meter::NAME.index]),
    (sb::HaChassisGroup::TABLE_INDEX, &[sb::HaChassisGroup::NAME.index]),
    (sb::Mirror::TABLE_INDEX, &[sb::Mirror::NAME.index]),
    (sb::Chassis::TABLE_INDEX, &[sb::Chassis::NAME.index]),
    (sb::ChassisPrivate::TABLE_INDEX, &[sb::ChassisPrivate::NAME.index]),
    (sb::DhcpOptions::TABLE_INDEX, &[sb::DhcpOptions::NAME.index]),
    (sb::DHCPv6Options::TABLE_INDEX, &[sb::DHCPv6Options::NAME.index]),
    (sb::LoadBalancer::TABLE_INDEX, &[sb::LoadBalancer::NAME.index]),
    (
        sb::RbacPermission::TABLE_INDEX,
        &[sb::RbacPermission::TABLE.index],
    ),
    (sb::RbacRole::TABLE_INDEX, &[sb::RbacRole::NAME.index]),
    (sb::IpMulticast::TABLE_INDEX, &[sb::IpMulticast::DATAPATH.index]),
    (
        sb::Bfd::TABLE_INDEX,
        &[sb::Bfd::LOGICAL_PORT.index, sb::Bfd::DST_IP.index],
    ),
    (
        sb::ServiceMonitor::TABLE_INDEX,
        &[
            sb::ServiceMonitor::LOGICAL_PORT.index,
            sb::ServiceMonitor::IP.index,
            sb::ServiceMonitor::PORT.index,
            sb::ServiceMonitor::PROTOCOL.index,
        ],
    ),
];

/// The datapath on which a flow is, and what it does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlowWords {
    /// The name of the switch or router.
    pub datapath: String,
    /// As in `external_ids:stage-name`.
    pub stage: String,
    /// The highest that matches counts.
    pub priority: i64,
    /// `match`.
    pub r#match: String,
    /// `actions`.
    pub actions: String,
    /// `controller_meter`.
    pub meter: Option<String>,
}

impl fmt::Display for FlowWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FlowWords {
            datapath,
            stage,
            priority,
            r#match,
            actions,
            meter,
        } = self;
        write!(f, "<{datapath}> {stage:<26} {priority:>5} {match} -> {actions}")?;
        match meter {
            Some(meter) => write!(f, " meter={meter}"),
            None => Ok(()),
        }
    }
}

/// What is only said about a flow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Its pipeline and the number of its table.
    pub table: (String, i64),
    /// The first digits of the northbound row that it is made for.
    pub hint: String,
    /// `tags`.
    pub tags: String,
    /// `flow_desc`.
    pub description: String,
    /// It is on several datapaths.
    pub is_shared: bool,
}

/// Rows of one database.
pub struct Rows {
    schema: DatabaseSchema,
    keys: &'static [Keys],
    rows: BTreeMap<(TableIdx, Uuid), Kept>,
    names: HashMap<(TableIdx, Uuid), String>,
    /// Names of rows of the other database, which texts mention by uuid.
    mentioned: BTreeMap<Uuid, String>,
}

/// Follows a router's name where it could be a switch's.
const ROUTER: &str = " (router)";

impl Rows {
    /// These rows; `others` has the names of rows that they refer to and are not among them.
    pub fn new(
        side: Side,
        rows: impl IntoIterator<Item = (TableIdx, Uuid, Kept)>,
        others: Option<&Rows>,
    ) -> Rows {
        let keys = match side {
            Side::Nb => NB_KEYS,
            Side::Sb => SB_KEYS,
            Side::IcNb | Side::IcSb => &[],
        };
        let rows = rows
            .into_iter()
            .map(|(table, uuid, kept)| ((table, uuid), kept))
            .collect();
        let mut rows = Rows {
            schema: ovn_schemas::schema(side.db()),
            keys,
            rows,
            names: others.map_or_else(HashMap::new, |others| others.names.clone()),
            mentioned: BTreeMap::new(),
        };
        let names: Vec<_> = rows.rows.keys().map(|id| (*id, rows.name(*id))).collect();
        rows.names.extend(names);
        rows
    }

    /// The rows of a database.
    pub fn of(databases: &Databases, side: Side) -> Rows {
        let rows = databases.all(side).filter_map(|change| {
            let row = change.new?;
            Some((change.table, change.uuid, kept(&row)))
        });
        Rows::new(side, rows, None)
    }

    /// The rows of the southbound database as they are to be, with names for what they say about northbound rows.
    pub fn desired(northd: &Northd) -> Rows {
        let present = Rows::of(northd.databases(), Side::Sb);
        let is_to_be = |row: &Desired| row.side == Side::Sb && row.gone.is_none();
        let desired = northd.all().into_iter().filter(is_to_be);
        let rows = desired.map(|row| {
            let columns = row.at_first.into_iter().chain(row.columns);
            (row.table, row.id, columns.collect())
        });
        let mut rows = Rows::new(Side::Sb, rows, Some(&present));
        let northbound = Rows::of(northd.databases(), Side::Nb);
        let mentioned = northbound.names.into_iter().map(|((_, uuid), name)| (uuid, name));
        rows.mentioned = mentioned.collect();
        rows
    }

    /// The name of one of these rows.
    pub fn name_of(&self, table: TableIdx, uuid: Uuid) -> Option<&str> {
        self.names.get(&(table, uuid)).map(String::as_str)
    }

    /// The name of a switch or router, where something else says which of them it is.
    pub fn datapath(&self, uuid: Uuid) -> String {
        let name = self
            .name_of(sb::DatapathBinding::TABLE_INDEX, uuid)
            .unwrap_or("?");
        name.trim_end_matches(ROUTER).to_owned()
    }

    /// The northbound rows that a hint names, the first eight digits of their uuid.
    pub fn hinted(&self, hint: &str) -> Vec<&str> {
        let Ok(first) = u32::from_str_radix(hint, 16) else {
            return Vec::new();
        };
        let first = u128::from(first) << 96;
        let last = first | (u128::MAX >> 32);
        let rows = self
            .mentioned
            .range(Uuid::from_u128(first)..=Uuid::from_u128(last));
        let mut names: Vec<&str> = rows.map(|(_, name)| name.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// A row in words.
    fn name(&self, (table, uuid): (TableIdx, Uuid)) -> String {
        let schema = self.schema.table(table);
        let Some(kept) = self.rows.get(&(table, uuid)) else {
            return format!("?{}", schema.name);
        };
        if &*schema.name == sb::DatapathBinding::TABLE_NAME {
            let ids = kept.get(&sb::DatapathBinding::EXTERNAL_IDS.index);
            let id = |key: &str| ids.and_then(|ids| ids.get_str(key));
            // A switch and a router may have the same name.
            let kind = id("logical-router").map_or("", |_| ROUTER);
            return format!("{}{kind}", id("name").unwrap_or("?"));
        }
        let text = |column: &ColumnIdx| Some(self.text(table, *column, kept.get(column)?));
        let texts: Vec<String> = match self.keys.iter().find(|(of, _)| *of == table) {
            Some((_, keys)) => keys.iter().filter_map(text).collect(),
            None => kept.keys().filter_map(text).collect(),
        };
        // What is empty may be there or not.
        let texts = texts.into_iter().filter(|text| !text.is_empty());
        texts.collect::<Vec<_>>().join(" ")
    }

    /// A value in words.
    pub fn text(&self, table: TableIdx, column: ColumnIdx, value: &Datum) -> String {
        let schema = self.schema.table(table).column_schema(column);
        let ty = &schema.ty;
        let atom = |atom: &Atom, reference: Option<TableIdx>| match (atom.as_uuid(), reference) {
            (Some(uuid), Some(table)) => {
                let name = self.names.get(&(table, uuid)).cloned();
                format!("<{}>", name.unwrap_or_else(|| self.name((table, uuid))))
            }
            // The order of addresses is a hash table's.
            _ if &*schema.name == sb::PortBinding::NAT_ADDRESSES.name => {
                sorted(atom.as_str().unwrap_or_default())
            }
            _ => self.with_names(atom.to_text()),
        };
        let key_of = ty.key.reference().map(|(table, _)| table);
        let value_of = ty
            .value
            .as_ref()
            .and_then(|value| value.reference())
            .map(|(table, _)| table);
        let words: BTreeSet<String> = match ty.is_map() {
            true => value
                .pairs()
                .map(|(k, v)| format!("{}={}", atom(k, key_of), atom(v, value_of)))
                .collect(),
            false => value.atoms().map(|a| atom(a, key_of)).collect(),
        };
        words.into_iter().collect::<Vec<_>>().join(", ")
    }

    /// A text with names for the uuids of rows that it mentions.
    fn with_names(&self, text: String) -> String {
        const LENGTH: usize = 36;
        if self.mentioned.is_empty() || text.len() < LENGTH {
            return text;
        }
        let (mut out, mut rest) = (String::new(), text.as_str());
        while let Some(first) = rest.chars().next() {
            let uuid = rest.get(..LENGTH).and_then(|word| Uuid::parse_str(word).ok());
            match uuid.and_then(|uuid| self.mentioned.get(&uuid)) {
                Some(name) => {
                    out.push_str(&format!("<{name}>"));
                    rest = &rest[LENGTH..];
                }
                None => {
                    out.push(first);
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        out
    }

    /// The rows of a table: name, columns in words.
    pub fn rows(&self, table: TableIdx) -> impl Iterator<Item = (&str, BTreeMap<String, String>)> {
        let of_table = self.rows.iter().filter(move |((of, _), _)| *of == table);
        of_table.map(move |(id, kept)| {
            let columns = kept.iter().map(|(column, value)| {
                let name = self.schema.table(table).column_schema(*column).name.to_string();
                (name, self.text(table, *column, value))
            });
            (self.names.get(id).map_or("", String::as_str), columns.collect())
        })
    }

    /// The tables that have rows, by name.
    pub fn tables(&self) -> BTreeMap<String, TableIdx> {
        let tables = self.rows.keys().map(|(table, _)| *table);
        tables
            .map(|table| (self.schema.table(table).name.to_string(), table))
            .collect()
    }

    /// Every flow on every datapath, with what is only said about it.
    pub fn flows(&self) -> BTreeMap<FlowWords, About> {
        use sb::LogicalFlow as Flow;
        let mut flows = BTreeMap::new();
        for ((_, _), kept) in self.rows.iter().filter(|((of, _), _)| *of == Flow::TABLE_INDEX) {
            let one = |column: ColumnIdx| kept.get(&column).and_then(Datum::one);
            let text = |column: ColumnIdx| {
                let text = one(column).and_then(Atom::as_str).unwrap_or_default();
                self.with_names(text.to_owned())
            };
            let number = |column: ColumnIdx| one(column).and_then(Atom::as_integer).unwrap_or_default();
            let id = |key: &str| {
                let ids = kept.get(&Flow::EXTERNAL_IDS.index);
                ids.and_then(|ids| ids.get_str(key))
                    .unwrap_or_default()
                    .to_owned()
            };
            let datapaths = self.datapaths(kept);
            let tags = kept.get(&Flow::TAGS.index);
            let about = About {
                table: (text(Flow::PIPELINE.index), number(Flow::TABLE_ID.index)),
                hint: id("stage-hint"),
                tags: tags.map_or_else(String::new, |tags| {
                    self.text(Flow::TABLE_INDEX, Flow::TAGS.index, tags)
                }),
                description: text(Flow::FLOW_DESC.index),
                is_shared: datapaths.len() > 1,
            };
            for datapath in datapaths {
                let words = FlowWords {
                    datapath,
                    stage: id("stage-name"),
                    priority: number(Flow::PRIORITY.index),
                    r#match: text(Flow::MATCH.index),
                    actions: text(Flow::ACTIONS.index),
                    meter: Some(text(Flow::CONTROLLER_METER.index)).filter(|meter| !meter.is_empty()),
                };
                flows.insert(words, about.clone());
            }
        }
        flows
    }

    /// The names of a flow's datapaths; its stage says whether they are routers.
    fn datapaths(&self, flow: &Kept) -> Vec<String> {
        use sb::{LogicalDpGroup, LogicalFlow};
        let reference = |column: ColumnIdx| flow.get(&column).and_then(Datum::one).and_then(Atom::as_uuid);
        let group = reference(LogicalFlow::LOGICAL_DP_GROUP.index);
        let group = group.and_then(|group| self.rows.get(&(LogicalDpGroup::TABLE_INDEX, group)));
        let uuids: Vec<Uuid> = match group {
            Some(group) => {
                let members = group.get(&LogicalDpGroup::DATAPATHS.index);
                let members = members.into_iter().flat_map(Datum::atoms);
                members.filter_map(Atom::as_uuid).collect()
            }
            None => reference(LogicalFlow::LOGICAL_DATAPATH.index)
                .into_iter()
                .collect(),
        };
        uuids.into_iter().map(|uuid| self.datapath(uuid)).collect()
    }
}

/// The columns of a row, but for its uuid and version.
pub fn kept(row: &Row) -> Kept {
    let columns = row.iter().skip(2);
    columns.map(|(column, value)| (column, value.clone())).collect()
}

fn sorted(text: &str) -> String {
    let mut words: Vec<&str> = text.split_ascii_whitespace().collect();
    words.sort_unstable();
    words.join(" ")
}
