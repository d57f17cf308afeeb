//! `ovn-appctl -t ovn-northd`: the packaged program and ours list the same commands and answer them in the same form;
//! and options that are about the process, databases with TLS among them.

use std::process::Command;
use std::time::{Duration, Instant};

use ferrovn_tests::peers::Scratch;
use ferrovn_tests::pki::Authority;
use ferrovn_tests::server::{Kind, Server, ours};
use northd_oracle::fixture::dump;
use northd_oracle::zone::{Northd, PATIENCE, Zone};
use ovn_schemas::Db;
use ovn_schemas::rows::ovn_southbound::DatapathBinding;
use ovsdb_data::typed::Table;
use serde_json::json;

/// The packaged program, and ours.
const BOTH: [Kind; 2] = [Kind::C, Kind::Ours];

/// A pair of databases, and one program that keeps them in step.
fn active(test: &str, kind: Kind) -> (Zone, Northd) {
    let zone = Zone::new(test);
    let northd = zone.start(kind, "northd", &[]);
    zone.wait_until(&northd, "active");
    zone.sync();
    (zone, northd)
}

/// What a program has logged of itself. That it reads its databases anew, ours has no need to say.
fn said(zone: &Zone, northd: &Northd) -> Vec<String> {
    let log = zone.log(northd);
    let lines = log.lines().filter_map(|line| line.split_once("|ovn_northd|"));
    let own = ["OVN internal version is", "reconnected, force recompute"];
    let said = lines.map(|(_, said)| said.to_owned());
    said.filter(|said| !own.iter().any(|own| said.contains(own)))
        .collect()
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
    let zones = BOTH.map(|kind| active("northd-commands", kind));
    for (zone, _) in &zones {
        zone.nbctl(&["--wait=sb", "ls-add", "sw0", "--", "lsp-add", "sw0", "a"]);
    }
    let [c, ours] = zones
        .each_ref()
        .map(|(zone, northd)| zone.ask(northd, &["list-commands"]));
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
        &["is-paused"],
    ] {
        let [c, ours] = zones
            .each_ref()
            .map(|(zone, northd)| form(&zone.ask(northd, words)));
        assert_eq!(ours, c, "{words:?}");
    }
    let [c, ours] = zones.each_ref().map(|(zone, northd)| {
        let text = zone.ask(northd, &["stopwatch/show"]);
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
    let (zone, northd) = active("northd-stats", Kind::Ours);
    zone.nbctl(&["--wait=sb", "ls-add", "sw0"]);
    let stats = |node: &str, counter: &str| {
        let words = ["inc-engine/show-stats", node, counter];
        zone.ask(&northd, &words).trim().to_owned()
    };
    zone.ask(&northd, &["inc-engine/clear-stats"]);
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
    zone.ask(&northd, &["inc-engine/recompute"]);
    zone.nbctl(&["--wait=sb", "sync"]);
    assert_eq!(stats("lflow", "recompute"), "1");
    for (command, said) in [
        ("memory/show", "idl-cells-OVN_Northbound:"),
        ("coverage/show", "txn_success"),
        ("derivations/show-counts", "SwitchPort "),
    ] {
        let text = zone.ask(&northd, &[command]);
        assert!(text.contains(said), "{command}: {text}");
    }
}

#[test]
fn options_of_the_process_in_the_database_change_nothing_else() {
    let (zone, northd) = active("northd-options", Kind::Ours);
    for option in [
        "northd-backoff-interval-ms=300",
        "northd_probe_interval=60000",
        "northd_probe_interval=0",
    ] {
        zone.nbctl(&["set", "NB_Global", ".", &format!("options:{option}")]);
        zone.nbctl(&["--wait=sb", "ls-add", &format!("sw-{option}")]);
    }
    assert_eq!(zone.nbctl(&["ls-list"]).lines().count(), 3);
    assert_eq!(zone.ask(&northd, &["status"]), "Status: active\n");
}

#[test]
fn threads_are_counted_as_the_packaged_program_counts_them() {
    const TEXTS: [&str; 14] = [
        "x",
        "4x",
        " 4",
        "+5",
        "0",
        "257",
        "256",
        "-3",
        "",
        "1",
        "4294967298",
        "99999999999",
        "99999999999999999999",
        "-18446744073709551612",
    ];
    let zones = BOTH.map(|kind| active("northd-threads", kind));
    for text in TEXTS {
        let [c, ours] = zones.each_ref().map(|(zone, northd)| {
            let answer = zone.ask(northd, &["parallel-build/set-n-threads", text]);
            (answer, zone.ask(northd, &["parallel-build/get-n-threads"]))
        });
        assert_eq!(ours, c, "{text:?}");
    }
    for (n, text) in TEXTS.iter().enumerate() {
        let [c, ours] = BOTH.map(|kind| {
            let (zone, _) = &zones[usize::from(kind == Kind::Ours)];
            let option = format!("--n-threads={text}");
            let northd = zone.start(kind, &format!("threads{n}"), &[&option, "--dry-run"]);
            let threads = zone.ask(&northd, &["parallel-build/get-n-threads"]);
            (threads, said(zone, &northd))
        });
        assert_eq!(ours, c, "{text:?}");
    }
}

#[test]
fn a_dry_run_writes_nothing_until_it_is_resumed() {
    let [c, ours] = BOTH.map(|kind| {
        let zone = Zone::new("northd-dry");
        zone.nbctl(&["ls-add", "sw0"]);
        let northd = zone.start(kind, "northd", &["--dry-run"]);
        for db in ["nb", "sb"] {
            zone.wait(&format!("{db} is connected"), || {
                let status = zone.ask(&northd, &[&format!("{db}-connection-status")]);
                status.trim() == "connected"
            });
        }
        let mut told = Vec::new();
        for words in ["status", "is-paused", "inc-engine/recompute", "pause", "status"] {
            told.push(zone.ask(&northd, &[words]));
        }
        zone.nbctl(&["ls-add", "sw1"]);
        let mut sb = zone.sb.client(&zone.scratch);
        let written = dump(&mut sb, Db::OvnSouthbound);
        assert!(written.is_empty(), "{kind:?}: {written:?}");
        told.push(zone.ask(&northd, &["resume"]));
        zone.wait_until(&northd, "active");
        zone.sync();
        let written = dump(&mut sb, Db::OvnSouthbound);
        let datapaths = written
            .iter()
            .filter(|row| row.table == DatapathBinding::TABLE_INDEX);
        assert_eq!(datapaths.count(), 2, "{kind:?}");
        told.push(zone.ask(&northd, &["is-paused"]));
        (told, said(&zone, &northd))
    });
    assert_eq!(ours, c);
    let active = "INFO|ovn-northd lock acquired. This ovn-northd instance is now active.";
    assert_eq!(ours.1, [active]);
}

#[test]
fn who_has_the_lock_is_told_and_logged() {
    let [c, ours] = BOTH.map(|kind| {
        let (mut zone, northd) = active("northd-told", kind);
        let mut told = Vec::new();
        let mut ask = |zone: &Zone, words: &[&str]| {
            for word in words {
                told.push(format!("{word}: {}", zone.ask(&northd, &[word])));
            }
        };
        let mut thief = zone.sb.client(&zone.scratch);
        thief.call("steal", json!(["ovn_northd"]));
        zone.wait_until(&northd, "standby");
        ask(
            &zone,
            &["is-paused", "nb-connection-status", "sb-connection-status"],
        );
        drop(thief);
        zone.wait_until(&northd, "active");
        ask(
            &zone,
            &["pause", "status", "is-paused", "pause", "resume", "is-paused"],
        );
        zone.wait_until(&northd, "active");
        ask(&zone, &["sb-cluster-state-reset", "nb-cluster-state-reset"]);
        zone.sync();
        zone.sb.kill();
        zone.wait_until(&northd, "standby");
        ask(&zone, &["sb-connection-status", "nb-connection-status"]);
        // Nothing is given up: nothing is logged.
        ask(&zone, &["pause", "status", "resume", "status"]);
        zone.sb.restart(&zone.scratch);
        zone.wait_until(&northd, "active");
        ask(&zone, &["sb-connection-status"]);
        zone.nbctl(&["--wait=sb", "ls-add", "sw0"]);
        (told, said(&zone, &northd))
    });
    assert_eq!(ours, c);
    let active = "INFO|ovn-northd lock acquired. This ovn-northd instance is now active.";
    let standby = "INFO|ovn-northd lock lost. This ovn-northd instance is now on standby.";
    let paused = "INFO|This ovn-northd instance is now paused.";
    let reset = ["southbound", "northbound"].map(|of| format!("INFO|Resetting {of} database cluster state"));
    let [sb, nb] = &reset;
    assert_eq!(
        ours.1,
        [active, standby, active, paused, active, sb, nb, standby, active]
    );
}

#[test]
fn a_prefix_of_ethernet_addresses_is_what_the_packaged_program_reads() {
    let zones = BOTH.map(|kind| active("northd-prefix", kind));
    let prefix = |(zone, _): &(Zone, Northd), text: &str| {
        let option = format!("options:mac_prefix=\"{text}\"");
        zone.nbctl(&["--wait=sb", "set", "NB_Global", ".", &option]);
        zone.nbctl(&["get", "NB_Global", ".", "options:mac_prefix"])
            .trim()
            .to_owned()
    };
    for text in [
        "0a:0b:0c",
        "0A:0:1",
        "10a:0b:0c",
        "0x0a:0b:0xc",
        " 0a: 0b: 0c",
        "-1:0b:+c",
        "0a:0b:0c:0d:0e:0f",
        "0a:0b:0cxyz",
        "01:00:00",
        "fffffffffffffffff0a:0b:0c",
    ] {
        let [c, ours] = zones.each_ref().map(|zone| prefix(zone, text));
        assert_eq!(ours, c, "{text:?}");
    }
    // None of these is one: both choose one by themselves.
    for text in [
        "",
        "nonsense",
        "0a:0b",
        "0a-0b-0c",
        "0a :0b:0c",
        "0x:1:2",
        "00:00:00",
    ] {
        for (kind, zone) in BOTH.iter().zip(&zones) {
            let chosen = prefix(zone, text);
            let bytes = chosen.trim_matches('"').split(':').collect::<Vec<_>>();
            let first = u8::from_str_radix(bytes[0], 16).expect("hexadecimal digits");
            assert_eq!((bytes.len(), first & 3), (3, 2), "{kind:?} {text:?}: {chosen}");
        }
    }
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
    let zone = Zone::on(scratch, nb, sb);
    let _northd = zone.start_on(Kind::Ours, "northd", &options);
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
