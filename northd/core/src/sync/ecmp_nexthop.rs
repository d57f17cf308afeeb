//! `ECMP_Nexthop`: the next hops that ovn-controller watches, because replies go back where the request came from
//! (ovn-sb(5); ovn-nb(5) "ecmp_nexthop_monitor_enable").

use ovn_schemas::rows::ovn_southbound::{EcmpNexthop, MacBinding};
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use super::datapath_binding::datapath_id;
use super::port_binding::port_binding_id;
use crate::desired::{Desired, identity};
use crate::graph::Derivation;
use crate::model::config::Config;
use crate::model::network::ip_text;
use crate::model::route::{Route, routers_with};
use crate::model::router_port::RouterPort;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The row for a static route; routes with the same next hop share it.
pub enum EcmpNexthops {}

impl Derivation for EcmpNexthops {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::EcmpNexthops;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        match view.get::<Config>(()).ecmp_nexthop_monitor {
            true => routers_with(view, uuid)
                .filter_map(|router| row(view, (router, uuid)))
                .collect(),
            false => Vec::new(),
        }
    }
}

fn row(view: &View<'_>, route: (Uuid, Uuid)) -> Option<Desired> {
    let route = view.get::<Route>(route);
    let route = route.as_ref().as_ref().filter(|route| route.is_symmetric)?;
    let via = route.via.as_ref()?;
    let nexthop = ip_text(via.nexthop?);
    let port = view.get::<RouterPort>(via.port);
    let port = port.as_ref().as_ref()?;
    let columns = Columns::new()
        .set(EcmpNexthop::NEXTHOP, &nexthop)
        .set(EcmpNexthop::PORT, port_binding_id(&port.name))
        .set(EcmpNexthop::DATAPATH, datapath_id(port.router));
    let known = view.holders(MacBinding::IP, &nexthop).into_iter();
    let mut known = known.filter_map(|known| view.row::<MacBinding<'_>>(known));
    let known = known.find(|known| known.logical_port() == &*port.name);
    let id = identity("ECMP_Nexthop", &[nexthop.as_bytes(), port.name.as_bytes()]);
    Some(match known {
        Some(known) => Desired::row(id, columns.set(EcmpNexthop::MAC, known.mac())),
        // A next hop that is forgotten is where it was.
        None => Desired::row(id, columns)
            .at_first::<EcmpNexthop<'static>>(Columns::new().set(EcmpNexthop::MAC, "")),
    })
}
