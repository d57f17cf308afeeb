//! `NB_Global`: options that northd chooses or says (ovn-nb(5) "NB_Global"), and the sequence numbers of what has been
//! done. The latter are arithmetic only: who knows what has been committed, and when, writes them.

use std::collections::BTreeMap;

use ovn_schemas::rows::ovn_northbound::{LogicalSwitch, NbGlobal};
use ovn_schemas::rows::ovn_southbound::OvnSouthboundSchema;
use ovsdb_data::typed::{Columns, Schema};

use crate::alloc::mac::MacPrefix;
use crate::desired::{Desired, named};
use crate::graph::Derivation;
use crate::model::chassis::VxlanMode;
use crate::model::config::Config;
use crate::model::options::Options;
use crate::model::switch::Switch;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The release of OVN whose interface this is.
const RELEASE: &str = "25.03.0";

/// The number of logical actions of that release.
const N_ACTIONS: u32 = 77;

/// What else of the interface between northd and ovn-controller has a number there.
const MINOR: u32 = 6;

/// `options` of `NB_Global` as they are to be.
pub enum GlobalOptions {}

impl Derivation for GlobalOptions {
    type Key = ();
    type Value = BTreeMap<String, String>;
    const NODE: NodeId = Node::GlobalOptions;

    fn derive(view: &View<'_>, (): (), _: Option<&Self::Value>) -> Self::Value {
        let row = view.rows::<NbGlobal<'_>>().into_iter().next();
        let options = row.map(|row| Options::of(&row.options())).unwrap_or_default();
        let mut wanted: BTreeMap<String, String> =
            options.iter().map(|(k, v)| (k.into(), v.into())).collect();
        wanted.insert("mac_prefix".into(), view.get::<MacPrefix>(()).to_string());
        wanted.insert("max_tunid".into(), max_tunnel_key(view).to_string());
        let schema = OvnSouthboundSchema::VERSION;
        let version = format!("{RELEASE}-{schema}-{N_ACTIONS}.{MINOR}");
        wanted.insert("northd_internal_version".into(), version);
        let mac = options.get("svc_monitor_mac");
        if mac.and_then(crate::model::address::Mac::parse).is_none() {
            let mac = view.get::<Config>(()).svc_monitor_mac;
            wanted.insert("svc_monitor_mac".into(), mac.to_string());
        }
        wanted
    }
}

/// The highest tunnel key of a datapath, as others are told: a switch that only mentions VXLAN between zones lowers it.
fn max_tunnel_key(view: &View<'_>) -> u32 {
    let mentions = |switch| {
        let switch = view.get::<Switch>(switch);
        switch
            .as_ref()
            .as_ref()
            .is_some_and(|switch| switch.other_config.get("ic-vxlan_mode").is_some())
    };
    match view.uuids::<LogicalSwitch<'_>>().into_iter().any(mentions) {
        true => 1023,
        false if *view.get::<VxlanMode>(()) => 4095,
        false => 16_711_680,
    }
}

/// The row.
pub enum NbGlobalRow {}

impl Derivation for NbGlobalRow {
    type Key = ();
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::NbGlobalRow;

    fn derive(view: &View<'_>, (): (), _: Option<&Self::Value>) -> Self::Value {
        let columns = Columns::new().set(NbGlobal::OPTIONS, &*view.get::<GlobalOptions>(()));
        vec![match view.uuids::<NbGlobal<'_>>().first() {
            Some(row) => Desired::update(*row, columns),
            None => Desired::row(named("NB_Global", ""), columns),
        }]
    }
}

/// What a chassis has done: `Chassis_Private.nb_cfg` and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The sequence number.
    pub cfg: i64,
    /// When, in milliseconds.
    pub at: i64,
}

/// What all chassis have done (`hv_cfg`, `hv_cfg_timestamp`), by what each of this zone has; `asked` is
/// `NB_Global.nb_cfg`. Numbers wrap: who is far ahead is behind.
pub fn hv_cfg(asked: i64, chassis: impl IntoIterator<Item = Progress>) -> Progress {
    let mut all = Progress { cfg: asked, at: 0 };
    for one in chassis {
        let is_behind = one.cfg < all.cfg || one.cfg.saturating_sub(all.cfg) > i64::from(i32::MAX);
        if is_behind {
            all = one;
        } else if one.cfg == all.cfg {
            all.at = all.at.max(one.at);
        }
    }
    all
}

/// `sb_cfg` as it is to be: what has been committed to the southbound database, if anything has.
pub fn sb_cfg(now: i64, committed: i64) -> Option<i64> {
    (committed != 0 && committed != now).then_some(committed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_have_done_what_the_slowest_has() {
        let check = |asked: i64, chassis: &[(i64, i64)], expected: (i64, i64)| {
            let progress = |(cfg, at): &(i64, i64)| Progress { cfg: *cfg, at: *at };
            let all = hv_cfg(asked, chassis.iter().map(progress));
            assert_eq!((all.cfg, all.at), expected, "{chassis:?}");
        };
        check(7, &[], (7, 0));
        check(7, &[(7, 30), (7, 20)], (7, 30));
        check(7, &[(7, 30), (5, 20), (6, 40), (5, 25)], (5, 25));
        check(7, &[(8, 30)], (7, 0));
        check(-5, &[(i64::from(i32::MAX), 9)], (i64::from(i32::MAX), 9));
        assert_eq!([sb_cfg(3, 0), sb_cfg(3, 3), sb_cfg(3, 4)], [None, None, Some(4)]);
    }
}
