//! How often one place in the program may log what its peers can make it log at will.
//!
//! In: moments. Out: whether to log, and how much was not. Never here: the clock, modules, text.

use std::time::{Duration, Instant};

/// Messages in a row before the rate counts.
const BURST: u32 = 5;

/// Then one in this time: five a minute.
const INTERVAL: Duration = Duration::from_secs(12);

/// One place's allowance.
pub(crate) struct RateLimit {
    /// When the allowance will be whole again.
    whole_at: Instant,
    dropped: Option<Dropped>,
}

/// Messages that were not logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dropped {
    pub n: u64,
    pub first: Instant,
    pub last: Instant,
}

impl RateLimit {
    pub fn new(now: Instant) -> RateLimit {
        RateLimit {
            whole_at: now,
            dropped: None,
        }
    }

    /// Whether to log now: yes, with what was dropped since the last time, or no.
    pub fn admit(&mut self, now: Instant) -> Option<Option<Dropped>> {
        let whole_at = self.whole_at.max(now) + INTERVAL;
        if whole_at > now + INTERVAL * BURST {
            let dropped = self.dropped.get_or_insert(Dropped {
                n: 0,
                first: now,
                last: now,
            });
            dropped.n += 1;
            dropped.last = now;
            return None;
        }
        self.whole_at = whole_at;
        Some(self.dropped.take())
    }
}

impl Dropped {
    /// The line that tells of them, as operators know it.
    pub fn text(&self, now: Instant) -> String {
        format!(
            "Dropped {} log messages in last {} seconds (most recently, {} seconds ago) due to excessive rate",
            self.n,
            now.duration_since(self.first).as_secs(),
            now.duration_since(self.last).as_secs()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_five_a_minute_and_what_was_dropped_is_told() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut limit = RateLimit::new(start);
        // One message a second for two minutes: five at once, then each time a fifth of a minute has passed.
        let logged: Vec<u64> = (0..120)
            .filter(|second| limit.admit(at(*second)).is_some())
            .collect();
        assert_eq!(logged, [0, 1, 2, 3, 4, 12, 24, 36, 48, 60, 72, 84, 96, 108]);
        let dropped = limit
            .admit(at(130))
            .expect("the rate allows it")
            .expect("some were dropped");
        assert_eq!(
            dropped.text(at(130)),
            "Dropped 11 log messages in last 21 seconds (most recently, 11 seconds ago) due to excessive rate"
        );
        assert_eq!(limit.admit(at(1000)), Some(None));
    }
}
