//! An old copy of a member's file, put back beside the folder that its server has written to since: what is told to do
//! about it is done, word for word.

use std::net::TcpListener;

use ferrovn_tests::peers::Scratch;
use ferrovn_tests::server::{Kind, Server, ours, tool};
use serde_json::json;

const DATABASE: &str = "OVN_Southbound";

/// An address that nobody else listens on at this moment.
fn address() -> String {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    format!("tcp:{}", free.local_addr().expect("it is bound"))
}

fn names(server: &Server, scratch: &Scratch) -> Vec<String> {
    let select = json!({"op": "select", "table": "Chassis_Private", "where": []});
    let results = server.client(scratch).transact(json!([DATABASE, select]));
    let rows = results[0]["rows"].as_array().cloned().unwrap_or_default();
    let mut names: Vec<String> = rows
        .iter()
        .filter_map(|row| Some(row["name"].as_str()?.to_owned()))
        .collect();
    names.sort();
    names
}

fn serve(scratch: &Scratch, name: &str, file: &str) -> Server {
    Server::start_on(
        Kind::Ours,
        scratch,
        name,
        &[&scratch.host(file).display().to_string()],
        &[],
    )
}

#[test]
fn what_the_folder_holds_is_not_lost() {
    let scratch = Scratch::new("old-copy");
    let run = |args: &[&str]| {
        let output = tool(Kind::Ours, &scratch, args);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    let schema = ferrovn_tests::peers::root().join("usr/share/ovn/ovn-sb.ovsschema");
    run(&["create-cluster", "db", &schema.display().to_string(), &address()]);
    std::fs::copy(scratch.host("db"), scratch.host("copy")).expect("it is readable");
    let server = serve(&scratch, "s", "db");
    let row = json!({"op": "insert", "table": "Chassis_Private", "row": {"name": "newest"}});
    let done = server.client(&scratch).transact(json!([DATABASE, row]));
    assert!(done[0]["uuid"].is_array(), "{done}");
    server.stop();

    std::fs::copy(scratch.host("copy"), scratch.host("db")).expect("it is writable");
    let refused = std::process::Command::new(ours("ovsdb-server"))
        .arg(scratch.host("db"))
        .args(["--unixctl=none", "--remote=none"])
        .output()
        .expect("it runs");
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && told.contains("an old copy"),
        "{told}"
    );

    // The last of what is told, for a cluster of one: "ovsdb-tool create-cluster NEW FILE ADDRESS".
    let remedy = told.rsplit('"').nth(1).expect("a command").to_owned();
    let to = address();
    let words: Vec<&str> = remedy
        .split_whitespace()
        .map(|word| match word {
            "NEW" => "new",
            "ADDRESS" => &to,
            word => word,
        })
        .collect();
    assert_eq!(words[..2], ["ovsdb-tool", "create-cluster"], "{told}");
    run(&words[1..]);
    let new = serve(&scratch, "n", "new");
    assert_eq!(names(&new, &scratch), ["newest"]);
    new.stop();

    // Other commands that read a member do so, too.
    run(&["cluster-to-standalone", "out", "db"]);
    let out = serve(&scratch, "o", "out");
    assert_eq!(names(&out, &scratch), ["newest"]);
    out.stop();
}
