//! Long sets in short chunks: what a transaction adds to a set of thousands costs one chunk, and two states of a set
//! are compared by the chunks that they do not share.
//!
//! In: atoms that ascend. Out: other sets, iterators, differences. Never here: sets of few atoms, which are one slice
//! ([`crate::datum::Datum::Set`]).
//!
//! ```text
//!   before   [a b c] [d e f] [g h i]
//!   + x         │       │   [g h i x]      the other chunks are the same allocations
//!   after    [a b c] [d e f] [g h i x]
//! ```

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::atom::Atom;

/// A set with more elements than this is kept in chunks.
pub(crate) const LONG: usize = 64;

/// Elements of a chunk that was just made.
const CHUNK: usize = 48;

/// A chunk that grows beyond this is cut in two.
const CHUNK_MAX: usize = 96;

/// A chunk that shrinks below this is joined with its neighbour.
const CHUNK_MIN: usize = 16;

type Chunk = Arc<[Atom]>;

/// More than [`LONG`] atoms, ascending and distinct. No chunk is empty.
#[derive(Clone, Debug)]
pub struct LongSet {
    n_atoms: usize,
    chunks: Vec<Chunk>,
}

/// An atom that only one of two sets has.
#[derive(Clone, Copy, Debug)]
pub enum Only<'a> {
    /// The first.
    First(&'a Atom),
    /// The second.
    Second(&'a Atom),
}

impl<'a> Only<'a> {
    /// The atom, whichever set has it.
    pub fn atom(self) -> &'a Atom {
        match self {
            Only::First(atom) | Only::Second(atom) => atom,
        }
    }
}

impl LongSet {
    /// The set of atoms that ascend.
    pub(crate) fn new(atoms: Vec<Atom>) -> LongSet {
        LongSet {
            n_atoms: atoms.len(),
            chunks: in_chunks(atoms),
        }
    }

    /// The number of atoms.
    pub fn len(&self) -> usize {
        self.n_atoms
    }

    /// Never true: short sets are no long sets.
    pub fn is_empty(&self) -> bool {
        self.n_atoms == 0
    }

    /// The atoms, ascending, in pieces.
    pub(crate) fn chunks(&self) -> &[Arc<[Atom]>] {
        &self.chunks
    }

    fn iter(&self) -> impl Iterator<Item = &Atom> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    /// True when an atom compares as equal; those before it compare as less.
    pub(crate) fn contains_by(&self, mut compare: impl FnMut(&Atom) -> Ordering) -> bool {
        let after = self.chunks.partition_point(|chunk| compare(&chunk[0]).is_le());
        let chunk = &self.chunks[after.saturating_sub(1)];
        chunk.binary_search_by(compare).is_ok()
    }

    /// The set with one atom more, if it lacks it.
    pub(crate) fn with(&self, atom: &Atom) -> Option<LongSet> {
        let (chunk, at) = self.place(atom);
        let at = at.err()?;
        Some(self.replaced(chunk, with_inserted(&self.chunks[chunk], at, atom)))
    }

    /// The set without one atom, if it has it.
    pub(crate) fn without(&self, atom: &Atom) -> Option<LongSet> {
        let (chunk, at) = self.place(atom);
        let at = at.ok()?;
        let mut shorter = self.chunks[chunk].to_vec();
        shorter.remove(at);
        Some(self.replaced(chunk, shorter))
    }

    /// The chunk that has or would have an atom, and where in it.
    fn place(&self, atom: &Atom) -> (usize, Result<usize, usize>) {
        let after = self.chunks.partition_point(|chunk| chunk[0] <= *atom);
        let chunk = after.saturating_sub(1);
        (chunk, self.chunks[chunk].binary_search(atom))
    }

    fn replaced(&self, i: usize, mut atoms: Vec<Atom>) -> LongSet {
        let n_atoms = self.n_atoms - self.chunks[i].len() + atoms.len();
        let mut chunks = self.chunks.clone();
        let mut range = i..i + 1;
        if atoms.len() < CHUNK_MIN {
            if let Some(next) = chunks.get(i + 1) {
                atoms.extend_from_slice(next);
                range.end += 1;
            } else if i > 0 {
                atoms.splice(0..0, chunks[i - 1].iter().cloned());
                range.start -= 1;
            }
        }
        let made = if atoms.len() > CHUNK_MAX {
            in_chunks(atoms)
        } else {
            vec![atoms.into()]
        };
        chunks.splice(range, made);
        LongSet { n_atoms, chunks }
    }
}

/// A copy with one atom more at a place.
pub(crate) fn with_inserted(atoms: &[Atom], at: usize, atom: &Atom) -> Vec<Atom> {
    let (before, after) = atoms.split_at(at);
    let mut longer = Vec::with_capacity(atoms.len() + 1);
    longer.extend_from_slice(before);
    longer.push(atom.clone());
    longer.extend_from_slice(after);
    longer
}

/// Chunks of about equal length.
fn in_chunks(atoms: Vec<Atom>) -> Vec<Chunk> {
    let n_chunks = atoms.len().div_ceil(CHUNK).max(1);
    let mut chunks = Vec::with_capacity(n_chunks);
    let mut atoms = atoms.into_iter();
    for i in 0..n_chunks {
        let n = atoms.len().div_ceil(n_chunks - i);
        chunks.push(atoms.by_ref().take(n).collect());
    }
    chunks
}

impl PartialEq for LongSet {
    fn eq(&self, other: &Self) -> bool {
        self.n_atoms == other.n_atoms && {
            let mut same = true;
            // Of two sets of one length, one lacks what the other has: the first difference decides.
            differences(&self.chunks, &other.chunks, &mut |_| {
                same = false;
                false
            });
            same
        }
    }
}

impl Eq for LongSet {}

impl Hash for LongSet {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.n_atoms.hash(state);
        self.iter().for_each(|atom| atom.hash(state));
    }
}

/// Calls `f` for every atom that only one of two sets has, ascending.
pub(crate) fn for_each_difference<'a>(a: &'a LongSet, b: &'a LongSet, mut f: impl FnMut(Only<'a>)) {
    differences(&a.chunks, &b.chunks, &mut |only| {
        f(only);
        true
    });
}

/// Walks two lists of chunks; what both share is not looked at. Ends early when `f` returns false.
fn differences<'a>(mut a: &'a [Chunk], mut b: &'a [Chunk], f: &mut impl FnMut(Only<'a>) -> bool) {
    // What is left of the first chunks.
    let (mut x, mut y): (&[Atom], &[Atom]) = (&[], &[]);
    loop {
        if x.is_empty() && y.is_empty() {
            while let ([p, rest_a @ ..], [q, rest_b @ ..]) = (a, b)
                && Arc::ptr_eq(p, q)
            {
                (a, b) = (rest_a, rest_b);
            }
        }
        if x.is_empty()
            && let [next, rest @ ..] = a
        {
            (x, a) = (next, rest);
        }
        if y.is_empty()
            && let [next, rest @ ..] = b
        {
            (y, b) = (next, rest);
        }
        if !merge(&mut x, &mut y, f) {
            return;
        }
        // One of them is at its end now. Is that also the end of its set?
        let go_on = match (x, y) {
            ([], []) => !(a.is_empty() && b.is_empty()),
            ([], _) if a.is_empty() => return rest(y, b, &mut |atom| f(Only::Second(atom))),
            (_, []) if b.is_empty() => return rest(x, a, &mut |atom| f(Only::First(atom))),
            _ => true,
        };
        if !go_on {
            return;
        }
    }
}

/// Walks both slices to the end of either.
fn merge<'a>(x: &mut &'a [Atom], y: &mut &'a [Atom], f: &mut impl FnMut(Only<'a>) -> bool) -> bool {
    while let ([p, rest_x @ ..], [q, rest_y @ ..]) = (*x, *y) {
        if p == q {
            (*x, *y) = (rest_x, rest_y);
            continue;
        }
        let only = if p.cmp(q) == Ordering::Less {
            *x = rest_x;
            Only::First(p)
        } else {
            *y = rest_y;
            Only::Second(q)
        };
        if !f(only) {
            return false;
        }
    }
    true
}

fn rest<'a>(first: &'a [Atom], chunks: &'a [Chunk], f: &mut impl FnMut(&'a Atom) -> bool) {
    let chunks = chunks.iter().flat_map(|chunk| chunk.iter());
    let _ended_early = first.iter().chain(chunks).all(f);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn atoms(numbers: impl IntoIterator<Item = i64>) -> Vec<Atom> {
        numbers.into_iter().map(Atom::Integer).collect()
    }

    fn differing(a: &LongSet, b: &LongSet) -> (Vec<Atom>, Vec<Atom>) {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for_each_difference(a, b, |only| match only {
            Only::First(atom) => first.push(atom.clone()),
            Only::Second(atom) => second.push(atom.clone()),
        });
        (first, second)
    }

    proptest! {
        /// Adding and removing is what a sorted set does; chunks stay within their bounds; differences and equality
        /// do not depend on how the atoms are cut.
        #[test]
        fn is_a_set(start in prop::collection::btree_set(0..500i64, 100..400),
                    steps in prop::collection::vec(0..500i64, 0..300)) {
            let first = LongSet::new(atoms(start.iter().copied()));
            let (mut model, mut set) = (start.clone(), first.clone());
            for step in steps {
                let atom = Atom::Integer(step);
                prop_assert_eq!(set.contains_by(|own| own.cmp(&atom)), model.contains(&step));
                let next = if model.contains(&step) { set.without(&atom) } else { set.with(&atom) };
                if !model.remove(&step) {
                    model.insert(step);
                }
                set = next.expect("the atom was there, or not, as the model says");
                prop_assert_eq!(set.len(), model.len());
                prop_assert!(set.chunks.iter().all(|c| !c.is_empty() && c.len() <= CHUNK_MAX));
            }
            let now = atoms(model.iter().copied());
            prop_assert!(set.iter().eq(now.iter()));
            let rebuilt = LongSet::new(now);
            prop_assert_eq!(&set, &rebuilt);
            prop_assert_eq!(set == first, model == start);
            let gone: BTreeSet<i64> = start.difference(&model).copied().collect();
            let new: BTreeSet<i64> = model.difference(&start).copied().collect();
            for set in [&set, &rebuilt] {
                prop_assert_eq!(differing(&first, set), (atoms(gone.iter().copied()), atoms(new.iter().copied())));
            }
        }
    }
}
