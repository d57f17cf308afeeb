//! A member of a clustered database: consensus by openraft, its log, vote and snapshots in RocksDB, and the protocol
//! that members speak with one another.
//!
//! In: commands to agree on, peers' connections. Out: committed commands, in order, each once ([`Machine`]). Never
//! here: what a command does to a database, clients, sessions.
//!
//! ```text
//!   propose ──► Member ──► openraft ──► store (RocksDB: log, meta, state)
//!                             │  ▲
//!                   committed │  │ append, vote, snapshot pieces
//!                             ▼  │
//!                          Machine   peer ◄──── tcp, TLS ────► peers
//! ```
//!
//! Reading order: [`types`], [`machine`], [`member`], then what its tasks do: `propose`, `forward`, `standing`,
//! `membership`, `unfinished`, `timer`, `suspect`, `listener`; below them [`peer`], [`state_machine`], [`store`]. What is outside a
//! member: [`world`], [`store::disk`].
//!
//! Nothing here takes time, chance, files or sockets from elsewhere than tokio's clock, `random` and [`World`], and no
//! choice is left to chance (`biased`): so that a simulation's seed decides everything.

pub mod codec;
mod compact;
mod elections;
mod error;
pub mod failpoints;
mod forward;
mod listener;
pub mod machine;
pub mod member;
mod membership;
pub mod peer;
mod propose;
#[doc(hidden)]
pub mod random;
mod runtime;
mod settings;
mod shared;
mod standing;
pub mod state_machine;
pub mod status;
pub mod store;
mod suspect;
pub mod threads;
mod timer;
pub mod types;
mod unfinished;
mod verify;
pub mod world;

pub use failpoints::UnknownScenario;
pub use machine::{Applied, Forwarded, Handled, Machine, Pieces, Standing, StateHash};
pub use member::{Member, MemberError, Settings};
pub use status::{Role, Status};
pub use threads::Threads;
pub use types::{ClusterId, Command, LogId, Peer, Request, ServerId, TooLarge, Transaction, TypeConfig};
pub use world::World;
