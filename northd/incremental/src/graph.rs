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
use std::cell::{Cell, RefCell};
use std::sync::Arc;

use ovsdb_data::Uuid;
use rayon::iter::ParallelIterator;

use crate::cells::{Cells, Place, Reading, SMALL, Slot};
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

/// A derivation of whose values others read parts ([`View::part`]): whoever reads one has to be made again only when that
/// one changes.
pub trait Parted: Derivation<Key = Uuid> {
    /// Tells at least the parts in which two values differ.
    fn differing(before: &Self::Value, after: &Self::Value, tell: &mut dyn FnMut(Uuid));
}

/// [`Parted::differing`] without types.
pub(crate) type Differing = fn(&Value, &Value, &mut dyn FnMut(Uuid));

pub(crate) fn differing<D: Parted>() -> Differing {
    |before, after, tell| {
        if let (Some(before), Some(after)) = (before.downcast_ref(), after.downcast_ref()) {
            D::differing(before, after, tell);
        }
    }
}

/// How the values of one derivation are made and compared, without its types.
#[derive(Clone, Copy)]
pub(crate) struct Maker {
    pub derive: fn(&View<'_>, Key, Option<&Value>) -> Value,
    pub same: fn(&Value, &Value) -> bool,
}

pub(crate) fn maker<D: Derivation>() -> Maker {
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
    cells: Cells,
}

impl Graph {
    /// A program's graph over empty databases.
    pub fn new<P: Program>() -> Graph {
        Graph {
            databases: Databases::new::<P>(),
            names: P::NODES,
            cells: Cells::new(P::NODES.len()),
        }
    }

    /// The databases.
    pub fn databases(&self) -> &Databases {
        &self.databases
    }

    /// Changes rows: [`Graph::settle`] finds what comes of it.
    pub fn apply(&mut self, change: impl FnOnce(&mut Databases, &mut dyn FnMut(Input))) {
        let cells = &mut self.cells;
        change(&mut self.databases, &mut |input| cells.input_changed(input));
    }

    /// Wants an output.
    pub fn want<D: Derivation>(&mut self, key: D::Key) {
        let cells = &mut self.cells;
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
        let cells = &mut self.cells;
        let key = key.into();
        let Some(slot) = cells.find((D::NODE, key)) else {
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

    /// Makes every value again of what it was made of, on all processors, and soils what comes out otherwise:
    /// [`Graph::settle`] goes on from there. Nothing is otherwise, unless a derivation is no pure function.
    pub fn check(&mut self) {
        let pieces = self.cells.places.pieces();
        let checked: Vec<Checked> = pieces
            .map(|(from, places)| self.check_places(from, places))
            .collect();
        for Checked { n_made, differing } in checked {
            for (of, n) in self.cells.of_node.iter_mut().zip(n_made) {
                of.count.made += n;
                of.count.equal += n;
            }
            differing.into_iter().for_each(|slot| self.cells.soil(slot));
        }
    }

    fn check_places(&self, from: Slot, places: &[Place]) -> Checked {
        let mut n_made = vec![0; self.names.len()];
        let mut differing = Vec::new();
        for (slot, place) in (from..).zip(places) {
            let (Some((node, key)), Some(value), false) = (place.what.owner(), &place.value, place.is_dirty)
            else {
                continue;
            };
            let Some(maker) = self.cells.of_node[node.place()].maker else {
                continue;
            };
            let before = Before::new(&place.reads);
            let view = View::new(Source::Made(self, &before), node);
            let again = (maker.derive)(&view, key, Some(value));
            match (maker.same)(value, &again) {
                true => n_made[node.place()] += 1,
                false => differing.push(slot),
            }
        }
        Checked { n_made, differing }
    }

    /// Makes everything again that must be, and tells which outputs changed.
    pub fn settle(&mut self) -> Vec<Changed> {
        self.make_some(usize::MAX);
        self.cells.sweep();
        std::mem::take(&mut self.cells.changed)
    }

    /// Makes at most so many of them; whether that is all. [`Graph::settle`] goes on from there.
    pub fn make_some(&mut self, n_most: usize) -> bool {
        let run = Run {
            databases: &self.databases,
            names: self.names,
            cells: RefCell::new(std::mem::take(&mut self.cells)),
        };
        run.make_some(n_most);
        self.cells = run.cells.into_inner();
        self.cells.dirty.is_empty()
    }

    /// A value that was made, as it is now.
    pub fn value(&self, owner: Owner) -> Option<Value> {
        self.cells.value(owner, None)
    }

    /// The derivations that ran, and how often.
    pub fn counts(&self) -> impl Iterator<Item = (NodeId, Count)> {
        let ran = (0..).zip(&self.cells.of_node).filter(|(_, of)| of.count.made > 0);
        ran.map(|(place, of)| (NodeId::new(place), of.count))
    }

    /// How often this one did.
    pub fn count(&self, node: NodeId) -> Count {
        self.cells.of_node[node.place()].count
    }
}

/// Values that were made again.
struct Checked {
    /// How many of each derivation came out equal.
    n_made: Vec<u64>,
    differing: Vec<Slot>,
}

/// Where a derivation reads.
#[derive(Clone, Copy)]
pub(crate) enum Source<'g> {
    /// In what is being made: what it reads is made before, and noted.
    Making(&'g Run<'g>),
    /// In what is made already, by whoever read these places the last time.
    Made(&'g Graph, &'g Before<'g>),
}

/// What was read the last time: nearly always it is read again, in that order.
pub(crate) struct Before<'g> {
    reads: &'g [Slot],
    n_read: Cell<usize>,
}

impl<'g> Before<'g> {
    fn new(reads: &'g [Slot]) -> Before<'g> {
        let n_read = Cell::new(0);
        Before { reads, n_read }
    }

    fn next(&self) -> Option<Slot> {
        let n_read = self.n_read.get();
        self.n_read.set(n_read + 1);
        self.reads.get(n_read).copied()
    }
}

impl<'g> Source<'g> {
    /// The name of a derivation.
    pub fn name(self, node: NodeId) -> &'static str {
        let names = match self {
            Source::Making(run) => run.names,
            Source::Made(graph, _) => graph.names,
        };
        names[node.place()].0
    }

    /// The databases.
    pub fn databases(self) -> &'g Databases {
        match self {
            Source::Making(run) => run.databases,
            Source::Made(graph, _) => &graph.databases,
        }
    }

    /// An input is read.
    pub fn read(self, input: impl FnOnce() -> Input) {
        match self {
            Source::Making(run) => run.cells.borrow_mut().note_input(input()),
            Source::Made(_, before) => _ = before.next(),
        }
    }

    /// A value is read.
    pub fn get<D: Derivation>(self, key: D::Key) -> Arc<D::Value> {
        let value = match self {
            Source::Making(run) => run.get::<D>(key.into(), Cells::note),
            Source::Made(graph, before) => graph.cells.value((D::NODE, key.into()), before.next()),
        };
        self.typed::<D>(key, value)
    }

    /// A part of a value is read.
    pub fn part<D: Parted>(self, whole: Uuid, part: Uuid) -> Arc<D::Value> {
        let value = match self {
            Source::Making(run) => run.get::<D>(whole.into(), |cells, slot| {
                cells.note_part::<D>(slot, whole, part);
            }),
            Source::Made(graph, before) => {
                before.next();
                graph.cells.value((D::NODE, whole.into()), None)
            }
        };
        self.typed::<D>(whole, value)
    }

    fn typed<D: Derivation>(self, key: D::Key, value: Option<Value>) -> Arc<D::Value> {
        match value {
            Some(value) => value
                .downcast()
                .unwrap_or_else(|_| panic!("a value of {} has another type", self.name(D::NODE))),
            // Nobody has read it before.
            None => Arc::new(D::derive(&View::new(self, D::NODE), key, None)),
        }
    }
}

/// Values are being made.
pub(crate) struct Run<'g> {
    databases: &'g Databases,
    names: &'static [(&'static str, &'static str)],
    cells: RefCell<Cells>,
}

impl Run<'_> {
    fn make_some(&self, n_most: usize) {
        for _ in 0..n_most {
            let next = {
                let mut cells = self.cells.borrow_mut();
                let Some((_, slot)) = cells.dirty.pop_first() else {
                    return;
                };
                let place = &cells.places[slot];
                let is_wanted = place.is_output || !place.readers.is_empty();
                if !is_wanted {
                    // Nobody reads it any more.
                    cells.unread.push(slot);
                }
                is_wanted.then_some(slot)
            };
            if let Some(slot) = next {
                self.make(slot);
            }
        }
    }

    /// A value, for whoever runs now.
    fn get<D: Derivation>(&self, key: Key, note: impl FnOnce(&mut Cells, Slot)) -> Option<Value> {
        let slot = {
            let mut cells = self.cells.borrow_mut();
            let slot = cells.place::<D>(key);
            note(&mut cells, slot);
            let place = &cells.places[slot];
            if !place.is_dirty
                && let Some(value) = &place.value
            {
                return Some(value.clone());
            }
            slot
        };
        self.make(slot);
        self.cells.borrow().places[slot].value.clone()
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
            cells.reading.push(Reading::new(slot));
            let maker = cells.of_node[node.place()].maker;
            (node, key, maker.expect("whoever asked for it named it"), before)
        };
        let view = View::new(Source::Making(self), node);
        let mut after = (maker.derive)(&view, key, before.as_ref());
        let mut cells = self.cells.borrow_mut();
        if let Some(reading) = cells.reading.pop() {
            cells.link(slot, reading.reads);
        }
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
        if let (Some(differing), Some(before)) = (of.differing, &before) {
            differing(before, &after, &mut |part| cells.part_changed(node, key.0, part));
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
        cells.soil_readers(slot);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::databases::Side;
    use crate::program::{Indexes, Output, once};
    use crate::reconcile::Part;

    crate::nodes! {
        /// What no view shows.
        Outside,
        /// Twice of it.
        Twice,
        /// A bit of it.
        Bit,
    }

    /// By the test that it is of, as tests run beside one another.
    static OUTSIDE: [AtomicU64; 2] = [AtomicU64::new(3), AtomicU64::new(0b01)];

    const WHOLE: Uuid = Uuid::from_u128(0);
    const PARTS: Uuid = Uuid::from_u128(1);

    fn outside(of: Uuid) -> &'static AtomicU64 {
        &OUTSIDE[of.as_u128() as usize]
    }

    enum Outside {}

    impl Derivation for Outside {
        type Key = Uuid;
        type Value = u64;
        const NODE: NodeId = Node::Outside;

        fn derive(_: &View<'_>, of: Uuid, _: Option<&u64>) -> u64 {
            outside(of).load(Ordering::Relaxed)
        }
    }

    enum Twice {}

    impl Derivation for Twice {
        type Key = ();
        type Value = u64;
        const NODE: NodeId = Node::Twice;

        fn derive(view: &View<'_>, (): (), _: Option<&u64>) -> u64 {
            *view.get::<Outside>(WHOLE) * 2
        }
    }

    impl Parted for Outside {
        fn differing(before: &u64, after: &u64, tell: &mut dyn FnMut(Uuid)) {
            let bits = (0..64).filter(|bit| (before ^ after) >> bit & 1 == 1);
            bits.for_each(|bit| tell(Uuid::from_u128(bit)));
        }
    }

    enum Bit {}

    impl Derivation for Bit {
        type Key = Uuid;
        type Value = u64;
        const NODE: NodeId = Node::Bit;

        fn derive(view: &View<'_>, bit: Uuid, _: Option<&u64>) -> u64 {
            *view.part::<Outside>(PARTS, bit) >> bit.as_u128() & 1
        }
    }

    #[derive(Default)]
    struct Impure;

    impl Program for Impure {
        const SIDES: &'static [Side] = &[];
        const INDEXES: Indexes = Indexes {
            texts: &[],
            keys: &[],
            unreferenced: &[],
        };
        const NODES: &'static [(&'static str, &'static str)] = Node::ALL;
        const OUTPUTS: &'static [Output] = &[once::<Twice>()];

        fn tables(_: Side) -> &'static [(&'static str, &'static [Part])] {
            &[]
        }
    }

    #[test]
    fn a_check_makes_every_value_again() {
        let mut graph = Graph::new::<Impure>();
        graph.want::<Twice>(());
        let made = |graph: &mut Graph| -> Vec<Option<u64>> {
            let changed = graph.settle().into_iter();
            changed
                .map(|changed| changed.after?.downcast_ref().copied())
                .collect()
        };
        assert_eq!(made(&mut graph), [Some(6)]);
        graph.check();
        assert_eq!(made(&mut graph), []);
        let twice = Count { made: 2, equal: 1 };
        assert_eq!(graph.count(Node::Twice), twice);
        outside(WHOLE).store(5, Ordering::Relaxed);
        assert_eq!(made(&mut graph), []);
        graph.check();
        assert_eq!(made(&mut graph), [Some(10)]);
    }

    #[test]
    fn who_reads_a_part_is_made_again_when_that_changes() {
        let mut graph = Graph::new::<Impure>();
        let [first, second] = [0, 1].map(Uuid::from_u128);
        graph.want::<Bit>(first);
        graph.want::<Bit>(second);
        graph.settle();
        let mut check = |bits: u64, changed: &[Uuid]| {
            outside(PARTS).store(bits, Ordering::Relaxed);
            graph
                .cells
                .soil(graph.cells.find((Node::Outside, PARTS.into())).unwrap());
            let before = graph.count(Node::Bit).made;
            let keys: Vec<Uuid> = graph.settle().iter().map(|changed| changed.key.0).collect();
            assert_eq!(keys, changed);
            assert_eq!(graph.count(Node::Bit).made, before + changed.len() as u64);
        };
        check(0b11, &[second]);
        check(0b11, &[]);
        check(0b10, &[first]);
        check(0b01, &[first, second]);
        graph.drop_output::<Bit>(first);
        graph.settle();
        let find = |graph: &Graph| graph.cells.find((Node::Outside, PARTS.into()));
        assert!(find(&graph).is_some());
        graph.drop_output::<Bit>(second);
        graph.settle();
        assert!(find(&graph).is_none());
    }
}
