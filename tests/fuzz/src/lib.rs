//! Bounded fuzzing of everything that reads bytes from outside, on stable Rust, as ordinary tests.
//!
//! In: the corpus (`corpus/TARGET/*`), a seed, a number of iterations. Out: nothing, or the input that broke a law.
//! Never here: a clock in a verdict; the same seed and corpus try the same inputs.
//!
//! A target is a function over bytes that panics when a law is broken: refusing the bytes is fine, panicking inside is
//! not. Reading order: [`targets`], [`mutate`], [`harness`]. `FUZZ_ITERATIONS` and `FUZZ_SEED` widen a run; an input
//! that broke something is added to the corpus with its fix.

pub mod harness;
pub mod mutate;
pub mod targets;
