//! The way back out of connections whose destinations were translated (ovn-northd(8) "Egress Table 0: Check DNAT
//! local", "1: UNDNAT").

use super::nat::Rule;
use crate::flow::{Flows, Stage};

/// The flows of a rule; only distributed gateway ports have such.
pub fn of_rule(rule: &Rule<'_>, is_common_zone: bool, flows: &mut Flows) {
    let nat = rule.nat;
    if rule.port.is_none() {
        return;
    }
    if is_common_zone {
        let r#match = format!(
            "ip && {}{}",
            rule.address("dst", &nat.external_text),
            rule.at_home()
        );
        flows
            .add(Stage::LrOutChkDnatLocal, 50, r#match, "reg9[4] = 1; next;")
            .hint(nat.uuid);
    }
    if nat.translates_destinations() {
        let r#match = format!(
            "ip && {}{}{}",
            rule.address("src", &nat.logical_text),
            rule.at_port("outport"),
            rule.at_center()
        );
        let action = match (nat.is_stateless, rule.is_common_zone) {
            (true, _) => "next;",
            (false, true) => "ct_dnat_in_czone;",
            (false, false) => "ct_dnat;",
        };
        flows
            .add(
                Stage::LrOutUndnat,
                100,
                r#match,
                format!("{}{action}", rule.own_mac()),
            )
            .hint(nat.uuid);
    }
}
