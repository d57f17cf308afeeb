//! A way to the databases, and what is the same on both.

use std::path::Path;

use crate::args::Action;
use crate::component::Component;

/// Why an action was not done.
#[derive(Debug)]
pub enum Failure {
    /// The plugin says so on stdout, and ends with 1.
    Said(String),
    /// A program that was run said why, and ended with this.
    Exit(u8),
    /// Something here failed.
    Error(String),
    /// The server refused, as `ovs-appctl` ends when it does.
    Refused(String),
}

impl Failure {
    /// What the program ends with.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Said(_) | Failure::Error(_) => 1,
            Failure::Exit(code) => *code,
            Failure::Refused(_) => 2,
        }
    }
}

/// What an action comes to. What it tells, it prints.
pub type Outcome<T = ()> = Result<T, Failure>;

/// A way to the databases.
pub trait Way {
    /// Shows the cluster, then whether storage is sound.
    fn status(&mut self, of: Component) -> Outcome;
    /// Removes a server, by id or address.
    fn kick(&mut self, of: Component, server: &str) -> Outcome;
    /// Saves the contents as a standalone database's file.
    fn backup(&mut self, of: Component, to: &Path) -> Outcome;
    /// Shows whether storage is sound: the pair's, at each place.
    fn dbstatus(&mut self, of: Component) -> Outcome;
    /// Makes the cluster anew; a file of another schema only with `force`.
    fn restore(&mut self, of: Component, from: Option<&Path>, force: bool) -> Outcome;
}

/// Does it.
pub fn act(way: &mut impl Way, component: Component, action: Action) -> Outcome {
    match action {
        Action::Status => way.status(component),
        Action::Kick(server) => way.kick(component, &server),
        Action::Backup => {
            let folder = std::env::current_dir().map_err(|error| Failure::Error(error.to_string()))?;
            let to = folder.join(backup_name(component, &jiff::Zoned::now()));
            way.backup(component, &to)?;
            println!("backup ovn-{} db to {}", component.word(), to.display());
            Ok(())
        }
        Action::DbStatus => way.dbstatus(component),
        Action::Restore { from, force } => way.restore(component, from.as_deref(), force),
        Action::Unknown(action) => {
            println!("unknown action {action}");
            Ok(())
        }
    }
}

/// `ovnnb_db.MMDDhhmmSECONDS.backup`, of the local time and of seconds since 1970.
fn backup_name(component: Component, now: &jiff::Zoned) -> String {
    let (stem, seconds) = (component.stem(), now.timestamp().as_second());
    format!("{stem}.{}{seconds}.backup", now.strftime("%m%d%H%M"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_named_by_its_time() {
        let now = jiff::Timestamp::from_second(1_700_000_000).expect("a time");
        let name = backup_name(Component::Sb, &now.to_zoned(jiff::tz::TimeZone::UTC));
        assert_eq!(name, "ovnsb_db.111422131700000000.backup");
    }
}
