//! Load balancers that prefer backends where the client is: on each chassis that has some, those alone, ahead of the
//! flow for all (`options:prefer_local_backend`, an option of Kube-OVN). Where health checks say that none of them is
//! alive connections end there, whoever is alive elsewhere.
//!
//! Where one node answers the physical network for a virtual address, connections are balanced there alone; elsewhere
//! they go out to it as they are. A backend on a switch of a physical network gets them by its own Ethernet address,
//! not the one to which they were sent.

use super::affinity;
use super::load_balancer::Connections;
use crate::flow::{Flows, Stage};
use crate::load_balancing::priority;
use crate::model::health::Watched;
use crate::model::local_backend::{Local, Nearby};
use crate::model::name::{is_resident, quoted};
use crate::model::router_side::RouterSide;
use crate::model::switch::SwitchTraits;
use crate::model::switch_port::SwitchPort;
use crate::model::vip::Vip;

/// Adds the flows of a virtual address.
pub fn add(flows: &mut Flows, new: &Connections<'_>, vip: &Vip, health: &[Option<Watched>], nearby: &Nearby) {
    if nearby.has_entry {
        flows
            .add(Stage::LsInLb, priority(vip) + 19, &*new.r#match, "next;")
            .hint(new.lb.uuid);
    }
    for local in &nearby.locals {
        let health: Vec<_> = local
            .places
            .iter()
            .map(|place| health.get(*place).cloned().flatten())
            .collect();
        let vip = part(vip, local);
        let here = format!(" && {}", is_resident(&quoted(&local.port)));
        if nearby.has_entry {
            affinity::add(flows, new.lb, &vip, &here);
            address(flows, new, &vip, local, &here);
        }
        let some = format!("{}{here}", new.r#match);
        new.balance(flows, &vip, &health, priority(&vip) + 20, some);
    }
}

/// A virtual address with the backends on one chassis alone.
fn part(vip: &Vip, local: &Local) -> Vip {
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

/// What was sent on to a backend in a physical network gets the backend's Ethernet address.
fn address(flows: &mut Flows, new: &Connections<'_>, vip: &Vip, local: &Local, here: &str) {
    for (backend, row) in vip.backends.iter().zip(&local.rows) {
        let port = new.view.get::<SwitchPort>(*row);
        let Some(port) = port.as_ref() else { continue };
        let [own] = &port.addresses[..] else { continue };
        if new.view.get::<RouterSide>(port.switch).is_empty()
            || new.view.get::<SwitchTraits>(port.switch).localnet.is_empty()
        {
            continue;
        }
        flows
            .add_on(
                port.switch,
                Stage::LsInL2Lkup,
                55,
                format!(
                    "reg0[2] != 0 && {}.dst == {}{here}",
                    vip.family.field(),
                    backend.ip
                ),
                format!("eth.dst = {}; outport = {}; output;", own.mac, port.key),
            )
            .hint(new.lb.uuid);
    }
}
