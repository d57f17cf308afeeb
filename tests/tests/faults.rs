//! What goes wrong in the field: killed servers, full disks, two servers on one file, clients that stall, flood or
//! talk nonsense. What was acknowledged stays, and nobody else is harmed.

use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ferrovn_tests::client::{Client, names};
use ferrovn_tests::node::{sh, wait_for};
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::server::{Kind, Server, ours};
use ferrovn_tests::transcript::KINDS;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde_json::{Value, json};

const SCHEMA: &str = r#"{"name": "D", "version": "1.0.0", "tables": {
  "T": {"indexes": [["name"]], "columns": {"name": {"type": "string"}, "text": {"type": "string"},
    "n": {"type": {"key": "integer", "min": 0, "max": 1}}}}}}"#;

const MB: u64 = 1 << 20;

fn insert(name: &str, text: &str) -> Value {
    json!(["D", {"op": "insert", "table": "T", "row": {"name": name, "text": text}}])
}

/// A small deterministic generator (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize) % n
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9_at_any_time() {
    const WRITERS: usize = 4;
    let scratch = Scratch::new("kill");
    let mut server = Server::start(Kind::Ours, &scratch, "db", SCHEMA, &[]);
    let mut random = Random(1);
    let acknowledged = Mutex::new(Vec::new());
    for round in 0..12 {
        let enough = acknowledged.lock().expect("no writer panicked").len() + 50 + random.below(400);
        let n_acknowledged = AtomicUsize::new(acknowledged.lock().expect("no writer panicked").len());
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let mut client = server.client(&scratch);
                let (acknowledged, n_acknowledged) = (&acknowledged, &n_acknowledged);
                scope.spawn(move || {
                    for i in 0.. {
                        let name = format!("round{round}-writer{writer}-{i}");
                        let Some(reply) =
                            client.try_call("transact", insert(&name, &"x".repeat(100 * writer)))
                        else {
                            return;
                        };
                        assert!(reply["result"][0]["uuid"].is_array(), "{reply}");
                        acknowledged.lock().expect("no writer panicked").push(name);
                        n_acknowledged.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            let wait_for = |n: usize| {
                while n_acknowledged.load(Ordering::Relaxed) < n {
                    std::thread::yield_now();
                }
            };
            wait_for(enough);
            // The file may be written anew just then.
            Client::connect(&scratch.host("db.ctl")).send("ovsdb-server/compact", json!([]));
            wait_for(enough + random.below(60));
            server.kill();
        });
        server.restart(&scratch);
        let there = names(&mut server.client(&scratch));
        let mut expected = acknowledged.lock().expect("no writer panicked").clone();
        expected.sort_unstable();
        let lost: Vec<&String> = expected
            .iter()
            .filter(|name| there.binary_search(name).is_err())
            .collect();
        assert!(lost.is_empty(), "round {round}: {lost:?}");
        // Each writer had one more transaction under way at most.
        assert!(
            there.len() <= expected.len() + WRITERS * (round + 1),
            "{} of {}",
            there.len(),
            expected.len()
        );
    }
}

/// A mounted file system of a few pages, gone with its handle.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn new(path: PathBuf, bytes: u64) -> SmallDisk {
        std::fs::create_dir(&path).expect("the folder is writable");
        sh(&format!(
            "mount -t tmpfs -o size={bytes} ferrovn-small {}",
            path.display()
        ));
        SmallDisk(path)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a server may still have files there.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_refuses_writes_until_there_is_room() {
    for kind in KINDS {
        let scratch = Scratch::new("full");
        let disk = SmallDisk::new(scratch.host("small"), 2 * MB);
        let ballast = disk.0.join("ballast");
        std::fs::write(&ballast, vec![0; MB as usize]).expect("there is room");
        let mut server = Server::start(kind, &scratch, "small/db", SCHEMA, &[]);
        let mut writer = server.client(&scratch);
        let mut reader = server.client(&scratch);
        let mut expected = Vec::new();
        let text = "x".repeat(10_000);
        let refused = loop {
            let name = format!("row{:04}", expected.len());
            let results = writer.transact(insert(&name, &text));
            match results.as_array().map(Vec::as_slice) {
                Some([_]) => expected.push(name),
                Some([_, error]) => break error.clone(),
                other => panic!("{kind:?}: {other:?}"),
            }
            assert!(expected.len() < 200, "{kind:?}: 2 MB are never full");
        };
        assert_eq!(refused["error"], "I/O error", "{kind:?}: {refused}");
        assert!(
            refused["io-error"].is_string() || refused["details"].is_string(),
            "{kind:?}: {refused}"
        );
        assert!(
            refused.to_string().contains("No space left on device"),
            "{kind:?}: {refused}"
        );
        assert_eq!(
            names(&mut reader),
            expected,
            "{kind:?}: what was refused is not seen"
        );
        // Still full: what cannot be kept is not acknowledged.
        let results = writer.transact(insert("again", &text));
        assert_eq!(results[1]["error"], "I/O error", "{kind:?}: {results}");

        std::fs::remove_file(&ballast).expect("it is there");
        let results = writer.transact(insert("there is room", &text));
        assert_eq!(results.as_array().map(Vec::len), Some(1), "{kind:?}: {results}");
        expected.push("there is room".into());
        server.crash(&scratch);
        assert_eq!(names(&mut server.client(&scratch)), expected, "{kind:?}");
    }
}

#[test]
fn a_second_server_on_the_same_file_is_refused() {
    let [c, own] = KINDS.map(|kind| {
        let scratch = Scratch::new("second");
        let server = Server::start(kind, &scratch, "db", SCHEMA, &[]);
        let folder = server.path(&scratch, "");
        let text = |output: std::process::Output| {
            let text = String::from_utf8_lossy(&output.stderr).replace(&folder, "");
            // Log lines begin with their time and number.
            let lines: Vec<&str> = text
                .lines()
                .map(|line| line.splitn(3, '|').last().unwrap_or(line))
                .filter(|line| !line.starts_with("lockfile|") && !line.contains("|EMER|"))
                .collect();
            format!("{} {}", output.status, lines.join("\n"))
        };
        let file = server.path(&scratch, "db.db");
        let run = |program: &str, args: &[&str]| match kind {
            Kind::Ours => text(Command::new(ours(program)).args(args).output().expect("it runs")),
            Kind::C => text(scratch.output(program, args)),
        };
        let opened = run("ovsdb-server", &[&file, "--unixctl=none", "-vconsole:warn"]);
        let compacted = run("ovsdb-tool", &["compact", &file]).replace("I/O error: ", "");
        assert!(server.client(&scratch).call("list_dbs", json!([]))["result"].is_array());
        [opened, compacted]
    });
    assert_eq!(own, c);
    assert!(
        own[0].contains("failed to lock lockfile (Resource temporarily unavailable)"),
        "{}",
        own[0]
    );
}

/// Lets this process have so many descriptors.
fn raise_descriptors(n: u64) {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit is always there");
    if soft < n {
        setrlimit(Resource::RLIMIT_NOFILE, n, hard.max(n)).expect("root may raise the limit of descriptors");
    }
}

#[test]
fn half_messages_and_ten_thousand_idle_connections_do_no_harm() {
    const IDLE: usize = 10_000;
    // The server inherits the limit.
    raise_descriptors(IDLE as u64 + 1000);
    let scratch = Scratch::new("idle");
    let server = Server::start(Kind::Ours, &scratch, "db", SCHEMA, &[]);
    let mut working = server.client(&scratch);
    let before = server.resident();
    let socket = scratch.host("db.sock");
    let idle: Vec<UnixStream> = (0..IDLE)
        .map(|i| UnixStream::connect(&socket).unwrap_or_else(|e| panic!("connection {i}: {e}")))
        .collect();
    let ctl = scratch.inner("db.ctl").display().to_string();
    let sessions = || {
        let shown = scratch.run("ovs-appctl", &["-t", &ctl, "memory/show"]);
        let count = shown
            .split_whitespace()
            .find_map(|pair| pair.strip_prefix("sessions:")?.parse::<usize>().ok());
        count.unwrap_or_default()
    };
    wait_for("all connections to be sessions", || sessions() == IDLE + 1);
    let each = server.resident().saturating_sub(before) / IDLE as u64;
    assert!(each < 16 << 10, "an idle connection costs {each} bytes");

    // Each of some hundred holds the beginning of a message back.
    let request = insert("half", "é").to_string();
    let request = format!(r#"{{"id":"half","method":"transact","params":{request}}}"#);
    let mut half: Vec<Client> = (0..300).map(|_| server.client(&scratch)).collect();
    for (i, client) in half.iter_mut().enumerate() {
        client.write(&request.as_bytes()[..1 + i % (request.len() - 1)]);
    }
    for i in 0..500 {
        let results = working.transact(insert(&format!("row{i}"), "x"));
        assert!(results[0]["uuid"].is_array(), "{results}");
    }
    // A message is served whenever it ends.
    let (i, last) = (299, half.last_mut().expect("some hundred"));
    last.write(&request.as_bytes()[1 + i % (request.len() - 1)..]);
    let reply = last.reply(&json!("half")).expect("the server answers");
    assert!(reply["result"][0]["uuid"].is_array(), "{reply}");
    drop((idle, half));
    wait_for("the sessions to end", || sessions() == 1);
    assert_eq!(names(&mut working).len(), 501);
}

/// Applies updates of the RFC's notation to what a client knows: name by uuid.
fn follow(known: &mut std::collections::BTreeMap<String, String>, updates: &Value) {
    for (uuid, change) in updates["T"].as_object().into_iter().flatten() {
        match change["new"]["text"].as_str() {
            Some("") => {}
            Some(text) => drop(known.insert(uuid.clone(), text.to_owned())),
            None => drop(known.remove(uuid)),
        }
    }
}

#[test]
fn a_client_that_never_reads_costs_little_and_is_told_the_net_change_in_the_end() {
    const ROWS: usize = 50;
    const ROUNDS: usize = 220;
    let text = |round: usize, i: usize| format!("{round}-{i}-{}", "x".repeat(20_000));
    let scratch = Scratch::new("stall");
    let server = Server::start(Kind::Ours, &scratch, "db", SCHEMA, &[]);
    let mut writer = server.client(&scratch);
    for i in 0..ROWS {
        writer.transact(insert(&format!("row{i}"), &text(0, i)));
    }
    let mut stalled = server.client(&scratch);
    let monitor = stalled.send("monitor", json!(["D", "stalled", {"T": [{"columns": ["text"]}]}]));
    let mut reading = server.client(&scratch);
    let mut known = Default::default();
    follow(
        &mut known,
        &reading.call("monitor", json!(["D", "reading", {"T": [{"columns": ["text"]}]}]))["result"],
    );
    // More than 200 MB, and more passing rows than a client may lag by.
    for round in 1..=ROUNDS {
        for i in 0..ROWS {
            // Rows that come and go meanwhile leave nothing behind.
            let (passing, gone) = (round * ROWS + i, round * ROWS + i - 1);
            let results = writer.transact(json!(["D",
                {"op": "update", "table": "T", "where": [["name", "==", format!("row{i}")]],
                    "row": {"text": text(round, i)}},
                {"op": "insert", "table": "T", "row": {"name": format!("passing{passing}")}},
                {"op": "delete", "table": "T", "where": [["name", "==", format!("passing{gone}")]]}]));
            assert_eq!(results[0]["count"], 1, "{results}");
        }
        // Updates come before replies to what is asked after them; an echo overtakes both.
        reading.call("list_dbs", json!([]));
        for update in std::mem::take(&mut reading.notifications) {
            follow(&mut known, &update["params"][1]);
        }
    }
    let last: Vec<String> = (0..ROWS).map(|i| text(ROUNDS, i)).collect();
    let mut seen: Vec<String> = known.into_values().collect();
    seen.sort_unstable_by_key(|text| text.split('-').nth(1).and_then(|i| i.parse::<usize>().ok()));
    let short = |texts: &[String]| texts.iter().map(|t| t[..8].to_owned()).collect::<Vec<_>>();
    assert_eq!(
        short(&seen),
        short(&last),
        "the client that reads sees the last state"
    );
    let peak = server.peak_resident();
    assert!(peak < 120 * MB, "{peak} bytes resident");

    // Now it reads: the first contents, some updates, then one that makes up for all the rest.
    let mut known = Default::default();
    follow(
        &mut known,
        &stalled.reply(&json!(monitor)).expect("the server answers")["result"],
    );
    let mut n_updates = 0;
    let mut seen: Vec<String> = Vec::new();
    while seen != last {
        let update = stalled.receive().expect("the client is still welcome");
        follow(&mut known, &update["params"][1]);
        n_updates += 1;
        seen = known.values().cloned().collect();
        seen.sort_unstable_by_key(|text| text.split('-').nth(1).and_then(|i| i.parse::<usize>().ok()));
    }
    assert!(
        n_updates < ROUNDS * ROWS / 2,
        "{n_updates} updates: nothing was merged"
    );
}

#[test]
fn a_client_that_lags_by_more_than_there_is_to_see_is_cut() {
    const ROWS: usize = 25_000;
    let scratch = Scratch::new("cut");
    let server = Server::start(Kind::Ours, &scratch, "db", SCHEMA, &[]);
    let mut writer = server.client(&scratch);
    for start in (0..ROWS).step_by(1000) {
        let mut params = vec![json!("D")];
        params.extend(
            (start..start + 1000)
                .map(|i| json!({"op": "insert", "table": "T", "row": {"name": format!("row{i}"), "n": i}})),
        );
        assert_eq!(
            writer.transact(json!(params)).as_array().map(Vec::len),
            Some(1000)
        );
    }
    let mut stalled = server.client(&scratch);
    stalled.call("monitor_cond", json!(["D", "stalled", {"T": [{}]}]));
    let mut reading = server.client(&scratch);
    reading.call(
        "monitor_cond",
        json!(["D", "reading", {"T": [{"columns": ["name"]}]}]),
    );
    // Its queue fills up: 8 MB.
    for i in 0..400 {
        writer.transact(
            json!(["D", {"op": "update", "table": "T", "where": [["name", "==", "row0"]],
            "row": {"text": format!("{i}{}", "x".repeat(20_000))}}]),
        );
    }
    let delete = |from: usize, to: usize| json!(["D", {"op": "delete", "table": "T", "where": [["n", ">=", from as i64], ["n", "<", to as i64]]}]);
    for start in (0..ROWS).step_by(1000) {
        assert_eq!(writer.transact(delete(start, start + 1000))[0]["count"], 1000);
    }
    let mut n_updates = 0;
    while stalled.receive().is_some() {
        n_updates += 1;
    }
    assert!(n_updates < 400, "{n_updates} updates");
    assert!(
        server.log(&scratch).contains("lags behind"),
        "{}",
        server.log(&scratch)
    );
    // Who reads has seen every row go.
    let mut gone = 0;
    while gone < ROWS {
        let update = reading
            .notifications
            .pop_front()
            .or_else(|| reading.receive())
            .expect("it is welcome");
        gone += update["params"][1]["T"].as_object().map_or(0, |rows| {
            rows.values().filter(|r| r.get("delete").is_some()).count()
        });
    }
}

#[test]
fn replies_that_nobody_reads_stop_further_requests() {
    const REQUESTS: usize = 2000;
    let scratch = Scratch::new("flood");
    let server = Server::start(Kind::Ours, &scratch, "db", SCHEMA, &[]);
    let mut other = server.client(&scratch);
    for i in 0..10 {
        other.transact(insert(&format!("row{i}"), &"x".repeat(100_000)));
    }
    let mut flooding = server.client(&scratch);
    // Each asks for a megabyte.
    let requests: String = (0..REQUESTS)
        .map(|id| {
            json!({"id": id, "method": "transact", "params": ["D", {"op": "select", "table": "T", "where": []}]})
                .to_string()
        })
        .collect();
    let mut sender = flooding.sender();
    let sending = std::thread::spawn(move || std::io::Write::write_all(&mut sender, requests.as_bytes()));
    for _ in 0..100 {
        assert_eq!(names(&mut other).len(), 10);
    }
    let peak = server.peak_resident();
    assert!(peak < 120 * MB, "{peak} bytes resident");
    for id in 0..REQUESTS {
        let reply = flooding.receive().expect("the server answers");
        assert_eq!(reply["id"], id);
    }
    sending
        .join()
        .expect("no panic")
        .expect("the server reads in the end");
    let peak = server.peak_resident();
    assert!(peak < 120 * MB, "{peak} bytes resident");
}
