//! Changes inputs: as bytes, and line by line as JSON, so that what is behind the parser is reached as well.

use serde_json::{Value, json};

/// A small deterministic generator (xorshift64*).
pub struct Rng(u64);

impl Rng {
    /// Every seed gives its own sequence.
    pub fn new(seed: u64) -> Self {
        Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `n`; 0 for none.
    pub fn below(&mut self, n: usize) -> usize {
        ((self.number() >> 33) as usize) % n.max(1)
    }
}

/// Changes `input` once; `other` is another input to take pieces from.
pub fn mutate(input: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    // Most changes keep the JSON whole.
    if rng.below(3) == 0 || !mutate_line(input, other, rng) {
        mutate_bytes(input, other, rng);
    }
}

/// What a byte-wise reader finds hard.
const TOKENS: [&[u8]; 18] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"\\udc00",
    b"\0",
    b"\xff",
    b"\xc3",
    b"-",
    b"1e999",
    b"0x",
    b"null",
    b"\n",
    b"18446744073709551616",
];

fn mutate_bytes(input: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    let at = rng.below(input.len() + 1);
    let end = (at + 1 + rng.below(16)).min(input.len());
    match rng.below(6) {
        0 if at < input.len() => input[at] ^= 1 << rng.below(8),
        1 => drop(input.drain(at..end)),
        2 => input.truncate(at),
        3 => {
            let piece = input[at..end].to_vec();
            let times = 1 + rng.below(300);
            input.splice(at..at, piece.repeat(times));
        }
        4 => {
            let from = rng.below(other.len() + 1);
            input.splice(at..end, other[from..].iter().copied());
        }
        _ => drop(input.splice(at..at, TOKENS[rng.below(TOKENS.len())].iter().copied())),
    }
}

/// Changes one line that is JSON; false if there was none where it looked.
fn mutate_line(input: &mut Vec<u8>, other: &[u8], rng: &mut Rng) -> bool {
    let mut lines: Vec<Vec<u8>> = input.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let i = rng.below(lines.len());
    let parse = |line: &[u8]| serde_json::from_slice::<Value>(line).ok();
    let Some(mut value) = parse(&lines[i]) else {
        return false;
    };
    let donor = other
        .split(|byte| *byte == b'\n')
        .find_map(parse)
        .unwrap_or_default();
    match rng.below(8) {
        0 => {
            let line = lines[i].clone();
            let at = rng.below(lines.len() + 1);
            lines.insert(at, line);
        }
        1 => drop(lines.remove(i)),
        _ => {
            change_node(&mut value, &donor, rng);
            lines[i] = value.to_string().into_bytes();
        }
    }
    *input = lines.join(&b'\n');
    true
}

fn change_node(value: &mut Value, donor: &Value, rng: &mut Rng) {
    let n = count(value);
    let index = rng.below(n);
    let copy = node(value, &mut rng.below(n)).cloned().unwrap_or_default();
    let gift = node(donor, &mut rng.below(count(donor)))
        .cloned()
        .unwrap_or_default();
    let Some(at) = node_mut(value, &mut { index }) else {
        return;
    };
    match (rng.below(7), &mut *at) {
        (0, Value::Array(items)) if !items.is_empty() => drop(items.remove(rng.below(items.len()))),
        (0, Value::Object(members)) => {
            let name = members.keys().nth(rng.below(members.len())).cloned();
            name.and_then(|name| members.remove(&name));
        }
        (1, Value::Array(items)) => items.insert(rng.below(items.len() + 1), copy),
        (1, Value::Object(members)) => {
            let (from, to) = (rng.below(members.len()), rng.below(members.len()));
            let taken = members.values().nth(from).cloned();
            let name = members.keys().nth(to).cloned();
            members.extend(name.zip(taken));
        }
        (2, Value::Array(items)) if !items.is_empty() => {
            let i = rng.below(items.len());
            items.swap(0, i);
        }
        (2, Value::Number(number)) => {
            let old = number.as_i64().unwrap_or_default();
            *at = json!(old.wrapping_add(rng.below(5) as i64 - 2));
        }
        (2, Value::String(text)) => text.push(['"', '\\', 'é', '\u{10ffff}', ' ', '_', '0'][rng.below(7)]),
        (3, _) => *at = copy,
        (4, _) => *at = gift,
        _ => *at = odd(rng),
    }
}

/// A value that is often in the wrong place, or at the edge of what is right.
fn odd(rng: &mut Rng) -> Value {
    const STRINGS: [&str; 16] = [
        "",
        "_uuid",
        "_version",
        "==",
        "!=",
        "<",
        "includes",
        "excludes",
        "insert",
        "delete",
        "%=",
        "/=",
        "*=",
        "set",
        "named-uuid",
        "00000000-0000-0000-0000-000000000001",
    ];
    match rng.below(16) {
        0 => Value::Null,
        1 => json!(rng.below(2) == 0),
        2 => json!([i64::MIN, i64::MAX, -1, 0, 1][rng.below(5)]),
        3 => json!([0.5, -0.0, 1e308, 9.007199254740993e15, 1e-300][rng.below(5)]),
        4 => json!(u64::MAX),
        5 => json!([]),
        6 => json!({}),
        7 => json!(["set", []]),
        8 => json!(["map", []]),
        9 => json!(["set", [odd(rng), odd(rng)]]),
        10 => json!(["map", [[odd(rng), odd(rng)], [odd(rng), odd(rng)]]]),
        11 => json!(["uuid", "00000000-0000-0000-0000-000000000001"]),
        12 => json!(["named-uuid", "row"]),
        _ => json!(STRINGS[rng.below(STRINGS.len())]),
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// The node that `left` nodes precede, in the order of reading.
fn node<'a>(value: &'a Value, left: &mut usize) -> Option<&'a Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter().find_map(|item| node(item, left)),
        Value::Object(members) => members.values().find_map(|member| node(member, left)),
        _ => None,
    }
}

fn node_mut<'a>(value: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| node_mut(item, left)),
        Value::Object(members) => members.values_mut().find_map(|member| node_mut(member, left)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mutations_are_repeatable_and_change_things() {
        let tries = |seed| {
            let mut rng = Rng::new(seed);
            let mut input = br#"{"a":[1,"b",{"c":null}]}"#.to_vec();
            (0..50).for_each(|_| {
                mutate(&mut input, b"[true]", &mut rng);
                input.truncate(500);
            });
            input
        };
        assert_eq!(tries(1), tries(1));
        assert_ne!(tries(1), tries(2));
    }

    #[test]
    fn nodes_are_counted_in_the_order_of_reading() {
        let mut value = json!([1, {"a": [2, 3]}, 4]);
        let expected = [
            value.clone(),
            json!(1),
            json!({"a": [2, 3]}),
            json!([2, 3]),
            json!(2),
            json!(3),
            json!(4),
        ];
        assert_eq!(count(&value), expected.len());
        for (i, expected) in expected.iter().enumerate() {
            assert_eq!(node(&value, &mut { i }), Some(expected));
            assert_eq!(node_mut(&mut value, &mut { i }), Some(&mut expected.clone()));
        }
    }
}
