//! A database: where it is kept and served, and its place in a cluster.
//!
//! In: options, the members that are named. Out: [`Place`], in addresses. Pure.

use std::net::IpAddr;
use std::path::PathBuf;

use ovn_schemas::Db;

/// What OVN's scripts call a database, and the ports that it has there.
pub struct Names {
    /// Which.
    pub db: Db,
    /// In options: `ic-nb`.
    pub option: &'static str,
    /// In files' names: `ovn_ic_nb_db`.
    pub stem: &'static str,
    /// Whose `connections` say where to listen as well.
    pub global: &'static str,
    /// Where clients connect to.
    pub port: u16,
    /// Where the members of a cluster speak to one another.
    pub cluster_port: u16,
}

/// Both.
pub const NAMES: [Names; 2] = [
    Names {
        db: Db::OvnIcNorthbound,
        option: "ic-nb",
        stem: "ovn_ic_nb_db",
        global: "IC_NB_Global",
        port: 6645,
        cluster_port: 6647,
    },
    Names {
        db: Db::OvnIcSouthbound,
        option: "ic-sb",
        stem: "ovn_ic_sb_db",
        global: "IC_SB_Global",
        port: 6646,
        cluster_port: 6648,
    },
];

/// A database to be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which.
    pub db: Db,
    /// Its file.
    pub file: PathBuf,
    /// Its place in a cluster, where it is to have one.
    pub cluster: Option<Cluster>,
}

/// A member's place among others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Where it speaks to the others, as `tcp:HOST:PORT`.
    pub local: String,
    /// What a member that has no file yet does.
    pub first: First,
    /// The other members that are known: where they speak, and where clients reach them.
    pub others: Vec<(String, String)>,
    /// The election timer of a cluster that is founded, in milliseconds.
    pub election_timer: Option<u64>,
}

/// What a member that has no file yet does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum First {
    /// It founds the cluster, unless one of the others is in one.
    Found,
    /// It asks this one first, then the others, to be taken in.
    Join(String),
}

/// An address as it stands in a remote: IPv6 in brackets, anything else without.
pub fn host(text: &str) -> String {
    let bare = text.trim().trim_start_matches('[').trim_end_matches(']');
    match bare.contains(':') {
        true => format!("[{bare}]"),
        false => bare.to_owned(),
    }
}

/// Whether two addresses are one.
pub fn is_same(one: &str, other: &str) -> bool {
    let address = |text: &str| host(text).trim_matches(['[', ']']).parse::<IpAddr>().ok();
    host(one) == host(other) || address(one).is_some_and(|one| address(other) == Some(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart_however_they_are_written() {
        let check = |text: &str, shown: &str| assert_eq!(host(text), shown);
        check("10.0.0.1", "10.0.0.1");
        check("[10.0.0.1]", "10.0.0.1");
        check("fd00::1", "[fd00::1]");
        check(" [fd00::1]", "[fd00::1]");
        check("db-1.example", "db-1.example");
        assert!(is_same("[fd00::1]", "fd00:0::1"));
        assert!(is_same("[10.0.0.1]", "10.0.0.1"));
        assert!(!is_same("10.0.0.1", "10.0.0.11"));
    }
}
