//! TLS and roles from one program to another, each side C or ours: the same session must end alike.

use ferrovn_tests::node::wait_for;
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::pki::{Authority, identity};
use ferrovn_tests::server::{Kind, Server};
use ferrovn_tests::transcript::{KINDS, ordinals};
use ovn_schemas::Db;

/// A folder with two authorities: `ours` signed for `server`, `hv1` and `hv2`; `theirs` for `stranger`.
fn folder(test: &str) -> Scratch {
    let scratch = Scratch::new(test);
    let ours = Authority::new(&scratch, "ours");
    for name in ["server", "hv1", "hv2"] {
        ours.sign(&scratch, name);
    }
    Authority::new(&scratch, "theirs").sign(&scratch, "stranger");
    scratch
}

/// A southbound server that is `server`, with options besides.
fn start(kind: Kind, scratch: &Scratch, name: &str, more: &[&str]) -> Server {
    let mut options = identity(kind, scratch, "server", "ours");
    options.push("--verbose=console:info".to_owned());
    options.extend(more.iter().map(|option| option.to_string()));
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    Server::start(kind, scratch, name, Db::OvnSouthbound.text(), &options)
}

/// The port that a `pssl:0` remote was given.
fn port(server: &Server, scratch: &Scratch) -> String {
    let mut port = String::new();
    wait_for("a port in the log", || {
        let log = server.log(scratch);
        let Some((_, after)) = log.split_once("listening on port ") else {
            return false;
        };
        port = after.split_whitespace().next().unwrap_or_default().to_owned();
        !port.is_empty()
    });
    port
}

/// Runs `ovsdb-client` as `name`: how it ended and what it printed, log lines aside.
fn run(scratch: &Scratch, name: &str, ca: &str, args: &[&str]) -> String {
    let mut words = identity(Kind::C, scratch, name, ca);
    words.push("--verbose=off".to_owned());
    words.extend(args.iter().map(|arg| arg.to_string()));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let output = scratch.output("timeout", &[&["10", "ovsdb-client"], &words[..]].concat());
    let text = [output.stdout, output.stderr].concat();
    format!(
        "{name} trusts {ca}: {} {}\n",
        output.status,
        String::from_utf8_lossy(&text)
    )
}

/// The same session on both servers.
fn compare(test: &str, session: impl Fn(Kind, &Scratch) -> String) {
    let [c, ours] = KINDS.map(|kind| {
        let scratch = folder(test);
        let text = session(kind, &scratch);
        ordinals(&text.replace(&scratch.inner("").display().to_string(), ""))
    });
    assert_eq!(c, ours, "left is the C server");
}

#[test]
fn who_trusts_whom_is_served() {
    compare("tls", |kind, scratch| {
        let server = start(kind, scratch, "db", &["--remote=pssl:0:127.0.0.1"]);
        let remote = format!("ssl:127.0.0.1:{}", port(&server, scratch));
        let list = ["list-dbs", remote.as_str()];
        let served = run(scratch, "hv1", "ours", &list);
        assert!(served.contains("OVN_Southbound"), "{kind:?}: {served}");
        // The texts of refusals are the TLS library's own: that they are refusals is what is compared.
        let refused = [("stranger", "ours"), ("hv1", "theirs"), ("stranger", "theirs")]
            .map(|(name, ca)| run(scratch, name, ca, &list).contains("OVN_Southbound"));
        format!("{served}{refused:?}")
    });
}

#[test]
fn a_client_takes_the_authority_on_its_first_connection() {
    compare("tls-bootstrap", |kind, scratch| {
        let server = start(kind, scratch, "db", &["--remote=pssl:0:127.0.0.1"]);
        let remote = format!("ssl:127.0.0.1:{}", port(&server, scratch));
        let [key, certificate, _] = &identity(Kind::C, scratch, "hv1", "ours")[..] else {
            unreachable!("three options");
        };
        let bootstrap = format!(
            "--bootstrap-ca-cert={}",
            scratch.inner("learned.ca.pem").display()
        );
        let args = [
            "10",
            "ovsdb-client",
            key,
            certificate,
            &bootstrap,
            "--verbose=off",
            "list-dbs",
            &remote,
        ];
        // The first connection is given up once the certificate is there; the second is checked against it.
        let mut served = String::new();
        wait_for("a served client", || {
            let output = scratch.output("timeout", &args);
            served = String::from_utf8_lossy(&output.stdout).into_owned();
            output.status.success()
        });
        let learned = std::fs::read(scratch.host("learned.ca.pem")).expect("it was learned");
        let real = std::fs::read(scratch.host("ours.ca.pem")).expect("it was made");
        let body = |pem: &[u8]| {
            let text = String::from_utf8_lossy(pem).into_owned();
            text.lines().filter(|l| !l.starts_with('-')).collect::<String>()
        };
        assert_eq!(body(&learned), body(&real));
        served
    });
}

/// A role allows what its rows say, to whom the certificate names.
#[test]
fn roles_bound_what_a_named_client_may_change() {
    let setup = r#"["OVN_Southbound",
        {"op":"insert","table":"RBAC_Permission","uuid-name":"c","row":{"table":"Chassis",
            "authorization":"name","insert_delete":true,"update":["set",["hostname","encaps"]]}},
        {"op":"insert","table":"RBAC_Permission","uuid-name":"e","row":{"table":"Encap",
            "authorization":"chassis_name","insert_delete":true,"update":["set",["ip","options"]]}},
        {"op":"insert","table":"RBAC_Permission","uuid-name":"p","row":{"table":"Port_Binding",
            "authorization":"","insert_delete":false,"update":["set",["chassis","up"]]}},
        {"op":"insert","table":"RBAC_Role","row":{"name":"ovn-controller","permissions":["map",[
            ["Chassis",["named-uuid","c"]],["Encap",["named-uuid","e"]],["Port_Binding",["named-uuid","p"]]]]}},
        {"op":"insert","table":"Datapath_Binding","uuid-name":"d","row":{"tunnel_key":1}},
        {"op":"insert","table":"Port_Binding","row":{"logical_port":"lp","tunnel_key":1,
            "datapath":["named-uuid","d"]}},
        {"op":"insert","table":"Connection","uuid-name":"n","row":{"target":"pssl:0:127.0.0.1",
            "role":"ovn-controller"}},
        {"op":"insert","table":"SB_Global","row":{"connections":["named-uuid","n"]}}]"#;
    let chassis = |name: &str| {
        format!(
            r#"{{"op":"insert","table":"Encap","uuid-name":"x","row":{{"type":"geneve","ip":"{name}","chassis_name":"{name}"}}}},
               {{"op":"insert","table":"Chassis","row":{{"name":"{name}","encaps":["named-uuid","x"]}}}}"#
        )
    };
    let update = |row: &str, name: &str| {
        format!(r#"{{"op":"update","table":"Chassis","where":[["name","==","{name}"]],"row":{row}}}"#)
    };
    let cases = [
        ("hv1", chassis("hv1")),
        ("hv1", chassis("hv2")),
        ("hv2", chassis("hv2")),
        ("hv1", update(r#"{"hostname":"one"}"#, "hv1")),
        ("hv1", update(r#"{"hostname":"two"}"#, "hv2")),
        ("hv1", update(r#"{"nb_cfg":7}"#, "hv1")),
        ("hv1", update(r#"{"name":"hv3"}"#, "hv1")),
        ("hv2", r#"{"op":"mutate","table":"Chassis","where":[["name","==","hv2"]],"mutations":[["external_ids","insert",["map",[["a","b"]]]]]}"#.to_owned()),
        ("hv2", r#"{"op":"mutate","table":"Encap","where":[],"mutations":[["options","insert",["map",[["a","b"]]]]]}"#.to_owned()),
        ("hv2", r#"{"op":"mutate","table":"Encap","where":[["chassis_name","==","hv2"]],"mutations":[["options","insert",["map",[["a","b"]]]]]}"#.to_owned()),
        ("hv1", r#"{"op":"update","table":"Port_Binding","where":[],"row":{"up":true}}"#.to_owned()),
        ("hv1", r#"{"op":"update","table":"Port_Binding","where":[],"row":{"mac":"unknown"}}"#.to_owned()),
        ("hv1", r#"{"op":"delete","table":"Port_Binding","where":[]}"#.to_owned()),
        ("hv1", r#"{"op":"insert","table":"Datapath_Binding","row":{"tunnel_key":2}}"#.to_owned()),
        ("hv1", r#"{"op":"delete","table":"Datapath_Binding","where":[["tunnel_key","==",9]]}"#.to_owned()),
        ("hv1", r#"{"op":"select","table":"Datapath_Binding","where":[],"columns":["tunnel_key"]}"#.to_owned()),
        ("hv1", r#"{"op":"delete","table":"Chassis","where":[["name","==","hv2"]]}"#.to_owned()),
        ("hv1", r#"{"op":"delete","table":"Chassis","where":[["name","==","hv1"]]}"#.to_owned()),
        ("hv1", r#"{"op":"select","table":"Chassis","where":[],"columns":["name","hostname"]}"#.to_owned()),
    ];
    compare("tls-roles", |kind, scratch| {
        let server = start(
            kind,
            scratch,
            "db",
            &["--remote=db:OVN_Southbound,SB_Global,connections"],
        );
        let socket = format!("unix:{}", scratch.inner("db.sock").display());
        scratch.run("ovsdb-client", &["transact", &socket, setup]);
        let remote = format!("ssl:127.0.0.1:{}", port(&server, scratch));
        let mut text = String::new();
        for (name, operations) in &cases {
            let transaction = format!(r#"["OVN_Southbound",{operations}]"#);
            text += &run(scratch, name, "ours", &["transact", &remote, &transaction]);
        }
        let schema = scratch.inner("db.ovsschema").display().to_string();
        text + &run(scratch, "hv1", "ours", &["convert", &remote, &schema])
    });
}

/// A relay of either kind before a server of either kind, over TLS both ways.
#[test]
fn relays_reach_their_source_over_tls() {
    for (source_kind, relay_kind) in [
        (Kind::C, Kind::Ours),
        (Kind::Ours, Kind::C),
        (Kind::Ours, Kind::Ours),
    ] {
        let scratch = folder("tls-relay");
        let source = start(source_kind, &scratch, "db", &["--remote=pssl:0:127.0.0.1"]);
        let relayed = format!("relay:OVN_Southbound:ssl:127.0.0.1:{}", port(&source, &scratch));
        let options = identity(relay_kind, &scratch, "hv1", "ours");
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let _relay = Server::start_on(relay_kind, &scratch, "relay", &[&relayed], &options);
        let socket = format!("unix:{}", scratch.inner("relay.sock").display());
        let insert = r#"["OVN_Southbound",{"op":"insert","table":"SB_Global","row":{"nb_cfg":5}}]"#;
        wait_for(&format!("{relay_kind:?} before {source_kind:?} writes"), || {
            scratch
                .output("ovsdb-client", &["transact", &socket, insert])
                .status
                .success()
        });
        let source = format!("unix:{}", scratch.inner("db.sock").display());
        let rows = scratch.run(
            "ovsdb-client",
            &["dump", &source, "OVN_Southbound", "SB_Global", "nb_cfg"],
        );
        assert!(
            rows.contains('5'),
            "{relay_kind:?} before {source_kind:?}: {rows}"
        );
    }
}
