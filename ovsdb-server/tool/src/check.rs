//! `check-cluster`: whether the files of a cluster's members can be of one history (the RAFT paper, Figure 3).
//!
//! In: the files, of our members or of those of a C cluster. Out: nothing where all is well; else the first
//! contradiction found, naming file and record.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ovsdb_cluster::export::{Exported, Upto, read_only};
use ovsdb_data::Uuid;
use ovsdb_store::clustered::{ClusterRecord, Entry, Header, Says, Standing};
use ovsdb_store::log::{Log, Magic, Mode};

use sha1::{Digest as _, Sha1};

use crate::log::{says, short};
use crate::{Options, Outcome, ToolError, fresh_uuid, with_remedy};

/// One member's file.
struct Member {
    file: String,
    name: String,
    server: Uuid,
    cluster: Option<Uuid>,
    /// The term of the entry before the first one.
    term_before: u64,
    /// The index of the first entry.
    start: u64,
    entries: Vec<Logged>,
    /// Whether some entry, or the state before all of them, makes it a member.
    is_member: bool,
}

/// An entry of either program's log.
#[derive(PartialEq)]
enum Logged {
    C(Entry),
    Ours {
        term: u64,
        /// Of all of it.
        sha1: [u8; 20],
        says: String,
    },
}

impl Logged {
    fn term(&self) -> u64 {
        match self {
            Logged::C(entry) => entry.term,
            Logged::Ours { term, .. } => *term,
        }
    }

    fn to_text(&self) -> String {
        match self {
            Logged::C(entry) => entry.to_text(),
            Logged::Ours { term, says, .. } => format!("{says} of term {term}"),
        }
    }
}

impl Member {
    /// One after the last entry's index.
    fn end(&self) -> u64 {
        self.start + self.entries.len() as u64
    }

    /// The entry at an index.
    fn entry(&self, index: u64) -> Option<&Logged> {
        self.entries
            .get(usize::try_from(index.checked_sub(self.start)?).ok()?)
    }
}

/// Who was leader in a term, as `file` says; `end` is the end of the leader's log, where it is known.
struct Leader {
    file: String,
    id: Uuid,
    end: u64,
}

/// The highest entry committed in a term, as `file` says.
struct Commit {
    file: String,
    index: u64,
}

#[derive(Default)]
struct Cluster {
    members: Vec<Member>,
    leaders: BTreeMap<u64, Leader>,
    commits: BTreeMap<u64, Commit>,
    /// The latest term that a record is of.
    term: u64,
}

/// A member's file, opened.
enum Opened {
    C(Box<Header>, Box<Log>),
    Ours(Box<Exported>),
}

/// `check-cluster db...`.
pub(crate) fn check(_: &Options, args: &[String]) -> Outcome {
    let mut logs = Vec::new();
    let mut cluster = Cluster::default();
    for file in args {
        let mut log = Log::open(Path::new(file), &[Magic::Cluster], Mode::ReadOnly)?;
        let header = Header::read(&mut log)?;
        if header.is_joining() {
            println!("{file} has not joined the cluster, omitting");
            continue;
        }
        let opened = match read_only(Path::new(file))? {
            Some(exported) => Opened::Ours(Box::new(exported)),
            None => Opened::C(Box::new(header.clone()), Box::new(log)),
        };
        cluster.add(file, &header)?;
        logs.push(opened);
    }
    if let (Some(c), Some(ours)) = (
        logs.iter().position(|opened| matches!(opened, Opened::C(..))),
        logs.iter().position(|opened| matches!(opened, Opened::Ours(..))),
    ) {
        return contradiction(format!(
            "{} is of a cluster of the C program and {} is not: they have no log in common",
            cluster.members[c].file, cluster.members[ours].file
        ));
    }
    for (i, opened) in logs.iter_mut().enumerate() {
        match opened {
            Opened::C(header, log) => cluster.replay(i, header, log)?,
            Opened::Ours(exported) => cluster.take(i, exported)?,
        }
    }
    if cluster.term == 0 {
        return contradiction(format!(
            "{}: all logs are empty; name the file of a member that has joined its cluster and run",
            args.join(", ")
        ));
    }
    cluster.check_leader_completeness()?;
    cluster.check_log_matching()?;
    cluster.check_membership()?;
    Ok(0)
}

fn contradiction<T>(text: String) -> Result<T, ToolError> {
    Err(ToolError::Plain(text))
}

impl Cluster {
    fn add(&mut self, file: &str, header: &Header) -> Result<(), ToolError> {
        if let Some(other) = self.members.iter().find(|m| m.server == header.server_id) {
            return contradiction(format!(
                "Duplicate server ID {} in {file} and {}.",
                short(header.server_id),
                other.file
            ));
        }
        if let Some(first) = self.members.first() {
            let cid = |id: Option<Uuid>| short(id.unwrap_or_default());
            if first.cluster != header.cluster_id {
                return contradiction(format!(
                    "{} has cluster ID {} but {file} has cluster ID {}",
                    first.file,
                    cid(first.cluster),
                    cid(header.cluster_id)
                ));
            }
            if first.name != header.name {
                return contradiction(format!(
                    "{} is named \"{}\" but {file} is named \"{}\"",
                    first.file, first.name, header.name
                ));
            }
        }
        self.members.push(Member {
            file: file.to_owned(),
            name: header.name.clone(),
            server: header.server_id,
            cluster: header.cluster_id,
            term_before: header.snapshot().map_or(0, |snapshot| snapshot.term),
            start: header.first_index(),
            entries: Vec::new(),
            is_member: false,
        });
        Ok(())
    }

    fn name_of(&self, id: Uuid) -> String {
        let member = self.members.iter().find(|m| m.server == id);
        member.map_or_else(|| short(id), |m| m.file.clone())
    }

    /// Reads one member's records, checking each against those before it.
    fn replay(&mut self, i: usize, header: &Header, log: &mut Log) -> Result<(), ToolError> {
        let file = self.members[i].file.clone();
        let sid = header.server_id;
        if let Standing::Member { servers, .. } = &header.standing {
            self.members[i].is_member = servers.contains_key(&sid);
        }
        let mut commit_index = self.members[i].start - 1;
        let (mut term, mut vote, mut leader) = (0, None, None);
        for n in 1_u64.. {
            let Some(record) = log.read().map_err(|error| with_remedy(error, &file))? else {
                break;
            };
            let record = ClusterRecord::parse(log, &record)?;
            if let Some(new) = record.term().filter(|new| *new > term) {
                (term, vote, leader) = (new, None, None);
            }
            self.term = self.term.max(term);
            match record.says {
                Says::Term(_) => {}
                Says::Entry(entry) => {
                    let is_leader = leader.is_some_and(|(id, _)| id == sid);
                    self.append(i, n, entry, commit_index, is_leader)?;
                }
                Says::Vote { term: of, server } => match vote {
                    _ if of < term => {
                        return contradiction(format!(
                            "{file}: record {n} votes for term {of} but current term is {term}"
                        ));
                    }
                    Some(other) if other != server => {
                        return contradiction(format!(
                            "{file}: record {n} votes for {} in term {of} but a previous record for the same term \
                             voted for {}",
                            self.name_of(other),
                            self.name_of(server)
                        ));
                    }
                    _ => vote = Some(server),
                },
                Says::Note(note) => {
                    if note == "left" {
                        println!("{file}: record {n} shows that the server left the cluster");
                    }
                }
                Says::CommitIndex(index) => {
                    let end = self.members[i].end();
                    if index < commit_index {
                        return contradiction(format!(
                            "{file}: record {n} regresses commit index from {commit_index} to {index}"
                        ));
                    }
                    if index >= end {
                        return contradiction(format!(
                            "{file}: record {n} advances commit index to {index} but last log index is {}",
                            end - 1
                        ));
                    }
                    commit_index = index;
                    self.note_commit(term, &file, index);
                }
                Says::Leader { server, .. } => {
                    match leader {
                        Some((other, since)) if other != server => {
                            return contradiction(format!(
                                "{file}: record {n} reports leader {} for term {term} but record {since} previously \
                                 reported the leader as {} in that term",
                                self.name_of(server),
                                self.name_of(other)
                            ));
                        }
                        Some(_) => {}
                        None => leader = Some((server, n)),
                    }
                    self.note_leader(term, i, server)?;
                }
            }
        }
        Ok(())
    }

    fn append(
        &mut self,
        i: usize,
        n: u64,
        entry: Entry,
        commit_index: u64,
        is_leader: bool,
    ) -> Result<(), ToolError> {
        let member = &mut self.members[i];
        let (file, end, index) = (&member.file, member.end(), entry.index);
        if index < commit_index {
            return contradiction(format!(
                "{file}: record {n} attempts to truncate log from {end} to {index} entries, but commit index is \
                 already {commit_index}"
            ));
        }
        if index > end {
            return contradiction(format!(
                "{file}: record {n} with index {index} skips past expected index {end}"
            ));
        }
        if index < end {
            if is_leader {
                return contradiction(format!(
                    "{file}: record {n} truncates log from {end} to {index} entries while server is leader"
                ));
            }
            println!("{file}: record {n} truncates log from {end} to {index} entries");
            let keep = usize::try_from(index.saturating_sub(member.start)).unwrap_or(0);
            member.entries.truncate(keep);
        }
        let before = match member.entries.last() {
            Some(last) => last.term(),
            None => member.term_before,
        };
        if entry.term < before {
            return contradiction(format!(
                "{file}: record {n} with index {index} term {} precedes previous entry's term {before}",
                entry.term
            ));
        }
        let servers = entry.servers.as_ref();
        member.is_member |= servers.is_some_and(|servers| servers.contains_key(&member.server));
        member.entries.push(Logged::C(entry));
        Ok(())
    }

    /// Takes what a folder says; it cannot contradict itself as a file of records can.
    fn take(&mut self, i: usize, exported: &Exported) -> Result<(), ToolError> {
        // Whatever cannot be read is told here.
        exported.contents(Upto::Committed, &fresh_uuid)?;
        let member = &mut self.members[i];
        member.start = exported.first();
        member.term_before = exported.purged.map_or(0, |purged| purged.leader_id.term);
        member.is_member = exported.members.contains_key(&exported.server);
        for entry in exported.entries() {
            let (entry, bytes) = entry.map_err(|error| exported.failed(error))?;
            member.entries.push(Logged::Ours {
                term: entry.log_id.leader_id.term,
                sha1: Sha1::digest(&bytes).into(),
                says: says(&entry),
            });
        }
        let file = member.file.clone();
        self.term = self.term.max(exported.term);
        if let Some(committed) = exported.committed {
            self.note_commit(exported.term, &file, committed.index);
        }
        match exported.leader {
            Some(leader) => self.note_leader(exported.term, i, leader.0),
            None => Ok(()),
        }
    }

    fn note_commit(&mut self, term: u64, file: &str, index: u64) {
        let commit = self.commits.entry(term).or_insert(Commit {
            file: file.to_owned(),
            index,
        });
        if index > commit.index {
            *commit = Commit {
                file: file.to_owned(),
                index,
            };
        }
    }

    /// Election Safety: at most one leader in a term.
    fn note_leader(&mut self, term: u64, i: usize, id: Uuid) -> Result<(), ToolError> {
        let (file, sid, end) = {
            let member = &self.members[i];
            (member.file.clone(), member.server, member.end())
        };
        let end = if sid == id { end } else { 0 };
        if let Some(known) = self.leaders.get(&term).filter(|known| known.id != id) {
            return contradiction(format!(
                "term {term} has two different leaders: {} says that the leader is {} and {file} says that the \
                 leader is {}",
                known.file,
                self.name_of(known.id),
                self.name_of(id)
            ));
        }
        let leader = self.leaders.entry(term).or_insert(Leader { file, id, end });
        leader.end = leader.end.max(end);
        Ok(())
    }

    /// Leader Completeness: what was committed in a term is in the logs of all later leaders.
    fn check_leader_completeness(&self) -> Result<(), ToolError> {
        let mut committed: Option<&Commit> = None;
        let terms: BTreeSet<u64> = self.leaders.keys().chain(self.commits.keys()).copied().collect();
        for term in terms {
            if let (Some(leader), Some(commit)) = (self.leaders.get(&term), committed)
                && leader.end > 0
                && commit.index >= leader.end
            {
                return contradiction(format!(
                    "leader {} for term {term} has log entries only up to index {}, but index {} was committed in a \
                     previous term (e.g. by {})",
                    leader.file,
                    leader.end - 1,
                    commit.index,
                    commit.file
                ));
            }
            if let Some(next) = self.commits.get(&term)
                && committed.is_none_or(|commit| next.index > commit.index)
            {
                committed = Some(next);
            }
        }
        Ok(())
    }

    /// Log Matching: entries of one index and term are equal, and so is all before them.
    fn check_log_matching(&self) -> Result<(), ToolError> {
        for a in &self.members {
            for b in &self.members {
                let mut must_equal = false;
                for index in (a.start.max(b.start)..a.end().min(b.end())).rev() {
                    let (Some(ae), Some(be)) = (a.entry(index), b.entry(index)) else {
                        continue;
                    };
                    must_equal |= ae.term() == be.term();
                    if must_equal && ae != be {
                        return contradiction(format!(
                            "log entries with index {index} differ:\n{} has {}\n{} has {}",
                            a.file,
                            ae.to_text(),
                            b.file,
                            be.to_text()
                        ));
                    }
                }
            }
        }
        Ok(())
    }

    /// Each member is known to its own log.
    fn check_membership(&self) -> Result<(), ToolError> {
        for member in &self.members {
            if !member.is_member {
                return contradiction(format!(
                    "{}: server {} not found in server list",
                    member.file,
                    short(member.server)
                ));
            }
        }
        Ok(())
    }
}
