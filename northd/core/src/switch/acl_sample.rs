//! Samples of what ACLs decide on (ovn-nb(5) "Sample", "Sample_Collector", "Sampling_App"; ovn-northd(8) "Ingress
//! Table 9", "19", "Egress Table 7").
//!
//! An ACL whose sample goes to one collector shares its flows with every other one of that collector, because the
//! observation point is in a register or in the connection's label: these flows are the switch's. Others, and all of
//! them while some chassis cannot sample with registers, have flows of their own, which are the ACL's.

use ovn_schemas::rows::ovn_northbound::SamplingApp;
use ovsdb_data::Uuid;

use super::acl::Saying;
use crate::flow::Flows;
use crate::graph::Derivation;
use crate::model::acl::{Acl, Action, At, Collector, Sample, Sampled, SharedSample, SwitchAcls};
use crate::model::acl_holder::HolderAcls;
use crate::model::features::Features;
use crate::model::port_group::SwitchGroups;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The observation domains of ACL samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Domains {
    new: Option<i64>,
    est: Option<i64>,
}

impl Derivation for Domains {
    type Key = ();
    type Value = Domains;
    const NODE: NodeId = Node::SampleDomains;

    fn derive(view: &View<'_>, (): (), _: Option<&Domains>) -> Domains {
        let mut domains = Domains::default();
        for app in view.rows::<SamplingApp<'_>>() {
            match app.r#type() {
                "acl-new" => domains.new = Some(app.id()),
                "acl-est" => domains.est = Some(app.id()),
                _ => {}
            }
        }
        domains
    }
}

/// The flows of a switch.
pub enum AclSampleFlows {}

impl Derivation for AclSampleFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::AclSampleFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        for at in At::ALL {
            flows.add(at.sample(), 0, "1", "next;");
        }
        if !view.get::<Features>(()).sample_with_reg {
            return flows;
        }
        let mut all = view.get::<HolderAcls>(uuid).samples.clone();
        for group in view.get::<SwitchGroups>(uuid).keys() {
            all.extend(view.get::<HolderAcls>(*group).samples.iter());
        }
        if all.is_empty() {
            return flows;
        }
        let has_related = view.get::<SwitchAcls>(uuid).acls.has_related;
        let domains = *view.get::<Domains>(());
        for shared in all {
            match shared.of {
                Sampled::New | Sampled::Stateless => add_new(shared, has_related, domains, &mut flows),
                Sampled::Est if has_related => add_est(shared, domains, &mut flows),
                Sampled::Est => {}
            }
        }
        flows
    }
}

fn add_new(shared: SharedSample, has_related: bool, domains: Domains, flows: &mut Flows) {
    let SharedSample { at, collector, of } = shared;
    let is_tracked = of == Sampled::New && has_related;
    flows.add(
        at.sample(),
        if is_tracked { 1000 } else { 900 },
        format!(
            "ip && {}reg8[0..7] == {} && reg8[19..20] == {}",
            new_connection(at, is_tracked),
            collector.id,
            at as usize
        ),
        sample(collector, domains.new.unwrap_or(0), "reg3") + " next;",
    );
}

fn add_est(SharedSample { at, collector, .. }: SharedSample, domains: Domains, flows: &mut Flows) {
    let common = "ip && ct.trk && (ct.est || ct.rel) && ct_label.obs_unused == 0";
    let (id, stage) = (collector.id, at as usize);
    let actions = sample(collector, domains.est.unwrap_or(0), "ct_label.obs_point_id") + " next;";
    flows.add(
        at.sample(),
        1000,
        format!("{common} && !ct.rpl && ct_mark.obs_collector_id == {id} && ct_mark.obs_stage == {stage}"),
        &*actions,
    );
    flows.add(
        at.of_replies().sample(),
        1000,
        format!("{common} && ct.rpl && ct_mark.obs_collector_id == {id}"),
        &*actions,
    );
}

/// The flows of an ACL that shares none.
pub(super) fn add_own(view: &View<'_>, to: &mut Saying<'_>) {
    let acl = to.acl;
    if acl.sample_new.is_none() && acl.sample_est.is_none() {
        return;
    }
    let has_reg = view.get::<Features>(()).sample_with_reg;
    let is_own = |sample: &&Sample| !(has_reg && sample.only_collector().is_some());
    let domains = *view.get::<Domains>(());
    if let Some(new) = acl.sample_new.as_ref().filter(is_own) {
        let is_tracked = to.kind.has_related && acl.action != Action::AllowStateless;
        let r#match = format!(
            "ip && {}reg3 == {}",
            new_connection(acl.at, is_tracked),
            point(acl, new)
        );
        to.add(acl.at.sample(), 1100, r#match, samples(acl, new, domains.new));
    }
    let est = acl.sample_est.as_ref().filter(is_own);
    if let Some(est) = est.filter(|_| to.kind.has_related && acl.samples_est()) {
        let actions = samples(acl, est, domains.est);
        for (at, direction) in [(acl.at, "!ct.rpl"), (acl.at.of_replies(), "ct.rpl")] {
            let r#match = format!(
                "ip && ct.trk && (ct.est || ct.rel) && {direction} && ct_label.obs_point_id == {} && \
                 ct_label.obs_unused == 0",
                point(acl, est)
            );
            to.add(at.sample(), 1200, r#match, &*actions);
        }
    }
}

/// What begins a connection. On the way to a port the connection may have been forgotten again, on purpose.
fn new_connection(at: At, is_tracked: bool) -> &'static str {
    match (is_tracked, at) {
        (false, _) => "",
        (true, At::FromLport | At::FromLportAfterLb) => "ct.new && ",
        (true, At::ToLport) => "(ct.new || !ct.trk) && ",
    }
}

fn point(acl: &Acl, sample: &Sample) -> i64 {
    match acl.label {
        0 => sample.point,
        label => label,
    }
}

/// One action for each collector; nothing where there is no domain, not even what goes on with the packet.
fn samples(acl: &Acl, of: &Sample, domain: Option<i64>) -> String {
    let Some(domain) = domain else {
        return String::new();
    };
    let domain = if acl.label == 0 { domain } else { 0 };
    let point = point(acl, of).to_string();
    let actions = of.collectors.iter();
    let actions: String = actions
        .map(|collector| sample(*collector, domain, &point))
        .collect();
    actions + " next;"
}

fn sample(collector: Collector, domain: i64, point: &str) -> String {
    let Collector { set, probability, .. } = collector;
    format!("sample(probability={probability},collector_set={set},obs_domain={domain},obs_point={point});")
}
