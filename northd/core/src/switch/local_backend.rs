//! Load balancers that prefer backends where the client is: on each chassis that has some, those alone, ahead of the
//! flow for all (`options:prefer_local_backend`, an option of Kube-OVN). Where health checks say that none of them is
//! alive, others have to do.

use crate::flow::{Flows, Stage};
use crate::load_balancing::{Verdict, keep, priority, verdict};
use crate::model::health::Watched;
use crate::model::load_balancer::LoadBalancer;
use crate::model::local_backend::Local;
use crate::model::name::{is_resident, quoted};
use crate::model::vip::Vip;

/// Adds the flows of a virtual address.
pub fn add(
    flows: &mut Flows,
    lb: &LoadBalancer,
    vip: &Vip,
    health: &[Option<Watched>],
    locals: &[Local],
    new: &str,
) {
    for Local { port, places } in locals {
        let backends: Vec<_> = places.iter().map(|place| vip.backends[*place].clone()).collect();
        let texts: Vec<String> = backends.iter().map(|backend| backend.text(vip.family)).collect();
        let health: Vec<_> = places
            .iter()
            .map(|place| health.get(*place).cloned().flatten())
            .collect();
        let near = Vip {
            backends,
            backends_text: texts.join(",").into(),
            ..vip.clone()
        };
        if let Verdict::Balance(balance) = verdict(lb, &near, &health) {
            flows
                .add(
                    Stage::LsInLb,
                    priority(vip) + 20,
                    format!("{new} && {}", is_resident(&quoted(port))),
                    format!("{}{balance});", keep(vip, vip.family)),
                )
                .hint(lb.uuid);
        }
    }
}
