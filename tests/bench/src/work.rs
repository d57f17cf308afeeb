//! The works: what is measured, one file each, and the runner that alternates the servers.

mod cluster;
mod cond_change;
mod dump;
mod fanout;
mod port;
mod resident;
mod restart;
mod stall;

use crate::data::Southbound;
use crate::measure::{Measures, Metric, median};
use crate::server::{Kind, Programs, Server};
use crate::table::Line;
use crate::{Result, prepared};
use std::path::Path;

/// One work.
pub struct Work {
    /// What `--only` calls it.
    pub name: &'static str,
    /// How often it runs on each server; the table has the medians.
    repeats: usize,
    run: fn(&Bench, Kind) -> Result<Measures>,
}

const WORKS: [Work; 21] = [
    Work {
        name: "port-1",
        repeats: 5,
        run: |bench, kind| port::run(bench, kind, 1),
    },
    Work {
        name: "port-16",
        repeats: 5,
        run: |bench, kind| port::run(bench, kind, 16),
    },
    Work {
        name: "dump-50",
        repeats: 1,
        run: dump::all,
    },
    Work {
        name: "cond-50",
        repeats: 3,
        run: dump::conditional,
    },
    Work {
        name: "stall-join",
        repeats: 3,
        run: stall::join,
    },
    Work {
        name: "stall-compact",
        repeats: 3,
        run: stall::compact,
    },
    Work {
        name: "resident-file",
        repeats: 1,
        run: resident::from_file,
    },
    Work {
        name: "resident-live",
        repeats: 1,
        run: resident::live,
    },
    Work {
        name: "restart",
        repeats: 3,
        run: restart::run,
    },
    Work {
        name: "cond-change-500",
        repeats: 1,
        run: cond_change::run,
    },
    Work {
        name: "update-fanout",
        repeats: 1,
        run: fanout::run,
    },
    Work {
        name: "cluster-port-1",
        repeats: 3,
        run: |bench, kind| cluster::port::through_leader(bench, kind, 1),
    },
    Work {
        name: "cluster-port-16",
        repeats: 3,
        run: |bench, kind| cluster::port::through_leader(bench, kind, 16),
    },
    Work {
        name: "cluster-port-50",
        repeats: 3,
        run: |bench, kind| cluster::port::through_leader(bench, kind, 50),
    },
    Work {
        name: "cluster-follower-16",
        repeats: 3,
        run: |bench, kind| cluster::port::through_follower(bench, kind, 16),
    },
    Work {
        name: "cluster-follower-50",
        repeats: 3,
        run: |bench, kind| cluster::port::through_follower(bench, kind, 50),
    },
    Work {
        name: "cluster-kill",
        repeats: 1,
        run: cluster::kill::run,
    },
    Work {
        name: "cluster-snapshot",
        repeats: 3,
        run: cluster::snapshot::run,
    },
    Work {
        name: "cluster-reconnect",
        repeats: 1,
        run: cluster::reconnect::run,
    },
    Work {
        name: "cluster-restart",
        repeats: 3,
        run: cluster::restart::run,
    },
    Work {
        name: "cluster-resident",
        repeats: 1,
        run: cluster::resident::run,
    },
];

/// Every work's name.
pub fn names() -> Vec<&'static str> {
    WORKS.iter().map(|work| work.name).collect()
}

/// The works of these names; all for no names. A name that is the beginning of others means them all.
pub fn selected(only: &[String]) -> Result<Vec<&'static Work>> {
    static ALL: [Work; WORKS.len()] = WORKS;
    for name in only {
        if !ALL.iter().any(|work| work.name.starts_with(name.as_str())) {
            return Err(format!("no work {name}; there are: {}", names().join(" ")).into());
        }
    }
    let wanted =
        |work: &&Work| only.is_empty() || only.iter().any(|name| work.name.starts_with(name.as_str()));
    Ok(ALL.iter().filter(wanted).collect())
}

/// What every work needs.
pub struct Bench {
    /// The servers.
    pub programs: Programs,
    /// A tenth of the data, one repetition.
    pub quick: bool,
}

impl Bench {
    /// A benchmark of these programs.
    pub fn new(programs: Programs, quick: bool) -> Self {
        Bench { programs, quick }
    }

    /// Runs one work on each server as often as it wants, taking turns; a failure becomes a remark in the table.
    pub fn run(&self, work: &Work, kinds: &[Kind]) -> Vec<Line> {
        let mut runs: Vec<(Kind, Measures)> = Vec::new();
        let mut failures = Vec::new();
        for round in 0..if self.quick { 1 } else { work.repeats } {
            // The second round goes the other way, so that neither server always runs on a rested machine.
            let mut order = kinds.to_vec();
            if round % 2 == 1 {
                order.reverse();
            }
            for kind in order {
                eprintln!("{} {kind:?}", work.name);
                match caught(|| (work.run)(self, kind)) {
                    Ok(measures) => {
                        let shown = |(metric, value): &(Metric, f64)| {
                            format!("{} {value:.3} {}", metric.name, metric.unit)
                        };
                        eprintln!(
                            "    {}",
                            measures.values.iter().map(shown).collect::<Vec<_>>().join(", ")
                        );
                        runs.push((kind, measures));
                    }
                    Err(error) => {
                        eprintln!("    failed: {error}");
                        failures.push(format!("{kind:?} failed: {error}").replace(['|', '\n'], " "));
                    }
                }
            }
        }
        lines(work.name, &runs, failures)
    }

    /// How many of something that `--quick` takes a tenth of.
    pub fn scaled(&self, n: usize) -> usize {
        if self.quick { n / 10 } else { n }
    }

    /// The southbound database of the works.
    pub fn shape(&self) -> Southbound {
        Southbound {
            flows: self.scaled(200_000),
            datapaths: self.scaled(1000),
        }
    }

    /// A server on a new database of that schema, empty.
    pub fn start_empty(&self, kind: Kind, schema: &str) -> Result<Server> {
        let dir = self.programs.temp_dir()?;
        self.programs
            .create_database(&dir.path().join("database.db"), schema)?;
        Server::start(&self.programs, kind, dir)
    }

    /// A server on a copy of the prepared southbound database.
    pub fn start_southbound(&self, kind: Kind) -> Result<Server> {
        let prepared = prepared::southbound(&self.programs, self.shape())?;
        let dir = self.programs.temp_dir()?;
        std::fs::copy(prepared, dir.path().join("database.db"))?;
        Server::start(&self.programs, kind, dir)
    }

    /// The tables of the southbound schema.
    pub fn southbound_tables(&self) -> Result<Vec<String>> {
        let schema = std::fs::read(self.programs.peers.join("usr/share/ovn/ovn-sb.ovsschema"))?;
        Ok(crate::data::tables(&serde_json::from_slice(&schema)?))
    }
}

/// The harness of clusters panics where a step fails; here that is a failure like others.
fn caught(run: impl FnOnce() -> Result<Measures>) -> Result<Measures> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        let first = text.and_then(|text| text.lines().next());
        Err(first.unwrap_or("a panic without words").into())
    })
}

fn lines(work: &'static str, runs: &[(Kind, Measures)], mut notes: Vec<String>) -> Vec<Line> {
    notes.extend(
        runs.iter()
            .filter_map(|(kind, run)| Some(format!("{kind:?}: {}", run.note.as_ref()?))),
    );
    notes.sort();
    notes.dedup();
    let mut note = notes.join("; ");
    let mut metrics: Vec<Metric> = Vec::new();
    for (metric, _) in runs.iter().flat_map(|(_, run)| &run.values) {
        if !metrics.contains(metric) {
            metrics.push(*metric);
        }
    }
    if metrics.is_empty() {
        return vec![Line {
            work,
            metric: Metric::report("nothing", "–"),
            c: None,
            ours: None,
            note,
        }];
    }
    let middle = |kind: Kind, metric: Metric| {
        let of_kind = runs
            .iter()
            .filter(|(of, _)| *of == kind)
            .flat_map(|(_, run)| &run.values);
        let values: Vec<f64> = of_kind
            .filter(|(of, _)| *of == metric)
            .map(|(_, value)| *value)
            .collect();
        (!values.is_empty()).then(|| median(&values))
    };
    let line = |metric| {
        let (c, ours) = (middle(Kind::C, metric), middle(Kind::Ours, metric));
        Line {
            work,
            metric,
            c,
            ours,
            note: std::mem::take(&mut note),
        }
    };
    metrics.into_iter().map(line).collect()
}

/// The length of a file, in MB.
fn file_mb(path: &Path) -> Result<f64> {
    Ok(std::fs::metadata(path)?.len() as f64 / 1e6)
}
