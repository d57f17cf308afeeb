//! Names as they stand in matches and actions.

use std::sync::Arc;

use ovsdb_data::json;

/// A text in quotation marks, as OVSDB writes strings: how ports are named in expressions.
pub fn quoted(text: &str) -> Arc<str> {
    json::to_string(&text.into()).into()
}

/// The name of a chassisredirect port.
pub fn chassis_redirect(port: &str) -> String {
    format!("cr-{port}")
}

/// The port that a chassisredirect port stands for, by its name.
pub fn unredirected(name: &str) -> Option<&str> {
    name.strip_prefix("cr-")
}

/// True on the chassis where a port is.
pub fn is_resident(quoted_port: &str) -> String {
    format!("is_chassis_resident({quoted_port})")
}
