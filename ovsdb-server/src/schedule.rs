//! Backups made from time to time, the oldest deleted.
//!
//! In: a folder, an interval, how many to keep. Out: files `DB.YYYYMMDDTHHMMSSZ.backup`, of a cluster's member
//! `DB.SERVER.YYYYMMDDTHHMMSSZ.backup` with the first eight digits of its server id; each a standalone database. Never
//! here: how a backup is made (`operate::backup`).
//!
//! Each member of a cluster has its own files: several may share a folder, and none deletes what another one made, nor
//! makes less because of it; what a member made that is gone stays. A standalone server has no id to tell it from others:
//! two that serve a database of the same name need two folders. Members leave files without an id alone, as they may be
//! such a server's.
//!
//! The newest file says when the next backup is due, so that a server that is restarted again and again makes its backups
//! too. A member that may lag behind its cluster makes none.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ovsdb_raft::ServerId;

use crate::actor::Actor;
use crate::control::ask;
use crate::database::{Model, OpenDatabase};
use crate::operate;
use crate::operate::backup::OperateError;
use crate::server::Server;

const SUFFIX: &str = ".backup";

/// How a name tells the time, in UTC.
const TIME: &str = "%Y%m%dT%H%M%SZ";

/// How often it is looked whether a backup is due, at most: a server that was not running then makes up for it.
const LOOK: Duration = Duration::from_secs(60);

/// When backups are made, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Where they are kept.
    pub folder: PathBuf,
    /// Time between two of them.
    pub every: Duration,
    /// How many are kept of each database, made by this server.
    pub keep: usize,
}

/// The backups that a server makes of a database: what their names begin with. A database's name has no dot.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Own(String);

impl Schedule {
    /// Makes backups of every database that a file holds, for as long as the server lives.
    pub async fn run(self, actor: Actor<Server>) {
        if let Err(error) = self.try_folder() {
            tracing::error!(target: "backup", "{}: no backup can be kept there: {error}", self.folder.display());
        }
        // What was told of a database is told again when something else is wrong.
        let mut told: BTreeMap<String, String> = BTreeMap::new();
        loop {
            tokio::time::sleep(self.every.min(LOOK)).await;
            let looked = ask(&actor, |server| {
                let kept = server.databases.values().filter(|db| db.is_kept());
                kept.map(|db| (db.name.clone(), Own::of(db), unfit(db)))
                    .collect::<Vec<_>>()
            });
            let Ok(looked) = looked.await else { return };
            for (db, own, unfit) in looked {
                let trouble = match self.is_due(&own, Timestamp::now()) {
                    Ok(false) => continue,
                    Ok(true) => match unfit {
                        Some(why) => Some(why.to_owned()),
                        None => self
                            .make(&actor, &db, &own)
                            .await
                            .err()
                            .map(|error| error.to_string()),
                    },
                    Err(error) => Some(format!("{}: {error}", self.folder.display())),
                };
                let Some(trouble) = trouble else {
                    told.remove(&db);
                    continue;
                };
                if told.get(&db) != Some(&trouble) {
                    tracing::warn!(target: "backup", "{db}: no backup was made: {trouble}");
                    told.insert(db, trouble);
                }
            }
        }
    }

    /// Makes a backup, and deletes those that are too many then.
    async fn make(&self, actor: &Actor<Server>, db: &str, own: &Own) -> Result<(), OperateError> {
        let file = self.folder.join(own.file_name(Timestamp::now()));
        operate::backup::backup(actor, db, &file).await?;
        tracing::info!(target: "backup", "{db}: backed up to {}", file.display());
        if let Err(error) = self.forget_oldest(own) {
            tracing::warn!(
                target: "backup", "{}: old backups of {db} cannot be deleted: {error}", self.folder.display()
            );
        }
        Ok(())
    }

    /// Whether files can be made in the folder; nothing is left there.
    fn try_folder(&self) -> io::Result<()> {
        tempfile::tempfile_in(&self.folder).map(drop)
    }

    /// Whether the newest backup is old enough for another one. One of a time to come is of a clock that was wrong: it
    /// does not count.
    fn is_due(&self, own: &Own, now: Timestamp) -> io::Result<bool> {
        let mut newest = None;
        for entry in std::fs::read_dir(&self.folder)? {
            newest = newest.max(own.time_of(&entry?.path()).filter(|time| *time <= now));
        }
        let age = newest.map(|newest| now.duration_since(newest).unsigned_abs());
        Ok(age.is_none_or(|age| age >= self.every))
    }

    /// Deletes the oldest backups beyond those that are kept; nothing else in the folder is touched, nor what is of a time
    /// to come, in whose place a new one would go at once.
    fn forget_oldest(&self, own: &Own) -> io::Result<()> {
        let now = Timestamp::now();
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if own.time_of(&path).is_some_and(|made| made <= now) {
                found.push(path);
            }
        }
        // The names sort by time.
        found.sort();
        let n_old = found.len().saturating_sub(self.keep);
        found.iter().take(n_old).try_for_each(std::fs::remove_file)
    }
}

impl Own {
    /// Those of an open database.
    fn of(db: &OpenDatabase) -> Own {
        match &db.model {
            Model::Clustered(cluster) => Own::of_member(&db.name, cluster.server),
            _ => Own(db.name.clone()),
        }
    }

    fn of_member(db: &str, server: ServerId) -> Own {
        // Eight digits: where they meet, two members would share what is kept.
        Own(format!("{db}.{:08x}", server.0.as_fields().0))
    }

    fn file_name(&self, made: Timestamp) -> String {
        let made = made.to_zoned(TimeZone::UTC);
        format!("{}.{}{SUFFIX}", self.0, made.strftime(TIME))
    }

    /// When a backup was made, by its name; none for other files.
    fn time_of(&self, path: &Path) -> Option<Timestamp> {
        let name = path.file_name()?.to_str()?;
        let time = name
            .strip_prefix(&self.0)?
            .strip_prefix('.')?
            .strip_suffix(SUFFIX)?;
        let parsed = DateTime::strptime(TIME, time).ok()?;
        let made = parsed.to_zoned(TimeZone::UTC).ok()?.timestamp();
        // Nothing else reads as the same time.
        (name == self.file_name(made)).then_some(made)
    }
}

/// Why a backup would hold an old state, and take the place of a good one.
fn unfit(db: &OpenDatabase) -> Option<&'static str> {
    match &db.model {
        Model::Clustered(_) if db.storage_error.is_some() => Some("this member has failed: replace it"),
        Model::Clustered(cluster) if !cluster.is_connected() => {
            Some("this member is not connected to its cluster")
        }
        _ if !db.is_available() => Some("it has nothing to serve yet"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ovsdb_data::Uuid;

    use super::*;

    fn standalone() -> Own {
        Own("A".to_owned())
    }

    fn member(id: u32) -> Own {
        Own::of_member("A", ServerId(Uuid::from_u128(u128::from(id) << 96)))
    }

    #[test]
    fn names_tell_the_member() {
        let made = Timestamp::from_second(1_700_000_000).unwrap();
        assert_eq!(standalone().file_name(made), "A.20231114T221320Z.backup");
        assert_eq!(
            member(0x00ab_cdef).file_name(made),
            "A.00abcdef.20231114T221320Z.backup"
        );
    }

    /// What goes of the backups of two members and a server of its own, where two of each are kept.
    fn check_oldest(own: &Own) {
        let folder = tempfile::tempdir().unwrap();
        let at = |second: i64| Timestamp::from_second(1_700_000_000 + second).unwrap();
        let kept_names = [
            "A.notes.backup",
            "A.20231114T221320Z.backup.tmp",
            "A.20231314T221320Z.backup",
            "A.29991114T221320Z.backup",
            "A.2023114T221320Z.backup",
            "A.00000001.29991114T221320Z.backup",
            "A.00000001.notes.backup",
            "AB.20231114T221320Z.backup",
            "A",
        ];
        let all = [standalone(), member(1), member(2)];
        for name in kept_names {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        for second in 0..5 {
            for own in &all {
                std::fs::write(folder.path().join(own.file_name(at(second))), "").unwrap();
            }
        }
        let schedule = Schedule {
            folder: folder.path().to_owned(),
            every: Duration::from_secs(1),
            keep: 2,
        };
        schedule.forget_oldest(own).unwrap();
        let mut left: Vec<String> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        let mut expected: Vec<String> = kept_names.map(str::to_owned).to_vec();
        for other in &all {
            let first = if other == own { 3 } else { 0 };
            expected.extend((first..5).map(|second| other.file_name(at(second))));
        }
        expected.sort();
        assert_eq!(left, expected, "{own:?}");
    }

    #[test]
    fn only_the_oldest_backups_of_the_server_go() {
        check_oldest(&standalone());
        check_oldest(&member(1));
        check_oldest(&member(2));
    }

    /// Whether a backup is due 1000 s after a moment, with backups so many seconds after that moment, every 100 s.
    fn check_due(made_at: &[i64], expected: bool) {
        let folder = tempfile::tempdir().unwrap();
        let at = |second: i64| Timestamp::from_second(1_700_000_000 + second).unwrap();
        for second in made_at {
            std::fs::write(folder.path().join(member(1).file_name(at(*second))), "").unwrap();
        }
        // Another database's are not its own, nor another server's.
        for other in [Own("AB".to_owned()), standalone(), member(2)] {
            std::fs::write(folder.path().join(other.file_name(at(999))), "").unwrap();
        }
        let schedule = Schedule {
            folder: folder.path().to_owned(),
            every: Duration::from_secs(100),
            keep: 2,
        };
        assert_eq!(
            schedule.is_due(&member(1), at(1000)).unwrap(),
            expected,
            "{made_at:?}"
        );
    }

    #[test]
    fn the_newest_backup_says_when_the_next_is_due() {
        check_due(&[], true);
        check_due(&[1000], false);
        check_due(&[901], false);
        check_due(&[900], true);
        check_due(&[0, 901, 300], false);
        check_due(&[0, 300], true);
        // Of a clock that was wrong.
        check_due(&[2000], true);
        check_due(&[2000, 950], false);
    }

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let with = |folder: PathBuf| Schedule {
            folder,
            every: Duration::from_secs(1),
            keep: 1,
        };
        let there = with(folder.path().to_owned());
        there.try_folder().unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let missing = with(folder.path().join("missing"));
        assert!(missing.try_folder().is_err());
        assert!(missing.is_due(&standalone(), Timestamp::now()).is_err());
    }
}
