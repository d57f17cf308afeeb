//! Packets that go back where they came from, to a backend that is its own client (ovn-northd(8) "Ingress Table 15:
//! Pre-Hairpin", "16: Nat-Hairpin", "17: Hairpin"). Never here: packets from hardware VTEPs (`vtep.rs`).

use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::acl::SwitchAcls;
use crate::model::config::Config;
use crate::model::kube_ovn::{KubeOvn, release};
use crate::model::switch::Switch;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The flows of a switch.
pub enum HairpinFlows {}

impl Derivation for HairpinFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::HairpinFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        if view.get::<Switch>(uuid).is_none() {
            return flows;
        }
        for stage in [Stage::LsInPreHairpin, Stage::LsInNatHairpin, Stage::LsInHairpin] {
            flows.add(stage, 0, "1", "next;");
        }
        if view.get::<SwitchAcls>(uuid).has_vip {
            fragments(&view.get::<Config>(()).kube_ovn, &mut flows);
            balanced(uuid, &mut flows);
        }
        flows
    }
}

/// Connections to a virtual address in fragments, whose original addresses connection tracking knows. Kube-OVN's
/// ovn-northd puts an IPv4 one into reg1, where no controller of OVN 25.03 looks for it; this one does not.
fn fragments(kube_ovn: &KubeOvn, flows: &mut Flows) {
    if kube_ovn.has_old(release::V22_12) {
        return;
    }
    for (family, kept) in [("ip4", "reg4 = ct_nw_dst()"), ("ip6", "xxreg1 = ct_ip6_dst()")] {
        flows.add(
            Stage::LsInLb,
            110,
            format!("ct.trk && !ct.rpl && reg0[19] == 1 && {family}"),
            format!("{kept}; reg2[0..15] = ct_tp_dst(); next;"),
        );
    }
}

/// Connections to a virtual address.
fn balanced(switch: Uuid, flows: &mut Flows) {
    let mut nat = |stage: Stage, priority: u16, r#match: &str, actions: &str| {
        flows.add(stage, priority, r#match, actions).hint(switch);
    };
    nat(
        Stage::LsInPreHairpin,
        100,
        "ip && ct.trk",
        "reg0[6] = chk_lb_hairpin(); reg0[12] = chk_lb_hairpin_reply(); next;",
    );
    nat(
        Stage::LsInNatHairpin,
        100,
        "ip && ct.new && ct.trk && reg0[6] == 1",
        "ct_snat_to_vip; next;",
    );
    nat(
        Stage::LsInNatHairpin,
        100,
        "ip && ct.est && ct.trk && reg0[6] == 1",
        "ct_snat;",
    );
    nat(Stage::LsInNatHairpin, 90, "ip && reg0[12] == 1", "ct_snat;");
    flows.add(
        Stage::LsInHairpin,
        1,
        "(reg0[6] == 1 || reg0[12] == 1)",
        "eth.dst <-> eth.src; outport = inport; flags.loopback = 1; output;",
    );
}
