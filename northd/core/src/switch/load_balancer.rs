//! Load balancing on switches: new connections to virtual addresses go to a backend (ovn-northd(8) "Ingress Table 13:
//! LB"; the empty-backend events of "Pre-LB" and the addresses kept by "Pre-stateful").
//!
//! Flows of a load balancer are said for all its switches at once.

use super::{affinity, local_backend};
use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::load_balancing::{self, Verdict, empty_event, keep, priority, reject, verdict};
use crate::model::bucket::Bucket;
use crate::model::config::Config;
use crate::model::health::{Health, Watched};
use crate::model::lb_sets::{LbKinds, LbSet, Limited};
use crate::model::load_balancer::LoadBalancer;
use crate::model::local_backend::LocalBackends;
use crate::model::vip::Vip;
use crate::model::vips::Vips;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The flows of virtual addresses of a load balancer on its switches.
pub enum SwitchLbFlows {}

impl Derivation for SwitchLbFlows {
    type Key = Bucket;
    type Value = Flows;
    const NODE: NodeId = Node::SwitchLbFlows;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Flows>) -> Flows {
        let uuid = bucket.0;
        load_balancing::on(view, uuid, LbSet::Switches, |lb, kinds, flows| {
            let config = view.get::<Config>(());
            let health = view.get::<Health>(bucket);
            let nearby = view.get::<LocalBackends>(bucket);
            for (idx, (vip, health)) in view.get::<Vips>(bucket).iter().zip(health.iter()).enumerate() {
                if let Some((r#match, actions)) = empty_event(&config, lb, vip) {
                    let parts = kinds.by_meter(view, LbSet::Switches, Limited::EmptyBackends);
                    for (meter, part) in parts.iter().cloned() {
                        flows
                            .add_on_all(part, Stage::LsInPreLb, 130, &*r#match, &*actions)
                            .meter(meter)
                            .hint(uuid);
                    }
                }
                let new = Connections {
                    view,
                    config: &config,
                    lb,
                    kinds,
                    r#match: new_connection(lb, vip, "ct.new"),
                };
                let nearby = nearby.get(idx);
                if nearby.is_none_or(|nearby| !nearby.has_entry) {
                    affinity::add(flows, lb, vip, "");
                }
                if let Some(nearby) = nearby {
                    local_backend::add(flows, &new, vip, health, nearby);
                }
                new.balance(flows, vip, health, priority(vip), new.r#match.clone());
            }
        })
    }
}

/// New connections to a virtual address, on all switches of its load balancer.
pub struct Connections<'a> {
    /// Who reads.
    pub view: &'a View<'a>,
    config: &'a Config,
    /// The load balancer.
    pub lb: &'a LoadBalancer,
    kinds: &'a LbKinds,
    /// Their first packets.
    pub r#match: String,
}

impl Connections<'_> {
    /// Some of them go to a backend, or nowhere.
    pub fn balance(
        &self,
        flows: &mut Flows,
        vip: &Vip,
        health: &[Option<Watched>],
        priority: u16,
        some: String,
    ) {
        let uuid = self.lb.uuid;
        let actions = match verdict(self.lb, vip, health) {
            Verdict::Balance(balance) => format!("{}{balance});", keep(vip, vip.family)),
            Verdict::Drop => self.config.drop.to_string(),
            Verdict::Reject => {
                let actions = reject(Stage::LsOutQos);
                let parts = self.kinds.by_meter(self.view, LbSet::Switches, Limited::Reject);
                for (meter, part) in parts.iter().cloned() {
                    flows
                        .add_on_all(part, Stage::LsInLb, priority, &*some, &*actions)
                        .meter(meter)
                        .hint(uuid);
                }
                return;
            }
        };
        flows.add(Stage::LsInLb, priority, some, actions).hint(uuid);
    }
}

/// Packets to a virtual address.
fn new_connection(lb: &LoadBalancer, vip: &Vip, which: &str) -> String {
    let to = format!("{which} && {}.dst == {}", vip.family.field(), vip.ip);
    match &vip.port {
        Some(port) => format!("{to} && {}.dst == {port}", lb.protocol),
        None => to,
    }
}

/// What keeps virtual addresses before connection tracking changes them.
pub enum LbPreStatefulFlows {}

impl Derivation for LbPreStatefulFlows {
    type Key = Bucket;
    type Value = Flows;
    const NODE: NodeId = Node::LbPreStatefulFlows;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Flows>) -> Flows {
        let uuid = bucket.0;
        load_balancing::on(view, uuid, LbSet::Switches, |lb, _, flows| {
            for vip in view.get::<Vips>(bucket).iter() {
                flows
                    .add(
                        Stage::LsInPreStateful,
                        120,
                        new_connection(lb, vip, "reg0[2] == 1"),
                        format!("{}ct_lb_mark;", keep(vip, vip.family)),
                    )
                    .hint(uuid);
            }
        })
    }
}
