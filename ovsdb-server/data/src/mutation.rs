//! Mutations (RFC 7047 §5.1 `<mutation>`).

use serde_json::Value;

use crate::atom::{Atom, AtomicType};
use crate::base_type::{BaseType, ColumnType};
use crate::datum::Datum;
use crate::error::OvsdbError;
use crate::schema::{ColumnIdx, TableSchema};
use crate::symbols::Symbols;

/// `<mutator>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutator {
    /// `+=`
    Add,
    /// `-=`
    Sub,
    /// `*=`
    Mul,
    /// `/=`
    Div,
    /// `%=`
    Mod,
    /// `insert`
    Insert,
    /// `delete`
    Delete,
}

impl Mutator {
    /// The mutator's notation.
    pub const fn name(self) -> &'static str {
        match self {
            Mutator::Add => "+=",
            Mutator::Sub => "-=",
            Mutator::Mul => "*=",
            Mutator::Div => "/=",
            Mutator::Mod => "%=",
            Mutator::Insert => "insert",
            Mutator::Delete => "delete",
        }
    }

    fn from_name(name: &str) -> Result<Mutator, OvsdbError> {
        Ok(match name {
            "+=" => Mutator::Add,
            "-=" => Mutator::Sub,
            "*=" => Mutator::Mul,
            "/=" => Mutator::Div,
            "%=" => Mutator::Mod,
            "insert" => Mutator::Insert,
            "delete" => Mutator::Delete,
            _ => {
                return Err(OvsdbError::new(
                    "unknown mutator",
                    format!("No mutator named {name}."),
                ));
            }
        })
    }

    /// True where a column of this type may be mutated so.
    fn fits(self, ty: &ColumnType) -> bool {
        match self {
            Mutator::Insert | Mutator::Delete => !ty.is_scalar(),
            Mutator::Mod => !ty.is_map() && ty.key.atomic == AtomicType::Integer,
            _ => !ty.is_map() && matches!(ty.key.atomic, AtomicType::Integer | AtomicType::Real),
        }
    }
}

/// One mutation of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutation {
    /// The column.
    pub column: ColumnIdx,
    /// What is done to it.
    pub mutator: Mutator,
    /// The argument; for `delete` on a map either pairs or keys.
    pub arg: Datum,
}

impl Mutation {
    /// Parses the array of a `mutate` operation.
    pub fn list_from_json(
        json: &Value,
        table: &TableSchema,
        mut symbols: Option<&mut Symbols<'_>>,
    ) -> Result<Vec<Mutation>, OvsdbError> {
        let Value::Array(mutations) = json else {
            return Err(OvsdbError::syntax(json, "array expected"));
        };
        mutations
            .iter()
            .map(|json| Mutation::from_json(json, table, symbols.as_deref_mut()))
            .collect()
    }

    fn from_json(
        json: &Value,
        table: &TableSchema,
        mut symbols: Option<&mut Symbols<'_>>,
    ) -> Result<Mutation, OvsdbError> {
        let Some([Value::String(name), Value::String(mutator), arg]) = json.as_array().map(Vec::as_slice)
        else {
            return Err(OvsdbError::syntax(json, "Parse error in mutation."));
        };
        let column = table
            .column(name)
            .ok_or_else(|| table.unknown_column(json, name))?;
        let schema = table.column_schema(column);
        if !schema.mutable {
            let details = format!("Cannot mutate immutable column {name} in table {}.", table.name);
            return Err(OvsdbError::at("constraint violation", json, details));
        }
        let mutator = Mutator::from_name(mutator)?;
        let ty = &schema.ty;
        if !mutator.fits(ty) {
            let details = format!(
                "Type mismatch: \"{}\" operator may not be applied to column {name} of type {ty}.",
                mutator.name()
            );
            return Err(OvsdbError::syntax(json, details));
        }
        let arg = match mutator {
            Mutator::Insert => Datum::from_json(arg, &ty.with_min(0), symbols)?,
            Mutator::Delete => {
                let pairs = ty.of_any_length();
                match Datum::from_json(arg, &pairs, symbols.as_deref_mut()) {
                    Err(_) if ty.is_map() => {
                        Datum::from_json(arg, &ColumnType { value: None, ..pairs }, symbols)?
                    }
                    result => result?,
                }
            }
            // One number that needs not satisfy the column's constraints: only the result has to.
            _ => {
                let scalar = ColumnType::scalar(BaseType::plain(ty.key.atomic));
                Datum::from_json(arg, &scalar, symbols)?
            }
        };
        Ok(Mutation { column, mutator, arg })
    }

    /// The mutated value of a column, checked against its constraints.
    pub fn apply(&self, old: &Datum, table: &TableSchema) -> Result<Datum, OvsdbError> {
        let ty = &table.column_schema(self.column).ty;
        let new = match self.mutator {
            Mutator::Insert => union(old, &self.arg),
            Mutator::Delete => subtract(old, &self.arg),
            _ => return self.calculate(old, ty),
        };
        if !ty.allows_len(new.len()) {
            let details = format!("Attempted to store {} elements in {ty}.", new.len());
            return Err(OvsdbError::constraint(details));
        }
        Ok(new)
    }

    /// Does arithmetic on every element.
    fn calculate(&self, old: &Datum, ty: &ColumnType) -> Result<Datum, OvsdbError> {
        let Datum::One(arg) = &self.arg else {
            return Err(OvsdbError::new("ovsdb error", "Operation not supported."));
        };
        let results = old.atoms().map(|atom| calculate(self.mutator, atom, arg));
        let atoms = results.collect::<Result<Vec<Atom>, _>>()?;
        atoms.iter().try_for_each(|atom| ty.key.check(atom))?;
        Datum::set(atoms).map_err(|_| {
            let name = self.mutator.name();
            OvsdbError::constraint(format!("Result of \"{name}\" operation contains duplicates."))
        })
    }
}

/// Up to one element in so many is cheaper changed one by one.
const FEW: usize = 16;

/// `left` and those of `right` whose keys it lacks.
fn union(left: &Datum, right: &Datum) -> Datum {
    // Most inserts repeat what is there.
    if right.atoms().all(|atom| left.contains(atom)) {
        return left.clone();
    }
    if let Datum::Map(_) = right {
        let added = right.pairs().filter(|(key, _)| !left.contains(key));
        return Datum::map_unique(
            left.pairs()
                .chain(added)
                .map(|(key, value)| (key.clone(), value.clone())),
        );
    }
    // The common case: few more elements of a long set.
    if right.len() * FEW < left.len() {
        return right
            .atoms()
            .fold(left.clone(), |set, atom| set.with_element(atom));
    }
    Datum::set_unique(left.atoms().chain(right.atoms()).cloned())
}

/// `left` without the elements of `right`; from a map either equal pairs or, when `right` is a set, its keys.
fn subtract(left: &Datum, right: &Datum) -> Datum {
    if !right.atoms().any(|atom| left.contains(atom)) {
        return left.clone();
    }
    if let Datum::Map(_) = left {
        let stays = |key: &Atom, value: &Atom| match right {
            Datum::Map(_) => right.get(key) != Some(value),
            _ => !right.contains(key),
        };
        let pairs = left.pairs().filter(|(key, value)| stays(key, value));
        return Datum::from_canonical_map(pairs.map(|(key, value)| (key.clone(), value.clone())).collect());
    }
    if right.len() * FEW < left.len() {
        return right
            .atoms()
            .fold(left.clone(), |set, atom| set.without_element(atom));
    }
    Datum::from_canonical_set(
        left.atoms()
            .filter(|atom| !right.contains(atom))
            .cloned()
            .collect(),
    )
}

fn calculate(mutator: Mutator, x: &Atom, y: &Atom) -> Result<Atom, OvsdbError> {
    let divides = matches!(mutator, Mutator::Div | Mutator::Mod);
    if divides && y.is_default() {
        return Err(OvsdbError::new("domain error", "Division by zero."));
    }
    let result = match (x, y) {
        (Atom::Integer(x), Atom::Integer(y)) => match mutator {
            Mutator::Add => x.checked_add(*y),
            Mutator::Sub => x.checked_sub(*y),
            Mutator::Mul => x.checked_mul(*y),
            Mutator::Div => x.checked_div(*y),
            _ => x.checked_rem(*y),
        }
        .map(Atom::Integer),
        (Atom::Real(x), Atom::Real(y)) => Some(match mutator {
            Mutator::Add => x + y,
            Mutator::Sub => x - y,
            Mutator::Mul => x * y,
            _ => x / y,
        })
        // What no JSON can say, a file could not hold. Adding zero turns -0.0 into 0.0.
        .filter(|result| result.is_finite() && !result.is_subnormal())
        .map(|result| Atom::Real(result + 0.0)),
        _ => None,
    };
    result.ok_or_else(|| {
        let name = mutator.name();
        OvsdbError::new(
            "range error",
            format!("Result of \"{name}\" operation is out of range."),
        )
    })
}
