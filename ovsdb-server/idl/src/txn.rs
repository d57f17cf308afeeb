//! A transaction in the making, and what became of it.
//!
//! In: typed columns. Out: operations of RFC 7047, and from their results whether they were committed. Rows are
//! inserted under ids that the client chooses (ovsdb-server(7) "insert"), so that rows of one transaction refer to each
//! other, and to themselves later, by the ids that they keep.

use std::collections::BTreeSet;

use ovsdb_data::typed::{Column, Columns, IntoAtom, IntoDatum, Kind, Map, Optional, Schema, Set, Table};
use ovsdb_data::{Atom, Uuid, json};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::session::Reply;
use crate::tables::OtherDatabase;

/// Operations to be committed together.
pub struct Txn<'f> {
    fresh: &'f mut dyn FnMut() -> Uuid,
    /// The databases that its types are of: one, unless the program errs.
    of: BTreeSet<&'static str>,
    operations: Vec<Value>,
}

/// What a transaction came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was committed.
    Committed,
    /// It was not committed, for no fault of its own: what it was built on had changed ([`Txn::verify`],
    /// [`Txn::assert_lock`]), the database was converted or removed meanwhile, or no server was followed. Build it anew
    /// on the present state, once that changes.
    TryAgain,
    /// The server refused it; the error's text.
    Failed(String),
    /// The connection ended first: it was committed or not, which the rows tell once they are followed again.
    Unknown,
}

impl<'f> Txn<'f> {
    /// A transaction without operations. `fresh` makes random (version 4) ids for new rows.
    pub fn new(fresh: &'f mut dyn FnMut() -> Uuid) -> Txn<'f> {
        Txn {
            fresh,
            of: BTreeSet::new(),
            operations: Vec::new(),
        }
    }

    /// Inserts a row; the columns not named are at their defaults. Returns its id.
    pub fn insert<T: Table<'static>>(&mut self, row: &Columns<T>) -> Uuid {
        let uuid = (self.fresh)();
        self.push::<T>(json!({
            "op": "insert", "table": T::TABLE_NAME, "uuid": uuid.to_string(), "row": row.to_json(),
        }));
        uuid
    }

    /// Sets columns of a row.
    pub fn update<T: Table<'static>>(&mut self, uuid: Uuid, row: &Columns<T>) {
        self.push::<T>(json!({
            "op": "update", "table": T::TABLE_NAME, "where": is(uuid), "row": row.to_json(),
        }));
    }

    /// Deletes a row.
    pub fn delete<T: Table<'static>>(&mut self, uuid: Uuid) {
        self.push::<T>(json!({"op": "delete", "table": T::TABLE_NAME, "where": is(uuid)}));
    }

    /// Adds elements to a set.
    pub fn add<T: Table<'static>, A>(
        &mut self,
        uuid: Uuid,
        column: Column<T, Set<A>>,
        elements: impl IntoDatum<Set<A>>,
    ) where
        Set<A>: Kind,
    {
        let elements = elements.into_datum().to_json_as(false);
        self.mutate(uuid, column, "insert", elements);
    }

    /// Takes elements out of a set.
    pub fn remove<T: Table<'static>, A>(
        &mut self,
        uuid: Uuid,
        column: Column<T, Set<A>>,
        elements: impl IntoDatum<Set<A>>,
    ) where
        Set<A>: Kind,
    {
        let elements = elements.into_datum().to_json_as(false);
        self.mutate(uuid, column, "delete", elements);
    }

    /// Gives a key of a map a value, whatever it had.
    pub fn put<T: Table<'static>, K, V>(
        &mut self,
        uuid: Uuid,
        column: Column<T, Map<K, V>>,
        key: impl IntoAtom<K>,
        value: impl IntoAtom<V>,
    ) {
        let (key, value) = (key.into_atom().to_json(), value.into_atom().to_json());
        // Inserting leaves a key that is there alone.
        let row = json!({
            "op": "mutate", "table": T::TABLE_NAME, "where": is(uuid), "mutations": [
                [column.name, "delete", ["set", [key]]],
                [column.name, "insert", ["map", [[key, value]]]],
            ],
        });
        self.push::<T>(row);
    }

    /// Takes a key out of a map.
    pub fn remove_key<T: Table<'static>, K, V>(
        &mut self,
        uuid: Uuid,
        column: Column<T, Map<K, V>>,
        key: impl IntoAtom<K>,
    ) {
        let keys = json!(["set", [key.into_atom().to_json()]]);
        self.mutate(uuid, column, "delete", keys);
    }

    /// Adds to a number.
    pub fn increment<T: Table<'static>, K: Counts>(&mut self, uuid: Uuid, column: Column<T, K>, by: i64) {
        self.mutate(uuid, column, "+=", Atom::Integer(by).to_json());
    }

    fn mutate<T: Table<'static>, K>(&mut self, uuid: Uuid, column: Column<T, K>, how: &str, by: Value) {
        self.push::<T>(json!({
            "op": "mutate", "table": T::TABLE_NAME, "where": is(uuid), "mutations": [[column.name, how, by]],
        }));
    }

    fn push<T: Table<'static>>(&mut self, operation: Value) {
        self.of.insert(T::Schema::NAME);
        self.operations.push(operation);
    }

    /// Commits only if a row still has these values: else [`Outcome::TryAgain`].
    pub fn verify<T: Table<'static>>(&mut self, uuid: Uuid, row: &Columns<T>) {
        let columns: Vec<&str> = row.names().collect();
        self.push::<T>(json!({
            "op": "wait", "timeout": 0, "table": T::TABLE_NAME, "where": is(uuid), "columns": columns, "until": "==",
            "rows": [row.to_json()],
        }));
    }

    /// Commits only if the session holds a lock: else [`Outcome::TryAgain`].
    pub fn assert_lock(&mut self, name: &str) {
        self.operations.push(json!({"op": "assert", "lock": name}));
    }

    /// A remark for the database's log.
    pub fn comment(&mut self, text: &str) {
        self.operations.push(json!({"op": "comment", "comment": text}));
    }

    /// True without operations.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// The operations, for [`crate::session::Session::transact`] of a session of this database.
    pub fn into_operations(self, db: &str) -> Result<Vec<Value>, OtherDatabase> {
        self.of.iter().try_for_each(|of| OtherDatabase::check(of, db))?;
        Ok(self.operations)
    }
}

/// Columns that hold a number.
pub trait Counts {}

impl Counts for ovsdb_data::typed::One<i64> {}
impl Counts for Optional<i64> {}

fn is(uuid: Uuid) -> Value {
    json!([["_uuid", "==", ["uuid", uuid.to_string()]]])
}

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Outcome {
        match reply {
            Reply::Unsent => Outcome::TryAgain,
            Reply::Lost => Outcome::Unknown,
            // The database went away under it, by a conversion for example.
            Reply::Error(error) if error == "canceled" => Outcome::TryAgain,
            Reply::Error(error) => refused(&error),
            Reply::Result(results) => of_results(&results),
        }
    }
}

/// Null results are operations that did not run, after one that failed.
fn of_results(results: &str) -> Outcome {
    let Ok(each) = serde_json::from_str::<Vec<&RawValue>>(results) else {
        return Outcome::Failed(format!("reply is no array of results: {results}"));
    };
    let mut outcome = Outcome::Committed;
    for result in each {
        match serde_json::from_str(result.get()) {
            Ok(Value::Object(members)) if !members.contains_key("error") => {}
            Ok(error @ Value::Object(_)) => return refused(&error),
            _ if outcome != Outcome::Committed => {}
            _ => outcome = Outcome::Failed(format!("result is no object: {result}")),
        }
    }
    outcome
}

/// An error of one operation or of the whole.
fn refused(error: &Value) -> Outcome {
    let text = |name: &str| error.get(name).and_then(Value::as_str);
    match (text("error"), text("details")) {
        (Some("timed out" | "not owner" | "unknown database"), _) => Outcome::TryAgain,
        (Some(tag), Some(details)) => Outcome::Failed(format!("{tag}: {details}")),
        (Some(tag), None) => Outcome::Failed(tag.to_owned()),
        (None, _) => Outcome::Failed(json::to_string(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::T;
    use ovsdb_data::typed::{One, Text};

    const NAME: Column<T<'static>, One<Text>> = Column::new(2, "name");
    const PEERS: Column<T<'static>, Set<Uuid>> = Column::new(3, "peers");
    const OPTIONS: Column<T<'static>, Map<Text, Text>> = Column::new(4, "options");
    const COUNT: Column<T<'static>, One<i64>> = Column::new(5, "count");

    #[test]
    fn operations_are_those_of_the_rfc() {
        let mut n = 0;
        let mut fresh = || {
            n += 1;
            Uuid::from_u128(n)
        };
        let mut txn = Txn::new(&mut fresh);
        let a = txn.insert(&Columns::new().set(NAME, "a").set(OPTIONS, [("k", "v")]));
        let b = txn.insert(&Columns::new().set(PEERS, [a]));
        txn.update(a, &Columns::new().set(PEERS, [a, b]));
        txn.add(a, PEERS, [b]);
        txn.remove(a, PEERS, [b]);
        txn.put(a, OPTIONS, "k", "w");
        txn.remove_key(a, OPTIONS, "k");
        txn.increment(a, COUNT, -1);
        txn.verify(b, &Columns::<T>::new().set(NAME, "b"));
        txn.delete::<T>(b);
        txn.assert_lock("l");
        txn.comment("c");
        let operations = txn.into_operations("D").unwrap();
        let text: Vec<String> = operations.iter().map(json::to_string).collect();
        let text = text
            .join("\n")
            .replace("00000000-0000-0000-0000-00000000000", "")
            .replace(r#"[["_uuid","==",["uuid","1"]]]"#, "1")
            .replace(r#"[["_uuid","==",["uuid","2"]]]"#, "2");
        assert_eq!(
            text,
            r#"{"op":"insert","row":{"name":"a","options":["map",[["k","v"]]]},"table":"T","uuid":"1"}
{"op":"insert","row":{"peers":["uuid","1"]},"table":"T","uuid":"2"}
{"op":"update","row":{"peers":["set",[["uuid","1"],["uuid","2"]]]},"table":"T","where":1}
{"mutations":[["peers","insert",["uuid","2"]]],"op":"mutate","table":"T","where":1}
{"mutations":[["peers","delete",["uuid","2"]]],"op":"mutate","table":"T","where":1}
{"mutations":[["options","delete",["set",["k"]]],["options","insert",["map",[["k","w"]]]]],"op":"mutate","table":"T","where":1}
{"mutations":[["options","delete",["set",["k"]]]],"op":"mutate","table":"T","where":1}
{"mutations":[["count","+=",-1]],"op":"mutate","table":"T","where":1}
{"columns":["name"],"op":"wait","rows":[{"name":"b"}],"table":"T","timeout":0,"until":"==","where":2}
{"op":"delete","table":"T","where":2}
{"lock":"l","op":"assert"}
{"comment":"c","op":"comment"}"#
        );
    }

    #[test]
    fn a_transaction_is_of_one_database() {
        let mut fresh = Uuid::nil;
        let mut txn = Txn::new(&mut fresh);
        txn.comment("of any database");
        assert_eq!(txn.into_operations("E").map(|operations| operations.len()), Ok(1));
        let mut txn = Txn::new(&mut fresh);
        txn.delete::<T>(Uuid::nil());
        let error = txn.into_operations("E").unwrap_err().to_string();
        assert_eq!(error, "tables of D are meant, but the client follows E");
    }

    #[test]
    fn outcomes() {
        let check = |reply: Reply, expected: Outcome| assert_eq!(Outcome::from(reply), expected);
        let failed = |text: &str| Outcome::Failed(text.to_owned());
        let result = |result: Value| Reply::Result(result.to_string());
        check(result(json!([{}, {"count": 1}])), Outcome::Committed);
        check(Reply::Lost, Outcome::Unknown);
        check(Reply::Unsent, Outcome::TryAgain);
        for again in ["timed out", "not owner", "unknown database"] {
            let error = json!({"error": again, "details": "d"});
            check(result(json!([{}, error, null])), Outcome::TryAgain);
        }
        let constraint = json!({"error": "constraint violation", "details": "d"});
        check(
            result(json!([{}, constraint, null])),
            failed("constraint violation: d"),
        );
        check(result(json!([{}, {}, {"error": "aborted"}])), failed("aborted"));
        check(result(json!([{"error": 1}])), failed(r#"{"error":1}"#));
        check(Reply::Error(json!("canceled")), Outcome::TryAgain);
        check(
            Reply::Error(json!({"error": "unknown database", "details": "d"})),
            Outcome::TryAgain,
        );
        check(Reply::Error(json!("x")), failed("\"x\""));
        check(
            Reply::Error(json!({"error": "not allowed", "details": "d"})),
            failed("not allowed: d"),
        );
        for odd in [json!({}), json!("done"), Value::Null] {
            let text = format!("reply is no array of results: {odd}");
            check(result(odd), failed(&text));
        }
        check(result(json!([{}, null])), failed("result is no object: null"));
    }
}
