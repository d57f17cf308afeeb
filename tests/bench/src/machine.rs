//! Which machine and which programs the figures are of.

use crate::server::{Kind, Programs};
use std::fs::read_to_string;

/// Lines for the head of the table.
pub fn describe(programs: &Programs, quick: bool) -> Vec<String> {
    let cpuinfo = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let meminfo = read_to_string("/proc/meminfo").unwrap_or_default();
    let total_kib = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next());
    let total_gib = total_kib
        .and_then(|kib| kib.parse::<f64>().ok())
        .map_or(0.0, |kib| kib / 1024.0 / 1024.0);
    let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("unknown");
    let mut lines = vec![
        format!(
            "Machine: {model}, {cores} cores, {total_gib:.0} GiB, Linux {}; load at the end {load}",
            kernel.trim()
        ),
        format!("C: {}", programs.version(Kind::C)),
        format!("Ours: {}", programs.version(Kind::Ours)),
        "Clients and server share the machine; unix sockets; MB are 10⁶ bytes.".to_owned(),
    ];
    if quick {
        lines.push("A quick run: a tenth of the data, one repetition.".to_owned());
    }
    lines
}
