//! The translators under test, `ovn-northd` and `ovn-ic`: ours, or the packaged C ones.

use crate::peers::Scratch;
use crate::process::Process;
use crate::server::Kind;

/// Starts one in a folder: it listens for commands at `NAME.ctl` and logs to `NAME.log`.
pub fn start(kind: Kind, scratch: &Scratch, program: &str, name: &str, options: &[String]) -> Process {
    let mut command = kind.command(scratch, program);
    let control = kind.path(scratch, &format!("{name}.ctl"));
    command.args(options).arg(format!("--unixctl={control}"));
    Process::logged(command, &scratch.host(&format!("{name}.log")))
}

/// Starts an `ovn-northd` on the databases at `nb.sock` and `sb.sock`.
pub fn northd(kind: Kind, scratch: &Scratch, name: &str) -> Process {
    let options = ["nb", "sb"].map(|db| {
        let socket = kind.path(scratch, &format!("{db}.sock"));
        format!("--ovn{db}-db=unix:{socket}")
    });
    start(kind, scratch, "ovn-northd", name, &options)
}
