//! Which machine and which programs the figures are of.

use crate::server::{Kind, Programs};
use std::fs::read_to_string;
use std::path::PathBuf;

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
        format!("Ours: {}, of {}", programs.version(Kind::Ours), checkout()),
        "Clients and server share the machine; unix sockets; MB are 10⁶ bytes.".to_owned(),
        "Clusters are three servers on this machine's one disk, loopback TCP between them, default timers."
            .to_owned(),
    ];
    if quick {
        lines.push("A quick run: a tenth of the data, one repetition.".to_owned());
    }
    lines
}

/// The benchmark's folder in the checkout that it is run from: the built program may be another checkout's.
pub fn folder() -> PathBuf {
    let told = std::env::var_os("CARGO_MANIFEST_DIR");
    told.map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}

/// The commit that the benchmark was built from, and whether files differ from it.
fn checkout() -> String {
    let git = |args: &[&str]| {
        let output = std::process::Command::new("git")
            .arg("-C")
            .arg(folder())
            .args(args)
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) else {
        return "an unknown commit".to_owned();
    };
    match git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|changed| changed.is_empty()) {
        true => format!("commit {commit}"),
        false => format!("commit {commit} with changes"),
    }
}
