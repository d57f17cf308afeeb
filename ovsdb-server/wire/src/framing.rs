//! Splits a byte stream into JSON texts: concatenated objects without prefix or delimiter, blanks between them
//! ignored; anything but an object at top level, brackets that do not match, or nesting deeper than 1000 ends the
//! stream. What else is wrong with a text its parser finds.

use ovsdb_data::json::MAX_DEPTH;

/// Why a stream is not a sequence of JSON objects.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FrameError {
    /// A byte at top level that starts no object.
    #[error("expected a JSON object, found byte {0:#04x}")]
    NotAnObject(u8),
    /// A bracket closes what another opened: without this, the text would never end.
    #[error("{0:?} closes no such bracket")]
    Mismatched(char),
    /// Deeper than [`ovsdb_data::json::MAX_DEPTH`].
    #[error("input exceeds maximum nesting depth {0}")]
    TooDeep(usize),
    /// Longer than the limit set by the operator.
    #[error("message exceeds {0} bytes")]
    TooLong(usize),
}

/// The splitter. Its state is the part of a message seen so far.
pub struct Framer {
    max_bytes: usize,
    buffer: Vec<u8>,
    /// Where the present message begins in `buffer`; what is before has been given out.
    start: usize,
    /// Bytes of `buffer` already looked at.
    scanned: usize,
    /// The brackets open at present, each as the one that closes it.
    open: Vec<u8>,
    in_string: bool,
    escaped: bool,
}

impl Framer {
    /// No message may be longer than `max_bytes`.
    pub fn new(max_bytes: usize) -> Self {
        Framer {
            max_bytes,
            buffer: Vec::new(),
            start: 0,
            scanned: 0,
            open: Vec::new(),
            in_string: false,
            escaped: false,
        }
    }

    /// Takes bytes in; complete texts are then had from [`Framer::next`].
    pub fn push(&mut self, bytes: &[u8]) {
        // What was given out goes once for many messages, not once for each.
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.scanned -= self.start;
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes of an unfinished message.
    pub fn pending_bytes(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// The next complete JSON text. After an error the stream is of no more use.
    #[allow(
        clippy::should_implement_trait,
        reason = "it is fallible and not the end of anything"
    )]
    pub fn next(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        while self.scanned < self.buffer.len() {
            let byte = self.buffer[self.scanned];
            if self.in_string {
                self.scan_string();
                continue;
            }
            match byte {
                b'{' | b'[' if !self.open.is_empty() || byte == b'{' => {
                    if self.open.is_empty() {
                        // The blanks before a message are no part of it.
                        self.start = self.scanned;
                    }
                    if self.open.len() == MAX_DEPTH {
                        return Err(FrameError::TooDeep(MAX_DEPTH));
                    }
                    self.open.push(if byte == b'{' { b'}' } else { b']' });
                }
                b' ' | b'\t' | b'\r' | b'\n' => {}
                _ if self.open.is_empty() => return Err(FrameError::NotAnObject(byte)),
                b'}' | b']' => {
                    if self.open.pop() != Some(byte) {
                        return Err(FrameError::Mismatched(byte.into()));
                    }
                    if self.open.is_empty() {
                        self.scanned += 1;
                        if self.scanned - self.start > self.max_bytes {
                            return Err(FrameError::TooLong(self.max_bytes));
                        }
                        return Ok(Some(self.cut()));
                    }
                }
                b'"' => self.in_string = true,
                _ => {}
            }
            self.scanned += 1;
        }
        if self.open.is_empty() {
            // Nothing but blanks: an idle connection keeps no memory.
            self.buffer = Vec::new();
            self.start = 0;
            self.scanned = 0;
        } else if self.pending_bytes() > self.max_bytes {
            return Err(FrameError::TooLong(self.max_bytes));
        }
        Ok(None)
    }

    fn scan_string(&mut self) {
        if self.escaped {
            self.escaped = false;
            self.scanned += 1;
            return;
        }
        let rest = &self.buffer[self.scanned..];
        match rest.iter().position(|b| matches!(b, b'"' | b'\\')) {
            None => self.scanned = self.buffer.len(),
            Some(at) => {
                self.escaped = rest[at] == b'\\';
                self.in_string = self.escaped;
                self.scanned += at + 1;
            }
        }
    }

    /// Takes the text that ends at `scanned`.
    fn cut(&mut self) -> Vec<u8> {
        let start = std::mem::replace(&mut self.start, self.scanned);
        match start == 0 && self.scanned > self.buffer.len() / 2 {
            // As a rule the buffer is the message; what may be behind a long one is short.
            true => {
                let rest = self.buffer.split_off(self.scanned);
                self.start = 0;
                self.scanned = 0;
                std::mem::replace(&mut self.buffer, rest)
            }
            false => self.buffer[start..self.scanned].to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(chunks: &[&[u8]]) -> Result<Vec<String>, FrameError> {
        let mut framer = Framer::new(1000);
        let mut texts = Vec::new();
        for chunk in chunks {
            framer.push(chunk);
            while let Some(text) = framer.next()? {
                texts.push(String::from_utf8_lossy(&text).trim().to_owned());
            }
        }
        Ok(texts)
    }

    #[test]
    fn objects_are_told_apart() {
        let check = |input: &str, expected: Result<Vec<&str>, FrameError>| {
            let expected = expected.map(|texts| texts.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(split(&[input.as_bytes()]), expected, "{input}");
        };
        check("{}{}", Ok(vec!["{}", "{}"]));
        check(
            " {\"a\":\"}\\\"{\"}\n{\"b\":[1,{}]}",
            Ok(vec!["{\"a\":\"}\\\"{\"}", "{\"b\":[1,{}]}"]),
        );
        check("{\"a\":", Ok(vec![]));
        check("[]", Err(FrameError::NotAnObject(b'[')));
        check("{]", Err(FrameError::Mismatched(']')));
        check("{\"a\":[}", Err(FrameError::Mismatched('}')));
        check("{}1", Err(FrameError::NotAnObject(b'1')));
        check(
            &"{\"a\":".repeat(MAX_DEPTH + 1),
            Err(FrameError::TooDeep(MAX_DEPTH)),
        );
        check(
            &format!("{{\"{}", "x".repeat(1000)),
            Err(FrameError::TooLong(1000)),
        );
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_texts(cuts in proptest::collection::vec(0usize..60, 0..8)) {
            let input = br#"{"a":"\"}"} {"b":[{"c":"\\"},[]]}{"d":{"e":null}}"#;
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(input.len())).collect();
            cuts.sort_unstable();
            let mut chunks = Vec::new();
            let mut from = 0;
            for to in cuts.into_iter().chain([input.len()]) {
                chunks.push(&input[from..to]);
                from = to;
            }
            prop_assert_eq!(split(&chunks), split(&[input]));
        }

        #[test]
        fn bytes_of_any_kind_are_no_crash(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = split(&[&bytes]);
        }
    }
}
