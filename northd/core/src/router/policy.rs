//! Policies: packets that do not go the way that routes say (ovn-northd(8) "Ingress Table 17: Policies", "18: ECMP
//! handling for router policies").

use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{LogicalRouter, LogicalRouterPolicy};
use ovsdb_data::Uuid;

use super::routing::leave;
use crate::alloc::chain::{self, PolicyChains};
use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::config::Config;
use crate::model::policy::{NextHop, NextHops};
use crate::model::router_port::RouterPort;
use crate::nodes::{Node, NodeId};
use crate::view::View;

const STAGE: Stage = Stage::LrInPolicy;

/// The flows of a router.
pub enum RouterPolicyFlows {}

impl Derivation for RouterPolicyFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::RouterPolicyFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        super::of_router(view, uuid, |_, flows| {
            flows.add(STAGE, 0, "1", "reg8[0..15] = 0; next;");
            flows.add(Stage::LrInPolicyEcmp, 150, "reg8[0..15] == 0", "next;");
            flows.add(Stage::LrInPolicyEcmp, 0, "1", view.get::<Config>(()).drop.clone());
        })
    }
}

/// The flows of a policy.
pub enum PolicyFlows {}

impl Derivation for PolicyFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::PolicyFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let Some(row) = view.row::<LogicalRouterPolicy<'_>>(uuid) else {
            return Flows::on(uuid);
        };
        let routers = view.holders(LogicalRouter::POLICIES, uuid);
        super::of_routers(view, uuid, routers, |router, flows| {
            let policy = Policy {
                view,
                uuid,
                router: router.uuid,
                row,
            };
            policy.apply(flows);
        })
    }
}

struct Policy<'a, 'g> {
    view: &'a View<'g>,
    uuid: Uuid,
    router: Uuid,
    row: LogicalRouterPolicy<'g>,
}

impl Policy<'_, '_> {
    /// None where there is nothing to do.
    fn apply(&self, flows: &mut Flows) -> Option<()> {
        let hops = self.view.get::<NextHops>((self.router, self.uuid));
        if hops.asked > 1 {
            return self.share(flows, &hops.valid);
        }
        let r#match = self.packets()?;
        let actions: Arc<str> = match self.row.action() {
            "allow" => format!("{}reg8[0..15] = 0; next;", self.mark()).into(),
            "drop" => self.view.get::<Config>(()).drop.clone(),
            "jump" => self.jump()?.into(),
            "reroute" => {
                let hop = hops.valid.first()?;
                self.lead(hop, "reg8[0..15] = 0; ")?.into()
            }
            _ => return None,
        };
        flows
            .add(STAGE, self.priority(), r#match, actions)
            .hint(self.uuid);
        Some(())
    }

    fn priority(&self) -> u16 {
        u16::try_from(self.row.priority()).unwrap_or(0)
    }

    fn mark(&self) -> String {
        let mark = self.row.options().get("pkt_mark");
        let mark = mark
            .and_then(|mark| mark.parse::<u32>().ok())
            .filter(|mark| *mark != 0);
        mark.map(|mark| format!("pkt.mark = {mark}; "))
            .unwrap_or_default()
    }

    /// The packets of a policy: those that are in its chain, on a router that has any.
    fn packets(&self) -> Option<String> {
        let chains = self.view.get::<PolicyChains>(self.router);
        let raw = self.row.r#match();
        if chains.is_empty() {
            return Some(raw.to_owned());
        }
        let chain = match self.row.chain().filter(|chain| !chain.is_empty()) {
            Some(chain) => *chains.get(chain)?,
            None => 0,
        };
        Some(format!("reg9[16..31] == {chain} && ({raw})"))
    }

    fn jump(&self) -> Option<String> {
        let chain = self.row.jump_chain().unwrap_or_default();
        let chains = self.view.get::<PolicyChains>(self.router);
        let Some(number) = chains.get(chain) else {
            let router = self.view.row::<LogicalRouter<'_>>(self.router)?;
            let name = router.name();
            match chain {
                "" => tracing::warn!("Logical router: {name}, policy action 'jump' has empty target"),
                _ => tracing::warn!(
                    "Logical router: {name}, policy action 'jump' follows to non-existent chain {chain}"
                ),
            }
            return None;
        };
        let table = STAGE.table();
        Some(format!(
            "reg9[16..31]={number}; next(pipeline=ingress, table={table});"
        ))
    }

    fn lead(&self, hop: &NextHop, group: &str) -> Option<String> {
        let port = self.view.get::<RouterPort>(hop.port);
        Some(format!(
            "{}{} = {}; {}flags.loopback = 1; {group}reg9[9] = {}; next;",
            self.mark(),
            if hop.is_v4() { "reg0" } else { "xxreg0" },
            hop.text,
            leave(port.as_ref().as_ref()?, hop.source, hop.is_v4()),
            u8::from(hop.is_v4())
        ))
    }

    /// Several next hops share the packets, whichever chain they are in.
    fn share(&self, flows: &mut Flows, hops: &[NextHop]) -> Option<()> {
        let group = chain::group(self.view, self.router, self.uuid)?;
        if hops.iter().any(|hop| hop.is_v4() != hops[0].is_v4()) {
            tracing::warn!(
                "Logical_Router_Policy {}: nexthops are not of one address family",
                self.uuid
            );
            return None;
        }
        for (place, hop) in hops.iter().enumerate() {
            let chosen = format!("reg8[0..15] == {group} && reg8[16..31] == {}", place + 1);
            flows
                .add(Stage::LrInPolicyEcmp, 100, chosen, self.lead(hop, "")?)
                .hint(self.uuid);
        }
        let members: Vec<String> = (1..=hops.len()).map(|member| member.to_string()).collect();
        let chosen = match &members[..] {
            [one] => format!("{one}; next;"),
            several => format!("select({});", several.join(", ")),
        };
        flows
            .add(
                STAGE,
                self.priority(),
                self.row.r#match(),
                format!("reg8[0..15] = {group}; reg8[16..31] = {chosen}"),
            )
            .hint(self.uuid);
        Some(())
    }
}
