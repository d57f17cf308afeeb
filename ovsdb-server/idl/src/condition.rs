//! Which rows of a table to follow.
//!
//! In: typed columns. Out: clauses as ovsdb-server(7) §4.1.12 writes them.

use std::marker::PhantomData;

use ovsdb_data::condition::Function;
use ovsdb_data::typed::{Column, IntoDatum, Kind, Table};
use serde_json::{Value, json};

/// The rows for which any of some clauses holds; for [`crate::session::Session::set_where`].
#[derive(Clone, Debug, PartialEq)]
pub struct Where<T> {
    /// Every row, whatever the clauses.
    all: bool,
    clauses: Vec<Value>,
    of: PhantomData<fn() -> T>,
}

impl<T: Table<'static>> Where<T> {
    /// Every row: what is followed unless asked otherwise.
    pub fn all() -> Self {
        Where {
            all: true,
            ..Self::none()
        }
    }

    /// No row.
    pub fn none() -> Self {
        Where {
            all: false,
            clauses: Vec::new(),
            of: PhantomData,
        }
    }

    /// These rows and those that this clause holds for.
    pub fn or<K: Kind>(mut self, column: Column<T, K>, function: Function, value: impl IntoDatum<K>) -> Self {
        let value = value.into_datum().to_json_as(K::IS_MAP);
        self.clauses.push(json!([column.name, function.name(), value]));
        self
    }

    /// The clauses. None of them would mean every row.
    pub fn to_json(&self) -> Value {
        match (self.all, self.clauses.is_empty()) {
            (true, _) => json!([true]),
            (false, true) => json!([false]),
            (false, false) => Value::Array(self.clauses.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::T;
    use ovsdb_data::typed::{Map, One, Set, Text};

    const NAME: Column<T<'static>, One<Text>> = Column::new(2, "name");
    const PORTS: Column<T<'static>, Set<i64>> = Column::new(3, "ports");
    const OPTIONS: Column<T<'static>, Map<Text, Text>> = Column::new(4, "options");

    #[test]
    fn clauses_are_those_of_the_manual() {
        let check = |rows: Where<T<'static>>, text: &str| assert_eq!(rows.to_json().to_string(), text);
        check(Where::all(), "[true]");
        check(Where::none(), "[false]");
        check(Where::all().or(NAME, Function::Eq, "a"), "[true]");
        check(
            Where::none()
                .or(NAME, Function::Eq, "a")
                .or(PORTS, Function::Includes, [1, 2])
                .or(OPTIONS, Function::Excludes, [("k", "v")]),
            r#"[["name","==","a"],["ports","includes",["set",[1,2]]],["options","excludes",["map",[["k","v"]]]]]"#,
        );
    }
}
