//! Where files live: Debian's defaults, overridden by the environment (ovs-appctl(8), ovsdb-server(1), ovn-northd(8)).

use std::env;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether this is a program of OVN.
static IS_OVN: AtomicBool = AtomicBool::new(false);

/// From now on files live where OVN's programs have them. Programs of OVN say so first of all.
pub fn be_of_ovn() {
    IS_OVN.store(true, Ordering::Relaxed);
}

/// A folder of this program's family: the variable and Open vSwitch's default end likewise for OVN. OVN's programs heed
/// Open vSwitch's variable after their own, since scripts set either.
fn of_family(variable: &str, parent: &str) -> PathBuf {
    let (ovn, ovs) = (format!("OVN_{variable}"), format!("OVS_{variable}"));
    match IS_OVN.load(Ordering::Relaxed) {
        true => or(&ovn, or(&ovs, format!("{parent}/ovn"))),
        false => or(&ovs, format!("{parent}/openvswitch")),
    }
}

/// The environment's answer for `variable`; empty counts as unset.
fn or(variable: &str, default: impl Into<PathBuf>) -> PathBuf {
    env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map_or_else(|| default.into(), PathBuf::from)
}

/// Sockets and pidfiles: `OVS_RUNDIR` or `/var/run/openvswitch`, `OVN_RUNDIR` or `/var/run/ovn`.
pub fn rundir() -> PathBuf {
    of_family("RUNDIR", "/var/run")
}

/// Log files: `OVS_LOGDIR` or `/var/log/openvswitch`, `OVN_LOGDIR` or `/var/log/ovn`.
pub fn logdir() -> PathBuf {
    of_family("LOGDIR", "/var/log")
}

/// Configuration: `OVS_SYSCONFDIR` or `/etc`.
pub fn sysconfdir() -> PathBuf {
    or("OVS_SYSCONFDIR", "/etc")
}

/// Databases: `OVS_DBDIR`, or `openvswitch` under `OVS_SYSCONFDIR`; for OVN `OVN_DBDIR`, or `ovn` under
/// `OVN_SYSCONFDIR`.
pub fn dbdir() -> PathBuf {
    match IS_OVN.load(Ordering::Relaxed) {
        true => or("OVN_DBDIR", or("OVN_SYSCONFDIR", sysconfdir()).join("ovn")),
        false => or("OVS_DBDIR", sysconfdir().join("openvswitch")),
    }
}

/// Schemas and scripts: `OVS_PKGDATADIR` or `/usr/share/openvswitch`.
pub fn pkgdatadir() -> PathBuf {
    or("OVS_PKGDATADIR", "/usr/share/openvswitch")
}

/// `name` as it stands when absolute, else under `dir`.
pub fn within(dir: &Path, name: &str) -> PathBuf {
    dir.join(name)
}
