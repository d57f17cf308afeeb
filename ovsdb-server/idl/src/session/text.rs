//! Messages that may be large, as texts: as values they would take many times their size.
//!
//! In: the text of a message. Out: where in it the rows or results are, and what is said beside them. None of a message
//! that is another one, or unusual.

use ovsdb_data::TxnId;
use ovsdb_data::monitor::MonitorVersion;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::txn_id;

/// A message that may be large.
pub(super) enum Large<'a> {
    /// The answer to a request, perhaps a transaction or that for a monitor.
    Answer {
        /// Of the request.
        id: u64,
        /// What it has.
        result: &'a str,
    },
    /// What has changed since (ovsdb-server(7) §4.1.14, §4.1.16).
    Update(Update<'a>),
}

/// `update2` or `update3`.
pub(super) struct Update<'a> {
    /// Which.
    pub version: MonitorVersion,
    /// The database that the monitor is named after.
    pub monitor: &'a str,
    /// The state's id, where the server keeps any.
    pub last: Option<TxnId>,
    /// The rows.
    pub body: &'a str,
}

/// The answer to a request for a monitor.
pub(super) struct First<'a> {
    /// It is what was missed, not everything.
    pub found: bool,
    /// The state's id, where the server keeps any.
    pub last: Option<TxnId>,
    /// The rows.
    pub body: &'a str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members<'a> {
    #[serde(borrow)]
    method: Option<&'a str>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    id: Option<u64>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

impl<'a> Large<'a> {
    pub fn parse(text: &'a [u8]) -> Option<Large<'a>> {
        let members: Members<'a> = serde_json::from_slice(text).ok()?;
        match (members.method, members.params, members.id) {
            (None, None, Some(id)) if members.error.is_none() => {
                let result = members.result?.get();
                Some(Large::Answer { id, result })
            }
            (Some(method), Some(params), None) if members.result.is_none() => {
                Update::parse(method, params.get()).map(Large::Update)
            }
            _ => None,
        }
    }
}

impl<'a> Update<'a> {
    fn parse(method: &str, params: &'a str) -> Option<Update<'a>> {
        let (version, id, last, body) = match method {
            "update2" => {
                let (id, body): ([&str; 2], &RawValue) = serde_json::from_str(params).ok()?;
                (MonitorVersion::V2, id, None, body)
            }
            "update3" => {
                let (id, last, body): ([&str; 2], &str, &RawValue) = serde_json::from_str(params).ok()?;
                (MonitorVersion::V3, id, txn_id(Some(&last.into())).ok()?, body)
            }
            _ => return None,
        };
        let ["monid", monitor] = id else { return None };
        Some(Update {
            version,
            monitor,
            last,
            body: body.get(),
        })
    }
}

impl<'a> First<'a> {
    pub fn parse(result: &'a str, version: MonitorVersion) -> Option<First<'a>> {
        match version {
            MonitorVersion::V1 => None,
            MonitorVersion::V2 => Some(First {
                found: false,
                last: None,
                body: result,
            }),
            MonitorVersion::V3 => {
                let (found, last, body): (bool, &str, &RawValue) = serde_json::from_str(result).ok()?;
                Some(First {
                    found,
                    last: txn_id(Some(&last.into())).ok()?,
                    body: body.get(),
                })
            }
        }
    }
}
