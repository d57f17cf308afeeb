//! Laws that hold for all values: notation, canonical form, differences, mutations, compiled conditions; and that
//! no input whatever makes a parser panic.

use std::sync::LazyLock;

use ovsdb_data::condition::{Clause, Function};
use ovsdb_data::diff::{apply, diff};
use ovsdb_data::monitor::{MonitorCondition, MonitorSpec, MonitorVersion};
use ovsdb_data::mutation::{Mutation, Mutator};
use ovsdb_data::{
    Atom, AtomicType, BaseType, ColumnIdx, ColumnType, Condition, DatabaseSchema, Datum, Operation, Row,
    Symbols, TableIdx, TableSchema, Uuid, json,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

static SCHEMA: LazyLock<DatabaseSchema> = LazyLock::new(|| {
    let json = json::parse(include_bytes!("cases/table.json")).expect("the file holds JSON");
    DatabaseSchema::from_json(&json).expect("the schema is valid")
});

fn table() -> &'static TableSchema {
    SCHEMA.table(TableIdx(0))
}

/// Few values, so that equal ones meet often; reals that their 15 digits determine.
fn atom(atomic: AtomicType) -> BoxedStrategy<Atom> {
    match atomic {
        AtomicType::Integer => prop_oneof![4 => -3..6_i64, 1 => any::<i64>()]
            .prop_map(Atom::Integer)
            .boxed(),
        AtomicType::Real => prop_oneof![
            4 => (-8..9_i32).prop_map(|n| Atom::Real(f64::from(n) / 4.0)),
            1 => (1..1000_i32, -30..30_i32).prop_map(|(n, e)| Atom::Real(format!("{n}e{e}").parse().expect("a number")))
        ]
        .boxed(),
        AtomicType::Boolean => any::<bool>().prop_map(Atom::Boolean).boxed(),
        AtomicType::String => prop_oneof![4 => "[a-d]?", 1 => any::<String>()]
            .prop_map(|s| Atom::from(s.replace('\0', "0").as_str()))
            .boxed(),
        AtomicType::Uuid => prop_oneof![4 => 0..6_u128, 1 => any::<u128>()]
            .prop_map(|n| Atom::Uuid(Uuid::from_u128(n)))
            .boxed(),
    }
}

fn atomic_type() -> impl Strategy<Value = AtomicType> {
    use AtomicType::{Boolean, Integer, Real, String, Uuid};
    prop_oneof![Just(Integer), Just(Real), Just(Boolean), Just(String), Just(Uuid)]
}

fn column_type() -> impl Strategy<Value = ColumnType> {
    let value = prop::option::of(atomic_type().prop_map(BaseType::plain));
    let n_max = prop_oneof![Just(1), Just(3), Just(ColumnType::UNLIMITED)];
    (atomic_type(), value, 0..2_u32, n_max).prop_map(|(key, value, n_min, n_max)| ColumnType {
        key: BaseType::plain(key),
        value,
        n_min,
        n_max,
    })
}

/// A value of a type, with as many elements as it allows.
fn datum(ty: &ColumnType) -> BoxedStrategy<Datum> {
    let (min, max) = (ty.n_min as usize, ty.n_max.min(6) as usize);
    match &ty.value {
        None => vec(atom(ty.key.atomic), min..=max)
            .prop_map(Datum::set_unique)
            .boxed(),
        Some(value) => vec((atom(ty.key.atomic), atom(value.atomic)), min..=max)
            .prop_map(Datum::map_unique)
            .boxed(),
    }
}

fn type_and_data<const N: usize>() -> impl Strategy<Value = (ColumnType, [Datum; N])> {
    column_type().prop_flat_map(|ty| {
        let data = std::array::from_fn(|_| datum(&ty));
        (Just(ty), data)
    })
}

fn json_value() -> impl Strategy<Value = Value> {
    let string = || any::<String>().prop_map(|s| s.replace('\0', "0"));
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        string().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((string(), inner), 0..6).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// JSON made of the protocol's own words: it reaches far into the parsers.
fn near_miss() -> impl Strategy<Value = Value> {
    const WORDS: &[&str] = &[
        "op",
        "insert",
        "select",
        "update",
        "mutate",
        "delete",
        "wait",
        "commit",
        "abort",
        "comment",
        "assert",
        "table",
        "mytable",
        "where",
        "columns",
        "row",
        "rows",
        "mutations",
        "until",
        "timeout",
        "uuid",
        "uuid-name",
        "named-uuid",
        "set",
        "map",
        "==",
        "!=",
        "<",
        "includes",
        "excludes",
        "+=",
        "%=",
        "/=",
        "i",
        "r",
        "b",
        "s",
        "u",
        "oi",
        "is",
        "m",
        "k",
        "im",
        "_uuid",
        "name",
        "version",
        "1.2.3",
        "tables",
        "isRoot",
        "maxRows",
        "indexes",
        "type",
        "key",
        "value",
        "min",
        "max",
        "unlimited",
        "enum",
        "refTable",
        "refType",
        "weak",
        "integer",
        "real",
        "string",
        "boolean",
        "initial",
        "lock",
        "durable",
    ];
    let word = || prop::sample::select(WORDS);
    let leaf = prop_oneof![
        3 => word().prop_map(Value::from),
        1 => (-1..3_i64).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::from(0.5)),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(5, 48, 5, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((word(), inner), 0..6).prop_map(|members| members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

/// A clause on a column of the test's table, with values that match now and then.
fn clause() -> impl Strategy<Value = Clause> {
    use Function::{Eq, Excludes, Ge, Gt, Includes, Le, Lt, Ne};
    let function = prop_oneof![4 => Just(Eq), 2 => Just(Includes), 1 => prop::sample::select(vec![Ne, Lt, Le, Gt, Ge, Excludes])];
    let compare = (2..table().columns.len() as u16, function).prop_flat_map(|(column, function)| {
        let column = ColumnIdx(column);
        datum(&table().column_schema(column).ty).prop_map(move |arg| Clause::Compare {
            column,
            function,
            arg,
        })
    });
    prop_oneof![60 => compare, 1 => Just(Clause::Bool(true)), 1 => Just(Clause::Bool(false))]
}

fn row() -> impl Strategy<Value = Row> {
    let columns: Vec<_> = table().columns.iter().map(|column| datum(&column.ty)).collect();
    columns.prop_map(Row::new)
}

proptest! {
    // A failure prints its input: no need to keep files of them.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_survives_its_text(value in json_value()) {
        let text = json::to_string(&value);
        prop_assert_eq!(json::parse(text.as_bytes()), Ok(value));
    }

    #[test]
    fn doubles_are_written_to_15_digits(bits in any::<u64>()) {
        let real = f64::from_bits(bits);
        prop_assume!(real.is_normal());
        let mut text = Vec::new();
        Atom::Real(real).write_json(&mut text);
        let again: f64 = std::str::from_utf8(&text).expect("digits").parse().expect("a number");
        prop_assume!(again.is_finite());
        prop_assert!(((again - real) / real).abs() < 1e-14, "{} is written {}", real, again);
        let mut second = Vec::new();
        Atom::Real(again).write_json(&mut second);
        prop_assert_eq!(text, second, "writing again changes nothing");
    }

    #[test]
    fn doubles_are_kept_exactly(bits in any::<u64>(), short in -999_i64..1000, power in -30..30) {
        let short = format!("{short}e{power}").parse().expect("a number");
        for real in [f64::from_bits(bits), short, f64::MAX, f64::MIN_POSITIVE, 0.1 + 0.2, 123456789012345.6e3] {
            prop_assume!(real.is_normal() || real == 0.0);
            let ty = ColumnType::scalar(BaseType::plain(AtomicType::Real));
            let (datum, mut exact, mut told) = (Datum::One(Atom::Real(real)), Vec::new(), Vec::new());
            datum.write_json_exactly(&ty, &mut exact);
            datum.write_json(&ty, &mut told);
            let value = json::parse(&exact).expect("the notation is JSON");
            prop_assert_eq!(value.as_f64().map(f64::to_bits), Some((real + 0.0).to_bits()));
            prop_assert_eq!(Datum::from_json(&value, &ty, None), Ok(datum));
            let text = String::from_utf8_lossy(&exact);
            prop_assert!(value.is_i64() || json::to_exact_string(&value) == text, "{}", text);
            // Nothing but the digits tells a file of ours from one of the C server's.
            let reads: Result<f64, _> = String::from_utf8_lossy(&told).parse();
            prop_assert_eq!(reads == Ok(real), exact == told, "{}", text);
        }
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in vec(any::<u8>(), 0..64), ascii in r#"[\[\]{}:,"\\u0-9eE+.\- a-f]{0,64}"#) {
        let _ = json::parse(&bytes);
        let _ = json::parse(ascii.as_bytes());
    }

    #[test]
    fn values_survive_their_notation((ty, [datum]) in type_and_data::<1>()) {
        let mut text = Vec::new();
        datum.write_json(&ty, &mut text);
        let json = json::parse(&text).expect("the notation is JSON");
        prop_assert_eq!(Datum::from_json(&json, &ty, None), Ok(datum.clone()));
        prop_assert_eq!(Datum::from_json(&datum.to_json(&ty), &ty, None), Ok(datum.clone()));
        prop_assert_eq!(Datum::from_json_trusted(&json, &ty), Ok(datum));
    }

    #[test]
    fn the_form_is_canonical(atoms in vec(atom(AtomicType::Integer), 0..6), seed in any::<prop::sample::Index>()) {
        let unique = Datum::set_unique(atoms.clone());
        let mut turned: Vec<Atom> = unique.atoms().cloned().collect();
        if !turned.is_empty() {
            let by = seed.index(turned.len());
            turned.rotate_left(by);
        }
        prop_assert_eq!(Datum::set(turned.clone()), Ok(unique.clone()));
        prop_assert!(unique.atoms().is_sorted_by(|a, b| a < b));
        prop_assert_eq!(matches!(unique, Datum::Empty), atoms.is_empty());
        prop_assert_eq!(matches!(unique, Datum::One(_)), unique.len() == 1);
        if let Some(first) = turned.first().cloned() {
            turned.push(first);
            prop_assert!(Datum::set(turned).is_err(), "a duplicate is refused");
        }
    }

    #[test]
    fn a_difference_leads_from_old_to_new((ty, [old, new]) in type_and_data::<2>()) {
        match diff(&old, &new, &ty) {
            None => prop_assert_eq!(old, new),
            Some(difference) => {
                prop_assert_ne!(&old, &new);
                prop_assert_eq!(apply(&old, &difference, &ty), Ok(new.clone()));
                if ty.is_composite() && !ty.is_map() {
                    prop_assert_eq!(apply(&new, &difference, &ty), Ok(old), "a set's difference works both ways");
                }
                let mut text = Vec::new();
                difference.write_json(&ty, &mut text);
                let json = json::parse(&text).expect("the notation is JSON");
                prop_assert_eq!(Datum::from_json_diff(&json, &ty), Ok(difference));
            }
        }
    }

    #[test]
    fn differences_never_break_the_size((ty, [old, other]) in type_and_data::<2>()) {
        match apply(&old, &other, &ty) {
            Ok(new) => prop_assert!(ty.allows_len(new.len())),
            Err(error) => prop_assert_eq!(error.to_string(), "ovsdb error: Datum crated by diff has size error"),
        }
    }

    #[test]
    fn insert_and_delete_do_what_they_say(column in 2..table().columns.len() as u16, row in row(), other in row()) {
        let column = ColumnIdx(column);
        let ty = &table().column_schema(column).ty;
        let (old, arg) = (row.get(column), other.get(column).clone());
        if let Ok(new) = (Mutation { column, mutator: Mutator::Insert, arg: arg.clone() }).apply(old, table()) {
            prop_assert!(new.includes_all(old), "what was there stays");
            prop_assert!(arg.atoms().all(|atom| new.contains(atom)));
            prop_assert!(new.atoms().all(|atom| old.contains(atom) || arg.contains(atom)));
        }
        if let Ok(new) = (Mutation { column, mutator: Mutator::Delete, arg: arg.clone() }).apply(old, table()) {
            prop_assert!(new.excludes_all(&arg), "what was named goes");
            prop_assert!(old.includes_all(&new));
            prop_assert!(ty.allows_len(new.len()));
        }
    }

    #[test]
    fn a_compiled_condition_equals_the_naive_one(clauses in vec(clause(), 0..24), rows in vec(row(), 1..8)) {
        let condition = Condition { clauses };
        let compiled = MonitorCondition::new(condition.clone());
        for row in &rows {
            prop_assert_eq!(compiled.matches(row), condition.matches_any(row));
        }
        let mut reversed = condition;
        reversed.clauses.reverse();
        reversed.clauses.extend(reversed.clauses.first().cloned());
        prop_assert!(MonitorCondition::new(reversed) == compiled, "neither order nor repetition counts");
    }

    #[test]
    fn no_request_makes_a_parser_panic(json in near_miss()) {
        let mut fresh = Uuid::nil;
        let mut symbols = Symbols::new(&mut fresh);
        let _ = Operation::from_json(&json, 1, 1, &SCHEMA, &mut symbols);
        let _ = DatabaseSchema::from_json(&json);
        let _ = Condition::from_json(&json, table(), None);
        let _ = Mutation::list_from_json(&json, table(), None);
        if let Ok(spec) = MonitorSpec::from_json(&json, &SCHEMA, MonitorVersion::V2) {
            let _ = spec.with_conditions(&json, &SCHEMA);
        }
        for column in &table().columns {
            let _ = Datum::from_json(&json, &column.ty, None);
        }
    }
}
