//! Whether all members have the same contents: asked at one and the same log entry.

use ovsdb_manage::types::{MemberState, StateReport, Verification};
use ovsdb_manage::{ErrorCode, OperationError};
use ovsdb_raft::MemberError;

use super::cluster::Target;

/// Asks every member.
pub async fn verify(target: &Target) -> Result<Verification, OperationError> {
    let member = target.member();
    let hashes = member.state_hashes().await.map_err(|error| {
        let code = match error {
            MemberError::NotLeader(_) => ErrorCode::NotLeader,
            _ => ErrorCode::Other,
        };
        OperationError::new(code, error.to_string())
    })?;
    let servers = member.status().servers;
    let members = hashes.into_iter().map(|(id, said)| MemberState {
        sid: id.0.to_string(),
        address: servers.get(&id).map(|of| of.address.clone()).unwrap_or_default(),
        report: match said {
            Ok(state) => StateReport::State {
                index: state.index,
                hash: format!("{:016x}", state.hash),
            },
            Err(error) => StateReport::Unreachable { error },
        },
    });
    Ok(Verification {
        members: members.collect(),
    })
}
