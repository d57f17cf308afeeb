//! The program as a process: its command line, its user, its log, too few descriptors. What the C program prints is
//! what is expected.

use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use ferrovn_tests::client::Client;
use ferrovn_tests::node::{sh, wait_for};
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::server::{Kind, Server, ours};
use ferrovn_tests::transcript::{KINDS, compare};
use serde_json::json;

const SCHEMA: &str =
    r#"{"name": "D", "version": "1.0.0", "tables": {"T": {"columns": {"name": {"type": "string"}}}}}"#;

#[test]
fn options_are_refused_in_the_same_words() {
    for args in [
        &["--foo"][..],
        &["--p"],
        &["--no"],
        &["--ssl"],
        &["--remote"],
        &["--user"],
        &["-p"],
        &["--detach=x"],
        &["--no-d=x"],
        &["-x"],
        &["--rem=x", "--foo"],
        &["--verbose=console:file"],
        &["-vdbg:info"],
        &["--syslog-method=foo"],
        &["--user=absent"],
        &["--user=nobody:absent"],
        &["--user=nobody:adm"],
        &["--us=:nogroup"],
    ] {
        let [c, own] = KINDS.map(|kind| {
            let scratch = Scratch::new("options");
            let output = match kind {
                Kind::Ours => Command::new(ours("ovsdb-server"))
                    .args(args)
                    .output()
                    .expect("it runs"),
                Kind::C => scratch.output("ovsdb-server", args),
            };
            // Without a pidfile's name the C program prints a null pointer.
            let text = String::from_utf8_lossy(&output.stderr).replace("(null): ", "");
            let lines: Vec<&str> = text
                .lines()
                .map(|line| line.splitn(3, '|').last().unwrap_or(line))
                .collect();
            format!(
                "{} {}{}",
                output.status,
                String::from_utf8_lossy(&output.stdout),
                lines.join("\n")
            )
        });
        assert_eq!(own, c, "{args:?}");
    }
}

#[test]
fn a_log_file_that_cannot_be_had_ends_the_start() {
    for kind in KINDS {
        let scratch = Scratch::new("nolog");
        let args = ["--log-f=/nonexistent/x", "--no-dbs"];
        let output = match kind {
            Kind::Ours => Command::new(ours("ovsdb-server"))
                .args(args)
                .output()
                .expect("it runs"),
            Kind::C => scratch.output("ovsdb-server", &args),
        };
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{kind:?}: {text}");
        assert!(
            text.contains("failed to open /nonexistent/x for logging: No such file or directory\n"),
            "{text}"
        );
    }
}

#[test]
fn it_becomes_the_user_that_it_is_told_to_be() {
    let scratch = Scratch::new("user");
    Server::start(Kind::Ours, &scratch, "db", SCHEMA, &[]).stop();
    let folder = scratch.host("");
    sh(&format!("chown -R nobody:nogroup {}", folder.display()));
    let mut child = Command::new(ours("ovsdb-server"))
        .env("OVS_RUNDIR", &folder)
        .env("OVS_LOGDIR", &folder)
        .arg(scratch.host("db.db"))
        .arg(format!("--remote=punix:{}", scratch.host("db.sock").display()))
        .args([
            "--user=nobody:nogroup",
            "--pidfile",
            "--log-file",
            "--unixctl=db.ctl",
            "-vconsole:off",
        ])
        .stdin(Stdio::null())
        .spawn()
        .expect("the program starts");
    wait_for("the server", || {
        UnixStream::connect(scratch.host("db.sock")).is_ok()
    });
    let results = Client::connect(&scratch.host("db.sock"))
        .transact(json!(["D", {"op": "insert", "table": "T", "row": {"name": "x"}}]));
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it runs");
    let socket = std::fs::metadata(scratch.host("db.sock")).expect("it is there");
    let ids = |line: &str| -> Vec<u32> {
        let ids = status
            .lines()
            .find_map(|l| l.strip_prefix(line))
            .expect("every process has those");
        ids.split_whitespace()
            .map(|id| id.parse().expect("a number"))
            .collect()
    };
    let (uids, gids, groups) = (ids("Uid:"), ids("Gid:"), ids("Groups:"));
    child.kill().expect("it runs");
    child.wait().expect("it was started");
    assert!(results[0]["uuid"].is_array(), "{results}");
    let nobody = std::fs::metadata(scratch.host("db.db")).expect("it is there");
    assert_eq!(uids, [nobody.uid(); 4]);
    assert_eq!(gids, [nobody.gid(); 4]);
    // Nothing is left of root's groups.
    assert!(groups.iter().all(|group| *group == nobody.gid()), "{groups:?}");
    assert_eq!((socket.uid(), socket.gid()), (nobody.uid(), nobody.gid()));
}

#[test]
fn a_log_file_is_rotated_and_written_by_its_pattern() {
    compare(
        "rotate",
        SCHEMA,
        &["-vconsole:off", "--log-file=file.log"],
        |session| {
            session.control(&["vlog/set", "PATTERN:file:%c|%p|%m"]);
            std::fs::rename(session.scratch.host("file.log"), session.scratch.host("file.old"))
                .expect("it is there");
            session.control(&["vlog/reopen"]);
            session.control(&["vlog/set", "PATTERN:file:%c/%-5p/%m", "vlog:file:warn"]);
            session.control(&["vlog/reopen"]);
            session.control(&["vlog/set", "vlog:file:info"]);
            session.control(&["vlog/close"]);
            session.control(&["vlog/reopen"]);
            for file in ["file.old", "file.log"] {
                let command = format!("grep '^vlog[|/]' {file}");
                session.run("sh", &["-c", &command]);
            }
        },
    );
}

#[test]
fn what_peers_can_cause_at_will_is_logged_now_and_then() {
    const TIMES: usize = 40;
    let scratch = Scratch::new("rate");
    let server = Server::start(Kind::Ours, &scratch, "db", SCHEMA, &[]);
    let nonsense = || {
        for _ in 0..TIMES {
            let mut client = server.client(&scratch);
            client.write(b"nonsense");
            assert!(client.receive().is_none());
        }
    };
    let logged = || server.log(&scratch).matches("protocol error").count();
    nonsense();
    let ctl = scratch.inner("db.ctl").display().to_string();
    scratch.run("ovs-appctl", &["-t", &ctl, "vlog/disable-rate-limit", "jsonrpc"]);
    let before = logged();
    assert!((1..TIMES).contains(&before), "{before} of {TIMES}");
    nonsense();
    wait_for("every line", || logged() >= before + TIMES);
}

#[test]
fn too_few_descriptors_are_survived() {
    let scratch = Scratch::new("descriptors");
    let server = Server::start(Kind::Ours, &scratch, "db", SCHEMA, &[]);
    let mut working = server.client(&scratch);
    working.call("list_dbs", json!([]));
    sh(&format!("prlimit --pid {} --nofile=40:40", server.pid()));
    let crowd: Vec<UnixStream> = ["db.ctl", "db.sock"]
        .into_iter()
        .flat_map(|socket| (0..60).map(move |_| socket))
        .map(|socket| UnixStream::connect(scratch.host(socket)).expect("the kernel queues it"))
        .collect();
    wait_for("the shortage", || {
        server.log(&scratch).contains("Too many open files")
    });
    let insert = json!(["D", {"op": "insert", "table": "T", "row": {"name": "x"}}]);
    assert!(working.transact(insert)[0]["uuid"].is_array());
    drop(crowd);
    let ctl = scratch.inner("db.ctl").display().to_string();
    assert!(
        scratch
            .run("ovs-appctl", &["-t", &ctl, "version"])
            .starts_with("ovsdb-server ")
    );
    assert!(server.client(&scratch).call("list_dbs", json!([]))["result"].is_array());
    let lines = server.log(&scratch).matches("Too many open files").count();
    assert!(lines < 50, "{lines} lines about the shortage: the loops spin");
}
