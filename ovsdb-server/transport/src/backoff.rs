//! When to try again after a connection failed: 1 s, doubling up to 8 s (ovsdb(7); `max_backoff` changes the limit).

use std::time::Duration;

/// The state of one remote's attempts.
#[derive(Clone, Debug)]
pub struct Backoff {
    next: Duration,
    max: Duration,
}

impl Backoff {
    /// The first wait.
    pub const MIN: Duration = Duration::from_secs(1);
    /// The longest wait unless configured.
    pub const MAX: Duration = Duration::from_secs(8);

    /// Starts afresh with a limit.
    pub fn new(max: Duration) -> Self {
        Backoff {
            next: Self::MIN.min(max),
            max,
        }
    }

    /// An attempt failed, or a connection ended early: how long to wait.
    pub fn failed(&mut self) -> Duration {
        let wait = self.next;
        self.next = (self.next * 2).min(self.max);
        wait
    }

    /// A connection lived: the next wait is the first again.
    pub fn succeeded(&mut self) {
        self.next = Self::MIN.min(self.max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit() {
        let mut backoff = Backoff::new(Duration::from_secs(5));
        let waits: Vec<u64> = (0..5).map(|_| backoff.failed().as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 5, 5]);
        backoff.succeeded();
        assert_eq!(backoff.failed().as_secs(), 1);
    }
}
