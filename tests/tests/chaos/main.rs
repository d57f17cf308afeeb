//! A cluster of three under load while everything goes wrong, then everything is mended: what was acknowledged is
//! there, once; nothing else is; who watched saw all of it in order; registers on the leader behaved as one register.
//!
//! `FERROVN_CHAOS_SEED` repeats the faults of a run (not the moments they hit clients at), `FERROVN_CHAOS_SECONDS`
//! makes it longer, `FERROVN_CHAOS_ONLY` takes the faults whose name contains it.
//!
//! Reading order: [`nemesis`] (what goes wrong), [`load`] (what clients do), [`watch`], [`linear`], then [`verdict`].

mod linear;
mod load;
mod nemesis;
mod verdict;
mod watch;

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use ferrovn_tests::cluster::{Cluster, Links, Options};
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::server::Kind;
use ferrovn_tests::workload::Random;
use serde_json::{Value, json};

use load::Shared;
use watch::Watching;

/// How long faults come, unless more is asked for.
const SECONDS: u64 = 65;

/// Between two faults.
const QUIET: Duration = Duration::from_millis(700);

/// Clients of each sort.
const CLIENTS: u64 = 3;

/// A number that a person may set.
fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn run(kind: Kind) {
    let seed = variable("FERROVN_CHAOS_SEED").unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(1, |now| now.subsec_nanos().into())
    });
    let seconds = variable("FERROVN_CHAOS_SECONDS").unwrap_or(SECONDS);
    let only = std::env::var("FERROVN_CHAOS_ONLY").unwrap_or_default();
    println!("{kind:?}: FERROVN_CHAOS_SEED={seed} FERROVN_CHAOS_SECONDS={seconds}");
    let mut random = Random::new(seed);

    let files = Scratch::new("chaos");
    std::fs::write(files.host("chaos.ovsschema"), load::SCHEMA).expect("the tree is writable");
    let options = Options {
        contents: Some(files.host("chaos.ovsschema")),
        links: Links::Network,
        disk_mb: Some(256),
        ..Options::default()
    };
    let mut cluster = Cluster::start_with(kind, 3, options);
    let mut first = vec![json!("Chaos")];
    first.extend(load::first_rows());
    let inserted = cluster.client(cluster.leader()).transact(Value::Array(first));
    assert!(!inserted.to_string().contains("error"), "{inserted}");
    cluster.wait_until_whole();

    let sockets = cluster.members().into_iter().map(|i| cluster.socket(i));
    let shared = Shared::new(sockets.collect());
    let watching = Watching::default();
    thread::scope(|scope| {
        let (shared, watching) = (&shared, &watching);
        // Whatever panics here, the clients end, or the scope would wait for them for ever.
        let _end = End(shared, watching);
        for who in 0..CLIENTS {
            scope.spawn(move || load::insert(shared, who, seed ^ (100 + who)));
            scope.spawn(move || load::count(shared, seed ^ (200 + who)));
            scope.spawn(move || load::use_registers(shared, who, seed ^ (300 + who)));
            scope.spawn(move || watch::watch(shared, watching, seed ^ (400 + who)));
        }
        let until = Instant::now() + Duration::from_secs(seconds);
        // The C server's file does not survive a full disk: it commits what it could not write. Where links come and go
        // it has shown rows to watchers that were not committed in the end.
        let not_of_c = ["fill a disk", "loosen a plug"];
        let befalls = |name: &str| name.contains(&only) && (kind == Kind::Ours || !not_of_c.contains(&name));
        let faults: Vec<_> = nemesis::ALL.iter().filter(|(name, _)| befalls(name)).collect();
        // Each once before any comes again.
        let mut left = Vec::new();
        while Instant::now() < until {
            thread::sleep(QUIET);
            if left.is_empty() {
                left = faults.clone();
            }
            let (name, befall) = left.swap_remove(random.below(left.len() as u64) as usize);
            println!("{:7.3} s: {name}", shared.begin.elapsed().as_secs_f64());
            befall(&mut cluster, &mut random, shared);
            cluster.wait_until_whole();
            wait_until_alike(&cluster);
        }
        println!("{:7.3} s: all mended", shared.begin.elapsed().as_secs_f64());
        thread::sleep(QUIET);
        shared.stop.store(true, Ordering::Relaxed);
        // Clients end within their patience; what they sent last may still be on a connection between members that has
        // not been given up.
        thread::sleep(Duration::from_secs(6));
        cluster.wait_until_whole();
        let names = verdict::pairs_of(&cluster, cluster.leader()).into_keys();
        watching.expected.get_or_init(|| names.collect());
    });
    verdict::check(&cluster, &shared, &watching);
}

/// Waits until every member has what the leader has now: one that takes no more entries stays behind for ever.
fn wait_until_alike(cluster: &Cluster) {
    let counter = |member| verdict::rows(cluster, member, "Counter")[0]["value"].as_i64();
    let least = counter(cluster.leader());
    let is_there = |cluster: &Cluster| {
        cluster
            .running()
            .into_iter()
            .all(|member| counter(member) >= least)
    };
    cluster.wait("every member to have what the leader has", |cluster| {
        is_there(cluster).then_some(())
    });
}

/// Ends the clients when it goes.
struct End<'a>(&'a Shared, &'a Watching);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
        self.1.expected.get_or_init(Default::default);
    }
}

#[test]
fn the_c_cluster_in_chaos() {
    run(Kind::C);
}

#[test]
fn our_cluster_in_chaos() {
    run(Kind::Ours);
}
