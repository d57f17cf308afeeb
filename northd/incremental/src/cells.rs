//! The places of inputs and of values, and what was made of what.
//!
//! In: what is read, what is made. Out: what must be made again ([`Cells::dirty`]). Never here: how a value is made.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hash, Hasher};
use std::ops::{Index, IndexMut};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use ovsdb_data::Uuid;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use smallvec::SmallVec;

use crate::databases::Input;
use crate::few_set::FewSet;
use crate::graph::{
    Changed, Count, Derivation, Differing, Key, Maker, Owner, Parted, Value, differing, maker,
};
use crate::node::NodeId;

/// The number of a place.
pub(crate) type Slot = u32;

/// What a place is of.
pub(crate) enum What {
    /// A row, a table, an entry of an index.
    Input(Input),
    /// A value kept by a row, or the only one.
    Made(NodeId, Uuid),
    /// A value kept by a pair of rows.
    OfPair(NodeId, Box<Key>),
    /// All parts that are read of a value kept by a row.
    Parts(NodeId, Uuid),
    /// One of them: whose it is, and which.
    Part(NodeId, Box<Key>),
    /// Nothing: the place is free.
    Free,
}

/// What a place is looked for by.
enum Sought {
    Input(Input),
    Made(Owner),
    Parts(NodeId, Uuid),
    Part(NodeId, Key),
}

impl Sought {
    /// Whether a place is the one.
    fn is(&self, what: &What) -> bool {
        match (self, what) {
            (Sought::Input(sought), What::Input(input)) => sought == input,
            (Sought::Made((node, key)), What::Made(of, uuid)) => node == of && *key == Key::from(*uuid),
            (Sought::Made((node, key)), What::OfPair(of, pair)) => node == of && *key == **pair,
            (Sought::Parts(node, whole), What::Parts(of, uuid)) => (node, whole) == (of, uuid),
            (Sought::Part(node, part), What::Part(of, key)) => node == of && *part == **key,
            _ => false,
        }
    }

    fn into_what(self) -> What {
        match self {
            Sought::Input(input) => What::Input(input),
            Sought::Made((node, Key(uuid, other))) if other.is_nil() => What::Made(node, uuid),
            Sought::Made((node, key)) => What::OfPair(node, Box::new(key)),
            Sought::Parts(node, whole) => What::Parts(node, whole),
            Sought::Part(node, part) => What::Part(node, Box::new(part)),
        }
    }
}

impl Hash for Sought {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Sought::Input(input) => input.hash(state),
            Sought::Made(owner) => owner.hash(state),
            // Not as the whole.
            Sought::Parts(node, whole) => (whole, node).hash(state),
            Sought::Part(node, part) => (part, node).hash(state),
        }
    }
}

/// As [`Sought`].
impl Hash for What {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            What::Input(input) => input.hash(state),
            What::Made(node, uuid) => (node, Key::from(*uuid)).hash(state),
            What::OfPair(node, key) => (node, **key).hash(state),
            What::Parts(node, whole) => (whole, node).hash(state),
            What::Part(node, part) => (**part, node).hash(state),
            // Nobody looks for a place that is free.
            What::Free => {}
        }
    }
}

impl What {
    /// Whose value it is, if it is one.
    pub fn owner(&self) -> Option<Owner> {
        match self {
            What::Made(node, uuid) => Some((*node, Key::from(*uuid))),
            What::OfPair(node, key) => Some((*node, **key)),
            What::Input(_) | What::Parts(..) | What::Part(..) | What::Free => None,
        }
    }
}

/// Where something is kept.
pub(crate) struct Place {
    pub what: What,
    pub value: Option<Value>,
    /// What the value was made of, in the order in which it was read: the next time that nearly always comes again.
    pub reads: Box<[Slot]>,
    /// What was made of it.
    pub readers: FewSet<Slot, 2>,
    pub is_dirty: bool,
    /// It is wanted for itself.
    pub is_output: bool,
}

/// There are millions.
const _: () = assert!(size_of::<Place>() <= 80);

/// All places, by number. There are many: they are kept in pieces, so that growing never copies them.
#[derive(Default)]
pub(crate) struct Places {
    pieces: Vec<Vec<Place>>,
    n: u32,
}

/// Places in a piece.
const PIECE: u32 = 4096;

impl Places {
    /// Each with its number, in pieces.
    pub fn pieces(&self) -> impl IndexedParallelIterator<Item = (Slot, &[Place])> {
        let pieces = self.pieces.par_iter().enumerate();
        pieces.map(|(n, piece)| (n as u32 * PIECE, &**piece))
    }

    fn push(&mut self, place: Place) -> Slot {
        let slot = self.n;
        if slot.is_multiple_of(PIECE) {
            self.pieces.push(Vec::with_capacity(PIECE as usize));
        }
        let last = self.pieces.len() - 1;
        self.pieces[last].push(place);
        self.n = slot.checked_add(1).expect("memory ends before numbers do");
        slot
    }
}

impl Index<Slot> for Places {
    type Output = Place;

    fn index(&self, slot: Slot) -> &Place {
        &self.pieces[(slot / PIECE) as usize][(slot % PIECE) as usize]
    }
}

impl IndexMut<Slot> for Places {
    fn index_mut(&mut self, slot: Slot) -> &mut Place {
        &mut self.pieces[(slot / PIECE) as usize][(slot % PIECE) as usize]
    }
}

#[derive(Default)]
pub(crate) struct Cells {
    pub places: Places,
    free: Vec<Slot>,
    /// The places of inputs and of values, found by what they are of.
    found: HashTable<Slot>,
    hasher: foldhash::fast::FixedState,
    /// Of each derivation, by its place.
    pub of_node: Vec<OfNode>,
    /// To be made again, by level.
    pub dirty: BTreeSet<(NodeId, Slot)>,
    /// The derivations under way, the innermost last.
    pub reading: Vec<Reading>,
    /// Whose readers have gone; they go too, unless somebody comes.
    pub unread: Vec<Slot>,
    pub changed: Vec<Changed>,
}

/// What a derivation under way has read.
pub(crate) struct Reading {
    reader: Slot,
    pub reads: Vec<Slot>,
}

impl Reading {
    pub fn new(reader: Slot) -> Reading {
        Reading {
            reader,
            reads: Vec::new(),
        }
    }
}

/// What all values of a derivation have in common.
#[derive(Clone, Default)]
pub(crate) struct OfNode {
    /// None before it was first asked for.
    pub maker: Option<Maker>,
    /// None where nobody reads parts.
    pub differing: Option<Differing>,
    pub count: Count,
    /// A small value that most keys have, nearly always that there is nothing: they share it. With how many more were
    /// this one than were not.
    pub common: Option<(Value, u32)>,
}

/// The most bytes of a value that is shared.
pub(crate) const SMALL: usize = 96;

impl Cells {
    /// For so many derivations.
    pub fn new(n_nodes: usize) -> Cells {
        Cells {
            of_node: vec![OfNode::default(); n_nodes],
            ..Cells::default()
        }
    }

    /// The place of a value, if there is one.
    pub fn find(&self, owner: Owner) -> Option<Slot> {
        self.look_for(&Sought::Made(owner))
    }

    /// A value, likely in this place.
    pub fn value(&self, owner: Owner, likely: Option<Slot>) -> Option<Value> {
        let sought = Sought::Made(owner);
        let slot = self
            .if_it_is(likely, &sought)
            .or_else(|| self.look_for(&sought))?;
        self.places[slot].value.clone()
    }

    fn if_it_is(&self, likely: Option<Slot>, sought: &Sought) -> Option<Slot> {
        likely.filter(|slot| sought.is(&self.places[*slot].what))
    }

    fn look_for(&self, sought: &Sought) -> Option<Slot> {
        let hash = self.hasher.hash_one(sought);
        let found = self.found.find(hash, |slot| sought.is(&self.places[*slot].what));
        found.copied()
    }

    /// The place of something, which may be new.
    fn place_of(&mut self, sought: Sought) -> Slot {
        let before = |of: &Reading| self.places[of.reader].reads.get(of.reads.len()).copied();
        let likely = self.reading.last().and_then(before);
        if let Some(slot) = self.if_it_is(likely, &sought) {
            return slot;
        }
        let Cells {
            places,
            free,
            found,
            hasher,
            ..
        } = self;
        let hash = hasher.hash_one(&sought);
        let entry = found.entry(
            hash,
            |slot| sought.is(&places[*slot].what),
            |slot| hasher.hash_one(&places[*slot].what),
        );
        let vacant = match entry {
            Entry::Occupied(found) => return *found.get(),
            Entry::Vacant(vacant) => vacant,
        };
        // The number that it will have; it is taken below.
        let slot = free.pop().unwrap_or(places.n);
        vacant.insert(slot);
        let place = Place {
            what: sought.into_what(),
            value: None,
            reads: Box::default(),
            readers: FewSet::default(),
            is_dirty: false,
            is_output: false,
        };
        match slot == places.n {
            true => {
                places.push(place);
            }
            false => places[slot] = place,
        }
        slot
    }

    /// The place of a value, which may be new.
    pub fn place<D: Derivation>(&mut self, key: Key) -> Slot {
        self.of_node[D::NODE.place()].maker = Some(maker::<D>());
        self.place_of(Sought::Made((D::NODE, key)))
    }

    /// Whoever runs now reads an input.
    pub fn note_input(&mut self, input: Input) {
        let slot = self.place_of(Sought::Input(input));
        self.note(slot);
    }

    /// Whoever runs now has read something.
    pub fn note(&mut self, slot: Slot) {
        if let Some(reading) = self.reading.last_mut() {
            reading.reads.push(slot);
        }
    }

    /// Whoever runs now reads a part of a value, which is here.
    pub fn note_part<D: Parted>(&mut self, value: Slot, whole: Uuid, part: Uuid) {
        self.of_node[D::NODE.place()].differing = Some(differing::<D>());
        let parts = self.place_of(Sought::Parts(D::NODE, whole));
        self.depend(parts, value);
        let part = self.place_of(Sought::Part(D::NODE, Key(whole, part)));
        self.depend(part, parts);
        self.note(part);
    }

    /// Keeps what is needed as long as somebody needs it.
    fn depend(&mut self, reader: Slot, read: Slot) {
        if self.places[reader].reads.is_empty() {
            self.places[reader].reads = [read].into();
            self.places[read].readers.insert(reader);
        }
    }

    /// What was made of a part of a value has to be made again.
    pub fn part_changed(&mut self, node: NodeId, whole: Uuid, part: Uuid) {
        if let Some(slot) = self.look_for(&Sought::Part(node, Key(whole, part))) {
            self.soil_readers(slot);
        }
    }

    /// What was made of an input has to be made again.
    pub fn input_changed(&mut self, input: Input) {
        if let Some(slot) = self.look_for(&Sought::Input(input)) {
            self.soil_readers(slot);
        }
    }

    /// What was made of something has to be made again.
    pub fn soil_readers(&mut self, slot: Slot) {
        for reader in self.places[slot].readers.to_vec() {
            self.soil(reader);
        }
    }

    /// Something has to be made again.
    pub fn soil(&mut self, slot: Slot) {
        let place = &mut self.places[slot];
        if let Some((node, _)) = place.what.owner()
            && !std::mem::replace(&mut place.is_dirty, true)
        {
            self.dirty.insert((node, slot));
        }
    }

    /// What a value was made of this time takes the place of what it was made of before.
    pub fn link(&mut self, slot: Slot, reads: Vec<Slot>) {
        if *self.places[slot].reads == *reads {
            return;
        }
        let before = std::mem::replace(&mut self.places[slot].reads, reads.into());
        let before = distinct(&before);
        let now = distinct(&self.places[slot].reads);
        for gone in before.iter().filter(|read| now.binary_search(read).is_err()) {
            self.unlink(*gone, slot);
        }
        for new in now.iter().filter(|read| before.binary_search(read).is_err()) {
            self.places[*new].readers.insert(slot);
        }
    }

    fn unlink(&mut self, read: Slot, reader: Slot) {
        let readers = &mut self.places[read].readers;
        readers.remove(reader);
        if readers.is_empty() {
            self.unread.push(read);
        }
    }

    /// Forgets what nobody reads.
    pub fn sweep(&mut self) {
        while let Some(slot) = self.unread.pop() {
            let place = &mut self.places[slot];
            if place.is_output || !place.readers.is_empty() {
                continue;
            }
            if let Some((node, _)) = place.what.owner() {
                self.dirty.remove(&(node, slot));
            }
            if matches!(place.what, What::Free) {
                continue;
            }
            let hash = self.hasher.hash_one(&place.what);
            if let Ok(found) = self.found.find_entry(hash, |other| *other == slot) {
                found.remove();
            }
            self.places[slot].what = What::Free;
            let place = &mut self.places[slot];
            place.value = None;
            let reads = std::mem::take(&mut place.reads);
            for read in distinct(&reads) {
                self.unlink(read, slot);
            }
            self.free.push(slot);
        }
    }
}

/// Each once, sorted.
fn distinct(reads: &[Slot]) -> SmallVec<[Slot; 16]> {
    let mut distinct = SmallVec::from_slice(reads);
    distinct.sort_unstable();
    distinct.dedup();
    distinct
}
