//! Backups made from time to time, the oldest deleted.
//!
//! In: a folder, an interval, how many to keep. Out: files `DB.YYYYMMDDTHHMMSSZ.backup`, each a standalone database.
//! Never here: how a backup is made (`operate::backup`).

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::actor::Actor;
use crate::control::ask;
use crate::operate;
use crate::server::Server;

const SUFFIX: &str = ".backup";

/// When backups are made, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Where they are kept.
    pub folder: PathBuf,
    /// Time between two of them.
    pub every: Duration,
    /// How many are kept of each database.
    pub keep: usize,
}

impl Schedule {
    /// Makes backups of every database that a file holds, for as long as the server lives.
    pub async fn run(self, actor: Actor<Server>) {
        let mut tick = tokio::time::interval(self.every);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        // The first tick comes at once: a server that has just started was backed up before.
        tick.tick().await;
        loop {
            tick.tick().await;
            let names = ask(&actor, |server| {
                let kept = server
                    .databases
                    .values()
                    .filter(|db| db.is_kept() && db.is_available());
                kept.map(|db| db.name.clone()).collect::<Vec<String>>()
            });
            let Ok(names) = names.await else { return };
            for db in names {
                let file = self.folder.join(file_name(&db, Timestamp::now()));
                match operate::backup::backup(&actor, &db, &file).await {
                    Ok(_) => tracing::info!(target: "backup", "{db}: backed up to {}", file.display()),
                    Err(error) => {
                        tracing::error!(target: "backup", "{db}: no backup was made: {error}");
                        continue;
                    }
                }
                if let Err(error) = self.forget_oldest(&db) {
                    tracing::warn!(
                        target: "backup", "{}: old backups of {db} cannot be deleted: {error}", self.folder.display()
                    );
                }
            }
        }
    }

    /// Deletes the oldest backups of a database beyond those that are kept; nothing else in the folder is touched.
    fn forget_oldest(&self, db: &str) -> io::Result<()> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if is_backup_of(&path, db) {
                found.push(path);
            }
        }
        // The names sort by time.
        found.sort();
        let n_old = found.len().saturating_sub(self.keep);
        found.iter().take(n_old).try_for_each(std::fs::remove_file)
    }
}

fn file_name(db: &str, now: Timestamp) -> String {
    let now = now.to_zoned(TimeZone::UTC);
    format!("{db}.{}{SUFFIX}", now.strftime("%Y%m%dT%H%M%SZ"))
}

fn is_backup_of(path: &Path, db: &str) -> bool {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let time = name
        .strip_prefix(db)
        .and_then(|rest| rest.strip_prefix('.'))
        .and_then(|rest| rest.strip_suffix(SUFFIX));
    let shape = |time: &str| {
        time.len() == 16
            && time.bytes().enumerate().all(|(i, b)| match i {
                8 => b == b'T',
                15 => b == b'Z',
                _ => b.is_ascii_digit(),
            })
    };
    time.is_some_and(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_oldest_backups_of_the_database_go() {
        let folder = tempfile::tempdir().unwrap();
        let at = |second: i64| Timestamp::from_second(1_700_000_000 + second).unwrap();
        let kept_names = [
            "A.notes.backup",
            "A.20231114T221320Z.backup.tmp",
            "AB.20231114T221320Z.backup",
            "A",
        ];
        for name in kept_names {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        for second in 0..5 {
            std::fs::write(folder.path().join(file_name("A", at(second))), "").unwrap();
        }
        let schedule = Schedule {
            folder: folder.path().to_owned(),
            every: Duration::from_secs(1),
            keep: 2,
        };
        schedule.forget_oldest("A").unwrap();
        let mut left: Vec<String> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        let mut expected: Vec<String> = kept_names.map(str::to_owned).to_vec();
        expected.extend([file_name("A", at(3)), file_name("A", at(4))]);
        expected.sort();
        assert_eq!(left, expected);
    }
}
