//! How long the parts of the loop take, by the C program's names (`stopwatch/…`).
//!
//! In: durations. Out: texts. Parts that have no counterpart here are listed and never run.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// The percentile is that of so many last samples.
const KEPT: usize = 1000;

#[derive(Clone, Default)]
struct Samples {
    n: u64,
    max: f64,
    min: f64,
    short: f64,
    long: f64,
    last: VecDeque<f64>,
}

impl Samples {
    fn add(&mut self, ms: f64) {
        let mix = |average: f64, weight: f64| average * (1.0 - weight) + ms * weight;
        (self.max, self.min, self.short, self.long) = match self.n {
            0 => (ms, ms, ms, ms),
            _ => (
                self.max.max(ms),
                self.min.min(ms),
                mix(self.short, 0.5),
                mix(self.long, 0.01),
            ),
        };
        self.n += 1;
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(ms);
    }

    fn percentile(&self) -> f64 {
        let mut sorted: Vec<f64> = self.last.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() * 95 / 100).copied().unwrap_or_default()
    }
}

/// Every stopwatch.
pub struct Stopwatches(BTreeMap<&'static str, Samples>);

impl Stopwatches {
    /// By these names.
    pub fn new(names: &crate::Stopwatches) -> Stopwatches {
        let own = [names.turn, names.take, names.make, names.compare];
        let names = own.into_iter().chain(names.others.iter().copied());
        Stopwatches(names.map(|name| (name, Samples::default())).collect())
    }

    /// It took so long.
    pub fn add(&mut self, name: &'static str, took: Duration) {
        self.0.entry(name).or_default().add(took.as_secs_f64() * 1000.0);
    }

    /// `stopwatch/show [NAME]`.
    pub fn show(&self, name: Option<&String>) -> Result<String, String> {
        let wanted = self
            .0
            .iter()
            .filter(|(of, _)| name.is_none_or(|name| name == **of));
        let text: String = wanted.map(|(name, samples)| text(name, samples)).collect();
        match text.is_empty() {
            true => Err("No such stopwatch\n".to_owned()),
            false => Ok(text),
        }
    }

    /// `stopwatch/reset [NAME]`.
    pub fn reset(&mut self, name: Option<&String>) {
        let wanted = self
            .0
            .iter_mut()
            .filter(|(of, _)| name.is_none_or(|name| name == **of));
        wanted.for_each(|(_, samples)| *samples = Samples::default());
    }
}

fn text(name: &str, samples: &Samples) -> String {
    let Samples {
        n,
        max,
        min,
        short,
        long,
        ..
    } = samples;
    format!(
        "Statistics for '{name}'\n  Total samples: {n}\n  Maximum: {max:.0} msec\n  Minimum: {min:.0} msec\n  \
         95th percentile: {:.6} msec\n  Short term average: {short:.6} msec\n  Long term average: {long:.6} msec\n",
        samples.percentile()
    )
}
