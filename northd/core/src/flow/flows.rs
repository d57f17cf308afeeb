//! What a derivation says of logical flows.
//!
//! ```text
//!   let mut flows = Flows::on(switch);
//!   flows.add(Stage::LsInL2Lkup, 50, format!("eth.dst == {mac}"), format!("outport = {port}; output;")).hint(uuid);
//!   flows.add_on(router, Stage::LrInArpResolve, 100, ...);
//!   flows.include::<FlowsOfAPart>(view, part);
//! ```

use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::Arc;

use ovsdb_data::Uuid;

use super::sets::{Set, SetName};
use super::stage::Stage;
use crate::graph::{Derivation, Owner};
use crate::view::View;

/// The datapaths that a flow is for: rows of `Logical_Switch` or `Logical_Router`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datapaths {
    /// One.
    One(Uuid),
    /// Several, sorted, in a set that many flows share.
    Set(Set),
    /// Those of a set that somebody defines ([`Flows::define`]).
    Named(SetName),
}

/// A logical flow (ovn-sb(5) "Logical_Flow"). Two flows are the same where stage, priority, match, actions and meter
/// are.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// On which datapaths.
    pub datapaths: Datapaths,
    /// Where.
    pub stage: Stage,
    /// The highest that matches counts.
    pub priority: u16,
    /// An expression (ovn-sb(5) "match").
    pub r#match: Arc<str>,
    /// Actions (ovn-sb(5) "actions").
    pub actions: Arc<str>,
    /// `controller_meter`.
    pub meter: Option<Arc<str>>,
    /// The northbound row that it is made for (`external_ids:stage-hint`).
    pub hint: Option<Uuid>,
    /// `tags:in_out_port`.
    pub in_out_port: Option<Arc<str>>,
    /// It lets packets past connection tracking (`external_ids:kube-ovn-hint`).
    pub skips_tracking: bool,
    /// Whoever else makes it says what it is made for and about.
    pub yields: bool,
    /// `flow_desc`.
    pub description: Option<&'static str>,
    /// The line that made it (`external_ids:source`).
    pub source: &'static Location<'static>,
}

impl Flow {
    /// Says which northbound row it is made for.
    pub fn hint(&mut self, row: Uuid) -> &mut Self {
        self.hint = Some(row);
        self
    }

    /// Says which port it is about.
    pub fn tag(&mut self, port: &str) -> &mut Self {
        self.in_out_port = Some(port.into());
        self
    }

    /// Says that it lets packets past connection tracking: Kube-OVN's ovn-controller leaves such flows out on kernels
    /// that cannot do with it.
    pub fn skip_tracking(&mut self) -> &mut Self {
        self.skips_tracking = true;
        self
    }

    /// Says whether others who make it, too, say what it is made for and about.
    pub fn yields(&mut self, yields: bool) -> &mut Self {
        self.yields = yields;
        self
    }

    /// Says which meter protects ovn-controller from it.
    pub fn meter(&mut self, meter: Option<Arc<str>>) -> &mut Self {
        self.meter = meter;
        self
    }

    /// Says why it drops.
    pub fn describe(&mut self, text: &'static str) -> &mut Self {
        self.description = Some(text);
        self
    }
}

/// The flows of one owner: a value of a derivation.
#[derive(Clone, Debug)]
pub struct Flows {
    datapaths: Datapaths,
    /// Each is kept once: the table of all flows shares it.
    flows: Vec<Arc<Flow>>,
    parts: BTreeMap<Owner, Part>,
    sets: Vec<(SetName, Set)>,
}

/// Where one more would be is nothing that is said.
impl PartialEq for Flows {
    fn eq(&self, other: &Flows) -> bool {
        (&self.flows, &self.parts, &self.sets) == (&other.flows, &other.parts, &other.sets)
    }
}

/// Flows that another derivation made. Who has many makes them in parts: a part that was not made again costs nothing.
#[derive(Clone, Debug)]
pub struct Part(pub Arc<Flows>);

impl PartialEq for Part {
    fn eq(&self, other: &Part) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Flows {
    /// Flows of one datapath, none yet.
    pub fn on(datapath: Uuid) -> Flows {
        Flows::on_all(Datapaths::One(datapath))
    }

    /// Flows of several datapaths, none yet.
    pub fn on_all(datapaths: Datapaths) -> Flows {
        Flows {
            datapaths,
            flows: Vec::new(),
            parts: BTreeMap::new(),
            sets: Vec::new(),
        }
    }

    /// One more.
    #[track_caller]
    pub fn add(
        &mut self,
        stage: Stage,
        priority: u16,
        r#match: impl Into<Arc<str>>,
        actions: impl Into<Arc<str>>,
    ) -> &mut Flow {
        let datapaths = self.datapaths.clone();
        self.put(datapaths, stage, priority, r#match.into(), actions.into())
    }

    /// Those that are added from here on are on this datapath.
    pub fn go_on(&mut self, datapath: Uuid) {
        self.datapaths = Datapaths::One(datapath);
    }

    /// One more, on another datapath.
    #[track_caller]
    pub fn add_on(
        &mut self,
        datapath: Uuid,
        stage: Stage,
        priority: u16,
        r#match: impl Into<Arc<str>>,
        actions: impl Into<Arc<str>>,
    ) -> &mut Flow {
        self.put(
            Datapaths::One(datapath),
            stage,
            priority,
            r#match.into(),
            actions.into(),
        )
    }

    /// One more, on several datapaths.
    #[track_caller]
    pub fn add_on_all(
        &mut self,
        datapaths: Datapaths,
        stage: Stage,
        priority: u16,
        r#match: impl Into<Arc<str>>,
        actions: impl Into<Arc<str>>,
    ) -> &mut Flow {
        self.put(datapaths, stage, priority, r#match.into(), actions.into())
    }

    #[track_caller]
    fn put(
        &mut self,
        datapaths: Datapaths,
        stage: Stage,
        priority: u16,
        r#match: Arc<str>,
        actions: Arc<str>,
    ) -> &mut Flow {
        self.flows.push(Arc::new(Flow {
            datapaths,
            stage,
            priority,
            r#match,
            actions,
            meter: None,
            hint: None,
            in_out_port: None,
            skips_tracking: false,
            yields: false,
            description: None,
            source: Location::caller(),
        }));
        let last = self.flows.len() - 1;
        Arc::make_mut(&mut self.flows[last])
    }

    /// All of them but for those of parts, in the order in which they were added.
    pub fn as_slice(&self) -> &[Arc<Flow>] {
        &self.flows
    }

    /// With those of another datapath, too.
    pub fn extend(&mut self, others: Flows) {
        self.flows.extend(others.flows);
        self.parts.extend(others.parts);
        self.sets.extend(others.sets);
    }

    /// All of another derivation's, which remain its own.
    pub fn include<D: Derivation<Value = Flows>>(&mut self, view: &View<'_>, key: D::Key) {
        let owner = (D::NODE, key.into());
        self.parts.insert(owner, Part(view.get::<D>(key)));
    }

    /// All of them, but for those of parts.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Flow> {
        self.flows.iter().map(|flow| &**flow)
    }

    /// Says which datapaths are in a set, for all who say flows on it.
    pub fn define(&mut self, name: SetName, set: Set) {
        self.sets.push((name, set));
    }

    /// The sets that are defined here.
    pub fn sets(&self) -> &[(SetName, Set)] {
        &self.sets
    }

    /// Those that others made, by who made them.
    pub fn parts(&self) -> &BTreeMap<Owner, Part> {
        &self.parts
    }
}
