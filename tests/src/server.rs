//! A database server under test: ours, or the packaged C one.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::client::Client;
use crate::peers::Scratch;

/// Whose programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// This project's.
    Ours,
    /// The packaged C ones.
    C,
}

/// A program of ours, as built for these tests.
pub fn ours(program: &str) -> PathBuf {
    // Tests run from TARGET/debug/deps.
    let test = std::env::current_exe().expect("a running test has a path");
    let path = test
        .parent()
        .and_then(Path::parent)
        .expect("cargo's layout")
        .join(program);
    assert!(
        path.exists(),
        "{} is missing: run `cargo build --workspace`",
        path.display()
    );
    path
}

/// A running server of one database, killed with its handle.
pub struct Server {
    kind: Kind,
    name: String,
    options: Vec<String>,
    child: Child,
}

impl Server {
    /// Makes `NAME.db` from a schema's text and serves it on the unix socket `NAME.sock`.
    pub fn start(kind: Kind, scratch: &Scratch, name: &str, schema: &str, options: &[&str]) -> Server {
        std::fs::write(scratch.host(&format!("{name}.ovsschema")), schema).expect("the folder is writable");
        let db = scratch.host(&format!("{name}.db"));
        let schema = scratch.host(&format!("{name}.ovsschema"));
        let made = Command::new(ours("ovsdb-tool"))
            .arg("create")
            .arg(&db)
            .arg(schema)
            .output()
            .expect("it runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let options: Vec<String> = options.iter().map(|o| o.to_string()).collect();
        let child = spawn(kind, scratch, name, &options);
        let server = Server {
            kind,
            name: name.to_owned(),
            options,
            child,
        };
        server.wait(scratch);
        server
    }

    /// Kills with -9, and starts again on the same file.
    pub fn crash(&mut self, scratch: &Scratch) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it was started");
        // The socket's file outlives the process; the next one replaces it.
        let _ = std::fs::remove_file(scratch.host(&format!("{}.sock", self.name)));
        self.child = spawn(self.kind, scratch, &self.name, &self.options);
        self.wait(scratch);
    }

    /// Connects.
    pub fn client(&self, scratch: &Scratch) -> Client {
        Client::connect(&scratch.host(&format!("{}.sock", self.name)))
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn wait(&self, scratch: &Scratch) {
        let socket = scratch.host(&format!("{}.sock", self.name));
        let until = Instant::now() + Duration::from_secs(30);
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            assert!(
                Instant::now() < until,
                "{:?} server {} does not serve",
                self.kind,
                self.name
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends the server in order.
    pub fn stop(mut self) {
        let pid = Pid::from_raw(self.child.id().try_into().expect("a process id"));
        kill(pid, Signal::SIGTERM).expect("it runs");
        self.child.wait().expect("it was started");
    }
}

fn spawn(kind: Kind, scratch: &Scratch, name: &str, options: &[String]) -> Child {
    let path = |file: &str| match kind {
        Kind::Ours => scratch.host(file),
        Kind::C => scratch.inner(file),
    };
    let mut command = match kind {
        Kind::Ours => {
            let mut command = Command::new(ours("ovsdb-server"));
            command.env("OVS_RUNDIR", scratch.host(""));
            command
        }
        Kind::C => scratch.peer("ovsdb-server"),
    };
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(scratch.host(&format!("{name}.log")));
    command
        .arg(path(&format!("{name}.db")))
        .arg(format!(
            "--remote=punix:{}",
            path(&format!("{name}.sock")).display()
        ))
        .arg(format!("--unixctl={}", path(&format!("{name}.ctl")).display()))
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log.expect("the folder is writable"));
    command.spawn().expect("the program starts")
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
