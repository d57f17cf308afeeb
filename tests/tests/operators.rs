//! Operators at work without Kubernetes: `kubectl-ko` and `ovsdb-tool online` on a cluster of ours, and servers that are
//! told to end.

use std::process::{Command, Output};

use ferrovn_tests::cluster::{Cluster, Options, Status};
use ferrovn_tests::peers;
use ferrovn_tests::server::{Kind, ours};
use serde_json::{Value, json};

/// Runs the plugin at a member's API.
fn ko(cluster: &Cluster, member: usize, words: &[&str]) -> Output {
    Command::new(ours("kubectl-ko"))
        .args(["--address", &cluster.management(member)])
        .args(words)
        .current_dir(cluster.scratch().host(""))
        .output()
        .expect("it runs")
}

/// Its output, which must be a success.
#[track_caller]
fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn insert(cluster: &Cluster, name: &str) {
    let row = json!({"op": "insert", "table": "Logical_Switch", "row": {"name": name}});
    let results = cluster
        .client(cluster.leader())
        .transact(json!([cluster.database(), row]));
    assert!(results[0]["uuid"].is_array(), "{results}");
}

fn switches(cluster: &Cluster, member: usize) -> Vec<Value> {
    let select = json!({"op": "select", "table": "Logical_Switch", "where": []});
    let mut results = cluster
        .client(member)
        .transact(json!([cluster.database(), select]));
    let mut names: Vec<Value> = results[0]["rows"]
        .as_array_mut()
        .map(|rows| rows.iter_mut().map(|row| row["name"].take()).collect())
        .unwrap_or_default();
    names.sort_by_key(Value::to_string);
    names
}

#[test]
fn a_cluster_is_shown_saved_restored_and_changed() {
    let options = Options {
        contents: Some(peers::root().join("usr/share/ovn/ovn-nb.ovsschema")),
        managed: true,
        ..Options::default()
    };
    let mut cluster = Cluster::start_with(Kind::Ours, 3, options);
    let (leader, follower) = (cluster.leader(), cluster.follower());

    let shown = said(&ko(&cluster, follower, &["nb", "status"]));
    let (status, storage) = shown.trim_end().rsplit_once('\n').expect("two answers");
    let status = Status::parse(status).expect("the layout of cluster/status");
    let told = cluster.status(follower).expect("it runs");
    assert_eq!(storage, "status: ok");
    assert_eq!(
        (&status.sid, status.role, &status.leader, status.servers.len()),
        (&told.sid, told.role, &told.leader, 3)
    );

    for name in ["a", "b"] {
        insert(&cluster, name);
    }
    cluster.wait_until_whole();
    let saved = said(&ko(&cluster, follower, &["nb", "backup"]));
    let file = saved
        .trim_end()
        .strip_prefix("backup ovn-nb db to ")
        .expect("it says where");
    insert(&cluster, "c");
    // By a member that does not lead, at that moment.
    let other = cluster.follower();
    said(&ko(&cluster, other, &["nb", "restore", file]));
    assert_eq!(cluster.leader(), other);
    cluster.wait_until_whole();
    for member in cluster.running() {
        assert_eq!(switches(&cluster, member), ["a", "b"], "member {member}");
    }

    assert_eq!(
        ko(&cluster, leader, &["nb", "kick", "beef"]).status.code(),
        Some(2)
    );
    cluster.kill(follower);
    let sid = &told.sid[..8];
    let removal = said(&ko(&cluster, cluster.leader(), &["nb", "kick", sid]));
    assert!(removal.ends_with("\n"), "{removal}");
    cluster.kick(follower);
    assert_eq!(cluster.members().len(), 2);
    cluster.wait_until_whole();
}

/// `ovsdb-tool online` on one member, through its management API or its control socket.
struct Online<'a> {
    cluster: &'a Cluster,
    server: String,
}

impl Online<'_> {
    fn run(&self, action: &str, args: &[&str]) -> Output {
        Command::new(ours("ovsdb-tool"))
            .args(["online", &self.server, action, self.cluster.database()])
            .args(args)
            .current_dir(self.cluster.scratch().host(""))
            .output()
            .expect("it runs")
    }

    /// What it says, which must be a success.
    #[track_caller]
    fn says(&self, action: &str, args: &[&str]) -> String {
        said(&self.run(action, args))
    }

    /// Why it fails.
    #[track_caller]
    fn fails(&self, action: &str, args: &[&str]) -> String {
        let output = self.run(action, args);
        assert_eq!(output.status.code(), Some(1), "{action} {args:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

/// Every operation, by one way to the servers.
fn operate_online(server: fn(&Cluster, usize) -> String) {
    let options = Options {
        contents: Some(peers::root().join("usr/share/ovn/ovn-nb.ovsschema")),
        managed: true,
        ..Options::default()
    };
    let mut cluster = Cluster::start_with(Kind::Ours, 3, options);
    let at = |cluster: &'_ Cluster, member: usize| server(cluster, member);
    let (leader, follower) = (cluster.leader(), cluster.follower());
    let told = cluster.status(follower).expect("it runs");
    insert(&cluster, "a");
    cluster.wait_until_whole();
    {
        let online = Online {
            cluster: &cluster,
            server: at(&cluster, follower),
        };
        let status = Status::parse(&online.says("status", &[])).expect("the layout of cluster/status");
        assert_eq!((&status.sid, status.servers.len()), (&told.sid, 3));
        assert_eq!(online.says("storage-status", &[]), "status: ok\n");
        let verified = online.says("verify", &[]);
        assert!(
            verified.ends_with("\nall members have the same contents\n"),
            "{verified}"
        );
        online.says("compact", &[]);

        online.says("backup", &["saved.db"]);
        insert(&cluster, "b");
        online.says("restore", &["saved.db"]);
        assert_eq!(cluster.leader(), follower, "whoever restores leads");
        cluster.wait_until_whole();
        assert_eq!(switches(&cluster, leader), ["a"]);

        // A backup of another schema, and no backup at all.
        let schema = std::fs::read_to_string(peers::root().join("usr/share/ovn/ovn-nb.ovsschema"));
        let schema = schema
            .expect("the packaged schema")
            .replace("\"version\": \"7.", "\"version\": \"8.");
        let host = |name: &str| cluster.scratch().host(name).display().to_string();
        std::fs::write(host("other.ovsschema"), schema).expect("it is written");
        let converted = Command::new(ours("ovsdb-tool"))
            .args([
                "convert",
                &host("saved.db"),
                &host("other.ovsschema"),
                &host("other.db"),
            ])
            .output()
            .expect("it runs");
        said(&converted);
        let why = online.fails("restore", &["other.db"]);
        assert!(why.contains("a backup with schema version \"8."), "{why}");
        online.says("restore", &["--force", "other.db"]);
        let why = online.fails("restore", &["other.ovsschema"]);
        assert!(!why.is_empty() && switches(&cluster, leader) == ["a"], "{why}");

        online.says("change-election-timer", &["1500"]);
        cluster.wait("the timer", |cluster| {
            let status = cluster.status(leader).ok()?;
            (status.election_timer_ms == 1500).then_some(())
        });
        for wrong in ["x", "9000"] {
            let why = online.fails("change-election-timer", &[wrong]);
            assert!(why.contains("election timer"), "{why}");
        }

        online.says("transfer-leadership", &[]);
        assert_ne!(cluster.leader(), follower);
        let why = online.fails("transfer-leadership", &[]);
        assert!(why.contains("lead"), "{why}");

        for (action, args) in [("dance", &[][..]), ("kick", &[]), ("status", &["more"])] {
            assert!(online.fails(action, args).contains(action));
        }
        assert!(online.fails("kick", &["beef"]).contains("unknown server"));
    }

    cluster.kill(follower);
    let online = Online {
        cluster: &cluster,
        server: at(&cluster, leader),
    };
    let removal = online.says("kick", &[&told.sid[..8]]);
    assert!(
        ["started removal\n", "sent removal request to leader\n"].contains(&&*removal),
        "{removal}"
    );
    // The dead one's way is no way.
    let dead = Online {
        cluster: &cluster,
        server: at(&cluster, follower),
    };
    assert!(dead.fails("status", &[]).contains("refused"));
}

#[test]
fn ovsdb_tool_operates_a_cluster_through_the_management_api() {
    operate_online(Cluster::management);
}

#[test]
fn ovsdb_tool_operates_a_cluster_through_control_sockets() {
    operate_online(|cluster, member| cluster.control_socket(member).display().to_string());
}

/// Whoever leads has another member take over first: nobody has to miss it.
#[test]
fn a_leader_that_is_told_to_end_hands_over() {
    let mut cluster = Cluster::start(Kind::Ours, 3);
    for how in ["exit", "SIGTERM"] {
        let leader = cluster.leader();
        if how == "exit" {
            cluster.control(leader, "exit", &[]).expect("it obeys");
        }
        // A server that is ending already does not mind the signal.
        cluster.stop(leader);
        let next = cluster.leader();
        let status = cluster.control(next, "cluster/status", &[cluster.database()]);
        let status = status.expect("it runs");
        assert!(status.contains("reason: leadership_transfer"), "{how}: {status}");
        cluster.restart(leader);
        cluster.wait_until_whole();
    }
}
