//! Load balancers (ovn-nb(5) "Load_Balancer").

use std::collections::BTreeMap;
use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{self as nb, LoadBalancerHealthCheck};
use ovsdb_data::Uuid;
use ovsdb_data::typed::Table;

use super::options::Options;
use super::vip::Family;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// Which virtual addresses a router answers ARP and ND for (`neighbor_responder`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// Those in one of its networks.
    Reachable,
    /// All.
    All,
    /// None.
    None,
}

/// A load balancer, wherever it is applied, without its virtual addresses (`vips.rs`).
#[derive(Clone, Debug, PartialEq)]
pub struct LoadBalancer {
    /// Its row.
    pub uuid: Uuid,
    /// The transport protocol: TCP where nothing is said.
    pub protocol: &'static str,
    /// The version of IP of templates.
    pub family: Family,
    /// What watches over virtual addresses, by their text.
    pub checks: BTreeMap<Arc<str>, Uuid>,
    /// Who asks backends whether they are alive, by their addresses.
    pub mappings: Options,
    /// What a backend is chosen by, as in `hash_fields`; empty where nothing is said.
    pub hash_fields: Arc<str>,
    /// Connections are refused where there is no backend.
    pub rejects: bool,
    /// ovn-controller tells of connections for which there is no backend.
    pub tells: bool,
    /// What it balances is not SNATed.
    pub skips_snat: bool,
    /// Other routers get routes to its virtual addresses.
    pub is_routable: bool,
    /// Variables may stand for addresses.
    pub is_template: bool,
    /// Packets of routers with several gateways are translated without connection tracking.
    pub is_stateless: bool,
    /// For which virtual addresses routers answer.
    pub answers: Answers,
    /// How long, in seconds, a client keeps its backend; 0 where that is not asked for.
    pub affinity_s: u16,
}

impl Derivation for LoadBalancer {
    type Key = Uuid;
    type Value = Option<LoadBalancer>;
    const NODE: NodeId = Node::LoadBalancer;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let row = view.row::<nb::LoadBalancer<'_>>(uuid)?;
        let options = Options::of(&row.options());
        let is_template = options.is_true("template", false);
        let checks = checks(view, row, is_template);
        Some(LoadBalancer {
            uuid,
            protocol: protocol(row.protocol()),
            family: match options.get("address-family") {
                None | Some("ipv4") => Family::V4,
                Some(_) => Family::V6,
            },
            mappings: match checks.is_empty() {
                true => Options::default(),
                false => Options::of(&row.ip_port_mappings()),
            },
            checks,
            hash_fields: hash_fields(row).into(),
            rejects: options.is_true("reject", false),
            tells: options.is_true("event", false),
            skips_snat: options.is_true("skip_snat", false),
            is_routable: options.is_true("add_route", false) && !is_template,
            is_template,
            is_stateless: options.is_true("use_stateless_nat", false),
            answers: answers(uuid, &options, is_template),
            affinity_s: affinity_s(&options),
        })
    }
}

fn protocol(column: Option<&str>) -> &'static str {
    match column {
        Some("udp") => "udp",
        Some("sctp") => "sctp",
        _ => "tcp",
    }
}

/// The health checks of virtual addresses, by their text.
fn checks(view: &View<'_>, row: nb::LoadBalancer<'_>, is_template: bool) -> BTreeMap<Arc<str>, Uuid> {
    if row.health_check().is_empty() {
        return BTreeMap::new();
    }
    let is_sctp = row.protocol() == Some("sctp");
    if is_sctp || is_template {
        let kind = if is_sctp { "SCTP" } else { "Template" };
        tracing::warn!(
            "{kind} load balancers do not currently support health checks: none are made for Load_Balancer {}",
            row.uuid()
        );
        return BTreeMap::new();
    }
    let mut checks = BTreeMap::new();
    for check in row.health_check().iter() {
        if let Some(row) = view.row::<LoadBalancerHealthCheck<'_>>(check) {
            checks.entry(row.vip().into()).or_insert(check);
        }
    }
    checks
}

fn hash_fields(row: nb::LoadBalancer<'_>) -> String {
    let protocol = row.protocol().filter(|protocol| !protocol.is_empty());
    let fields = row.selection_fields();
    let fields = fields.iter().map(|field| match (field, protocol) {
        ("tp_src", Some(protocol)) => format!("{protocol}_src"),
        ("tp_dst", Some(protocol)) => format!("{protocol}_dst"),
        _ => field.to_owned(),
    });
    fields.collect::<Vec<_>>().join(",")
}

fn answers(uuid: Uuid, options: &Options, is_template: bool) -> Answers {
    let usual = match is_template {
        true => Answers::None,
        false => Answers::Reachable,
    };
    match options.get("neighbor_responder") {
        None => usual,
        Some("reachable") if !is_template => Answers::Reachable,
        Some("all") => Answers::All,
        Some("none") => Answers::None,
        Some(other) => {
            tracing::warn!("Load_Balancer {uuid}: invalid neighbor responder mode {other}");
            usual
        }
    }
}

fn affinity_s(options: &Options) -> u16 {
    let asked = options.number("affinity_timeout", 0).max(0);
    u16::try_from(asked).unwrap_or_else(|_| {
        tracing::warn!("max affinity_timeout timeout value is {}", u16::MAX);
        u16::MAX
    })
}
