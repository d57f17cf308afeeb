//! Whether all members have the same contents.

use ovsdb_manage::OperationError;
use ovsdb_manage::types::Verification;

use super::cluster::Target;

/// TODO
pub async fn verify(_: &Target) -> Result<Verification, OperationError> {
    Ok(Verification { members: Vec::new() })
}
