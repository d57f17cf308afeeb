//! The lock that a session wants, if any (RFC 7047 §4.1.8–§4.1.10).
//!
//! In: what the program wants, what the server answers. Out: requests, events of the lock's coming and going. A lock
//! belongs to a connection: it outlives everything but that, a new monitor after a conversion too, and is asked for
//! once on each connection whose server will do.

use serde_json::Value;

use super::{Event, Session};

/// A lock that is wanted.
#[derive(Debug)]
pub(super) struct Lock {
    name: String,
    /// The next request takes it from whoever has it.
    steal: bool,
    standing: Standing,
}

/// What this connection's server says of the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Nothing: it was not asked.
    Unasked,
    /// The answer to this request is awaited.
    Asked(u64),
    /// Somebody else has it.
    Waiting,
    /// It is ours, perhaps by stealing it: such a lock is not waited for when it is stolen in turn.
    Held { stolen: bool },
}

impl Session {
    /// Asks for a lock, on this and every later connection, in place of the one held.
    pub fn lock(&mut self, name: &str) {
        if self.lock.as_ref().is_none_or(|lock| lock.name != name) {
            self.want_lock(name, false);
        }
    }

    /// Takes a lock from whoever has it; later connections ask for it.
    pub fn steal(&mut self, name: &str) {
        if self.has_lock() && self.lock.as_ref().is_some_and(|lock| lock.name == name) {
            return;
        }
        self.want_lock(name, true);
    }

    /// Gives the lock up.
    pub fn unlock(&mut self) {
        if let Some(lock) = self.lock.take()
            && lock.standing != Standing::Unasked
        {
            self.request("unlock", vec![lock.name.into()]);
        }
    }

    /// Whether the lock asked for is ours.
    pub fn has_lock(&self) -> bool {
        let standing = self.lock.as_ref().map(|lock| lock.standing);
        matches!(standing, Some(Standing::Held { .. }))
    }

    /// Whether the lock asked for is somebody else's.
    pub fn is_lock_contended(&self) -> bool {
        let standing = self.lock.as_ref().map(|lock| lock.standing);
        standing == Some(Standing::Waiting)
    }

    fn want_lock(&mut self, name: &str, steal: bool) {
        self.unlock();
        self.lock = Some(Lock {
            name: name.to_owned(),
            steal,
            standing: Standing::Unasked,
        });
        if self.is_connected() {
            self.ask_lock();
        }
    }

    /// Asks for the lock, unless that was done on this connection.
    pub(super) fn ask_lock(&mut self) {
        let Some(mut lock) = self.lock.take() else {
            return;
        };
        if lock.standing == Standing::Unasked {
            let method = if lock.steal { "steal" } else { "lock" };
            let id = self.request(method, vec![Value::from(&*lock.name)]);
            lock.standing = Standing::Asked(id);
        }
        self.lock = Some(lock);
    }

    /// The connection is gone, and the lock with it.
    pub(super) fn lose_lock(&mut self) {
        if self.has_lock() {
            self.events.push_back(Event::LockLost);
        }
        if let Some(lock) = &mut self.lock {
            lock.standing = Standing::Unasked;
        }
    }

    /// Whether this is the answer to the lock's request; takes it then. A server that refuses (one that is read-only
    /// does) is waited for, like one whose lock somebody else has.
    pub(super) fn take_lock_reply(&mut self, id: u64, result: &Result<Value, Value>) -> bool {
        let Some(lock) = self
            .lock
            .as_mut()
            .filter(|lock| lock.standing == Standing::Asked(id))
        else {
            return false;
        };
        let is_ours = result
            .as_ref()
            .is_ok_and(|result| result.get("locked") == Some(&Value::Bool(true)));
        lock.standing = Standing::Waiting;
        if is_ours {
            lock.standing = Standing::Held { stolen: lock.steal };
            // Stealing is done once.
            lock.steal = false;
            self.events.push_back(Event::Locked);
        }
        true
    }

    /// `locked` and `stolen`. What was on its way when the lock was given up does not count.
    pub(super) fn take_lock_notice(&mut self, method: &str, params: &[Value]) {
        let name = params.first().and_then(Value::as_str);
        let Some(lock) = self.lock.as_mut().filter(|lock| name == Some(&*lock.name)) else {
            return;
        };
        match (method, lock.standing) {
            ("locked", Standing::Waiting) => {
                lock.standing = Standing::Held { stolen: false };
                lock.steal = false;
                self.events.push_back(Event::Locked);
            }
            ("stolen", Standing::Held { stolen }) => {
                lock.standing = Standing::Waiting;
                self.events.push_back(Event::Stolen);
                if stolen {
                    let name = lock.name.clone();
                    self.want_lock(&name, false);
                }
            }
            _ => {}
        }
    }
}
