//! What a router port tells routing protocols about (ovn-nb(5) "dynamic-routing", "dynamic-routing-redistribute").

use ovsdb_data::Uuid;

use super::router::Router;
use super::router_port::RouterPort;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// What a router port tells about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redistribution {
    /// Networks.
    pub connected: bool,
    /// Who is in them, instead.
    pub hosts: bool,
    /// Static routes.
    pub statics: bool,
    /// Addresses that NAT translates.
    pub nat: bool,
    /// Addresses of load balancers.
    pub lb: bool,
}

impl Redistribution {
    /// Whether it tells about anything.
    pub fn is_any(self) -> bool {
        self != Redistribution::default()
    }

    fn parse(text: &str) -> Redistribution {
        let mut what = Redistribution::default();
        for word in text.split(',').filter(|word| !word.is_empty()) {
            match word {
                "connected" => what.connected = true,
                "connected-as-host" => (what.connected, what.hosts) = (true, true),
                "static" => what.statics = true,
                "nat" => what.nat = true,
                "lb" => what.lb = true,
                _ => tracing::warn!("unknown dynamic-routing-redistribute option '{word}'"),
            }
        }
        what
    }
}

impl Derivation for Redistribution {
    type Key = Uuid;
    type Value = Redistribution;
    const NODE: NodeId = Node::Redistribution;

    fn derive(view: &View<'_>, port: Uuid, _: Option<&Redistribution>) -> Redistribution {
        let port = view.get::<RouterPort>(port);
        let Some(port) = port.as_ref() else {
            return Redistribution::default();
        };
        let router = view.get::<Router>(port.router);
        let router = router.as_ref().as_ref();
        let Some(router) = router.filter(|router| router.options.is_true("dynamic-routing", false)) else {
            return Redistribution::default();
        };
        let key = "dynamic-routing-redistribute";
        let text = port.options.get(key).or_else(|| router.options.get(key));
        Redistribution::parse(text.unwrap_or_default())
    }
}
