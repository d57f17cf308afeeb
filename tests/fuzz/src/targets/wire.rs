//! From a client's bytes to typed calls.

use ovsdb_data::json;
use ovsdb_wire::framing::{FrameError, Framer};
use ovsdb_wire::message::Message;
use ovsdb_wire::method::{Call, MonitorCall};
use serde_json::Value;

const MESSAGE_BYTES_MAX: usize = 16 * 1024;

/// A stream gives the same messages however it is cut.
pub fn framing(bytes: &[u8]) {
    let whole = frames(bytes, bytes.len().max(1));
    let cut = 1 + usize::from(bytes.first().copied().unwrap_or_default()) % 7;
    let pieces = frames(bytes, cut);
    assert_eq!(whole.0, pieces.0, "cut every {cut} bytes");
    // Where two errors are in reach, which of them is met first depends on the cut.
    assert_eq!(whole.1.is_some(), pieces.1.is_some(), "cut every {cut} bytes");
    for text in &whole.0 {
        assert!(text.len() <= MESSAGE_BYTES_MAX);
        assert!(text.starts_with(b"{") && text.ends_with(b"}"));
    }
}

fn frames(bytes: &[u8], cut: usize) -> (Vec<Vec<u8>>, Option<FrameError>) {
    let mut framer = Framer::new(MESSAGE_BYTES_MAX);
    let mut texts = Vec::new();
    for chunk in bytes.chunks(cut) {
        framer.push(chunk);
        loop {
            match framer.next() {
                Ok(Some(text)) => texts.push(text),
                Ok(None) => break,
                Err(error) => return (texts, Some(error)),
            }
        }
    }
    (texts, None)
}

/// What was written is read and written as the same; parameters are typed or refused with an error.
pub fn message(bytes: &[u8]) {
    let Ok(message) = Message::parse(bytes) else {
        return;
    };
    // What was read first is not compared: a real number is written with 15 digits.
    let text = written(&message);
    let again = written(&Message::parse(&text).expect("what was written is a message"));
    let parse = |text: &[u8]| json::parse(text).expect("what was written is JSON");
    assert!(
        same(&parse(&text), &parse(&again)),
        "{}\n{}",
        String::from_utf8_lossy(&text),
        String::from_utf8_lossy(&again)
    );
    let (Message::Request { method, params, .. } | Message::Notification { method, params }) = message else {
        return;
    };
    let refused = match Call::parse(&method, params) {
        Ok(Call::Monitor(version, call)) => MonitorCall::parse(version, call).err(),
        Ok(Call::GetSchema(call) | Call::Transact(call) | Call::Convert(call)) => {
            Some(call.unknown_database())
        }
        Ok(_) => None,
        Err(error) => Some(error),
    };
    if let Some(error) = refused {
        assert!(!error.is_null(), "a refusal that looks like success");
        let mut text = Vec::new();
        json::write(&error, &mut text);
        assert!(json::parse(&text).is_ok());
    }
}

/// Equal but for how a number is told: those 15 digits may be an integer's, which is written without an exponent.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

fn written(message: &Message) -> Vec<u8> {
    let mut text = Vec::new();
    message.write(&mut text);
    text
}
