//! Batches of proposals. What other members pass on dribbles in after a long way, and would make many small batches,
//! each of which wakes every member and syncs every disk. Who was answered together comes again together: so a batch waits
//! for as many as other members had in the last one. This member's own clients are near: what they want gathers by itself
//! while a batch is under way.
//!
//! In: commands, one by one. Out: batches, in the same order. Never here: what becomes of them.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::types::Command;

/// Commands in a batch, at most.
const BATCH: usize = 1024;

/// So long a batch waits for company. A timer of tokio may take one millisecond more.
const COMPANY: Duration = Duration::from_millis(1);

/// After waiting in vain, that many batches go without: twice as many each time.
const ALONE_MAX: u32 = 256;

/// Commands on their way to the log.
#[derive(Default)]
pub(crate) struct Proposals {
    queue: Mutex<Queue>,
    enough: Notify,
}

#[derive(Default)]
struct Queue {
    commands: Vec<Command>,
    /// Of them, those that other members pass on.
    n_passed_on: usize,
    /// Whoever waits is woken for so many.
    wanted: usize,
    company: Company,
}

/// How many come together.
#[derive(Default)]
struct Company {
    /// Passed on, in the last batch.
    n_last: usize,
    /// Batches that go without waiting.
    alone: u32,
    /// What `alone` was when it was last set.
    alone_last: u32,
}

impl Company {
    /// How many the next batch is to have, when so many are there already.
    fn expected(&mut self, n_waiting: usize) -> usize {
        // Those that came meanwhile are others than those who were answered.
        let together = (self.n_last + n_waiting).clamp(1, BATCH);
        if together > n_waiting && self.alone > 0 {
            self.alone -= 1;
            return 1;
        }
        together
    }

    /// A batch goes.
    fn goes(&mut self, n: usize, n_passed_on: usize, wanted: usize) {
        self.n_last = n_passed_on;
        if n < wanted {
            self.alone_last = (self.alone_last * 2).clamp(1, ALONE_MAX);
            self.alone = self.alone_last;
        } else if wanted > 1 {
            self.alone_last = 0;
        }
    }
}

impl Proposals {
    /// Takes one. Never blocks.
    pub(crate) fn push(&self, command: Command, is_passed_on: bool) {
        let mut queue = self.queue.lock();
        queue.commands.push(command);
        queue.n_passed_on += usize::from(is_passed_on);
        if queue.commands.len() == queue.wanted {
            drop(queue);
            self.enough.notify_one();
        }
    }

    /// The next batch, of one command at least.
    pub(crate) async fn next(&self) -> Vec<Command> {
        let wanted = {
            let mut queue = self.queue.lock();
            let n_waiting = queue.commands.len();
            queue.wanted = queue.company.expected(n_waiting);
            queue.wanted
        };
        if wanted > 1 {
            // Those who do not come in time come later.
            let _ = tokio::time::timeout(COMPANY, self.until(wanted)).await;
        }
        self.until(1).await;
        let mut queue = self.queue.lock();
        let n = queue.commands.len().min(BATCH);
        let n_passed_on = std::mem::take(&mut queue.n_passed_on);
        queue.company.goes(n, n_passed_on, wanted);
        let rest = queue.commands.split_off(n);
        std::mem::replace(&mut queue.commands, rest)
    }

    /// Waits until so many are there.
    async fn until(&self, n: usize) {
        loop {
            {
                let mut queue = self.queue.lock();
                if queue.commands.len() >= n {
                    return;
                }
                queue.wanted = n;
            }
            self.enough.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(n: u64) -> Command {
        Command::ElectionTimer(n)
    }

    fn numbers(batch: Vec<Command>) -> Vec<u64> {
        let number = |command| match command {
            Command::ElectionTimer(n) => n,
            other => panic!("{other:?} was not proposed"),
        };
        batch.into_iter().map(number).collect()
    }

    fn push(proposals: &Proposals, numbers: std::ops::Range<u64>) {
        numbers.for_each(|n| proposals.push(command(n), true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_waits_for_as_many_as_came_together() {
        let proposals = Proposals::default();
        push(&proposals, 0..3);
        assert_eq!(numbers(proposals.next().await), [0, 1, 2]);
        // Three were answered; another one came meanwhile.
        push(&proposals, 3..4);
        let (batch, ()) = tokio::join!(proposals.next(), async {
            for n in 4..7 {
                tokio::task::yield_now().await;
                proposals.push(command(n), true);
            }
        });
        assert_eq!(numbers(batch), [3, 4, 5, 6]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_in_vain_waits_less_often() {
        let proposals = Proposals::default();
        let mut waits = Vec::new();
        push(&proposals, 0..2);
        for i in 0..40 {
            let before = tokio::time::Instant::now();
            proposals.next().await;
            if before.elapsed() > Duration::ZERO {
                waits.push(i);
            }
            // Two come at once, and of the two only ever those: never as many as were answered and came meanwhile.
            push(&proposals, 0..2);
        }
        assert_eq!(waits, [1, 3, 6, 11, 20, 37]);
    }

    #[tokio::test(start_paused = true)]
    async fn one_alone_never_waits() {
        let proposals = Proposals::default();
        for n in 0..10 {
            let before = tokio::time::Instant::now();
            let (batch, ()) = tokio::join!(proposals.next(), async { proposals.push(command(n), true) });
            assert_eq!(numbers(batch), [n]);
            assert_eq!(before.elapsed(), Duration::ZERO);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn this_members_own_never_wait() {
        let proposals = Proposals::default();
        for n in 0..10 {
            let before = tokio::time::Instant::now();
            proposals.push(command(n), false);
            proposals.push(command(n), false);
            assert_eq!(numbers(proposals.next().await), [n, n]);
            assert_eq!(before.elapsed(), Duration::ZERO);
        }
    }
}
