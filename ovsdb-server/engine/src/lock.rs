//! Named locks (RFC 7047 §4.1.8–4.1.10): one table per server process.

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
