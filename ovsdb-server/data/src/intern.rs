//! Shares equal strings and maps between rows: OVN repeats the same few keys, stages and actions in every row.
//!
//! A direct-mapped cache of what was stored lately, not a table of everything: a miss costs a copy that would have
//! been there anyway, and nothing has to be collected.

use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::stream::Share;
use crate::{Atom, ColumnIdx, Datum, Row};

const STRINGS: usize = 4096;
const DATUMS: usize = 4096;
/// Longer strings are mostly unique (matches, certificates).
const MAX_LEN: usize = 64;

/// Longer sets and maps are mostly unique.
const MAX_ELEMENTS: usize = 8;

/// The cache. Which values it has seen changes nothing but what memory rows take.
#[derive(Debug)]
pub struct Interner {
    strings: Box<[Option<Arc<str>>]>,
    datums: Box<[Option<Datum>]>,
    hasher: FixedState,
}

impl Default for Interner {
    fn default() -> Self {
        Interner {
            strings: vec![None; STRINGS].into(),
            datums: vec![None; DATUMS].into(),
            hasher: FixedState::default(),
        }
    }
}

impl Share for Interner {
    fn string(&mut self, text: &str) -> Arc<str> {
        if text.len() > MAX_LEN {
            return text.into();
        }
        let slot = self.slot(text, STRINGS);
        match &self.strings[slot] {
            Some(known) if **known == *text => known.clone(),
            _ => self.strings[slot].insert(text.into()).clone(),
        }
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
    /// Shares a row's values where they were seen lately.
    pub fn row(&mut self, row: &mut Row) {
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
            Atom::String(text) if text.len() <= MAX_LEN => {
                let slot = self.slot(text, STRINGS);
                match &self.strings[slot] {
                    Some(known) if known == text => Atom::String(known.clone()),
                    _ => {
                        self.strings[slot] = Some(text.clone());
                        atom.clone()
                    }
                }
            }
            _ => atom.clone(),
        }
    }

    fn slot(&self, value: &(impl Hash + ?Sized), n: usize) -> usize {
        self.hasher.hash_one(value) as usize % n
    }
}
