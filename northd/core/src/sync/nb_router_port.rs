//! What northd writes to `Logical_Router_Port` (ovn-nb(5)): where a gateway is (`status:hosting-chassis`), and the prefix
//! that was delegated to the port (`ipv6_prefix`).

use std::collections::BTreeMap;

use ovn_schemas::rows::ovn_northbound::LogicalRouterPort;
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use crate::desired::Desired;
use crate::graph::Derivation;
use crate::model::binding::{OwnBinding, RedirectBinding};
use crate::model::chassis::ChassisTraits;
use crate::model::router_port::RouterPort;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The columns of a port.
pub enum NbRouterPortRow {}

impl Derivation for NbRouterPortRow {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::NbRouterPortRow;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let port = view.get::<RouterPort>(uuid);
        let (Some(port), Some(row)) = (port.as_ref(), view.row::<LogicalRouterPort<'_>>(uuid)) else {
            return Vec::new();
        };
        let (own, redirect) = (view.get::<OwnBinding>(uuid), view.get::<RedirectBinding>(uuid));
        let mut columns = Columns::new();
        if port.is_gateway {
            let mut status: BTreeMap<String, String> =
                row.status().iter().map(|(k, v)| (k.into(), v.into())).collect();
            let chassis = redirect.as_ref().as_ref().and_then(|binding| binding.chassis);
            let chassis = chassis.map(|chassis| view.get::<ChassisTraits>(chassis));
            match chassis.as_ref().and_then(|chassis| chassis.as_ref().as_ref()) {
                Some(chassis) => status.insert("hosting-chassis".into(), chassis.name.to_string()),
                None => status.remove("hosting-chassis"),
            };
            columns = columns.set(LogicalRouterPort::STATUS, status);
        }
        let delegated = own.iter().chain(redirect.iter());
        let mut delegated = delegated.filter_map(|binding| prefix(binding.delegated.as_deref()?));
        if port.options.is_true("prefix", false)
            && let Some(prefix) = delegated.next()
        {
            columns = columns.set(LogicalRouterPort::IPV6_PREFIX, [prefix]);
        }
        vec![Desired::update(uuid, columns)]
    }
}

/// The prefix of `NUMBER:PREFIX`.
fn prefix(delegated: &str) -> Option<&str> {
    let (number, prefix) = delegated.split_once(':')?;
    number.trim_start().parse::<u32>().ok()?;
    prefix.split_ascii_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::prefix;

    #[test]
    fn prefixes_follow_a_number() {
        for (text, expected) in [
            ("7:fd00::/64", Some("fd00::/64")),
            ("7:fd00::/64 more", Some("fd00::/64")),
            ("fd00::/64", None),
            ("", None),
        ] {
            assert_eq!(prefix(text), expected, "{text}");
        }
    }
}
