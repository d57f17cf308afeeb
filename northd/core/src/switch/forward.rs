//! Requests for addresses of a router, its own, of NAT or of load balancers: they go to the router, and to the others on
//! the switch where there are any (ovn-northd(8) "Ingress Table 28: Destination Lookup").

use std::sync::Arc;

use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::model::name::is_resident;
use crate::model::router_side::HasOnlyRouters;
use crate::model::switch_port::SwitchPort;
use crate::view::View;

/// How requests for addresses of a router get to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Forward {
    /// The switch port that leads to it.
    port: Uuid,
    switch: Uuid,
    key: Arc<str>,
    redirect: Option<Arc<str>>,
    is_flooded: bool,
}

impl Forward {
    /// To the router behind a port.
    pub fn to(view: &View<'_>, port: &SwitchPort) -> Forward {
        Forward {
            port: port.uuid,
            switch: port.switch,
            key: port.key.clone(),
            redirect: port.redirect(view),
            is_flooded: !*view.get::<HasOnlyRouters>(port.switch),
        }
    }

    /// Requests for an address.
    pub fn requests(&self, is_v6: bool, ip: &str, flows: &mut Flows) {
        // What came through a VXLAN tunnel has been through the router already.
        let asked = match is_v6 {
            false => format!("flags[1] == 0 && arp.op == 1 && arp.tpa == {ip}"),
            true => format!("flags[1] == 0 && nd_ns && nd.target == {ip}"),
        };
        let mut add = |r#match: String, key: &str| {
            let actions = match self.is_flooded {
                true => {
                    format!("clone {{outport = {key}; output; }}; outport = \"_MC_flood_l2\"; output;")
                }
                false => format!("outport = {key}; output;"),
            };
            flows
                .add_on(self.switch, Stage::LsInL2Lkup, 80, r#match, actions)
                .hint(self.port);
        };
        match &self.redirect {
            Some(redirect) => {
                let here = is_resident(redirect);
                add(format!("{asked} && {here}"), &self.key);
                add(format!("{asked} && !{here}"), redirect);
            }
            None => add(asked, &self.key),
        }
    }
}
