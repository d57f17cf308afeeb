//! Members of a cluster of ours hold the same, to the last digit, however it came to them.

use ferrovn_tests::cluster::{Cluster, Options};
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::server::{Kind, tool};
use serde_json::{Value, json};

const SCHEMA: &str = r#"{"name": "D", "version": "1.0.0", "tables": {"T": {"isRoot": true, "columns": {
  "name": {"type": "string"},
  "r": {"type": "real"},
  "rs": {"type": {"key": "real", "min": 0, "max": "unlimited"}}}}}}"#;

/// Three members of a database with reals.
fn cluster() -> Cluster {
    let scratch = Scratch::new("agreement");
    std::fs::write(scratch.host("schema"), SCHEMA).expect("the folder is writable");
    let options = Options {
        contents: Some(scratch.host("schema")),
        ..Options::default()
    };
    Cluster::start_with(Kind::Ours, 3, options)
}

/// Runs operations that must succeed.
#[track_caller]
fn transact(cluster: &Cluster, member: usize, operations: &[Value]) -> Value {
    let mut request = vec![json!("D")];
    request.extend_from_slice(operations);
    let results = cluster.client(member).transact(Value::Array(request));
    assert!(!results.to_string().contains("error"), "{results}");
    results
}

#[track_caller]
fn members_agree(cluster: &Cluster) {
    cluster.wait_until_whole();
    for member in [cluster.leader(), cluster.follower()] {
        let said = cluster
            .control(member, "cluster/verify", &["D"])
            .expect("any member verifies");
        assert!(said.ends_with("all members have the same contents\n"), "{said}");
    }
}

#[test]
fn reals_are_the_same_on_all_members_and_in_files() {
    // More than the 15 digits that clients are told; the two of the set have the same 15.
    let (sum, near) = (0.1_f64 + 0.2, 0.3_f64);
    assert_ne!(sum, near);
    let mut cluster = cluster();
    let row = |name: &str| {
        let row = json!({"name": name, "r": sum, "rs": ["set", [sum, near, f64::MAX]]});
        json!({"op": "insert", "table": "T", "row": row})
    };
    let (leader, follower) = (cluster.leader(), cluster.follower());
    transact(&cluster, leader, &[row("leader")]);
    transact(&cluster, follower, &[row("follower")]);
    let calculate = json!([["r", "/=", 3], ["rs", "/=", 3]]);
    let mutate = |name: &str| {
        let clause = json!([["name", "==", name]]);
        json!({"op": "mutate", "table": "T", "where": clause, "mutations": calculate})
    };
    transact(&cluster, leader, &[row("calculated"), mutate("calculated")]);
    // A difference of sets.
    let one_less = json!({"op": "mutate", "table": "T", "where": [["name", "==", "leader"]],
        "mutations": [["rs", "delete", near]]});
    transact(&cluster, follower, &[one_less]);
    members_agree(&cluster);
    let finds = |cluster: &Cluster, member: usize, real: f64, n: usize| {
        // The largest double is no number any more with 15 digits: no client reads it.
        let select = json!({"op": "select", "table": "T", "where": [["r", "==", real]], "columns": ["name"]});
        let results = transact(cluster, member, &[select]);
        assert_eq!(
            results[0]["rows"].as_array().map(Vec::len),
            Some(n),
            "{real} on {member}"
        );
    };
    for member in cluster.members() {
        finds(&cluster, member, sum, 2);
        finds(&cluster, member, near, 0);
        finds(&cluster, member, sum / 3.0, 1);
    }

    // From its log, from a snapshot, and from another member's.
    cluster.kill(leader);
    cluster.restart(leader);
    members_agree(&cluster);
    cluster
        .control(follower, "ovsdb-server/compact", &["D"])
        .expect("it makes a snapshot");
    cluster.restart(follower);
    cluster.join();
    members_agree(&cluster);

    // The C program reads the same from what is exported.
    let file = |member: usize| cluster.folder(member).join("db").display().to_string();
    let out = cluster.scratch().host("out").display().to_string();
    let exported = tool(
        Kind::Ours,
        cluster.scratch(),
        &["cluster-to-standalone", &out, &file(follower)],
    );
    assert!(exported.status.success(), "{exported:?}");
    for (real, n) in [(sum, 2), (near, 0), (sum / 3.0, 1)] {
        let select = json!(["D", {"op": "select", "table": "T", "where": [["r", "==", real]],
            "columns": ["name"]}]);
        let out = cluster.scratch().inner("out").display().to_string();
        let found = tool(Kind::C, cluster.scratch(), &["query", &out, &select.to_string()]);
        let reply: Value = serde_json::from_slice(&found.stdout).expect("a reply is JSON");
        assert_eq!(
            reply[0]["rows"].as_array().map(Vec::len),
            Some(n),
            "{real}: {reply}"
        );
    }
}

#[test]
fn conversions_that_come_at_once_take_turns() {
    let cluster = cluster();
    let members = cluster.members();
    let mut clients: Vec<_> = members
        .iter()
        .flat_map(|member| [cluster.client(*member), cluster.client(*member)])
        .collect();
    for client in &mut clients {
        client.call("set_db_change_aware", json!([true]));
    }
    let version = |n: usize| SCHEMA.replace("1.0.0", &format!("1.0.{n}"));
    let asked: Vec<u64> = clients
        .iter_mut()
        .enumerate()
        .map(|(n, client)| {
            let schema: Value = serde_json::from_str(&version(n + 1)).expect("JSON");
            client.send("convert", json!(["D", schema]))
        })
        .collect();
    for (client, id) in clients.iter_mut().zip(asked) {
        let reply = client.reply(&json!(id)).expect("it stays connected");
        assert_eq!(reply["result"], json!({}), "{reply}");
    }
    members_agree(&cluster);
}
