//! A leader that dies while a server comes or goes: the next one ends what it began.

use ovsdb_raft::ServerId;
use ovsdb_raft::status::{Phase, ServerStatus, Status};

use crate::cluster::Cluster;
use crate::simulated::disk::SimDisk;
use crate::simulated::network::Host;

/// When the leader dies, counted from when the change began, in ms: at each step of it, and while it waits for the
/// server to hear of it.
const DEATHS: [u64; 18] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 50, 200, 400, 480];

/// How long ending it may take, in ms.
const PATIENCE: u64 = 30_000;

struct Scene {
    cluster: Cluster,
    led: Host,
}

impl Scene {
    fn new() -> Scene {
        let mut cluster = Cluster::new(1);
        cluster.found(5).expect("a cluster");
        let mut scene = Scene { cluster, led: 0 };
        scene.until("a leader of five", |cluster| {
            let status = cluster.leader().map(|led| status(cluster, led));
            status.is_some_and(|status| status.servers.values().filter(|server| server.voter).count() == 5)
        });
        scene.led = scene.cluster.leader().expect("one leads");
        scene
    }

    fn until(&mut self, what: &str, done: impl Fn(&Cluster) -> bool) {
        let end = self.cluster.now + PATIENCE;
        while !done(&self.cluster) {
            assert!(
                self.cluster.now < end,
                "waited for {what}: {}",
                self.cluster.tell()
            );
            self.cluster.step().expect("no promise is broken");
        }
    }

    fn pass(&mut self, ms: u64) {
        for _ in 0..ms {
            self.cluster.step().expect("no promise is broken");
        }
    }

    /// What the leader knows of a server.
    fn seen(&self, server: ServerId) -> Option<ServerStatus> {
        status(&self.cluster, self.led).servers.remove(&server)
    }

    /// The leader dies, another one leads. The server that came or went is one that nobody will hear of again; in the end
    /// it is a whole member or none at all, and in the latter case another server takes its address.
    fn the_leader_dies(&mut self, server: ServerId, host: Host) -> Ended {
        let before = self.seen(server);
        self.cluster.kill(self.led);
        self.cluster.wipe(host);
        self.until("another leader", |cluster| cluster.leader().is_some());
        self.until("an end of the change", |cluster| {
            let Some(led) = cluster.leader() else { return false };
            let of = status(cluster, led).servers.remove(&server);
            of.is_none_or(|of| of.voter && of.phase.is_none())
        });
        self.led = self.cluster.leader().expect("it was seen to lead");
        if self.seen(server).is_some() {
            return Ended::Member;
        }
        self.cluster.places[host].disk = SimDisk::new(&self.cluster.chance);
        self.cluster.places[host].server = Some(self.cluster.new_server());
        self.cluster.start(host);
        self.until("a server at its address", |cluster| {
            *cluster.places[host].joined.lock()
        });
        match before {
            Some(of) if !of.voter => Ended::Forgotten,
            _ => Ended::Gone,
        }
    }
}

/// What became of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ended {
    /// It has its vote.
    Member,
    /// It was no voter when the leader died, and was forgotten.
    Forgotten,
    /// It is unknown, and was a voter when the leader died, or unknown as well.
    Gone,
}

fn status(cluster: &Cluster, host: Host) -> Status {
    let member = cluster.members().find(|(at, _)| *at == host);
    let status = member.and_then(|(_, running)| running.status());
    status.expect("it runs")
}

/// One that is away is kicked.
#[test]
fn a_server_that_was_being_taken_out_is_forgotten() {
    let mut ended = Vec::new();
    for death in DEATHS {
        let mut scene = Scene::new();
        let away = (scene.led + 1) % 5;
        let server = scene.cluster.places[away].server.expect("it has one");
        scene.cluster.kill(away);
        scene.pass(2000);
        assert_eq!(scene.cluster.leader(), Some(scene.led));
        let (_, leading) = scene
            .cluster
            .members()
            .find(|(at, _)| *at == scene.led)
            .expect("it runs");
        leading.spawn(async move |member| {
            // The leader dies meanwhile.
            let _ = member.kick(server).await;
        });
        scene.pass(death);
        ended.push(scene.the_leader_dies(server, away));
    }
    println!("{ended:?}");
    for expected in [Ended::Member, Ended::Forgotten, Ended::Gone] {
        assert!(ended.contains(&expected), "{expected:?} in {ended:?}");
    }
}

/// One that joins dies together with the leader.
#[test]
fn a_server_that_was_being_taken_in_is_forgotten() {
    let mut ended = Vec::new();
    for death in DEATHS {
        let mut scene = Scene::new();
        let host = 5;
        scene.cluster.places[host].server = Some(scene.cluster.new_server());
        let server = scene.cluster.places[host].server.expect("it has one");
        scene.cluster.start(host);
        let led = scene.led;
        scene.until("it to be known", |cluster| {
            status(cluster, led).servers.contains_key(&server)
        });
        assert_eq!(
            scene.seen(server).and_then(|of| of.phase),
            Some(Phase::CatchingUp)
        );
        scene.pass(death);
        ended.push(scene.the_leader_dies(server, host));
    }
    println!("{ended:?}");
    for expected in [Ended::Member, Ended::Forgotten] {
        assert!(ended.contains(&expected), "{expected:?} in {ended:?}");
    }
}
