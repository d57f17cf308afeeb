//! The schemas of the databases that OVN runs on: OVN 25.03's four, Open vSwitch 3.5's, and the server's own.
//!
//! In: nothing. Out: schema texts, parsed schemas, their tables as types ([`rows`]). Never here: a running database.
//!
//! Kube-OVN's additions to OVN live in `options`, `external_ids` and `other_config` columns: they need no schema
//! change, so these are exactly the packaged interfaces.

pub mod generate;
pub mod rows;

use ovsdb_data::DatabaseSchema;

/// A database whose schema is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Db {
    /// `OVN_Northbound`.
    OvnNorthbound,
    /// `OVN_Southbound`.
    OvnSouthbound,
    /// `OVN_IC_Northbound`.
    OvnIcNorthbound,
    /// `OVN_IC_Southbound`.
    OvnIcSouthbound,
    /// `Open_vSwitch`.
    OpenVswitch,
    /// `_Server`.
    Server,
}

impl Db {
    /// Every database.
    pub const ALL: [Db; 6] = [
        Db::OvnNorthbound,
        Db::OvnSouthbound,
        Db::OvnIcNorthbound,
        Db::OvnIcSouthbound,
        Db::OpenVswitch,
        Db::Server,
    ];

    /// The database's name.
    pub const fn name(self) -> &'static str {
        match self {
            Db::OvnNorthbound => "OVN_Northbound",
            Db::OvnSouthbound => "OVN_Southbound",
            Db::OvnIcNorthbound => "OVN_IC_Northbound",
            Db::OvnIcSouthbound => "OVN_IC_Southbound",
            Db::OpenVswitch => "Open_vSwitch",
            Db::Server => "_Server",
        }
    }

    /// The schema's text.
    pub const fn text(self) -> &'static str {
        match self {
            Db::OvnNorthbound => include_str!("../ovn-nb.ovsschema"),
            Db::OvnSouthbound => include_str!("../ovn-sb.ovsschema"),
            Db::OvnIcNorthbound => include_str!("../ovn-ic-nb.ovsschema"),
            Db::OvnIcSouthbound => include_str!("../ovn-ic-sb.ovsschema"),
            Db::OpenVswitch => include_str!("../vswitch.ovsschema"),
            Db::Server => include_str!("../_server.ovsschema"),
        }
    }
}

/// A database's schema, parsed.
pub fn schema(db: Db) -> DatabaseSchema {
    let json =
        ovsdb_data::json::parse(db.text().as_bytes()).expect("a test parses every schema of this crate");
    DatabaseSchema::from_json(&json).expect("a test parses every schema of this crate")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_parses_and_bears_its_name() {
        for db in Db::ALL {
            let schema = schema(db);
            assert_eq!(&*schema.name, db.name());
            assert_eq!(DatabaseSchema::from_json(&schema.to_json()), Ok(schema));
        }
    }
}
