//! The plugin through a `kubectl` that records what it is asked and answers from a table.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// Answers by the whole of its words: the file `answers` has lines `words<TAB>exit code<TAB>output`, where the words
/// may end in `*`. Whatever is not there fails.
const FAKE: &str = r#"#!/bin/sh
here=$(dirname "$0")
printf '%s\n' "$*" >> "$here/asked"
while IFS="$(printf '\t')" read -r words code output; do
    case "$*" in
    $words)
        [ -z "$output" ] || printf '%b\n' "$output"
        exit "$code"
        ;;
    esac
done < "$here/answers"
echo "unexpected: $*" >&2
exit 99
"#;

struct Plugin {
    folder: TempDir,
}

impl Plugin {
    fn new(answers: &[(&str, u8, &str)]) -> Plugin {
        let folder = tempfile::tempdir().expect("a folder");
        let fake = folder.path().join("kubectl");
        std::fs::write(&fake, FAKE).expect("it is writable");
        std::fs::set_permissions(&fake, PermissionsExt::from_mode(0o755)).expect("it is ours");
        let line = |(words, code, output): &(&str, u8, &str)| {
            // The words are a shell's pattern: brackets and question marks mean themselves.
            let words = words.replace(['[', ']'], "?");
            format!("{words}\t{code}\t{}\n", output.replace('\n', "\\n"))
        };
        let answers: String = answers.iter().map(line).collect();
        std::fs::write(folder.path().join("answers"), answers).expect("it is writable");
        Plugin { folder }
    }

    fn run(&self, words: &str) -> Output {
        let path = format!(
            "{}:{}",
            self.folder.path().display(),
            std::env::var("PATH").unwrap_or_default()
        );
        Command::new(env!("CARGO_BIN_EXE_kubectl-ko"))
            .args(words.split_whitespace())
            .env("PATH", path)
            .env("TZ", "UTC")
            .env_remove("KUBE_OVN_NS")
            .current_dir(self.folder.path())
            .output()
            .expect("it runs")
    }

    fn asked(&self) -> Vec<String> {
        let asked = std::fs::read_to_string(self.folder.path().join("asked")).unwrap_or_default();
        asked.lines().map(str::to_owned).collect()
    }
}

/// What a run must print and end with.
#[track_caller]
fn check(output: &Output, code: i32, stdout: &str) {
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*text), (Some(code), stdout), "{errors}");
}

const LEADERS: (&str, u8, &str) = (
    "get pod -n kube-system -l ovn-*-leader=true",
    0,
    "NAME READY STATUS RESTARTS AGE\novn-central-a 0/1 Running 0 4d\novn-central-b 1/1 Running 0 4d",
);

#[test]
fn the_cluster_is_shown() {
    let plugin = Plugin::new(&[
        LEADERS,
        ("exec *cluster/status*", 0, "4fba\nName: OVN_Southbound"),
        ("exec *get-db-storage-status*", 0, "status: ok"),
    ]);
    check(
        &plugin.run("sb status"),
        0,
        "4fba\nName: OVN_Southbound\nstatus: ok\n",
    );
    let exec = "exec ovn-central-b -n kube-system -c ovn-central -- ovn-appctl -t /var/run/ovn/ovnsb_db.ctl";
    assert_eq!(
        plugin.asked(),
        [
            "get pod -n kube-system -l ovn-sb-leader=true".to_owned(),
            format!("{exec} cluster/status OVN_Southbound"),
            format!("{exec} ovsdb-server/get-db-storage-status OVN_Southbound"),
        ]
    );
}

#[test]
fn without_a_leader_it_says_so() {
    let plugin = Plugin::new(&[(
        "get pod *",
        0,
        "NAME READY STATUS RESTARTS AGE\novn-central-a 0/1 Running 0 4d",
    )]);
    for (words, said) in [
        ("nb status", "nb leader not exists\n"),
        ("sb kick 4fba", "sb leader not exists\n"),
        ("icnb backup", "ic nb leader not exists\n"),
        ("icsb status", "ic sb leader not exists\n"),
    ] {
        check(&plugin.run(words), 1, said);
    }
}

#[test]
fn a_command_that_fails_ends_it_with_its_code() {
    let plugin = Plugin::new(&[LEADERS, ("exec *cluster/kick OVN_Northbound beef", 2, "")]);
    check(&plugin.run("nb kick beef"), 2, "");
    let plugin = Plugin::new(&[("get pod *", 1, "")]);
    check(&plugin.run("nb status"), 1, "");
}

#[test]
fn a_backup_is_copied_and_leaves_nothing_behind() {
    let plugin = Plugin::new(&[LEADERS, ("exec *", 0, ""), ("cp *", 0, "")]);
    let output = plugin.run("nb backup");
    let said = String::from_utf8_lossy(&output.stdout);
    let path = said
        .trim_end()
        .strip_prefix("backup ovn-nb db to ")
        .expect("it says where");
    let path = Path::new(path);
    let here = plugin.folder.path().canonicalize().expect("a folder");
    assert_eq!(
        path.parent().and_then(|path| path.canonicalize().ok()),
        Some(here)
    );
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    assert!(
        name.starts_with("ovnnb_db.") && name.ends_with(".backup"),
        "{name}"
    );
    let exec = "exec ovn-central-b -n kube-system -c ovn-central --";
    assert_eq!(
        plugin.asked()[1..],
        [
            format!("{exec} ovsdb-tool cluster-to-standalone /etc/ovn/{name} /etc/ovn/ovnnb_db.db"),
            format!(
                "cp kube-system/ovn-central-b:/etc/ovn/{name} {} -c ovn-central",
                path.display()
            ),
            format!("{exec} rm -f /etc/ovn/{name}"),
        ]
    );

    // Also when the copy fails.
    let plugin = Plugin::new(&[LEADERS, ("exec *", 0, ""), ("cp *", 3, "")]);
    check(&plugin.run("nb backup"), 3, "");
    assert!(plugin.asked()[3].contains(" rm -f /etc/ovn/ovnnb_db."));
}

#[test]
fn storage_is_shown_in_every_pod() {
    let plugin = Plugin::new(&[
        (
            "get pod -n kube-system",
            0,
            "NAME READY\novn-central-a 0/1\novn-central-b 1/1\nother 1/1",
        ),
        ("exec ovn-central-a *OVN_Northbound", 0, "status: ok"),
        ("exec *", 0, "status: ovsdb error: inconsistent data"),
    ]);
    check(
        &plugin.run("nb dbstatus"),
        0,
        "get dbstatus in pod ovn-central-a\nnb db status status: ok\n\
         sb db status status: ovsdb error: inconsistent data\n\
         get dbstatus in pod ovn-central-b\nnb db status status: ovsdb error: inconsistent data\n\
         sb db status status: ovsdb error: inconsistent data\n",
    );
}

const NODES: &str = "get deployment -n kube-system ovn-central -o jsonpath={.spec.template.*";
const REPLICAS: (&str, u8, &str) = (
    "get deployment -n kube-system ovn-central -o jsonpath={.spec.replicas}",
    0,
    "2",
);
const VSWITCHES: (&str, u8, &str) = (
    "get pod -n kube-system",
    0,
    "ovs-ovn-x 1/1\novs-ovn-y 1/1\novs-ovn-z 1/1",
);
const HOSTS: [(&str, u8, &str); 3] = [
    ("get pod -n kube-system ovs-ovn-x *", 0, "10.0.0.2"),
    ("get pod -n kube-system ovs-ovn-y *", 0, "10.0.0.1"),
    ("get pod -n kube-system ovs-ovn-z *", 0, "10.0.0.9"),
];

#[test]
fn the_first_nodes_contents_become_the_cluster() {
    let plugin = Plugin::new(&[
        REPLICAS,
        (NODES, 0, "10.0.0.1,10.0.0.2"),
        VSWITCHES,
        HOSTS[0],
        HOSTS[1],
        HOSTS[2],
        ("scale *", 0, "deployment.apps/ovn-central scaled"),
        ("exec *", 0, ""),
        (
            "get deployment -n kube-system",
            0,
            "NAME READY UP AVAILABLE AGE\novn-central 2/2 2 2 4d",
        ),
        ("-n kube-system rollout *", 0, "daemonset.apps/ovs-ovn restarted"),
    ]);
    check(
        &plugin.run("nb restore"),
        0,
        "deployment.apps/ovn-central scaled\novn-central original replicas is 2\nfirst nodeIP is 10.0.0.1\n\
         ovs-ovn pod on node 10.0.0.1 is ovs-ovn-y\novs-ovn pod on node 10.0.0.2 is ovs-ovn-x\n\
         backup nb db file\nrestore nb db file, operate in pod ovs-ovn-y\ndeployment.apps/ovn-central scaled\n\
         finish restore nb db file and ovn-central replicas\nrestart ovs-ovn\ndaemonset.apps/ovs-ovn restarted\n",
    );
    let changing: Vec<String> = plugin
        .asked()
        .into_iter()
        .filter(|words| !words.starts_with("get"))
        .collect();
    let expected = "\
scale deployment -n kube-system ovn-central --replicas=0
exec ovs-ovn-y -n kube-system -- ovsdb-tool cluster-to-standalone /etc/ovn/ovnnb_db_standalone.db /etc/ovn/ovnnb_db.db
exec ovs-ovn-y -n kube-system -- mv -f /etc/ovn/ovnnb_db.db /tmp
exec ovs-ovn-y -n kube-system -- mv -f /etc/ovn/ovnsb_db.db /tmp
exec ovs-ovn-x -n kube-system -- mv -f /etc/ovn/ovnnb_db.db /tmp
exec ovs-ovn-x -n kube-system -- mv -f /etc/ovn/ovnsb_db.db /tmp
exec ovs-ovn-y -n kube-system -- mv -f /etc/ovn/ovnnb_db_standalone.db /etc/ovn/ovnnb_db.db
scale deployment -n kube-system ovn-central --replicas=2
-n kube-system rollout restart ds ovs-ovn";
    assert_eq!(changing, expected.lines().collect::<Vec<_>>());
}

#[test]
fn a_restore_that_cannot_begin_touches_nothing() {
    // The first node has no pod to work in.
    let plugin = Plugin::new(&[
        REPLICAS,
        (NODES, 0, "10.0.0.3"),
        VSWITCHES,
        HOSTS[0],
        HOSTS[1],
        HOSTS[2],
    ]);
    check(&plugin.run("nb restore"), 1, "");
    assert!(plugin.asked().iter().all(|words| words.starts_with("get")));
    // Nodes by their role; the contents cannot be read: the pods come back.
    let plugin = Plugin::new(&[
        REPLICAS,
        (NODES, 0, ""),
        (
            "get node *",
            0,
            "NAME STATUS ROLES AGE VERSION INTERNAL-IP\na Ready x 4d v1 10.0.0.1",
        ),
        VSWITCHES,
        HOSTS[0],
        HOSTS[1],
        HOSTS[2],
        ("scale *", 0, ""),
        ("exec *", 1, ""),
    ]);
    let output = plugin.run("nb restore");
    assert_eq!(output.status.code(), Some(1));
    let asked = plugin.asked();
    assert_eq!(
        asked.last().map(String::as_str),
        Some("scale deployment -n kube-system ovn-central --replicas=2")
    );
    assert!(!asked.iter().any(|words| words.contains(" mv ")));
    let plugin = Plugin::new(&[]);
    check(
        &plugin.run("sb restore"),
        0,
        "restore cmd is only used for nb db\n",
    );
    assert!(plugin.asked().is_empty());
}

#[test]
fn words_that_mean_nothing() {
    let plugin = Plugin::new(&[]);
    let help = plugin.run("");
    assert!(help.status.success() && help.stdout.starts_with(b"kubectl ko {subcommand}"));
    let unknown = plugin.run("nonsense");
    assert_eq!((unknown.status.code(), unknown.stdout), (Some(1), help.stdout));
    check(&plugin.run("nb dance"), 0, "unknown action dance\n");
    check(&plugin.run("nb"), 1, "");
    check(&plugin.run("nb kick"), 1, "");
    assert!(plugin.asked().is_empty());
}
