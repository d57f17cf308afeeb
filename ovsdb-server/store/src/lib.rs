//! Reads and writes the database files of the C server.
//!
//! In: files, snapshots, row changes. Out: files, rows. Never here: sockets, sessions.
