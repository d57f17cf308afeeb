//! The program `ovn-northd` (ovn-northd(8)): what is particular to it as a process.

mod commands;
mod contents;
mod diff;
mod engine;
mod explain;
mod interest;
mod look;
mod plan;
mod sequence;

use std::ffi::OsString;
use std::time::Duration;

use northd_core::ageing::Ageing;
use northd_core::northd::Translation;
use northd_core::{Northd, Reconcile, Side};
use ovn_service::{Choice, Database, Desk, Service, Stopwatches, probe_interval};
use ovsdb_idl::session::Interest;
use serde_json::Value;

use crate::commands::option;
use crate::engine::Engine;
use crate::sequence::Asked;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// jemalloc(3) "TUNING". What one thread takes and another gives back, as messages that become rows, stays in a pool of
/// memory of its own for each thread: nearly all is done by one, and one pool serves all.
// SAFETY: jemalloc looks for a text of this name that ends with NUL, once, before `main`, and only reads it.
#[unsafe(export_name = "_rjem_malloc_conf")]
pub static ALLOCATION: &[u8; 30] = b"narenas:1,dirty_decay_ms:1000\0";

/// What the process knows beside the translation.
struct OvnNorthd {
    /// `--dry-run`: begins paused.
    is_dry: bool,
    /// `--n-threads`: taken, shown, and of no effect: a change costs too little to be divided.
    n_threads: i32,
    ageing: Ageing,
    asked: Asked,
    engine: Engine,
}

impl Default for OvnNorthd {
    fn default() -> Self {
        OvnNorthd {
            is_dry: false,
            n_threads: 1,
            ageing: Ageing::default(),
            asked: Asked::default(),
            engine: Engine::default(),
        }
    }
}

impl Service for OvnNorthd {
    type Program = Translation;
    const NAME: &'static str = "ovn-northd";
    const VERSION: &'static str = "ovn-northd 25.03.0\nOpen vSwitch Library 3.5.0\nDB Schema 7.11.0";
    const ABOUT: &'static str = "OVN northbound management daemon";
    const USAGE: &'static str = "       ovn-northd plan|diff|explain --help\n";
    const LOCK: &'static str = "ovn_northd";
    const DATABASES: &'static [Database] = &[Database::SOUTHBOUND, Database::NORTHBOUND];
    const OPTIONS: &'static [Choice] = &[
        Choice {
            name: "dry-run",
            words: "start in paused state (do not commit db changes)",
        },
        Choice {
            name: "n-threads=",
            words: "accepted for compatibility",
        },
    ];
    const STOPWATCHES: Stopwatches = Stopwatches {
        turn: "ovn-northd-loop",
        take: "ovnsb_db_run",
        make: "ovnnb_db_run",
        compare: "lflows_to_sb",
        others: &[
            "build_flows_ctx",
            "clear_lflows_ctx",
            "build_lflows",
            "lflows_datapaths",
            "lflows_ports",
            "lflows_lbs",
            "lflows_lr_stateful",
            "lflows_ls_stateful",
            "lflows_igmp",
            "lflows_dp_groups",
            "port_group_run",
            "sync_meters_run",
            "lr_nat_run",
            "lr_stateful",
            "ls_stateful",
            "advertised_route_sync",
            "learned_route_sync",
            "dynamic_routes",
            "group_ecmp_route",
        ],
    };

    fn inform(text: &str) {
        tracing::info!(target: "ovn_northd", "{text}");
    }

    fn warn(text: &str) {
        tracing::warn!(target: "ovn_northd", "{text}");
    }

    fn look(words: &[OsString]) -> Option<i32> {
        look::look(words)
    }

    fn set(&mut self, option: &str, value: String) -> Result<(), String> {
        match option {
            "dry-run" => self.is_dry = true,
            _ => self.n_threads = commands::threads(&value),
        }
        Ok(())
    }

    fn starts_paused(&self) -> bool {
        self.is_dry
    }

    fn register(desk: &Desk<Self>) {
        commands::register(desk);
    }

    fn interest(side: Side) -> Interest {
        interest::interest(side.db())
    }

    fn probe_interval(northd: &Northd, _side: Side) -> Option<Duration> {
        probe_interval(option(northd, "northd_probe_interval"))
    }

    fn backoff(northd: &Northd) -> Duration {
        let ms = option(northd, "northd-backoff-interval-ms").and_then(|ms| u64::try_from(ms).ok());
        Duration::from_millis(ms.unwrap_or_default())
    }

    fn ran(&mut self, northd: &Northd, is_recompute: bool) {
        self.engine.ran(northd.counts(), is_recompute);
    }

    fn more(&mut self, northd: &Northd, reconcile: &Reconcile, now_ms: i64) -> Vec<Value> {
        match reconcile.side() {
            Side::Nb => sequence::operation(northd.databases(), &mut self.asked, now_ms)
                .into_iter()
                .collect(),
            _ => self.ageing.operations(northd, reconcile, now_ms),
        }
    }

    fn next(&self, reconcile: &Reconcile, now_ms: i64) -> Option<i64> {
        match reconcile.side() {
            Side::Nb => None,
            _ => self.ageing.next(reconcile, now_ms),
        }
    }

    fn memory(northd: &Northd) -> String {
        format!("flows:{} ", northd.program().flows().len())
    }
}

fn main() {
    std::process::exit(ovn_service::main::<OvnNorthd>());
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_allocator_knows_what_it_is_told() {
        assert_eq!(tikv_jemalloc_ctl::opt::narenas::read(), Ok(1));
    }
}
