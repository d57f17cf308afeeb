//! Members of clusters from their files on: made with `ovsdb-tool`, served one by one, looked at and taken apart.
//!
//! In: a test's folder, in which a member's file, its sockets and its log share one name. Out: what the tools say,
//! servers of a database `D` with one table `T`. What must succeed and does not ends the test with what was said.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::peers::Scratch;
use crate::server::{Kind, Server, tool};

/// The schema of `D`.
pub const SCHEMA: &str = r#"{"name": "D", "version": "1.2.3", "tables": {
  "T": {"isRoot": true, "columns": {"name": {"type": "string"}, "n": {"type": "integer"}}}}}"#;

/// Asks for the names of all rows.
pub const SELECT: &str = r#"["D", {"op": "select", "table": "T", "where": [], "columns": ["name"]}]"#;

/// A folder with the schema in it, as the file `schema`.
pub fn folder(test: &str) -> Scratch {
    let scratch = Scratch::new(test);
    std::fs::write(scratch.host("schema"), SCHEMA).expect("the folder is writable");
    scratch
}

/// An address that nobody else listens on at this moment.
pub fn address() -> String {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    format!("tcp:{}", free.local_addr().expect("it is bound"))
}

/// What `ovsdb-tool` says, standard error included; it must end by itself with 0, 1 or 2.
pub fn run(kind: Kind, scratch: &Scratch, args: &[&str]) -> (i32, String) {
    let output = tool(kind, scratch, args);
    let status = output.status.code().unwrap_or(-1);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!((0..=2).contains(&status), "{args:?}: {}\n{said}", output.status);
    (status, said)
}

/// What `ovsdb-tool` says, which must succeed.
#[track_caller]
pub fn said(kind: Kind, scratch: &Scratch, args: &[&str]) -> String {
    let (status, said) = run(kind, scratch, args);
    assert_eq!(status, 0, "{args:?}: {said}");
    said.trim_end().to_owned()
}

/// What `ovsdb-tool` says, which must fail.
#[track_caller]
pub fn refused(kind: Kind, scratch: &Scratch, args: &[&str]) -> String {
    let (status, said) = run(kind, scratch, args);
    assert_eq!(status, 1, "{args:?}: {said}");
    said
}

/// A cluster of the members whose files are to have these names, without rows: the first makes it, the others join.
pub fn found<const N: usize>(scratch: &Scratch, names: [&str; N]) -> [Server; N] {
    found_of(scratch, "schema", names)
}

/// A cluster of what a file holds: a schema, a database, another cluster's member.
pub fn found_of<const N: usize>(scratch: &Scratch, contents: &str, names: [&str; N]) -> [Server; N] {
    let first = names.first().copied().unwrap_or_default();
    names.map(|name| match name == first {
        true => {
            said(
                Kind::Ours,
                scratch,
                &["create-cluster", name, contents, &address()],
            );
            serve(Kind::Ours, scratch, name)
        }
        false => join(scratch, name, &[first]),
    })
}

/// A new member of the cluster that these are members of.
pub fn join(scratch: &Scratch, name: &str, others: &[&str]) -> Server {
    make_joining(scratch, name, &address(), others);
    let server = serve(Kind::Ours, scratch, name);
    wait_for_membership(scratch, name);
    server
}

/// The file of a server that is to listen there for others, and to join the cluster that these are members of.
pub fn make_joining(scratch: &Scratch, name: &str, address: &str, others: &[&str]) {
    let remotes: Vec<String> = others.iter().map(|other| address_of(scratch, other)).collect();
    let remotes: Vec<&str> = remotes.iter().map(String::as_str).collect();
    let words = ["join-cluster", name, "D", address];
    said(Kind::Ours, scratch, &[&words, &remotes[..]].concat());
}

/// Where a member listens for others.
pub fn address_of(scratch: &Scratch, name: &str) -> String {
    said(Kind::Ours, scratch, &["db-local-address", name])
}

/// Serves a member, once it leads or follows somebody.
pub fn serve(kind: Kind, scratch: &Scratch, name: &str) -> Server {
    let server = start(kind, scratch, name, &[]);
    wait_until_served(&server, scratch);
    server
}

/// Starts the server of a member, which may have nothing to serve yet.
pub fn start(kind: Kind, scratch: &Scratch, name: &str, options: &[&str]) -> Server {
    Server::start_on(kind, scratch, name, &[&kind.path(scratch, name)], options)
}

/// What the server of a member says that it must not serve.
#[track_caller]
pub fn refused_server(scratch: &Scratch, name: &str) -> String {
    let mut command = Kind::Ours.command(scratch, "ovsdb-server");
    // One that serves ends at once, with another status.
    command
        .arg(scratch.host(name))
        .args(["--unixctl=none", "--run=true"]);
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{name}: {said}");
    said
}

/// Waits until a member leads or follows somebody, and has contents.
pub fn wait_until_served(server: &Server, scratch: &Scratch) {
    wait("a schema", || {
        let row = database_row(server, scratch)?;
        (row["connected"] == true && row["schema"].is_string()).then_some(())
    });
}

/// Waits until there is something.
#[track_caller]
pub fn wait<T>(what: &str, mut get: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(got) = get() {
            return got;
        }
        assert!(Instant::now() < until, "waited for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A server that joins serves while it only learns; its file says when it is a member.
pub fn wait_for_membership(scratch: &Scratch, name: &str) {
    wait("membership", || {
        let (_, said) = run(Kind::Ours, scratch, &["check-cluster", name]);
        said.is_empty().then_some(())
    });
}

/// Waits until a member's file says no more than who the member is: its folder holds the rest.
pub fn wait_until_settled(scratch: &Scratch, name: &str) {
    wait("the file to be settled", || {
        let file = std::fs::metadata(scratch.host(name)).expect("it is there");
        (file.len() < 1000).then_some(())
    });
}

/// What `_Server` says of the database; none while the server closes connections because its databases change.
pub fn database_row(server: &Server, scratch: &Scratch) -> Option<Value> {
    let select = json!({"op": "select", "table": "Database", "where": [["name", "==", "D"]]});
    let reply = server
        .client(scratch)
        .try_call("transact", json!(["_Server", select]))?;
    reply["result"][0]["rows"][0]
        .as_object()
        .map(|row| Value::Object(row.clone()))
}

/// The index that a member shows.
pub fn index(server: &Server, scratch: &Scratch) -> u64 {
    let row = database_row(server, scratch).expect("it is served");
    row["index"].as_u64().expect("a member has an index")
}

/// Adds a row.
pub fn insert(server: &Server, scratch: &Scratch, name: &str) {
    let row = json!({"op": "insert", "table": "T", "row": {"name": name}});
    let results = server.client(scratch).transact(json!(["D", row]));
    assert!(results[0]["uuid"].is_array(), "{results}");
}

/// The names in the answer to [`SELECT`], sorted, one behind the other.
pub fn names_of(results: &Value) -> String {
    let rows = results[0]["rows"].as_array();
    let rows = rows.unwrap_or_else(|| panic!("no rows in {results}"));
    let mut names: Vec<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    names.sort_unstable();
    names.join("")
}

/// The names that a server serves.
pub fn names(server: &Server, scratch: &Scratch) -> String {
    let select: Value = serde_json::from_str(SELECT).expect("JSON");
    names_of(&server.client(scratch).transact(select))
}

/// The names in a standalone database's file, as the packaged program reads it.
pub fn names_in(scratch: &Scratch, file: &str) -> String {
    let results = said(Kind::C, scratch, &["query", file, SELECT]);
    names_of(&serde_json::from_str(&results).expect("a reply is JSON"))
}

/// The names in what a member's file comes to as a standalone database, `out`.
pub fn exported(scratch: &Scratch, file: &str) -> String {
    let _ = std::fs::remove_file(scratch.host("out"));
    said(Kind::Ours, scratch, &["cluster-to-standalone", "out", file]);
    names_in(scratch, "out")
}

/// A server serves these names at a later index than another one: no client takes them for stale.
#[track_caller]
pub fn check_ahead(server: &Server, scratch: &Scratch, expected: &str, before: u64) {
    assert_eq!(names(server, scratch), expected);
    let now = index(server, scratch);
    assert!(now > before, "{now} after {before}");
}

/// Runs a command on a server's control socket (ovs-appctl(8)): its answer, or the error it answers with.
pub fn control(scratch: &Scratch, server: &str, args: &[&str]) -> Result<String, String> {
    let socket = scratch.inner(&format!("{server}.ctl")).display().to_string();
    let output = scratch.output("ovs-appctl", &[&["-t", &socket], args].concat());
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// What `cluster/status` says.
pub fn status(scratch: &Scratch, server: &str) -> String {
    control(scratch, server, &["cluster/status", "D"]).unwrap_or_else(|error| error)
}

/// Has a server restore a file, with further words behind it.
pub fn restore(scratch: &Scratch, server: &str, file: &str, more: &[&str]) -> Result<(), String> {
    let file = scratch.host(file).display().to_string();
    let command = ["ovsdb-server/restore", "D", &file];
    control(scratch, server, &[&command, more].concat()).map(drop)
}

/// Every file in a folder, with its bytes.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let files = entries.map(|entry| {
        let entry = entry.expect("an entry");
        let bytes = std::fs::read(entry.path()).expect("it is readable");
        (entry.file_name().to_string_lossy().into_owned(), bytes)
    });
    files.collect()
}
