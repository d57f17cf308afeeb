//! Files that arrive in chunks. Pure: whether a database exists, and time, are told by the caller.
//!
//! They wait in memory until they are complete. So there is a bound for all of them together, and one that nobody goes on
//! with is forgotten.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::types::RestoreId;
use crate::{ErrorCode, OperationError};

/// A file that nothing was added to for so long is forgotten: it would take memory for ever. Longer than any break in a
/// connection that somebody waits for.
pub const IDLE_MAX: Duration = Duration::from_secs(600);

/// Bytes of all files together. A cluster takes contents of 1 GiB (`ovsdb_raft::TooLarge`); a file that was not compacted
/// may be some times longer than its contents.
const BYTES_MAX: usize = 4 << 30;

/// All that are under way: one for each database at most. `now` is the time since any moment, the same for all calls.
pub struct Restores {
    next: u64,
    under_way: BTreeMap<RestoreId, Restore>,
    bytes_max: usize,
}

struct Restore {
    db: String,
    file: Vec<u8>,
    hash: Sha256,
    /// When something came for it last.
    touched: Duration,
}

impl Default for Restores {
    fn default() -> Restores {
        Restores::with_room(BYTES_MAX)
    }
}

impl Restores {
    fn with_room(bytes_max: usize) -> Restores {
        Restores {
            next: 0,
            under_way: BTreeMap::new(),
            bytes_max,
        }
    }

    /// A new one, in place of another of the same database.
    pub fn begin(&mut self, db: String, now: Duration) -> RestoreId {
        self.under_way.retain(|_, restore| restore.db != db);
        self.next += 1;
        let id = RestoreId(self.next);
        let restore = Restore {
            db,
            file: Vec::new(),
            hash: Sha256::new(),
            touched: now,
        };
        self.under_way.insert(id, restore);
        id
    }

    /// Takes the next bytes; how many there are then. A refusal leaves all as it was.
    pub fn chunk(
        &mut self,
        id: RestoreId,
        offset: u64,
        base64: &str,
        now: Duration,
    ) -> Result<u64, OperationError> {
        let n_bytes: usize = self.under_way.values().map(|restore| restore.file.len()).sum();
        let restore = self.under_way.get_mut(&id).ok_or_else(unknown)?;
        let invalid = |text: String| OperationError::new(ErrorCode::Invalid, text);
        let length = restore.file.len() as u64;
        if offset != length {
            return Err(invalid(format!(
                "a chunk at {offset} of a file that has {length} bytes so far: send what comes next"
            )));
        }
        let data = STANDARD
            .decode(base64)
            .map_err(|error| invalid(format!("the chunk at {offset} is not base64: {error}")))?;
        if n_bytes + data.len() > self.bytes_max {
            return Err(invalid(format!(
                "the files that are being sent have more than {} bytes, which is all that is kept of them: send one at \
                 a time, make it smaller with \"ovsdb-tool compact\", or copy it to the server and use \
                 \"ovsdb-server/restore\" on its control socket",
                self.bytes_max
            )));
        }
        restore.touched = now;
        restore.hash.update(&data);
        restore.file.extend_from_slice(&data);
        Ok(restore.file.len() as u64)
    }

    /// The database and its whole file, which is forgotten here; also when its checksum is wrong.
    pub fn finish(&mut self, id: RestoreId, sha256: &str) -> Result<(String, Vec<u8>), OperationError> {
        let restore = self.under_way.remove(&id).ok_or_else(unknown)?;
        let arrived = hex(restore.hash);
        if !arrived.eq_ignore_ascii_case(sha256) {
            return Err(OperationError::new(
                ErrorCode::Corrupt,
                format!("the file arrived with SHA-256 {arrived}, not {sha256}: send it again"),
            ));
        }
        Ok((restore.db, restore.file))
    }

    /// Forgets one.
    pub fn abort(&mut self, id: RestoreId) {
        self.under_way.remove(&id);
    }

    /// Forgets those that nothing came for in [`IDLE_MAX`]: of which databases.
    pub fn forget_idle(&mut self, now: Duration) -> Vec<String> {
        let is_idle = |_: &RestoreId, restore: &mut Restore| now.saturating_sub(restore.touched) >= IDLE_MAX;
        let idle = self.under_way.extract_if(.., is_idle);
        idle.map(|(_, restore)| restore.db).collect()
    }
}

fn unknown() -> OperationError {
    OperationError::new(
        ErrorCode::NoRestore,
        format!(
            "no such restore: it was finished or aborted, another of the same database took its place, no chunk came \
             for {} minutes, or the server was restarted; begin anew",
            IDLE_MAX.as_secs() / 60
        ),
    )
}

/// A hash in hexadecimal.
pub fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of `abc` (FIPS 180-4).
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    const NOW: Duration = Duration::from_secs(1000);

    fn send(restores: &mut Restores, id: RestoreId, offset: u64, text: &str) -> Result<u64, ErrorCode> {
        restores
            .chunk(id, offset, &STANDARD.encode(text), NOW)
            .map_err(|error| error.code)
    }

    #[test]
    fn a_file_arrives_in_order_and_once() {
        let mut restores = Restores::default();
        let id = restores.begin("D".into(), NOW);
        assert_eq!(send(&mut restores, id, 0, "ab"), Ok(2));
        // Twice, with a hole, not base64, of nobody.
        assert_eq!(send(&mut restores, id, 0, "ab"), Err(ErrorCode::Invalid));
        assert_eq!(send(&mut restores, id, 3, "c"), Err(ErrorCode::Invalid));
        assert_eq!(
            restores.chunk(id, 2, "?", NOW).map_err(|error| error.code),
            Err(ErrorCode::Invalid)
        );
        assert_eq!(
            send(&mut restores, RestoreId(99), 0, "c"),
            Err(ErrorCode::NoRestore)
        );
        assert_eq!(send(&mut restores, id, 2, "c"), Ok(3));
        assert_eq!(restores.finish(id, ABC), Ok(("D".into(), b"abc".to_vec())));
        assert_eq!(
            restores.finish(id, ABC).map_err(|error| error.code),
            Err(ErrorCode::NoRestore)
        );
    }

    #[test]
    fn a_wrong_checksum_ends_it() {
        let mut restores = Restores::default();
        let id = restores.begin("D".into(), NOW);
        assert_eq!(send(&mut restores, id, 0, "abd"), Ok(3));
        assert_eq!(
            restores.finish(id, ABC).map_err(|error| error.code),
            Err(ErrorCode::Corrupt)
        );
        assert_eq!(send(&mut restores, id, 3, "c"), Err(ErrorCode::NoRestore));
    }

    #[test]
    fn a_second_one_of_a_database_replaces_the_first() {
        let mut restores = Restores::default();
        let (first, other) = (restores.begin("D".into(), NOW), restores.begin("E".into(), NOW));
        let second = restores.begin("D".into(), NOW);
        assert_eq!(send(&mut restores, first, 0, "x"), Err(ErrorCode::NoRestore));
        assert_eq!(send(&mut restores, other, 0, "x"), Ok(1));
        restores.abort(second);
        assert_eq!(send(&mut restores, second, 0, "x"), Err(ErrorCode::NoRestore));
    }

    /// Whether a restore is forgotten at `now`, a chunk having come for it at each of these seconds, the first with its
    /// beginning.
    fn check_forgotten(came: &[u64], now: u64, expected: bool) {
        let mut restores = Restores::default();
        let id = restores.begin("D".into(), Duration::from_secs(came[0]));
        for (offset, at) in came.iter().enumerate() {
            let came = restores.chunk(id, offset as u64, "eA==", Duration::from_secs(*at));
            came.expect("it is under way");
        }
        let forgotten = restores.forget_idle(Duration::from_secs(now));
        assert_eq!(forgotten, vec!["D"; usize::from(expected)], "{came:?} {now}");
        let goes_on = restores.chunk(id, came.len() as u64, "eA==", Duration::from_secs(now));
        match goes_on {
            Ok(_) => assert!(!expected, "{came:?} {now}"),
            Err(error) => {
                assert!(expected, "{came:?} {now}: {error}");
                assert_eq!(error.code, ErrorCode::NoRestore);
                assert!(error.message.contains("no chunk came for 10 minutes"), "{error}");
            }
        }
    }

    #[test]
    fn one_that_nobody_goes_on_with_is_forgotten() {
        check_forgotten(&[5], 604, false);
        check_forgotten(&[5], 605, true);
        check_forgotten(&[5, 300, 604], 1203, false);
        check_forgotten(&[5, 300, 604], 1204, true);
        // A clock that goes back is no reason.
        check_forgotten(&[5], 0, false);
    }

    #[test]
    fn what_is_refused_does_not_keep_one() {
        let mut restores = Restores::default();
        let id = restores.begin("D".into(), NOW);
        let refused = restores.chunk(id, 7, "eA==", NOW + IDLE_MAX);
        assert!(refused.is_err());
        assert_eq!(restores.forget_idle(NOW + IDLE_MAX), ["D"]);
    }

    #[test]
    fn there_is_room_for_so_many_bytes_of_all() {
        let mut restores = Restores::with_room(10);
        let (first, other) = (restores.begin("D".into(), NOW), restores.begin("E".into(), NOW));
        assert_eq!(send(&mut restores, first, 0, "sixsix"), Ok(6));
        assert_eq!(send(&mut restores, other, 0, "fives"), Err(ErrorCode::Invalid));
        assert_eq!(send(&mut restores, other, 0, "four"), Ok(4));
        let refused = restores.chunk(first, 6, "eA==", NOW).expect_err("it is full");
        assert!(refused.message.contains("more than 10 bytes"), "{refused}");
        // What ends in whatever way makes room.
        restores.abort(other);
        assert_eq!(send(&mut restores, first, 6, "four"), Ok(10));
        let other = restores.begin("E".into(), NOW);
        assert!(restores.finish(first, ABC).is_err());
        assert_eq!(send(&mut restores, other, 0, "sixsix"), Ok(6));
        assert_eq!(restores.forget_idle(NOW + IDLE_MAX), ["E"]);
        let other = restores.begin("E".into(), NOW);
        assert_eq!(
            send(&mut restores, other, 0, "ten of them"),
            Err(ErrorCode::Invalid)
        );
        assert_eq!(send(&mut restores, other, 0, "ten of all"), Ok(10));
    }
}
