//! The histograms that openraft keeps of its own work, in the place of the published crate of this name.
//!
//! In: numbers. Out: how they are distributed, to a power of two. Never here: tables. openraft records whether anybody
//! asks or not, and the published crate answers for it with 26 MB of them in every process, built when the first
//! histogram is: a sixth of a server with 100,000 logical flows. Here a histogram is 65 counters.

use std::fmt;
use std::marker::PhantomData;

/// Buckets: for zero, and for each length in bits.
const N: usize = u64::BITS as usize + 1;

/// How often numbers of each length in bits came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram<T = ()> {
    counts: [u64; N],
    of: PhantomData<T>,
}

impl<T> Default for Histogram<T> {
    fn default() -> Self {
        Histogram {
            counts: [0; N],
            of: PhantomData,
        }
    }
}

impl<T> Histogram<T> {
    /// Of nothing yet.
    pub fn new() -> Self {
        Histogram::default()
    }

    /// One more number.
    pub fn record(&mut self, value: u64) {
        self.record_n(value, 1);
    }

    /// A number so many times more.
    pub fn record_n(&mut self, value: u64, n: u64) {
        self.counts[(u64::BITS - value.leading_zeros()) as usize] += n;
    }

    /// How the numbers are distributed.
    pub fn percentile_stats(&self) -> PercentileStats {
        let at = |permille| self.at(permille);
        PercentileStats {
            samples: self.counts.iter().sum(),
            p0_1: at(1),
            p1: at(10),
            p5: at(50),
            p10: at(100),
            p50: at(500),
            p90: at(900),
            p99: at(990),
            p99_9: at(999),
        }
    }

    /// The least number of the bucket that so many in a thousand numbers reach; zero where there are none.
    fn at(&self, permille: u128) -> u64 {
        let samples: u128 = self.counts.iter().copied().map(u128::from).sum();
        let wanted = (samples * permille).div_ceil(1000).max(1);
        let mut seen = 0;
        for (bits, count) in self.counts.iter().enumerate() {
            seen += u128::from(*count);
            if seen >= wanted {
                return if bits == 0 { 0 } else { 1 << (bits - 1) };
            }
        }
        0
    }
}

/// A distribution: numbers that so many percent of all do not exceed, each rounded down to a power of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub struct PercentileStats {
    /// How many numbers.
    pub samples: u64,
    pub p0_1: u64,
    pub p1: u64,
    pub p5: u64,
    pub p10: u64,
    pub p50: u64,
    pub p90: u64,
    pub p99: u64,
    pub p99_9: u64,
}

impl fmt::Display for PercentileStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} numbers, median {}, 99 % up to {}",
            self.samples, self.p50, self.p99
        )
    }
}

/// Histograms by name, to be shown.
#[derive(Clone, Debug, Default)]
pub struct AsciiChart(Vec<(String, PercentileStats)>);

impl AsciiChart {
    /// Of none yet.
    pub fn new() -> Self {
        AsciiChart::default()
    }

    /// One more.
    pub fn add(mut self, name: impl Into<String>, histogram: Histogram) -> Self {
        self.0.push((name.into(), histogram.percentile_stats()));
        self
    }
}

impl fmt::Display for AsciiChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, stats) in &self.0 {
            writeln!(f, "{name}: {stats}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_counted_by_their_length() {
        let check = |values: &[u64], expected: [u64; 3]| {
            let mut histogram = Histogram::<()>::new();
            values.iter().for_each(|value| histogram.record(*value));
            let stats = histogram.percentile_stats();
            assert_eq!(stats.samples, values.len() as u64);
            assert_eq!([stats.p10, stats.p50, stats.p99_9], expected, "{values:?}");
        };
        check(&[], [0, 0, 0]);
        check(&[0], [0, 0, 0]);
        check(&[1, 2, 3, 4], [1, 2, 4]);
        check(&[7, 1000, 1000, 1000], [4, 512, 512]);
        check(&[u64::MAX], [1 << 63; 3]);
    }
}
