//! `cluster/status` and `memory/show` of clusters, the packaged server's and ours side by side: the same lines in the
//! same order, the same counts. Ids, addresses, times and numbers are whatever they are; where ours says other things
//! on purpose is in [`Said::of_ours`].

use std::collections::BTreeMap;

use ferrovn_tests::cluster::{Cluster, Options, Status};
use ferrovn_tests::server::Kind;

/// What a status is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    /// The only member.
    Single,
    /// A leader of three, the first there was.
    Leader,
    /// A follower of three.
    Follower,
    /// A leader of three, one of which has died: the leader before.
    Elected,
    /// One that asks two others in vain.
    Candidate,
}

/// Lines that hold numbers, not ids.
const NUMBERS: [&str; 5] = ["Term:", "Election timer:", "Log:", "Entries", "Disconnections:"];

/// A status with placeholders, line by line.
#[derive(Debug, PartialEq, Eq)]
struct Said(Vec<String>);

impl Said {
    fn new(of: Of, text: &str) -> Said {
        let (head, servers) = text.split_once("Servers:\n").expect("it lists servers");
        let mut lines: Vec<String> = head.lines().map(placeholders).collect();
        for line in &mut lines {
            match line.split_once(": ") {
                Some(("Connections", _)) => *line = sorted(line),
                // A follower's vote in openraft is for whom it follows.
                Some(("Vote", _)) => *line = "Vote: WHO".to_owned(),
                _ => {}
            }
        }
        lines.push("Servers:".to_owned());
        // Followers hear of one another by chance only.
        let leader = head.lines().find_map(|line| line.strip_prefix("Leader: "));
        let by_chance = |line: &str| of == Of::Follower && leader != line.split_whitespace().next();
        let servers = servers.lines().map(|line| match line.split_once(" last msg ") {
            Some((line, _)) if by_chance(line) => placeholders(line),
            _ => placeholders(line),
        });
        // Each program has an order of its own, by hash or by id.
        let mut servers: Vec<String> = servers.collect();
        servers.sort();
        lines.extend(servers);
        Said(lines)
    }

    /// What ours says where the packaged server says this.
    fn of_ours(mut self, of: Of) -> Said {
        match of {
            // When the election that nobody else took part in began, too.
            Of::Single | Of::Leader => {
                let at = self
                    .0
                    .iter()
                    .position(|line| line.starts_with("Last Election won"));
                let started = "Last Election started N ms ago, reason: timeout".to_owned();
                self.0.insert(at.expect("it was elected"), started);
            }
            // Followers have nothing to say to one another.
            Of::Follower => {
                for line in self.0.iter_mut().filter(|line| line.starts_with("Connections:")) {
                    assert_eq!(line, "Connections: ->ID ->ID <-ID <-ID");
                    *line = "Connections: ->ID <-ID".to_owned();
                }
            }
            Of::Elected | Of::Candidate => {}
        }
        self
    }
}

/// The words of a line after its colon in order.
fn sorted(line: &str) -> String {
    let (key, words) = line.split_once(':').expect("a key");
    let mut words: Vec<&str> = words.split_whitespace().collect();
    words.sort_unstable();
    format!("{key}: {}", words.join(" "))
}

fn placeholders(line: &str) -> String {
    let has_numbers = NUMBERS.iter().any(|key| line.starts_with(key));
    let words: Vec<&str> = line.split(' ').collect();
    let shown = words.iter().enumerate().map(|(i, word)| {
        let bare = word.trim_matches(|c: char| "()[],<>-".contains(c));
        let is_number = !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit());
        let is_id = bare.len() == 4 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
        match word.split_once('=') {
            Some((key, _)) => format!("{key}=N"),
            None if bare.starts_with("tcp:") => word.replace(bare, "ADDRESS"),
            None if bare.len() == 36 && bare.matches('-').count() == 4 => word.replace(bare, "UUID"),
            None if is_number && (has_numbers || words.get(i + 1) == Some(&"ms")) => word.replace(bare, "N"),
            None if is_id && !has_numbers => word.replace(bare, "ID"),
            None => (*word).to_owned(),
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// What `memory/show` counts.
fn counts(text: &str) -> BTreeMap<String, u64> {
    let pairs = text.split_whitespace().filter_map(|pair| pair.split_once(':'));
    pairs
        .map(|(name, n)| (name.to_owned(), n.parse().expect("a number")))
        .collect()
}

/// A member's status and what it counts, once nothing goes on any more.
fn look(cluster: &Cluster, of: Of, member: usize) -> (Of, String, BTreeMap<String, u64>) {
    let control = |command: &str, args: &[&str]| cluster.control(member, command, args).expect("it runs");
    let status = control("cluster/status", &[cluster.database()]);
    let counted = counts(&control("memory/show", &[]));
    let read = Status::parse(&status).expect("the layout");
    let (first, next) = read.log;
    assert_eq!(counted.get("raft-log"), Some(&(next - first)), "{status}");
    let n_connections = counted.get("raft-connections").copied().unwrap_or(0);
    let shown = read.connections.iter().filter(|shown| !shown.starts_with('('));
    assert!(n_connections >= shown.count() as u64, "{counted:?}\n{status}");
    (of, status, counted)
}

/// A cluster through its life.
fn life(kind: Kind) -> Vec<(Of, String, BTreeMap<String, u64>)> {
    let mut cluster = Cluster::start_with(kind, 1, Options::default());
    let mut seen = vec![look(&cluster, Of::Single, 0)];
    cluster.join();
    cluster.join();
    cluster.wait_until_whole();
    let settle = |cluster: &Cluster, member: usize, n_heard: usize, n_connections: usize| {
        cluster.wait("heartbeats and connections", |cluster| {
            let status = cluster.status(member).ok()?;
            let heard = status
                .servers
                .iter()
                .filter(|server| server.remarks.contains("last msg"));
            let connected = status.connections.iter().filter(|shown| !shown.starts_with('('));
            (heard.count() >= n_heard && connected.count() == n_connections).then_some(())
        });
    };
    let (first, follower) = (cluster.leader(), cluster.follower());
    settle(&cluster, first, 2, 4);
    settle(&cluster, follower, 1, if kind == Kind::C { 4 } else { 2 });
    seen.push(look(&cluster, Of::Leader, first));
    seen.push(look(&cluster, Of::Follower, follower));
    cluster.kill(first);
    let elected = cluster.leader();
    cluster.wait("the dead to be missed", |cluster| {
        let status = cluster.status(elected).ok()?;
        let missed = |shown: &String| shown.starts_with('(');
        let connected = |shown: &String| !shown.starts_with('(');
        let n = |which: fn(&String) -> bool| status.connections.iter().filter(|shown| which(shown)).count();
        (n(missed) == 1 && n(connected) == 2).then_some(())
    });
    seen.push(look(&cluster, Of::Elected, elected));
    let alone = cluster.follower();
    cluster.kill(elected);
    cluster.wait_for_standing(alone, "disconnected from the cluster (election timeout)");
    seen.push(look(&cluster, Of::Candidate, alone));
    seen
}

#[test]
fn statuses_are_laid_out_alike() {
    for ((of, theirs, their_counts), (_, ours, our_counts)) in life(Kind::C).into_iter().zip(life(Kind::Ours))
    {
        let (expected, found) = (Said::new(of, &theirs).of_ours(of), Said::new(of, &ours));
        assert_eq!(found, expected, "{of:?}, theirs:\n{theirs}\nours:\n{ours}");
        // Weak references are not counted here; the first contents are history there.
        let elsewhere = ["n-weak-refs", "txn-history", "txn-history-atoms"];
        let names = |counts: &BTreeMap<String, u64>| -> Vec<String> {
            let names = counts.keys().filter(|name| !elsewhere.contains(&name.as_str()));
            names.cloned().collect()
        };
        assert_eq!(names(&our_counts), names(&their_counts), "{of:?}");
    }
}
