//! Load balancers: all flows of one, wherever they are; and what switches and routers do alike with connections to
//! virtual addresses.
//!
//! In: a load balancer and the health of its backends. Out: pieces of matches and of actions, put together in `switch`
//! and `router`.

use ovsdb_data::Uuid;

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::config::Config;
use crate::model::health::Watched;
use crate::model::lb_sets::{self, LbKinds, LbSet};
use crate::model::load_balancer::LoadBalancer;
use crate::model::load_balancer_datapaths::{LbHome, alike};
use crate::model::vip::{Backend, Family, Vip};
use crate::model::vips::buckets;
use crate::nodes::{Node, NodeId};
use crate::router::defrag::LbDefragFlows;
use crate::router::load_balancer::{RouterLbFlows, keep_sources};
use crate::switch::health_check::HealthCheckFlows;
use crate::switch::load_balancer::{LbPreStatefulFlows, SwitchLbFlows};
use crate::view::View;

/// Flows of a load balancer on one of its sets of datapaths.
pub fn on(
    view: &View<'_>,
    uuid: Uuid,
    set: LbSet,
    make: impl FnOnce(&LoadBalancer, &LbKinds, &mut Flows),
) -> Flows {
    let lb = view.get::<LoadBalancer>(uuid);
    let kinds = view.get::<LbKinds>(alike(view, uuid));
    let (Some(lb), Some(datapaths)) = (&*lb, kinds.set(set)) else {
        return Flows::on(uuid);
    };
    let mut flows = Flows::on_all(datapaths);
    make(lb, &kinds, &mut flows);
    flows
}

/// The flows of a load balancer: those of its virtual addresses, bucket by bucket.
pub enum LbFlows {}

impl Derivation for LbFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::LbFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        let lb = view.get::<LoadBalancer>(uuid);
        let Some(lb) = lb.as_ref() else {
            return flows;
        };
        let alike = alike(view, uuid);
        let kinds = view.get::<LbKinds>(alike);
        let is_on = |which: LbSet| kinds.set(which).is_some();
        if view.get::<LbHome>(uuid).is_none() {
            lb_sets::define(view, alike, &mut flows);
        }
        for bucket in buckets(view, uuid) {
            if is_on(LbSet::Switches) {
                flows.include::<LbPreStatefulFlows>(view, bucket);
                flows.include::<SwitchLbFlows>(view, bucket);
            }
            if is_on(LbSet::Routers) {
                flows.include::<LbDefragFlows>(view, bucket);
                flows.include::<RouterLbFlows>(view, bucket);
            }
            if !lb.checks.is_empty() {
                flows.include::<HealthCheckFlows>(view, bucket);
            }
        }
        keep_sources(&mut flows, lb, &kinds);
        flows
    }
}

/// What becomes of a new connection to a virtual address.
pub enum Verdict {
    /// It goes to one of the backends: `ct_lb_mark`, not yet closed.
    Balance(String),
    /// It is dropped: there is no backend.
    Drop,
    /// It is refused: there is no backend.
    Reject,
}

/// What becomes of a new connection.
pub fn verdict(lb: &LoadBalancer, vip: &Vip, health: &[Option<Watched>]) -> Verdict {
    let (backends, is_empty) = match vip.health_check {
        None => (vip.backends_text.to_string(), vip.backends.is_empty()),
        Some(_) => {
            let alive = vip
                .backends
                .iter()
                .zip(health)
                .filter(|(_, watched)| watched.as_ref().is_some_and(Watched::is_active));
            let texts: Vec<String> = alive.map(|(backend, _)| watched_text(backend)).collect();
            (texts.join(","), texts.is_empty())
        }
    };
    match (is_empty, lb.rejects) {
        (true, true) => Verdict::Reject,
        (true, false) => Verdict::Drop,
        (false, _) if lb.hash_fields.is_empty() => {
            Verdict::Balance(format!("ct_lb_mark(backends={backends}"))
        }
        (false, _) => Verdict::Balance(format!(
            "ct_lb_mark(backends={backends}; hash_fields=\"{}\"",
            lb.hash_fields
        )),
    }
}

/// A backend that is watched: always with a port.
fn watched_text(backend: &Backend) -> String {
    let port = backend.port.unwrap_or(0).to_string();
    backend.certain_family().with_port(&backend.ip, &port)
}

/// Refuses a connection: the answer continues at a stage of the egress pipeline.
pub fn reject(at: Stage) -> String {
    format!(
        "reg0 = 0; reject {{ outport <-> inport; next(pipeline=egress,table={});}};",
        at.table()
    )
}

/// Keeps the virtual address in registers.
pub fn keep(vip: &Vip, family: Family) -> String {
    let address = format!("{} = {}; ", family.register(), vip.ip);
    match &vip.port {
        Some(port) => format!("{address}reg2[0..15] = {port}; "),
        None => address,
    }
}

/// Priority of the flows that balance: a port goes before all ports.
pub fn priority(vip: &Vip) -> u16 {
    match vip.port {
        Some(_) => 120,
        None => 110,
    }
}

/// Checks whether a client has a backend already.
pub const CHECK_AFFINITY: &str = "reg9[6] = chk_lb_aff(); next;";

/// How clients keep one backend.
pub struct Affinity {
    /// A new connection that goes to the backend.
    pub learn_match: String,
    /// Remembers it.
    pub learn: String,
    /// A connection of a client that has the backend.
    pub known_match: String,
    /// The backend in `ct_lb_mark`.
    pub backend: String,
}

/// For each backend; none where the load balancer does not ask for it.
pub fn affinities<'a>(
    lb: &'a LoadBalancer,
    vip: &'a Vip,
    family: Family,
) -> impl Iterator<Item = Affinity> + use<'a> {
    let backends = match lb.affinity_s {
        0 => &[][..],
        _ => &vip.backends[..],
    };
    backends
        .iter()
        .map(move |backend| affinity(lb, vip, backend, family))
}

fn affinity(lb: &LoadBalancer, vip: &Vip, backend: &Backend, family: Family) -> Affinity {
    let (field, register, protocol) = (family.field(), family.register(), lb.protocol);
    let port = |port: &Option<std::sync::Arc<str>>| match port {
        Some(port) => format!(" && reg2[0..15] == {port}"),
        None => String::new(),
    };
    let (to_port, has_port) = match backend.port {
        Some(number) => (
            format!(" && {protocol}.dst == {number}"),
            format!(" && reg2[0..15] == {number}"),
        ),
        None => (String::new(), String::new()),
    };
    let text = backend.text(family);
    let with_protocol = match vip.port {
        Some(_) => format!(", proto = {protocol}"),
        None => String::new(),
    };
    Affinity {
        learn_match: format!(
            "reg9[6] == 0 && ct.new && {field} && {register} == {}{} && {field}.dst == {}{to_port}",
            vip.ip,
            port(&vip.port),
            backend.ip
        ),
        learn: format!(
            "commit_lb_aff(vip = \"{}\", backend = \"{text}\"{with_protocol}, timeout = {}); /* drop */",
            vip.text(family),
            lb.affinity_s
        ),
        known_match: format!(
            "reg9[6] == 1 && ct.new && {field}.dst == {} && {register} == {}{has_port}",
            vip.ip, backend.ip
        ),
        backend: text,
    }
}

/// Match and actions that tell of a connection for which there is no backend, where that is asked for.
pub fn empty_event(config: &Config, lb: &LoadBalancer, vip: &Vip) -> Option<(String, String)> {
    if !(lb.tells || config.controller_event) || !vip.backends.is_empty() || lb.rejects {
        return None;
    }
    let protocol = lb.protocol;
    let mut r#match = format!("{}.dst == {} && {protocol}", vip.family.field(), vip.ip);
    if let Some(port) = &vip.port {
        r#match.push_str(&format!(" && {protocol}.dst == {port}"));
    }
    let actions = format!(
        "trigger_event(event = \"empty_lb_backends\", vip = \"{}\", protocol = \"{protocol}\", load_balancer = \"{}\");",
        vip.text(vip.family),
        lb.uuid
    );
    Some((r#match, actions))
}

#[cfg(test)]
mod tests {
    use ovn_schemas::Db;
    use ovn_schemas::rows::ovn_northbound as nb;
    use ovsdb_data::typed::{Columns, Table};
    use ovsdb_data::{Row, RowChange};

    use super::*;
    use crate::{Northd, Side};

    fn row<T: Table<'static>>(uuid: Uuid, columns: Columns<T>) -> Row {
        let schema = ovn_schemas::schema(Db::OvnNorthbound);
        columns.into_row(uuid, Uuid::nil(), schema.table(T::TABLE_INDEX).iter().count())
    }

    fn change<T: Table<'static>>(old: Option<Row>, new: Row) -> RowChange {
        RowChange {
            table: T::TABLE_INDEX,
            uuid: new.uuid(),
            old,
            new: Some(new),
        }
    }

    #[test]
    fn one_address_of_many_remakes_few() {
        let (switch, lb) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let balancer = |last: &str| {
            let vip = |i: u32| format!("10.96.{}.{}:80", i / 256, i % 256);
            let mut vips: Vec<(String, String)> =
                (0..5000).map(|i| (vip(i), "10.16.0.1:80".to_owned())).collect();
            vips.push(("10.97.0.1:80".to_owned(), last.to_owned()));
            let columns = Columns::<nb::LoadBalancer<'static>>::new()
                .set(nb::LoadBalancer::NAME, "lb")
                .set(nb::LoadBalancer::VIPS, vips);
            row(lb, columns)
        };
        let columns = Columns::<nb::LogicalSwitch<'static>>::new()
            .set(nb::LogicalSwitch::NAME, "sw")
            .set(nb::LogicalSwitch::LOAD_BALANCER, [lb]);
        let mut northd = Northd::new();
        let before = balancer("10.16.0.1:80");
        northd.change(
            Side::Nb,
            &[
                change::<nb::LogicalSwitch<'static>>(None, row(switch, columns)),
                change::<nb::LoadBalancer<'static>>(None, before.clone()),
            ],
        );
        northd.settle();

        let made = |northd: &Northd| {
            let of_vips = [Node::Vips, Node::SwitchLbFlows, Node::LbPreStatefulFlows];
            of_vips.map(|node| northd.count(node).made).iter().sum::<u64>()
        };
        let made_before = made(&northd);
        let after = change::<nb::LoadBalancer<'static>>(Some(before), balancer("10.16.0.2:80"));
        northd.change(Side::Nb, &[after]);
        let touched = northd.settle();
        // The old flow, the new one, and the row of the load balancer.
        assert_eq!(touched.len(), 3);
        // The bucket's addresses and what switches do with them; what they keep is the same.
        assert_eq!(made(&northd) - made_before, 3);
        assert_eq!(northd.all(), northd.again().all());
    }
}
