//! Types of columns and the constraints they put on values (RFC 7047 §3.2 `<type>`, `<base-type>`).

use std::sync::Arc;

use crate::atom::{Atom, AtomicType};
use crate::schema::TableIdx;

/// How a reference holds its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefKind {
    /// The target must exist and is kept alive.
    Strong,
    /// The reference goes when its target goes.
    Weak,
}

/// What a base type asks of its atoms beside their atomic type.
#[derive(Clone, Debug, PartialEq)]
pub enum Constraint {
    /// Nothing.
    None,
    /// One of these values, sorted.
    Enum(Arc<[Atom]>),
    /// `minInteger` and `maxInteger`, inclusive; `i64::MIN`/`i64::MAX` when absent.
    Integer(i64, i64),
    /// `minReal` and `maxReal`, inclusive; infinite when absent.
    Real(f64, f64),
    /// `minLength` and `maxLength` in characters; `0`/`u32::MAX` when absent.
    Length(u32, u32),
    /// A reference to a row of a table of the same database.
    Reference {
        /// The table's name as the schema spells it.
        table: Arc<str>,
        /// The table's position in the schema.
        table_idx: TableIdx,
        /// Strong or weak.
        kind: RefKind,
    },
}

/// The type of an atom in a column, with its constraint.
#[derive(Clone, Debug, PartialEq)]
pub struct BaseType {
    /// The atomic type.
    pub atomic: AtomicType,
    /// What else is asked.
    pub constraint: Constraint,
}

impl BaseType {
    /// An atomic type without constraint.
    pub const fn plain(atomic: AtomicType) -> Self {
        BaseType { atomic, constraint: Constraint::None }
    }

    /// The referenced table and the kind of reference, when this is a reference.
    pub fn reference(&self) -> Option<(TableIdx, RefKind)> {
        match &self.constraint {
            Constraint::Reference { table_idx, kind, .. } => Some((*table_idx, *kind)),
            _ => None,
        }
    }
}

/// The type of a column: a scalar, an optional scalar, a set or a map.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnType {
    /// Type of the elements, or of the keys of a map.
    pub key: BaseType,
    /// Type of the values of a map.
    pub value: Option<BaseType>,
    /// Fewest elements: 0 or 1.
    pub n_min: u32,
    /// Most elements; `u32::MAX` is `"unlimited"`.
    pub n_max: u32,
}

impl ColumnType {
    /// `"unlimited"`.
    pub const UNLIMITED: u32 = u32::MAX;

    /// Exactly one atom of a type.
    pub const fn scalar(key: BaseType) -> Self {
        ColumnType { key, value: None, n_min: 1, n_max: 1 }
    }

    /// True for exactly one atom.
    pub fn is_scalar(&self) -> bool {
        self.value.is_none() && self.n_min == 1 && self.n_max == 1
    }

    /// True for zero or one atom.
    pub fn is_optional_scalar(&self) -> bool {
        self.value.is_none() && self.n_min == 0 && self.n_max == 1
    }

    /// True for a map.
    pub fn is_map(&self) -> bool {
        self.value.is_some()
    }

    /// True where differences are sent element by element: a map, or a set of more than one element
    /// (ovsdb-server(7), update2).
    pub fn is_composite(&self) -> bool {
        self.is_map() || self.n_max > 1
    }
}
