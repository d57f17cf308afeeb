//! Scripted sessions: lines fed to a client, and what it sends and reports.

#![allow(clippy::unwrap_used)]

use ovsdb_data::json;
use ovsdb_idl::session::{Config, Event, Interest, Session};
use ovsdb_wire::message::Message;
use serde_json::json;

const SERVER: &str = r#"{"name":"_Server","version":"1.2.0","tables":{"Database":{"columns":{"name":{"type":"string"},"model":{"type":"string"},"connected":{"type":"boolean"},"leader":{"type":"boolean"},"schema":{"type":{"key":"string","min":0,"max":1}},"index":{"type":{"key":"integer","min":0,"max":1}}}}}}"#;
const SCHEMA: &str = r#"{"name":"D","version":"1.0.0","tables":{"T":{"columns":{"n":{"type":"integer"}}}}}"#;
const A: &str = "00000000-0000-0000-0000-00000000000a";
const B: &str = "00000000-0000-0000-0000-00000000000b";
const TXN: &str = "00000000-0000-0000-0000-0000000000f1";

/// Feeds lines: `connect`, `disconnect`, `lock` and `steal` of a lock L, `unlock`, `where N` (only rows of this n) and
/// `where unknown`, or a message in which SERVER, SCHEMA, ROW (the text of SCHEMA as a JSON
/// string), $A, $B and $TXN are replaced. Returns what the last line caused, and whether any message was taken as its
/// text.
fn run(leader_only: bool, lines: &[&str], as_texts: bool) -> (Vec<String>, bool) {
    let mut is_taken = false;
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
            "lock" => session.lock("L"),
            "lock other" => session.lock("M"),
            "steal" => session.steal("L"),
            "unlock" => session.unlock(),
            "transact" => {
                session.transact(vec![json!({"op": "comment", "comment": "c"})].into());
            }
            text if text.starts_with("where ") => {
                let clauses = match text["where ".len()..].parse::<i64>() {
                    Ok(n) => json!([["n", "==", n]]),
                    Err(_) => json!([["newer", "==", 1]]),
                };
                seen.push(format!("change {}", session.set_condition("T", clauses)));
            }
            text => {
                let text = text
                    .replace("SERVER", SERVER)
                    .replace("SCHEMA", SCHEMA)
                    .replace("ROW", &json::to_string(&SCHEMA.into()))
                    .replace("$TXN", TXN)
                    .replace("$A", A)
                    .replace("$B", B);
                if as_texts && session.handle_text(text.as_bytes()) {
                    is_taken = true;
                } else {
                    session.handle_message(Message::parse(text.as_bytes()).unwrap());
                }
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
        while let Some(text) = session.poll_transmit() {
            if let Message::Request { id, method, params } =
                Message::parse(&text.to_vec()).expect("a message")
            {
                seen.push(format!("{id} {method} {}", json::to_string(&params.into())));
            }
        }
    }
    (seen, is_taken)
}

const HELLO: [&str; 3] = [
    "connect",
    r#"{"id":1,"result":SERVER,"error":null}"#,
    r#"{"id":2,"result":{"Database":{"$A":{"initial":{"name":"D","model":"standalone","connected":true,"leader":true,"schema":ROW}}}},"error":null}"#,
];
const FILL: &str = r#"{"id":4,"result":[false,"$TXN",{"T":{"$A":{"initial":{"n":1}}}}],"error":null}"#;

fn check(leader_only: bool, lines: &[&str], expected: &[&str]) {
    assert_eq!(run(leader_only, lines, false).0, expected, "{lines:?}");
    let (seen, is_taken) = run(leader_only, lines, true);
    assert_eq!(seen, expected, "{lines:?} as texts");
    // The first contents are the first that have rows.
    assert_eq!(is_taken, lines.contains(&FILL), "{lines:?}");
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

    after_fill(
        &["transact", r#"{"id":5,"result":[{},null],"error":null}"#],
        &[r#"TxnReply { id: RequestId(5), reply: Result("[{},null]") }"#],
    );
    after_fill(
        &["transact", r#"{"id":5,"result":null,"error":"canceled"}"#],
        &[r#"TxnReply { id: RequestId(5), reply: Error(String("canceled")) }"#],
    );
    check(
        false,
        &["transact"],
        &["TxnReply { id: RequestId(1), reply: Unsent }"],
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
    // What was missed may not fit, when it is counted from before a change of conditions.
    let odd = r#"{"id":8,"result":[true,"$TXN",{"T":{"$B":{"delete":null}}}],"error":null}"#;
    let zero = "00000000-0000-0000-0000-000000000000";
    let since =
        format!(r#"10 monitor_cond_since ["D",["monid","D"],{{"T":[{{"columns":["n"]}}]}},"{zero}"]"#);
    after_fill(
        &[&again[..], &[odd]].concat(),
        &[r#"9 monitor_cancel [["monid","D"]]"#, &since],
    );
    after_fill(
        &[&again[..], &[odd, CONVERTED]].concat(),
        &["unexpected monitor_canceled"],
    );
    let anew = r#"{"id":8,"result":[false,"$TXN",{"T":{"$B":{"initial":{}}}}],"error":null}"#;
    after_fill(
        &[&again[..], &[anew]].concat(),
        &["changed [(true, false), (false, true)] true", "Connected(true)"],
    );
}

const CONVERTED: &str = r#"{"id":null,"method":"monitor_canceled","params":[["monid","D"]]}"#;

/// What a lock's requests and answers lead to, once the first contents are there.
fn check_lock(lines: &[&str], expected: &[&str]) {
    after_fill(lines, expected);
}

#[test]
fn a_lock_outlives_a_conversion() {
    let ours = ["lock", r#"{"id":5,"result":{"locked":true}}"#];
    check_lock(&ours[..1], &[r#"5 lock ["L"]"#]);
    check_lock(&ours, &["Locked"]);
    let schema = format!(r#"{{"id":6,"result":{SCHEMA}}}"#);
    let again = [
        &ours[..],
        &[
            CONVERTED,
            &schema,
            r#"{"id":8,"result":[false,"$TXN",{"T":{"$A":{"initial":{"n":1}}}}]}"#,
        ],
    ]
    .concat();
    // Not asked for again: the server would refuse.
    check_lock(&again, &["Connected(true)"]);
    check_lock(
        &[&again[..], &["disconnect"]].concat(),
        &["LockLost", "Connected(false)"],
    );
}

#[test]
fn locks_come_and_go() {
    // Not twice for the same name; another name is another lock.
    check_lock(&["lock", "lock"], &[]);
    check_lock(&["lock", "lock other"], &[r#"6 unlock ["L"]"#, r#"7 lock ["M"]"#]);
    let others = ["lock", r#"{"id":5,"result":{"locked":false}}"#];
    let locked = r#"{"id":null,"method":"locked","params":["L"]}"#;
    let stolen = r#"{"id":null,"method":"stolen","params":["L"]}"#;
    check_lock(&others, &[]);
    check_lock(&[&others[..], &[locked]].concat(), &["Locked"]);
    check_lock(&[&others[..], &[locked, stolen]].concat(), &["Stolen"]);
    check_lock(&[&others[..], &[locked, stolen, locked]].concat(), &["Locked"]);
    check_lock(&["lock", r#"{"id":5,"error":"DB server is read only."}"#], &[]);
    // Notices that were on their way when the lock was given up.
    check_lock(&[&others[..], &["unlock", locked]].concat(), &[]);
    check_lock(&[&others[..], &["unlock", "lock", locked]].concat(), &[]);

    // A lock that was stolen is not waited for by the server when it is stolen in turn: it is asked for.
    let ours = ["steal", r#"{"id":5,"result":{"locked":true}}"#];
    check_lock(&ours[..1], &[r#"5 steal ["L"]"#]);
    check_lock(
        &[&ours[..], &[stolen]].concat(),
        &["Stolen", r#"6 unlock ["L"]"#, r#"7 lock ["L"]"#],
    );
    check_lock(
        &[&others[..], &["steal"]].concat(),
        &[r#"6 unlock ["L"]"#, r#"7 steal ["L"]"#],
    );
}

#[test]
fn locks_before_there_are_rows() {
    // Remembered until the server is known to do.
    let before = |verbs: &[&'static str]| [verbs, &HELLO[..], &[FILL]].concat();
    let following = ["reset 1", "Connected(true)"];
    check(
        false,
        &before(&["lock"]),
        &[&following[..], &[r#"5 lock ["L"]"#]].concat(),
    );
    check(
        false,
        &before(&["steal"]),
        &[&following[..], &[r#"5 steal ["L"]"#]].concat(),
    );
    check(false, &before(&["lock", "unlock"]), &following);
    check(
        false,
        &[&HELLO[..], &["lock", FILL]].concat(),
        &[&following[..], &[r#"5 lock ["L"]"#]].concat(),
    );

    // The server has given a lock to this connection: giving it up does not wait for the rows of the new schema.
    let lines = [
        "lock",
        r#"{"id":5,"result":{"locked":true}}"#,
        CONVERTED,
        "unlock",
    ];
    check_lock(&lines, &[r#"7 unlock ["L"]"#]);
    let schema = format!(r#"{{"id":6,"result":{SCHEMA}}}"#);
    let other = [
        &lines[..3],
        &[
            "lock other",
            &schema,
            r#"{"id":9,"result":[false,"$TXN",{"T":{"$A":{"initial":{"n":1}}}}]}"#,
        ],
    ]
    .concat();
    check_lock(&other, &["Connected(true)", r#"10 lock ["M"]"#]);

    // A new connection asks again, once, and does not steal what it stole before.
    let again = |verb: &'static str| {
        let server = HELLO[2].replace(r#""id":2"#, r#""id":7"#);
        [
            verb,
            r#"{"id":5,"result":{"locked":true}}"#,
            "disconnect",
            "connect",
            r#"{"id":6,"result":SERVER}"#,
            &server,
            r#"{"id":9,"result":[true,"$TXN",{}]}"#,
        ]
        .map(str::to_owned)
    };
    for verb in ["lock", "steal"] {
        let lines = again(verb);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        check_lock(&lines, &["Connected(true)", r#"10 lock ["L"]"#]);
    }
}

/// A change of T's condition.
fn cond_change(id: u64, clauses: &str) -> String {
    format!(r#"{id} monitor_cond_change [["monid","D"],["monid","D"],{{"T":[{{"where":[{clauses}]}}]}}]"#)
}

#[test]
fn conditions_change_one_request_at_a_time() {
    let (one, two) = (r#"["n","==",1]"#, r#"["n","==",2]"#);
    after_fill(&["where 1"], &["change 1", &cond_change(5, one)]);
    after_fill(&["where 1", "where 2"], &["change 2"]);
    after_fill(&["where 1", "where 2", "where 2"], &["change 2"]);
    let answered = r#"{"id":5,"result":{}}"#;
    after_fill(&["where 1", answered], &["ConditionsMet(1)"]);
    after_fill(
        &["where 1", "where 2", answered],
        &["ConditionsMet(1)", &cond_change(6, two)],
    );
    after_fill(
        &["where 1", "where 2", answered, r#"{"id":6,"result":{}}"#],
        &["ConditionsMet(2)"],
    );
    // There and back before the first answer: nothing is left to ask for.
    after_fill(
        &["where 1", "where 2", "where 1", answered],
        &["ConditionsMet(1)", "ConditionsMet(3)"],
    );
    after_fill(&["where unknown"], &["change 1", &cond_change(5, "true")]);
    after_fill(
        &["where 1", r#"{"id":5,"error":"x"}"#],
        &["Connected(false)", r#"monitor_cond_change failed: "x""#],
    );
}

#[test]
fn conditions_hold_on_later_connections() {
    let request = |method: &str, clause: &str, last: &str| {
        let last = if last.is_empty() {
            String::new()
        } else {
            format!(r#","{last}""#)
        };
        let clause = if clause.is_empty() {
            String::new()
        } else {
            format!(r#","where":[{clause}]"#)
        };
        format!(r#"{method} ["D",["monid","D"],{{"T":[{{"columns":["n"]{clause}}}]}}{last}]"#)
    };
    let zero = "00000000-0000-0000-0000-000000000000";
    let (one, two) = (r#"["n","==",1]"#, r#"["n","==",2]"#);

    // What is set before there is a connection holds from its first contents on.
    let before = [&["where 1"], &HELLO[..]].concat();
    let asked = request("4 monitor_cond_since", one, zero);
    check(
        false,
        &before,
        &["schema D", "3 set_db_change_aware [true]", &asked],
    );
    check(
        false,
        &[&before[..], &[FILL]].concat(),
        &["reset 1", "Connected(true)", "ConditionsMet(1)"],
    );
    // What is set while they are awaited is asked for once they are there.
    check(
        false,
        &[&HELLO[..], &["where 1", FILL]].concat(),
        &["reset 1", "Connected(true)", &cond_change(5, one)],
    );

    // Older servers: version 2 knows conditions, version 1 sends every row.
    let unknown = [4, 5].map(|id| format!(r#"{{"id":{id},"error":"unknown method"}}"#));
    let v2 = [&before[..], &[&unknown[0]]].concat();
    check(false, &v2, &[&request("5 monitor_cond", one, "")]);
    let v1 = [&v2[..], &[&unknown[1]]].concat();
    check(false, &v1, &[&request("6 monitor", "", "")]);
    let v1 = [&v1[..], &[r#"{"id":6,"result":{}}"#]].concat();
    check(false, &v1, &["reset 0", "Connected(true)", "ConditionsMet(1)"]);
    let v1 = [&v1[..], &["where 2"]].concat();
    check(false, &v1, &["change 2", "ConditionsMet(2)"]);

    // A reconnection: contents that match are continued with their condition, then what changed meanwhile is asked
    // for; an answer that never came leaves unknown what the contents are.
    let again = |id: u64| {
        let server = HELLO[2].replace(r#""id":2"#, &format!(r#""id":{}"#, id + 1));
        [
            "disconnect".to_owned(),
            "where 2".to_owned(),
            "connect".to_owned(),
            format!(r#"{{"id":{id},"result":SERVER}}"#),
            server,
        ]
    };
    let again = again(6);
    let again: Vec<&str> = again.iter().map(String::as_str).collect();
    let met = [&["where 1", r#"{"id":5,"result":{}}"#], &again[..]].concat();
    let aware = "8 set_db_change_aware [true]";
    after_fill(&met, &[aware, &request("9 monitor_cond_since", one, TXN)]);
    after_fill(
        &[&met[..], &[r#"{"id":9,"result":[true,"$TXN",{}]}"#]].concat(),
        &["Connected(true)", &cond_change(10, two)],
    );
    let in_flight = [&["where 1"], &again[..]].concat();
    after_fill(&in_flight, &[aware, &request("9 monitor_cond_since", two, zero)]);
    let anew = r#"{"id":9,"result":[false,"$TXN",{"T":{"$B":{"initial":{"n":2}}}}]}"#;
    after_fill(
        &[&in_flight[..], &[anew]].concat(),
        &[
            "changed [(true, false), (false, true)] true",
            "Connected(true)",
            "ConditionsMet(2)",
        ],
    );

    // A conversion on the same connection: the answer that was awaited means nothing any more.
    let schema = format!(r#"{{"id":6,"result":{SCHEMA}}}"#);
    let converted = [
        "where 1",
        CONVERTED,
        r#"{"id":5,"error":"unknown monitor"}"#,
        &schema,
    ];
    after_fill(
        &converted,
        &[
            "7 set_db_change_aware [true]",
            &request("8 monitor_cond_since", one, zero),
        ],
    );
}
