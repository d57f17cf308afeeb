//! Maps of texts: `options`, `other_config`, `external_ids`.

use std::collections::BTreeMap;
use std::sync::Arc;

use ovsdb_data::typed::{MapView, Text};

/// The pairs of a map column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options(BTreeMap<Arc<str>, Arc<str>>);

impl Options {
    /// The pairs of a column.
    pub fn of(column: &MapView<'_, Text, Text>) -> Options {
        Options(
            column
                .iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        )
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| &**value)
    }

    /// `true` or `false`, exactly; anything else does not count.
    pub fn is_true(&self, key: &str, otherwise: bool) -> bool {
        match self.get(key) {
            Some("true") => true,
            Some("false") => false,
            _ => otherwise,
        }
    }

    /// A whole number; anything else does not count.
    pub fn number(&self, key: &str, otherwise: i64) -> i64 {
        self.get(key)
            .and_then(|text| text.trim_start().parse().ok())
            .unwrap_or(otherwise)
    }

    /// All pairs, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Options {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Options {
        let pairs = pairs.into_iter();
        Options(pairs.map(|(key, value)| (key.into(), value.into())).collect())
    }
}
