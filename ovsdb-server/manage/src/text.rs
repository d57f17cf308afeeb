//! [`Status`] as `cluster/status` prints it (ovsdb-server(8)), line by line: scripts parse this.

use std::fmt::{self, Display, Formatter};

use crate::types::{
    Agreement, Link, Member, Phase, Refusal, Removal, Role, Standing, StateReport, Status, StorageStatus,
    Verification,
};

/// The first four digits of an id, its nickname.
fn short(id: &str) -> &str {
    id.get(..4).unwrap_or(id)
}

impl Display for Status {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let known = |id: &Option<String>| match id.as_deref() {
            Some(id) if id == self.sid => "self".to_owned(),
            Some(id) => short(id).to_owned(),
            None => "unknown".to_owned(),
        };
        writeln!(f, "{}", short(&self.sid))?;
        writeln!(f, "Name: {}", self.name)?;
        match &self.cid {
            Some(cid) => writeln!(f, "Cluster ID: {} ({cid})", short(cid))?,
            None => writeln!(f, "Cluster ID: not yet known")?,
        }
        writeln!(f, "Server ID: {} ({})", short(&self.sid), self.sid)?;
        writeln!(f, "Address: {}", self.address)?;
        writeln!(f, "Status: {}", self.standing)?;
        if let Standing::Joining { remotes } = &self.standing {
            writeln!(f, "Remotes for joining: {}", remotes.join(" "))?;
        }
        for Refusal { address, why } in &self.refusals {
            writeln!(f, "Refused by {address}: {why}")?;
        }
        let of_leader = self.members.iter().filter(|_| self.role == Role::Leader);
        for member in of_leader {
            match member.phase {
                Some(Phase::Removing) => writeln!(f, "Removing server {}", Named(member))?,
                Some(phase) => writeln!(f, "Adding server {} ({phase})", Named(member))?,
                None => {}
            }
        }
        writeln!(f, "Role: {}", self.role)?;
        writeln!(f, "Term: {}", self.term)?;
        writeln!(f, "Leader: {}", known(&self.leader))?;
        writeln!(f, "Vote: {}", known(&self.vote))?;
        writeln!(f)?;
        if let Some(election) = &self.election {
            writeln!(
                f,
                "Last Election started {} ms ago, reason: {}",
                election.started_ms_ago, election.reason
            )?;
            if let Some(ms) = election.won_ms_ago {
                writeln!(f, "Last Election won: {ms} ms ago")?;
            }
        }
        write!(f, "Election timer: {}", self.election_timer_ms)?;
        match self.election_timer_pending_ms {
            Some(ms) => writeln!(f, " (changing to {ms})")?,
            None => writeln!(f)?,
        }
        writeln!(f, "Log: [{}, {}]", self.log_first, self.log_next)?;
        writeln!(f, "Entries not yet committed: {}", self.n_uncommitted)?;
        writeln!(f, "Entries not yet applied: {}", self.n_unapplied)?;
        write!(f, "Connections:")?;
        self.links.iter().try_for_each(|link| write!(f, " {link}"))?;
        writeln!(f)?;
        writeln!(f, "Disconnections: {}", self.n_disconnections)?;
        writeln!(f, "Servers:")?;
        for member in &self.members {
            write!(f, "    {}", Named(member))?;
            if member.is_self {
                write!(f, " (self)")?;
            }
            if let Some(phase) = member.phase {
                write!(f, " ({phase})")?;
            }
            if let Some(vote) = &member.voted_for {
                write!(f, " (voted for {})", short(vote))?;
            }
            if let Some(matched) = member.matched {
                write!(f, " next_index={} match_index={matched}", matched + 1)?;
            }
            if let Some(ms) = member.last_heard_ms.filter(|_| !member.is_self) {
                write!(f, " last msg {ms} ms ago")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// `abcd (abcd at tcp:…)`.
struct Named<'a>(&'a Member);

impl Display for Named<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let sid = short(&self.0.sid);
        write!(f, "{sid} ({sid} at {})", self.0.address)
    }
}

impl Display for Standing {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Standing::Member => "cluster member",
            Standing::Joining { .. } => "joining cluster",
            Standing::Leaving => "leaving cluster",
            Standing::Left => "left cluster",
            Standing::Disconnected => "disconnected from the cluster (election timeout)",
            Standing::Failed => "failed",
        })
    }
}

impl Display for Removal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Removal::Started => "started removal",
            Removal::Requested => "sent removal request to leader",
        })
    }
}

impl Display for Role {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Leader => "leader",
            Role::Follower => "follower",
            Role::Candidate => "candidate",
        })
    }
}

impl Display for Phase {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Catchup => "adding: catchup",
            Phase::CaughtUp => "adding: caught up",
            Phase::Committing => "adding: committing",
            Phase::Removing => "removing",
        })
    }
}

impl Display for Link {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let arrow = if self.outgoing { "->" } else { "<-" };
        match self.connected {
            true => write!(f, "{arrow}{}", short(&self.sid)),
            false => write!(f, "({arrow}{})", short(&self.sid)),
        }
    }
}

/// What `cluster/verify` prints: a line for each member, then what they come to.
impl Display for Verification {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for member in &self.members {
            write!(f, "{} at {}: ", short(&member.sid), member.address)?;
            match &member.report {
                StateReport::State { index, hash } => writeln!(f, "{hash} at index {index}")?,
                StateReport::Unreachable { error } => writeln!(f, "no answer: {error}")?,
            }
        }
        writeln!(f, "{}", self.agreement())
    }
}

impl Display for Agreement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Agreement::Same => "all members have the same contents",
            Agreement::Incomplete => "not all members could be compared",
            Agreement::Different => {
                "members have different contents: kick those that differ from the leader, and let new ones join"
            }
        })
    }
}

/// What `ovsdb-server/get-db-storage-status` prints.
impl Display for StorageStatus {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.error {
            None => write!(f, "status: ok"),
            Some(error) => write!(f, "status: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Election;

    fn member(sid: &str, port: u16) -> Member {
        Member {
            sid: sid.to_owned(),
            address: format!("tcp:127.0.0.1:{port}"),
            is_self: false,
            is_leader: false,
            phase: None,
            voted_for: None,
            matched: None,
            last_heard_ms: None,
        }
    }

    #[test]
    fn a_leader_with_one_who_joins() {
        let own = "4fbad326-8781-43d2-b89b-d568889bd03b";
        let other = "0b23e7f5-9140-4d98-910f-92db836a7d97";
        let status = Status {
            name: "OVN_Southbound".into(),
            cid: Some("51400518-262e-4e4e-9d1c-9c497fb6ad32".into()),
            sid: own.into(),
            address: "tcp:127.0.0.1:17001".into(),
            standing: Standing::Member,
            role: Role::Leader,
            term: 1,
            leader: Some(own.into()),
            vote: Some(own.into()),
            election: Some(Election {
                started_ms_ago: 4010,
                reason: "timeout".into(),
                won_ms_ago: Some(4005),
            }),
            election_timer_ms: 1000,
            election_timer_pending_ms: Some(2000),
            log_first: 2,
            log_next: 5,
            n_uncommitted: 0,
            n_unapplied: 0,
            links: vec![
                Link {
                    sid: other.into(),
                    outgoing: false,
                    connected: true,
                },
                Link {
                    sid: other.into(),
                    outgoing: true,
                    connected: false,
                },
            ],
            n_disconnections: 0,
            refusals: vec![Refusal {
                address: "tcp:127.0.0.1:17003".into(),
                why: "wrong cluster".into(),
            }],
            members: vec![
                Member {
                    phase: Some(Phase::Catchup),
                    matched: Some(4),
                    last_heard_ms: Some(329),
                    ..member(other, 17002)
                },
                Member {
                    is_self: true,
                    matched: Some(4),
                    last_heard_ms: Some(0),
                    ..member(own, 17001)
                },
            ],
        };
        assert_eq!(
            status.to_string(),
            "\
4fba
Name: OVN_Southbound
Cluster ID: 5140 (51400518-262e-4e4e-9d1c-9c497fb6ad32)
Server ID: 4fba (4fbad326-8781-43d2-b89b-d568889bd03b)
Address: tcp:127.0.0.1:17001
Status: cluster member
Refused by tcp:127.0.0.1:17003: wrong cluster
Adding server 0b23 (0b23 at tcp:127.0.0.1:17002) (adding: catchup)
Role: leader
Term: 1
Leader: self
Vote: self

Last Election started 4010 ms ago, reason: timeout
Last Election won: 4005 ms ago
Election timer: 1000 (changing to 2000)
Log: [2, 5]
Entries not yet committed: 0
Entries not yet applied: 0
Connections: <-0b23 (->0b23)
Disconnections: 0
Servers:
    0b23 (0b23 at tcp:127.0.0.1:17002) (adding: catchup) next_index=5 match_index=4 last msg 329 ms ago
    4fba (4fba at tcp:127.0.0.1:17001) (self) next_index=5 match_index=4
"
        );
    }
}
