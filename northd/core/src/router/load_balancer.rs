//! Load balancing on routers: new connections to virtual addresses go to a backend, and answers come back with the
//! virtual address (ovn-northd(8) "Ingress Table 9: DNAT", "24: Gateway Redirect", "Egress Table 1: UNDNAT", "3: SNAT").
//!
//! Flows of a load balancer are said for all its routers at once, but for those with distributed gateway ports: there
//! the gateway's chassis balances. Never here: what becomes of sources (`lb_force_snat_ip`), defaults of the stages
//! that NAT is in too.

use std::sync::Arc;

use ovsdb_data::Uuid;

use super::{affinity, kube_ovn};
use crate::flow::{Datapaths, Flows, Stage};
use crate::graph::Derivation;
use crate::load_balancing::{self, Verdict, empty_event, keep, priority, reject, verdict};
use crate::model::bucket::Bucket;
use crate::model::config::Config;
use crate::model::health::{Health, Watched};
use crate::model::lb_sets::{LbKinds, LbSet, Limited, Metered};
use crate::model::load_balancer::LoadBalancer;
use crate::model::load_balancer_datapaths::LbRouter;
use crate::model::name::is_resident;
use crate::model::router::Router;
use crate::model::router_vips::HasVip;
use crate::model::vip::Vip;
use crate::model::vips::Vips;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// What becomes of the source of what is balanced.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Snat {
    /// Whatever the router's NAT says.
    Usual,
    /// It stays.
    Skip,
    /// It is replaced.
    Force,
}

impl Snat {
    fn of(lb: &LoadBalancer, router: &LbRouter) -> Snat {
        match (lb.skips_snat, router.forces_snat) {
            (true, _) => Snat::Skip,
            (false, true) => Snat::Force,
            (false, false) => Snat::Usual,
        }
    }

    /// What stands before an action that balances, and what stands last in it.
    pub fn around(self) -> (&'static str, &'static str) {
        match self {
            Snat::Usual => ("", ""),
            Snat::Skip => ("flags.skip_snat_for_lb = 1; ", "; skip_snat"),
            Snat::Force => ("flags.force_snat_for_lb = 1; ", "; force_snat"),
        }
    }
}

/// The flows of virtual addresses of a load balancer on its routers.
pub enum RouterLbFlows {}

impl Derivation for RouterLbFlows {
    type Key = Bucket;
    type Value = Flows;
    const NODE: NodeId = Node::RouterLbFlows;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Flows>) -> Flows {
        let uuid = bucket.0;
        load_balancing::on(view, uuid, LbSet::Routers, |lb, kinds, flows| {
            let config = view.get::<Config>(());
            let health = view.get::<Health>(bucket);
            for (vip, health) in view.get::<Vips>(bucket).iter().zip(health.iter()) {
                OnVip::new(&config, lb, vip, health).add(view, kinds, flows);
                if let Some((r#match, actions)) = empty_event(&config, lb, vip) {
                    let parts = kinds.by_meter(view, LbSet::Routers, Limited::EmptyBackends);
                    for (meter, part) in parts.iter().cloned() {
                        flows
                            .add_on_all(part, Stage::LrInDnat, 130, &*r#match, &*actions)
                            .meter(meter)
                            .hint(uuid);
                    }
                }
            }
        })
    }
}

/// Sources that stay go past what NAT says.
pub fn keep_sources(flows: &mut Flows, lb: &LoadBalancer, kinds: &LbKinds) {
    if let Some(routers) = kinds.set(LbSet::Routers).filter(|_| lb.skips_snat) {
        flows.add_on_all(
            routers,
            Stage::LrOutSnat,
            120,
            "flags.skip_snat_for_lb == 1 && ip",
            "next;",
        );
    }
}

/// A virtual address, and what its flows have in common.
struct OnVip<'a> {
    config: &'a Config,
    lb: &'a LoadBalancer,
    vip: &'a Vip,
    verdict: Verdict,
    /// A new connection.
    r#match: String,
}

impl<'a> OnVip<'a> {
    fn new(config: &'a Config, lb: &'a LoadBalancer, vip: &'a Vip, health: &[Option<Watched>]) -> Self {
        let (field, protocol) = (vip.family.field(), lb.protocol);
        let mut r#match = format!("ct.new && !ct.rel && {field} && {field}.dst == {}", vip.ip);
        if let Some(port) = &vip.port {
            r#match.push_str(&format!(" && {protocol} && {protocol}.dst == {port}"));
        }
        OnVip {
            config,
            lb,
            vip,
            verdict: verdict(lb, vip, health),
            r#match,
        }
    }

    fn add(&self, view: &View<'_>, kinds: &LbKinds, flows: &mut Flows) {
        for (uuid, router) in &kinds.distributed {
            for gateway in &router.gateways {
                self.add_at_gateway(view, *uuid, router, gateway, flows);
            }
        }
        let plain = [LbSet::Plain, LbSet::PlainForcing, LbSet::PlainUsual];
        for (snat, which, routers) in self.by_snat(kinds, plain) {
            for (meter, part) in self.parts(view, kinds, which, routers) {
                flows
                    .add_on_all(
                        part,
                        Stage::LrInDnat,
                        priority(self.vip),
                        &*self.r#match,
                        self.actions(snat),
                    )
                    .meter(meter)
                    .hint(self.lb.uuid);
            }
        }
        let all = [LbSet::Routers, LbSet::Forcing, LbSet::Usual];
        for (snat, _, routers) in self.by_snat(kinds, all) {
            affinity::add(flows, self.lb, self.vip, &self.r#match, snat, &routers);
        }
    }

    /// Routers by what becomes of sources: all, or those that force one and those that do not.
    fn by_snat(&self, kinds: &LbKinds, [all, forcing, usual]: [LbSet; 3]) -> Vec<(Snat, LbSet, Datapaths)> {
        let sets = match self.lb.skips_snat {
            true => vec![(Snat::Skip, all)],
            false => vec![(Snat::Usual, usual), (Snat::Force, forcing)],
        };
        let some = |(snat, which)| Some((snat, which, kinds.set(which)?));
        sets.into_iter().filter_map(some).collect()
    }

    /// Routers by the meter of refusals, if that is what happens.
    fn parts(&self, view: &View<'_>, kinds: &LbKinds, which: LbSet, routers: Datapaths) -> Vec<Metered> {
        match self.verdict {
            Verdict::Reject => kinds.by_meter(view, which, Limited::Reject).to_vec(),
            _ => vec![(None, routers)],
        }
    }

    fn actions(&self, snat: Snat) -> String {
        let (before, after) = snat.around();
        match &self.verdict {
            Verdict::Balance(balance) => {
                let kept = match self.lb.affinity_s {
                    0 => String::new(),
                    _ => keep(self.vip, self.vip.family),
                };
                format!("{before}{kept}{balance}{after});")
            }
            Verdict::Drop => self.config.drop.to_string(),
            Verdict::Reject => format!("{before}{}", reject(Stage::LrOutSnat)),
        }
    }

    /// On a router with distributed gateway ports: at one of them.
    fn add_at_gateway(
        &self,
        view: &View<'_>,
        uuid: Uuid,
        router: &LbRouter,
        (port, redirect): &(Arc<str>, Arc<str>),
        flows: &mut Flows,
    ) {
        let OnVip { lb, vip, .. } = self;
        let snat = Snat::of(lb, router);
        let is_stateless = lb.is_stateless && router.gateways.len() > 1;
        let here = is_resident(redirect);
        let is_shared = self.config.kube_ovn.is_there && router.gateways.len() > 1 && !is_stateless;
        let balanced_at = match is_shared {
            true => kube_ovn::residence(view, uuid, vip),
            false => Some(here.clone()),
        };
        let r#match = match balanced_at {
            Some(at) if !vip.backends.is_empty() || !lb.rejects => format!("{} && {at}", self.r#match),
            _ => self.r#match.clone(),
        };
        // Where nothing is known of the connection it goes to the first backend.
        let mut actions = String::new();
        if let Some(first) = vip.backends.first().filter(|_| is_stateless) {
            actions = format!("{}.dst = {}; ", first.certain_family().field(), first.ip);
        }
        actions.push_str(&self.actions(snat));
        let meter = match self.verdict {
            Verdict::Reject => Limited::Reject.meter(view, uuid),
            _ => None,
        };
        flows
            .add_on(uuid, Stage::LrInDnat, priority(vip), &*r#match, &*actions)
            .meter(meter)
            .hint(lb.uuid);
        if vip.backends.is_empty() {
            return;
        }

        let mut add = |stage: Stage, priority: u16, r#match: &str, actions: &str| {
            flows
                .add_on(uuid, stage, priority, r#match, actions)
                .hint(lb.uuid);
        };
        let answer = self.answer();
        add(
            Stage::LrInGwRedirect,
            200,
            &format!("{answer} && outport == {port}"),
            &format!("outport = {redirect}; next;"),
        );
        let undo = match snat {
            _ if is_stateless => "next;",
            Snat::Force => "flags.force_snat_for_lb = 1; next;",
            Snat::Skip => "flags.skip_snat_for_lb = 1; next;",
            Snat::Usual if self.config.use_common_zone && !router.is_gateway => "ct_dnat_in_czone;",
            Snat::Usual => "ct_dnat;",
        };
        let mut leaves = format!("{answer} && (inport == {port} || outport == {port}) && {here}");
        if is_stateless {
            leaves.push_str(&format!(" && {}", lb.protocol));
        }
        add(Stage::LrOutUndnat, 120, &leaves, undo);
        if is_stateless {
            let mut actions = format!("{}.src = {}; ", vip.family.field(), vip.ip);
            if let Some(port) = &vip.port {
                actions.push_str(&format!("{}.src = {port}; ", lb.protocol));
            }
            actions.push_str("next;");
            add(Stage::LrOutSnat, 160, &leaves, &actions);
        }
    }

    /// Packets that come from a backend.
    fn answer(&self) -> String {
        let (field, protocol) = (self.vip.family.field(), self.lb.protocol);
        let from = self.vip.backends.iter().map(|backend| match &backend.port_text {
            Some(port) => format!("({field}.src == {} && {protocol}.src == {port})", backend.ip),
            None => format!("({field}.src == {})", backend.ip),
        });
        format!("{field} && ({})", from.collect::<Vec<_>>().join(" || "))
    }
}

/// What a router does with packets of connections that it balances, and with those that are none of load balancers'.
pub enum RouterLbStateFlows {}

impl Derivation for RouterLbStateFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::RouterLbStateFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        if view.get::<Router>(uuid).is_none() {
            return flows;
        }
        for stage in [Stage::LrInDefrag, Stage::LrInLbAffCheck, Stage::LrInLbAffLearn] {
            flows.add(stage, 0, "1", "next;");
        }
        if !*view.get::<HasVip>(uuid) {
            return flows;
        }
        let related = ("ct.rel && !ct.est && !ct.new && !ct.rpl", "ct_commit_nat;");
        let known = (
            "ct.est && !ct.rel && !ct.new && !ct.rpl && ct_mark.natted",
            "next;",
        );
        for (which, then) in [related, known] {
            for snat in ["skip_snat", "force_snat"] {
                flows.add(
                    Stage::LrInDnat,
                    70,
                    format!("{which} && ct_mark.{snat} == 1"),
                    format!("flags.{snat}_for_lb = 1; {then}"),
                );
            }
            flows.add(Stage::LrInDnat, 50, which, then);
        }
        flows
    }
}
