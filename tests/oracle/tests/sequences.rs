//! Whatever happens to the northbound rows, in whatever order: what is kept up to date is what a fresh start makes of
//! the same rows. And nothing that a row says ends the program.
//!
//! The rows are those of all cases; a step puts one in, takes one out, or gives it another row's value in a column.
//! `ORACLE_SEED=n` runs one sequence, `ORACLE_STEPS=n` makes each as long.

use std::collections::BTreeMap;

use northd_core::{Northd, Side};
use northd_oracle::cases;
use northd_oracle::fixture::{Contents, Fixture};
use ovsdb_data::{Row, RowChange, TableIdx, Uuid};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

/// Sequences, and the steps of each.
const SEEDS: u64 = 20;
const STEPS: usize = 1500;

/// After so many steps both are compared.
const INTERVAL: usize = 25;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The northbound rows at hand, and those that are in at present.
struct World {
    northd: Northd,
    all: Vec<(TableIdx, Row)>,
    present: BTreeMap<(TableIdx, Uuid), Row>,
    rng: StdRng,
}

impl World {
    fn new(contents: &[Contents], seed: u64) -> World {
        let mut rng = StdRng::seed_from_u64(seed);
        let some: Vec<&Contents> = contents.choose_multiple(&mut rng, 12).collect();
        let mut northd = Northd::new();
        // Chassis and what else others write, of one of them.
        northd.change(Side::Sb, &some[0].sb);
        northd.settle();
        let rows = some.iter().flat_map(|contents| &contents.nb);
        let all = rows
            .filter_map(|change| Some((change.table, change.new.clone()?)))
            .collect();
        World {
            northd,
            all,
            present: BTreeMap::new(),
            rng,
        }
    }

    fn put(&mut self, table: TableIdx, uuid: Uuid, new: Option<Row>) {
        let old = match &new {
            Some(row) => self.present.insert((table, uuid), row.clone()),
            None => self.present.remove(&(table, uuid)),
        };
        if old != new {
            self.northd.change(
                Side::Nb,
                &[RowChange {
                    table,
                    uuid,
                    old,
                    new,
                }],
            );
        }
    }

    /// Something happens to a row.
    fn step(&mut self) {
        let Some((table, row)) = self.all.choose(&mut self.rng).cloned() else {
            return;
        };
        let uuid = row.uuid();
        match self.rng.random_range(0..10) {
            0..6 => self.put(table, uuid, Some(row)),
            6..8 => self.put(table, uuid, None),
            _ => {
                let others: Vec<&Row> = self
                    .all
                    .iter()
                    .filter(|(of, _)| *of == table)
                    .map(|(_, row)| row)
                    .collect();
                let Some(other) = others.choose(&mut self.rng) else {
                    return;
                };
                let columns: Vec<_> = other
                    .iter()
                    .skip(2)
                    .map(|(column, value)| (column, value.clone()))
                    .collect();
                let Some((column, value)) = columns.choose(&mut self.rng).cloned() else {
                    return;
                };
                let changed = self
                    .present
                    .get(&(table, uuid))
                    .unwrap_or(&row)
                    .with([(column, value)]);
                self.put(table, uuid, Some(changed));
            }
        }
        if self.rng.random_bool(0.7) {
            self.northd.settle();
        }
    }

    /// Both ways lead to the same.
    fn check(&mut self, when: &str) {
        self.northd.settle();
        let (kept, fresh) = (self.northd.all(), self.northd.again().all());
        if kept == fresh {
            return;
        }
        for row in kept.iter().filter(|row| !fresh.contains(row)).take(5) {
            println!("kept  {row:?}");
        }
        for row in fresh.iter().filter(|row| !kept.contains(row)).take(5) {
            println!("fresh {row:?}");
        }
        panic!("{when}");
    }
}

#[test]
fn every_sequence_leads_where_a_fresh_start_leads() {
    let fixture = Fixture::start();
    let contents: Vec<Contents> = cases().iter().map(|case| fixture.run(case)).collect();
    let seeds = match number("ORACLE_SEED") {
        Some(seed) => seed..=seed,
        None => 1..=SEEDS,
    };
    let steps = number("ORACLE_STEPS").map_or(STEPS, |steps| steps as usize);
    for seed in seeds {
        let mut world = World::new(&contents, seed);
        for step in 1..=steps {
            world.step();
            if step % INTERVAL == 0 {
                world.check(&format!("ORACLE_SEED={seed} ORACLE_STEPS={step}"));
            }
        }
    }
}
