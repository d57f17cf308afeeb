//! Figures: what a work reports, what is required of it, and the statistics between.

use std::time::Duration;

/// What is asked of our figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Requirement {
    /// Ours divided by C's is at least this (rates).
    RatioAtLeast(f64),
    /// Ours divided by C's is at most this (times, memory).
    RatioAtMost(f64),
    /// Our figure itself is at most this, whatever C's is.
    OursAtMost(f64),
    /// Nothing: it is there to be read.
    Report,
}

/// One figure of one work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metric {
    /// What it is.
    pub name: &'static str,
    /// What it is counted in.
    pub unit: &'static str,
    /// What is asked of it.
    pub requirement: Requirement,
}

impl Metric {
    /// A figure with a requirement.
    pub const fn new(name: &'static str, unit: &'static str, requirement: Requirement) -> Self {
        Metric {
            name,
            unit,
            requirement,
        }
    }

    /// A figure to be read.
    pub const fn report(name: &'static str, unit: &'static str) -> Self {
        Metric::new(name, unit, Requirement::Report)
    }

    /// Whether a pair of figures meets the requirement; `None` when it cannot be said.
    pub fn verdict(&self, c: Option<f64>, ours: Option<f64>) -> Option<bool> {
        let ratio = || Some(ours? / c?);
        match self.requirement {
            Requirement::RatioAtLeast(least) => Some(ratio()? >= least),
            Requirement::RatioAtMost(most) => Some(ratio()? <= most),
            Requirement::OursAtMost(most) => Some(ours? <= most),
            Requirement::Report => None,
        }
    }
}

/// What one run of a work measured.
#[derive(Default)]
pub struct Measures {
    /// The figures.
    pub values: Vec<(Metric, f64)>,
    /// What a reader must know to read them rightly (a bound that was hit, say).
    pub note: Option<String>,
}

impl Measures {
    /// Adds a figure.
    pub fn add(&mut self, metric: Metric, value: f64) {
        self.values.push((metric, value));
    }
}

/// The middle of some figures; of an even number, the lower of the two.
pub fn median(values: &[f64]) -> f64 {
    percentile(values, 0.5)
}

/// The smallest figure that at least `share` of all are not above. `NaN` for no figures.
pub fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// A duration in milliseconds.
pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles() {
        let values = [4.0, 1.0, 3.0, 2.0];
        for (share, expected) in [(0.25, 1.0), (0.5, 2.0), (0.51, 3.0), (0.99, 4.0), (1.0, 4.0)] {
            assert_eq!(percentile(&values, share), expected, "{share}");
        }
        assert!(percentile(&[], 0.5).is_nan());
    }

    #[test]
    fn verdicts() {
        let cases = [
            (Requirement::RatioAtLeast(1.5), Some(10.0), Some(15.0), Some(true)),
            (
                Requirement::RatioAtLeast(1.5),
                Some(10.0),
                Some(14.0),
                Some(false),
            ),
            (Requirement::RatioAtMost(0.25), Some(8.0), Some(2.0), Some(true)),
            (Requirement::RatioAtMost(0.25), Some(8.0), Some(2.1), Some(false)),
            (Requirement::RatioAtMost(0.25), None, Some(2.1), None),
            (Requirement::OursAtMost(50.0), None, Some(50.0), Some(true)),
            (Requirement::OursAtMost(50.0), Some(1.0), Some(51.0), Some(false)),
            (Requirement::Report, Some(1.0), Some(1.0), None),
        ];
        for (requirement, c, ours, expected) in cases {
            assert_eq!(
                Metric::new("", "", requirement).verdict(c, ours),
                expected,
                "{requirement:?} {c:?} {ours:?}"
            );
        }
    }
}
