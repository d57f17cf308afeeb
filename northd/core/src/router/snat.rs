//! Sources of what goes out are translated (ovn-northd(8) "Egress Table 2: Post UNDNAT", "3: SNAT", "4: Post SNAT").

use super::dnat;
use super::nat::Rule;
use crate::flow::{Flows, Stage};
use crate::model::features::Features;
use crate::model::nat::Kind;
use crate::view::View;

/// What is no answer, as far as conntrack knows.
const NO_REPLY: &str = " && (!ct.trk || !ct.rpl)";

/// The flows of a rule.
pub fn of_rule(view: &View<'_>, rule: &Rule<'_>, flows: &mut Flows) {
    let nat = rule.nat;
    if !nat.translates_sources() {
        return;
    }
    let priority = priority(rule);
    let base = format!(
        "ip && {}{}{}",
        rule.address("src", &nat.logical_text),
        rule.at_port("outport"),
        rule.at_home()
    );
    if let Some(exempted) = rule.without_peers("dst") {
        flows
            .add(
                Stage::LrOutSnat,
                priority.saturating_add(2),
                format!("{base}{exempted}"),
                "next;",
            )
            .hint(nat.uuid);
    }
    let r#match = format!("{base}{}{}", rule.with_peers("dst"), rule.own_match());
    let mut add = |priority: u16, r#match: String, actions: String| {
        flows
            .add(Stage::LrOutSnat, priority, r#match, actions)
            .hint(nat.uuid);
    };
    let (mac, outside, ports) = (rule.own_mac(), &nat.external_text, rule.ports());
    if nat.is_stateless {
        let actions = format!("{mac}ip{}.src={outside}; next;", nat.family());
        add(priority, r#match, actions);
        return;
    }
    let r#match = r#match + NO_REPLY;
    if rule.is_common_zone {
        let here = format!("{match} && reg9[4] == 1");
        add(
            priority,
            r#match,
            format!("{mac}ct_snat_in_czone({outside}{ports});"),
        );
        add(
            priority.saturating_add(1),
            here,
            format!("{mac}reg9[4] = 0; ct_snat({outside}{ports});"),
        );
        return;
    }
    add(
        priority,
        r#match.clone(),
        format!("{mac}ct_snat({outside}{ports});"),
    );
    track(view, rule, r#match, flows);
}

/// The longer the prefix, the higher; above what the router does for all.
fn priority(rule: &Rule<'_>) -> u16 {
    let above = if rule.port.is_some() { 128 } else { 0 };
    rule.priority(u16::from(rule.nat.logical_plen) + 1 + above)
}

/// What goes to the inside is tracked in the zone of sources, too, so that its answers are known for answers.
fn track(view: &View<'_>, rule: &Rule<'_>, outward: String, flows: &mut Flows) {
    let features = view.get::<Features>(());
    let can_track = features.ct_commit_to_zone && features.ct_next_zone;
    let commits_all = rule.router.options.is_true("ct-commit-all", false);
    if !can_track || rule.nat.kind != Kind::Snat || rule.router.is_gateway() || commits_all {
        return;
    }
    flows.add(Stage::LrOutPostUndnat, 70, outward, "ct_next(snat);");
    let base = format!(
        "ip && {}{}{}",
        rule.address("dst", &rule.nat.logical_text),
        rule.at_port("inport"),
        rule.at_home()
    );
    dnat::exempt(rule, &base, flows);
    let inward = format!("{base}{}{}", rule.with_peers("src"), rule.own_match());
    let new = format!("{inward} && ct.new");
    flows.add(Stage::LrOutSnat, priority(rule), inward, "ct_snat;");
    flows.add(
        Stage::LrOutPostSnat,
        priority(rule),
        new,
        "ct_commit_to_zone(snat);",
    );
}
