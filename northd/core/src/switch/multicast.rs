//! Multicast: who is in which group, and the flows that send there (ovn-northd(8) "Ingress Table 28"; routers: "Ingress
//! Table 15"). Groups are built in, or learned from IGMP and MLD: ovn-controller writes `IGMP_Group`.
//!
//! Never here: the rows of groups; what routers do with multicast that nobody asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::LogicalSwitchPort;
use ovn_schemas::rows::ovn_southbound::{IgmpGroup, PortBinding};
use ovsdb_data::Uuid;
use ovsdb_data::typed::{SetOf, Table};

use crate::desired::named;
use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::bucket::Bucket;
use crate::model::config::Config;
use crate::model::copp;
use crate::model::datapath::Datapath;
use crate::model::name::chassis_redirect;
use crate::model::router::{Router, RouterPorts};
use crate::model::router_port::{RouterPort, SwitchPeer};
use crate::model::router_side::RouterSide;
use crate::model::switch::{Switch, SwitchTraits};
use crate::model::switch_bucket::{BucketPorts, buckets};
use crate::model::switch_port::{SwitchPort, Type};
use crate::nodes::{Node, NodeId};
use crate::switch::arp_nd::port_named;
use crate::view::View;

/// What an address of `IGMP_Group` says of ports behind which there are multicast routers.
const MROUTERS: &str = "mrouters";

/// What a port means for its switch's groups.
#[derive(Clone, Debug, PartialEq)]
pub struct MulticastPort {
    /// The row of `Port_Binding` that stands for it.
    pub id: Uuid,
    /// The row of its own.
    pub own_id: Uuid,
    /// It does not lead to a router.
    pub is_l2: bool,
    /// It takes what is for unknown addresses.
    pub has_unknown: bool,
    /// It leads to a router that relays multicast.
    pub relays: bool,
    /// It leads to a switch that snoops, which counts as a router that relays on a switch that has one.
    pub leads_to_snooper: bool,
    /// It gets all reports (`mcast_flood_reports`).
    pub gets_reports: bool,
    /// It gets all multicast (`mcast_flood`).
    pub gets_all: bool,
    /// It is on.
    pub is_enabled: bool,
}

impl Derivation for MulticastPort {
    type Key = Uuid;
    type Value = Option<MulticastPort>;
    const NODE: NodeId = Node::MulticastPort;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<SwitchPort>(uuid);
        let port = port.as_ref().as_ref()?;
        // Otherwise it would not go through a tunnel to the chassis that has the gateway.
        let own_id = port_id(&port.name);
        let id = match port.redirect(view) {
            Some(_) => port_id(&chassis_redirect(&port.name)),
            None => own_id,
        };
        let relays = port
            .peer(view)
            .and_then(|peer| Some(view.get::<RouterPort>(peer).as_ref().as_ref()?.router))
            .is_some_and(|router| relays(view, router));
        Some(MulticastPort {
            id,
            own_id,
            is_l2: port.r#type != Type::Router,
            has_unknown: port.has_unknown,
            relays,
            leads_to_snooper: port.r#type == Type::Switch && leads_to_snooper(view, port),
            gets_reports: port.options.is_true("mcast_flood_reports", false),
            gets_all: port.options.is_true("mcast_flood", false),
            is_enabled: port.is_enabled,
        })
    }
}

fn leads_to_snooper(view: &View<'_>, port: &SwitchPort) -> bool {
    let peer_of = |row: Uuid| view.row::<LogicalSwitchPort<'_>>(row).and_then(|row| row.peer());
    let Some(peer) = peer_of(port.uuid).and_then(|name| port_named(view, name)) else {
        return false;
    };
    let is_mutual = peer_of(peer) == Some(&*port.name);
    let peer = view.get::<SwitchPort>(peer);
    let Some(peer) = peer.as_ref().as_ref().filter(|peer| peer.r#type == Type::Switch) else {
        return false;
    };
    let switch = view.get::<Switch>(peer.switch);
    is_mutual && switch.as_ref().as_ref().is_some_and(snoops)
}

fn snoops(switch: &Switch) -> bool {
    switch.other_config.is_true("mcast_snoop", false)
}

fn port_id(name: &str) -> Uuid {
    named(PortBinding::TABLE_NAME, name)
}

/// Whether a router relays multicast.
fn relays(view: &View<'_>, router: Uuid) -> bool {
    let router = view.get::<Router>(router);
    let router = router.as_ref().as_ref();
    router.is_some_and(|router| router.options.is_true("mcast_relay", false))
}

/// The built-in groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// `_MC_flood`.
    Flood,
    /// `_MC_unknown`.
    Unknown,
    /// `_MC_mrouter_flood`.
    MrouterFlood,
    /// `_MC_static`.
    Static,
    /// `_MC_flood_l2`.
    FloodL2,
}

impl Group {
    /// All of them, in the order of their tunnel keys.
    pub const ALL: [Group; 5] = [
        Group::Flood,
        Group::Unknown,
        Group::MrouterFlood,
        Group::Static,
        Group::FloodL2,
    ];
}

/// Who is in the built-in groups of a switch or a router, or what a bucket of ports has of them: rows of
/// `Port_Binding`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BuiltIn([SetOf<Uuid>; Group::ALL.len()]);

impl BuiltIn {
    fn of(members: impl Fn(Group) -> SetOf<Uuid>) -> BuiltIn {
        BuiltIn(Group::ALL.map(members))
    }

    /// Who is in a group.
    pub fn members(&self, group: Group) -> &SetOf<Uuid> {
        &self.0[group as usize]
    }

    /// Whether nobody is in a group.
    pub fn is_empty(&self, group: Group) -> bool {
        self.members(group).view().is_empty()
    }

    fn follow(&mut self, before: &BuiltIn, after: &BuiltIn) {
        let pairs = before.0.iter().zip(&after.0);
        for (mine, (before, after)) in self.0.iter_mut().zip(pairs) {
            mine.follow(before, after);
        }
    }
}

/// Whether there is a router on a switch that relays multicast.
pub enum IsRelayed {}

impl Derivation for IsRelayed {
    type Key = Uuid;
    type Value = bool;
    const NODE: NodeId = Node::IsRelayed;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&bool>) -> bool {
        let routers = view.get::<RouterSide>(uuid);
        let mut ports = routers.iter().map(|(lsp, _)| view.get::<MulticastPort>(*lsp));
        ports.any(|port| port.as_ref().as_ref().is_some_and(|port| port.relays))
    }
}

/// The built-in groups of a switch.
pub enum SwitchFloods {}

/// Made of what its buckets have: a bucket that changes changes them by as much.
#[derive(Clone, Debug)]
pub struct Floods {
    /// Who is in them.
    pub groups: BuiltIn,
    of_buckets: Vec<Arc<BuiltIn>>,
}

impl PartialEq for Floods {
    fn eq(&self, other: &Floods) -> bool {
        self.groups == other.groups
    }
}

impl Derivation for SwitchFloods {
    type Key = Uuid;
    type Value = Floods;
    const NODE: NodeId = Node::SwitchFloods;

    fn derive(view: &View<'_>, uuid: Uuid, before: Option<&Floods>) -> Floods {
        let of_buckets = buckets(view, uuid).map(|bucket| view.get::<BucketFloods>(bucket));
        let of_buckets: Vec<Arc<BuiltIn>> = of_buckets.collect();
        let groups = match before.filter(|before| before.of_buckets.len() == of_buckets.len()) {
            Some(before) => {
                let mut groups = before.groups.clone();
                let pairs = before.of_buckets.iter().zip(&of_buckets);
                for (before, after) in pairs.filter(|(before, after)| !Arc::ptr_eq(before, after)) {
                    groups.follow(before, after);
                }
                groups
            }
            None => BuiltIn::of(|group| {
                let of_buckets = of_buckets.iter();
                of_buckets
                    .flat_map(|bucket| bucket.members(group).view().iter())
                    .collect()
            }),
        };
        Floods { groups, of_buckets }
    }
}

/// The ports of a bucket in them.
pub enum BucketFloods {}

impl Derivation for BucketFloods {
    type Key = Bucket;
    type Value = BuiltIn;
    const NODE: NodeId = Node::BucketFloods;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&BuiltIn>) -> BuiltIn {
        let is_relayed = *view.get::<IsRelayed>(bucket.0);
        let ports = view.get::<BucketPorts>(bucket);
        let ports: Vec<_> = ports
            .iter()
            .map(|port| view.get::<MulticastPort>(*port))
            .collect();
        let ports = ports.iter().filter_map(|port| port.as_ref().as_ref());
        let enabled: Vec<&MulticastPort> = ports.filter(|port| port.is_enabled).collect();
        BuiltIn::of(|group| {
            let is_in = |port: &&&MulticastPort| match group {
                Group::Flood => true,
                Group::Unknown => port.has_unknown,
                Group::MrouterFlood => {
                    port.relays || port.gets_reports || (is_relayed && port.leads_to_snooper)
                }
                Group::Static => port.gets_all,
                Group::FloodL2 => port.is_l2,
            };
            enabled.iter().filter(is_in).map(|port| port.id).collect()
        })
    }
}

/// The built-in groups of a router: ports that get all multicast.
pub enum RouterFloods {}

impl Derivation for RouterFloods {
    type Key = Uuid;
    type Value = BuiltIn;
    const NODE: NodeId = Node::RouterFloods;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&BuiltIn>) -> BuiltIn {
        let ports = view.get::<RouterPorts>(uuid);
        let ports: Vec<_> = ports.iter().map(|port| view.get::<RouterPort>(*port)).collect();
        let ports = ports.iter().filter_map(|port| port.as_ref().as_ref());
        let flooded: SetOf<Uuid> = ports
            .filter(|port| port.is_enabled && gets_all(port))
            .map(group_port)
            .collect();
        BuiltIn::of(|group| match group {
            Group::Static => flooded.clone(),
            _ => SetOf::default(),
        })
    }
}

fn gets_all(port: &RouterPort) -> bool {
    port.options.is_true("mcast_flood", false)
}

/// The row of `Port_Binding` that stands for a router port in a group.
fn group_port(port: &RouterPort) -> Uuid {
    match port.is_gateway {
        true => port_id(&chassis_redirect(&port.name)),
        false => port_id(&port.name),
    }
}

/// Where a switch or a router sends multicast besides.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Besides {
    /// To a router that relays it, or, for a router: it does.
    pub relays: bool,
    /// To ports that get all.
    pub floods: bool,
}

/// Where a switch sends multicast besides.
pub enum SwitchBesides {}

impl Derivation for SwitchBesides {
    type Key = Uuid;
    type Value = Besides;
    const NODE: NodeId = Node::SwitchBesides;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Besides>) -> Besides {
        Besides {
            relays: *view.get::<IsRelayed>(uuid),
            floods: !view.get::<SwitchFloods>(uuid).groups.is_empty(Group::Static),
        }
    }
}

/// The flows of a switch.
pub enum MulticastFlows {}

impl Derivation for MulticastFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::MulticastFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        let switch = view.get::<Switch>(uuid);
        let Some(switch) = switch.as_ref().as_ref().filter(|switch| snoops(switch)) else {
            return flows;
        };
        let meter = copp::meter(view, switch.copp, "igmp");
        let lookup = Stage::LsInL2Lkup;
        for reports in ["igmp", "mldv1 || mldv2"] {
            flows.add(lookup, 100, reports, "igmp;").meter(meter.clone());
        }
        // Nobody reports membership in these (RFC 4541 §2.1.2, RFC 4291 §2.7.1).
        flows.add(
            lookup,
            85,
            "ip4.mcast && ip4.dst == 224.0.0.0/24",
            "outport = \"_MC_flood_l2\"; output;",
        );
        flows.add(lookup, 85, "ip6.mcast_flood", "outport = \"_MC_flood\"; output;");
        if !switch.other_config.is_true("mcast_flood_unregistered", false) {
            let besides = *view.get::<SwitchBesides>(uuid);
            let mut actions = String::new();
            if besides.relays {
                actions += "clone { outport = \"_MC_mrouter_flood\"; output; }; ";
            }
            if besides.floods {
                actions += "outport =\"_MC_static\"; output;";
            }
            if actions.is_empty() {
                actions += &view.get::<Config>(()).drop;
            }
            flows.add(lookup, 80, "ip4.mcast || ip6.mcast", actions);
        }
        if switch.is_transit() {
            for port in &view.get::<SwitchTraits>(uuid).remote {
                let port = view.get::<SwitchPort>(*port);
                let Some(port) = port.as_ref() else { continue };
                for reports in ["igmp", "(mldv1 || mldv2)"] {
                    flows
                        .add(
                            Stage::LsOutPreLb,
                            120,
                            format!("inport == {} && {reports}", port.key),
                            "clone { igmp; }; next;",
                        )
                        .meter(meter.clone());
                }
            }
        }
        flows
    }
}

/// A row of `IGMP_Group`: what a chassis has heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    address: Arc<str>,
    /// Ports by name.
    ports: Vec<Arc<str>>,
}

/// What has been heard, by switch.
pub enum Reports {}

impl Derivation for Reports {
    type Key = ();
    type Value = BTreeMap<Uuid, Vec<Report>>;
    const NODE: NodeId = Node::Reports;

    fn derive(view: &View<'_>, (): (), _: Option<&Self::Value>) -> Self::Value {
        let mut reports: BTreeMap<Uuid, Vec<Report>> = BTreeMap::new();
        for row in view.rows::<IgmpGroup<'_>>() {
            let Some(switch) = switch_of(view, row) else {
                continue;
            };
            if row.chassis().is_none() {
                continue;
            }
            let ports = row.ports().iter();
            let names = ports.filter_map(|port| {
                view.row::<PortBinding<'_>>(port)
                    .map(|port| port.logical_port().into())
            });
            reports.entry(switch).or_default().push(Report {
                address: row.address().into(),
                ports: names.collect(),
            });
        }
        reports
    }
}

/// The switch on which a report was heard.
pub fn switch_of(view: &View<'_>, report: IgmpGroup<'_>) -> Option<Uuid> {
    Datapath::find(view, report.datapath()?)?.switch()
}

/// What has been heard on a switch.
pub enum SwitchReports {}

impl Derivation for SwitchReports {
    type Key = Uuid;
    type Value = Vec<Report>;
    const NODE: NodeId = Node::SwitchReports;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        view.get::<Reports>(()).get(&uuid).cloned().unwrap_or_default()
    }
}

/// A group that has been learned.
#[derive(Clone, Debug, PartialEq)]
pub struct LearnedGroup {
    /// Its name: its address as it was written.
    pub name: Arc<str>,
    /// Members: rows of `Port_Binding`.
    pub ports: BTreeSet<Uuid>,
}

/// What a switch or a router has learned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learned {
    /// Groups.
    pub groups: BTreeMap<IpAddr, LearnedGroup>,
    /// Ports behind which there are multicast routers.
    pub mrouters: BTreeSet<Uuid>,
}

impl Learned {
    fn group(&mut self, ip: IpAddr, name: &Arc<str>) -> &mut LearnedGroup {
        self.groups.entry(ip).or_insert_with(|| LearnedGroup {
            name: name.clone(),
            ports: BTreeSet::new(),
        })
    }
}

/// What a switch has learned.
pub enum SwitchLearned {}

impl Derivation for SwitchLearned {
    type Key = Uuid;
    type Value = Learned;
    const NODE: NodeId = Node::SwitchLearned;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Learned>) -> Learned {
        let mut learned = Learned::default();
        for Report { address, ports } in view.get::<SwitchReports>(uuid).iter() {
            let members: Vec<Uuid> = ports.iter().filter_map(|name| member(view, name)).collect();
            if members.is_empty() {
                continue;
            }
            if **address == *MROUTERS {
                learned.mrouters.extend(members);
                continue;
            }
            match address.parse() {
                Ok(ip) => learned.group(ip, address).ports.extend(members),
                Err(_) => tracing::warn!("invalid IGMP group address: {address}"),
            }
        }
        let traits = view.get::<SwitchTraits>(uuid);
        let localnets = traits.localnet.iter();
        let localnets: Vec<Uuid> = localnets
            .filter_map(|port| Some(view.get::<MulticastPort>(*port).as_ref().as_ref()?.own_id))
            .collect();
        for group in learned.groups.values_mut() {
            group.ports.extend(&localnets);
        }
        learned
    }
}

/// A port that has reported, unless it gets the traffic anyway.
fn member(view: &View<'_>, name: &str) -> Option<Uuid> {
    let port = view.get::<MulticastPort>(port_named(view, name)?);
    let port = port.as_ref().as_ref()?;
    (!port.gets_all && !port.relays && !port.leads_to_snooper).then_some(port.own_id)
}

/// What a router that relays multicast has learned, from the switches that it is on.
pub enum RouterLearned {}

impl Derivation for RouterLearned {
    type Key = Uuid;
    type Value = Learned;
    const NODE: NodeId = Node::RouterLearned;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Learned>) -> Learned {
        let mut learned = Learned::default();
        if !relays(view, uuid) {
            return learned;
        }
        for port in view.get::<RouterPorts>(uuid).iter() {
            let row = view.get::<RouterPort>(*port);
            let Some(row) = row.as_ref().as_ref().filter(|port| !gets_all(port)) else {
                continue;
            };
            let leading = view
                .get::<SwitchPeer>(*port)
                .map(|leading| view.get::<SwitchPort>(leading));
            let Some(leading) = leading.as_ref().and_then(|leading| leading.as_ref().as_ref()) else {
                continue;
            };
            for (ip, group) in &view.get::<SwitchLearned>(leading.switch).groups {
                if is_relayed(*ip) {
                    learned.group(*ip, &group.name).ports.insert(group_port(row));
                }
            }
        }
        learned
    }
}

/// Groups of IPv6 that do not leave their link or their realm are not relayed (RFC 4291 §2.7).
fn is_relayed(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(_) => true,
        IpAddr::V6(ip) => ip.is_multicast() && !matches!(ip.octets()[1] & 0xf, 0..=3 | 0xf),
    }
}

/// The flows of a switch for what it has learned.
pub enum SwitchLearnedFlows {}

impl Derivation for SwitchLearnedFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::SwitchLearnedFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        let learned = view.get::<SwitchLearned>(uuid);
        if learned.groups.is_empty() {
            return flows;
        }
        let switch = view.get::<Switch>(uuid);
        let Some(switch) = switch.as_ref() else {
            return flows;
        };
        let besides = *view.get::<SwitchBesides>(uuid);
        let limit = switch.other_config.number("mcast_table_size", 2048);
        let (mut n_v4, mut n_v6) = (0, 0);
        for (ip, group) in learned.groups.iter().filter(|(ip, _)| !is_flooded(**ip)) {
            let (family, n) = match ip {
                IpAddr::V4(_) => ("ip4", &mut n_v4),
                IpAddr::V6(_) => ("ip6", &mut n_v6),
            };
            *n += 1;
            if *n > limit {
                tracing::info!("Too many active multicast flows: {limit}");
                continue;
            }
            let mut actions = String::new();
            if besides.relays {
                actions += "clone { outport = \"_MC_mrouter_flood\"; output; };";
            }
            if besides.floods {
                actions += "clone { outport =\"_MC_static\"; output; };";
            }
            actions += &format!("outport = \"{}\"; output; ", group.name);
            flows.add(
                Stage::LsInL2Lkup,
                90,
                format!("eth.mcast && {family} && {family}.dst == {} ", group.name),
                actions,
            );
        }
        flows
    }
}

/// Whether a group goes to everybody, learned or not.
fn is_flooded(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => u32::from(ip) >> 8 == u32::from(Ipv4Addr::new(224, 0, 0, 0)) >> 8,
        IpAddr::V6(ip) => [(0xff02, 1), (0xff02, 2), (0xff05, 2)]
            .map(|(first, last)| Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, last))
            .contains(&ip),
    }
}

/// The flows of a router for what it has learned.
pub enum RouterLearnedFlows {}

impl Derivation for RouterLearnedFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::RouterLearnedFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        let learned = view.get::<RouterLearned>(uuid);
        if learned.groups.is_empty() {
            return flows;
        }
        let flood = match view.get::<RouterFloods>(uuid).is_empty(Group::Static) {
            true => "",
            false => "clone { outport = \"_MC_static\"; ip.ttl--; next; };",
        };
        for (ip, group) in &learned.groups {
            let family = match ip {
                IpAddr::V4(_) => "ip4",
                IpAddr::V6(_) => "ip6",
            };
            flows.add(
                Stage::LrInIpRouting,
                10500,
                format!("{family} && {family}.dst == {} ", group.name),
                format!("{flood}outport = \"{}\"; ip.ttl--; next;", group.name),
            );
        }
        flows
    }
}
