//! Destinations of what comes in are translated (ovn-northd(8) "Ingress Table 9: DNAT").

use super::nat::Rule;
use crate::flow::{Flows, Stage};
use crate::model::nat::ForceSnat;
use crate::view::View;

/// The flows of a rule.
pub fn of_rule(view: &View<'_>, rule: &Rule<'_>, flows: &mut Flows) {
    let nat = rule.nat;
    if !nat.translates_destinations() {
        return;
    }
    let r#match = format!(
        "ip && {}{}{}",
        rule.address("dst", &nat.external_text),
        rule.at_port("inport"),
        rule.at_center()
    );
    exempt(rule, &r#match, flows);
    let mut actions = String::new();
    if rule.router.is_gateway() {
        if view.get::<ForceSnat>(rule.router.uuid).dnat.is_some() {
            actions += "flags.force_snat_for_dnat = 1; ";
        }
        // It may leave by the port that it came in by.
        actions += "flags.loopback = 1; ";
    }
    let (inside, ports) = (&nat.logical_text, rule.ports());
    actions += &match (nat.is_stateless, rule.is_common_zone) {
        (true, _) => format!("ip{}.dst={inside}; next;", nat.family()),
        (false, true) => format!("ct_dnat_in_czone({inside}{ports});"),
        (false, false) => format!("ct_dnat({inside}{ports});"),
    };
    let r#match = format!("{match}{}{}", rule.with_peers("src"), rule.own_match());
    flows
        .add(Stage::LrInDnat, rule.priority(100), r#match, actions)
        .hint(nat.uuid);
}

/// What comes from sources that a rule is not for passes. The rule's own match is no part of it.
pub fn exempt(rule: &Rule<'_>, r#match: &str, flows: &mut Flows) {
    if let Some(exempted) = rule.without_peers("src") {
        flows
            .add(
                Stage::LrInDnat,
                rule.priority(100).saturating_add(2),
                format!("{match}{exempted}"),
                "next;",
            )
            .hint(rule.nat.uuid);
    }
}
