//! Finds where JSON objects end, without parsing them.

use crate::Result;

/// Where in the text of a message the scan stands.
#[derive(Default)]
pub struct Scanner {
    depth: usize,
    in_string: bool,
    /// The last byte of the previous chunk was a backslash that escapes the next byte.
    escaped: bool,
}

impl Scanner {
    /// Reads on; the offset behind the first object that ends in `bytes`, if one does. The caller then goes on with
    /// what follows it.
    pub fn scan(&mut self, bytes: &[u8]) -> Result<Option<usize>> {
        let mut at = 0;
        while at < bytes.len() {
            if self.escaped {
                self.escaped = false;
                at += 1;
            } else if self.in_string {
                let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[at..]) else {
                    return Ok(None);
                };
                at += found;
                match bytes[at] {
                    b'"' => self.in_string = false,
                    _ => self.escaped = true,
                }
                at += 1;
            } else {
                match bytes[at] {
                    b'"' => self.in_string = true,
                    b'{' => self.depth += 1,
                    b'}' if self.depth == 1 => {
                        self.depth = 0;
                        return Ok(Some(at + 1));
                    }
                    b'}' => {
                        self.depth = self
                            .depth
                            .checked_sub(1)
                            .ok_or("the server sent an unexpected `}`")?
                    }
                    _ => {}
                }
                at += 1;
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_found_however_the_stream_is_cut() {
        let messages = [
            r#"{"a":[{"b":1},"}"]}"#,
            r#"{"q\"}{":"\\"}"#,
            "{}",
            r#"{"z":{"y":{}}}"#,
        ];
        let stream = messages.concat();
        for cut in 1..=stream.len() {
            let mut scanner = Scanner::default();
            let mut seen = Vec::new();
            let mut text = String::new();
            for chunk in stream.as_bytes().chunks(cut) {
                let mut rest = chunk;
                while let Some(end) = scanner.scan(rest).expect("well-formed") {
                    text.push_str(std::str::from_utf8(&rest[..end]).expect("ASCII"));
                    seen.push(std::mem::take(&mut text));
                    rest = &rest[end..];
                }
                text.push_str(std::str::from_utf8(rest).expect("ASCII"));
            }
            assert_eq!(seen, messages, "cut every {cut} bytes");
        }
    }

    #[test]
    fn an_end_without_a_beginning_is_an_error() {
        assert!(Scanner::default().scan(b"}").is_err());
    }
}
