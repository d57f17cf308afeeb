//! Packets to virtual addresses are put together before anybody looks at their ports (ovn-northd(8) "Ingress Table 7:
//! DEFRAG").

use std::collections::BTreeSet;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::bucket::Bucket;
use crate::model::lb_sets::{LbKinds, LbSet};
use crate::model::load_balancer_datapaths::alike;
use crate::model::vips::Vips;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The flows of virtual addresses of a load balancer on its routers.
pub enum LbDefragFlows {}

impl Derivation for LbDefragFlows {
    type Key = Bucket;
    type Value = Flows;
    const NODE: NodeId = Node::LbDefragFlows;

    fn derive(view: &View<'_>, bucket: Bucket, _: Option<&Flows>) -> Flows {
        let uuid = bucket.0;
        let Some(routers) = view.get::<LbKinds>(alike(view, uuid)).set(LbSet::Routers) else {
            return Flows::on(uuid);
        };
        let mut flows = Flows::on_all(routers);
        let vips = view.get::<Vips>(bucket);
        // Ports do not matter here: several of one address make one flow.
        let addresses: BTreeSet<_> = vips.iter().map(|vip| (vip.family, &vip.ip)).collect();
        for (family, ip) in addresses {
            let r#match = format!("ip && {}.dst == {ip}", family.field());
            flows.add(Stage::LrInDefrag, 100, r#match, "ct_dnat;").hint(uuid);
        }
        flows
    }
}
