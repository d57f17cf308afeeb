//! OVSDB connections on tokio.
//!
//! In: remotes (`ptcp:6641`, `ssl:10.0.0.1:6641`, …), byte streams. Out: typed messages, bytes on the wire.
//! Never here: databases, sessions, what a message means (but `echo`, which is answered at once).
