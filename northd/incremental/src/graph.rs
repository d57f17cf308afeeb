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
use std::collections::{BTreeSet, HashMap};
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use ovsdb_data::Uuid;

use crate::databases::{Databases, Input};
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

enum What {
    /// A row, a table, an entry of an index.
    Input(Input),
    /// A value.
    Made { node: NodeId, key: Key, maker: Maker },
    /// Nothing: the place is free.
    Free,
}

struct Place {
    what: What,
    value: Option<Value>,
    /// What the value was made of.
    reads: Box<[Slot]>,
    /// What was made of it.
    readers: BTreeSet<Slot>,
    is_dirty: bool,
    /// It is wanted for itself.
    is_output: bool,
}

/// All places, by number.
#[derive(Default)]
struct Places(Vec<Place>);

impl Index<Slot> for Places {
    type Output = Place;

    fn index(&self, slot: Slot) -> &Place {
        &self.0[slot as usize]
    }
}

impl IndexMut<Slot> for Places {
    fn index_mut(&mut self, slot: Slot) -> &mut Place {
        &mut self.0[slot as usize]
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
    names: &'static [&'static str],
    cells: RefCell<Cells>,
}

#[derive(Default)]
struct Cells {
    places: Places,
    free: Vec<Slot>,
    inputs: HashMap<Input, Slot, foldhash::fast::FixedState>,
    made: HashMap<(NodeId, Key), Slot, foldhash::fast::FixedState>,
    /// To be made again, by level.
    dirty: BTreeSet<(NodeId, Slot)>,
    /// What the derivations under way have read, the innermost last.
    reading: Vec<Vec<Slot>>,
    /// Whose readers have gone; they go too, unless somebody comes.
    unread: Vec<Slot>,
    changed: Vec<Changed>,
    counts: HashMap<NodeId, Count, foldhash::fast::FixedState>,
}

impl Graph {
    /// A program's graph over empty databases.
    pub fn new<P: Program>() -> Graph {
        Graph {
            databases: Databases::new::<P>(),
            names: P::NODES,
            cells: RefCell::default(),
        }
    }

    /// The name of a derivation.
    pub fn name(&self, node: NodeId) -> &'static str {
        self.names.get(node.place()).copied().unwrap_or_default()
    }

    /// The databases.
    pub fn databases(&self) -> &Databases {
        &self.databases
    }

    /// Changes rows: [`Graph::settle`] finds what comes of it.
    pub fn apply(&mut self, change: impl FnOnce(&mut Databases, &mut dyn FnMut(Input))) {
        let cells = self.cells.get_mut();
        change(&mut self.databases, &mut |input| cells.input_changed(&input));
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
        let Some(&slot) = cells.made.get(&(D::NODE, key)) else {
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

    /// How often each derivation ran.
    pub fn counts(&self) -> Vec<(NodeId, Count)> {
        let mut counts: Vec<(NodeId, Count)> =
            self.cells.borrow().counts.iter().map(|(n, c)| (*n, *c)).collect();
        counts.sort_by_key(|(node, _)| *node);
        counts
    }

    /// Forgets the counts.
    pub fn clear_counts(&mut self) {
        self.cells.get_mut().counts.clear();
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
        let slot = cells.input_place(input);
        cells.note(slot);
    }

    fn make(&self, slot: Slot) {
        let (node, key, maker, before) = {
            let mut cells = self.cells.borrow_mut();
            let place = &mut cells.places[slot];
            let What::Made { node, key, maker } = place.what else {
                return;
            };
            if !place.is_dirty && place.value.is_some() {
                return;
            }
            place.is_dirty = false;
            let before = place.value.clone();
            cells.dirty.remove(&(node, slot));
            cells.reading.push(Vec::new());
            (node, key, maker, before)
        };
        let view = View::new(self, node);
        let after = (maker.derive)(&view, key, before.as_ref());
        let mut cells = self.cells.borrow_mut();
        let reads = cells.reading.pop().unwrap_or_default();
        cells.link(slot, reads);
        let count = cells.counts.entry(node).or_default();
        count.made += 1;
        if before.as_ref().is_some_and(|before| (maker.same)(before, &after)) {
            count.equal += 1;
            return;
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
        let readers: Vec<Slot> = cells.places[slot].readers.iter().copied().collect();
        for reader in readers {
            cells.soil(reader);
        }
    }
}

impl Cells {
    fn add(&mut self, what: What) -> Slot {
        let place = Place {
            what,
            value: None,
            reads: Box::default(),
            readers: BTreeSet::new(),
            is_dirty: false,
            is_output: false,
        };
        match self.free.pop() {
            Some(slot) => {
                self.places[slot] = place;
                slot
            }
            None => {
                let slot = u32::try_from(self.places.0.len()).expect("memory ends before numbers do");
                self.places.0.push(place);
                slot
            }
        }
    }

    fn place<D: Derivation>(&mut self, key: Key) -> Slot {
        match self.made.get(&(D::NODE, key)) {
            Some(slot) => *slot,
            None => {
                let maker = maker::<D>();
                let slot = self.add(What::Made {
                    node: D::NODE,
                    key,
                    maker,
                });
                self.made.insert((D::NODE, key), slot);
                slot
            }
        }
    }

    fn input_place(&mut self, input: Input) -> Slot {
        match self.inputs.get(&input) {
            Some(slot) => *slot,
            None => {
                let slot = self.add(What::Input(input.clone()));
                self.inputs.insert(input, slot);
                slot
            }
        }
    }

    /// Whoever runs now has read something.
    fn note(&mut self, slot: Slot) {
        if let Some(reads) = self.reading.last_mut() {
            reads.push(slot);
        }
    }

    fn input_changed(&mut self, input: &Input) {
        let Some(&slot) = self.inputs.get(input) else {
            return;
        };
        let readers: Vec<Slot> = self.places[slot].readers.iter().copied().collect();
        for reader in readers {
            self.soil(reader);
        }
    }

    /// Something has to be made again.
    fn soil(&mut self, slot: Slot) {
        let place = &mut self.places[slot];
        if let What::Made { node, .. } = place.what
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
        readers.remove(&reader);
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
            match std::mem::replace(&mut place.what, What::Free) {
                What::Free => continue,
                What::Input(input) => {
                    self.inputs.remove(&input);
                }
                What::Made { node, key, .. } => {
                    self.made.remove(&(node, key));
                    self.dirty.remove(&(node, slot));
                }
            }
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
