//! What the API is asked and what it answers.

use serde::{Deserialize, Serialize};

/// How a database is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// In one file.
    Standalone,
    /// By a cluster that this server belongs to.
    Clustered,
    /// By another server that this one relays.
    Relay,
}

/// A database that the server has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseInfo {
    /// Its name.
    pub name: String,
    /// How it is kept.
    pub model: Model,
    /// Whether a majority, or the relay's source, is in reach.
    pub connected: bool,
    /// Whether writes are decided here.
    pub leader: bool,
    /// How many transactions the contents come from, in clusters.
    pub index: Option<u64>,
}

/// Where a member stands with its cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It belongs to it.
    Member,
    /// It wants to, and asks these addresses.
    Joining {
        /// Where it asks.
        remotes: Vec<String>,
    },
    /// It wants to no more.
    Leaving,
    /// It does no more.
    Left,
    /// It heard of no leader for an election timeout.
    Disconnected,
    /// Its storage, or its part of the agreement, is broken.
    Failed,
}

/// What a member is to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Writes are decided here.
    Leader,
    /// It follows one, or waits for one.
    Follower,
    /// It wants to lead.
    Candidate,
}

/// How far a change of membership is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It gets what the others have.
    Catchup,
    /// It has that.
    CaughtUp,
    /// Its membership is being agreed on.
    Committing,
    /// Its removal is being agreed on.
    Removing,
}

/// A member, as one of them sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its server id, a uuid.
    pub sid: String,
    /// Where the others reach it.
    pub address: String,
    /// Whether it is the one that answers.
    pub is_self: bool,
    /// Whether it leads, as far as is known.
    pub is_leader: bool,
    /// A change of its membership that is under way.
    pub phase: Option<Phase>,
    /// For whom it voted in this term, if the one that answers knows.
    pub voted_for: Option<String>,
    /// The last log index that it is known to have; only the leader knows.
    pub matched: Option<u64>,
    /// When it was last heard.
    pub last_heard_ms: Option<u64>,
}

/// An election that a member took part in as a candidate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Election {
    /// How long ago it began.
    pub started_ms_ago: u64,
    /// `timeout` or `leadership_transfer`.
    pub reason: String,
    /// How long ago it was won, if it was.
    pub won_ms_ago: Option<u64>,
}

/// A connection to another member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The other's server id, a uuid; all zero while it is not known.
    pub sid: String,
    /// Whether this member dialled.
    pub outgoing: bool,
    /// False while it is broken.
    pub connected: bool,
}

/// A member's view of its cluster: all that `cluster/status` says. Its `Display` is that text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The database.
    pub name: String,
    /// The cluster's id, a uuid; none until it is known.
    pub cid: Option<String>,
    /// This member's id, a uuid.
    pub sid: String,
    /// Where the others reach it.
    pub address: String,
    /// Where it stands.
    pub standing: Standing,
    /// What it is to the others.
    pub role: Role,
    /// The term it is in.
    pub term: u64,
    /// Whom it follows, by server id.
    pub leader: Option<String>,
    /// Whom it voted for in this term, by server id.
    pub vote: Option<String>,
    /// Its last candidacy.
    pub election: Option<Election>,
    /// The base of election timeouts.
    pub election_timer_ms: u64,
    /// What that is about to become.
    pub election_timer_pending_ms: Option<u64>,
    /// The first log index that it keeps.
    pub log_first: u64,
    /// The log index after its last.
    pub log_next: u64,
    /// Entries of its log that are not agreed on.
    pub n_uncommitted: u64,
    /// Entries of its log that are not in its contents, whether they are agreed on or not.
    pub n_unapplied: u64,
    /// Its connections with the others.
    pub links: Vec<Link>,
    /// How often a connection broke.
    pub n_disconnections: u64,
    /// Who refuses this member.
    pub refusals: Vec<Refusal>,
    /// All members.
    pub members: Vec<Member>,
}

/// Why a server will not talk to this member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Where it is.
    pub address: String,
    /// What it says, and what to do.
    pub why: String,
}

/// How a removal went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    /// This member leads, and has begun it.
    Started,
    /// The leader was asked.
    Requested,
}

/// What `ovsdb-server/get-db-storage-status` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageStatus {
    /// What is wrong; none when nothing is.
    pub error: Option<String>,
}

/// One member's contents, as it reports them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberState {
    /// Its server id.
    pub sid: String,
    /// Where the others reach it.
    pub address: String,
    /// What it answered.
    #[serde(flatten)]
    pub report: StateReport,
}

/// A report of contents, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub enum StateReport {
    /// The contents after the entry of that index have that hash.
    State {
        /// The log index.
        index: u64,
        /// The hash, in hexadecimal.
        hash: String,
    },
    /// It did not answer.
    Unreachable {
        /// Why.
        error: String,
    },
}

/// The contents of every member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Each one's report.
    pub members: Vec<MemberState>,
}

/// What the reports of all members come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// Everybody reported, at one index, and the contents are the same.
    Same,
    /// No two reports contradict one another, but some are missing or of other indexes.
    Incomplete,
    /// Two members have different contents at the same index.
    Different,
}

impl Verification {
    /// Whether the members have the same contents.
    pub fn agreement(&self) -> Agreement {
        let mut states: Vec<(u64, &str)> = Vec::new();
        for member in &self.members {
            if let StateReport::State { index, hash } = &member.report {
                states.push((*index, hash));
            }
        }
        let contradicts =
            |(index, hash): &(u64, &str)| states.iter().any(|(other, of)| other == index && of != hash);
        let same = states.windows(2).all(|pair| pair[0] == pair[1]);
        match (states.iter().any(contradicts), same) {
            (true, _) => Agreement::Different,
            (false, true) if states.len() == self.members.len() => Agreement::Same,
            (false, _) => Agreement::Incomplete,
        }
    }
}

/// A part of a backup. The last is [`BackupPart::Done`] or [`BackupPart::Failed`]; a stream that ends without is torn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "part", rename_all = "snake_case")]
pub enum BackupPart {
    /// Bytes of a standalone database's file.
    Chunk {
        /// Where in the file they stand.
        offset: u64,
        /// How long the file will be, if that is known.
        total: Option<u64>,
        /// The bytes, in base64.
        data: String,
    },
    /// That was all.
    Done {
        /// How long the file is.
        length: u64,
        /// SHA-256 of all of it, in hexadecimal.
        sha256: String,
    },
    /// It ends here.
    Failed {
        /// Why.
        error: String,
    },
}

/// A file that is being sent in order to be restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RestoreId(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_agree_or_not() {
        let state = |index, hash: &str| StateReport::State {
            index,
            hash: hash.to_owned(),
        };
        let gone = || StateReport::Unreachable {
            error: "timed out".to_owned(),
        };
        for (reports, expected) in [
            (vec![state(7, "a"), state(7, "a"), state(7, "a")], Agreement::Same),
            (vec![state(7, "a"), state(8, "b")], Agreement::Incomplete),
            (vec![state(7, "a"), gone()], Agreement::Incomplete),
            (
                vec![state(7, "a"), state(8, "b"), state(7, "c")],
                Agreement::Different,
            ),
            (vec![gone(), gone()], Agreement::Incomplete),
        ] {
            let members = reports.iter().map(|report| MemberState {
                sid: String::new(),
                address: String::new(),
                report: report.clone(),
            });
            let verification = Verification {
                members: members.collect(),
            };
            assert_eq!(verification.agreement(), expected, "{reports:?}");
        }
    }
}
