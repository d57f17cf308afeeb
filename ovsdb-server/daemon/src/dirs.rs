//! Where files live: Debian's defaults, overridden by the environment (ovs-appctl(8), ovsdb-server(1)).

use std::env;
use std::path::{Path, PathBuf};

/// The environment's answer for `variable`; empty counts as unset.
fn or(variable: &str, default: impl Into<PathBuf>) -> PathBuf {
    env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map_or_else(|| default.into(), PathBuf::from)
}

/// Sockets and pidfiles: `OVS_RUNDIR` or `/var/run/openvswitch`.
pub fn rundir() -> PathBuf {
    or("OVS_RUNDIR", "/var/run/openvswitch")
}

/// Log files: `OVS_LOGDIR` or `/var/log/openvswitch`.
pub fn logdir() -> PathBuf {
    or("OVS_LOGDIR", "/var/log/openvswitch")
}

/// Configuration: `OVS_SYSCONFDIR` or `/etc`.
pub fn sysconfdir() -> PathBuf {
    or("OVS_SYSCONFDIR", "/etc")
}

/// Databases: `OVS_DBDIR`, or `openvswitch` under `OVS_SYSCONFDIR`.
pub fn dbdir() -> PathBuf {
    or("OVS_DBDIR", sysconfdir().join("openvswitch"))
}

/// Schemas and scripts: `OVS_PKGDATADIR` or `/usr/share/openvswitch`.
pub fn pkgdatadir() -> PathBuf {
    or("OVS_PKGDATADIR", "/usr/share/openvswitch")
}

/// `name` as it stands when absolute, else under `dir`.
pub fn within(dir: &Path, name: &str) -> PathBuf {
    dir.join(name)
}
