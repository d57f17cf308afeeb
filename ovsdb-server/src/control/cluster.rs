//! Commands on clustered databases (ovsdb-server(1) "Cluster Commands"): there once such a database was opened.
//!
//! The texts are parsed by scripts and exporters: layout and words are the C server's.

use std::fmt::Write as _;
use std::sync::Arc;

use ovsdb_cluster::Kind;
use ovsdb_daemon::unixctl::Commands;
use ovsdb_raft::status::{Connections, ElectionReason, Phase, Role, Status};
use ovsdb_raft::types::{Command, ServerId};
use tokio::sync::oneshot;

use super::ask;
use crate::actor::Actor;
use crate::cluster::Running;
use crate::database::Model;
use crate::reconfigure::Reply;
use crate::server::Server;

/// What a command works on.
struct Target {
    running: Arc<Running>,
    db: String,
    /// Where it asked to be taken in, while it does.
    remotes: Vec<String>,
    address: String,
    has_failed: bool,
}

type Later = std::pin::Pin<Box<dyn Future<Output = Reply> + Send>>;

/// Adds the commands; a second time changes nothing.
pub fn register(commands: &Commands, actor: &Actor<Server>) {
    let on = |name: &str, usage: &str, n: usize, f: fn(Target, Vec<String>) -> Later| {
        let actor = actor.clone();
        let name = format!("cluster/{name}");
        commands.register_deferred(&name, usage, n, n, move |args| {
            let (tx, rx) = oneshot::channel();
            let actor = actor.clone();
            tokio::spawn(async move {
                let db = args[0].clone();
                let target = ask(&actor, move |server| find(server, &db)).await;
                let reply = match target.ok().flatten() {
                    None => Err("unknown cluster".to_owned()),
                    Some(target) => f(target, args).await,
                };
                // Whoever asked may have gone.
                let _ = tx.send(reply);
            });
            rx
        });
    };
    on("cid", "DB", 1, |target, _| {
        Box::pin(async move {
            let id = target.running.member().cluster();
            id.map(|id| id.0.to_string())
                .ok_or_else(|| "cluster id not yet known".to_owned())
        })
    });
    on("sid", "DB", 1, |target, _| {
        Box::pin(async move { Ok(target.running.member().server().0.to_string()) })
    });
    on("status", "DB", 1, |target, _| {
        Box::pin(async move { Ok(status(&target)) })
    });
    on("leave", "DB", 1, |target, _| {
        Box::pin(async move { leave(&target) })
    });
    on("kick", "DB SERVER", 2, |target, args| {
        Box::pin(async move { kick(&target, &args[1]).await })
    });
    on("transfer-leadership", "DB SERVER", 2, |target, args| {
        Box::pin(async move { transfer(&target, &args[1]).await })
    });
    on("change-election-timer", "DB TIME", 2, |target, args| {
        Box::pin(async move { change_election_timer(&target, &args[1]) })
    });
    on("set-backlog-threshold", "DB N_MSGS N_BYTES", 3, |_, args| {
        Box::pin(async move { check_backlog(&args[1], &args[2]) })
    });
    failure_test(commands, actor);
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

fn status(target: &Target) -> String {
    let member = target.running.member();
    let seen = Seen {
        status: &member.status(),
        server: member.server(),
        cluster: member.cluster().map(|id| id.0.to_string()),
        db: &target.db,
        address: &target.address,
        remotes: &target.remotes,
        has_failed: target.has_failed,
    };
    seen.to_string()
}

/// What `cluster/status` tells.
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
    fn is_joining(&self) -> bool {
        !self.status.member && !self.status.removed
    }

    fn standing(&self) -> &'static str {
        let status = self.status;
        match () {
            () if self.has_failed => "failed",
            () if status.removed => "left cluster",
            () if self.is_joining() => "joining cluster",
            () if status.leaving => "leaving cluster",
            () if status.leader.is_none() && status.election.is_some() => {
                "disconnected from the cluster (election timeout)"
            }
            () => "cluster member",
        }
    }

    fn name(&self, server: Option<ServerId>) -> String {
        match server {
            Some(server) if server == self.server => "self".to_owned(),
            Some(server) => server.to_string(),
            None => "unknown".to_owned(),
        }
    }

    fn write_head(&self, out: &mut String) -> std::fmt::Result {
        let Seen {
            status,
            server,
            db,
            address,
            ..
        } = self;
        writeln!(out, "{server}\nName: {db}")?;
        match &self.cluster {
            Some(id) => writeln!(out, "Cluster ID: {} ({id})", &id[..4])?,
            None => writeln!(out, "Cluster ID: not yet known")?,
        }
        writeln!(out, "Server ID: {server} ({})\nAddress: {address}", server.0)?;
        writeln!(out, "Status: {}", self.standing())?;
        if self.is_joining() && !self.remotes.is_empty() {
            writeln!(out, "Remotes for joining: {}", self.remotes.join(" "))?;
        }
        for (address, refusal) in &status.refusals {
            writeln!(out, "Refused by {address}: {refusal}")?;
        }
        if status.role == Role::Leader {
            for (id, of) in &status.servers {
                let verb = match of.phase {
                    Some(Phase::Removing) => "Removing",
                    Some(Phase::CatchingUp | Phase::Committing) => "Adding",
                    None => continue,
                };
                let phase = of.phase.map_or("stable", phase);
                writeln!(out, "{verb} server {id} ({id} at {}) ({phase})", of.address)?;
            }
        }
        let role = match status.role {
            Role::Leader => "leader",
            Role::Candidate => "candidate",
            Role::Follower | Role::Learner => "follower",
        };
        writeln!(out, "Role: {role}\nTerm: {}", status.term)?;
        writeln!(out, "Leader: {}", self.name(status.leader))?;
        writeln!(out, "Vote: {}\n", self.name(status.voted_for))
    }

    fn write_log(&self, out: &mut String) -> std::fmt::Result {
        let status = self.status;
        if let Some(election) = &status.election {
            let reason = match election.reason {
                ElectionReason::Timeout => "timeout",
                ElectionReason::LeadershipTransfer => "leadership_transfer",
            };
            let ms = election.started.as_millis();
            writeln!(out, "Last Election started {ms} ms ago, reason: {reason}")?;
            if let Some(won) = election.won {
                writeln!(out, "Last Election won: {} ms ago", won.as_millis())?;
            }
        }
        write!(out, "Election timer: {}", status.election_timer_ms)?;
        if let Some(next) = status.election_timer_next_ms {
            write!(out, " (changing to {next})")?;
        }
        let (first, last) = status.log;
        writeln!(out, "\nLog: [{first}, {}]", last + 1)?;
        writeln!(
            out,
            "Entries not yet committed: {}",
            last.saturating_sub(status.committed)
        )?;
        writeln!(
            out,
            "Entries not yet applied: {}",
            last.saturating_sub(status.applied)
        )
    }

    fn write_servers(&self, out: &mut String) -> std::fmt::Result {
        let status = self.status;
        write!(out, "Connections:")?;
        for (id, Connections { outgoing, incoming }) in &status.connections {
            for (arrow, is_up) in [("->", outgoing), ("<-", incoming)] {
                match is_up {
                    Some(true) => write!(out, " {arrow}{id}")?,
                    Some(false) => write!(out, " ({arrow}{id})")?,
                    None => {}
                }
            }
        }
        writeln!(out, "\nDisconnections: {}\nServers:", status.n_disconnections)?;
        for (id, of) in &status.servers {
            write!(out, "    {id} ({id} at {})", of.address)?;
            if *id == self.server {
                write!(out, " (self)")?;
            }
            if let Some(of) = of.phase {
                write!(out, " ({})", phase(of))?;
            }
            if let (Some(next), Some(matched)) = (of.next_index, of.match_index) {
                write!(out, " next_index={next} match_index={matched}")?;
            }
            if let Some(ago) = of.last_message {
                write!(out, " last msg {} ms ago", ago.as_millis())?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

impl std::fmt::Display for Seen<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = String::new();
        self.write_head(&mut out)?;
        self.write_log(&mut out)?;
        self.write_servers(&mut out)?;
        f.write_str(&out)
    }
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::CatchingUp => "adding: catchup",
        Phase::Committing => "adding: committing",
        Phase::Removing => "removing",
    }
}

fn leave(target: &Target) -> Reply {
    let member = target.running.member().clone();
    let status = member.status();
    if status.leaving {
        return Err("already in progress leaving cluster".into());
    }
    if !status.member {
        return Err("can't leave while join in progress".into());
    }
    if target.has_failed {
        return Err("can't leave after failure".into());
    }
    let db = target.db.clone();
    target.running.runtime().spawn(async move {
        if let Err(error) = member.leave().await {
            tracing::warn!(target: "raft", "{db}: cannot leave: {error}");
        }
    });
    Ok(String::new())
}

/// The server that a name means: its address, or the first digits of its id, four at least.
fn server_named(status: &Status, name: &str) -> Option<ServerId> {
    let by_address = status.servers.iter().find(|(_, of)| of.address == name);
    if let Some((id, _)) = by_address {
        return Some(*id);
    }
    if name.len() < 4 {
        return None;
    }
    let begins = |id: &&ServerId| id.0.to_string().starts_with(&name.to_lowercase());
    let mut found = status.servers.keys().filter(begins);
    match (found.next(), found.next()) {
        (Some(id), None) => Some(*id),
        _ => None,
    }
}

async fn kick(target: &Target, name: &str) -> Reply {
    let member = target.running.member().clone();
    let status = member.status();
    let Some(server) = server_named(&status, name) else {
        return Err("unknown server".into());
    };
    if server == member.server() {
        return leave(target);
    }
    let reply = match (status.role, status.leader) {
        (Role::Leader, _) => "started removal",
        (_, Some(_)) => "sent removal request to leader",
        (_, None) => return Err("failed to send removal request".into()),
    };
    let db = target.db.clone();
    target.running.runtime().spawn(async move {
        match member.kick(server).await {
            Ok(()) => tracing::info!(target: "raft", "{db}: request via unixctl to remove {server} succeeded"),
            Err(error) => {
                tracing::warn!(target: "raft", "{db}: request via unixctl to remove {server} failed: {error}");
            }
        }
    });
    Ok(reply.into())
}

async fn transfer(target: &Target, name: &str) -> Reply {
    let member = target.running.member();
    let status = member.status();
    if status.role != Role::Leader {
        return Err("leadership must be transferred through the leader.".into());
    }
    let to = server_named(&status, name).ok_or("unknown server")?;
    let done = member.transfer(Some(to)).await;
    done.map(|()| String::new()).map_err(|error| error.to_string())
}

fn change_election_timer(target: &Target, text: &str) -> Reply {
    let member = target.running.member();
    let status = member.status();
    if status.role != Role::Leader {
        return Err("election timer must be changed through leader.".into());
    }
    let Some(ms) = next_timer(&status, text)? else {
        return Ok("change election timer to current value.".into());
    };
    member.propose(Command::ElectionTimer(ms));
    Ok("change of election timer initiated.".into())
}

/// The timer to propose; none where it is in force already.
fn next_timer(status: &Status, text: &str) -> Result<Option<u64>, String> {
    let now = status.election_timer_ms;
    // Like atoll(3): what is no number is out of range.
    let ms: u64 = text.parse().unwrap_or(0);
    match ms {
        _ if status.election_timer_next_ms.is_some() => Err("election timer change pending.".into()),
        ms if ms == now => Ok(None),
        ms if !(100..=600_000).contains(&ms) => {
            Err("election timer must be between 100 and 600000, in msec.".into())
        }
        ms if ms > now * 2 => Err("election timer increase should not exceed the current value x 2.".into()),
        ms => Ok(Some(ms)),
    }
}

/// Accepted for compatibility: a peer that falls behind is sent a snapshot instead of a backlog.
fn check_backlog(n_messages: &str, n_bytes: &str) -> Reply {
    let (Ok(n_messages), Ok(_)) = (n_messages.parse::<u64>(), n_bytes.parse::<u64>()) else {
        return Err("invalid argument".into());
    };
    match n_messages < 50 {
        true => Err("values out of range".into()),
        false => Ok(String::new()),
    }
}

fn failure_test(commands: &Commands, actor: &Actor<Server>) {
    let actor = actor.clone();
    commands.register_deferred("cluster/failure-test", "FAILURE SCENARIO", 1, 1, move |args| {
        ask(&actor, move |server| {
            let databases = server.databases.values();
            let members = databases.filter_map(|db| match &db.model {
                Model::Clustered(cluster) => cluster.running.clone(),
                _ => None,
            });
            for running in members {
                let engaged = running.member().engage(&args[0]);
                engaged.map_err(|error| error.to_string())?;
            }
            Ok(match args[0].as_str() {
                "clear" => "test dismissed",
                _ => "test engaged",
            }
            .to_owned())
        })
    });
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use ovsdb_data::Uuid;
    use ovsdb_raft::status::{Election, ServerStatus};

    use super::*;

    fn id(first: u16) -> ServerId {
        ServerId(Uuid::from_u128(u128::from(first) << 112 | 7))
    }

    fn server(address: &str) -> ServerStatus {
        ServerStatus {
            address: address.to_owned(),
            voter: true,
            phase: None,
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
            incoming: Some(false),
        };
        Status {
            role: Role::Follower,
            term: 3,
            voted_for: Some(id(0xbbbb)),
            leader: Some(id(0xbbbb)),
            connected: true,
            member: true,
            removed: false,
            leaving: false,
            election_timer_ms: 1000,
            election_timer_next_ms: None,
            log: (2, 9),
            committed: 8,
            applied: 7,
            servers: BTreeMap::from([(id(0xaaaa), server("tcp:127.0.0.1:6643")), (id(0xbbbb), other)]),
            connections: BTreeMap::from([(id(0xbbbb), connections)]),
            n_disconnections: 2,
            election: None,
            refusals: BTreeMap::new(),
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
        seen.to_string()
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
Connections: ->bbbb (<-bbbb)
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
            |s| (s.removed, s.member) = (true, false),
            &["Status: left cluster"],
        );
        check(
            |s| {
                s.leader = None;
                s.role = Role::Candidate;
                s.voted_for = Some(id(0xaaaa));
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
            assert_eq!(server_named(&status, name), expected, "{name}");
        }
    }

    #[test]
    fn election_timers_change_by_steps() {
        let status = follower();
        for (text, expected) in [
            ("2000", Ok(Some(2000))),
            ("100", Ok(Some(100))),
            ("1000", Ok(None)),
            (
                "2001",
                Err("election timer increase should not exceed the current value x 2."),
            ),
            (
                "99",
                Err("election timer must be between 100 and 600000, in msec."),
            ),
            (
                "x",
                Err("election timer must be between 100 and 600000, in msec."),
            ),
        ] {
            assert_eq!(
                next_timer(&status, text),
                expected.map_err(str::to_owned),
                "{text}"
            );
        }
    }
}
