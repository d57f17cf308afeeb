//! Shares equal strings and maps between rows: OVN repeats the same few keys, stages and actions in every row.
//!
//! A direct-mapped cache of what was stored lately, not a table of everything: a miss costs a copy that would have
//! been there anyway, and nothing has to be collected.

use std::hash::{BuildHasher, Hash};
use std::ops::RangeInclusive;

use foldhash::fast::FixedState;
use smol_str::SmolStr;

use crate::stream::Share;
use crate::{Atom, ColumnIdx, Datum, Row, RowChange};

const STRINGS: usize = 4096;
const DATUMS: usize = 4096;
/// Shorter strings take no memory of their own, longer ones are mostly unique (matches, certificates).
const SHARED: RangeInclusive<usize> = 24..=64;

/// Longer sets and maps are mostly unique.
const MAX_ELEMENTS: usize = 8;

/// The cache. Which values it has seen changes nothing but what memory rows take.
#[derive(Debug)]
pub struct Interner {
    strings: Box<[SmolStr]>,
    datums: Box<[Option<Datum>]>,
    hasher: FixedState,
}

impl Default for Interner {
    fn default() -> Self {
        Interner {
            strings: vec![SmolStr::default(); STRINGS].into(),
            datums: vec![None; DATUMS].into(),
            hasher: FixedState::default(),
        }
    }
}

impl Share for Interner {
    fn string(&mut self, text: &str) -> SmolStr {
        self.text(text, || text.into())
    }

    fn datum(&mut self, datum: Datum) -> Datum {
        match datum {
            Datum::Empty | Datum::One(_) => datum,
            long if long.len() > MAX_ELEMENTS => long,
            datum => self.shared(&datum, |_| datum.clone()),
        }
    }
}

impl Interner {
    /// Makes new rows share equal strings and maps with those seen lately.
    pub fn changes(&mut self, changes: &mut [RowChange]) {
        for change in changes {
            // A changed row shares what it has in common with the old one already.
            if let (None, Some(new)) = (&change.old, &mut change.new) {
                self.row(new);
            }
        }
    }

    /// Shares a row's values where they were seen lately.
    fn row(&mut self, row: &mut Row) {
        row.replace(|column, datum| {
            // The first two columns are no one else's.
            if column > ColumnIdx::VERSION {
                *datum = self.shared_datum(datum);
            }
        });
    }

    fn shared_datum(&mut self, datum: &Datum) -> Datum {
        match datum {
            Datum::Empty => Datum::Empty,
            Datum::One(atom) => Datum::One(self.atom(atom)),
            long if long.len() > MAX_ELEMENTS => long.clone(),
            Datum::LongSet(_) => datum.clone(),
            Datum::Set(atoms) => self.shared(datum, |me| {
                Datum::Set(atoms.iter().map(|atom| me.atom(atom)).collect())
            }),
            Datum::Map(pairs) => self.shared(datum, |me| {
                Datum::Map(pairs.iter().map(|(k, v)| (me.atom(k), me.atom(v))).collect())
            }),
        }
    }

    fn shared(&mut self, datum: &Datum, make: impl FnOnce(&mut Self) -> Datum) -> Datum {
        let slot = self.slot(datum, DATUMS);
        if let Some(known) = &self.datums[slot]
            && known == datum
        {
            return known.clone();
        }
        let made = make(self);
        self.datums[slot] = Some(made.clone());
        made
    }

    fn atom(&mut self, atom: &Atom) -> Atom {
        match atom {
            Atom::String(text) => Atom::String(self.text(text, || text.clone())),
            _ => atom.clone(),
        }
    }

    fn text(&mut self, text: &str, make: impl FnOnce() -> SmolStr) -> SmolStr {
        if !SHARED.contains(&text.len()) {
            return make();
        }
        let slot = self.slot(text, STRINGS);
        if self.strings[slot] != text {
            self.strings[slot] = make();
        }
        self.strings[slot].clone()
    }

    fn slot(&self, value: &(impl Hash + ?Sized), n: usize) -> usize {
        self.hasher.hash_one(value) as usize % n
    }
}
