//! `Port_Binding.options` of router ports: redirection to gateways, dynamic routing, IPv6 prefixes and router
//! advertisements (ovn-sb(5), ovn-nb(5) "Logical_Router_Port" `ipv6_ra_configs`).

use ovn_schemas::rows::ovn_northbound::LogicalRouterPort;

use super::port_binding::OptionMap;
use crate::model::address::v6_text;
use crate::model::nat::NatTraits;
use crate::model::options::Options;
use crate::model::router::Router;
use crate::model::router_port::{RouterPort, SwitchPeer};
use crate::model::switch::SwitchTraits;
use crate::model::switch_port::SwitchPort;
use crate::view::View;

/// Options of a chassisredirect port.
pub fn redirect(view: &View<'_>, port: &RouterPort) -> OptionMap {
    let mut options = OptionMap::from([("distributed-port".into(), port.name.to_string())]);
    let r#type = port.options.get("redirect-type");
    if let Some(r#type) = r#type {
        options.insert("redirect-type".into(), r#type.into());
    }
    let peer = (*view.get::<SwitchPeer>(port.uuid)).map(|peer| view.get::<SwitchPort>(peer));
    let peer = peer.as_ref().and_then(|peer| peer.as_ref().as_ref());
    let has_vtep = peer.is_some_and(|peer| !view.get::<SwitchTraits>(peer.switch).vtep.is_empty());
    if !view.get::<NatTraits>(port.router).asks_distribution && !has_vtep && r#type != Some("bridged") {
        options.insert("always-redirect".into(), "true".into());
    }
    options
}

/// What ovn-controller needs to exchange routes with the host.
pub fn dynamic_routing(port: &RouterPort, router: &Router, options: &mut OptionMap) {
    if !router.options.is_true("dynamic-routing", false) {
        return;
    }
    options.insert("dynamic-routing".into(), "true".into());
    if port.options.is_true("dynamic-routing-maintain-vrf", false) {
        options.insert("dynamic-routing-maintain-vrf".into(), "true".into());
    }
    for (key, of) in [
        ("dynamic-routing-vrf-name", &router.options),
        ("dynamic-routing-port-name", &port.options),
    ] {
        if let Some(name) = of.get(key) {
            options.insert(key.into(), name.into());
        }
    }
}

/// Prefixes that ovn-controller asks for, and router advertisements that it sends by itself.
pub fn advertisements(port: &RouterPort, nb: LogicalRouterPort<'_>, options: &mut OptionMap) {
    for (key, asked) in [
        ("ipv6_prefix_delegation", "prefix_delegation"),
        ("ipv6_prefix", "prefix"),
    ] {
        if port.is_enabled && port.options.is_true(asked, false) {
            options.insert(key.into(), "true".into());
        }
    }
    let config = Options::of(&nb.ipv6_ra_configs());
    let Some(mode) = config.get("address_mode") else {
        return;
    };
    if !["slaac", "dhcpv6_stateful", "dhcpv6_stateless"].contains(&mode) {
        tracing::warn!("Invalid address mode [{mode}] defined");
        return;
    }
    if !config.is_true("send_periodic", false) {
        return;
    }
    let mut add = |key: &str, value: String| options.insert(format!("ipv6_ra_{key}"), value);
    add("send_periodic", "true".into());
    add("address_mode", mode.into());
    let (min, max) = intervals(&config);
    add("max_interval", max.to_string());
    add("min_interval", min.to_string());
    let mtu = config.number("mtu", 0);
    if mtu >= 1280 {
        add("mtu", mtu.to_string());
    }
    let mut prefixes = Vec::new();
    for v6 in &port.addresses.v6 {
        match v6.is_link_local() {
            true => {
                add("src_addr", v6_text(v6.addr));
            }
            false => prefixes.push(format!("{}/{}", v6_text(v6.network()), v6.plen)),
        }
    }
    prefixes.extend(nb.ipv6_prefix().iter().map(str::to_owned));
    add("prefixes", prefixes.join(" "));
    for key in ["rdnss", "dnssl", "route_info"] {
        if let Some(value) = config.get(key) {
            add(key, value.into());
        }
    }
    add("src_eth", port.addresses.mac.to_string());
    let preference = config
        .get("router_preference")
        .filter(|text| ["HIGH", "LOW"].contains(text));
    add("prf", preference.unwrap_or("MEDIUM").into());
}

/// Seconds between two advertisements: the shortest time and the longest one (RFC 4861 §6.2.1).
fn intervals(config: &Options) -> (i64, i64) {
    let max = config.number("max_interval", 600).clamp(4, 1800);
    let usual = if max >= 9 { max / 3 } else { max * 3 / 4 };
    let min = config.number("min_interval", usual).min(max * 3 / 4).max(3);
    (min, max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_within_bounds() {
        let check = |config: &[(&str, &str)], expected| {
            assert_eq!(
                intervals(&Options::from_iter(config.iter().copied())),
                expected,
                "{config:?}"
            );
        };
        check(&[], (200, 600));
        check(&[("max_interval", "2"), ("min_interval", "1")], (3, 4));
        check(
            &[("max_interval", "5000"), ("min_interval", "1700")],
            (1350, 1800),
        );
        check(&[("max_interval", "8")], (6, 8));
    }
}
