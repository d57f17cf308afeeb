//! `Load_Balancer`: one row for each load balancer that is on a switch or a router, with the groups of its datapaths
//! (ovn-sb(5)). ovn-controller makes hairpin flows of it.

use std::collections::BTreeMap;

use ovn_schemas::rows::ovn_northbound as nb;
use ovn_schemas::rows::ovn_southbound::{LoadBalancer as Row, LogicalDpGroup};
use ovsdb_data::Uuid;
use ovsdb_data::typed::{Columns, Table};

use crate::desired::{Desired, identity};
use crate::flow::table::group_id;
use crate::graph::Derivation;
use crate::model::features::Features;
use crate::model::lb_sets::{LbKinds, LbSet};
use crate::model::load_balancer::LoadBalancer;
use crate::model::load_balancer_datapaths::{
    LbGroupRouters, LbGroupSwitches, LbHome, LbRouters, LbSwitches, alike,
};
use crate::model::vip::Family;
use crate::model::vips::{Vips, buckets};
use crate::nodes::{Node, NodeId};
use crate::sync::datapath_binding::datapath_id;
use crate::view::View;

/// What groups of load balancers' datapaths are told apart by: they are not those of flows.
const POOL: &str = "Load_Balancer";

/// The sets that rows are made of.
const SETS: [LbSet; 2] = [LbSet::Switches, LbSet::Routers];

/// The rows of a load balancer.
pub enum LoadBalancers {}

impl Derivation for LoadBalancers {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::LoadBalancers;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let kinds = view.get::<LbKinds>(alike(view, uuid));
        let [has_switches, has_routers] = SETS.map(|which| kinds.set(which).is_some());
        let Some(row) = view.row::<nb::LoadBalancer<'_>>(uuid) else {
            return Vec::new();
        };
        if !has_switches && !has_routers {
            return Vec::new();
        }
        let mut rows = Vec::new();
        let [on_switches, on_routers] = match *view.get::<LbHome>(uuid) {
            Some(group) => [
                has_switches.then(|| id_of_group(group, LbSet::Switches)),
                has_routers.then(|| id_of_group(group, LbSet::Routers)),
            ],
            None => [view.get::<LbSwitches>(uuid), view.get::<LbRouters>(uuid)].map(|set| {
                let id = (!set.is_empty()).then(|| group_id(POOL, &set))?;
                rows.push(group_row(id, &set));
                Some(id)
            }),
        };
        let (old, new) = match view.get::<Features>(()).ls_dpg_column {
            true => (None, on_switches),
            false => (on_switches, None),
        };
        let mut options: BTreeMap<&str, &str> = row.options().iter().collect();
        options.insert("hairpin_orig_tuple", "true");
        let columns = Columns::new()
            .set(Row::NAME, row.name())
            .set(Row::VIPS, vips(view, row))
            .set(Row::PROTOCOL, row.protocol())
            .set(Row::OPTIONS, options)
            .set(Row::DATAPATH_GROUP, old)
            .set(Row::LS_DATAPATH_GROUP, new)
            .set(Row::LR_DATAPATH_GROUP, on_routers)
            .set(Row::DATAPATHS, std::iter::empty::<Uuid>());
        rows.push(Desired::row::<Row<'static>>(uuid, columns));
        rows
    }
}

/// The row of the datapaths that load balancers owe to a group of load balancers: the same row, whatever they are.
fn id_of_group(group: Uuid, which: LbSet) -> Uuid {
    identity(POOL, &[group.as_bytes(), &[which as u8]])
}

fn group_row(id: Uuid, datapaths: &[Uuid]) -> Desired {
    let members = datapaths.iter().map(|datapath| datapath_id(*datapath));
    let columns = Columns::new().set(LogicalDpGroup::DATAPATHS, members);
    Desired::row::<LogicalDpGroup<'static>>(id, columns)
}

/// The rows of what a group's load balancers owe to it.
pub enum LbGroupRows {}

impl Derivation for LbGroupRows {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::LbGroupRows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let is_home = |lb: Uuid| *view.get::<LbHome>(lb) == Some(uuid);
        let row = view.row::<nb::LoadBalancerGroup<'_>>(uuid);
        // Rows that nobody refers to do not stay.
        if !row.is_some_and(|row| row.load_balancer().iter().any(is_home)) {
            return Vec::new();
        }
        let sets = [
            view.get::<LbGroupSwitches>(uuid),
            view.get::<LbGroupRouters>(uuid),
        ];
        let sets = SETS.into_iter().zip(sets).filter(|(_, set)| !set.is_empty());
        sets.map(|(which, set)| group_row(id_of_group(uuid, which), &set))
            .collect()
    }
}

/// The virtual addresses as they were typed, but for IPv6 templates.
fn vips(view: &View<'_>, row: nb::LoadBalancer<'_>) -> Vec<(String, String)> {
    let lb = view.get::<LoadBalancer>(row.uuid());
    let is_ipv6_template = |lb: &LoadBalancer| lb.is_template && lb.family == Family::V6;
    let mut vips = BTreeMap::new();
    if lb.as_ref().as_ref().is_some_and(is_ipv6_template) {
        for bucket in buckets(view, row.uuid()) {
            let bucket = view.get::<Vips>(bucket);
            vips.extend(
                bucket
                    .iter()
                    .map(|vip| (vip.template_text(), vip.backends_text.to_string())),
            );
        }
    }
    match vips.is_empty() {
        false => vips.into_iter().collect(),
        true => row
            .vips()
            .iter()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
    }
}
