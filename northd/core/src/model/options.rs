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

    /// `true` or `false`, in letters of either case; anything else does not count.
    pub fn is_true(&self, key: &str, otherwise: bool) -> bool {
        let unusual = if otherwise { "false" } else { "true" };
        let is_unusual = self
            .get(key)
            .is_some_and(|text| text.eq_ignore_ascii_case(unusual));
        is_unusual != otherwise
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_other_word_changes_what_is_so_otherwise() {
        let check = |text: Option<&str>, expected: [bool; 2]| {
            let options: Options = text.map(|text| ("k", text)).into_iter().collect();
            let found = [false, true].map(|otherwise| options.is_true("k", otherwise));
            assert_eq!(found, expected, "{text:?}");
        };
        check(None, [false, true]);
        check(Some("true"), [true, true]);
        check(Some("TRUE"), [true, true]);
        check(Some("false"), [false, false]);
        check(Some("False"), [false, false]);
        check(Some("yes"), [false, true]);
        check(Some(""), [false, true]);
        check(Some(" true"), [false, true]);
    }
}
