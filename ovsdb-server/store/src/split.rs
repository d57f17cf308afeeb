//! Cuts a record's text into pieces that can be parsed apart, looking at nothing but quotes and brackets.
//!
//! In: a text that may or may not be JSON. Out: ranges of it. Whatever is malformed, or merely unusual, gives none, or
//! pieces that do not parse: the caller then parses the whole.

use std::ops::Range;

use memchr::memchr2;

/// A member of an object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Member<'a> {
    /// Its name, without escapes.
    pub name: &'a str,
    /// Where its value is.
    pub value: Range<usize>,
}

/// The members of the object that a text is.
pub(crate) fn members(text: &[u8]) -> Option<Vec<Member<'_>>> {
    let mut members = Vec::new();
    let mut at = blanks(text, 0);
    if text.get(at) != Some(&b'{') {
        return None;
    }
    at = blanks(text, at + 1);
    while text.get(at) != Some(&b'}') {
        let (name, value) = member(text, at)?;
        at = blanks(text, value.end);
        members.push(Member { name, value });
        match text.get(at) {
            Some(b',') => {
                at = blanks(text, at + 1);
                // Nothing ends with a comma.
                if text.get(at) == Some(&b'}') {
                    return None;
                }
            }
            Some(b'}') => {}
            _ => return None,
        }
    }
    (blanks(text, at + 1) == text.len()).then_some(members)
}

/// The members of the object at `object`, without its braces, in ranges of about `size` bytes that end between
/// members. Nothing for an empty object.
pub(crate) fn entries(text: &[u8], object: Range<usize>, size: usize) -> Option<Vec<Range<usize>>> {
    let whole = text.get(object.start + 1..object.end.checked_sub(1)?)?;
    if text.get(object.start) != Some(&b'{') || text.get(object.end - 1) != Some(&b'}') {
        return None;
    }
    let inner = object.start + 1..object.end - 1;
    if blanks(text, inner.start) >= inner.end {
        return Some(Vec::new());
    }
    if whole.len() <= size {
        return Some(vec![inner]);
    }
    let mut ranges = Vec::new();
    let (mut start, mut at) = (inner.start, inner.start);
    while at < inner.end {
        let (_, value) = member(text, blanks(text, at))?;
        at = blanks(text, value.end);
        // A comma stands between members, not behind the last.
        if at < inner.end && (text[at] != b',' || blanks(text, at + 1) >= inner.end) {
            return None;
        }
        if at - start >= size || at >= inner.end {
            ranges.push(start..at.min(inner.end));
            start = at + 1;
        }
        at += 1;
    }
    Some(ranges)
}

/// The member that begins at `at`.
fn member(text: &[u8], at: usize) -> Option<(&str, Range<usize>)> {
    let end = string(text, at)?;
    let name = std::str::from_utf8(&text[at + 1..end - 1]).ok()?;
    if name.contains('\\') {
        return None;
    }
    let colon = blanks(text, end);
    if text.get(colon) != Some(&b':') {
        return None;
    }
    let start = blanks(text, colon + 1);
    Some((name, start..value(text, start)?))
}

/// The end of the value that begins at `at`.
fn value(text: &[u8], mut at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => return string(text, at),
        b'{' | b'[' => {}
        _ => {
            let rest = &text[at..];
            let n = rest
                .iter()
                .position(|b| matches!(b, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'));
            return n.filter(|n| *n > 0).map(|n| at + n);
        }
    }
    let mut depth = 0_usize;
    loop {
        match text.get(at)? {
            b'"' => {
                at = string(text, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// The end of the string that begins at `at`.
fn string(text: &[u8], at: usize) -> Option<usize> {
    if text.get(at) != Some(&b'"') {
        return None;
    }
    let mut at = at + 1;
    loop {
        at += memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

fn blanks(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let n = rest
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'));
    at + n.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The members of a text, each object among them cut in pieces of 8 bytes or a little more.
    fn check(text: &str, expected: &str) {
        let shown = members(text.as_bytes()).map(|members| {
            let shown = members.into_iter().map(|Member { name, value }| {
                let pieces = entries(text.as_bytes(), value.clone(), 8);
                let pieces = pieces.map(|ranges| {
                    let pieces: Vec<&str> = ranges.into_iter().map(|range| &text[range]).collect();
                    pieces.join(" | ")
                });
                format!("{name}={}", pieces.unwrap_or_else(|| text[value].to_owned()))
            });
            shown.collect::<Vec<_>>().join("; ")
        });
        assert_eq!(shown.as_deref().unwrap_or("none"), expected, "{text}");
    }

    #[test]
    fn records_are_cut_between_rows() {
        check("{}", "");
        check(" { } \n", "");
        check(
            r#"{"a":1,"b":"x}","c":[1,{"d":2}]}"#,
            r#"a=1; b="x}"; c=[1,{"d":2}]"#,
        );
        check(
            r#"{"T":{"a":{"x":1},"b":null,"c":{"y":"\"},{"}},"_date":5}"#,
            r#"T="a":{"x":1} | "b":null | "c":{"y":"\"},{"}; _date=5"#,
        );
        check(r#"{"T":{}}"#, "T=");
        check(
            r#"{"T":{"a":{"x":1},"b":{"x":2},"c":3,}}"#,
            r#"T={"a":{"x":1},"b":{"x":2},"c":3,}"#,
        );
        check(
            r#"{"T": { "a" : 1 , "b" : 2 , "c" : 3 } }"#,
            r#"T= "a" : 1  |  "b" : 2  |  "c" : 3 "#,
        );
        for malformed in [
            "",
            "{",
            "[]",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1"#,
            r#"{"a":1}x"#,
            r#"{"a":1,}"#,
            r#"{"a":{]"#,
            r#"{"\u0061":1}"#,
        ] {
            check(malformed, "none");
        }
    }
}
