//! Members of clusters on real sockets, disks and clocks: one program, since every one that drives openraft takes a
//! minute to compile.

mod cluster;
mod common;
mod compact;
mod failover;
mod failpoints;
mod failure;
mod forward;
mod lost;
mod majority;
mod storage;
mod strangers;
mod timer;
mod undecodable;
