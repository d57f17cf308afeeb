//! When to try again after a connection failed: 1 s, doubling up to 8 s (ovsdb(7); `max_backoff` changes the limit).
//! Servers of a cluster elect a leader in about a second: who knows several tries again sooner.

use std::time::Duration;

/// The state of one remote's attempts.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    next: Duration,
    max: Duration,
}

impl Backoff {
    /// The first wait for one remote.
    pub const MIN: Duration = Duration::from_secs(1);
    /// The first wait for several.
    pub const SOON: Duration = Duration::from_millis(100);
    /// How long a good connection lives at least.
    pub const GOOD: Duration = Duration::from_millis(500);
    /// The longest wait unless configured.
    pub const MAX: Duration = Duration::from_secs(8);

    /// Starts afresh, with the first wait and a limit.
    pub fn new(first: Duration, max: Duration) -> Self {
        Backoff {
            first,
            next: first.min(max),
            max,
        }
    }

    /// An attempt failed, or a connection ended early: how long to wait.
    pub fn failed(&mut self) -> Duration {
        let wait = self.next;
        self.next = (self.next * 2).min(self.max);
        wait
    }

    /// A connection is gone after this long. It was good if it lived longer than a server takes to say that it does not
    /// lead: then the next wait is the first again.
    pub fn ended(&mut self, lived: Duration) -> bool {
        let was_good = lived >= Self::GOOD;
        if was_good {
            self.next = self.first.min(self.max);
        }
        was_good
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit() {
        let check = |first: u64, max: u64, expected: &[u64]| {
            let mut backoff = Backoff::new(Duration::from_millis(first), Duration::from_millis(max));
            let waits: Vec<_> = expected.iter().map(|_| backoff.failed()).collect();
            let expected: Vec<_> = expected.iter().map(|ms| Duration::from_millis(*ms)).collect();
            assert_eq!(waits, expected);
            let next = backoff.next;
            assert!(!backoff.ended(Backoff::GOOD - Duration::from_millis(1)));
            assert_eq!(backoff.next, next);
            assert!(backoff.ended(Backoff::GOOD));
            assert_eq!(backoff.failed(), expected[0]);
        };
        check(1000, 5000, &[1000, 2000, 4000, 5000, 5000]);
        check(1000, 500, &[500, 500]);
        check(100, 8000, &[100, 200, 400, 800, 1600, 3200, 6400, 8000, 8000]);
    }
}
