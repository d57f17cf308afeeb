//! The names of places to listen at and to connect to (ovsdb(7) "Connection Methods").

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Port when a remote names none (IANA "ovsdb").
pub const DEFAULT_PORT: u16 = 6640;

/// A remote.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remote {
    /// Listens.
    Passive(Passive),
    /// Connects.
    Active(Active),
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Passive {
    /// `punix:FILE`.
    Unix(PathBuf),
    /// `ptcp:[PORT][:HOST]`; port 0 is the kernel's choice.
    Tcp(u16, Option<String>),
    /// `pssl:[PORT][:HOST]`.
    Ssl(u16, Option<String>),
}

/// Where to connect to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Active {
    /// `unix:FILE`.
    Unix(PathBuf),
    /// `tcp:HOST:PORT`.
    Tcp(String, u16),
    /// `ssl:HOST:PORT`.
    Ssl(String, u16),
}

/// Why a text names no remote.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RemoteError {
    /// No known method before the colon.
    #[error("{0}: unknown connection method; use punix:, ptcp:, pssl:, unix:, tcp: or ssl:")]
    Method(String),
    /// A port that is not a number up to 65535.
    #[error("{0}: bad port number")]
    Port(String),
    /// No host, or no file.
    #[error("{0}: host or file name missing")]
    Missing(String),
}

impl FromStr for Remote {
    type Err = RemoteError;

    fn from_str(text: &str) -> Result<Remote, RemoteError> {
        let method = || RemoteError::Method(text.to_owned());
        let (scheme, rest) = text.split_once(':').ok_or_else(method)?;
        let file = || match rest {
            "" => Err(RemoteError::Missing(text.to_owned())),
            path => Ok(PathBuf::from(path)),
        };
        Ok(match scheme {
            "punix" => Remote::Passive(Passive::Unix(file()?)),
            "ptcp" => passive(text, rest).map(|(port, host)| Remote::Passive(Passive::Tcp(port, host)))?,
            "pssl" => passive(text, rest).map(|(port, host)| Remote::Passive(Passive::Ssl(port, host)))?,
            "unix" => Remote::Active(Active::Unix(file()?)),
            "tcp" => active(text, rest).map(|(host, port)| Remote::Active(Active::Tcp(host, port)))?,
            "ssl" => active(text, rest).map(|(host, port)| Remote::Active(Active::Ssl(host, port)))?,
            _ => return Err(method()),
        })
    }
}

fn port(whole: &str, text: &str) -> Result<u16, RemoteError> {
    match text {
        "" => Ok(DEFAULT_PORT),
        text => text.parse().map_err(|_| RemoteError::Port(whole.to_owned())),
    }
}

/// `[PORT][:HOST]`, the host perhaps in brackets.
fn passive(whole: &str, rest: &str) -> Result<(u16, Option<String>), RemoteError> {
    let (number, host) = rest.split_once(':').unwrap_or((rest, ""));
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok((port(whole, number)?, (!host.is_empty()).then(|| host.to_owned())))
}

/// `HOST[:PORT]`, an IPv6 host in brackets.
fn active(whole: &str, rest: &str) -> Result<(String, u16), RemoteError> {
    let (host, number) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, tail)) => (host, tail.strip_prefix(':').unwrap_or(tail)),
        None => rest.split_once(':').unwrap_or((rest, "")),
    };
    if host.is_empty() {
        return Err(RemoteError::Missing(whole.to_owned()));
    }
    Ok((host.to_owned(), port(whole, number)?))
}

fn bracketed(host: &str) -> String {
    if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Remote::Passive(passive) => passive.fmt(f),
            Remote::Active(active) => active.fmt(f),
        }
    }
}

impl fmt::Display for Passive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tcp = |scheme: &str, port: &u16, host: &Option<String>| match host {
            Some(host) => write!(f, "{scheme}:{port}:{}", bracketed(host)),
            None => write!(f, "{scheme}:{port}"),
        };
        match self {
            Passive::Unix(path) => write!(f, "punix:{}", path.display()),
            Passive::Tcp(port, host) => tcp("ptcp", port, host),
            Passive::Ssl(port, host) => tcp("pssl", port, host),
        }
    }
}

impl fmt::Display for Active {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Active::Unix(path) => write!(f, "unix:{}", path.display()),
            Active::Tcp(host, port) => write!(f, "tcp:{}:{port}", bracketed(host)),
            Active::Ssl(host, port) => write!(f, "ssl:{}:{port}", bracketed(host)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_have_one_normal_form() {
        let check = |text: &str, expected: &str| {
            let rendered = Remote::from_str(text).map_or_else(|e| e.to_string(), |r| r.to_string());
            assert_eq!(rendered, expected, "{text}");
        };
        check("punix:/a/b.sock", "punix:/a/b.sock");
        check("ptcp:", "ptcp:6640");
        check("ptcp:0:127.0.0.1", "ptcp:0:127.0.0.1");
        check("pssl:6641:[::1]", "pssl:6641:[::1]");
        check("tcp:[::1]:1", "tcp:[::1]:1");
        check("tcp:host", "tcp:host:6640");
        check("ssl:1.2.3.4:99999", "ssl:1.2.3.4:99999: bad port number");
        check("tcp::1", "tcp::1: host or file name missing");
        check(
            "foo:1",
            "foo:1: unknown connection method; use punix:, ptcp:, pssl:, unix:, tcp: or ssl:",
        );
    }
}
