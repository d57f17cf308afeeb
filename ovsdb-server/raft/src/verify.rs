//! Whether all members have the same contents: each says what its own came to at one and the same log entry.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use uuid::Uuid;

use crate::error::MemberError;
use crate::machine::StateHash;
use crate::membership::leader_elsewhere;
use crate::peer::client::Connection;
use crate::peer::{Answer, Request};
use crate::shared::Shared;
use crate::types::{Command, ServerId};
use crate::{propose, random};

/// How long a member may take to get to the entry and to look at its contents.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What every member of the present membership says, or why it does not.
type Said = BTreeMap<ServerId, Result<StateHash, String>>;

/// Has whoever leads make the entry, then asks everybody.
pub(crate) async fn verify(shared: &Arc<Shared>) -> Result<Said, MemberError> {
    let id = random::uuid();
    match leader_elsewhere(shared) {
        None => {
            propose::write(shared, Command::Verify(id)).await?;
        }
        Some((leader, peer)) => {
            let mut connection = Connection::new(shared.dialing.clone(), Some(leader), peer.address);
            match connection.call(&Request::Verify(id), TIMEOUT).await {
                Ok(Answer::Done) => {}
                Ok(_) => return Err(MemberError::NotLeader(None)),
                Err(error) => return Err(MemberError::Refused(error.to_string())),
            }
        }
    }
    Ok(ask_all(shared, id).await)
}

async fn ask_all(shared: &Arc<Shared>, id: Uuid) -> Said {
    let metrics = shared.metrics();
    let members = metrics.membership_config.membership();
    let asked = members.nodes().map(|(server, peer)| {
        let (server, address) = (*server, peer.address.clone());
        async move {
            let said = match server == shared.server() {
                true => Ok(answer(shared, id).await),
                false => ask(shared, server, address, id).await,
            };
            let late = || format!("not there yet after {} s", TIMEOUT.as_secs());
            (server, said.and_then(|hash| hash.ok_or_else(late)))
        }
    });
    join_all(asked).await.into_iter().collect()
}

async fn ask(
    shared: &Shared,
    server: ServerId,
    address: String,
    id: Uuid,
) -> Result<Option<StateHash>, String> {
    let mut connection = Connection::new(shared.dialing.clone(), Some(server), address);
    match connection.call(&Request::StateHash(id), TIMEOUT * 2).await {
        Ok(Answer::StateHash(hash)) => Ok(hash),
        Ok(other) => Err(format!("unexpected answer {other:?}")),
        Err(error) => Err(error.to_string()),
    }
}

/// What this member says.
pub(crate) async fn answer(shared: &Shared, id: Uuid) -> Option<StateHash> {
    let hash = tokio::time::timeout(TIMEOUT, shared.machine.state_hash(id)).await;
    hash.ok().flatten()
}
