//! A datum: the value of one column, a set or a map of atoms (RFC 7047 §5.1 `<value>`).

use std::sync::Arc;

use crate::atom::Atom;

/// The value of one column. 24 bytes; the elements of sets and maps are shared and immutable.
///
/// The form is canonical, so that equality is structural: no element is `Empty`, one element of a set is `One`,
/// more are `Set`; a map of one or more pairs is `Map`. Elements are sorted by key and their keys are distinct.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Datum {
    /// The empty set or map.
    Empty,
    /// A scalar, or a set of one.
    One(Atom),
    /// Two or more atoms.
    Set(Arc<[Atom]>),
    /// One or more pairs.
    Map(Arc<[(Atom, Atom)]>),
}

impl From<Atom> for Datum {
    fn from(atom: Atom) -> Self {
        Datum::One(atom)
    }
}
