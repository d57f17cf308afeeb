//! Whatever the northbound database says, and whatever others write into the southbound one: northd does not end,
//! comes to rest, writes what the database accepts, and what it keeps up to date is what a fresh start makes.
//!
//! `ORACLE_SEED=n` runs one seed, `ORACLE_SEEDS=n` the first so many, `ORACLE_STEPS=n` makes each as long.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use northd_core::Side;
use northd_oracle::live::Live;
use northd_oracle::nonsense::{FOREIGN, FOREIGN_COLUMNS, Generator, Nonsense};
use northd_oracle::{n_steps, seeds};
use ovn_schemas::Db;
use ovsdb_data::{TableIdx, Uuid};
use rand::Rng;
use rand::seq::IndexedRandom;
use serde_json::{Map, Value, json};

/// Sequences, and the steps of each.
const SEEDS: u64 = 40;
const STEPS: u64 = 300;

/// After so many steps what is kept is compared with a fresh start.
const INTERVAL: u64 = 25;

/// A northd, and those who write into its databases.
struct World {
    live: Live,
    nb: Generator,
    sb: Generator,
    n_done: u64,
}

impl World {
    fn new(seed: u64) -> World {
        World {
            live: Live::default(),
            nb: Generator::new(Db::OvnNorthbound, seed),
            sb: Generator::new(Db::OvnSouthbound, seed),
            n_done: 0,
        }
    }

    fn generator(&mut self, side: Side) -> &mut Generator {
        match side {
            Side::Nb => &mut self.nb,
            _ => &mut self.sb,
        }
    }

    fn uuids(&self, side: Side, table: TableIdx) -> Vec<Uuid> {
        let rows = self.live.northd.databases().rows(side, table);
        rows.map(ovsdb_data::Row::uuid).collect()
    }

    /// Rows of a table that are there, where northd writes them itself.
    fn targets(live: &Live, side: Side, generator: &Generator) -> impl Fn(TableIdx) -> Vec<Uuid> + use<> {
        let of_table = |table: TableIdx| {
            let is_written = side == Side::Sb && !generator.is_foreign(table);
            let rows = live.northd.databases().rows(side, table).filter(|_| is_written);
            rows.map(ovsdb_data::Row::uuid).collect()
        };
        let all: Vec<Vec<Uuid>> = generator
            .schema
            .iter()
            .map(|(table, _)| of_table(table))
            .collect();
        move |table| all[usize::from(table.0)].clone()
    }

    /// Operations that put a row in, and what it refers to.
    fn put(
        &mut self,
        side: Side,
        table: TableIdx,
        uuid: Uuid,
        seen: &mut BTreeSet<Uuid>,
        operations: &mut Vec<Value>,
    ) {
        if !seen.insert(uuid) {
            return;
        }
        let World { live, nb, sb, .. } = self;
        let generator = if side == Side::Nb { nb } else { sb };
        let row = generator.row(table, uuid, &Self::targets(live, side, generator));
        let is_there = live.northd.databases().row(side, table, uuid).is_some();
        let name = generator.schema.table(table).name.to_string();
        for (table, other) in &row.references {
            if self.live.northd.databases().row(side, *table, *other).is_none() {
                self.put(side, *table, *other, seen, operations);
            }
        }
        operations.push(match is_there {
            true => json!({"op": "update", "table": name, "where": is(uuid), "row": row.columns}),
            false => json!({"op": "insert", "table": name, "uuid": uuid.to_string(), "row": row.columns}),
        });
    }

    /// Operations that change a column of a row that is there.
    fn change(&mut self, side: Side, operations: &mut Vec<Value>) {
        let schema = self.generator(side).schema.clone();
        let columns: Vec<_> = schema
            .iter()
            .filter(|(table, _)| !self.uuids(side, *table).is_empty())
            .flat_map(|(table, of)| of.columns.iter().skip(2).map(move |column| (table, of, column)))
            .filter(|(_, of, column)| {
                let name = &*of.name;
                side == Side::Nb || FOREIGN.contains(&name) || FOREIGN_COLUMNS.contains(&(name, &column.name))
            })
            .collect();
        let World { live, nb, sb, .. } = self;
        let generator = if side == Side::Nb { nb } else { sb };
        let Some((table, of, column)) = columns.choose(&mut generator.rng).copied() else {
            return;
        };
        let rows = live.northd.databases().rows(side, table);
        let uuids: Vec<Uuid> = rows.map(ovsdb_data::Row::uuid).collect();
        let Some(uuid) = uuids.choose(&mut generator.rng).copied() else {
            return;
        };
        let mut row = Nonsense {
            table,
            uuid,
            columns: Map::new(),
            references: Vec::new(),
        };
        generator.column(&mut row, &of.name, column, &Self::targets(live, side, generator));
        let mut seen = BTreeSet::from([uuid]);
        for (table, other) in row.references {
            if self.live.northd.databases().row(side, table, other).is_none() {
                self.put(side, table, other, &mut seen, operations);
            }
        }
        operations.push(json!({"op": "update", "table": &*of.name, "where": is(uuid), "row": row.columns}));
    }

    fn delete(&mut self, side: Side, operations: &mut Vec<Value>) {
        let tables: Vec<TableIdx> = self
            .generator(side)
            .schema
            .iter()
            .map(|(table, _)| table)
            .collect();
        let there = tables.into_iter().map(|table| (table, self.uuids(side, table)));
        let there: Vec<_> = there.filter(|(_, uuids)| !uuids.is_empty()).collect();
        let generator = self.generator(side);
        let Some((table, uuids)) = there.choose(&mut generator.rng) else {
            return;
        };
        let name = generator.schema.table(*table).name.to_string();
        if let Some(uuid) = uuids.choose(&mut generator.rng) {
            operations.push(json!({"op": "delete", "table": name, "where": is(*uuid)}));
        }
    }

    /// Something happens; the database refuses what its schema forbids.
    fn step(&mut self) {
        let side = match self.nb.rng.random_range(0..5) {
            0 => Side::Sb,
            _ => Side::Nb,
        };
        let mut operations = Vec::new();
        match self.nb.rng.random_range(0..10) {
            0..5 => {
                let generator = self.generator(side);
                let tables: Vec<TableIdx> = generator
                    .schema
                    .iter()
                    .filter(|(table, of)| match side {
                        Side::Nb => of.is_root,
                        _ => of.is_root && generator.is_foreign(*table),
                    })
                    .map(|(table, _)| table)
                    .collect();
                if let Some(table) = tables.choose(&mut generator.rng).copied() {
                    let uuid = generator.any(table);
                    self.put(side, table, uuid, &mut BTreeSet::new(), &mut operations);
                }
            }
            5 => self.delete(side, &mut operations),
            _ => self.change(side, &mut operations),
        }
        let is_done = match side {
            Side::Nb => self.live.transact(&operations),
            _ => self.live.transact_sb(&operations),
        };
        self.n_done += u64::from(is_done && !operations.is_empty());
        self.live.settle();
    }

    /// What is kept is what a fresh start makes, and is written.
    fn check(&mut self) {
        let missing = self.live.what_is_missing();
        assert_eq!(missing, Vec::<Value>::new(), "a fresh start writes");
        let wrong = self.live.recompute();
        assert_eq!(wrong, Vec::<Value>::new(), "a recompute writes");
        let (kept, fresh) = (self.live.northd.all(), self.live.northd.again().all());
        if kept == fresh {
            return;
        }
        for row in kept.iter().filter(|row| !fresh.contains(row)).take(5) {
            println!("kept  {row:?}");
        }
        for row in fresh.iter().filter(|row| !kept.contains(row)).take(5) {
            println!("fresh {row:?}");
        }
        panic!("a fresh start makes other rows");
    }
}

fn is(uuid: Uuid) -> Value {
    json!([["_uuid", "==", ["uuid", uuid.to_string()]]])
}

#[test]
fn no_contents_end_northd() {
    let seeds = seeds(SEEDS);
    let steps = n_steps(STEPS);
    let mut failed = Vec::new();
    for seed in seeds {
        let mut world = World::new(seed);
        let mut step = 0;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            while step < steps {
                step += 1;
                world.step();
                if step % INTERVAL == 0 {
                    world.check();
                }
            }
        }));
        println!(
            "seed {seed}: {} of {step} steps did something, {} southbound operations, {} rows at last",
            world.n_done,
            world.live.n_operations,
            world.live.northd.all().len()
        );
        if outcome.is_err() {
            println!("ORACLE_SEED={seed} ORACLE_STEPS={step} fails");
            failed.push((seed, step));
        }
    }
    assert_eq!(failed, [], "these seeds fail at these steps");
}
