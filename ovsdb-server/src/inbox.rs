//! Where events for a server go.

use crate::actor::{Actor, WeakActor};
use crate::server::{Event, Server};

/// A way to a server, for what reports to it: to the actor that runs it, or to a simulation.
pub trait Inbox: Send + Sync {
    /// Posts an event. Without a server it is dropped: whoever waits for what comes of it sees that.
    fn post(&self, event: Event);
}

impl Inbox for WeakActor<Server> {
    fn post(&self, event: Event) {
        if let Some(actor) = self.upgrade() {
            actor.post(event);
        }
    }
}

impl Inbox for Actor<Server> {
    fn post(&self, event: Event) {
        Actor::post(self, event);
    }
}
