//! A datum: the value of one column, a set or a map of atoms (RFC 7047 §5.1 `<value>`).

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::atom::Atom;
use crate::base_type::ColumnType;
use crate::error::OvsdbError;

/// The value of one column. 24 bytes; the elements of sets and maps are shared and immutable.
///
/// The form is canonical, so that equality is structural: no element is `Empty`, one element of a set is `One`,
/// more are `Set`; a map of one or more pairs is `Map`. Elements are sorted by key and their keys are distinct.
#[derive(Clone, Debug)]
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

impl Datum {
    /// The set of these atoms; fails when two are equal.
    pub fn set(mut atoms: Vec<Atom>) -> Result<Datum, OvsdbError> {
        // What peers send is sorted already, as a rule.
        if !atoms.is_sorted_by(|a, b| a < b) {
            atoms.sort_unstable();
            if atoms.windows(2).any(|pair| pair[0] == pair[1]) {
                return Err(OvsdbError::new("ovsdb error", "set contains duplicate"));
            }
        }
        Ok(Datum::from_canonical_set(atoms))
    }

    /// The map of these pairs; fails when two keys are equal.
    pub fn map(mut pairs: Vec<(Atom, Atom)>) -> Result<Datum, OvsdbError> {
        if !pairs.is_sorted_by(|a, b| a.0 < b.0) {
            pairs.sort_unstable_by(|a, b| a.0.cmp(&b.0));
            if pairs.windows(2).any(|two| two[0].0 == two[1].0) {
                return Err(OvsdbError::new("ovsdb error", "map contains duplicate key"));
            }
        }
        Ok(Datum::from_canonical_map(pairs))
    }

    /// The set of these atoms; equal ones count once.
    pub fn set_unique(atoms: impl IntoIterator<Item = Atom>) -> Datum {
        let mut atoms: Vec<Atom> = atoms.into_iter().collect();
        atoms.sort_unstable();
        atoms.dedup();
        Datum::from_canonical_set(atoms)
    }

    /// The map of these pairs; of equal keys the pair with the smallest value stays.
    pub fn map_unique(pairs: impl IntoIterator<Item = (Atom, Atom)>) -> Datum {
        let mut pairs: Vec<(Atom, Atom)> = pairs.into_iter().collect();
        pairs.sort_unstable();
        pairs.dedup_by(|later, earlier| later.0 == earlier.0);
        Datum::from_canonical_map(pairs)
    }

    /// A set whose atoms are known to ascend.
    pub(crate) fn from_canonical_set(mut atoms: Vec<Atom>) -> Datum {
        debug_assert!(atoms.is_sorted_by(|a, b| a < b));
        if atoms.len() > 1 {
            return Datum::Set(atoms.into());
        }
        atoms.pop().map_or(Datum::Empty, Datum::One)
    }

    /// A map whose keys are known to ascend.
    pub(crate) fn from_canonical_map(pairs: Vec<(Atom, Atom)>) -> Datum {
        debug_assert!(pairs.is_sorted_by(|a, b| a.0 < b.0));
        if pairs.is_empty() {
            Datum::Empty
        } else {
            Datum::Map(pairs.into())
        }
    }

    /// What a column of a type holds when nobody says otherwise: empty where that is allowed, else the default atom
    /// or a pair of them (RFC 7047 §5.2.1).
    pub fn default_of(ty: &ColumnType) -> Datum {
        if ty.n_min == 0 {
            return Datum::Empty;
        }
        let key = Atom::default_of(ty.key.atomic);
        match &ty.value {
            None => Datum::One(key),
            Some(value) => Datum::from_canonical_map(vec![(key, Atom::default_of(value.atomic))]),
        }
    }

    /// True for the default of a column of this type.
    pub fn is_default(&self, ty: &ColumnType) -> bool {
        match self {
            Datum::Empty => ty.n_min == 0,
            Datum::One(atom) => ty.n_min == 1 && atom.is_default(),
            Datum::Set(_) => false,
            Datum::Map(pairs) => {
                ty.n_min == 1
                    && pairs
                        .iter()
                        .all(|(key, value)| key.is_default() && value.is_default())
            }
        }
    }

    /// The number of elements or pairs.
    pub fn len(&self) -> usize {
        match self {
            Datum::Empty => 0,
            Datum::One(_) => 1,
            Datum::Set(atoms) => atoms.len(),
            Datum::Map(pairs) => pairs.len(),
        }
    }

    /// True for the empty set or map.
    pub fn is_empty(&self) -> bool {
        matches!(self, Datum::Empty)
    }

    /// The value as people write it (ovs-vsctl(8)): `[a, b]` or `{k=v}`, bare where the type holds one element and
    /// it is there.
    pub fn to_text(&self, ty: &ColumnType) -> String {
        let pair = |(key, value): (&Atom, &Atom)| format!("{}={}", key.to_text(), value.to_text());
        let texts: Vec<String> = match ty.is_map() {
            true => self.pairs().map(pair).collect(),
            false => self.atoms().map(Atom::to_text).collect(),
        };
        let list = texts.join(", ");
        match (ty.n_max > 1 || self.is_empty(), ty.is_map()) {
            (false, _) => list,
            (true, true) => format!("{{{list}}}"),
            (true, false) => format!("[{list}]"),
        }
    }

    /// The number of atoms, two for each pair of a map.
    pub fn n_atoms(&self) -> usize {
        match self {
            Datum::Map(pairs) => 2 * pairs.len(),
            _ => self.len(),
        }
    }

    /// The elements of a set, or the keys of a map, ascending.
    pub fn atoms(&self) -> impl ExactSizeIterator<Item = &Atom> {
        (0..self.len()).map(|i| self.key(i))
    }

    /// The pairs of a map, keys ascending; nothing for a set.
    pub fn pairs(&self) -> impl ExactSizeIterator<Item = (&Atom, &Atom)> {
        let pairs: &[(Atom, Atom)] = match self {
            Datum::Map(pairs) => pairs,
            _ => &[],
        };
        pairs.iter().map(|(key, value)| (key, value))
    }

    /// The values of a map in the order of their keys; nothing for a set.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Atom> {
        self.pairs().map(|(_, value)| value)
    }

    /// The only element of a scalar, an optional scalar or a set of one.
    pub fn one(&self) -> Option<&Atom> {
        match self {
            Datum::One(atom) => Some(atom),
            _ => None,
        }
    }

    /// The value that a map has under a key.
    pub fn get(&self, key: &Atom) -> Option<&Atom> {
        match self {
            Datum::Map(pairs) => {
                let position = pairs.binary_search_by(|(k, _)| k.cmp(key)).ok()?;
                Some(&pairs[position].1)
            }
            _ => None,
        }
    }

    /// The text that a map from strings to strings has under a key.
    pub fn get_str(&self, key: &str) -> Option<&str> {
        match self {
            Datum::Map(pairs) => {
                let position = pairs
                    .binary_search_by(|(k, _)| k.as_str().unwrap_or_default().cmp(key))
                    .ok()?;
                pairs[position].1.as_str()
            }
            _ => None,
        }
    }

    /// True when this set has the element, or this map the key.
    pub fn contains(&self, atom: &Atom) -> bool {
        self.position(atom).is_ok()
    }

    /// True when this set has every element of `other`, or this map every pair of it.
    pub fn includes_all(&self, other: &Datum) -> bool {
        if other.len() > self.len() {
            return false;
        }
        match other {
            Datum::Map(pairs) => pairs.iter().all(|(key, value)| self.get(key) == Some(value)),
            _ => other.atoms().all(|atom| self.contains(atom)),
        }
    }

    /// True when this set has no element of `other`, or this map no pair of it.
    pub fn excludes_all(&self, other: &Datum) -> bool {
        match other {
            Datum::Map(pairs) => pairs.iter().all(|(key, value)| self.get(key) != Some(value)),
            _ => other.atoms().all(|atom| !self.contains(atom)),
        }
    }

    /// Checks every atom against the constraints of a column's type (not the number of elements).
    pub fn check(&self, ty: &ColumnType) -> Result<(), OvsdbError> {
        self.atoms().try_for_each(|atom| ty.key.check(atom))?;
        match &ty.value {
            Some(value) => self.values().try_for_each(|atom| value.check(atom)),
            None => Ok(()),
        }
    }

    /// Element or key number `i`, which is less than `len`.
    pub(crate) fn key(&self, i: usize) -> &Atom {
        match self {
            Datum::Empty => unreachable!("the empty datum has no element {i}"),
            Datum::One(atom) => atom,
            Datum::Set(atoms) => &atoms[i],
            Datum::Map(pairs) => &pairs[i].0,
        }
    }

    /// The elements of a set; none of a map.
    pub fn as_slice(&self) -> &[Atom] {
        match self {
            Datum::One(atom) => std::slice::from_ref(atom),
            Datum::Set(atoms) => atoms,
            Datum::Empty | Datum::Map(_) => &[],
        }
    }

    /// Where the element or key is, or would be.
    pub(crate) fn position(&self, atom: &Atom) -> Result<usize, usize> {
        match self {
            Datum::Empty => Err(0),
            Datum::One(one) => match one.cmp(atom) {
                Ordering::Equal => Ok(0),
                Ordering::Less => Err(1),
                Ordering::Greater => Err(0),
            },
            Datum::Set(atoms) => atoms.binary_search(atom),
            Datum::Map(pairs) => pairs.binary_search_by(|(key, _)| key.cmp(atom)),
        }
    }
}

impl From<Atom> for Datum {
    fn from(atom: Atom) -> Self {
        Datum::One(atom)
    }
}

impl PartialEq for Datum {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Datum::Empty, Datum::Empty) => true,
            (Datum::One(a), Datum::One(b)) => a == b,
            (Datum::Set(a), Datum::Set(b)) => Arc::ptr_eq(a, b) || a == b,
            (Datum::Map(a), Datum::Map(b)) => Arc::ptr_eq(a, b) || a == b,
            _ => false,
        }
    }
}

impl Eq for Datum {}

/// Fewer elements come first; then the keys decide, then the values. This is how `select` sorts.
impl Ord for Datum {
    fn cmp(&self, other: &Self) -> Ordering {
        self.len()
            .cmp(&other.len())
            .then_with(|| self.atoms().cmp(other.atoms()))
            .then_with(|| self.values().cmp(other.values()))
    }
}

impl PartialOrd for Datum {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Datum {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Datum::Empty => {}
            Datum::One(atom) => atom.hash(state),
            Datum::Set(atoms) => atoms.hash(state),
            Datum::Map(pairs) => pairs.hash(state),
        }
    }
}
