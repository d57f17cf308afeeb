//! The error object that clients see (RFC 7047 §3.1 `<error>`): a tag, details, and the JSON text at fault.

use std::borrow::Cow;
use std::fmt;

/// An error in the form clients see. `tag` is the member `"error"`; the exact texts are part of the interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OvsdbError {
    /// The member `"error"`, for example `constraint violation`.
    pub tag: Cow<'static, str>,
    /// The member `"details"`.
    pub details: Option<String>,
    /// The member `"syntax"`: the JSON at fault, with sorted keys.
    pub syntax: Option<String>,
}

impl OvsdbError {
    /// An error with a tag and details.
    pub fn new(tag: impl Into<Cow<'static, str>>, details: impl Into<String>) -> Self {
        OvsdbError {
            tag: tag.into(),
            details: Some(details.into()),
            syntax: None,
        }
    }

    /// An error that is only a tag.
    pub fn bare(tag: impl Into<Cow<'static, str>>) -> Self {
        OvsdbError {
            tag: tag.into(),
            details: None,
            syntax: None,
        }
    }

    /// `syntax error`: the JSON `at` is not what its place asks for.
    pub fn syntax(at: &serde_json::Value, details: impl Into<String>) -> Self {
        OvsdbError::at("syntax error", at, details)
    }

    /// An error with a tag of its own about the JSON `at`.
    pub fn at(tag: impl Into<Cow<'static, str>>, at: &serde_json::Value, details: impl Into<String>) -> Self {
        let syntax = Some(crate::json::to_string(at));
        OvsdbError {
            syntax,
            ..OvsdbError::new(tag, details)
        }
    }

    /// `constraint violation`.
    pub fn constraint(details: impl Into<String>) -> Self {
        OvsdbError::new("constraint violation", details)
    }
}

impl fmt::Display for OvsdbError {
    /// One line in the C programs' form: `syntax "…": TAG: DETAILS`, as `ovsdb-tool` prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.syntax {
            Some(syntax) => write!(f, "syntax \"{syntax}\": {}", self.tag)?,
            None => write!(f, "{}", self.tag)?,
        }
        match &self.details {
            Some(details) => write!(f, ": {details}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for OvsdbError {}

/// The system's text for an error, without Rust's ` (os error N)`: what the C programs print of it.
pub fn os_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
