//! Splits a byte stream into JSON texts: concatenated objects without prefix or delimiter, blanks between them
//! ignored; anything but an object at top level, or nesting deeper than 1000, ends the stream.

/// Why a stream is not a sequence of JSON objects.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FrameError {
    /// A byte at top level that starts no object.
    #[error("expected a JSON object, found byte {0:#04x}")]
    NotAnObject(u8),
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
}

impl Framer {
    /// No message may be longer than `max_bytes`.
    pub fn new(max_bytes: usize) -> Self {
        Framer { max_bytes, buffer: Vec::new() }
    }

    /// Takes bytes in; complete texts are then had from [`Framer::next`].
    pub fn push(&mut self, bytes: &[u8]) {
        let _ = self.max_bytes;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next complete JSON text.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        todo!()
    }
}
