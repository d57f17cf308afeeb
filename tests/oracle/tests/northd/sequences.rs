//! Whatever happens to the northbound rows, in whatever order: what is kept up to date is what a fresh start makes of
//! the same rows. And nothing that a row says ends the program.
//!
//! The rows are those of all cases; a step puts one in, takes one out, or gives it another row's value in a column.
//! `ORACLE_SEED=n` runs one sequence, `ORACLE_SEEDS=n` as many, `ORACLE_STEPS=n` makes each as long.

use std::collections::{BTreeSet, HashMap};

use northd_oracle::fixture::Contents;
use northd_oracle::live::Live;
use northd_oracle::renamed::renamed;
use northd_oracle::{n_steps, seeds};
use ovn_schemas::Db;
use ovsdb_data::{Row, TableIdx, Uuid};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::RUNS;

/// Sequences, and the steps of each.
const SEEDS: u64 = 20;
const STEPS: u64 = 1500;

/// After so many steps both are compared.
const INTERVAL: u64 = 25;

/// The northbound rows at hand, and a northd with its databases.
struct World {
    live: Live,
    all: Vec<(TableIdx, Row)>,
    by_uuid: HashMap<Uuid, usize>,
    rng: StdRng,
    n_done: u64,
}

impl World {
    fn new(contents: &[&Contents], seed: u64) -> World {
        let mut rng = StdRng::seed_from_u64(seed);
        let some: Vec<&&Contents> = contents.choose_multiple(&mut rng, 12).collect();
        let rows = some.iter().flat_map(|contents| renamed(&contents.nb, seed));
        let mut all: Vec<(TableIdx, Row)> = rows
            .filter_map(|change| Some((change.table, change.new?)))
            .collect();
        all.sort_by_key(|(table, row)| (*table, row.uuid()));
        let by_uuid = all
            .iter()
            .enumerate()
            .map(|(i, (_, row))| (row.uuid(), i))
            .collect();
        World {
            live: Live::default(),
            all,
            by_uuid,
            rng,
            n_done: 0,
        }
    }

    /// Operations that put a row in, and what it refers to.
    fn put(&self, at: usize, seen: &mut BTreeSet<usize>, operations: &mut Vec<Value>) {
        if !seen.insert(at) {
            return;
        }
        let (table, row) = &self.all[at];
        let references = row
            .iter()
            .skip(2)
            .flat_map(|(_, value)| value.atoms().chain(value.values()));
        for other in references.filter_map(|atom| self.by_uuid.get(&atom.as_uuid()?)) {
            self.put(*other, seen, operations);
        }
        operations.push(self.live.put(*table, row));
    }

    /// Something happens to a row; the database refuses what its schema forbids.
    fn step(&mut self) {
        let at = self.rng.random_range(0..self.all.len());
        let (table, row) = self.all[at].clone();
        let mut operations = Vec::new();
        match self.rng.random_range(0..10) {
            0..5 => self.put(at, &mut BTreeSet::new(), &mut operations),
            5..7 => operations.push(json!({
                "op": "delete", "table": ovn_schemas::schema(Db::OvnNorthbound).table(table).name.to_string(),
                "where": [["_uuid", "==", ["uuid", row.uuid().to_string()]]],
            })),
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
                if let Some(present) = self.live.nb(table, row.uuid()) {
                    operations.push(self.live.put(table, &present.with([(column, value)])));
                }
            }
        }
        self.n_done += u64::from(!operations.is_empty() && self.live.transact(&operations));
        if self.rng.random_bool(0.7) {
            self.live.settle();
        }
    }

    /// Both ways lead to the same.
    fn check(&mut self, when: &str) {
        self.live.settle();
        let missing = self.live.what_is_missing();
        assert_eq!(
            missing,
            Vec::<serde_json::Value>::new(),
            "{when}: a fresh start writes"
        );
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
        panic!("{when}");
    }
}

#[test]
fn every_sequence_leads_where_a_fresh_start_leads() {
    let contents: Vec<&Contents> = RUNS.iter().map(|(_, contents)| contents).collect();
    let seeds = seeds(SEEDS);
    let steps = n_steps(STEPS);
    for seed in seeds {
        let mut world = World::new(&contents, seed);
        for step in 1..=steps {
            world.step();
            if step % INTERVAL == 0 {
                world.check(&format!("ORACLE_SEED={seed} ORACLE_STEPS={step}"));
            }
        }
        println!(
            "seed {seed}: {} of {steps} steps did something, {} southbound operations",
            world.n_done, world.live.n_operations
        );
        assert!(
            world.n_done * 4 > steps,
            "seed {seed}: only {} of {steps} steps did something",
            world.n_done
        );
    }
}
