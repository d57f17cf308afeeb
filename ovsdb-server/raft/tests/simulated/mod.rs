//! A world for members under simulation: disks that forget, a network that delays and parts, processes with clocks of
//! their own that die at once. Everything in one thread, chance from a seed.

pub mod chance;
pub mod disk;
pub mod faults;
pub mod network;
pub mod panics;
pub mod process;
