//! What every chassis can do: flows use nothing that one of them lacks (ovn-controller's `other_config`).

use ovn_schemas::rows::ovn_southbound::Chassis;

use super::config::Config;
use super::options::Options;
use crate::graph::Derivation;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// Features that all chassis of this zone have; all of them where there is no chassis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// `mac-binding-timestamp`.
    pub mac_binding_timestamp: bool,
    /// `fdb-timestamp`.
    pub fdb_timestamp: bool,
    /// `ls-dpg-column`.
    pub ls_dpg_column: bool,
    /// `ct-commit-nat-v2`.
    pub ct_commit_nat_v2: bool,
    /// `ct-commit-to-zone`.
    pub ct_commit_to_zone: bool,
    /// `ct-next-zone`.
    pub ct_next_zone: bool,
    /// `ovn-sample-with-registers`.
    pub sample_with_reg: bool,
    /// `ct-label-flush`.
    pub ct_label_flush: bool,
}

impl Derivation for Features {
    type Key = ();
    type Value = Features;
    const NODE: NodeId = Node::Features;

    fn derive(view: &View<'_>, (): (), _: Option<&Features>) -> Features {
        let is_ignored = view.get::<Config>(()).ignore_chassis_features;
        Features::of(view.rows().into_iter(), is_ignored)
    }
}

impl Features {
    /// Of some chassis; all features where these are not to be looked at.
    pub fn of<'a>(chassis: impl Iterator<Item = Chassis<'a>>, is_ignored: bool) -> Features {
        let chassis: Vec<Options> = chassis.map(|c| Options::of(&c.other_config())).collect();
        let local = || chassis.iter().filter(|c| !c.is_true("is-remote", false));
        let all = |key: &str| is_ignored || local().all(|c| c.is_true(key, false));
        Features {
            mac_binding_timestamp: all("mac-binding-timestamp"),
            fdb_timestamp: all("fdb-timestamp"),
            ls_dpg_column: all("ls-dpg-column"),
            ct_commit_nat_v2: all("ct-commit-nat-v2"),
            ct_commit_to_zone: all("ct-commit-to-zone"),
            ct_next_zone: all("ct-next-zone"),
            sample_with_reg: all("ovn-sample-with-registers"),
            ct_label_flush: all("ct-label-flush"),
        }
    }
}
