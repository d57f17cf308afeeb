//! How values become bytes, on disk and between members: a format version, then bincode.
//!
//! The one place that knows bincode. A successor gets the next version; old bytes stay readable as long as their
//! version has an arm in [`decode`].

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The format that is written.
const VERSION: u8 = 1;

/// Bytes that are no value.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// Nothing at all.
    #[error("empty record")]
    Empty,
    /// Written by a later version of this program, or by something else.
    #[error("format version {0} is not known to this program: use the version that wrote it, or a later one")]
    Version(u8),
    /// Not what the version promises.
    #[error("damaged record: {0}")]
    Damaged(String),
}

impl From<CodecError> for std::io::Error {
    fn from(error: CodecError) -> Self {
        std::io::Error::new(std::io::ErrorKind::InvalidData, error)
    }
}

/// The bytes of a value.
pub fn encode(value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::new();
    encode_into(&mut out, value);
    out
}

/// Adds the bytes of a value.
pub fn encode_into(out: &mut Vec<u8>, value: &impl Serialize) {
    out.push(VERSION);
    bincode::serde::encode_into_std_write(value, out, bincode::config::standard())
        .expect("our own types have a serde form, and a Vec takes every byte");
}

/// The value of some bytes, which must be all of it.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    let (version, body) = bytes.split_first().ok_or(CodecError::Empty)?;
    match version {
        1 => {
            let config = bincode::config::standard();
            let (value, n_bytes) = bincode::serde::decode_from_slice(body, config)
                .map_err(|error| CodecError::Damaged(error.to_string()))?;
            match n_bytes == body.len() {
                true => Ok(value),
                false => Err(CodecError::Damaged(format!(
                    "{} bytes too many",
                    body.len() - n_bytes
                ))),
            }
        }
        other => Err(CodecError::Version(*other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_a_value_or_an_error() {
        let value = (7_u64, "seven".to_owned(), vec![1_u8, 2, 3]);
        let bytes = encode(&value);
        assert_eq!(
            decode::<(u64, String, Vec<u8>)>(&bytes).expect("its own bytes"),
            value
        );
        type Read = (u64, String, Vec<u8>);
        for cut in 0..bytes.len() {
            assert!(decode::<Read>(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(matches!(decode::<Read>(&longer), Err(CodecError::Damaged(_))));
        let mut later = bytes;
        later[0] = 9;
        assert!(matches!(decode::<Read>(&later), Err(CodecError::Version(9))));
    }
}
