//! The way back in of connections whose sources were translated: destinations become what they were
//! (ovn-northd(8) "Ingress Table 5: UNSNAT").

use super::nat::Rule;
use crate::flow::{Flows, Stage};

/// The flows of a rule.
pub fn of_rule(rule: &Rule<'_>, flows: &mut Flows) {
    if !rule.nat.translates_sources() {
        return;
    }
    let r#match = format!(
        "ip && {}{}{}",
        rule.address("dst", &rule.nat.external_text),
        rule.at_port("inport"),
        rule.at_center()
    );
    let priority = if rule.router.is_gateway() { 90 } else { 100 };
    let mut add = |more: &str, action: &str| {
        flows
            .add(Stage::LrInUnsnat, priority, format!("{match}{more}"), action)
            .hint(rule.nat.uuid);
    };
    if rule.nat.is_stateless {
        add("", "next;");
    } else if rule.is_common_zone {
        add(" && flags.loopback == 0", "ct_snat_in_czone;");
        add(" && flags.loopback == 1 && flags.use_snat_zone == 1", "ct_snat;");
    } else {
        add("", "ct_snat;");
    }
}
