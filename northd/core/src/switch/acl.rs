//! ACLs: their verdicts on packets (ovn-northd(8) "Ingress Table 8", "18", "Egress Table 6"; ovn-nb(5) "ACL").
//!
//! Two owners. A switch says what holds whatever its ACLs are ([`SwitchAclFlows`]). An ACL says all of its flows, in
//! every stage, for all of its switches at once, one set of datapaths for each [`SwitchKind`] ([`AclFlows`]): a change
//! of an ACL makes its own flows and nothing else; a port group that comes to another switch makes the set of the
//! group's switches once, and the group's ACLs say the same texts on the new set; ports that come and go on switches
//! that a group is on already change nothing here.
//!
//! Never here: what becomes of a verdict (`acl_action`), samples that do not name an ACL (`acl_sample`), and what
//! DHCP and DNS let pass.

use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::Meter;
use ovsdb_data::Uuid;

use super::{acl_sample, pre_acl};
use crate::alloc::acl_id::AclId;
use crate::flow::{Datapaths, Flow, Flows, Stage};
use crate::graph::Derivation;
use crate::model::acl::{Acl, Action, At, Sample, SwitchAcls, SwitchKind, switches_of};
use crate::model::config::Config;
use crate::model::features::Features;
use crate::model::kube_ovn::release;
use crate::nodes::{Node, NodeId};
use crate::view::View;

const ALLOW: &str = "reg8[16] = 1; ";
const DROP: &str = "reg8[17] = 1; ";
const REJECT: &str = "reg8[18] = 1; ";
const COMMIT: &str = "reg0[1] = 1; ";

/// Above every ACL.
const ALWAYS: u16 = u16::MAX - 3;

/// Packets that IPv6 does not work without; the connection tracker does not know them.
const IPV6_BASICS: &str = "nd || nd_ra || nd_rs || mldv1 || mldv2";

/// The flows of a switch.
pub enum SwitchAclFlows {}

impl Derivation for SwitchAclFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::SwitchAclFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        let switch = view.get::<SwitchAcls>(uuid);
        for at in At::ALL {
            let is_idle = !switch.has_any() && at != At::FromLportAfterLb;
            flows.add(at.eval(), if is_idle { u16::MAX } else { 0 }, "1", "next;");
            flows.add(at.eval(), ALWAYS, IPV6_BASICS, format!("{ALLOW}next;"));
        }
        if switch.has_any() {
            for (stage, r#match) in [
                (Stage::LsInAclEval, "eth.dst == $svc_monitor_mac"),
                (Stage::LsOutAclEval, "eth.src == $svc_monitor_mac"),
            ] {
                flows.add(stage, 34000, r#match, format!("{ALLOW}next;"));
            }
        }
        if switch.is_stateful() {
            add_stateful(&view.get::<Config>(()), &mut flows);
        }
        flows
    }
}

/// What the state of a connection decides by itself.
fn add_stateful(config: &Config, flows: &mut Flows) {
    let matches = Replies::new(config);
    let invalid = if config.use_ct_inv_match { "ct.inv || " } else { "" };
    let invalid = format!("{invalid}(ct.est && ct.rpl && ct_mark.blocked == 1)");
    let unmatched = if config.default_acl_drop { "" } else { COMMIT };
    // Controllers of OVN 24.03 do not know of such connections.
    let keeps_established = !config.kube_ovn.has_old(release::V24_03);
    // Ingress remembers the verdict for the ACLs after load balancing.
    for (stage, reply, related, persisted) in [
        (
            Stage::LsInAclEval,
            "reg0[9] = 0; reg0[10] = 0; reg0[17] = 1; ",
            "reg0[17] = 1; ",
            "reg0[21] = 1; ",
        ),
        (Stage::LsOutAclEval, "", "", ""),
    ] {
        flows.add(
            stage,
            1,
            "ip && ct.est && ct_mark.blocked == 1",
            format!("{COMMIT}{ALLOW}next;"),
        );
        flows.add(stage, 1, "ip && !ct.est", format!("{unmatched}next;"));
        flows.add(stage, ALWAYS, &*invalid, format!("{DROP}next;"));
        flows.add(stage, ALWAYS, &*matches.reply, format!("{reply}{ALLOW}next;"));
        flows.add(
            stage,
            ALWAYS,
            &*matches.related,
            format!("{related}{ALLOW}ct_commit_nat;"),
        );
        if keeps_established {
            flows.add(
                stage,
                ALWAYS,
                "ct.est && ct_mark.allow_established == 1",
                format!("{persisted}{ALLOW}next;"),
            );
        }
    }
    let persisted = keeps_established.then_some("reg0[21] == 1");
    for r#match in ["reg0[17] == 1"].into_iter().chain(persisted) {
        flows.add(
            Stage::LsInAclAfterLbEval,
            ALWAYS,
            r#match,
            format!("{ALLOW}next;"),
        );
    }
}

/// Matches of what belongs to a connection that an ACL has let in.
struct Replies {
    reply: String,
    related: String,
}

impl Replies {
    fn new(config: &Config) -> Replies {
        let valid = if config.use_ct_inv_match {
            " && !ct.inv"
        } else {
            ""
        };
        Replies {
            reply: format!("ct.est && !ct.rel && !ct.new{valid} && ct.rpl && ct_mark.blocked == 0"),
            related: format!("!ct.est && ct.rel && !ct.new{valid} && ct_mark.blocked == 0"),
        }
    }
}

/// The flows of an ACL.
pub enum AclFlows {}

impl Derivation for AclFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::AclFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on_all(Datapaths::Set(Arc::new([])));
        let acl = view.get::<Acl>(uuid);
        let Some(acl) = acl.as_ref() else {
            return flows;
        };
        for (kind, datapaths) in switches_of(view, uuid) {
            let mut to = Saying {
                acl,
                kind,
                datapaths,
                flows: &mut flows,
            };
            pre_acl::add_stateless(&mut to);
            add_verdict(view, &mut to);
            add_log_related(view, &mut to);
            acl_sample::add_own(view, &mut to);
        }
        flows
    }
}

/// Where an ACL says its flows for switches of one kind.
pub(super) struct Saying<'a> {
    pub acl: &'a Acl,
    pub kind: SwitchKind,
    pub datapaths: Datapaths,
    pub flows: &'a mut Flows,
}

impl Saying<'_> {
    #[track_caller]
    pub fn add(
        &mut self,
        stage: Stage,
        priority: u16,
        r#match: impl Into<Arc<str>>,
        actions: impl Into<Arc<str>>,
    ) -> &mut Flow {
        self.flows
            .add_on_all(self.datapaths.clone(), stage, priority, r#match, actions)
    }
}

fn add_verdict(view: &View<'_>, to: &mut Saying<'_>) {
    let (acl, is_stateful) = (to.acl, to.kind.is_stateful);
    let tier = match to.kind.has_tiers(acl.at) {
        true => format!("reg8[30..31] == {} && ", acl.tier),
        false => String::new(),
    };
    let verdict = match acl.action {
        Action::Allow | Action::AllowRelated | Action::AllowStateless => ALLOW,
        Action::Drop => DROP,
        Action::Reject => REJECT,
        Action::Pass => "",
    };
    let logged = format!("{}{verdict}", log(view, acl));
    let (r#match, new, both) = (
        &acl.r#match,
        label(acl, acl.sample_new.as_ref(), None),
        label(acl, acl.sample_new.as_ref(), acl.sample_est.as_ref()),
    );
    let mut add = |hint: &str, actions: String| {
        let (stage, priority) = (acl.at.eval(), acl.priority);
        to.add(stage, priority, format!("{tier}{hint}({match})"), actions)
            .hint(acl.uuid);
    };
    match acl.action {
        Action::Allow | Action::AllowRelated if is_stateful => {
            let id = connection_id(view, acl);
            add("reg0[7] == 1 && ", format!("{logged}{COMMIT}{id}{both}next;"));
            // Committed again, for the label: it may have been another ACL that let the connection in.
            let again = match acl.label != 0 || acl.sample_est.is_some() {
                true => COMMIT,
                false => "",
            };
            add("reg0[8] == 1 && ", format!("{logged}{again}{both}next;"));
        }
        Action::Drop | Action::Reject if is_stateful => {
            add("reg0[9] == 1 && ", format!("{logged}{new}next;"));
            let point = acl.sample_est.as_ref().map_or(0, |sample| sample.point);
            add(
                "reg0[10] == 1 && ",
                format!(
                    "{logged}{new}ct_commit {{ ct_mark.blocked = 1; ct_label.obs_point_id = {point}; }}; next;"
                ),
            );
        }
        _ => add("", format!("{logged}{new}next;")),
    }
}

/// Replies to what an ACL let in pass without asking it again: where they are to be logged they are asked for first.
fn add_log_related(view: &View<'_>, to: &mut Saying<'_>) {
    let acl = to.acl;
    let lets_in = matches!(acl.action, Action::Allow | Action::AllowRelated);
    if !(lets_in && to.kind.is_stateful && acl.log.is_some() && acl.label != 0 && acl.logs_related) {
        return;
    }
    let stage = acl.at.of_replies().eval();
    let actions: Arc<str> = format!("{}{ALLOW}next;", log(view, acl)).into();
    let matches = Replies::new(&view.get::<Config>(()));
    for r#match in [matches.reply, matches.related] {
        let r#match = format!("{match} && ct_label.label == {}", acl.label);
        to.add(stage, ALWAYS + 1, r#match, actions.clone()).hint(acl.uuid);
    }
}

/// The action that logs.
fn log(view: &View<'_>, acl: &Acl) -> String {
    let Some(log) = &acl.log else {
        return String::new();
    };
    let verdict = match acl.action {
        Action::Allow | Action::AllowRelated | Action::AllowStateless => "allow",
        Action::Drop => "drop",
        Action::Reject => "reject",
        Action::Pass => "pass",
    };
    let name = log.name.as_ref().map(|name| format!("name=\"{name}\", "));
    let meter = log.meter.as_ref().map(|meter| match fair_meter(view, acl) {
        Some((_, own)) => format!(", meter=\"{own}\""),
        None => format!(", meter=\"{meter}\""),
    });
    format!(
        "log({}severity={}, verdict={verdict}{}); ",
        name.unwrap_or_default(),
        log.severity,
        meter.unwrap_or_default()
    )
}

/// The fair meter of an ACL's log, and the name of the copy that the ACL has for itself (ovn-nb(5) "Meter" `fair`).
pub fn fair_meter(view: &View<'_>, acl: &Acl) -> Option<(Uuid, String)> {
    let name = acl.log.as_ref()?.meter.as_ref()?;
    let meter = view.holder(Meter::NAME, &**name)?;
    let is_fair = view.row::<Meter<'_>>(meter)?.fair().unwrap_or(false);
    is_fair.then(|| (meter, format!("{name}__{}", acl.uuid)))
}

/// Makes a connection bear the ACL's id, so that it can be found when the ACL is gone.
fn connection_id(view: &View<'_>, acl: &Acl) -> String {
    if !acl.is_persistent {
        return String::new();
    }
    if !view.get::<Features>(()).ct_label_flush {
        tracing::warn!(
            "OVS does not support CT label flush. persist-established option cannot be honored for ACL {}.",
            acl.uuid
        );
        return String::new();
    }
    let id = acl.has_id().then(|| *view.get::<AclId>(acl.uuid)).flatten();
    match id {
        Some(id) => format!("reg2[16..31] = {id}; reg0[20] = 1; "),
        None => {
            tracing::warn!("No ID found for ACL {} ({})", acl.uuid, acl.r#match);
            String::new()
        }
    }
}

/// Makes a packet, and the connection that it begins, tell what they are sampled as.
fn label(acl: &Acl, new: Option<&Sample>, est: Option<&Sample>) -> String {
    if acl.label == 0 && new.is_none() && est.is_none() {
        return String::new();
    }
    let of = |sample: Option<&Sample>| match (acl.label, sample) {
        (0, Some(sample)) => (
            sample.point,
            sample.only_collector().map_or(0, |collector| collector.id),
        ),
        (label, _) => (label, 0),
    };
    let ((new, new_collector), (est, est_collector)) = (of(new), of(est));
    format!(
        "reg0[13] = 1; reg3 = {new}; reg9 = {est}; reg8[0..7] = {new_collector}; reg8[8..15] = {est_collector}; \
         reg8[19..20] = {}; ",
        acl.at as usize
    )
}
