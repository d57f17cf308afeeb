//! Named locks (RFC 7047 §4.1.8–4.1.10): one table per server process.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ovsdb_data::OvsdbError;

/// The owner of a lock, as the caller numbers its sessions.
pub type Owner = u64;

/// What a request or a departure does to other sessions, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// `locked`: this waiter owns the lock now.
    Locked(Owner, String),
    /// `stolen`: this owner lost it.
    Stolen(Owner, String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Waiter {
    owner: Owner,
    /// It asked with `steal`, and so does not wait when the lock is stolen from it.
    steals: bool,
}

/// The locks of one owner, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnersLocks {
    /// Held.
    pub held: Vec<String>,
    /// Asked for.
    pub waiting: Vec<String>,
    /// Stolen from it, after it had stolen them.
    pub lost: Vec<String>,
}

/// Who holds and who waits for each lock. The first of a queue holds it.
#[derive(Debug, Default)]
pub struct Locks {
    queues: BTreeMap<String, VecDeque<Waiter>>,
    /// Locks that were stolen from those who had stolen them: they do not wait, yet must unlock before they ask again.
    lost: BTreeMap<Owner, BTreeSet<String>>,
}

impl Locks {
    /// `lock` and `steal`: whether the lock is held now, and who must be told what. A second request for one name
    /// is refused until `unlock`.
    pub fn lock(&mut self, owner: Owner, name: &str, steal: bool) -> Result<(bool, Vec<Notice>), OvsdbError> {
        let has_lost = self.has_lost(owner, name);
        let queue = self.queues.entry(name.to_owned()).or_default();
        if has_lost || queue.iter().any(|w| w.owner == owner) {
            let method = if steal { "steal" } else { "lock" };
            return Err(OvsdbError::new(
                "syntax error",
                format!("must issue \"unlock\" before new \"{method}\""),
            ));
        }
        let waiter = Waiter { owner, steals: steal };
        if !steal {
            queue.push_back(waiter);
            return Ok((queue.len() == 1, Vec::new()));
        }
        let victim = queue.front().copied();
        if victim.is_some_and(|v| v.steals) {
            queue.pop_front();
        }
        queue.push_front(waiter);
        let Some(victim) = victim else {
            return Ok((true, Vec::new()));
        };
        if victim.steals {
            self.lost.entry(victim.owner).or_default().insert(name.to_owned());
        }
        Ok((true, vec![Notice::Stolen(victim.owner, name.to_owned())]))
    }

    /// `unlock`: gives up a lock or the wait for it.
    pub fn unlock(&mut self, owner: Owner, name: &str) -> Result<Vec<Notice>, OvsdbError> {
        let has_lost = self.has_lost(owner, name);
        let queue = self.queues.get(name);
        if has_lost || queue.is_some_and(|q| q.iter().any(|w| w.owner == owner)) {
            if let Some(lost) = self.lost.get_mut(&owner) {
                lost.remove(name);
            }
            return Ok(self.leave(owner, name));
        }
        Err(OvsdbError::new(
            "syntax error",
            "unlock: \"unlock\" without \"lock\" or \"steal\"",
        ))
    }

    /// Whether an owner holds a lock.
    pub fn holds(&self, owner: Owner, name: &str) -> bool {
        self.queues
            .get(name)
            .and_then(VecDeque::front)
            .is_some_and(|w| w.owner == owner)
    }

    /// An owner is gone.
    pub fn drop_owner(&mut self, owner: Owner) -> Vec<Notice> {
        self.lost.remove(&owner);
        let names: Vec<String> = self
            .queues
            .iter()
            .filter(|(_, queue)| queue.iter().any(|w| w.owner == owner))
            .map(|(name, _)| name.clone())
            .collect();
        names.iter().flat_map(|name| self.leave(owner, name)).collect()
    }

    fn has_lost(&self, owner: Owner, name: &str) -> bool {
        self.lost.get(&owner).is_some_and(|lost| lost.contains(name))
    }

    /// The locks that an owner holds, waits for, and has lost (status columns).
    pub fn of(&self, owner: Owner) -> OwnersLocks {
        let mut of = OwnersLocks::default();
        for (name, queue) in &self.queues {
            match queue.iter().position(|w| w.owner == owner) {
                Some(0) => of.held.push(name.clone()),
                Some(_) => of.waiting.push(name.clone()),
                None => {}
            }
        }
        of.lost = self.lost.get(&owner).into_iter().flatten().cloned().collect();
        of
    }

    fn leave(&mut self, owner: Owner, name: &str) -> Vec<Notice> {
        let Some(queue) = self.queues.get_mut(name) else {
            return Vec::new();
        };
        let held = queue.front().is_some_and(|w| w.owner == owner);
        queue.retain(|w| w.owner != owner);
        match queue.front() {
            None => {
                self.queues.remove(name);
                Vec::new()
            }
            Some(next) if held => vec![Notice::Locked(next.owner, name.to_owned())],
            Some(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs `OWNER verb NAME` steps and renders each answer with its notices.
    fn check(steps: &str, expected: &str) {
        let mut locks = Locks::default();
        let mut out = Vec::new();
        for step in steps.split(';').map(str::trim) {
            let words: Vec<&str> = step.split(' ').collect();
            let owner: Owner = words[0].parse().unwrap();
            let (answer, notices) = match words[1] {
                "lock" | "steal" => match locks.lock(owner, words[2], words[1] == "steal") {
                    Ok((true, notices)) => ("held".to_owned(), notices),
                    Ok((false, notices)) => ("waits".to_owned(), notices),
                    Err(error) => (error.details.unwrap(), Vec::new()),
                },
                "unlock" => match locks.unlock(owner, words[2]) {
                    Ok(notices) => ("ok".to_owned(), notices),
                    Err(error) => (error.details.unwrap(), Vec::new()),
                },
                _ => ("gone".to_owned(), locks.drop_owner(owner)),
            };
            let notices: Vec<String> = notices
                .iter()
                .map(|n| match n {
                    Notice::Locked(o, l) => format!(" {o}+{l}"),
                    Notice::Stolen(o, l) => format!(" {o}-{l}"),
                })
                .collect();
            out.push(format!("{answer}{}", notices.concat()));
        }
        assert_eq!(out.join("; "), expected, "{steps}");
    }

    #[test]
    fn locks_queue_and_are_stolen() {
        check(
            "1 lock a; 2 lock a; 1 unlock a; 2 unlock a",
            "held; waits; ok 2+a; ok",
        );
        check(
            "1 lock a; 1 lock a",
            "held; must issue \"unlock\" before new \"lock\"",
        );
        check("1 unlock a", "unlock: \"unlock\" without \"lock\" or \"steal\"");
        check("1 lock a; 2 steal a; 2 unlock a", "held; held 1-a; ok 1+a");
        check(
            "1 steal a; 2 steal a; 2 unlock a; 1 unlock a",
            "held; held 1-a; ok; ok",
        );
        check(
            "1 steal a; 2 steal a; 1 lock a; 1 unlock a; 1 lock a",
            "held; held 1-a; must issue \"unlock\" before new \"lock\"; ok; waits",
        );
        check("1 lock a; 2 lock a; 1 gone", "held; waits; gone 2+a");
    }
}
