//! From a server's bytes to a client's rows.

use ovsdb_idl::session::{Config, Event, Interest, Session};
use ovsdb_wire::message::Message;
use serde_json::json;

use super::data::SCHEMA;

/// A client that has asked for rows, and has none yet.
fn asking() -> Session {
    let mut session = Session::new(Config {
        db: SCHEMA.name.to_string(),
        leader_only: false,
        tables: Interest::All,
        schema: Some(SCHEMA.clone()),
    });
    session.handle_connected();
    // No database `_Server`, so that the schema is asked for.
    for result in [Err(json!("unknown database")), Ok(SCHEMA.to_json())] {
        let id = match &result {
            Err(_) => json!(1),
            Ok(_) => json!(2),
        };
        session.handle_message(Message::Response { id, result });
    }
    session
}

fn happened(session: &mut Session) -> (Vec<Event>, Vec<Vec<u8>>) {
    let events = std::iter::from_fn(|| session.poll_event()).collect();
    let sent = std::iter::from_fn(|| session.poll_transmit().map(|frame| frame.to_vec())).collect();
    (events, sent)
}

/// Messages, a line each: a client that takes them as texts, where it can, does what one does that takes values.
pub fn run(bytes: &[u8]) {
    let (mut texts, mut values) = (asking(), asking());
    for text in bytes.split(|byte| *byte == b'\n') {
        let is_taken = texts.handle_text(text);
        let Ok(message) = Message::parse(text) else {
            assert!(!is_taken, "what is no message is taken");
            continue;
        };
        if !is_taken {
            texts.handle_message(message.clone());
        }
        values.handle_message(message);
        assert_eq!(happened(&mut texts), happened(&mut values));
    }
}
