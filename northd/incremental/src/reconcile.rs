//! Desired rows and a database's rows: the operations that make the one the other.
//!
//! In: changes of the database's rows, which desired rows changed. Out: operations of RFC 7047, for one transaction.
//! Never here: why a row is desired, whether a transaction was committed.
//!
//! A desired row is found among the database's rows by its uuid, or else by its *key*, what tells it from others of its
//! table: so what another instance of the program has written is taken over row by row, not rewritten. Rows of our
//! tables that nobody desires are deleted. What the database's rows say is looked at row by row, when a row or its
//! desired form changes: never by walking tables. Where others have rows in the same tables ([`Program::SHARES_TABLES`]) this holds
//! for those rows only that the program says are its own. Rows of other tables go only where that is wished for
//! ([`Gone`]), at once or when whoever has a clock asks what is due.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::marker::PhantomData;

use ovsdb_data::base_type::{ColumnType, RefKind};
use ovsdb_data::{Atom, ColumnIdx, DatabaseSchema, Datum, Only, Row, RowChange, TableIdx, Uuid};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;
use serde_json::{Map, Value, json};

use crate::claims::Claims;
use crate::databases::Side;
use crate::desired::{Desired, Gone, Kind, Place, RowId, identity};
use crate::machine::Machine;
use crate::program::Program;

/// A part of a key.
pub enum Part {
    /// A column's value; references count as the desired rows they stand for.
    Column(&'static str),
    /// The value at a key of a map.
    At(&'static str, &'static str),
    /// The row of a table that lists it in a column.
    Within(&'static str, &'static str),
}

use Part::{At, Column, Within};

type Hashed<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

/// Brings one database in line.
pub struct Reconcile<P> {
    side: Side,
    schema: DatabaseSchema,
    /// Our tables, in the order of the program.
    ours: BTreeMap<TableIdx, usize>,
    /// Columns of others' rows that must refer to a row, and to which table.
    foreign: Vec<(TableIdx, ColumnIdx, TableIdx)>,
    /// Which rows stand for desired rows.
    claims: Claims,
    /// Rows that stand for none yet, by key.
    unclaimed: Hashed<(TableIdx, String), BTreeSet<Uuid>>,
    keys: Hashed<(TableIdx, Uuid), String>,
    /// Rows that have come and were not looked at.
    arrived: BTreeSet<(usize, TableIdx, Uuid)>,
    /// Desired rows to be looked at, in the order of their tables.
    dirty: BTreeSet<(usize, TableIdx, Uuid)>,
    of: PhantomData<fn() -> P>,
    /// Desired rows that cannot be: they must refer to a row that is not. They are looked at every time.
    left_out: BTreeSet<(usize, TableIdx, Uuid)>,
    /// Others' rows that are to go, each table's in the order of their times; and their times.
    due: BTreeSet<(TableIdx, i64, Uuid)>,
    due_at: Hashed<(TableIdx, Uuid), i64>,
    /// Identities whose row was on its way when another one succeeded them, and which.
    heirs: Hashed<(TableIdx, Uuid), Uuid>,
}

/// From so many members on a set is changed by its difference.
const LARGE: usize = 32;

impl<P: Program> Reconcile<P> {
    /// Which database.
    pub fn side(&self) -> Side {
        self.side
    }

    /// Of an empty database.
    pub fn new(side: Side) -> Self {
        let schema = ovn_schemas::schema(side.db());
        let tables = P::tables(side).iter().enumerate();
        let ours: BTreeMap<TableIdx, usize> = tables
            .filter_map(|(order, (name, _))| Some((schema.table_idx(name)?, order)))
            .collect();
        let foreign = foreign(&schema, &ours);
        Reconcile {
            side,
            schema,
            ours,
            foreign,
            claims: Claims::default(),
            unclaimed: Hashed::default(),
            keys: Hashed::default(),
            arrived: BTreeSet::new(),
            dirty: BTreeSet::new(),
            of: PhantomData,
            left_out: BTreeSet::new(),
            due: BTreeSet::new(),
            due_at: Hashed::default(),
            heirs: Hashed::default(),
        }
    }

    fn order(&self, table: TableIdx) -> usize {
        self.ours.get(&table).copied().unwrap_or(usize::MAX)
    }

    /// Desired rows changed. Whoever lets the machine settle tells of it before it settles again.
    pub fn touch(&mut self, machine: &Machine<P>, rows: impl IntoIterator<Item = RowId>) {
        for (side, table, id) in rows {
            if side == self.side {
                self.dirty.insert((self.order(table), table, id));
                if let Some(before) = machine.predecessor((side, table, id)) {
                    self.inherit(table, id, before);
                }
            }
        }
    }

    /// Looks at all desired rows, on all processors: those are touched whose rows are not as they are to be.
    pub fn review(&mut self, machine: &Machine<P>) {
        let mut rows: Vec<RowId> = machine.ids().filter(|(side, ..)| *side == self.side).collect();
        // Neighbours lie together in memory.
        rows.par_sort_unstable();
        let off = rows.into_par_iter().filter(|row| !self.is_in_line(machine, *row));
        let off: Vec<RowId> = off.collect();
        self.touch(machine, off);
    }

    /// Whether a row is surely as it is to be.
    fn is_in_line(&self, machine: &Machine<P>, (side, table, id): RowId) -> bool {
        let Some(desired) = machine.wanted((side, table, id), false) else {
            return false;
        };
        let row = match desired.kind {
            Kind::Update => machine.databases().row(side, table, id),
            Kind::Row => self.standing(machine, table, id),
            Kind::Ours => None,
        };
        let is_plain = desired.gone.is_none() && desired.replaces.is_none();
        let Some(row) = row.filter(|_| is_plain && self.can_be(machine, table, &desired)) else {
            return false;
        };
        let mut is_same = true;
        self.update(machine, table, row.uuid(), row, &desired, &mut |_| {
            is_same = false
        });
        is_same
    }

    /// The row that stands for a desired one.
    fn standing<'m>(&self, machine: &'m Machine<P>, table: TableIdx, id: Uuid) -> Option<&'m Row> {
        let uuid = self.claims.row_of(table, id)?;
        machine.databases().row(self.side, table, uuid)
    }

    /// A desired row without a row takes over that of the identity it succeeds, now or when it has come.
    fn inherit(&mut self, table: TableIdx, id: Uuid, before: Uuid) {
        if self.claims.row_of(table, id).is_some() {
            return;
        }
        if let Some(row) = self.claims.row_of(table, before) {
            return self.claim(table, id, row);
        }
        let mut heirs = self.heirs.iter_mut();
        match heirs.find(|((of, _), heir)| (*of, **heir) == (table, before)) {
            Some((_, heir)) => *heir = id,
            None => drop(self.heirs.insert((table, before), id)),
        }
    }

    /// Rows of the database changed.
    pub fn changed(&mut self, changes: &[RowChange]) {
        for RowChange { table, uuid, new, .. } in changes {
            let order = self.order(*table);
            if order == usize::MAX {
                self.dirty.insert((order, *table, *uuid));
                continue;
            }
            if let Some(id) = self.claims.id_of(*table, *uuid) {
                self.dirty.insert((order, *table, id));
                if new.is_none() {
                    self.claims.release(*table, *uuid);
                }
            } else {
                self.forget_key(*table, *uuid);
                if P::SHARES_TABLES {
                    self.dirty.insert((order, *table, *uuid));
                    continue;
                }
                match new {
                    Some(_) => self.arrived.insert((order, *table, *uuid)),
                    None => self.arrived.remove(&(order, *table, *uuid)),
                };
            }
        }
    }

    /// Looks at everything anew: a transaction came to nothing, or nobody knows.
    pub fn again(&mut self, machine: &Machine<P>) {
        *self = Reconcile::new(self.side);
        let rows: Vec<RowChange> = machine.databases().all(self.side).collect();
        self.changed(&rows);
        let all = machine.all();
        self.touch(machine, all.iter().map(|row| (row.side, row.table, row.id)));
    }

    /// The operations that are needed, as values.
    pub fn operations(&mut self, machine: &Machine<P>) -> Vec<Value> {
        let mut operations = Vec::new();
        self.each_operation(machine, &mut |operation| operations.push(operation));
        operations
    }

    /// Hands out the operations that are needed, which count as done. Whoever cannot commit them calls
    /// [`Reconcile::again`].
    pub fn each_operation(&mut self, machine: &Machine<P>, out: &mut dyn FnMut(Value)) {
        let arrived = std::mem::take(&mut self.arrived);
        let mut dirty = std::mem::take(&mut self.dirty);
        dirty.append(&mut self.left_out);
        let mut rest: Vec<(TableIdx, Uuid)> = Vec::new();
        // Table by table: keys are made of references to tables before.
        let tables: BTreeSet<(usize, TableIdx)> = arrived
            .iter()
            .chain(&dirty)
            .map(|(order, table, _)| (*order, *table))
            .collect();
        for (order, table) in tables {
            let of_table = (order, table, Uuid::nil())..=(order, table, Uuid::max());
            for (_, _, uuid) in arrived.range(of_table.clone()) {
                self.look_at(machine, table, *uuid);
            }
            for (_, _, uuid) in dirty.range(of_table.clone()).filter(|_| P::SHARES_TABLES) {
                if self.is_ours(machine, table, *uuid) {
                    self.look_at(machine, table, *uuid);
                }
            }
            for (_, _, id) in dirty.range(of_table) {
                self.bring_in_line(machine, table, *id, out);
            }
            rest.extend(self.keys.keys().filter(|(of, _)| *of == table));
        }
        self.heirs.clear();
        // What nobody desires.
        for (table, uuid) in rest {
            self.forget_key(table, uuid);
            let is_leftover =
                || self.schema.table(table).is_root && P::is_leftover(machine, (self.side, table, uuid));
            if P::SHARES_TABLES || is_leftover() {
                self.remove(machine, table, uuid, out);
            }
        }
    }

    /// Whether a row in a table with rows of others is the program's, and stands for nothing yet.
    fn is_ours(&self, machine: &Machine<P>, table: TableIdx, uuid: Uuid) -> bool {
        self.claims.id_of(table, uuid).is_none()
            && machine
                .desired((self.side, table, uuid))
                .is_some_and(|row| row.kind == Kind::Ours)
    }

    /// A row that has come: it stands for the desired row of its uuid, or waits for one of its key.
    fn look_at(&mut self, machine: &Machine<P>, table: TableIdx, uuid: Uuid) {
        if let Some(heir) = self.heirs.remove(&(table, uuid))
            && self.claims.row_of(table, heir).is_none()
        {
            return self.claim(table, heir, uuid);
        }
        let is_desired = machine.is_desired((self.side, table, uuid));
        let is_free = self.claims.row_of(table, uuid).is_none();
        if is_desired && is_free && !P::changes_hands(self.side, table) {
            self.claim(table, uuid, uuid);
            return;
        }
        let Some(row) = machine.databases().row(self.side, table, uuid) else {
            return;
        };
        let within = self.holder(machine, table, uuid);
        let key = self.key(table, |column| row.get(column).clone(), within, true);
        let wanted = || Some(self.desired_key(table, &machine.desired((self.side, table, uuid))?));
        if is_desired && is_free && wanted().as_ref() == Some(&key) {
            self.claim(table, uuid, uuid);
            return;
        }
        self.unclaimed
            .entry((table, key.clone()))
            .or_default()
            .insert(uuid);
        self.keys.insert((table, uuid), key);
    }

    fn claim(&mut self, table: TableIdx, id: Uuid, uuid: Uuid) {
        self.forget_key(table, uuid);
        self.claims.claim(table, id, uuid);
    }

    fn forget_key(&mut self, table: TableIdx, uuid: Uuid) -> Option<String> {
        let at = (table, self.keys.remove(&(table, uuid))?);
        if let Some(rows) = self.unclaimed.get_mut(&at) {
            rows.remove(&uuid);
            if rows.is_empty() {
                self.unclaimed.remove(&at);
            }
        }
        Some(at.1)
    }

    fn bring_in_line(&mut self, machine: &Machine<P>, table: TableIdx, id: Uuid, out: &mut dyn FnMut(Value)) {
        let is_new = self.standing(machine, table, id).is_none();
        let desired = machine.wanted((self.side, table, id), is_new);
        self.set_due(table, id, desired.as_ref().and_then(|desired| desired.gone));
        // Of a row that was inserted here its own uuid says that it is ours, whether it is wanted or not.
        let Some(desired) = desired.filter(|row| row.kind != Kind::Ours) else {
            if let Some(uuid) = self.claims.row_of(table, id) {
                self.remove(machine, table, uuid, out);
            }
            return;
        };
        if let Some(when) = desired.gone {
            if when == Gone::Now && machine.databases().row(self.side, table, id).is_some() {
                out(self.delete(table, id));
            }
            return;
        }
        let row = |uuid: Uuid| machine.databases().row(self.side, table, uuid);
        if desired.kind == Kind::Update {
            if let Some(row) = row(id) {
                self.update(machine, table, id, row, &desired, out);
            }
            return;
        }
        if !self.can_be(machine, table, &desired) {
            self.left_out.insert((self.order(table), table, id));
            if let Some(uuid) = self.claims.row_of(table, id) {
                self.remove(machine, table, uuid, out);
            }
            return;
        }
        if P::SHARES_TABLES && row(id).is_some() && self.claims.id_of(table, id).is_none() {
            self.claim(table, id, id);
        }
        if self.claims.row_of(table, id).is_none()
            && let Some(uuid) = self.find(machine, table, &desired)
        {
            self.claim(table, id, uuid);
        }
        match self.standing(machine, table, id) {
            // The new row stands for the desired one at once: what refers to it in the same transaction must not refer
            // to the row that goes.
            Some(row) if desired.replaces == Some(row.uuid()) => {
                let old = row.uuid();
                let parts = [id, old];
                let parts = parts.each_ref().map(|uuid| uuid.as_bytes().as_slice());
                let new = identity("replacement", &parts);
                self.remove(machine, table, old, out);
                out(self.insert(machine, table, new, &desired));
                self.claims.release(table, old);
                self.claim(table, id, new);
                for (of, id) in self.referrers(machine, table, old) {
                    self.bring_in_line(machine, of, id, out);
                }
            }
            Some(row) => self.update(machine, table, row.uuid(), row, &desired, out),
            None => {
                let uuid = self.free(machine, table, id);
                out(self.insert(machine, table, uuid, &desired));
                if uuid != id {
                    self.claim(table, id, uuid);
                }
                if let Some(place) = desired.within {
                    let row = self.claims.row_of(place.0, place.2);
                    let place = (place.0, place.1, row.unwrap_or(place.2));
                    out(self.list(place, "insert", uuid));
                }
            }
        }
    }

    /// An identity as a uuid, or another where a row has that already and is something else.
    fn free(&self, machine: &Machine<P>, table: TableIdx, id: Uuid) -> Uuid {
        let mut uuid = id;
        while self.claims.id_of(table, uuid).is_some()
            || machine.databases().row(self.side, table, uuid).is_some()
        {
            uuid = identity("namesake", &[uuid.as_bytes()]);
        }
        uuid
    }

    /// A row is listed in a column of another one, or is not any more.
    fn list(&self, (table, column, row): Place, mutator: &str, uuid: Uuid) -> Value {
        let schema = self.schema.table(table);
        let mutation = json!([
            &*schema.column_schema(column).name,
            mutator,
            ["uuid", uuid.to_string()]
        ]);
        json!({"op": "mutate", "table": &*schema.name, "where": is(row), "mutations": [mutation]})
    }

    /// The row that lists another one, for a table whose rows are told apart by that.
    fn holder(&self, machine: &Machine<P>, table: TableIdx, uuid: Uuid) -> Option<Uuid> {
        let parts = P::tables(self.side).get(self.order(table))?.1;
        let within = |part: &Part| match part {
            Within(of, column) => Some((*of, *column)),
            _ => None,
        };
        let (of, column) = parts.iter().find_map(within)?;
        let of = self.schema.table_idx(of)?;
        let column = self.schema.table(of).column(column)?;
        let value = Atom::Uuid(uuid);
        let found = machine
            .databases()
            .holders(self.side, of, column, &value)
            .first()
            .copied()?;
        Some(self.claims.id_of(of, found).unwrap_or(found))
    }

    fn set_due(&mut self, table: TableIdx, row: Uuid, gone: Option<Gone>) {
        if let Some(before) = self.due_at.remove(&(table, row)) {
            self.due.remove(&(table, before, row));
        }
        if let Some(Gone::At(time)) = gone {
            self.due_at.insert((table, row), time);
            self.due.insert((table, time, row));
        }
    }

    /// When the next row of a table is to go because of its time.
    pub fn next_due(&self, table: TableIdx) -> Option<i64> {
        let of_table = (table, i64::MIN, Uuid::nil())..=(table, i64::MAX, Uuid::max());
        self.due.range(of_table).next().map(|(_, time, _)| *time)
    }

    /// The operations that delete the rows of a table whose time has come, the oldest first. They stay due until they
    /// are gone.
    pub fn delete_due(&self, table: TableIdx, now: i64) -> impl Iterator<Item = Value> {
        let until_now = (table, i64::MIN, Uuid::nil())..=(table, now, Uuid::max());
        self.due
            .range(until_now)
            .map(|(table, _, row)| self.delete(*table, *row))
    }

    /// The desired rows whose rows refer to a row.
    fn referrers(&self, machine: &Machine<P>, table: TableIdx, uuid: Uuid) -> Vec<(TableIdx, Uuid)> {
        let value = Atom::Uuid(uuid);
        let mut found = Vec::new();
        for of in self.ours.keys().copied() {
            for (column, schema) in self.schema.table(of).iter() {
                if schema.ty.key.reference().is_some_and(|(to, _)| to == table) {
                    let rows = machine.databases().holders(self.side, of, column, &value);
                    let ids = rows.into_iter().filter_map(|row| self.claims.id_of(of, row));
                    found.extend(ids.map(|id| (of, id)));
                }
            }
        }
        found
    }

    /// A row that nobody stands for yet and that has a desired row's key: of several the one that has most of its
    /// columns.
    fn find(&self, machine: &Machine<P>, table: TableIdx, desired: &Desired) -> Option<Uuid> {
        let key = self.desired_key(table, desired);
        let rows = self.unclaimed.get(&(table, key))?;
        if rows.len() == 1 {
            return rows.first().copied();
        }
        let n_different = |uuid: &Uuid| {
            let row = machine.databases().row(self.side, table, *uuid);
            let differs = |(column, value): &&(ColumnIdx, Datum)| {
                row.is_none_or(|row| row.get(*column) != &self.actual(machine, *column, table, value))
            };
            desired.columns.iter().filter(differs).count()
        };
        rows.iter().copied().min_by_key(n_different)
    }

    fn desired_key(&self, table: TableIdx, desired: &Desired) -> String {
        let columns = || {
            [&desired.columns, &desired.at_first, &desired.pairs]
                .into_iter()
                .flatten()
        };
        let value = |column: ColumnIdx| {
            let found = columns().find(|(of, _)| *of == column);
            found.map_or(Datum::Empty, |(_, value)| value.clone())
        };
        let within = desired.within.map(|(_, _, row)| row);
        self.key(table, value, within, false)
    }

    /// What tells a row apart; references of a row of the database are those of the desired rows that others stand for.
    fn key(
        &self,
        table: TableIdx,
        value: impl Fn(ColumnIdx) -> Datum,
        within: Option<Uuid>,
        is_actual: bool,
    ) -> String {
        let schema = self.schema.table(table);
        let parts = self
            .ours
            .get(&table)
            .map_or(&[][..], |order| P::tables(self.side)[*order].1);
        let mut key = String::new();
        for part in parts {
            let (Column(name) | At(name, _)) = part else {
                let within = within.map(|row| row.to_string());
                key.push_str(&within.unwrap_or_default());
                key.push('\n');
                continue;
            };
            let Some(column) = schema.column(name) else {
                continue;
            };
            let ty = &schema.column_schema(column).ty;
            let value = value(column);
            let value = match (part, is_actual) {
                (At(_, at), _) => value.get_str(at).unwrap_or_default().to_owned(),
                (_, true) => {
                    let known = |at: (TableIdx, Uuid)| Some(self.claims.id_of(at.0, at.1).unwrap_or(at.1));
                    self.translate(column, table, &value, known).to_text(ty)
                }
                (_, false) => value.to_text(ty),
            };
            key.push_str(&value);
            key.push('\n');
        }
        key
    }

    /// A desired value with references to the rows that stand for others; what is no row, and is to be none, drops out.
    fn actual(&self, machine: &Machine<P>, column: ColumnIdx, table: TableIdx, value: &Datum) -> Datum {
        self.translate(column, table, value, |at| self.actual_reference(machine, at))
    }

    fn actual_reference(&self, machine: &Machine<P>, (table, id): (TableIdx, Uuid)) -> Option<Uuid> {
        if let Some(uuid) = self.claims.row_of(table, id) {
            return Some(uuid);
        }
        let exists = || machine.databases().row(self.side, table, id).is_some();
        (machine.is_desired((self.side, table, id)) || exists()).then_some(id)
    }

    /// The same of a long set of which a row has most already: what it has is there, so that only the rest is looked at,
    /// unless other rows stand for some.
    fn actual_beside(
        &self,
        machine: &Machine<P>,
        column: ColumnIdx,
        table: TableIdx,
        value: &Datum,
        before: &Datum,
    ) -> Datum {
        let ty = &self.schema.table(table).column_schema(column).ty;
        if let (Datum::LongSet(_), Some((of, _))) = (value, ty.key.reference())
            && self.claims.all_are_own(of)
        {
            let mut all_stay = true;
            before.for_each_set_difference(value, |only| {
                if let Only::Second(atom) = only {
                    let uuid = atom.as_uuid();
                    all_stay &= uuid.and_then(|uuid| self.actual_reference(machine, (of, uuid))) == uuid;
                }
            });
            if all_stay {
                return value.clone();
            }
        }
        self.actual(machine, column, table, value)
    }

    /// Whether there is what a row must refer to.
    fn can_be(&self, machine: &Machine<P>, table: TableIdx, desired: &Desired) -> bool {
        let schema = self.schema.table(table);
        let columns = desired.at_first.iter().chain(&desired.columns);
        let is_there = |(column, value): &(ColumnIdx, Datum)| {
            let ty = &schema.column_schema(*column).ty;
            ty.n_min == 0
                || ty.key.reference().is_none()
                || !self.actual(machine, *column, table, value).is_empty()
        };
        columns.into_iter().all(is_there)
    }

    /// References to rows as references to others.
    fn translate(
        &self,
        column: ColumnIdx,
        table: TableIdx,
        value: &Datum,
        to: impl Fn((TableIdx, Uuid)) -> Option<Uuid>,
    ) -> Datum {
        let ty = &self.schema.table(table).column_schema(column).ty;
        let of_key = ty.key.reference().map(|(table, _)| table);
        let of_value = ty
            .value
            .as_ref()
            .and_then(|value| value.reference())
            .map(|(table, _)| table);
        if of_key.is_none() && of_value.is_none() {
            return value.clone();
        }
        // Nearly all rows have their identity as uuid.
        let stays = |atom: &Atom, of: Option<TableIdx>| match (atom.as_uuid(), of) {
            (Some(uuid), Some(table)) => to((table, uuid)) == Some(uuid),
            _ => true,
        };
        let all_stay = match ty.is_map() {
            true => value.pairs().all(|(k, v)| stays(k, of_key) && stays(v, of_value)),
            false => value.atoms().all(|a| stays(a, of_key)),
        };
        if all_stay {
            return value.clone();
        }
        let atom = |atom: &Atom, of: Option<TableIdx>| match (atom.as_uuid(), of) {
            (Some(uuid), Some(table)) => to((table, uuid)).map(Atom::Uuid),
            _ => Some(atom.clone()),
        };
        match ty.is_map() {
            true => Datum::map_unique(
                value
                    .pairs()
                    .filter_map(|(k, v)| Some((atom(k, of_key)?, atom(v, of_value)?))),
            ),
            false => Datum::set_unique(value.atoms().filter_map(|a| atom(a, of_key))),
        }
    }

    fn update(
        &self,
        machine: &Machine<P>,
        table: TableIdx,
        uuid: Uuid,
        row: &Row,
        desired: &Desired,
        out: &mut dyn FnMut(Value),
    ) {
        let schema = self.schema.table(table);
        let (mut columns, mut mutations) = (Map::new(), Vec::new());
        for (column, value) in &desired.columns {
            let (before, of) = (row.get(*column), schema.column_schema(*column));
            let value = self.actual_beside(machine, *column, table, value, before);
            if before == &value {
                continue;
            }
            match difference(&of.ty, before, &value) {
                Some([gone, new]) => {
                    for (mutator, members) in [("delete", gone), ("insert", new)] {
                        if !members.is_empty() {
                            mutations.push(json!([&*of.name, mutator, members.to_json(&of.ty)]));
                        }
                    }
                }
                None => {
                    columns.insert(of.name.to_string(), value.to_json(&of.ty));
                }
            }
        }
        for (column, pairs) in &desired.pairs {
            let of = schema.column_schema(*column);
            let others = |(key, value): &(&Atom, &Atom)| row.get(*column).get(key) != Some(value);
            let missing = pairs.pairs().filter(others).map(|(k, v)| (k.clone(), v.clone()));
            let missing: Vec<(Atom, Atom)> = missing.collect();
            if missing.is_empty() {
                continue;
            }
            let keys = Datum::set_unique(missing.iter().map(|(key, _)| key.clone()));
            mutations.push(json!([&*of.name, "delete", keys.to_json_as(false)]));
            mutations.push(json!([
                &*of.name,
                "insert",
                Datum::map_unique(missing).to_json(&of.ty)
            ]));
        }
        let mut push = |op: &str, what: &str, value: Value| {
            let mut operation = self.operation(op, table);
            operation.insert("where".to_owned(), is(uuid));
            operation.insert(what.to_owned(), value);
            out(Value::Object(operation));
        };
        if !columns.is_empty() {
            push("update", "row", Value::Object(columns));
        }
        if !mutations.is_empty() {
            push("mutate", "mutations", Value::Array(mutations));
        }
    }

    fn operation(&self, op: &str, table: TableIdx) -> Map<String, Value> {
        let table = &*self.schema.table(table).name;
        let parts = [("op", op), ("table", table)];
        parts
            .map(|(key, text)| (key.to_owned(), text.into()))
            .into_iter()
            .collect()
    }

    fn insert(&self, machine: &Machine<P>, table: TableIdx, id: Uuid, desired: &Desired) -> Value {
        let schema = self.schema.table(table);
        let columns = [&desired.at_first, &desired.columns, &desired.pairs]
            .into_iter()
            .flatten();
        let columns: Map<String, Value> = columns
            .filter(|(_, value)| !value.is_empty())
            .map(|(column, value)| {
                let of = schema.column_schema(*column);
                let value = self.actual(machine, *column, table, value);
                (of.name.to_string(), value.to_json(&of.ty))
            })
            .collect();
        let mut operation = self.operation("insert", table);
        operation.insert("uuid".to_owned(), id.to_string().into());
        operation.insert("row".to_owned(), Value::Object(columns));
        Value::Object(operation)
    }

    /// What others have written about a row goes before it: the database would keep both.
    fn remove(&self, machine: &Machine<P>, table: TableIdx, uuid: Uuid, out: &mut dyn FnMut(Value)) {
        for (of, column, _) in self.foreign.iter().filter(|(_, _, to)| *to == table) {
            let databases = machine.databases();
            for row in databases.holders(self.side, *of, *column, &Atom::Uuid(uuid)) {
                out(self.delete(*of, row));
            }
        }
        match self.schema.table(table).is_root || !P::SHARES_TABLES {
            true => out(self.delete(table, uuid)),
            false => {
                for place in self.places(machine, table, uuid) {
                    out(self.list(place, "delete", uuid));
                }
            }
        }
    }

    /// Where a row is listed that exists as long as it is. What must not be without it changes by itself.
    fn places(&self, machine: &Machine<P>, table: TableIdx, uuid: Uuid) -> impl Iterator<Item = Place> {
        let value = Atom::Uuid(uuid);
        let tables = self.schema.iter();
        let columns =
            tables.flat_map(|(of, schema)| schema.iter().map(move |(column, schema)| (of, column, schema)));
        let lists = columns.filter(move |(_, _, schema)| {
            schema.ty.n_min == 0 && schema.ty.key.reference() == Some((table, RefKind::Strong))
        });
        lists.flat_map(move |(of, column, _)| {
            let rows = machine.databases().holders(self.side, of, column, &value);
            rows.into_iter().map(move |row| (of, column, row))
        })
    }

    fn delete(&self, table: TableIdx, uuid: Uuid) -> Value {
        let mut operation = self.operation("delete", table);
        operation.insert("where".to_owned(), is(uuid));
        Value::Object(operation)
    }
}

fn foreign(
    schema: &DatabaseSchema,
    ours: &BTreeMap<TableIdx, usize>,
) -> Vec<(TableIdx, ColumnIdx, TableIdx)> {
    let others = schema
        .iter()
        .filter(|(table, of)| of.is_root && !ours.contains_key(table));
    let columns = others.flat_map(|(table, of)| of.iter().map(move |(column, of)| (table, column, of)));
    columns
        .filter_map(|(table, column, of)| match of.ty.key.reference() {
            Some((to, RefKind::Strong)) if of.ty.n_min == 1 && ours.contains_key(&to) => {
                Some((table, column, to))
            }
            _ => None,
        })
        .collect()
}

/// What leaves a large set and what joins it, where that is less to say than the whole.
fn difference(ty: &ColumnType, before: &Datum, after: &Datum) -> Option<[Datum; 2]> {
    if ty.is_map() || before.len() < LARGE {
        return None;
    }
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    before.for_each_set_difference(after, |only| match only {
        Only::First(atom) => gone.push(atom.clone()),
        Only::Second(atom) => new.push(atom.clone()),
    });
    let is_less = (gone.len() + new.len()) * 4 < before.len();
    is_less.then(|| [gone, new].map(Datum::set_unique))
}

fn is(uuid: Uuid) -> Value {
    json!([["_uuid", "==", ["uuid", uuid.to_string()]]])
}
