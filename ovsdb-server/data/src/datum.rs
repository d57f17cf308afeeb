//! A datum: the value of one column, a set or a map of atoms (RFC 7047 §5.1 `<value>`).

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::atom::Atom;
use crate::base_type::ColumnType;
use crate::diff::{Side, merge};
use crate::error::OvsdbError;
use crate::long_set::{LONG, LongSet, Only, for_each_difference, with_inserted};

/// The value of one column. 24 bytes; the elements of sets and maps are shared and immutable.
///
/// The form is canonical, so that equality is structural: no element is `Empty`, one element of a set is `One`,
/// more are `Set`, very many are `LongSet`; a map of one or more pairs is `Map`. Elements are sorted by key and their
/// keys are distinct.
#[derive(Clone, Debug)]
pub enum Datum {
    /// The empty set or map.
    Empty,
    /// A scalar, or a set of one.
    One(Atom),
    /// Two atoms to a few dozen.
    Set(Arc<[Atom]>),
    /// More atoms than that.
    LongSet(Arc<LongSet>),
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
        match atoms.len() {
            0 | 1 => atoms.pop().map_or(Datum::Empty, Datum::One),
            2..=LONG => Datum::Set(atoms.into()),
            _ => Datum::LongSet(LongSet::new(atoms).into()),
        }
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
            Datum::Set(_) | Datum::LongSet(_) => false,
            Datum::Map(pairs) => {
                ty.n_min == 1
                    && pairs
                        .iter()
                        .all(|(key, value)| key.is_default() && value.is_default())
            }
        }
    }

    /// The number of elements or pairs.
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Datum::Empty => 0,
            Datum::One(_) => 1,
            Datum::Set(atoms) => atoms.len(),
            Datum::LongSet(atoms) => atoms.len(),
            Datum::Map(pairs) => pairs.len(),
        }
    }

    /// True for the empty set or map.
    #[inline]
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
    #[inline]
    pub fn n_atoms(&self) -> usize {
        match self {
            Datum::Map(pairs) => 2 * pairs.len(),
            _ => self.len(),
        }
    }

    /// The elements of a set, or the keys of a map, ascending.
    #[inline]
    pub fn atoms(&self) -> Atoms<'_> {
        Atoms {
            n: self.len(),
            rest: match self {
                Datum::Empty => Rest::Slice(&[]),
                Datum::One(atom) => Rest::Slice(std::slice::from_ref(atom)),
                Datum::Set(atoms) => Rest::Slice(atoms),
                Datum::LongSet(atoms) => Rest::Chunks(&[], atoms.chunks()),
                Datum::Map(pairs) => Rest::Pairs(pairs),
            },
        }
    }

    /// The pairs of a map, keys ascending; nothing for a set.
    #[inline]
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
    #[inline]
    pub fn one(&self) -> Option<&Atom> {
        match self {
            Datum::One(atom) => Some(atom),
            _ => None,
        }
    }

    /// The value that a map has under a key.
    pub fn get(&self, key: &Atom) -> Option<&Atom> {
        self.get_by(|k| k.cmp(key))
    }

    /// The text that a map from strings to strings has under a key.
    #[inline]
    pub fn get_str(&self, key: &str) -> Option<&str> {
        self.get_by(|k| k.as_str().unwrap_or_default().cmp(key))?.as_str()
    }

    /// The value that a map has under the key that compares as equal; keys before it compare as less.
    pub fn get_by(&self, mut compare: impl FnMut(&Atom) -> Ordering) -> Option<&Atom> {
        match self {
            Datum::Map(pairs) => {
                let position = pairs.binary_search_by(|(key, _)| compare(key)).ok()?;
                Some(&pairs[position].1)
            }
            _ => None,
        }
    }

    /// True when this set has the element, or this map the key.
    #[inline]
    pub fn contains(&self, atom: &Atom) -> bool {
        self.contains_by(|own| own.cmp(atom))
    }

    /// True when an element, or a key, compares as equal; those before it compare as less.
    pub fn contains_by(&self, mut compare: impl FnMut(&Atom) -> Ordering) -> bool {
        match self {
            Datum::LongSet(atoms) => atoms.contains_by(compare),
            Datum::Map(pairs) => pairs.binary_search_by(|(key, _)| compare(key)).is_ok(),
            _ => self.short_slice().binary_search_by(compare).is_ok(),
        }
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

    /// Calls `f` for every element that only one of two sets has, `self` being the first; ascending. Shared parts of
    /// long sets cost nothing. Nothing for maps.
    pub fn for_each_set_difference<'a>(&'a self, other: &'a Datum, mut f: impl FnMut(Only<'a>)) {
        if let (Datum::LongSet(a), Datum::LongSet(b)) = (self, other) {
            return for_each_difference(a, b, f);
        }
        if matches!((self, other), (Datum::Map(_), _) | (_, Datum::Map(_))) {
            return;
        }
        merge(
            self.atoms(),
            other.atoms(),
            |atom| *atom,
            |side| match side {
                Side::Left(atom) => f(Only::First(atom)),
                Side::Right(atom) => f(Only::Second(atom)),
                Side::Both(..) => {}
            },
        );
    }

    /// This set with one element more.
    pub(crate) fn with_element(&self, atom: &Atom) -> Datum {
        match self {
            Datum::Empty => Datum::One(atom.clone()),
            Datum::LongSet(atoms) => match atoms.with(atom) {
                Some(longer) => Datum::LongSet(longer.into()),
                None => self.clone(),
            },
            Datum::One(_) | Datum::Set(_) => match self.search(atom) {
                Ok(_) => self.clone(),
                Err(at) => Datum::from_canonical_set(with_inserted(self.short_slice(), at, atom)),
            },
            Datum::Map(_) => unreachable!("a pair is no element"),
        }
    }

    /// This set without an element.
    pub(crate) fn without_element(&self, atom: &Atom) -> Datum {
        match self {
            Datum::LongSet(atoms) if atoms.len() > LONG + 1 => match atoms.without(atom) {
                Some(shorter) => Datum::LongSet(shorter.into()),
                None => self.clone(),
            },
            _ => Datum::from_canonical_set(self.atoms().filter(|a| *a != atom).cloned().collect()),
        }
    }

    #[inline]
    fn short_slice(&self) -> &[Atom] {
        match self {
            Datum::One(atom) => std::slice::from_ref(atom),
            Datum::Set(atoms) => atoms,
            Datum::Empty | Datum::LongSet(_) | Datum::Map(_) => &[],
        }
    }

    /// Where the element of a short set is, or would be.
    #[inline]
    fn search(&self, atom: &Atom) -> Result<usize, usize> {
        self.short_slice().binary_search(atom)
    }
}

/// The elements of a set or the keys of a map.
#[derive(Clone, Debug)]
pub struct Atoms<'a> {
    n: usize,
    rest: Rest<'a>,
}

#[derive(Clone, Debug)]
enum Rest<'a> {
    Slice(&'a [Atom]),
    Chunks(&'a [Atom], &'a [Arc<[Atom]>]),
    Pairs(&'a [(Atom, Atom)]),
}

impl<'a> Iterator for Atoms<'a> {
    type Item = &'a Atom;

    #[inline]
    fn next(&mut self) -> Option<&'a Atom> {
        let first = match &mut self.rest {
            Rest::Slice(atoms) => atoms.split_off_first(),
            Rest::Pairs(pairs) => pairs.split_off_first().map(|(key, _)| key),
            Rest::Chunks(atoms, chunks) => atoms.split_off_first().or_else(|| {
                *atoms = chunks.split_off_first()?;
                atoms.split_off_first()
            }),
        };
        self.n -= usize::from(first.is_some());
        first
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.n, Some(self.n))
    }
}

impl ExactSizeIterator for Atoms<'_> {}

impl From<Atom> for Datum {
    fn from(atom: Atom) -> Self {
        Datum::One(atom)
    }
}

impl PartialEq for Datum {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Datum::Empty, Datum::Empty) => true,
            (Datum::One(a), Datum::One(b)) => a == b,
            (Datum::Set(a), Datum::Set(b)) => Arc::ptr_eq(a, b) || a == b,
            (Datum::LongSet(a), Datum::LongSet(b)) => Arc::ptr_eq(a, b) || a == b,
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
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Datum::Empty => {}
            Datum::One(atom) => atom.hash(state),
            Datum::Set(atoms) => atoms.hash(state),
            Datum::LongSet(atoms) => atoms.hash(state),
            Datum::Map(pairs) => pairs.hash(state),
        }
    }
}
