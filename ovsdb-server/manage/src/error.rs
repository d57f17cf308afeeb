//! Why an operation was not done: a code that programs act on, a text that people read.

use jsonrpsee::types::ErrorObjectOwned;
use serde::{Deserialize, Serialize};

/// What kind of refusal it is. The numbers are JSON-RPC error codes and never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErrorCode {
    /// The server has no such database.
    NoDatabase = -32001,
    /// The database is not one of a cluster.
    NotClustered = -32002,
    /// Another member leads; the text names it if it is known.
    NotLeader = -32003,
    /// No majority is in reach.
    NoQuorum = -32004,
    /// The cluster has no such server.
    NoServer = -32005,
    /// Something else is under way that must end first.
    Busy = -32006,
    /// An argument cannot be.
    Invalid = -32007,
    /// Contents or checksums are not what they should be.
    Corrupt = -32008,
    /// There is no such restore; the text says what may have become of it.
    NoRestore = -32009,
    /// Disk or memory failed.
    Storage = -32010,
    /// Anything else.
    Other = -32000,
}

const CODES: [ErrorCode; 11] = [
    ErrorCode::NoDatabase,
    ErrorCode::NotClustered,
    ErrorCode::NotLeader,
    ErrorCode::NoQuorum,
    ErrorCode::NoServer,
    ErrorCode::Busy,
    ErrorCode::Invalid,
    ErrorCode::Corrupt,
    ErrorCode::NoRestore,
    ErrorCode::Storage,
    ErrorCode::Other,
];

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OperationError {
    /// Its kind.
    pub code: ErrorCode,
    /// What failed, and what to do.
    pub message: String,
}

impl OperationError {
    /// A refusal of this kind.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> OperationError {
        OperationError {
            code,
            message: message.into(),
        }
    }

    /// The server has no database of this name.
    pub fn no_database(name: &str) -> OperationError {
        OperationError::new(
            ErrorCode::NoDatabase,
            format!("{name}: this server has no such database"),
        )
    }
}

impl From<OperationError> for ErrorObjectOwned {
    fn from(error: OperationError) -> ErrorObjectOwned {
        ErrorObjectOwned::owned(error.code as i32, error.message, None::<()>)
    }
}

impl From<&ErrorObjectOwned> for OperationError {
    fn from(error: &ErrorObjectOwned) -> OperationError {
        let code = CODES.into_iter().find(|code| *code as i32 == error.code());
        OperationError::new(code.unwrap_or(ErrorCode::Other), error.message())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_survive_the_wire() {
        for code in CODES {
            let error = OperationError::new(code, "why");
            assert_eq!(
                OperationError::from(&ErrorObjectOwned::from(error.clone())),
                error
            );
        }
    }
}
