//! The real OVN 25.03 and Open vSwitch 3.5 programs: a Debian 13 tree, entered by chroot.
//!
//! A test's files live in a folder inside the tree, so that a unix socket has a path on either side:
//! [`Scratch::host`] outside, [`Scratch::inner`] inside.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

/// The tree's root. Panics with what to do where there is none.
pub fn root() -> PathBuf {
    let cache = std::env::var("FERROVN_CACHE").unwrap_or_else(|_| "/var/cache/ferrovn".into());
    let root =
        std::env::var_os("FERROVN_PEERS").map_or_else(|| Path::new(&cache).join("peers"), PathBuf::from);
    let program = root.join("usr/bin/ovn-nbctl");
    // Mounts go with a reboot.
    for needed in [&program, &root.join("proc/self"), &root.join("dev/urandom")] {
        assert!(
            needed.exists(),
            "{} is missing: run `make peers`",
            needed.display()
        );
    }
    root
}

/// A folder of one test, removed with its handle.
pub struct Scratch {
    name: String,
}

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Scratch {
    /// An empty folder.
    pub fn new(test: &str) -> Scratch {
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let scratch = Scratch {
            name: format!("ferrovn-{test}-{}-{n}", std::process::id()),
        };
        std::fs::create_dir_all(scratch.host("")).expect("the tree is writable");
        scratch
    }

    /// A file's path for our programs.
    pub fn host(&self, file: &str) -> PathBuf {
        root().join("tmp").join(&self.name).join(file)
    }

    /// A file's path for the peers.
    pub fn inner(&self, file: &str) -> PathBuf {
        Path::new("/tmp").join(&self.name).join(file)
    }

    /// A peer program in this folder, its run directory.
    pub fn peer(&self, program: &str) -> Command {
        let mut command = Command::new("chroot");
        command
            .arg(root())
            .args(["/usr/bin/env", "--chdir"])
            .arg(self.inner(""))
            .arg(program);
        for variable in [
            "OVS_RUNDIR",
            "OVN_RUNDIR",
            "OVS_LOGDIR",
            "OVN_LOGDIR",
            "OVS_DBDIR",
            "OVN_DBDIR",
        ] {
            command.env(variable, self.inner(""));
        }
        command
    }

    /// Runs a peer program to its end; its output, which must be a success.
    pub fn run(&self, program: &str, args: &[&str]) -> String {
        let output = self.output(program, args);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "{program} {args:?}: {}\n{}{}",
            output.status,
            text(&output.stdout),
            text(&output.stderr)
        );
        text(&output.stdout)
    }

    /// Runs a peer program to its end.
    pub fn output(&self, program: &str, args: &[&str]) -> Output {
        self.peer(program).args(args).output().expect("chroot runs")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A leftover folder harms nobody.
        let _ = std::fs::remove_dir_all(self.host(""));
    }
}
