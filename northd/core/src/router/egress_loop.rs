//! What leaves by a distributed gateway port for an address that the router itself translates comes in there again
//! (ovn-northd(8) "Egress Table 5: Egress Loopback").

use super::nat::Rule;
use crate::flow::{Flows, Stage};

/// The flows of a rule.
pub fn of_rule(rule: &Rule<'_>, is_common_zone: bool, flows: &mut Flows) {
    if rule.port.is_none() {
        return;
    }
    let r#match = format!(
        "{}{}{}",
        rule.address("dst", &rule.nat.external_text),
        rule.at_port("outport"),
        rule.at_home()
    );
    let zone = match is_common_zone {
        true => "flags.use_snat_zone = reg9[4]; ",
        false => "",
    };
    let actions = format!(
        "clone {{ ct_clear; inport = outport; outport = \"\"; eth.dst <-> eth.src; flags = 0; flags.loopback = 1; \
         {zone}reg0 = 0; reg1 = 0; reg2 = 0; reg3 = 0; reg4 = 0; reg5 = 0; reg6 = 0; reg7 = 0; reg8 = 0; reg9 = 0; \
         reg9[0] = 1; next(pipeline=ingress, table=0); }};"
    );
    flows
        .add(Stage::LrOutEgrLoop, 100, r#match, actions)
        .hint(rule.nat.uuid);
}
