//! The schemas equal those that OVN and Open vSwitch install: same tables, columns, types, limits, indexes, same
//! name, version and checksum. Only their layout is the project's own.
//!
//! Needs the packages' tree: `FERROVN_PEERS`, else `peers` under `FERROVN_CACHE`.

use std::{env, fs, path::PathBuf};

use ovn_schemas::{Db, schema};
use ovsdb_data::DatabaseSchema;

fn peers() -> PathBuf {
    if let Some(peers) = env::var_os("FERROVN_PEERS") {
        return peers.into();
    }
    PathBuf::from(env::var_os("FERROVN_CACHE").unwrap_or_else(|| "/var/cache/ferrovn".into())).join("peers")
}

fn packaged(path: &str) -> DatabaseSchema {
    let path = peers().join(path);
    let text = fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; point FERROVN_PEERS at a root file system that has OVN 25.03 and Open vSwitch 3.5 installed",
            path.display()
        )
    });
    let json = ovsdb_data::json::parse(&text).expect("a packaged schema is JSON");
    DatabaseSchema::from_json(&json).expect("a packaged schema is a schema")
}

/// Compares table by table and column by column, so that a failure names the place.
fn check(db: Db, path: &str) {
    let (ours, theirs) = (schema(db), packaged(path));
    let names = |schema: &DatabaseSchema| schema.iter().map(|(_, t)| t.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&ours), names(&theirs), "tables of {path}");
    for ((_, ours), (_, theirs)) in ours.iter().zip(theirs.iter()) {
        let table = &theirs.name;
        assert_eq!(ours.columns.len(), theirs.columns.len(), "columns of {table}");
        for ((_, ours), (_, theirs)) in ours.iter().zip(theirs.iter()) {
            assert_eq!(ours, theirs, "column {} of {table}", theirs.name);
        }
        assert_eq!(ours, theirs, "table {table}");
    }
    assert_eq!(ours, theirs, "name, version or checksum of {path}");
    assert!(!ours.version.is_empty() && !ours.cksum.is_empty(), "{path}");
}

#[test]
fn ovn_northbound() {
    check(Db::OvnNorthbound, "usr/share/ovn/ovn-nb.ovsschema");
}

#[test]
fn ovn_southbound() {
    check(Db::OvnSouthbound, "usr/share/ovn/ovn-sb.ovsschema");
}

#[test]
fn ovn_ic_northbound() {
    check(Db::OvnIcNorthbound, "usr/share/ovn/ovn-ic-nb.ovsschema");
}

#[test]
fn ovn_ic_southbound() {
    check(Db::OvnIcSouthbound, "usr/share/ovn/ovn-ic-sb.ovsschema");
}

#[test]
fn open_vswitch() {
    check(Db::OpenVswitch, "usr/share/openvswitch/vswitch.ovsschema");
}
