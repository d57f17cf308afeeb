//! DHCP answers from options of the northbound database (ovn-northd(8) "Ingress Table 23", "24"); ovn-controller makes
//! them. Where a router relays DHCP requests there are none.

use ovn_schemas::rows::ovn_northbound::{DhcpOptions, LogicalSwitchPort};
use ovsdb_data::typed::Table;
use ovsdb_data::{Row, Uuid};

use crate::flow::{Flows, Stage};
use crate::graph::Derivation;
use crate::model::address::{Addresses, Mac, V4, V6, v6_text};
use crate::model::copp;
use crate::model::name::is_resident;
use crate::model::options::Options;
use crate::model::switch::{Switch, SwitchTraits};
use crate::model::switch_port::{SwitchPort, Type};
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The flows of a switch.
pub enum SwitchDhcpFlows {}

impl Derivation for SwitchDhcpFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::SwitchDhcpFlows;

    fn derive(_: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let mut flows = Flows::on(uuid);
        flows.add(Stage::LsInDhcpOptions, 0, "1", "next;");
        flows.add(Stage::LsInDhcpResponse, 0, "1", "next;");
        flows
    }
}

/// Whether a port has options.
pub(crate) fn has_options(row: &Row) -> bool {
    let port = LogicalSwitchPort::of(row);
    port.dhcpv4_options().is_some() || port.dhcpv6_options().is_some()
}

/// Which options a port has.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DhcpOf {
    v4: Option<Uuid>,
    v6: Option<Uuid>,
    /// An external port is on one of several chassis.
    has_chassis_group: bool,
}

impl Derivation for DhcpOf {
    type Key = Uuid;
    type Value = DhcpOf;
    const NODE: NodeId = Node::DhcpOf;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&DhcpOf>) -> DhcpOf {
        let row = view.row::<LogicalSwitchPort<'_>>(uuid);
        row.map_or_else(DhcpOf::default, |row| DhcpOf {
            v4: row.dhcpv4_options(),
            v6: row.dhcpv6_options(),
            has_chassis_group: row.ha_chassis_group().is_some(),
        })
    }
}

/// The flows of a port.
pub enum DhcpFlows {}

impl Derivation for DhcpFlows {
    type Key = Uuid;
    type Value = Flows;
    const NODE: NodeId = Node::DhcpFlows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Flows>) -> Flows {
        let port = view.get::<SwitchPort>(uuid);
        let Some(port) = port.as_ref() else {
            return Flows::on(uuid);
        };
        let mut flows = Flows::on(port.switch);
        let of = *view.get::<DhcpOf>(uuid);
        if !port.is_enabled || port.r#type == Type::Router || (of.v4.is_none() && of.v6.is_none()) {
            return flows;
        }
        let switch = view.get::<Switch>(port.switch);
        let Some(switch) = switch.as_ref() else {
            return flows;
        };
        if switch.other_config.get("dhcp_relay_port").is_some() {
            return flows;
        }
        let v4 = of.v4.and_then(|row| Server::read(view, row));
        let v6 = of.v6.and_then(|row| Server::read(view, row));
        let mut answer = |inport: &SwitchPort| {
            for own in &port.addresses {
                let client = Client { port, inport, own };
                if let Some(server) = &v4 {
                    let meter = copp::meter(view, switch.copp, "dhcpv4-opts");
                    client.answer_v4(server, meter, &mut flows);
                }
                if let Some(server) = &v6 {
                    let meter = copp::meter(view, switch.copp, "dhcpv6-opts");
                    client.answer_v6(server, meter, &mut flows);
                }
            }
        };
        if port.r#type != Type::External {
            answer(port);
        } else if of.has_chassis_group {
            // What an external port sends comes in from the physical network.
            for localnet in &view.get::<SwitchTraits>(port.switch).localnet {
                if let Some(localnet) = &*view.get::<SwitchPort>(*localnet) {
                    answer(localnet);
                }
            }
        }
        flows
    }
}

/// A row of `DHCP_Options`.
struct Server {
    row: Uuid,
    cidr: String,
    options: Options,
}

impl Server {
    fn read(view: &View<'_>, row: Uuid) -> Option<Server> {
        let options = view.row::<DhcpOptions<'_>>(row)?;
        Some(Server {
            row,
            cidr: options.cidr().to_owned(),
            options: Options::of(&options.options()),
        })
    }
}

type Meter = Option<std::sync::Arc<str>>;

/// Who is answered, and where he is heard.
struct Client<'a> {
    port: &'a SwitchPort,
    inport: &'a SwitchPort,
    own: &'a Addresses,
}

impl Client<'_> {
    /// The first address that the server may give gets flows.
    fn answer_v4(&self, server: &Server, meter: Meter, flows: &mut Flows) {
        let Some(network) = V4::parse(&server.cidr) else {
            return;
        };
        let mut offers = self.own.v4.iter().map(|v4| v4.addr);
        let Some(offer) = offers.find(|addr| network.contains(*addr)) else {
            return;
        };
        let option = |key: &str| server.options.get(key);
        let (Some(id), Some(mac), Some(_)) =
            (option("server_id"), option("server_mac"), option("lease_time"))
        else {
            tracing::warn!(
                "Required DHCPv4 options not defined for lport - {}",
                self.port.key
            );
            return;
        };
        let options = v4_options(&server.options, &network, self.port.options.get("hostname"));
        let from = format!("inport == {} && eth.src == {}", self.inport.key, self.own.mac);
        let here = self.here();
        self.add(
            flows,
            server,
            Stage::LsInDhcpOptions,
            format!(
                "{from} && (ip4.src == {{{offer}, 0.0.0.0}} && ip4.dst == {{{id}, 255.255.255.255}}) && \
                 udp.src == 68 && udp.dst == 67{here}"
            ),
            format!("reg0[3] = put_dhcp_opts(offerip = {offer}, {options}); next;"),
            meter,
        );
        self.add(
            flows,
            server,
            Stage::LsInDhcpResponse,
            format!("{from} && ip4 && udp.src == 68 && udp.dst == 67 && reg0[3]{here}"),
            format!(
                "eth.dst = eth.src; eth.src = {mac}; ip4.src = {id}; udp.src = 67; udp.dst = 68; outport = inport; \
                 flags.loopback = 1; output;"
            ),
            None,
        );
        self.let_pass(
            flows,
            server,
            &format!("eth.src == {mac} && ip4.src == {id} && udp && udp.src == 67 && udp.dst == 68"),
        );
    }

    fn answer_v6(&self, server: &Server, meter: Meter, flows: &mut Flows) {
        let Some(network) = V6::parse(&server.cidr) else {
            return;
        };
        let mut offers = self.own.v6.iter().map(|v6| v6.addr);
        let Some(offer) = offers.find(|addr| network.contains(*addr)) else {
            return;
        };
        let id = server.options.get("server_id");
        let Some((id, mac)) = id.and_then(|id| Some((id, Mac::parse(id)?))) else {
            tracing::warn!(
                "server_id not present in the DHCPv6 options for lport {}",
                self.port.key
            );
            return;
        };
        let ip = v6_text(mac.link_local().addr);
        let offer = match server.options.is_true("dhcpv6_stateless", false) {
            true => None,
            false => Some(format!("ia_addr = {}", v6_text(offer))),
        };
        let options = server
            .options
            .iter()
            .filter(|(key, _)| *key != "dhcpv6_stateless");
        let options: Vec<String> = offer
            .into_iter()
            .chain(options.map(|(key, value)| format!("{key} = {value}")))
            .collect();
        let asked = format!(
            "inport == {} && eth.src == {} && ip6.mcast && ip6.dst == ff02::1:2 && udp.src == 546 && udp.dst == 547{}",
            self.inport.key,
            self.own.mac,
            self.here()
        );
        self.add(
            flows,
            server,
            Stage::LsInDhcpOptions,
            asked.clone(),
            format!("reg0[3] = put_dhcpv6_opts({}); next;", options.join(", ")),
            meter,
        );
        self.add(
            flows,
            server,
            Stage::LsInDhcpResponse,
            format!("{asked} && reg0[3]"),
            format!(
                "eth.dst = eth.src; eth.src = {id}; ip6.dst = ip6.src; ip6.src = {ip}; udp.src = 547; \
                 udp.dst = 546; outport = inport; flags.loopback = 1; output;"
            ),
            None,
        );
        self.let_pass(
            flows,
            server,
            &format!("eth.src == {id} && ip6.src == {ip} && udp && udp.src == 547 && udp.dst == 546"),
        );
    }

    /// Only the chassis that has the external port answers.
    fn here(&self) -> String {
        match self.port.r#type {
            Type::External => format!(" && {}", is_resident(&self.port.key)),
            _ => String::new(),
        }
    }

    fn add(
        &self,
        flows: &mut Flows,
        server: &Server,
        stage: Stage,
        r#match: String,
        actions: String,
        meter: Meter,
    ) {
        flows
            .add(stage, 100, r#match, actions)
            .hint(server.row)
            .tag(&self.inport.name)
            .meter(meter);
    }

    /// Whatever ACLs say, the answer gets to who asked.
    fn let_pass(&self, flows: &mut Flows, server: &Server, answer: &str) {
        if self.port.r#type != Type::External {
            flows
                .add(
                    Stage::LsOutAclEval,
                    34000,
                    format!("outport == {} && {answer}", self.port.key),
                    "reg8[16] = 1; next;",
                )
                .hint(server.row)
                .tag(&self.port.name);
        }
    }
}

/// The options of an answer, by name. A netmask that somebody asks for is there besides the network's.
fn v4_options(options: &Options, network: &V4, hostname: Option<&str>) -> String {
    let mask = network.mask().to_string();
    let mut pairs = vec![("netmask", &*mask)];
    pairs.extend(options.iter());
    pairs.retain(|(key, _)| *key != "server_mac" && !(*key == "hostname" && hostname.is_some()));
    pairs.extend(hostname.map(|hostname| ("hostname", hostname)));
    pairs.sort_by_key(|(key, _)| *key);
    let texts: Vec<String> = pairs
        .iter()
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    texts.join(", ")
}
