//! Which virtual addresses a router answers ARP and ND for (`neighbor_responder`).

use ovsdb_data::Uuid;

use super::load_balancer_datapaths::RouterNetworks;
use super::router::Router;
use super::router_vips::RouterBalancers;
use super::served::Texts;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// Virtual addresses that a router answers ARP and ND for.
pub enum AnsweredVips {}

impl Derivation for AnsweredVips {
    type Key = Uuid;
    type Value = Texts;
    const NODE: NodeId = Node::AnsweredVips;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Texts>) -> Texts {
        let mut answered = Texts::default();
        if view.get::<Router>(uuid).is_none() {
            return answered;
        }
        let balancers = view.get::<RouterBalancers>(uuid);
        balancers.gists(view, |gist| answered.extend(&gist.always));
        for range in view.get::<RouterNetworks>(uuid).ranges() {
            balancers.between(view, range, |address| {
                if address.is_answerable {
                    answered.add(Some(address.addr), &address.text);
                }
            });
        }
        answered
    }
}

/// Whether a router answers ARP, and ND, for virtual addresses.
pub enum AnswersVips {}

impl Derivation for AnswersVips {
    type Key = Uuid;
    type Value = (bool, bool);
    const NODE: NodeId = Node::AnswersVips;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&(bool, bool)>) -> (bool, bool) {
        let answered = view.get::<AnsweredVips>(uuid);
        (!answered.v4.is_empty(), !answered.v6.is_empty())
    }
}
