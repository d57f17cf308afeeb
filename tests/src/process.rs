//! A running program: killed with its handle, and what it costs (proc(5)).

use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// A running program.
pub struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    /// Starts it.
    pub fn start(mut command: Command) -> Process {
        let child = command.spawn();
        Process(child.unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// Starts it, with what it says added to a file.
    pub fn logged(mut command: Command, log: &Path) -> Process {
        let file = std::fs::File::options().create(true).append(true).open(log);
        let file = file.unwrap_or_else(|error| panic!("{}: {error}", log.display()));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        Process::start(command)
    }

    /// What it says, if its output is piped and nobody has taken it.
    pub fn stdout(&mut self) -> ChildStdout {
        self.0.stdout.take().expect("its output is piped, and taken once")
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        !self.0.try_wait().is_ok_and(|status| status.is_none())
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Resident memory, in MB (10⁶ bytes).
    pub fn memory_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
        kib.expect("a process has memory") * 1024.0 / 1e6
    }

    /// Processor time so far of all its threads, in s.
    pub fn cpu_s(&self) -> f64 {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.id())).expect("it runs");
        let ns = threads.filter_map(|thread| {
            // A thread may end meanwhile. The kernel's sched-stats.rst: time on the processor comes first.
            let times = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            times.split_whitespace().next()?.parse::<f64>().ok()
        });
        ns.sum::<f64>() / 1e9
    }
}
