//! `ovn-appctl -t ovn-northd`: the packaged program and ours list the same commands and answer them in the same form;
//! and options that are about the process, databases with TLS among them.

use std::process::Command;
use std::time::{Duration, Instant};

use ferrovn_tests::peers::Scratch;
use ferrovn_tests::pki::Authority;
use ferrovn_tests::process::Process;
use ferrovn_tests::server::{Kind, Server, ours};
use ferrovn_tests::translator;
use ovn_schemas::Db;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A pair of databases and one program that keeps them in step, killed with its handle.
struct Zone {
    scratch: Scratch,
    _servers: [Server; 2],
    _northd: Process,
}

impl Zone {
    fn new(test: &str, kind: Kind) -> Zone {
        let scratch = Scratch::new(test);
        let at = |file: &str| kind.path(&scratch, file);
        let options = [
            format!("--ovnnb-db=unix:{}", at("nb.sock")),
            format!("--ovnsb-db=unix:{}", at("sb.sock")),
        ];
        let nb = Server::start(Kind::C, &scratch, "nb", Db::OvnNorthbound.text(), &[]);
        let sb = Server::start(Kind::C, &scratch, "sb", Db::OvnSouthbound.text(), &[]);
        Zone::on(scratch, kind, [nb, sb], &options)
    }

    fn on(scratch: Scratch, kind: Kind, servers: [Server; 2], options: &[String]) -> Zone {
        let zone = Zone {
            _northd: translator::start(kind, &scratch, "ovn-northd", "northd", options),
            scratch,
            _servers: servers,
        };
        zone.nbctl(&["init"]);
        let began = Instant::now();
        while zone.ask(&["status"]).trim() != "Status: active" {
            assert!(began.elapsed() < PATIENCE, "{}", zone.ask(&["status"]));
            std::thread::sleep(Duration::from_millis(20));
        }
        zone.nbctl(&["--wait=sb", "sync"]);
        zone
    }

    fn nbctl(&self, args: &[&str]) -> String {
        let args = [&["--db=unix:nb.sock", "--timeout=60"], args].concat();
        self.scratch.run("ovn-nbctl", &args)
    }

    /// What a command prints, also when it is refused.
    fn ask(&self, words: &[&str]) -> String {
        let socket = self.scratch.inner("northd.ctl").display().to_string();
        let output = self
            .scratch
            .output("ovn-appctl", &[&["-t", &socket], words].concat());
        let text = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&text).into_owned()
    }
}

/// A text with `N` for every number.
fn form(text: &str) -> String {
    let mut form = String::new();
    for c in text.chars() {
        match c.is_ascii_digit() {
            true if form.ends_with('N') => {}
            true => form.push('N'),
            // Numbers that are aligned take more or less room.
            false if c == ' ' && form.ends_with(' ') => {}
            false => form.push(c),
        }
    }
    form
}

#[test]
fn commands_are_those_of_the_packaged_program() {
    let zones = [Kind::C, Kind::Ours].map(|kind| Zone::new("northd-commands", kind));
    for zone in &zones {
        zone.nbctl(&["--wait=sb", "ls-add", "sw0", "--", "lsp-add", "sw0", "a"]);
    }
    let [c, ours] = zones.each_ref().map(|zone| zone.ask(&["list-commands"]));
    let own: Vec<&str> = ours
        .lines()
        .filter(|line| !c.lines().any(|of| of == *line))
        .collect();
    assert_eq!(
        own,
        ["  derivations/clear-counts ", "  derivations/show-counts "],
        "{ours}"
    );
    for line in c.lines() {
        assert!(ours.lines().any(|of| of == line), "{line}");
    }
    for words in [
        &["inc-engine/show-stats"][..],
        &["inc-engine/show-stats", "lflow"],
        &["inc-engine/show-stats", "lflow", "recompute"],
        &["inc-engine/show-stats", "lflow", "nope"],
        &["inc-engine/show-stats", "nope"],
        &["inc-engine/clear-stats"],
        &["inc-engine/compute-log-timeout"],
        &["inc-engine/compute-log-timeout", "x"],
        &["inc-engine/compute-log-timeout", "500"],
        &["debug/chassis-features-list"],
        &["stopwatch/show", "ovn-northd-loop"],
        &["stopwatch/show", "nope"],
        &["stopwatch/reset", "nope"],
        &["stopwatch/reset"],
        &["coverage/read-counter", "txn_success"],
        &["coverage/read-counter", "nope"],
        &["parallel-build/set-n-threads", "0"],
        &["is-paused"],
    ] {
        let [c, ours] = zones.each_ref().map(|zone| {
            let socket = zone.scratch.inner("northd.ctl").display().to_string();
            form(&zone.ask(words).replace(&socket, "SOCKET"))
        });
        assert_eq!(ours, c, "{words:?}");
    }
    let [c, ours] = zones.each_ref().map(|zone| {
        let text = zone.ask(&["stopwatch/show"]);
        let mut names: Vec<String> = text
            .lines()
            .filter(|line| line.starts_with("Stat"))
            .map(str::to_owned)
            .collect();
        names.sort();
        names
    });
    assert_eq!(ours, c);
}

#[test]
fn nodes_have_run_where_something_was_made() {
    let zone = Zone::new("northd-stats", Kind::Ours);
    zone.nbctl(&["--wait=sb", "ls-add", "sw0"]);
    let stats = |node: &str, counter: &str| {
        zone.ask(&["inc-engine/show-stats", node, counter])
            .trim()
            .to_owned()
    };
    zone.ask(&["inc-engine/clear-stats"]);
    zone.nbctl(&["--wait=sb", "lsp-add", "sw0", "a"]);
    for (node, ran) in [
        ("northd", true),
        ("lflow", true),
        ("lr_nat", false),
        ("sync_to_sb_addr_set", false),
    ] {
        assert_eq!(stats(node, "recompute"), "0", "{node}");
        assert_eq!(stats(node, "compute") != "0", ran, "{node}");
    }
    zone.ask(&["inc-engine/recompute"]);
    zone.nbctl(&["--wait=sb", "sync"]);
    assert_eq!(stats("lflow", "recompute"), "1");
    for (command, said) in [
        ("memory/show", "idl-cells-OVN_Northbound:"),
        ("coverage/show", "txn_success"),
        ("derivations/show-counts", "SwitchPort "),
    ] {
        let text = zone.ask(&[command]);
        assert!(text.contains(said), "{command}: {text}");
    }
}

#[test]
fn options_of_the_process_in_the_database_change_nothing_else() {
    let zone = Zone::new("northd-options", Kind::Ours);
    for option in [
        "northd-backoff-interval-ms=300",
        "northd_probe_interval=60000",
        "northd_probe_interval=0",
    ] {
        zone.nbctl(&["set", "NB_Global", ".", &format!("options:{option}")]);
        zone.nbctl(&["--wait=sb", "ls-add", &format!("sw-{option}")]);
    }
    assert_eq!(zone.nbctl(&["ls-list"]).lines().count(), 3);
    assert_eq!(zone.ask(&["status"]).trim(), "Status: active");
}

#[test]
fn databases_with_tls_are_kept_in_step() {
    let scratch = Scratch::new("northd-tls");
    let authority = Authority::new(&scratch, "ours");
    for name in ["server", "northd"] {
        authority.sign(&scratch, name);
    }
    let identity = |kind: Kind, name: &str| {
        let path = |file: String| kind.path(&scratch, &file);
        [
            format!("--private-key={}", path(format!("{name}.key"))),
            format!("--certificate={}", path(format!("{name}.pem"))),
            format!("--ca-cert={}", path("ours.ca.pem".to_owned())),
        ]
    };
    let server = |name: &str, db: Db| {
        let options = identity(Kind::C, "server");
        let mut options: Vec<&str> = options.iter().map(String::as_str).collect();
        options.extend(["--remote=pssl:0:127.0.0.1", "--verbose=console:info"]);
        let server = Server::start(Kind::C, &scratch, name, db.text(), &options);
        let began = Instant::now();
        let port = loop {
            let log = server.log(&scratch);
            if let Some((_, after)) = log.split_once("listening on port ") {
                break after.split_whitespace().next().unwrap_or_default().to_owned();
            }
            assert!(began.elapsed() < PATIENCE, "{log}");
            std::thread::sleep(Duration::from_millis(20));
        };
        (server, format!("ssl:127.0.0.1:{port}"))
    };
    let (nb, nb_remote) = server("nb", Db::OvnNorthbound);
    let (sb, sb_remote) = server("sb", Db::OvnSouthbound);
    let mut options = vec![
        format!("--ovnnb-db={nb_remote}"),
        format!("--ovnsb-db={sb_remote}"),
    ];
    let mut explain = Command::new(ours("ovn-northd"));
    explain
        .arg("explain")
        .args(&options)
        .args(identity(Kind::Ours, "northd"));
    options.extend(identity(Kind::Ours, "northd"));
    let zone = Zone::on(scratch, Kind::Ours, [nb, sb], &options);
    zone.nbctl(&["--wait=sb", "ls-add", "sw0", "--", "lsp-add", "sw0", "guarded"]);
    let output = explain
        .args(["--stage=ls_in_check_port_sec", "eth.src[40]"])
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("of switch sw0"),
        "{output:?}"
    );
}
