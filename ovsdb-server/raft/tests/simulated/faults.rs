//! The kinds of what goes wrong with networks and disks, each with its name.

use std::collections::BTreeSet;

use super::chance::Chance;
use super::disk::Fault;
use super::network::{Host, Partition};

/// What many seeds of members under faults must have seen, whatever is built on them.
pub const EXPECTED: &[&str] = &[
    "one is cut off",
    "one is shut off",
    "one way: nothing heard",
    "one way: nothing said",
    "one way: one link",
    "halves",
    "disk full",
    "write error",
    "sync error",
    "crash",
    "power cut",
    "unsynced writes lost",
    "unsynced writes kept",
    "a disk fault met",
    "slow disk",
    "delay",
    "connections cut",
    "pause",
    "transfer",
    "snapshot asked for",
    "election timer",
    "join",
    "kick",
    "leave",
    "removed",
    "verified",
    "terms",
    "void entries",
];

/// What a partition of some kind, around one of so many hosts, keeps apart.
pub fn partition(chance: &Chance, host: Host, n_hosts: usize) -> (&'static str, Partition) {
    let all = 0..n_hosts;
    let others = all.clone().filter(|other| *other != host);
    let to: BTreeSet<_> = others.clone().map(|other| (host, other)).collect();
    let from: BTreeSet<_> = others.clone().map(|other| (other, host)).collect();
    let waits = |links| Partition {
        links,
        refuses: false,
    };
    match chance.within(0..6) {
        0 => ("one is cut off", waits(&to | &from)),
        // Who is well looks dead to the others.
        1 => {
            let (links, refuses) = (&to | &from, true);
            ("one is shut off", Partition { links, refuses })
        }
        2 => ("one way: nothing heard", waits(from)),
        3 => ("one way: nothing said", waits(to)),
        4 => {
            let link = chance.index(to.len()).and_then(|i| to.iter().nth(i));
            ("one way: one link", waits(link.copied().into_iter().collect()))
        }
        _ => {
            let side: Vec<bool> = all.clone().map(|_| chance.in_hundred(50)).collect();
            let pairs = all.clone().flat_map(|a| all.clone().map(move |b| (a, b)));
            let apart = pairs.filter(|(a, b)| side[*a] != side[*b]);
            ("halves", waits(apart.collect()))
        }
    }
}

/// What is wrong with a disk.
pub fn disk(chance: &Chance) -> (&'static str, Fault) {
    match chance.within(0..3) {
        0 => ("disk full", Fault::Full),
        1 => ("write error", Fault::Broken),
        _ => ("sync error", Fault::Unsyncable),
    }
}
