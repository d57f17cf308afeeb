//! Logical flows: the stages they go through, what a derivation says of one, and the table of them all.

pub mod flows;
pub mod sets;
pub mod stage;
pub mod table;

pub use flows::{Datapaths, Flow, Flows};
pub use sets::{Set, SetName};
pub use stage::{Pipeline, Stage};
