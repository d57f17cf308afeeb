//! The graph of derivations: what is made of the databases is kept, with what it was made of, and made again when that
//! changes.
//!
//! In: changes of rows ([`Graph::apply`]). Out: which outputs changed ([`Graph::settle`]). Never here: what a
//! derivation means; a program lists them all in its `nodes.rs`.
//!
//! A *derivation* is a pure function of a key and of what it reads through a [`View`]: rows, indexes over rows, values
//! of other derivations. What it reads is noted, so nobody writes down what depends on what, and nobody can forget it.
//! When an input changes, its readers are made again, lowest level first; a value that comes out equal stops there.
//! So a change costs what it touches, and any sequence of changes leads where a fresh graph over the same rows leads:
//! there is no second way to compute anything.
//!
//! ```text
//!   rows ──► model (one row parsed; equal again if only other columns changed) ──► flows, desired rows ──► outputs
//! ```

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use ovsdb_data::Uuid;

use crate::databases::{Databases, Input};
use crate::few_set::FewSet;
use crate::node::NodeId;
use crate::program::Program;
use crate::view::View;

/// What is kept for one key: made by [`Derivation::derive`].
pub type Value = Arc<dyn Any + Send + Sync>;

/// The key of a derivation's value: a row, a pair of rows, or nothing where there is one value for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub Uuid, pub Uuid);

impl From<()> for Key {
    fn from((): ()) -> Key {
        Key::default()
    }
}

impl From<Uuid> for Key {
    fn from(uuid: Uuid) -> Key {
        Key(uuid, Uuid::nil())
    }
}

impl From<(Uuid, Uuid)> for Key {
    fn from((a, b): (Uuid, Uuid)) -> Key {
        Key(a, b)
    }
}

impl From<Key> for () {
    fn from(_: Key) {}
}

impl From<Key> for Uuid {
    fn from(key: Key) -> Uuid {
        key.0
    }
}

impl From<Key> for (Uuid, Uuid) {
    fn from(key: Key) -> (Uuid, Uuid) {
        (key.0, key.1)
    }
}

/// Whose value it is.
pub type Owner = (NodeId, Key);

/// A pure function of a key and of what it reads.
pub trait Derivation: 'static {
    /// What its values are kept by.
    type Key: Copy + Into<Key> + From<Key>;
    /// What it makes.
    type Value: PartialEq + Send + Sync + 'static;
    /// Its place in the graph: it reads only what comes before it.
    const NODE: NodeId;

    /// Makes the value. `before` is what it made the last time: only for what must stay as it was once it was given
    /// away (tunnel keys, addresses).
    fn derive(view: &View<'_>, key: Self::Key, before: Option<&Self::Value>) -> Self::Value;
}

type Slot = u32;

/// How the values of one derivation are made and compared, without its types.
#[derive(Clone, Copy)]
struct Maker {
    derive: fn(&View<'_>, Key, Option<&Value>) -> Value,
    same: fn(&Value, &Value) -> bool,
}

fn maker<D: Derivation>() -> Maker {
    Maker {
        derive: |view, key, before| {
            let before = before.and_then(|before| before.downcast_ref());
            Arc::new(D::derive(view, D::Key::from(key), before))
        },
        same: |a, b| match (a.downcast_ref::<D::Value>(), b.downcast_ref::<D::Value>()) {
            (Some(a), Some(b)) => a == b,
            _ => false,
        },
    }
}

#[derive(PartialEq, Eq, Hash)]
enum What {
    /// A row, a table, an entry of an index.
    Input(Input),
    /// A value kept by a row, or the only one.
    Made(NodeId, Uuid),
    /// A value kept by a pair of rows.
    OfPair(NodeId, Box<Key>),
    /// Nothing: the place is free.
    Free,
}

impl What {
    fn made(node: NodeId, key: Key) -> What {
        match key.1.is_nil() {
            true => What::Made(node, key.0),
            false => What::OfPair(node, Box::new(key)),
        }
    }

    /// Whose value it is, if it is one.
    fn owner(&self) -> Option<Owner> {
        match self {
            What::Made(node, uuid) => Some((*node, Key::from(*uuid))),
            What::OfPair(node, key) => Some((*node, **key)),
            What::Input(_) | What::Free => None,
        }
    }
}

struct Place {
    what: What,
    value: Option<Value>,
    /// What the value was made of.
    reads: Box<[Slot]>,
    /// What was made of it.
    readers: FewSet<Slot, 2>,
    is_dirty: bool,
    /// It is wanted for itself.
    is_output: bool,
}

/// There are millions.
const _: () = assert!(size_of::<Place>() <= 80);

/// All places, by number. There are many: they are kept in pieces, so that growing never copies them.
#[derive(Default)]
struct Places {
    pieces: Vec<Vec<Place>>,
    n: u32,
}

const PIECE: u32 = 4096;

impl Places {
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

/// How often a derivation ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Values made.
    pub made: u64,
    /// Values made again that came out equal.
    pub equal: u64,
}

/// An output that changed.
#[derive(Clone)]
pub struct Changed {
    /// Which derivation.
    pub node: NodeId,
    /// Of what.
    pub key: Key,
    /// What it was; none if it is new.
    pub before: Option<Value>,
    /// What it is; none if it is gone.
    pub after: Option<Value>,
}

/// The databases and everything made of them.
pub struct Graph {
    databases: Databases,
    names: &'static [(&'static str, &'static str)],
    cells: RefCell<Cells>,
}

#[derive(Default)]
struct Cells {
    places: Places,
    free: Vec<Slot>,
    /// The places of inputs and of values, found by what they are of.
    found: HashTable<Slot>,
    hasher: foldhash::fast::FixedState,
    /// Of each derivation, by its place.
    of_node: Vec<OfNode>,
    /// To be made again, by level.
    dirty: BTreeSet<(NodeId, Slot)>,
    /// What the derivations under way have read, the innermost last.
    reading: Vec<Vec<Slot>>,
    /// Whose readers have gone; they go too, unless somebody comes.
    unread: Vec<Slot>,
    changed: Vec<Changed>,
}

/// What all values of a derivation have in common.
#[derive(Clone, Default)]
struct OfNode {
    /// None before it was first asked for.
    maker: Option<Maker>,
    count: Count,
    /// A small value that most keys have, nearly always that there is nothing: they share it. With how many more were
    /// this one than were not.
    common: Option<(Value, u32)>,
}

/// The most bytes of a value that is shared.
const SMALL: usize = 96;

impl Graph {
    /// A program's graph over empty databases.
    pub fn new<P: Program>() -> Graph {
        Graph {
            databases: Databases::new::<P>(),
            names: P::NODES,
            cells: RefCell::new(Cells {
                of_node: vec![OfNode::default(); P::NODES.len()],
                ..Cells::default()
            }),
        }
    }

    /// The name of a derivation.
    pub(crate) fn name(&self, node: NodeId) -> &'static str {
        self.names[node.place()].0
    }

    /// The databases.
    pub fn databases(&self) -> &Databases {
        &self.databases
    }

    /// Changes rows: [`Graph::settle`] finds what comes of it.
    pub fn apply(&mut self, change: impl FnOnce(&mut Databases, &mut dyn FnMut(Input))) {
        let cells = self.cells.get_mut();
        change(&mut self.databases, &mut |input| cells.input_changed(input));
    }

    /// Wants an output.
    pub fn want<D: Derivation>(&mut self, key: D::Key) {
        let cells = self.cells.get_mut();
        let key = key.into();
        let slot = cells.place::<D>(key);
        let place = &mut cells.places[slot];
        if std::mem::replace(&mut place.is_output, true) {
            return;
        }
        match place.value.clone() {
            None => cells.soil(slot),
            // It was made for others, or was an output until just now: if it is to be made again, that comes after.
            after => cells.changed.push(Changed {
                node: D::NODE,
                key,
                before: None,
                after,
            }),
        }
    }

    /// Does not want an output any more.
    pub fn drop_output<D: Derivation>(&mut self, key: D::Key) {
        let cells = self.cells.get_mut();
        let key = key.into();
        let Some(slot) = cells.find(&What::made(D::NODE, key)) else {
            return;
        };
        let place = &mut cells.places[slot];
        if std::mem::replace(&mut place.is_output, false) {
            if let Some(before) = place.value.clone() {
                cells.changed.push(Changed {
                    node: D::NODE,
                    key,
                    before: Some(before),
                    after: None,
                });
            }
            cells.unread.push(slot);
        }
    }

    /// Wants every value made again by [`Graph::settle`], whatever it was made of.
    pub fn soil_all(&mut self) {
        let cells = self.cells.get_mut();
        for slot in 0..cells.places.n {
            cells.soil(slot);
        }
    }

    /// Makes everything again that must be, and tells which outputs changed.
    pub fn settle(&mut self) -> Vec<Changed> {
        loop {
            let next = self.cells.get_mut().dirty.pop_first();
            let Some((_, slot)) = next else { break };
            let place = &self.cells.get_mut().places[slot];
            match place.is_output || !place.readers.is_empty() {
                true => self.make(slot),
                // Nobody reads it any more.
                false => self.cells.get_mut().unread.push(slot),
            }
        }
        let cells = self.cells.get_mut();
        cells.sweep();
        std::mem::take(&mut cells.changed)
    }

    /// A value that was made, as it is now.
    pub fn value(&self, (node, key): (NodeId, Key)) -> Option<Value> {
        let cells = self.cells.borrow();
        let slot = cells.find(&What::made(node, key))?;
        cells.places[slot].value.clone()
    }

    /// How often each derivation ran.
    pub fn counts(&self) -> Vec<(NodeId, Count)> {
        let cells = self.cells.borrow();
        let counts = cells.of_node.iter().enumerate();
        counts
            .filter(|(_, of)| of.count.made > 0)
            .map(|(place, of)| (NodeId::new(place as u16), of.count))
            .collect()
    }

    /// A value of a derivation, for whoever runs now.
    pub(crate) fn get<D: Derivation>(&self, key: D::Key) -> Arc<D::Value> {
        let slot = self.cells.borrow_mut().place::<D>(key.into());
        let is_ready = {
            let mut cells = self.cells.borrow_mut();
            cells.note(slot);
            let place = &cells.places[slot];
            place.value.is_some() && !place.is_dirty
        };
        if !is_ready {
            self.make(slot);
        }
        let value = self.cells.borrow().places[slot].value.clone();
        value
            .and_then(|value| value.downcast().ok())
            .expect("a value that has just been made has its derivation's type")
    }

    /// An input is read by whoever runs now.
    pub(crate) fn read(&self, input: Input) {
        let mut cells = self.cells.borrow_mut();
        let slot = cells.place_of(What::Input(input));
        cells.note(slot);
    }

    fn make(&self, slot: Slot) {
        let (node, key, maker, before) = {
            let mut cells = self.cells.borrow_mut();
            let place = &mut cells.places[slot];
            let Some((node, key)) = place.what.owner() else {
                return;
            };
            if !place.is_dirty && place.value.is_some() {
                return;
            }
            place.is_dirty = false;
            let before = place.value.clone();
            cells.dirty.remove(&(node, slot));
            cells.reading.push(Vec::new());
            let maker = cells.of_node[node.place()].maker;
            (node, key, maker.expect("whoever asked for it named it"), before)
        };
        let view = View::new(self, node);
        let mut after = (maker.derive)(&view, key, before.as_ref());
        let mut cells = self.cells.borrow_mut();
        let reads = cells.reading.pop().unwrap_or_default();
        cells.link(slot, reads);
        let of = &mut cells.of_node[node.place()];
        of.count.made += 1;
        if before.as_ref().is_some_and(|before| (maker.same)(before, &after)) {
            of.count.equal += 1;
            return;
        }
        if size_of_val(&*after) <= SMALL {
            match &mut of.common {
                Some((common, n_more)) if (maker.same)(common, &after) => {
                    after = common.clone();
                    *n_more = n_more.saturating_add(1);
                }
                Some((_, n_more)) if *n_more > 0 => *n_more -= 1,
                common => *common = Some((after.clone(), 0)),
            }
        }
        let place = &mut cells.places[slot];
        place.value = Some(after.clone());
        if place.is_output {
            cells.changed.push(Changed {
                node,
                key,
                before,
                after: Some(after),
            });
        }
        let readers = cells.places[slot].readers.to_vec();
        for reader in readers {
            cells.soil(reader);
        }
    }
}

impl Cells {
    fn find(&self, what: &What) -> Option<Slot> {
        let hash = self.hasher.hash_one(what);
        self.found
            .find(hash, |slot| self.places[*slot].what == *what)
            .copied()
    }

    /// The place of something, which may be new.
    fn place_of(&mut self, what: What) -> Slot {
        let Cells {
            places,
            free,
            found,
            hasher,
            ..
        } = self;
        let hash = hasher.hash_one(&what);
        let entry = found.entry(
            hash,
            |slot| places[*slot].what == what,
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
            what,
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

    fn place<D: Derivation>(&mut self, key: Key) -> Slot {
        self.of_node[D::NODE.place()].maker = Some(maker::<D>());
        self.place_of(What::made(D::NODE, key))
    }

    /// Whoever runs now has read something.
    fn note(&mut self, slot: Slot) {
        if let Some(reads) = self.reading.last_mut() {
            reads.push(slot);
        }
    }

    fn input_changed(&mut self, input: Input) {
        let Some(slot) = self.find(&What::Input(input)) else {
            return;
        };
        let readers = self.places[slot].readers.to_vec();
        for reader in readers {
            self.soil(reader);
        }
    }

    /// Something has to be made again.
    fn soil(&mut self, slot: Slot) {
        let place = &mut self.places[slot];
        if let Some((node, _)) = place.what.owner()
            && !std::mem::replace(&mut place.is_dirty, true)
        {
            self.dirty.insert((node, slot));
        }
    }

    /// What a value was made of this time takes the place of what it was made of before.
    fn link(&mut self, slot: Slot, mut reads: Vec<Slot>) {
        reads.sort_unstable();
        reads.dedup();
        let before = std::mem::take(&mut self.places[slot].reads);
        for gone in before.iter().filter(|read| reads.binary_search(read).is_err()) {
            self.unlink(*gone, slot);
        }
        for new in reads.iter().filter(|read| before.binary_search(read).is_err()) {
            self.places[*new].readers.insert(slot);
        }
        self.places[slot].reads = reads.into();
    }

    fn unlink(&mut self, read: Slot, reader: Slot) {
        let readers = &mut self.places[read].readers;
        readers.remove(reader);
        if readers.is_empty() {
            self.unread.push(read);
        }
    }

    /// Forgets what nobody reads.
    fn sweep(&mut self) {
        while let Some(slot) = self.unread.pop() {
            let place = &mut self.places[slot];
            if place.is_output || !place.readers.is_empty() {
                continue;
            }
            if let Some((node, _)) = place.what.owner() {
                self.dirty.remove(&(node, slot));
            }
            if place.what == What::Free {
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
            for read in reads {
                self.unlink(read, slot);
            }
            self.free.push(slot);
        }
    }
}
