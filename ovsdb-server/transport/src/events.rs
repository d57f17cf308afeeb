//! The events that a program has not taken yet.
//!
//! In: a session's events. Out: the same, in order; or, where the program takes them too slowly or never, events that
//! tell it how things are when it comes back. Memory is bounded either way.

use std::collections::VecDeque;

use ovsdb_idl::session::{Event, Session};

/// Events kept: more of them than follow a restart of every server there is.
const MAX_EVENTS: usize = 1 << 12;
/// Rows in events kept. At some 500 bytes for the two faces of a row this is 32 MB.
const MAX_ROWS: usize = 1 << 16;

/// A queue of events.
#[derive(Debug, Default)]
pub(crate) struct Events {
    queue: VecDeque<Event>,
    n_rows: usize,
    /// There were too many: everything up to now is told by how things are.
    overflowed: bool,
}

impl Events {
    /// Adds an event.
    pub(crate) fn push(&mut self, event: Event) {
        if self.overflowed {
            return;
        }
        self.n_rows += n_rows(&event);
        self.queue.push_back(event);
        if self.queue.len() > MAX_EVENTS || self.n_rows > MAX_ROWS {
            *self = Events {
                overflowed: true,
                ..Events::default()
            };
        }
    }

    /// The next event of a session.
    pub(crate) fn pop(&mut self, session: &Session) -> Option<Event> {
        if std::mem::take(&mut self.overflowed) {
            // Not counted: they are about to be taken, and there is nothing less to fall back on.
            self.queue.extend(session.now());
        }
        let event = self.queue.pop_front()?;
        self.n_rows = self.n_rows.saturating_sub(n_rows(&event));
        Some(event)
    }
}

fn n_rows(event: &Event) -> usize {
    match event {
        Event::Reset { rows, .. } => rows.len(),
        Event::Changed { changes, .. } => changes.len(),
        _ => 0,
    }
}
