//! Which addresses the load balancers of a router serve: what address translation has to know about them.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{LoadBalancer, LoadBalancerGroup, LogicalRouter};
use ovsdb_data::Uuid;

use super::nat::{Nat, ip_text};
use super::options::Options;
use crate::graph::Derivation;
use crate::nodes::Node;
use crate::view::View;

/// The addresses that a load balancer serves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vips {
    /// The column `vips` is not empty.
    pub has_any: bool,
    /// Addresses, as flows have them; names of templates.
    pub ips: BTreeSet<Arc<str>>,
}

/// Those of one load balancer.
pub enum BalancerVips {}

impl Derivation for BalancerVips {
    type Key = Uuid;
    type Value = Vips;
    const NODE: Node = Node::BalancerServes;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Vips>) -> Vips {
        let Some(row) = view.row::<LoadBalancer<'_>>(uuid) else {
            return Vips::default();
        };
        let is_template = Options::of(&row.options()).is_true("template", false);
        let of = |(vip, backends): (&str, &str)| match is_template {
            false => explicit(vip, backends),
            true => template(vip, backends),
        };
        Vips {
            has_any: row.vips().iter().next().is_some(),
            ips: row.vips().iter().filter_map(of).collect(),
        }
    }
}

/// An address, and a port other than 0.
fn endpoint(text: &str) -> Option<(IpAddr, Option<u16>)> {
    let (addr, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (addr, rest) = rest.split_once(']')?;
            (addr, rest.strip_prefix(':'))
        }
        None if text.matches(':').count() > 1 => (text, None),
        None => match text.split_once(':') {
            Some((addr, port)) => (addr, Some(port)),
            None => (text, None),
        },
    };
    let port = port.map(str::parse).transpose().ok()?;
    Some((addr.parse().ok()?, port.filter(|port| *port != 0)))
}

fn tokens(text: &str, at: char) -> impl Iterator<Item = &str> {
    text.split(at).filter(|token| !token.is_empty())
}

fn are_explicit(backends: &str, is_v4: bool, has_port: bool) -> bool {
    tokens(backends, ',').all(|backend| {
        endpoint(backend).is_some_and(|(ip, port)| (ip.is_ipv4(), port.is_some()) == (is_v4, has_port))
    })
}

fn explicit(vip: &str, backends: &str) -> Option<Arc<str>> {
    let (ip, port) = endpoint(vip)?;
    are_explicit(backends, ip.is_ipv4(), port.is_some()).then(|| ip_text(ip).into())
}

fn template(vip: &str, backends: &str) -> Option<Arc<str>> {
    let is_template = |text: &str| (1..=2).contains(&tokens(text, ':').count());
    let ip = tokens(vip, ':').next().filter(|_| is_template(vip))?;
    tokens(backends, ',').all(is_template).then(|| ip.into())
}

/// Those of the load balancers of a group.
pub enum GroupVips {}

impl Derivation for GroupVips {
    type Key = Uuid;
    type Value = Vips;
    const NODE: Node = Node::GroupServes;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Vips>) -> Vips {
        let mut vips = Vips::default();
        let Some(row) = view.row::<LoadBalancerGroup<'_>>(uuid) else {
            return vips;
        };
        for balancer in row.load_balancer().iter() {
            let of = view.get::<BalancerVips>(balancer);
            vips.has_any |= of.has_any;
            vips.ips.extend(of.ips.iter().cloned());
        }
        vips
    }
}

/// The load balancers and groups of a router.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RouterBalancers {
    balancers: Vec<Uuid>,
    groups: Vec<Uuid>,
}

impl Derivation for RouterBalancers {
    type Key = Uuid;
    type Value = RouterBalancers;
    const NODE: Node = Node::RouterBalancers;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<LogicalRouter<'_>>(uuid);
        row.map_or_else(RouterBalancers::default, |row| RouterBalancers {
            balancers: row.load_balancer().iter().collect(),
            groups: row.load_balancer_group().iter().collect(),
        })
    }
}

impl RouterBalancers {
    /// Each of them.
    fn vips<'a>(&'a self, view: &'a View<'_>) -> impl Iterator<Item = Arc<Vips>> + 'a {
        let balancers = self.balancers.iter().map(|uuid| view.get::<BalancerVips>(*uuid));
        balancers.chain(self.groups.iter().map(|uuid| view.get::<GroupVips>(*uuid)))
    }
}

/// Whether a router has load balancers that serve anything.
pub enum HasVip {}

impl Derivation for HasVip {
    type Key = Uuid;
    type Value = bool;
    const NODE: Node = Node::RouterHasVip;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&bool>) -> bool {
        view.get::<RouterBalancers>(uuid)
            .vips(view)
            .any(|vips| vips.has_any)
    }
}

/// Whether a load balancer of a router serves the address outside of a rule.
pub enum IsServed {}

impl Derivation for IsServed {
    /// The router and the rule.
    type Key = (Uuid, Uuid);
    type Value = bool;
    const NODE: Node = Node::IsServed;

    fn derive(view: &View<'_>, (router, nat): (Uuid, Uuid), _: Option<&bool>) -> bool {
        let nat = view.get::<Nat>(nat);
        let serves = |vips: Arc<Vips>| {
            nat.as_ref()
                .as_ref()
                .is_some_and(|nat| vips.ips.contains(&nat.external_text))
        };
        view.get::<RouterBalancers>(router).vips(view).any(serves)
    }
}

/// Every address that the load balancers of a router serve.
pub fn all(view: &View<'_>, router: Uuid) -> BTreeSet<Arc<str>> {
    let balancers = view.get::<RouterBalancers>(router);
    balancers
        .vips(view)
        .flat_map(|vips| vips.ips.iter().cloned().collect::<Vec<_>>())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vips_are_read() {
        let check = |(vip, backends): (&str, &str), ip: Option<&str>| {
            assert_eq!(explicit(vip, backends).as_deref(), ip, "{vip} {backends}");
        };
        check(("10.0.0.1", ""), Some("10.0.0.1"));
        check(("10.0.0.1:80", "10.0.0.2:81,10.0.0.3:82"), Some("10.0.0.1"));
        check(("[FD00::1]:80", "[fd00::2]:81"), Some("fd00::1"));
        check(("fd00::1", "fd00::2"), Some("fd00::1"));
        check(("10.0.0.1:80", "10.0.0.2"), None);
        check(("10.0.0.1", "fd00::2"), None);
        check(("vip", "10.0.0.2"), None);
        assert_eq!(template("^vip:80", "^a:^b,10.0.0.1:80").as_deref(), Some("^vip"));
        assert_eq!(template("^vip:80:90", "^a"), None);
    }
}
