//! Commands that look once and end: `ovn-northd plan`, `diff`, `explain`. The C program takes no words at all.

use std::ffi::OsString;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use ovn_service::Service;
use ovsdb_data::os_text;

use crate::{OvnNorthd, diff, explain, plan};

/// A command: its exit status.
type Look = fn(Vec<OsString>) -> Result<i32, Trouble>;

/// Why a command cannot be done, in words.
#[derive(Debug)]
pub struct Trouble(pub String);

impl From<String> for Trouble {
    fn from(text: String) -> Trouble {
        Trouble(text)
    }
}

impl From<&str> for Trouble {
    fn from(text: &str) -> Trouble {
        Trouble(text.to_owned())
    }
}

/// The commands, by name.
const LOOKS: [(&str, Look); 3] = [
    ("plan", plan::run),
    ("diff", diff::run),
    ("explain", explain::run),
];

/// Does what the words after the program's name say, if they are such a command: its exit status.
pub fn look(words: &[OsString]) -> Option<i32> {
    let (first, rest) = words.split_first()?;
    let (_, look) = LOOKS.iter().find(|(name, _)| first == name)?;
    let status = look(rest.to_vec()).unwrap_or_else(|trouble| {
        eprintln!("{}: {}", OvnNorthd::NAME, trouble.0);
        2
    });
    Some(status)
}

/// Prints a text; who reads it may stop when he has seen enough.
pub fn print(text: &str, to: Option<&Path>) -> Result<i32, Trouble> {
    let written = match to {
        Some(path) => std::fs::write(path, text),
        None => std::io::stdout().write_all(text.as_bytes()),
    };
    let name = to.map_or_else(|| "standard output".to_owned(), |path| path.display().to_string());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("{name}: {}", os_text(&error)).into())
        }
        _ => Ok(0),
    }
}
