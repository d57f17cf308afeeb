//! Files that arrive in chunks. Pure: whether a database exists, and time, are told by the caller.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::types::RestoreId;
use crate::{ErrorCode, OperationError};

/// A file that is larger does not come from a database.
const FILE_BYTES_MAX: u64 = 16 << 30;

/// All that are under way: one for each database at most.
#[derive(Default)]
pub struct Restores {
    next: u64,
    under_way: BTreeMap<RestoreId, Restore>,
}

struct Restore {
    db: String,
    file: Vec<u8>,
    hash: Sha256,
}

impl Restores {
    /// A new one, in place of another of the same database.
    pub fn begin(&mut self, db: String) -> RestoreId {
        self.under_way.retain(|_, restore| restore.db != db);
        self.next += 1;
        let id = RestoreId(self.next);
        let restore = Restore {
            db,
            file: Vec::new(),
            hash: Sha256::new(),
        };
        self.under_way.insert(id, restore);
        id
    }

    /// Takes the next bytes; how many there are then. A refusal leaves all as it was.
    pub fn chunk(&mut self, id: RestoreId, offset: u64, base64: &str) -> Result<u64, OperationError> {
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
        if length + data.len() as u64 > FILE_BYTES_MAX {
            return Err(invalid(format!(
                "the file has more than {FILE_BYTES_MAX} bytes: it cannot be a database's"
            )));
        }
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
}

fn unknown() -> OperationError {
    OperationError::new(
        ErrorCode::NoRestore,
        "no such restore: it was finished, given up, or replaced by another; begin anew",
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

    fn send(restores: &mut Restores, id: RestoreId, offset: u64, text: &str) -> Result<u64, ErrorCode> {
        restores
            .chunk(id, offset, &STANDARD.encode(text))
            .map_err(|error| error.code)
    }

    #[test]
    fn a_file_arrives_in_order_and_once() {
        let mut restores = Restores::default();
        let id = restores.begin("D".into());
        assert_eq!(send(&mut restores, id, 0, "ab"), Ok(2));
        // Twice, with a hole, not base64, of nobody.
        assert_eq!(send(&mut restores, id, 0, "ab"), Err(ErrorCode::Invalid));
        assert_eq!(send(&mut restores, id, 3, "c"), Err(ErrorCode::Invalid));
        assert_eq!(
            restores.chunk(id, 2, "?").map_err(|error| error.code),
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
        let id = restores.begin("D".into());
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
        let (first, other) = (restores.begin("D".into()), restores.begin("E".into()));
        let second = restores.begin("D".into());
        assert_eq!(send(&mut restores, first, 0, "x"), Err(ErrorCode::NoRestore));
        assert_eq!(send(&mut restores, other, 0, "x"), Ok(1));
        restores.abort(second);
        assert_eq!(send(&mut restores, second, 0, "x"), Err(ErrorCode::NoRestore));
    }
}
