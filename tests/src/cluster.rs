//! A cluster of database servers under test, of either kind, on this machine.
//!
//! In: how many members, and of what. Out: processes whose ends are members of one cluster, each in a folder of its
//! own (`s0/`, `s1/`, …, with `db`, `db.sock`, `db.ctl` and `log`), served on unix sockets. Everything ends with the
//! handle. A step that fails panics with what the members logged last.

mod network;
mod status;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::client::{Client, Received};
use crate::node::sh;
use crate::peers::{self, Scratch};
use crate::server::{Kind, ours};

pub use network::Network;
pub use status::{Peer, Role, Server as ServerLine, Status};

/// How long the members may take to agree on anything, large databases included.
const PATIENCE: Duration = Duration::from_secs(90);

/// What a cluster is made of. The default is OVN's southbound database, without rows, on loopback TCP.
#[derive(Default)]
pub struct Options {
    /// A schema or a standalone database that the cluster starts with; OVN_Southbound's schema for none.
    pub contents: Option<PathBuf>,
    /// Our server, if it is not the one built for these tests; `ovsdb-tool` is the one beside it.
    pub binary: Option<PathBuf>,
    /// What members reach one another by.
    pub links: Links,
    /// The election timer, in ms, if it is not the default.
    pub election_timer_ms: Option<u32>,
    /// Each member's folder is a disk of its own, of so many MB, that can be filled.
    pub disk_mb: Option<u32>,
    /// Whether servers of ours serve the management API.
    pub managed: bool,
    /// Further arguments of every server.
    pub arguments: Vec<String>,
}

/// What members reach one another by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Links {
    /// TCP on the loopback interface.
    #[default]
    Tcp,
    /// Unix sockets.
    Unix,
    /// TCP between network namespaces, which can be cut.
    Network,
}

/// A running cluster.
pub struct Cluster {
    kind: Kind,
    options: Options,
    database: String,
    members: Vec<Member>,
    network: Option<Network>,
    // Last, so that it outlives the members.
    scratch: Scratch,
}

/// One of its servers; named by its position, which is never used again.
struct Member {
    address: String,
    /// The port of its management API, where it serves one.
    management: Option<u16>,
    /// None when it is not running.
    child: Option<Child>,
    /// False for one that left or was replaced.
    belongs: bool,
    /// How far its clocks of elapsed time are ahead of this machine's.
    ahead: Duration,
}

impl Cluster {
    /// A cluster of `n` servers of OVN's southbound database, all of them members, with a leader.
    pub fn start(kind: Kind, n: usize) -> Cluster {
        Cluster::start_with(kind, n, Options::default())
    }

    /// A cluster of `n` servers, all of them members, with a leader.
    pub fn start_with(kind: Kind, n: usize, options: Options) -> Cluster {
        let network = (options.links == Links::Network).then(Network::new);
        let mut cluster = Cluster {
            kind,
            options,
            database: String::new(),
            members: Vec::new(),
            network,
            scratch: Scratch::new("cluster"),
        };
        cluster.found();
        for _ in 1..n {
            cluster.join();
        }
        cluster.wait_until_whole();
        cluster
    }

    /// The database's name.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Whose programs.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The positions of the members: those that did not leave.
    pub fn members(&self) -> Vec<usize> {
        (0..self.members.len())
            .filter(|i| self.members[*i].belongs)
            .collect()
    }

    /// The members that run.
    pub fn running(&self) -> Vec<usize> {
        let runs = |i: &usize| self.members[*i].child.is_some();
        self.members().into_iter().filter(runs).collect()
    }

    /// The members' network, which can be cut.
    pub fn network(&self) -> &Network {
        self.network.as_ref().expect("made with Links::Network")
    }

    /// The first server, with a file that founds the cluster.
    fn found(&mut self) {
        let contents = match self.options.contents.clone() {
            Some(contents) => contents,
            None => peers::root().join("usr/share/ovn/ovn-sb.ovsschema"),
        };
        // Where every program finds it.
        std::fs::copy(&contents, self.scratch.host("contents"))
            .unwrap_or_else(|error| panic!("{}: {error}", contents.display()));
        let address = self.add_member();
        let timer = self
            .options
            .election_timer_ms
            .map(|ms| format!("--election-timer={ms}"));
        let mut words: Vec<String> = timer.into_iter().collect();
        words.extend([
            "create-cluster".into(),
            self.inner("s0/db"),
            self.inner("contents"),
            address,
        ]);
        self.tool(&words);
        self.database = self
            .tool(&["db-name".into(), self.inner("s0/db")])
            .trim()
            .to_owned();
        self.start_member(0);
    }

    /// Adds a server, which is a member when this returns; its position.
    pub fn join(&mut self) -> usize {
        let member = self.members.len();
        self.start_joining();
        self.wait_for_standing(member, "cluster member");
        member
    }

    /// Starts a server that joins; its position.
    pub fn start_joining(&mut self) -> usize {
        let remotes: Vec<String> = self
            .members()
            .iter()
            .map(|i| self.members[*i].address.clone())
            .collect();
        let member = self.members.len();
        let address = self.add_member();
        let mut words = vec![
            "join-cluster".into(),
            self.inner(&format!("s{member}/db")),
            self.database.clone(),
            address,
        ];
        words.extend(remotes);
        self.tool(&words);
        self.start_member(member);
        member
    }

    /// Makes a member leave in order, and ends it.
    pub fn leave(&mut self, member: usize) {
        self.control(member, "cluster/leave", &[&self.database])
            .unwrap_or_else(|error| panic!("cluster/leave: {error}"));
        // Who left serves the database no more, and knows no cluster.
        self.wait("a member to leave", |cluster| match cluster.status(member) {
            Ok(status) => (status.standing == "left cluster").then_some(()),
            Err(error) => error.contains("unknown cluster").then_some(()),
        });
        self.members[member].belongs = false;
        self.stop(member);
    }

    /// Kicks a member that is gone, through the leader, and waits until the others know of it no more.
    pub fn kick(&mut self, member: usize) {
        self.members[member].belongs = false;
        let address = self.members[member].address.clone();
        let until = Instant::now() + PATIENCE;
        loop {
            let leader = self.leader();
            // A leader that has just changed forgets; asking again is harmless.
            let asked = self.control(leader, "cluster/kick", &[&self.database, &address]);
            std::thread::sleep(Duration::from_millis(200));
            let knows = |status: &Status| status.servers.iter().any(|server| server.address == address);
            if self
                .running()
                .into_iter()
                .all(|i| self.status(i).is_ok_and(|status| !knows(&status)))
            {
                return;
            }
            assert!(
                Instant::now() < until,
                "{address} is not kicked: {asked:?}\n{}",
                self.tails()
            );
        }
    }

    /// Ends a member, removes its folder, kicks it, and lets a new one join; the new one's position.
    pub fn replace(&mut self, member: usize) -> usize {
        self.kill(member);
        self.lose_folder(member);
        self.kick(member);
        self.join()
    }

    /// Removes all of a member's files.
    pub fn lose_folder(&mut self, member: usize) {
        let folder = self.folder(member);
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            let removed = match entry.file_type().is_ok_and(|ty| ty.is_dir()) {
                true => std::fs::remove_dir_all(&path),
                false => std::fs::remove_file(&path),
            };
            removed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }

    /// Kills with -9.
    pub fn kill(&mut self, member: usize) {
        if let Some(mut child) = self.members[member].child.take() {
            child.kill().expect("it was started");
            child.wait().expect("it was started");
        }
    }

    /// Ends in order.
    pub fn stop(&mut self, member: usize) {
        if let Some(mut child) = self.members[member].child.take() {
            signal(&child, Signal::SIGTERM);
            child.wait().expect("it was started");
        }
    }

    /// Starts a member again, whatever ended it, and waits until it serves clients.
    pub fn restart(&mut self, member: usize) {
        self.stop(member);
        self.start_member(member);
    }

    /// Starts a member again with clocks of elapsed time (`CLOCK_MONOTONIC`, `CLOCK_BOOTTIME`) that are so far ahead
    /// of this machine's, as after a move to another one.
    pub fn restart_ahead(&mut self, member: usize, ahead: Duration) {
        self.members[member].ahead = ahead;
        self.restart(member);
    }

    /// Stops a member's process.
    pub fn pause(&self, member: usize) {
        signal(self.child(member), Signal::SIGSTOP);
    }

    /// Lets a paused member go on.
    pub fn resume(&self, member: usize) {
        signal(self.child(member), Signal::SIGCONT);
    }

    /// Fills a member's disk, but for less than a page.
    pub fn fill_disk(&self, member: usize) {
        assert!(
            self.options.disk_mb.is_some(),
            "only a disk of its own may be filled"
        );
        use std::io::Write;
        let mut file = std::fs::File::create(self.folder(member).join("ballast")).expect("a writable folder");
        for size in [1 << 20, 4096] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    /// Gives a member's disk its room back.
    pub fn free_disk(&self, member: usize) {
        std::fs::remove_file(self.folder(member).join("ballast")).expect("it was filled");
    }

    /// What a member says of the cluster; an error when it does not answer, or has no such cluster.
    pub fn status(&self, member: usize) -> Result<Status, String> {
        Status::parse(&self.control(member, "cluster/status", &[&self.database])?)
    }

    /// The member that leads, once a majority follows it.
    pub fn leader(&self) -> usize {
        self.wait("a leader", |cluster| cluster.leader_now())
    }

    /// The member that leads, if one does whom a majority follows.
    pub fn leader_now(&self) -> Option<usize> {
        let statuses: Vec<(usize, Status)> = self
            .running()
            .into_iter()
            .filter_map(|i| Some((i, self.status(i).ok()?)))
            .collect();
        let (leader, of_leader) = statuses
            .iter()
            .filter(|(_, status)| status.role == Role::Leader && status.leader == Peer::Itself)
            .max_by_key(|(_, status)| status.term)?;
        let nickname = of_leader.nickname();
        let follows = |status: &Status| {
            status.term == of_leader.term
                && match &status.leader {
                    Peer::Itself => true,
                    Peer::Other(other) => other == nickname,
                    Peer::Unknown => false,
                }
        };
        let n_following = statuses.iter().filter(|(_, status)| follows(status)).count();
        (2 * n_following > self.members().len()).then_some(*leader)
    }

    /// A running member that does not lead.
    pub fn follower(&self) -> usize {
        let leader = self.leader();
        let mut others = self.running().into_iter().filter(|i| *i != leader);
        others.next().expect("a cluster of several")
    }

    /// Waits until all that run are members in one another's eyes, follow one leader, and have applied all it has.
    pub fn wait_until_whole(&self) {
        self.wait("all to be members", |cluster| {
            let leader = cluster.leader_now()?;
            let end = cluster.status(leader).ok()?.log.1;
            let is_whole = |i: usize| {
                cluster.status(i).is_ok_and(|status| {
                    status.standing == "cluster member"
                        && status.servers.len() == cluster.members().len()
                        && !matches!(status.leader, Peer::Unknown)
                        && status.log.1 >= end
                        && status.n_unapplied == 0
                })
            };
            cluster.running().into_iter().all(is_whole).then_some(())
        });
    }

    /// Waits until a member stands so.
    pub fn wait_for_standing(&self, member: usize, standing: &str) {
        self.wait(standing, |cluster| {
            let status = cluster.status(member).ok()?;
            (status.standing == standing).then_some(())
        });
    }

    /// Waits until there is something.
    pub fn wait<T>(&self, what: &str, mut get: impl FnMut(&Cluster) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(got) = get(self) {
                return got;
            }
            assert!(
                Instant::now() < until,
                "{:?} cluster: waited for {what}\n{}",
                self.kind,
                self.tails()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Runs a command on a member's control socket (ovs-appctl(8)): its answer, or the error it answers with.
    pub fn control(&self, member: usize, command: &str, args: &[&str]) -> Result<String, String> {
        let path = self.control_socket(member);
        let mut client =
            Client::try_connect(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        client.send(command, json!(args));
        // A server that is paused, or busy with a large database, does not answer for a while.
        match client.poll(Duration::from_secs(10)) {
            Received::Message(reply) => match (reply["result"].as_str(), reply["error"].as_str()) {
                (Some(text), _) => Ok(text.to_owned()),
                (None, Some(text)) => Err(text.to_owned()),
                (None, None) => Err(reply.to_string()),
            },
            Received::Closed => Err(format!("{command}: closed")),
            Received::Silence => Err(format!("{command}: no answer")),
        }
    }

    /// A member's control socket.
    pub fn control_socket(&self, member: usize) -> PathBuf {
        self.folder(member).join("db.ctl")
    }

    /// A member's socket for clients.
    pub fn socket(&self, member: usize) -> PathBuf {
        self.folder(member).join("db.sock")
    }

    /// Every member's socket as remotes for programs of a kind: `unix:…,unix:…`.
    pub fn remotes(&self, of: Kind) -> String {
        let remote = |i: usize| format!("unix:{}", of.path(&self.scratch, &format!("s{i}/db.sock")));
        let remotes: Vec<String> = self.members().into_iter().map(remote).collect();
        remotes.join(",")
    }

    /// A member's management API.
    pub fn management(&self, member: usize) -> String {
        let port = self.members[member].management.expect("made with `managed`");
        format!("http://127.0.0.1:{port}")
    }

    /// Connects to a member.
    pub fn client(&self, member: usize) -> Client {
        Client::connect(&self.socket(member))
    }

    /// A running member's process id.
    pub fn pid(&self, member: usize) -> u32 {
        self.child(member).id()
    }

    /// Whether a member's process is there; one that ended by itself is noticed here.
    pub fn is_alive(&mut self, member: usize) -> bool {
        let child = &mut self.members[member].child;
        let ended = child
            .as_mut()
            .is_none_or(|child| !matches!(child.try_wait(), Ok(None)));
        if ended {
            *child = None;
        }
        !ended
    }

    /// A member's folder.
    pub fn folder(&self, member: usize) -> PathBuf {
        self.scratch.host(&format!("s{member}"))
    }

    /// What a member has logged.
    pub fn log(&self, member: usize) -> String {
        std::fs::read_to_string(self.folder(member).join("log")).unwrap_or_default()
    }

    /// The folder of everything, for further files.
    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// Every member's last lines.
    pub fn tails(&self) -> String {
        let tail = |i: usize| {
            let log = self.log(i);
            let lines: Vec<&str> = log.lines().rev().take(12).collect();
            let lines: Vec<&str> = lines.into_iter().rev().collect();
            format!("--- server {i}: {:?}\n{}\n", self.status(i), lines.join("\n"))
        };
        self.members().into_iter().map(tail).collect()
    }

    /// Makes the folder, and with it the address, of the next member.
    fn add_member(&mut self) -> String {
        let member = self.members.len();
        let folder = self.folder(member);
        std::fs::create_dir_all(&folder).expect("the tree is writable");
        if let Some(mb) = self.options.disk_mb {
            sh(&format!(
                "mount -t tmpfs -o size={mb}m ferrovn {}",
                folder.display()
            ));
        }
        let address = match (self.options.links, &mut self.network) {
            (Links::Unix, _) => format!("unix:{}", self.inner(&format!("s{member}/{member}.raft"))),
            (_, Some(network)) => {
                network.add(member);
                format!("tcp:{}:6644", network.address(member))
            }
            (_, None) => format!("tcp:127.0.0.1:{}", free_port()),
        };
        self.members.push(Member {
            address: address.clone(),
            management: self.options.managed.then(free_port),
            child: None,
            belongs: true,
            ahead: Duration::ZERO,
        });
        address
    }

    /// Starts a server on its files and waits until it takes connections.
    pub fn start_member(&mut self, member: usize) {
        let folder = self.folder(member);
        for stale in ["db.sock", "db.ctl"] {
            let _ = std::fs::remove_file(folder.join(stale));
        }
        let mut command = self.program("ovsdb-server", Some(member));
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(folder.join("log"));
        command
            .arg(self.inner(&format!("s{member}/db")))
            .arg(format!(
                "--remote=punix:{}",
                self.inner(&format!("s{member}/db.sock"))
            ))
            .arg(format!("--unixctl={}", self.inner(&format!("s{member}/db.ctl"))))
            .args(
                self.members[member]
                    .management
                    .map(|port| format!("--manage=127.0.0.1:{port}")),
            )
            .args(&self.options.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.expect("the folder is writable"));
        let mut child = command.spawn().expect("the program starts");
        let until = Instant::now() + PATIENCE;
        while std::os::unix::net::UnixStream::connect(folder.join("db.sock")).is_err() {
            let ended = child.try_wait().expect("it was started");
            assert!(
                ended.is_none() && Instant::now() < until,
                "{:?} server {member} does not serve ({ended:?})\n{}",
                self.kind,
                self.tails()
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        self.members[member].child = Some(child);
    }

    /// Runs `ovsdb-tool` of the cluster's kind; its output.
    fn tool(&self, words: &[String]) -> String {
        let output = self
            .program("ovsdb-tool", None)
            .args(words)
            .output()
            .expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// A program, in the network of a member if it has one.
    fn program(&self, program: &str, member: Option<usize>) -> Command {
        let inner = match (self.kind, &self.options.binary) {
            (Kind::C, _) => self.scratch.peer(program),
            (Kind::Ours, Some(server)) => Command::new(server.with_file_name(program)),
            (Kind::Ours, None) => Command::new(ours(program)),
        };
        let (Some(member), Some(network)) = (member, &self.network) else {
            return inner;
        };
        // Each becomes the next, so that the child's process id is the server's.
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &network.namespace(member)]);
        let ahead = self.members[member].ahead.as_secs();
        if ahead > 0 {
            command
                .args(["unshare", "--time"])
                .args([format!("--monotonic={ahead}"), format!("--boottime={ahead}")]);
        }
        command.arg(inner.get_program()).args(inner.get_args());
        for (key, value) in inner.get_envs() {
            command.env(key, value.unwrap_or_default());
        }
        command
    }

    /// A file's path for the cluster's programs.
    fn inner(&self, file: &str) -> String {
        self.kind.path(&self.scratch, file)
    }

    fn child(&self, member: usize) -> &Child {
        self.members[member].child.as_ref().expect("it runs")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for member in &mut self.members {
            if let Some(child) = &mut member.child {
                // It may have ended already. SIGKILL ends a paused one, too.
                let _ = child.kill();
                let _ = child.wait();
            }
        }
        if self.options.disk_mb.is_some() {
            for i in 0..self.members.len() {
                unmount(&self.folder(i));
            }
        }
    }
}

fn unmount(folder: &Path) {
    // A leftover of a few MB harms nobody.
    let _ = Command::new("umount").arg("-l").arg(folder).status();
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(child.id().try_into().expect("a process id"));
    kill(pid, signal).expect("it runs");
}

/// A port that nobody listens on now.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has ports");
    listener.local_addr().expect("it is bound").port()
}
