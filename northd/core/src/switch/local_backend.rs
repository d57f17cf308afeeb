//! Load balancers that prefer backends where the client is: on each chassis that has some, those alone, ahead of the
//! flow for all (`options:prefer_local_backend`, an option of Kube-OVN). Where health checks say that none of them is
//! alive connections end there, whoever is alive elsewhere.

use super::load_balancer::Connections;
use crate::flow::Flows;
use crate::load_balancing::priority;
use crate::model::health::Watched;
use crate::model::local_backend::Local;
use crate::model::name::{is_resident, quoted};
use crate::model::vip::Vip;

/// Adds the flows of a virtual address.
pub fn add(
    flows: &mut Flows,
    new: &Connections<'_>,
    vip: &Vip,
    health: &[Option<Watched>],
    locals: &[Local],
) {
    for local in locals {
        let health: Vec<_> = local
            .places
            .iter()
            .map(|place| health.get(*place).cloned().flatten())
            .collect();
        let here = format!("{} && {}", new.r#match, is_resident(&quoted(&local.port)));
        new.balance(flows, &nearby(vip, local), &health, priority(vip) + 20, here);
    }
}

/// A virtual address with the backends on one chassis alone.
fn nearby(vip: &Vip, local: &Local) -> Vip {
    let backends: Vec<_> = local
        .places
        .iter()
        .map(|place| vip.backends[*place].clone())
        .collect();
    let texts = backends.iter().map(|backend| match &backend.port_text {
        Some(port) => backend.certain_family().with_port(&backend.ip, port),
        None => backend.ip.to_string(),
    });
    Vip {
        backends_text: texts.collect::<Vec<_>>().join(",").into(),
        backends,
        ..vip.clone()
    }
}
