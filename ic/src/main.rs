//! The program `ovn-ic` (ovn-ic(8)): what is particular to it as a process.

use std::time::Duration;

use ic_core::{Ic, Side, ic};
use ovn_service::{Database, Service, Stopwatches, probe_interval};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[derive(Default)]
struct OvnIc;

impl Service for OvnIc {
    type Program = ic::Translation;
    const NAME: &'static str = "ovn-ic";
    const VERSION: &'static str = "ovn-ic 25.03.0\nOpen vSwitch Library 3.5.0";
    const ABOUT: &'static str = "OVN interconnection management daemon";
    const LOCK: &'static str = "ovn_ic";
    const DATABASES: &'static [Database] = &[
        Database::NORTHBOUND,
        Database::SOUTHBOUND,
        Database {
            side: Side::IcNb,
            option: "ic-nb-db=",
            letter: 'I',
            variable: "OVN_IC_NB_DB",
            socket: "ovn_ic_nb_db.sock",
            short: "ic-nb",
            words: "ovn-ic-nb",
        },
        Database {
            side: Side::IcSb,
            option: "ic-sb-db=",
            letter: 'i',
            variable: "OVN_IC_SB_DB",
            socket: "ovn_ic_sb_db.sock",
            short: "ic-sb",
            words: "ovn-ic-sb",
        },
    ];

    const STOPWATCHES: Stopwatches = Stopwatches {
        turn: "ovn-ic-loop",
        take: "ovn-ic-take",
        make: "ovn-ic-make",
        compare: "ovn-ic-compare",
        others: &[],
    };

    fn inform(text: &str) {
        tracing::info!(target: "ovn_ic", "{text}");
    }

    fn warn(text: &str) {
        tracing::warn!(target: "ovn_ic", "{text}");
    }

    fn whose(ic: &Ic) -> String {
        format!("zone {}: ", ic_core::zone_name(ic).unwrap_or("?"))
    }

    fn probe_interval(ic: &Ic, side: Side) -> Option<Duration> {
        probe_interval(ic_core::probe_interval(ic, side))
    }

    fn lost(machine: &Ic, side: Side) {
        let (whose, db) = (Self::whose(machine), side.db().name());
        Self::warn(&format!("{whose}{db} cannot be reached: what it said last holds"));
    }

    fn is_idle(machine: &Ic, side: Side) -> bool {
        ic_core::is_idle(machine, side)
    }
}

fn main() {
    std::process::exit(ovn_service::main::<OvnIc>());
}
