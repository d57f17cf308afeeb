//! Whether a history of reads and writes of one register can be put in an order that explains it: every operation
//! takes effect at one moment between its call and its return. Pure.
//!
//! The search is Wing and Gong's with Lowe's memory of what was tried: operations are taken off a list of calls and
//! returns; where none fits before a return, the last one taken is put back.

use std::collections::HashSet;

/// What an operation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It saw this value.
    Read(i64),
    /// It wrote this value.
    Write(i64),
    /// It found the first value and replaced it by the second.
    Swap(i64, i64),
}

/// An operation. Times are of one clock.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// When it was called.
    pub called: u64,
    /// When it returned; none when nobody knows whether it took effect, or when.
    pub returned: Option<u64>,
    /// What it did.
    pub what: What,
}

/// Whether the history of a register that begins with `initial` is linearizable.
pub fn is_linearizable(initial: i64, history: &[Operation]) -> bool {
    let history = relevant(history);
    let mut list = List::new(&history);
    let mut tried: HashSet<(Vec<u64>, i64)> = HashSet::new();
    let mut done = vec![0_u64; history.len().div_ceil(64)];
    let mut taken: Vec<(usize, i64)> = Vec::new();
    let mut value = initial;
    let mut at = list.first();
    while let Some(entry) = at {
        let (operation, is_call) = (entry / 2, entry % 2 == 0);
        if is_call {
            let open = history[operation].returned.is_none();
            if let Some(next) = apply(value, history[operation].what, open) {
                done[operation / 64] |= 1 << (operation % 64);
                if tried.insert((done.clone(), next)) {
                    taken.push((operation, value));
                    value = next;
                    list.take(operation);
                    at = list.first();
                    continue;
                }
                done[operation / 64] &= !(1 << (operation % 64));
            }
            at = list.after(entry);
        } else {
            let Some((last, before)) = taken.pop() else {
                return false;
            };
            value = before;
            done[last / 64] &= !(1 << (last % 64));
            list.put_back(last);
            at = list.after(last * 2);
        }
    }
    true
}

/// The value after an operation; none when it cannot have found this one. One that nobody knows the end of may have
/// done nothing.
fn apply(value: i64, what: What, open: bool) -> Option<i64> {
    match what {
        What::Read(seen) => (seen == value).then_some(value),
        What::Write(new) => Some(new),
        What::Swap(old, new) if old == value => Some(new),
        What::Swap(..) => open.then_some(value),
    }
}

/// Without the operations that nobody knows the end of and whose value nobody saw: they explain nothing, and each
/// doubles the search.
fn relevant(history: &[Operation]) -> Vec<Operation> {
    let was_seen = |new: i64| {
        history.iter().any(|operation| match operation.what {
            What::Read(seen) | What::Swap(seen, _) => seen == new,
            What::Write(_) => false,
        })
    };
    let matters = |operation: &&Operation| match (operation.returned, operation.what) {
        (None, What::Read(_)) => false,
        (None, What::Write(new) | What::Swap(_, new)) => was_seen(new),
        (Some(_), _) => true,
    };
    history.iter().filter(matters).copied().collect()
}

/// Calls (even numbers, twice the operation's) and returns (odd ones) in the order of time, linked both ways.
struct List {
    next: Vec<usize>,
    previous: Vec<usize>,
    /// The number that is before the first and after the last.
    end: usize,
}

impl List {
    fn new(history: &[Operation]) -> List {
        let end = history.len() * 2;
        let mut order: Vec<usize> = (0..end).collect();
        order.sort_by_key(|entry| {
            let operation = &history[entry / 2];
            match entry % 2 {
                0 => (operation.called, 0),
                _ => (operation.returned.unwrap_or(u64::MAX), 1),
            }
        });
        let mut list = List {
            next: vec![end; end + 1],
            previous: vec![end; end + 1],
            end,
        };
        let mut last = end;
        for entry in order {
            list.next[last] = entry;
            list.previous[entry] = last;
            last = entry;
        }
        list.next[last] = end;
        list.previous[end] = last;
        list
    }

    fn first(&self) -> Option<usize> {
        self.after(self.end)
    }

    fn after(&self, entry: usize) -> Option<usize> {
        Some(self.next[entry]).filter(|next| *next != self.end)
    }

    fn take(&mut self, operation: usize) {
        for entry in [operation * 2, operation * 2 + 1] {
            let (previous, next) = (self.previous[entry], self.next[entry]);
            self.next[previous] = next;
            self.previous[next] = previous;
        }
    }

    /// Undoes the last `take` that is not undone.
    fn put_back(&mut self, operation: usize) {
        for entry in [operation * 2 + 1, operation * 2] {
            let (previous, next) = (self.previous[entry], self.next[entry]);
            self.next[previous] = entry;
            self.previous[next] = entry;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::What::{Read, Swap, Write};
    use super::*;

    /// Operations as (called, returned, what); returned 0 is never.
    fn check(operations: &[(u64, u64, What)], expected: bool) {
        let history: Vec<Operation> = operations
            .iter()
            .map(|(called, returned, what)| Operation {
                called: *called,
                returned: Some(*returned).filter(|at| *at > 0),
                what: *what,
            })
            .collect();
        assert_eq!(is_linearizable(0, &history), expected, "{operations:?}");
    }

    #[test]
    fn histories() {
        check(&[], true);
        check(&[(1, 2, Read(0)), (3, 4, Write(1)), (5, 6, Read(1))], true);
        // A stale read; the same while the write is under way.
        check(&[(1, 2, Write(1)), (3, 4, Read(0))], false);
        check(&[(1, 4, Write(1)), (2, 3, Read(0))], true);
        // Seen, and then not seen any more.
        check(&[(1, 9, Write(1)), (2, 3, Read(1)), (4, 5, Read(0))], false);
        // Two writes at once, in the order that the readers agree on.
        check(
            &[
                (1, 9, Write(1)),
                (1, 9, Write(2)),
                (2, 3, Read(2)),
                (4, 5, Read(1)),
            ],
            true,
        );
        check(
            &[
                (1, 9, Write(1)),
                (1, 9, Write(2)),
                (2, 3, Read(2)),
                (4, 5, Read(1)),
                (6, 7, Read(2)),
            ],
            false,
        );
        // What nobody knows the end of may take effect late, once, or never.
        check(&[(1, 0, Write(1)), (2, 3, Read(0)), (8, 9, Read(1))], true);
        check(
            &[
                (1, 0, Write(1)),
                (2, 3, Read(1)),
                (4, 5, Write(2)),
                (6, 7, Read(1)),
            ],
            false,
        );
        check(&[(1, 0, Write(1)), (2, 3, Read(0))], true);
        // Two cannot swap the same value.
        check(&[(1, 2, Swap(0, 1)), (3, 4, Swap(1, 2)), (5, 6, Read(2))], true);
        check(&[(1, 9, Swap(0, 1)), (1, 9, Swap(0, 2))], false);
        check(&[(1, 0, Swap(0, 1)), (2, 3, Swap(0, 2)), (4, 5, Read(2))], true);
    }
}
