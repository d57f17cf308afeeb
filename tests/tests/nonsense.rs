//! Bytes that no client should send: every one is answered, refused or ends its own connection; the server lives and
//! nobody else notices.

use ferrovn_tests::client::Client;
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::server::{Kind, Server};
use serde_json::{Value, json};

const SCHEMA: &str = r#"{"name": "D", "version": "1.0.0", "tables": {
  "T": {"columns": {"name": {"type": "string"}, "n": {"type": "integer"}, "real": {"type": "real"},
    "set": {"type": {"key": "integer", "min": 0, "max": "unlimited"}},
    "map": {"type": {"key": "string", "value": "string", "min": 0, "max": "unlimited"}},
    "ref": {"type": {"key": {"type": "uuid", "refTable": "T"}, "min": 0, "max": 1}}}}}}"#;

/// What became of one client's bytes.
#[derive(Debug, PartialEq)]
enum Fate {
    /// The connection goes on; the reply to request 1, where there was one.
    Served(Option<Value>),
    /// The server closed the connection.
    Closed,
}

/// Sends bytes on a connection of their own, then asks an ordinary question.
fn send(server: &Server, scratch: &Scratch, bytes: &[u8]) -> Fate {
    let mut client = server.client(scratch);
    let question = br#"{"id":"last","method":"get_server_id","params":[]}"#;
    // The server may hang up before it has seen everything.
    if client
        .try_write(bytes)
        .and_then(|()| client.try_write(question))
        .is_err()
    {
        return Fate::Closed;
    }
    let mut answer = None;
    loop {
        match client.receive() {
            None => return Fate::Closed,
            Some(message) if message["id"] == "last" => return Fate::Served(answer),
            Some(message) if message["id"] == 1 => answer = Some(message),
            Some(_) => {}
        }
    }
}

/// Somebody else, who must never notice anything.
struct Witness(Client, u64);

impl Witness {
    fn check(&mut self, what: &str) {
        self.1 += 1;
        let results = self.0.transact(json!(["D",
            {"op": "insert", "table": "T", "row": {"name": "witness", "n": self.1}},
            {"op": "select", "table": "T", "where": [["n", "==", self.1]], "columns": ["name"]},
            {"op": "delete", "table": "T", "where": [["n", "==", self.1]]}]));
        assert_eq!(
            results[1]["rows"][0]["name"], "witness",
            "after {what}: {results}"
        );
    }
}

fn request(method: &str, params: &str) -> Vec<u8> {
    format!(r#"{{"id":1,"method":"{method}","params":{params}}}"#).into_bytes()
}

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

#[test]
fn bytes_that_are_no_messages() {
    let scratch = Scratch::new("bytes");
    let server = Server::start(Kind::Ours, &scratch, "db", SCHEMA, &[]);
    let mut witness = Witness(server.client(&scratch), 0);
    let select = |value: &str| {
        request(
            "transact",
            &format!(r#"["D",{{"op":"select","table":"T","where":[["name","==",{value}]]}}]"#),
        )
    };
    let long = format!("\"{}\"", "x".repeat(20 << 20));
    let row = |column: &str, value: &str| {
        request(
            "transact",
            &format!(r#"["D",{{"op":"insert","table":"T","row":{{"{column}":{value}}}}}]"#),
        )
    };
    let closed: Vec<Vec<u8>> = vec![
        b"hello".to_vec(),
        b"[]".to_vec(),
        b"1".to_vec(),
        b"\"text\"".to_vec(),
        b"null".to_vec(),
        b"}".to_vec(),
        b"\0".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"{}".to_vec(),
        b"{\"id\":1}".to_vec(),
        b"{\"id\":1,\"method\":\"echo\"}".to_vec(),
        b"{\"id\":1,\"method\":\"echo\",\"params\":{}}".to_vec(),
        b"{\"id\":1,\"method\":1,\"params\":[]}".to_vec(),
        b"{\"id\":1,\"method\":\"echo\",\"params\":[],\"jsonrpc\":\"2.0\"}".to_vec(),
        b"{\"id\":1,\"method\":\"echo\",\"params\":[],\"result\":1}".to_vec(),
        b"{\"id\":1,\"result\":1,\"error\":null}".to_vec(),
        b"{\"id\":1,\"error\":\"x\"}".to_vec(),
        b"{\"id\":1,\"method\":\"echo\",\"params\":[}]".to_vec(),
        b"{\"id\":1,\"method\":\"echo\",\"params\":[}".to_vec(),
        b"{]".to_vec(),
        b"{\"id\":1,\"method\":\"echo\",\"params\":[1,]}".to_vec(),
        b"{\"id\":1 \"method\":\"echo\"}".to_vec(),
        b"{'id':1}".to_vec(),
        b"{\"id\":1,\"method\":\"echo\",\"params\":[\"\\u0000\"]}".to_vec(),
        b"{\"id\":1,\"method\":\"echo\",\"params\":[\"\0\"]}".to_vec(),
        b"{\"id\":1,\"method\":\"echo\",\"params\":[\"\x1f\"]}".to_vec(),
        b"{\"id\":1,\"method\":\"echo\",\"params\":[\"\\ud800\"]}".to_vec(),
        b"{\"id\":1,\"method\":\"echo\",\"params\":[\"\\x\"]}".to_vec(),
        b"{\"id\":1,\"method\":\"echo\",\"params\":[01]}".to_vec(),
        b"{\"id\":1,\"method\":\"echo\",\"params\":[1.]}".to_vec(),
        b"{\"id\":1,\"method\":\"echo\",\"params\":[+1]}".to_vec(),
        b"{\"id\":1,\"method\":\"echo\",\"params\":[NaN]}".to_vec(),
        b"{\"id\":1,\"method\":\"echo\",\"params\":[1e999]}".to_vec(),
        b"{\"id\":1,\"method\":\"echo\",\"params\":[0x10]}".to_vec(),
        request("list_dbs", &nested(1000)),
        request("transact", &nested(5000)),
        request("echo", &"[".repeat(1 << 20)),
        format!(
            "{{\"id\":1,\"method\":\"echo\",\"params\":{}",
            "{\"a\":".repeat(2000)
        )
        .into_bytes(),
    ];
    for bytes in &closed {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
        assert_eq!(send(&server, &scratch, bytes), Fate::Closed, "{shown}");
        witness.check(&shown);
    }
    // Messages all right, whatever is in them.
    let served: Vec<(Vec<u8>, &str)> = vec![
        (request("list_dbs", &nested(999)), "/result/0"),
        (select("\"\\ud83d\\ude00\""), "/result/0/rows"),
        (select("\"\\ud83d\\ude00\\t\\u007f\""), "/result/0/rows"),
        (select(&long), "/result/0/rows"),
        (row("n", "123456789012345678901234567890"), "/result/0/error"),
        (row("n", "9223372036854775808"), "/result/0/error"),
        (row("n", "-9223372036854775808"), "/result/0/uuid"),
        (row("n", "1e2"), "/result/0/uuid"),
        (row("n", "1.5"), "/result/0/error"),
        (row("real", "1e308"), "/result/0/uuid"),
        (row("real", "1e-400"), "/result/0/uuid"),
        (
            row("set", &format!("[\"set\",[{}]]", vec!["1"; 100_000].join(","))),
            "/result/0/error",
        ),
        (row("map", &nested(900)), "/result/0/error"),
        (row("ref", r#"["named-uuid","absent"]"#), "/result/1/error"),
        (
            request("transact", &format!("[\"D\",{}]", nested(900))),
            "/result/0/error",
        ),
        (request("transact", "[\"D\",null,1,[],{}]"), "/result/0/error"),
        (
            request(
                "transact",
                r#"["D",{"op":"select","op":"abort","table":"T","where":[]}]"#,
            ),
            "/result/0/error",
        ),
        (request("transact", "[{}]"), "/error"),
        (request("transact", "[]"), "/error"),
        (request("no such method", "[]"), "/error"),
        (request("", "[]"), "/error"),
        // Without its third parameter the C server reads past the end of the array.
        (request("monitor", r#"["D","m"]"#), "/error"),
        (request("monitor_cond", r#"["D","m"]"#), "/error"),
        (request("monitor_cond_since", r#"["D","m"]"#), "/error"),
        (request("monitor", r#"["D"]"#), "/error"),
        (request("monitor", "[]"), "/error"),
        (request("monitor", r#"["D",null,{"T":null}]"#), "/error"),
        (
            request("monitor_cond_since", r#"["D","m",{},"not a uuid"]"#),
            "/error",
        ),
        (request("monitor_cond_change", "[]"), "/error"),
        (request("monitor_cancel", "[1,2,3]"), "/error"),
        (request("lock", "[]"), "/error"),
        (request("lock", r#"["not a name"]"#), "/error"),
        (request("unlock", r#"["never_held"]"#), "/error"),
        (request("get_schema", "[1]"), "/error"),
        (request("convert", r#"["D"]"#), "/error"),
        (request("convert", r#"["D",{}]"#), "/error"),
        (request("set_db_change_aware", "[1]"), "/error"),
    ];
    for (bytes, member) in &served {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
        match send(&server, &scratch, bytes) {
            Fate::Served(Some(reply)) if reply.pointer(member).is_some_and(|value| !value.is_null()) => {}
            other => panic!(
                "{shown}: no {member} in {}",
                &format!("{other:?}")[..200.min(format!("{other:?}").len())]
            ),
        }
        witness.check(&shown);
    }
    // Strings need not be UTF-8 to be JSON here, but to be stored.
    let mut bytes = row("name", "\"?\"");
    let at = bytes.iter().position(|byte| *byte == b'?').expect("it is there");
    bytes[at] = 0xff;
    let fate = send(&server, &scratch, &bytes);
    let refused = match &fate {
        Fate::Closed => true,
        Fate::Served(reply) => reply
            .as_ref()
            .is_some_and(|reply| reply["result"][0]["error"].is_string()),
    };
    assert!(refused, "{fate:?}");
    witness.check("invalid UTF-8");
}

/// Every place of every request, filled with what does not belong there.
#[test]
fn requests_with_every_part_replaced() {
    let requests = [
        json!({"id": 1, "method": "transact", "params": ["D",
            {"op": "insert", "table": "T", "uuid-name": "r", "row": {"name": "x", "n": 1, "real": 1.5,
                "set": ["set", [1, 2]], "map": ["map", [["k", "v"]]], "ref": ["named-uuid", "r"]}},
            {"op": "select", "table": "T", "where": [["n", "<", 1], ["set", "includes", ["set", [1]]]],
                "columns": ["name"], "sort": ["name"]},
            {"op": "update", "table": "T", "where": [["name", "==", "x"]], "row": {"n": 2}},
            {"op": "mutate", "table": "T", "where": [], "mutations": [["n", "+=", 1], ["set", "insert", 7]]},
            {"op": "wait", "table": "T", "where": [], "columns": ["n"], "until": "==", "rows": [{"n": 3}], "timeout": 0},
            {"op": "comment", "comment": "c"}, {"op": "assert", "lock": "l"}, {"op": "commit", "durable": false}]}),
        json!({"id": 1, "method": "monitor", "params": ["D", "m", {"T": [{"columns": ["name"],
            "select": {"initial": true, "insert": false}}]}]}),
        json!({"id": 1, "method": "monitor_cond_since", "params": ["D", ["m"], {"T": [{"columns": ["n"],
            "where": [["n", "==", 1], ["set", "excludes", 5]]}]}, "00000000-0000-0000-0000-000000000000"]}),
        json!({"id": 1, "method": "monitor_cond_change", "params": ["m", "m2", {"T": [{"where": [true]}]}]}),
        json!({"id": 1, "method": "monitor_cancel", "params": ["m"]}),
        json!({"id": null, "method": "cancel", "params": [1]}),
        json!({"id": 1, "method": "lock", "params": ["l"]}),
        json!({"id": 1, "method": "steal", "params": ["l"]}),
        json!({"id": 1, "method": "get_schema", "params": ["D"]}),
        json!({"id": 1, "method": "set_db_change_aware", "params": [true]}),
        json!({"id": 1, "method": "convert", "params": ["D", {"name": "D", "version": "1.0.1", "tables": {
            "T": {"isRoot": true, "maxRows": 5, "indexes": [["name"]], "columns": {"name": {"type": "string"},
                "n": {"type": {"key": {"type": "integer", "minInteger": 0}, "min": 0, "max": "unlimited"}},
                "e": {"type": {"key": {"type": "string", "enum": ["set", ["", "a"]]}}, "ephemeral": true}}}}}]}),
    ];
    let odd = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("_uuid"),
        json!("D"),
        json!("unlimited"),
        json!([]),
        json!({}),
        json!([[]]),
        json!(["set", []]),
        json!(["map", [["a"]]]),
        json!(["uuid", "nonsense"]),
        json!({"op": "insert"}),
    ];
    for request in &requests {
        let method = request["method"].as_str().expect("text").to_owned();
        let scratch = Scratch::new("replaced");
        let server = Server::start(Kind::Ours, &scratch, "db", SCHEMA, &[]);
        let mut places = Vec::new();
        collect(request, String::new(), &mut places);
        for place in &places {
            for value in &odd {
                let mut changed = request.clone();
                *changed.pointer_mut(place).expect("collected from it") = value.clone();
                // Either is fine; that there is an end of it, and that the server lives, is what counts.
                let _ = send(&server, &scratch, changed.to_string().as_bytes());
            }
            let reply = server.client(&scratch).call("list_dbs", json!([]));
            assert!(reply["result"].is_array(), "{method} {place}: {reply}");
        }
        assert!(
            !server.log(&scratch).contains("panicked"),
            "{}",
            server.log(&scratch)
        );
    }
}

/// Every place in a value, as JSON pointers.
fn collect(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                collect(item, format!("{place}/{i}"), places);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                collect(member, format!("{place}/{name}"), places);
            }
        }
        _ => {}
    }
    places.push(place);
}
