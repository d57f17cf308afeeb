//! What operators do with the cluster behind a database.
//!
//! The texts of errors are the C server's where it has any: scripts compare them.

use std::sync::Arc;

use ovsdb_cluster::Kind;
use ovsdb_manage::types::{self, Removal};
use ovsdb_manage::{ErrorCode, OperationError};
use ovsdb_raft::Member;
use ovsdb_raft::status::{ElectionReason, Phase, Role, Status};
use ovsdb_raft::types::{Command, ServerId};

use crate::actor::Actor;
use crate::cluster::Running;
use crate::control::ask;
use crate::database::Model;
use crate::server::Server;

/// A member of a cluster, to be operated.
pub struct Target {
    running: Arc<Running>,
    db: String,
    /// Where it asked to be taken in, while it does.
    remotes: Vec<String>,
    address: String,
    has_failed: bool,
}

/// How a change of the election timer went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerChange {
    /// It was proposed.
    Initiated,
    /// It is in force already.
    Current,
}

fn refused(code: ErrorCode, text: &str) -> OperationError {
    OperationError::new(code, text)
}

impl Target {
    /// This server's member of a database's cluster.
    pub async fn find(actor: &Actor<Server>, db: &str) -> Result<Target, OperationError> {
        let name = db.to_owned();
        let found = ask(actor, move |server| find(server, &name)).await;
        let found = found.map_err(|_| refused(ErrorCode::Other, "the server is stopping"))?;
        found.ok_or_else(|| refused(ErrorCode::NotClustered, "unknown cluster"))
    }

    /// The member.
    pub fn member(&self) -> &Arc<Member> {
        self.running.member()
    }

    /// What is to be told of it.
    pub fn status(&self) -> types::Status {
        let member = self.member();
        let seen = Seen {
            status: &member.status(),
            server: member.server(),
            cluster: member.cluster().map(|id| id.0.to_string()),
            db: &self.db,
            address: &self.address,
            remotes: &self.remotes,
            has_failed: self.has_failed,
        };
        seen.tell()
    }

    /// Begins to leave the cluster.
    pub fn leave(&self) -> Result<(), OperationError> {
        let member = self.member().clone();
        let status = member.status();
        let busy = |text| Err(refused(ErrorCode::Busy, text));
        if status.leaving {
            return busy("already in progress leaving cluster");
        }
        if !status.member {
            return busy("can't leave while join in progress");
        }
        if self.has_failed || status.failure.is_some() {
            return Err(refused(ErrorCode::Storage, "can't leave after failure"));
        }
        check_removal(&member, member.server())?;
        let db = self.db.clone();
        self.running.runtime().spawn(async move {
            if let Err(error) = member.leave().await {
                tracing::warn!(target: "raft", "{db}: cannot leave: {error}");
            }
        });
        Ok(())
    }

    /// Begins to remove a member, or asks the leader to: the beginning of its id, or its address.
    pub fn kick(&self, name: &str) -> Result<Removal, OperationError> {
        let member = self.member().clone();
        let status = member.status();
        let server = server_named(&status, name)?;
        if server == member.server() {
            return self.leave().map(|()| Removal::Started);
        }
        let removal = match (status.role, status.leader) {
            (Role::Leader, _) => Removal::Started,
            (_, Some(_)) => Removal::Requested,
            (_, None) => return Err(refused(ErrorCode::NoQuorum, "failed to send removal request")),
        };
        check_removal(&member, server)?;
        let db = self.db.clone();
        self.running.runtime().spawn(async move {
            match member.kick(server).await {
                Ok(()) => {
                    tracing::info!(target: "raft", "{db}: request via unixctl to remove {server} succeeded");
                }
                Err(error) => {
                    tracing::warn!(target: "raft", "{db}: request via unixctl to remove {server} failed: {error}");
                }
            }
        });
        Ok(removal)
    }

    /// Hands leadership to a member, or to the one that has most of the log; returns when it leads.
    pub async fn transfer(&self, to: Option<&str>) -> Result<(), OperationError> {
        let member = self.member();
        let status = member.status();
        if status.role != Role::Leader {
            let text = "leadership must be transferred through the leader.";
            return Err(refused(ErrorCode::NotLeader, text));
        }
        let to = to.map(|name| server_named(&status, name)).transpose()?;
        let done = member.transfer(to).await;
        done.map_err(|error| OperationError::new(ErrorCode::Other, error.to_string()))
    }

    /// Begins to change the election timer.
    pub fn change_election_timer(&self, ms: u64) -> Result<TimerChange, OperationError> {
        let member = self.member();
        let status = member.status();
        if status.role != Role::Leader {
            let text = "election timer must be changed through leader.";
            return Err(refused(ErrorCode::NotLeader, text));
        }
        let change = check_timer(&status, ms)?;
        if change == TimerChange::Initiated {
            member.propose(Command::ElectionTimer(ms));
        }
        Ok(change)
    }
}

fn find(server: &Server, db: &str) -> Option<Target> {
    let open = server.databases.get(db)?;
    let Model::Clustered(cluster) = &open.model else {
        return None;
    };
    let file = cluster.file.as_ref()?;
    Some(Target {
        running: cluster.running.clone()?,
        db: db.to_owned(),
        remotes: match &file.kind {
            Kind::Joining { remotes } => remotes.clone(),
            Kind::Existing | Kind::Founding { .. } => Vec::new(),
        },
        address: file.address.clone(),
        has_failed: open.storage_error.is_some(),
    })
}

/// Whether the cluster can do without a member.
fn check_removal(member: &Member, server: ServerId) -> Result<(), OperationError> {
    let may = member.may_remove(server);
    may.map_err(|error| OperationError::new(ErrorCode::NoQuorum, error.to_string()))
}

/// The server that a name means: its address, or the first digits of its id, four at least.
fn server_named(status: &Status, name: &str) -> Result<ServerId, OperationError> {
    let by_address = status.servers.iter().find(|(_, of)| of.address == name);
    if let Some((id, _)) = by_address {
        return Ok(*id);
    }
    let name = name.to_lowercase();
    let begins = |id: &&ServerId| name.len() >= 4 && id.0.to_string().starts_with(&name);
    let mut found = status.servers.keys().filter(begins);
    match (found.next(), found.next()) {
        (Some(id), None) => Ok(*id),
        _ => Err(refused(ErrorCode::NoServer, "unknown server")),
    }
}

fn check_timer(status: &Status, ms: u64) -> Result<TimerChange, OperationError> {
    let now = status.election_timer_ms;
    let invalid = |text| Err(refused(ErrorCode::Invalid, text));
    match ms {
        _ if status.election_timer_next_ms.is_some() => {
            Err(refused(ErrorCode::Busy, "election timer change pending."))
        }
        ms if ms == now => Ok(TimerChange::Current),
        ms if !(100..=600_000).contains(&ms) => {
            invalid("election timer must be between 100 and 600000, in msec.")
        }
        ms if ms > now * 2 => invalid("election timer increase should not exceed the current value x 2."),
        _ => Ok(TimerChange::Initiated),
    }
}

/// What a status is made of.
struct Seen<'a> {
    status: &'a Status,
    server: ServerId,
    cluster: Option<String>,
    db: &'a str,
    address: &'a str,
    remotes: &'a [String],
    has_failed: bool,
}

impl Seen<'_> {
    fn standing(&self) -> types::Standing {
        let status = self.status;
        match () {
            () if self.has_failed || status.failure.is_some() => types::Standing::Failed,
            () if status.removed => types::Standing::Left,
            () if !status.member => types::Standing::Joining {
                remotes: self.remotes.to_vec(),
            },
            () if status.leaving => types::Standing::Leaving,
            () if !status.connected && status.election.is_some() => types::Standing::Disconnected,
            () => types::Standing::Member,
        }
    }

    fn tell(&self) -> types::Status {
        let status = self.status;
        let uuid = |id: ServerId| id.0.to_string();
        let ms = |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let (log_first, log_last) = status.log;
        types::Status {
            name: self.db.to_owned(),
            cid: self.cluster.clone(),
            sid: uuid(self.server),
            address: self.address.to_owned(),
            standing: self.standing(),
            role: match status.role {
                Role::Leader => types::Role::Leader,
                Role::Candidate => types::Role::Candidate,
                Role::Follower | Role::Learner => types::Role::Follower,
            },
            term: status.term,
            leader: status.leader.map(uuid),
            vote: status.voted_for.map(uuid),
            election: status.election.map(|election| types::Election {
                started_ms_ago: ms(election.started),
                reason: match election.reason {
                    ElectionReason::Timeout => "timeout".to_owned(),
                    ElectionReason::LeadershipTransfer => "leadership_transfer".to_owned(),
                },
                won_ms_ago: election.won.map(ms),
            }),
            election_timer_ms: status.election_timer_ms,
            election_timer_pending_ms: status.election_timer_next_ms,
            log_first,
            log_next: log_last + 1,
            n_uncommitted: log_last.saturating_sub(status.committed),
            n_unapplied: log_last.saturating_sub(status.applied),
            links: self.links(),
            n_disconnections: status.n_disconnections,
            refusals: status
                .refusals
                .iter()
                .map(|(address, why)| types::Refusal {
                    address: address.clone(),
                    why: why.to_string(),
                })
                .collect(),
            members: status
                .servers
                .iter()
                .map(|(id, of)| types::Member {
                    sid: uuid(*id),
                    address: of.address.clone(),
                    is_self: *id == self.server,
                    is_leader: status.leader == Some(*id),
                    phase: of.phase.map(|phase| match phase {
                        Phase::CatchingUp => types::Phase::Catchup,
                        Phase::Committing => types::Phase::Committing,
                        Phase::Removing => types::Phase::Removing,
                    }),
                    voted_for: of.voted_for.map(uuid),
                    matched: of.match_index,
                    last_heard_ms: of.last_message.map(ms),
                })
                .collect(),
        }
    }

    fn links(&self) -> Vec<types::Link> {
        let of = |(id, links): (&ServerId, &ovsdb_raft::status::Connections)| {
            let link = |outgoing: bool, connected: Option<bool>| {
                connected.map(|connected| types::Link {
                    sid: id.0.to_string(),
                    outgoing,
                    connected,
                })
            };
            [link(true, links.outgoing), link(false, links.incoming)]
        };
        self.status.connections.iter().flat_map(of).flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use ovsdb_data::Uuid;
    use ovsdb_raft::status::{Connections, Election, ServerStatus};

    use super::*;

    fn id(first: u16) -> ServerId {
        ServerId(Uuid::from_u128(u128::from(first) << 112 | 7))
    }

    fn server(address: &str) -> ServerStatus {
        ServerStatus {
            address: address.to_owned(),
            voter: true,
            phase: None,
            voted_for: None,
            next_index: None,
            match_index: None,
            last_message: None,
        }
    }

    /// A follower of a cluster of two.
    fn follower() -> Status {
        let mut other = server("tcp:127.0.0.1:6644");
        other.last_message = Some(Duration::from_millis(12));
        let connections = Connections {
            outgoing: Some(true),
            incoming: None,
        };
        Status {
            role: Role::Follower,
            term: 3,
            voted_for: Some(id(0xbbbb)),
            leader: Some(id(0xbbbb)),
            connected: true,
            member: true,
            removed: false,
            failure: None,
            leaving: false,
            election_timer_ms: 1000,
            election_timer_next_ms: None,
            log: (2, 9),
            committed: 8,
            applied: 7,
            servers: BTreeMap::from([(id(0xaaaa), server("tcp:127.0.0.1:6643")), (id(0xbbbb), other)]),
            connections: BTreeMap::from([(id(0xbbbb), connections)]),
            n_disconnections: 2,
            n_connections: 3,
            backlog_bytes: 0,
            election: None,
            refusals: BTreeMap::new(),
            snapshot: 0,
        }
    }

    fn text(status: &Status, cluster: Option<&str>, remotes: &[String]) -> String {
        let seen = Seen {
            status,
            server: id(0xaaaa),
            cluster: cluster.map(str::to_owned),
            db: "OVN_Northbound",
            address: "tcp:127.0.0.1:6643",
            remotes,
            has_failed: false,
        };
        seen.tell().to_string()
    }

    /// The lines of a status that differ from a follower's.
    fn check(change: impl FnOnce(&mut Status), expected: &[&str]) {
        let plain = text(&follower(), Some("cccc0000-0000-0000-0000-000000000001"), &[]);
        let mut status = follower();
        change(&mut status);
        let changed = text(&status, Some("cccc0000-0000-0000-0000-000000000001"), &[]);
        let differing: Vec<&str> = changed
            .lines()
            .filter(|line| !plain.lines().any(|other| other == *line))
            .collect();
        assert_eq!(differing, expected);
    }

    #[test]
    fn the_layout_is_the_c_servers() {
        let expected = "\
aaaa
Name: OVN_Northbound
Cluster ID: cccc (cccc0000-0000-0000-0000-000000000001)
Server ID: aaaa (aaaa0000-0000-0000-0000-000000000007)
Address: tcp:127.0.0.1:6643
Status: cluster member
Role: follower
Term: 3
Leader: bbbb
Vote: bbbb

Election timer: 1000
Log: [2, 10]
Entries not yet committed: 1
Entries not yet applied: 2
Connections: ->bbbb
Disconnections: 2
Servers:
    aaaa (aaaa at tcp:127.0.0.1:6643) (self)
    bbbb (bbbb at tcp:127.0.0.1:6644) last msg 12 ms ago
";
        let cluster = Some("cccc0000-0000-0000-0000-000000000001");
        assert_eq!(text(&follower(), cluster, &[]), expected);
    }

    #[test]
    fn what_a_member_goes_through_shows() {
        check(|s| s.leaving = true, &["Status: leaving cluster"]);
        check(
            |s| s.failure = Some("No space left on device".to_owned()),
            &["Status: failed"],
        );
        check(
            |s| (s.removed, s.member) = (true, false),
            &["Status: left cluster"],
        );
        check(
            |s| {
                s.leader = None;
                s.connected = false;
                s.role = Role::Candidate;
                s.voted_for = Some(id(0xaaaa));
                if let Some(own) = s.servers.get_mut(&id(0xaaaa)) {
                    own.voted_for = Some(id(0xaaaa));
                }
                s.election = Some(Election {
                    started: Duration::from_millis(5),
                    reason: ElectionReason::Timeout,
                    won: None,
                });
            },
            &[
                "Status: disconnected from the cluster (election timeout)",
                "Role: candidate",
                "Leader: unknown",
                "Vote: self",
                "Last Election started 5 ms ago, reason: timeout",
                "    aaaa (aaaa at tcp:127.0.0.1:6643) (self) (voted for aaaa)",
            ],
        );
        check(
            |s| s.election_timer_next_ms = Some(2000),
            &["Election timer: 1000 (changing to 2000)"],
        );
        check(
            |s| {
                s.role = Role::Leader;
                s.leader = Some(id(0xaaaa));
                if let Some(other) = s.servers.get_mut(&id(0xbbbb)) {
                    other.phase = Some(Phase::CatchingUp);
                    other.next_index = Some(10);
                    other.match_index = Some(9);
                }
            },
            &[
                "Adding server bbbb (bbbb at tcp:127.0.0.1:6644) (adding: catchup)",
                "Role: leader",
                "Leader: self",
                "    bbbb (bbbb at tcp:127.0.0.1:6644) (adding: catchup) next_index=10 match_index=9 last msg 12 ms ago",
            ],
        );
    }

    #[test]
    fn who_joins_says_where() {
        let mut status = follower();
        status.member = false;
        let shown = text(&status, None, &["tcp:127.0.0.1:6644".to_owned()]);
        assert!(shown.contains("Cluster ID: not yet known\n"), "{shown}");
        let lines = "Status: joining cluster\nRemotes for joining: tcp:127.0.0.1:6644\n";
        assert!(shown.contains(lines), "{shown}");
    }

    #[test]
    fn servers_are_named_by_address_or_digits() {
        let status = follower();
        for (name, expected) in [
            ("tcp:127.0.0.1:6644", Some(id(0xbbbb))),
            ("bbbb", Some(id(0xbbbb))),
            ("BBBB0000-0000", Some(id(0xbbbb))),
            ("bbb", None),
            ("cccc", None),
            ("", None),
        ] {
            assert_eq!(server_named(&status, name).ok(), expected, "{name}");
        }
    }

    #[test]
    fn election_timers_change_by_steps() {
        let status = follower();
        let (too_much, no_timer) = (
            "election timer increase should not exceed the current value x 2.",
            "election timer must be between 100 and 600000, in msec.",
        );
        for (ms, expected) in [
            (2000, Ok(TimerChange::Initiated)),
            (100, Ok(TimerChange::Initiated)),
            (1000, Ok(TimerChange::Current)),
            (2001, Err(too_much)),
            (99, Err(no_timer)),
            (600_001, Err(no_timer)),
        ] {
            let found = check_timer(&status, ms).map_err(|error| error.message);
            assert_eq!(found, expected.map_err(str::to_owned), "{ms}");
        }
    }
}
