//! ACLs (ovn-nb(5) "ACL"), and what they mean for the switches that they apply to.
//!
//! An ACL applies to the switches whose `acls` have it and to those with a port in a port group whose `acls` have
//! it; whoever has it is its *holder*. What a switch does with packets depends on all of its ACLs, but on little of
//! each: [`HolderAcls`] sums up the ACLs of a holder, [`SwitchAcls`] those of all holders of a switch, and both stay
//! equal when an ACL changes its match. The other way round, the flows of an ACL depend on little of each switch:
//! [`SwitchKind`]. A group sorts its switches by kind once for all of its ACLs ([`GroupKinds`]), so an ACL does not
//! look at switches one by one, and its flows share one set of datapaths per kind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound as nb;
use ovsdb_data::Uuid;

use super::acl_holder::HolderAcls;
use super::options::Options;
use super::port_group::{GroupSwitches, SwitchGroups};
use crate::flow::{Datapaths, Stage};
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// What is done with a packet that matches (`action`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// `allow`.
    Allow,
    /// `allow-related`.
    AllowRelated,
    /// `allow-stateless`.
    AllowStateless,
    /// `drop`.
    Drop,
    /// `reject`.
    Reject,
    /// `pass`.
    Pass,
}

/// Where packets are matched (`direction`, and `apply-after-lb` of `options`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum At {
    /// What comes from ports, before load balancing.
    FromLport,
    /// What comes from ports, after load balancing.
    FromLportAfterLb,
    /// What goes to ports.
    ToLport,
}

impl At {
    /// All of them.
    pub const ALL: [At; 3] = [At::FromLport, At::FromLportAfterLb, At::ToLport];

    /// The stage that matches.
    pub fn eval(self) -> Stage {
        match self {
            At::FromLport => Stage::LsInAclEval,
            At::FromLportAfterLb => Stage::LsInAclAfterLbEval,
            At::ToLport => Stage::LsOutAclEval,
        }
    }

    /// The stage that takes samples.
    pub fn sample(self) -> Stage {
        match self {
            At::FromLport => Stage::LsInAclSample,
            At::FromLportAfterLb => Stage::LsInAclAfterLbSample,
            At::ToLport => Stage::LsOutAclSample,
        }
    }

    /// The stage that acts.
    pub fn action(self) -> Stage {
        match self {
            At::FromLport => Stage::LsInAclAction,
            At::FromLportAfterLb => Stage::LsInAclAfterLbAction,
            At::ToLport => Stage::LsOutAclAction,
        }
    }

    /// Where replies come by.
    pub fn of_replies(self) -> At {
        match self {
            At::FromLport | At::FromLportAfterLb => At::ToLport,
            At::ToLport => At::FromLport,
        }
    }
}

/// What a matching packet is logged as.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// `name`.
    pub name: Option<Arc<str>>,
    /// `severity`.
    pub severity: Arc<str>,
    /// The meter that limits it, by name.
    pub meter: Option<Arc<str>>,
}

/// Where samples go (ovn-nb(5) "Sample_Collector").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Collector {
    /// `id`.
    pub id: i64,
    /// `set_id`, of which the datapath gets eight bits.
    pub set: u8,
    /// `probability`.
    pub probability: i64,
}

/// What is sampled (ovn-nb(5) "Sample").
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// `metadata`: the observation point.
    pub point: i64,
    /// `collectors`.
    pub collectors: Vec<Collector>,
}

impl Sample {
    fn of(view: &View<'_>, uuid: Option<Uuid>) -> Option<Sample> {
        let row = view.row::<nb::Sample<'_>>(uuid?)?;
        let collectors = row.collectors().iter();
        let collectors = collectors.filter_map(|uuid| view.row::<nb::SampleCollector<'_>>(uuid));
        Some(Sample {
            point: row.metadata(),
            collectors: collectors
                .map(|row| Collector {
                    id: row.id(),
                    set: row.set_id() as u8,
                    probability: row.probability(),
                })
                .collect(),
        })
    }

    /// The collector, if it is the only one.
    pub fn only_collector(&self) -> Option<Collector> {
        match self.collectors[..] {
            [only] => Some(only),
            _ => None,
        }
    }
}

/// An ACL.
#[derive(Clone, Debug, PartialEq)]
pub struct Acl {
    /// Its row.
    pub uuid: Uuid,
    /// What it does.
    pub action: Action,
    /// Where.
    pub at: At,
    /// The priority of its flows.
    pub priority: u16,
    /// Its match, as it was typed.
    pub r#match: Arc<str>,
    /// Its tier.
    pub tier: i64,
    /// Its label; 0 if it has none.
    pub label: i64,
    /// What is logged.
    pub log: Option<Log>,
    /// Whether replies are logged, too.
    pub logs_related: bool,
    /// Whether connections outlive it.
    pub is_persistent: bool,
    /// What is sampled of new connections.
    pub sample_new: Option<Sample>,
    /// What is sampled of others.
    pub sample_est: Option<Sample>,
}

impl Acl {
    /// Whether its connections bear its id (`ACL_ID`).
    pub fn has_id(&self) -> bool {
        self.is_persistent && self.action == Action::AllowRelated
    }

    /// Whether packets of connections are sampled, on a switch that tracks them.
    pub fn samples_est(&self) -> bool {
        match self.action {
            Action::AllowStateless => false,
            Action::AllowRelated => self.sample_est.is_some(),
            _ => self.sample_est.is_some() && self.sample_new.is_some(),
        }
    }

    /// What is sampled of it, as of others: what goes to one collector.
    pub fn shared_samples(&self) -> impl Iterator<Item = SharedSample> + use<> {
        let collector = |sample: &Option<Sample>| sample.as_ref().and_then(Sample::only_collector);
        let new = match self.action {
            Action::AllowStateless => Sampled::Stateless,
            _ => Sampled::New,
        };
        let new = collector(&self.sample_new).map(|collector| (collector, new));
        let est = collector(&self.sample_est).filter(|_| self.samples_est());
        let est = est.map(|collector| (collector, Sampled::Est));
        let (at, shared) = (self.at, new.into_iter().chain(est));
        shared.map(move |(collector, of)| SharedSample { at, collector, of })
    }
}

/// What flows that sample for several ACLs are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SharedSample {
    /// Where the ACLs match.
    pub at: At,
    /// Where the samples go.
    pub collector: Collector,
    /// What is sampled.
    pub of: Sampled,
}

/// What is sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sampled {
    /// New connections, on a switch that tracks them.
    New,
    /// Packets that are not tracked on any switch.
    Stateless,
    /// Packets of connections, on a switch that tracks them.
    Est,
}

impl Derivation for Acl {
    type Key = Uuid;
    type Value = Option<Acl>;
    const NODE: NodeId = Node::Acl;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<nb::Acl<'_>>(uuid)?;
        let options = Options::of(&row.options());
        let action = match row.action() {
            "allow" => Action::Allow,
            "allow-related" => Action::AllowRelated,
            "allow-stateless" => Action::AllowStateless,
            "drop" => Action::Drop,
            "reject" => Action::Reject,
            "pass" => Action::Pass,
            other => {
                tracing::warn!("ACL {uuid}: action {other} is not known");
                return None;
            }
        };
        let at = match (row.direction(), options.is_true("apply-after-lb", false)) {
            ("from-lport", false) => At::FromLport,
            ("from-lport", true) => At::FromLportAfterLb,
            _ => At::ToLport,
        };
        let log = row.log().then(|| Log {
            name: row.name().map(Into::into),
            severity: row.severity().unwrap_or("info").into(),
            meter: row.meter().map(Into::into),
        });
        Some(Acl {
            uuid,
            action,
            at,
            priority: row.priority() as u16 + 1000,
            r#match: row.r#match().into(),
            tier: row.tier(),
            label: row.label(),
            log,
            logs_related: options.is_true("log-related", false),
            is_persistent: options.is_true("persist-established", false),
            sample_new: Sample::of(view, row.sample_new()),
            sample_est: Sample::of(view, row.sample_est()),
        })
    }
}

/// What holds for all of several ACLs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AclTraits {
    /// There is one.
    pub has_any: bool,
    /// One of them is `allow-related`.
    pub has_related: bool,
    tiers: [i64; At::ALL.len()],
}

impl AclTraits {
    /// The highest tier at a place.
    pub fn max_tier(&self, at: At) -> i64 {
        self.tiers[at as usize]
    }

    /// Those of one.
    pub fn of(acl: &Acl) -> AclTraits {
        let mut traits = AclTraits {
            has_any: true,
            has_related: acl.action == Action::AllowRelated,
            tiers: [0; At::ALL.len()],
        };
        traits.tiers[acl.at as usize] = acl.tier;
        traits
    }

    /// And of these.
    pub fn add(&mut self, more: &AclTraits) {
        self.has_any |= more.has_any;
        self.has_related |= more.has_related;
        for at in At::ALL {
            self.tiers[at as usize] = self.max_tier(at).max(more.max_tier(at));
        }
    }
}

/// Whether a load balancer, or one of a group, has a VIP.
pub enum HasVip {}

impl Derivation for HasVip {
    type Key = Uuid;
    type Value = bool;
    const NODE: NodeId = Node::HasVip;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&bool>) -> bool {
        let has = |uuid: Uuid| {
            let row = view.row::<nb::LoadBalancer<'_>>(uuid);
            row.is_some_and(|row| !row.vips().is_empty())
        };
        match view.row::<nb::LoadBalancerGroup<'_>>(uuid) {
            Some(group) => group.load_balancer().iter().any(has),
            None => has(uuid),
        }
    }
}

/// What ACLs and load balancers mean for a switch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SwitchAcls {
    /// Its ACLs, its own and those of its port groups.
    pub acls: AclTraits,
    /// It has a load balancer with a VIP: its own, not one of a router.
    pub has_vip: bool,
}

impl SwitchAcls {
    /// Whether connections are tracked.
    pub fn is_stateful(&self) -> bool {
        self.acls.has_related || self.has_vip
    }

    /// Whether ACL stages have anything to do.
    pub fn has_any(&self) -> bool {
        self.acls.has_any || self.has_vip
    }
}

impl Derivation for SwitchAcls {
    type Key = Uuid;
    type Value = SwitchAcls;
    const NODE: NodeId = Node::SwitchAcls;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let mut acls = view.get::<HolderAcls>(uuid).traits;
        for group in view.get::<SwitchGroups>(uuid).keys() {
            acls.add(&view.get::<HolderAcls>(*group).traits);
        }
        let has_vip = view.row::<nb::LogicalSwitch<'_>>(uuid).is_some_and(|row| {
            let mut all = row.load_balancer().iter().chain(row.load_balancer_group().iter());
            all.any(|uuid| *view.get::<HasVip>(uuid))
        });
        SwitchAcls { acls, has_vip }
    }
}

/// What the flows of an ACL depend on in a switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SwitchKind {
    /// Whether connections are tracked.
    pub is_stateful: bool,
    /// Whether one of its ACLs is `allow-related`.
    pub has_related: bool,
    has_tiers: [bool; At::ALL.len()],
}

impl SwitchKind {
    fn of(view: &View<'_>, switch: Uuid) -> SwitchKind {
        let switch = view.get::<SwitchAcls>(switch);
        SwitchKind {
            is_stateful: switch.is_stateful(),
            has_related: switch.acls.has_related,
            has_tiers: At::ALL.map(|at| switch.acls.max_tier(at) > 0),
        }
    }

    /// Whether there is more than one tier at a place.
    pub fn has_tiers(&self, at: At) -> bool {
        self.has_tiers[at as usize]
    }
}

/// The switches of a port group, by kind.
pub enum GroupKinds {}

impl Derivation for GroupKinds {
    type Key = Uuid;
    type Value = BTreeMap<SwitchKind, Arc<[Uuid]>>;
    const NODE: NodeId = Node::GroupKinds;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let mut kinds: BTreeMap<SwitchKind, Vec<Uuid>> = BTreeMap::new();
        for switch in view.get::<GroupSwitches>(uuid).iter() {
            kinds
                .entry(SwitchKind::of(view, *switch))
                .or_default()
                .push(*switch);
        }
        let kinds = kinds.into_iter();
        kinds.map(|(kind, switches)| (kind, switches.into())).collect()
    }
}

/// The switches that an ACL applies to, by kind.
pub fn switches_of(view: &View<'_>, acl: Uuid) -> Vec<(SwitchKind, Datapaths)> {
    let switches = view.holders(nb::LogicalSwitch::ACLS, acl);
    let groups = view.holders(nb::PortGroup::ACLS, acl);
    if let ([], [group]) = (&switches[..], &groups[..]) {
        let kinds = view.get::<GroupKinds>(*group);
        let kinds = kinds.iter();
        return kinds
            .map(|(kind, set)| (*kind, Datapaths::Set(set.clone())))
            .collect();
    }
    let mut kinds: BTreeMap<SwitchKind, BTreeSet<Uuid>> = BTreeMap::new();
    for switch in switches {
        kinds
            .entry(SwitchKind::of(view, switch))
            .or_default()
            .insert(switch);
    }
    for group in groups {
        for (kind, switches) in view.get::<GroupKinds>(group).iter() {
            kinds.entry(*kind).or_default().extend(switches.iter());
        }
    }
    let kinds = kinds.into_iter();
    kinds
        .map(|(kind, switches)| (kind, Datapaths::Set(switches.into_iter().collect())))
        .collect()
}
