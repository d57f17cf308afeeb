//! The committed rows are those that the generator writes, and read what they should.

use std::path::PathBuf;
use std::process::Command;

use ovn_schemas::rows::ovn_northbound::{Acl, LogicalSwitchPort};
use ovn_schemas::{Db, generate, schema};
use ovsdb_data::Uuid;
use ovsdb_data::typed::{Columns, Table};

/// Where this crate is now: a build may be kept longer than its checkout.
fn crate_dir() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(PathBuf::new, PathBuf::from)
}

fn file(db: Db) -> PathBuf {
    let module = db.name().trim_start_matches('_').to_lowercase();
    crate_dir().join(format!("src/rows/{module}.rs"))
}

/// The generator's text as the project formats it.
fn formatted(source: &str) -> String {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("rows.rs");
    std::fs::write(&path, source).expect("the folder is writable");
    let config = crate_dir().join("../rustfmt.toml");
    let status = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(config)
        .arg(&path)
        .status();
    assert!(status.expect("rustfmt runs").success());
    std::fs::read_to_string(&path).expect("the file is there")
}

#[test]
fn the_committed_rows_are_the_generated_ones() {
    for db in Db::ALL {
        let generated = formatted(&generate::module(&schema(db)));
        let path = file(db);
        if std::env::var_os("FERROVN_REGENERATE").is_some() {
            std::fs::write(&path, &generated).expect("the source is writable");
        }
        let committed = std::fs::read_to_string(&path).expect("the source is there");
        assert!(
            committed == generated,
            "{} is not what the generator writes: run FERROVN_REGENERATE=1 cargo test -p ovn-schemas",
            path.display()
        );
    }
}

#[test]
fn rows_read_by_their_columns() {
    let schema = schema(Db::OvnNorthbound);
    let table = schema.table(LogicalSwitchPort::TABLE_INDEX);
    assert_eq!(&*table.name, LogicalSwitchPort::TABLE_NAME);
    let columns = Columns::new()
        .set(LogicalSwitchPort::NAME, "port")
        .set(LogicalSwitchPort::ENABLED, Some(true))
        .set(LogicalSwitchPort::ADDRESSES, ["b", "a"])
        .set(LogicalSwitchPort::OPTIONS, [("requested-chassis", "here")]);
    let row = columns.into_row(Uuid::nil(), Uuid::nil(), table.columns.len());
    let port = LogicalSwitchPort::of(&row);
    assert_eq!(
        (port.name(), port.enabled(), port.up()),
        ("port", Some(true), None)
    );
    assert_eq!(port.addresses().iter().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(port.options().get("requested-chassis"), Some("here"));
    assert_eq!(Acl::MATCH.name, "match");
}
