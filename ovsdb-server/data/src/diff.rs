//! Row differences: the "modify" form of `update2` and of the log (ovsdb-server(7) §4.1.14, `_is_diff` records).
//!
//! A difference is its own inverse for sets; for maps it leads from `old` to `new` only.

use std::cmp::Ordering;

use crate::atom::Atom;
use crate::base_type::ColumnType;
use crate::datum::Datum;
use crate::error::OvsdbError;

/// What turns `old` into `new`: for a composite type the symmetric difference (a changed map value appears with its
/// new value, a deleted key with its old one), else the new value whole. `None` when they are equal.
pub fn diff(old: &Datum, new: &Datum, ty: &ColumnType) -> Option<Datum> {
    if old == new {
        return None;
    }
    Some(if ty.is_composite() {
        symmetric_difference(old, new, ty)
    } else {
        new.clone()
    })
}

/// Applies a difference. Fails when the result's size does not fit the type.
pub fn apply(old: &Datum, diff: &Datum, ty: &ColumnType) -> Result<Datum, OvsdbError> {
    // The difference of `old` and `diff` undoes what made `diff`: elements of both go, elements of one stay, and a
    // changed pair gets the value of `diff`.
    let new = if ty.is_composite() {
        symmetric_difference(old, diff, ty)
    } else {
        diff.clone()
    };
    if !ty.allows_len(new.len()) {
        return Err(OvsdbError::new(
            "ovsdb error",
            "Datum crated by diff has size error",
        ));
    }
    Ok(new)
}

fn symmetric_difference(a: &Datum, b: &Datum, ty: &ColumnType) -> Datum {
    if ty.is_map() {
        let mut pairs: Vec<(Atom, Atom)> = Vec::with_capacity(a.len() + b.len());
        merge(
            a.pairs(),
            b.pairs(),
            |pair| pair.0,
            |side| match side {
                Side::Left(pair) | Side::Right(pair) => pairs.push((pair.0.clone(), pair.1.clone())),
                Side::Both(left, right) if left.1 != right.1 => {
                    pairs.push((right.0.clone(), right.1.clone()))
                }
                Side::Both(..) => {}
            },
        );
        return Datum::from_canonical_map(pairs);
    }
    // A short difference of a long set, or what makes one of another.
    if b.len() <= SHORT && a.len() > SHORT {
        return b.atoms().fold(a.clone(), |set, atom| match set.contains(atom) {
            true => set.without_element(atom),
            false => set.with_element(atom),
        });
    }
    let mut atoms: Vec<Atom> = Vec::new();
    a.for_each_set_difference(b, |only| atoms.push(only.atom().clone()));
    Datum::from_canonical_set(atoms)
}

/// Differences of fewer elements are applied one by one.
const SHORT: usize = 8;

/// Where an element of two ascending sequences is.
pub(crate) enum Side<T> {
    Left(T),
    Right(T),
    Both(T, T),
}

/// Walks two sequences that ascend by key.
pub(crate) fn merge<'a, T>(
    left: impl Iterator<Item = T>,
    right: impl Iterator<Item = T>,
    key: impl Fn(&T) -> &'a Atom,
    mut visit: impl FnMut(Side<T>),
) {
    let (mut left, mut right) = (left.peekable(), right.peekable());
    loop {
        let order = match (left.peek(), right.peek()) {
            (Some(a), Some(b)) => key(a).cmp(key(b)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return,
        };
        match order {
            Ordering::Less => left.next().into_iter().for_each(|a| visit(Side::Left(a))),
            Ordering::Greater => right.next().into_iter().for_each(|b| visit(Side::Right(b))),
            Ordering::Equal => {
                if let (Some(a), Some(b)) = (left.next(), right.next()) {
                    visit(Side::Both(a, b));
                }
            }
        }
    }
}
