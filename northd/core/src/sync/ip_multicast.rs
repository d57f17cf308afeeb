//! `IP_Multicast`: how each switch snoops on IGMP and MLD, for ovn-controller (ovn-sb(5)).

use ovn_schemas::rows::ovn_southbound::IpMulticast;
use ovsdb_data::Uuid;
use ovsdb_data::typed::{Columns, Table};

use crate::desired::{Desired, identity};
use crate::graph::Derivation;
use crate::model::switch::Switch;
use crate::nodes::{Node, NodeId};
use crate::sync::datapath_binding::datapath_id;
use crate::view::View;

/// The row of a switch.
pub enum IpMulticastRow {}

impl Derivation for IpMulticastRow {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::IpMulticastRow;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let switch = view.get::<Switch>(uuid);
        let Some(switch) = switch.as_ref() else {
            return Vec::new();
        };
        let config = &switch.other_config;
        let idle = config.number("mcast_idle_timeout", 300).clamp(15, 3600);
        let interval = config.number("mcast_query_interval", idle / 2).clamp(1, 3600);
        let text = |key: &str| config.get(key).unwrap_or_default();
        let columns = Columns::new()
            .set(IpMulticast::DATAPATH, datapath_id(uuid))
            .set(IpMulticast::ENABLED, Some(config.is_true("mcast_snoop", false)))
            .set(IpMulticast::QUERIER, Some(config.is_true("mcast_querier", true)))
            .set(
                IpMulticast::TABLE_SIZE,
                Some(config.number("mcast_table_size", 2048)),
            )
            .set(IpMulticast::IDLE_TIMEOUT, Some(idle))
            .set(IpMulticast::QUERY_INTERVAL, Some(interval))
            .set(
                IpMulticast::QUERY_MAX_RESP,
                Some(config.number("mcast_query_max_response", 1)),
            )
            .set(IpMulticast::ETH_SRC, text("mcast_eth_src"))
            .set(IpMulticast::IP4_SRC, text("mcast_ip4_src"))
            .set(IpMulticast::IP6_SRC, text("mcast_ip6_src"));
        let id = identity(IpMulticast::TABLE_NAME, &[uuid.as_bytes()]);
        vec![Desired::row(id, columns)]
    }
}
