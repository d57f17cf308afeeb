//! Clients that keep their backend, on switches (ovn-northd(8) "Ingress Table 12: Load balancing affinity check", "14:
//! Load balancing affinity learn").

use crate::flow::{Flows, Stage};
use crate::load_balancing::{CHECK_AFFINITY, affinities, keep};
use crate::model::load_balancer::LoadBalancer;
use crate::model::vip::Vip;

/// Adds the flows of a virtual address; `here` ends their matches.
pub fn add(flows: &mut Flows, lb: &LoadBalancer, vip: &Vip, here: &str) {
    if lb.affinity_s == 0 {
        return;
    }
    let (family, protocol) = (vip.family, lb.protocol);
    let field = family.field();
    let mut r#match = format!("ct.new && {field} && {field}.dst == {}", vip.ip);
    if let Some(port) = &vip.port {
        r#match.push_str(&format!(" && {protocol} && {protocol}.dst == {port}"));
    }
    r#match.push_str(here);
    flows
        .add(Stage::LsInLbAffCheck, 100, r#match, CHECK_AFFINITY)
        .hint(lb.uuid);
    for affinity in affinities(lb, vip, family) {
        let learn_match = affinity.learn_match + here;
        flows
            .add(Stage::LsInLbAffLearn, 100, learn_match, affinity.learn)
            .hint(lb.uuid);
        let actions = format!("{}ct_lb_mark(backends={});", keep(vip, family), affinity.backend);
        flows
            .add(Stage::LsInLb, 150, affinity.known_match + here, actions)
            .hint(lb.uuid);
    }
}
