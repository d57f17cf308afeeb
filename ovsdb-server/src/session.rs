//! One client's connection as the server knows it.
//!
//! In: requests, held while a monitor's first contents are being made, because a client may rely on replies coming
//! after what they depend on, and while replies wait to be read, because few bytes may ask for many. Never here:
//! databases, sockets.

use std::collections::VecDeque;
use std::sync::Arc;

use ovsdb_engine::rbac::Identity;
use ovsdb_transport::link::FULL_BYTES;
use ovsdb_wire::message::Message;

use crate::link::Outlet;

/// What a remote allows its clients, and who they are.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// The remote as configured, for status.
    pub remote: String,
    /// No writes.
    pub read_only: bool,
    /// The remote's role and the certificate's name; none without a role.
    pub identity: Option<Identity>,
}

/// A session.
pub struct Session {
    /// The way out.
    pub link: Arc<dyn Outlet>,
    /// What it may do.
    pub profile: Profile,
    /// Whether it asked for `set_db_change_aware`.
    pub change_aware: bool,
    /// Monitors whose contents are being made.
    loading: usize,
    held: VecDeque<(Message, usize)>,
}

impl Session {
    /// A session that has asked for nothing yet.
    pub fn new(link: Arc<dyn Outlet>, profile: Profile) -> Session {
        Session {
            link,
            profile,
            change_aware: false,
            loading: 0,
            held: VecDeque::new(),
        }
    }

    /// True while requests wait: for a monitor's contents, for room on the link, or for those before them.
    pub fn is_held(&self) -> bool {
        self.must_wait() || !self.held.is_empty()
    }

    fn must_wait(&self) -> bool {
        self.loading > 0 || self.link.queued_bytes() > FULL_BYTES
    }

    /// Keeps a request for later. The connection bounds how much: it stops reading until room is given back.
    pub fn hold(&mut self, message: Message, n_bytes: usize) {
        self.held.push_back((message, n_bytes));
    }

    /// A monitor's contents are being made: requests wait.
    pub fn begin_load(&mut self) {
        self.loading += 1;
    }

    /// A monitor's contents were made.
    pub fn end_load(&mut self) {
        self.loading = self.loading.saturating_sub(1);
    }

    /// The next request that need not wait any more.
    pub fn next_held(&mut self) -> Option<(Message, usize)> {
        if self.must_wait() {
            None
        } else {
            self.held.pop_front()
        }
    }
}
