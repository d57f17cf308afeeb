//! Clients that keep their backend, on routers (ovn-northd(8) "Ingress Table 8: Load balancing affinity check", "10:
//! Load balancing affinity learn").

use super::load_balancer::Snat;
use crate::flow::{Datapaths, Flows, Stage};
use crate::load_balancing::{CHECK_AFFINITY, affinities};
use crate::model::load_balancer::LoadBalancer;
use crate::model::vip::Vip;

/// Adds the flows of a virtual address for routers that treat sources alike.
pub fn add(flows: &mut Flows, lb: &LoadBalancer, vip: &Vip, r#match: &str, snat: Snat, routers: &Datapaths) {
    if lb.affinity_s == 0 {
        return;
    }
    let mut add = |stage: Stage, priority: u16, r#match: &str, actions: &str| {
        flows
            .add_on_all(routers.clone(), stage, priority, r#match, actions)
            .hint(lb.uuid);
    };
    add(Stage::LrInLbAffCheck, 100, r#match, CHECK_AFFINITY);
    let (before, after) = snat.around();
    for affinity in affinities(lb, vip, vip.certain_family()) {
        add(Stage::LrInLbAffLearn, 100, &affinity.learn_match, &affinity.learn);
        let actions = format!("{before}ct_lb_mark(backends={}{after});", affinity.backend);
        add(Stage::LrInDnat, 150, &affinity.known_match, &actions);
    }
}
