//! The references that rows hold, and how they change from one state of a row to the next.

use ovsdb_data::base_type::RefKind;
use ovsdb_data::{Atom, ColumnType, Datum, Only, Row, TableIdx, TableSchema};

use crate::database::Key;

/// What happened to a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Gained,
    Lost,
}

/// Calls `f` for the references that differ between two states of a row. What both share costs nothing.
pub(crate) fn for_each_ref_change(
    table: &TableSchema,
    old: Option<&Row>,
    new: Option<&Row>,
    mut f: impl FnMut(Key, RefKind, Change),
) {
    for (column, schema) in table.iter().filter(|(_, c)| has_refs(&c.ty)) {
        let old = old.map_or(&Datum::Empty, |row| row.get(column));
        let new = new.map_or(&Datum::Empty, |row| row.get(column));
        match (old, new) {
            (Datum::Map(_), _) | (_, Datum::Map(_)) => {
                if old != new {
                    refs_of(old, &schema.ty, &mut |to, kind| f(to, kind, Change::Lost));
                    refs_of(new, &schema.ty, &mut |to, kind| f(to, kind, Change::Gained));
                }
            }
            _ => set_changes(old, new, &schema.ty, &mut f),
        }
    }
}

fn set_changes(old: &Datum, new: &Datum, ty: &ColumnType, f: &mut impl FnMut(Key, RefKind, Change)) {
    let Some((table, kind)) = ty.key.reference() else {
        return;
    };
    old.for_each_set_difference(new, |only| {
        let change = match only {
            Only::First(_) => Change::Lost,
            Only::Second(_) => Change::Gained,
        };
        if let Atom::Uuid(uuid) = only.atom() {
            f((table, *uuid), kind, change);
        }
    });
}

/// Calls `f` for every weak reference that a row holds.
pub(crate) fn for_each_weak_ref(table: &TableSchema, row: &Row, mut f: impl FnMut(Key)) {
    let weak = |ty: &ColumnType| {
        let is_weak = |base: &ovsdb_data::BaseType| matches!(base.reference(), Some((_, RefKind::Weak)));
        is_weak(&ty.key) || ty.value.as_ref().is_some_and(is_weak)
    };
    for (column, schema) in table.iter().filter(|(_, c)| weak(&c.ty)) {
        refs_of(row.get(column), &schema.ty, &mut |to, kind| {
            if kind == RefKind::Weak {
                f(to);
            }
        });
    }
}

/// Calls `f` for every reference that a row holds.
pub(crate) fn for_each_ref(table: &TableSchema, row: &Row, mut f: impl FnMut(Key, RefKind)) {
    for (column, schema) in table.iter() {
        if has_refs(&schema.ty) {
            refs_of(row.get(column), &schema.ty, &mut f);
        }
    }
}

/// True where a column's type holds references.
pub(crate) fn has_refs(ty: &ColumnType) -> bool {
    ty.key.reference().is_some() || ty.value.as_ref().is_some_and(|v| v.reference().is_some())
}

/// Calls `f` for every reference in a value.
pub(crate) fn refs_of(datum: &Datum, ty: &ColumnType, f: &mut impl FnMut(Key, RefKind)) {
    let mut one = |atom: &Atom, reference: Option<(TableIdx, RefKind)>| {
        if let (Some((table, kind)), Atom::Uuid(uuid)) = (reference, atom) {
            f((table, *uuid), kind);
        }
    };
    let key = ty.key.reference();
    let value = ty.value.as_ref().and_then(|v| v.reference());
    match datum {
        Datum::Map(pairs) => pairs.iter().for_each(|(k, v)| {
            one(k, key);
            one(v, value);
        }),
        set => set.atoms().for_each(|atom| one(atom, key)),
    }
}
