//! Scripted sessions: lines fed to a client, and what it sends and reports.

#![allow(clippy::unwrap_used)]

use ovsdb_data::json;
use ovsdb_idl::session::{Config, Event, Interest, Session};
use ovsdb_wire::message::Message;

const SERVER: &str = r#"{"name":"_Server","version":"1.2.0","tables":{"Database":{"columns":{"name":{"type":"string"},"model":{"type":"string"},"connected":{"type":"boolean"},"leader":{"type":"boolean"},"schema":{"type":{"key":"string","min":0,"max":1}},"index":{"type":{"key":"integer","min":0,"max":1}}}}}}"#;
const SCHEMA: &str = r#"{"name":"D","version":"1.0.0","tables":{"T":{"columns":{"n":{"type":"integer"}}}}}"#;
const A: &str = "00000000-0000-0000-0000-00000000000a";
const B: &str = "00000000-0000-0000-0000-00000000000b";
const TXN: &str = "00000000-0000-0000-0000-0000000000f1";

/// Feeds lines: `connect`, `disconnect`, or a message in which SERVER, SCHEMA, ROW (the text of SCHEMA as a JSON
/// string), $A, $B and $TXN are replaced. Returns what the last line caused.
fn run(leader_only: bool, lines: &[&str]) -> Vec<String> {
    let mut session = Session::new(Config {
        db: "D".to_owned(),
        leader_only,
        tables: Interest::All,
        schema: None,
    });
    let mut seen = Vec::new();
    for line in lines {
        seen.clear();
        match *line {
            "connect" => session.handle_connected(),
            "disconnect" => session.handle_disconnected(),
            "transact" => {
                session.transact(vec![serde_json::json!({"op": "comment", "comment": "c"})]);
            }
            text => {
                let text = text
                    .replace("SERVER", SERVER)
                    .replace("SCHEMA", SCHEMA)
                    .replace("ROW", &json::to_string(&SCHEMA.into()))
                    .replace("$TXN", TXN)
                    .replace("$A", A)
                    .replace("$B", B);
                session.handle_message(Message::parse(text.as_bytes()).unwrap());
            }
        }
        while let Some(event) = session.poll_event() {
            seen.push(match event {
                Event::Schema(schema) => format!("schema {}", schema.name),
                Event::Reset { rows, .. } => format!("reset {}", rows.len()),
                Event::Changed { changes, txn_id } => {
                    let faces = changes.iter().map(|c| (c.old.is_some(), c.new.is_some()));
                    format!("changed {:?} {}", faces.collect::<Vec<_>>(), txn_id.is_some())
                }
                Event::TryNextRemote(refusal) => refusal.to_string(),
                other => format!("{other:?}"),
            });
        }
        while let Some(message) = session.poll_transmit() {
            if let Message::Request { id, method, params } = message {
                seen.push(format!("{id} {method} {}", json::to_string(&params.into())));
            }
        }
    }
    seen
}

const HELLO: [&str; 3] = [
    "connect",
    r#"{"id":1,"result":SERVER,"error":null}"#,
    r#"{"id":2,"result":{"Database":{"$A":{"initial":{"name":"D","model":"standalone","connected":true,"leader":true,"schema":ROW}}}},"error":null}"#,
];
const FILL: &str = r#"{"id":4,"result":[false,"$TXN",{"T":{"$A":{"initial":{"n":1}}}}],"error":null}"#;

fn check(leader_only: bool, lines: &[&str], expected: &[&str]) {
    assert_eq!(run(leader_only, lines), expected, "{lines:?}");
}

fn after_fill(more: &[&str], expected: &[&str]) {
    let lines = [&HELLO[..], &[FILL], more].concat();
    check(false, &lines, expected);
}

#[test]
fn the_handshake() {
    check(false, &HELLO[..1], &[r#"1 get_schema ["_Server"]"#]);
    let zero = "00000000-0000-0000-0000-000000000000";
    let since = format!(r#"4 monitor_cond_since ["D",["monid","D"],{{"T":[{{"columns":["n"]}}]}},"{zero}"]"#);
    check(
        false,
        &HELLO,
        &["schema D", "3 set_db_change_aware [true]", &since],
    );
    after_fill(&[], &["reset 1", "Connected(true)"]);
    let lines = [&HELLO[..], &[r#"{"id":4,"error":"unknown method"}"#]].concat();
    check(
        false,
        &lines,
        &[r#"5 monitor_cond ["D",["monid","D"],{"T":[{"columns":["n"]}]}]"#],
    );
    check(
        false,
        &["connect", r#"{"id":1,"error":"x"}"#],
        &[r#"2 get_schema ["D"]"#],
    );
}

#[test]
fn servers_that_will_not_do() {
    let row = |row: &str| {
        format!(r#"{{"id":2,"result":{{"Database":{{"$A":{{"initial":{row}}}}}}},"error":null}}"#)
    };
    for (text, expected) in [
        (r#"{"name":"E"}"#, "server does not have D database"),
        (
            r#"{"name":"D","model":"clustered"}"#,
            "clustered database server has not yet joined cluster; trying another server",
        ),
        (
            r#"{"name":"D","model":"clustered","schema":ROW}"#,
            "clustered database server is disconnected from cluster; trying another server",
        ),
        (
            r#"{"name":"D","model":"clustered","schema":ROW,"connected":true}"#,
            "clustered database server is not cluster leader; trying another server",
        ),
        (
            r#"{"name":"D","model":"relay","schema":ROW,"connected":true}"#,
            "relay database server cannot be a leader; trying another server",
        ),
    ] {
        check(true, &[HELLO[0], HELLO[1], &row(text)], &[expected]);
    }
}

#[test]
fn updates_and_reconnections() {
    let modify =
        r#"{"id":null,"method":"update3","params":[["monid","D"],"$TXN",{"T":{"$A":{"modify":{"n":2}}}}]}"#;
    after_fill(&[modify], &["changed [(true, true)] true"]);
    let stray =
        r#"{"id":null,"method":"update3","params":[["monid","D"],"$TXN",{"T":{"$B":{"delete":null}}}]}"#;
    let text = format!(
        "inconsistent update: update of table T changes row {B}, which is not in the replica; reading everything anew"
    );
    after_fill(&[stray], &["Connected(false)", &text]);
    after_fill(
        &[r#"{"id":null,"method":"monitor_canceled","params":[["monid","D"]]}"#],
        &["Connected(false)", r#"5 get_schema ["D"]"#],
    );
    after_fill(
        &["transact", "disconnect"],
        &["Connected(false)", "TxnReply { id: RequestId(5), reply: Lost }"],
    );

    // A new connection asks from where the old one ended, and consumers see one net change.
    let again = [
        "disconnect",
        "connect",
        r#"{"id":5,"result":SERVER,"error":null}"#,
        &HELLO[2].replace(r#""id":2"#, r#""id":6"#),
    ];
    let since = format!(r#"8 monitor_cond_since ["D",["monid","D"],{{"T":[{{"columns":["n"]}}]}},"{TXN}"]"#);
    after_fill(&again, &["7 set_db_change_aware [true]", &since]);
    let found = r#"{"id":8,"result":[true,"$TXN",{}],"error":null}"#;
    after_fill(&[&again[..], &[found]].concat(), &["Connected(true)"]);
    let anew = r#"{"id":8,"result":[false,"$TXN",{"T":{"$B":{"initial":{}}}}],"error":null}"#;
    after_fill(
        &[&again[..], &[anew]].concat(),
        &["changed [(true, false), (false, true)] true", "Connected(true)"],
    );
}
