//! What `NB_Global` says about interconnection (ovn-nb(5) "NB_Global" `name`, `options:ic-route-*`).

use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::NbGlobal;
use ovsdb_data::typed::{MapView, Text};

use crate::cidr::Cidr;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// A zone's settings; none for a zone without a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The zone's name.
    pub name: Arc<str>,
    /// Which routes others hear of.
    pub advertise: Choice,
    /// Which routes are learned from others.
    pub learn: Choice,
    /// Prefixes that neither concerns.
    pub deny: Vec<Cidr>,
}

/// Which routes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// Any at all.
    pub is_on: bool,
    /// Default routes, too.
    pub has_default: bool,
}

impl Settings {
    /// Whether a prefix may cross zones in one direction.
    pub fn permits(&self, choice: Choice, prefix: Cidr) -> bool {
        choice.is_on
            && (choice.has_default || prefix.plen != 0)
            && !prefix.is_link_local()
            && !self.deny.iter().any(|denied| denied.covers(prefix))
    }
}

impl Derivation for Settings {
    type Key = ();
    type Value = Option<Settings>;
    const NODE: NodeId = Node::Settings;

    fn derive(view: &View<'_>, (): (), _: Option<&Self::Value>) -> Self::Value {
        let global = view.rows::<NbGlobal<'_>>().first().copied()?;
        if global.name().is_empty() {
            return None;
        }
        let options = global.options();
        let choice = |name: &str| Choice {
            is_on: is_true(&options, name),
            has_default: is_true(&options, &format!("{name}-default")),
        };
        let listed = ["ic-route-denylist", "ic-route-blacklist"];
        let mut lists = listed.iter().filter_map(|name| options.get(name));
        Some(Settings {
            name: global.name().into(),
            advertise: choice("ic-route-adv"),
            learn: choice("ic-route-learn"),
            deny: lists
                .find(|list| !list.is_empty())
                .map_or_else(Vec::new, |list| deny_list(global.name(), list)),
        })
    }
}

/// What lies behind an empty entry is not read.
fn deny_list(zone: &str, text: &str) -> Vec<Cidr> {
    let entries = text
        .split(',')
        .map(str::trim)
        .take_while(|entry| !entry.is_empty());
    entries
        .filter_map(|entry| {
            let read = Cidr::parse(entry);
            if read.is_none() {
                tracing::warn!("zone {zone}: NB_Global options:ic-route-denylist: {entry} is no CIDR");
            }
            read
        })
        .collect()
}

/// `true`, in either case.
pub(crate) fn is_true(options: &MapView<'_, Text, Text>, key: &str) -> bool {
    options
        .get(key)
        .is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_permitted() {
        let settings = Settings {
            name: "az".into(),
            advertise: Choice {
                is_on: true,
                has_default: false,
            },
            learn: Choice {
                is_on: false,
                has_default: true,
            },
            deny: deny_list("az", " 10.1.0.0/16,nonsense,fd00::/8,,10.2.0.0/16"),
        };
        let check = |prefix: &str, is_permitted: bool| {
            let prefix = Cidr::parse(prefix).expect("a prefix");
            assert_eq!(
                settings.permits(settings.advertise, prefix),
                is_permitted,
                "{prefix}"
            );
            assert!(!settings.permits(settings.learn, prefix));
        };
        check("10.0.0.1/24", true);
        check("10.1.2.0/24", false);
        check("10.0.0.0/8", true);
        check("10.2.3.0/24", true);
        check("0.0.0.0/0", false);
        check("169.254.3.0/24", false);
        check("fe80::/64", false);
        check("fd01::/64", false);
        check("2001:db8::1", true);
    }
}
