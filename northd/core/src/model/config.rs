//! What `NB_Global` says (ovn-nb(5) "NB_Global").

use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{NbGlobal, SamplingApp};
use ovsdb_data::typed::Table;

use super::address::Mac;
use super::kube_ovn::KubeOvn;
use super::options::Options;
use crate::desired;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// Options that many derivations read.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// `use_ct_inv_match`.
    pub use_ct_inv_match: bool,
    /// `controller_event`.
    pub controller_event: bool,
    /// `ignore_lsp_down`.
    pub ignore_lsp_down: bool,
    /// `default_acl_drop`.
    pub default_acl_drop: bool,
    /// `install_ls_lb_from_router`.
    pub install_ls_lb_from_router: bool,
    /// `use_common_zone`.
    pub use_common_zone: bool,
    /// `vxlan_mode`; whether a chassis has a VXLAN tunnel is another matter.
    pub vxlan_mode: bool,
    /// `ignore_chassis_features`.
    pub ignore_chassis_features: bool,
    /// `ecmp_nexthop_monitor_enable`.
    pub ecmp_nexthop_monitor: bool,
    /// What Kube-OVN asks for.
    pub kube_ovn: KubeOvn,
    /// `svc_monitor_mac`, or one of our own.
    pub svc_monitor_mac: Mac,
    /// The action of flows that drop.
    pub drop: Arc<str>,
    /// What stands where a flow drops without saying so.
    pub implicit_drop: Arc<str>,
}

impl Derivation for Config {
    type Key = ();
    type Value = Config;
    const NODE: NodeId = Node::Config;

    fn derive(view: &View<'_>, (): (), _: Option<&Config>) -> Config {
        let global = view.rows::<NbGlobal<'_>>().into_iter().next();
        let Some(global) = global else {
            let kube_ovn = KubeOvn::of(&Options::default(), &Options::default());
            return Config::of(&Options::default(), kube_ovn, Mac::default(), 0);
        };
        let options = Options::of(&global.options());
        let apps = view.rows::<SamplingApp<'_>>();
        let domain = apps
            .into_iter()
            .find(|app| app.r#type() == "drop")
            .map(|app| app.id());
        let mac = options
            .get("svc_monitor_mac")
            .and_then(Mac::parse)
            .unwrap_or_else(|| own_mac(&global));
        let domain = domain.unwrap_or_else(|| options.number("debug_drop_domain_id", 0));
        let kube_ovn = KubeOvn::of(&options, &Options::of(&global.external_ids()));
        Config::of(&options, kube_ovn, mac, domain)
    }
}

/// An address that stays the same as long as the database does: unicast, locally administered.
fn own_mac(global: &NbGlobal<'_>) -> Mac {
    let id = desired::identity("svc_monitor_mac", &[global.uuid().as_bytes()]);
    let [a, b, c, d, e, f, ..] = id.into_bytes();
    Mac([a & 0xfc | 2, b, c, d, e, f])
}

impl Config {
    fn of(options: &Options, kube_ovn: KubeOvn, svc_monitor_mac: Mac, drop_domain: i64) -> Config {
        let collectors = options.number("debug_drop_collector_set", 0);
        // The domain's other bits are the datapath's key.
        let sampled = collectors != 0 && (0..0xff).contains(&drop_domain);
        let sample = format!(
            "sample(probability=65535,collector_set={collectors},obs_domain={drop_domain},obs_point=$cookie); /* drop */"
        );
        Config {
            use_ct_inv_match: options.is_true("use_ct_inv_match", true),
            controller_event: options.is_true("controller_event", false),
            ignore_lsp_down: options.is_true("ignore_lsp_down", true),
            default_acl_drop: options.is_true("default_acl_drop", false),
            install_ls_lb_from_router: options.is_true("install_ls_lb_from_router", false),
            use_common_zone: options.is_true("use_common_zone", false),
            vxlan_mode: options.is_true("vxlan_mode", true),
            ignore_chassis_features: options.is_true("ignore_chassis_features", false),
            ecmp_nexthop_monitor: options.is_true("ecmp_nexthop_monitor_enable", false),
            kube_ovn,
            svc_monitor_mac,
            drop: if sampled {
                sample.as_str().into()
            } else {
                "drop;".into()
            },
            implicit_drop: if sampled {
                sample.as_str().into()
            } else {
                "/* drop */".into()
            },
        }
    }
}
