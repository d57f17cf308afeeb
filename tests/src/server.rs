//! A database server under test: ours, or the packaged C one.

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
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

impl Kind {
    /// How a file of a folder is called by programs of this kind: the packaged ones have a root of their own.
    pub fn path(self, scratch: &Scratch, file: &str) -> String {
        let path = match self {
            Kind::Ours => scratch.host(file),
            Kind::C => scratch.inner(file),
        };
        path.display().to_string()
    }

    /// A program of this kind that keeps its files in a folder.
    pub fn command(self, scratch: &Scratch, program: &str) -> Command {
        match self {
            Kind::Ours => our_command(program, scratch),
            Kind::C => scratch.peer(program),
        }
    }
}

/// A program of ours, as built for these tests.
pub fn ours(program: &str) -> PathBuf {
    // Tests run from TARGET/debug/deps, other programs from TARGET/debug.
    let own = std::env::current_exe().expect("a running program has a path");
    let folder = own
        .parent()
        .filter(|folder| !folder.ends_with("deps"))
        .or_else(|| own.parent()?.parent())
        .expect("cargo's layout");
    let path = folder.join(program);
    assert!(
        path.exists(),
        "{} is missing: run `cargo build --workspace`",
        path.display()
    );
    path
}

/// Runs `ovsdb-tool` in a folder to its end.
pub fn tool(kind: Kind, scratch: &Scratch, args: &[&str]) -> Output {
    match kind {
        Kind::C => scratch.output("ovsdb-tool", args),
        Kind::Ours => {
            let mut command = our_command("ovsdb-tool", scratch);
            command.args(args).current_dir(scratch.host(""));
            command.output().expect("it runs")
        }
    }
}

/// A program of ours that keeps its files in a folder.
fn our_command(program: &str, scratch: &Scratch) -> Command {
    let mut command = Command::new(ours(program));
    for variable in ["OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR"] {
        command.env(variable, scratch.host(""));
    }
    command
}

/// A running server of one database, killed with its handle.
pub struct Server {
    kind: Kind,
    name: String,
    /// Database files and `relay:` names, as the server names them.
    databases: Vec<String>,
    options: Vec<String>,
    child: Child,
}

impl Server {
    /// Makes `NAME.db` from a schema's text and serves it on the unix socket `NAME.sock`.
    pub fn start(kind: Kind, scratch: &Scratch, name: &str, schema: &str, options: &[&str]) -> Server {
        std::fs::write(scratch.host(&format!("{name}.ovsschema")), schema).expect("the folder is writable");
        let made = tool(
            kind,
            scratch,
            &["create", &format!("{name}.db"), &format!("{name}.ovsschema")],
        );
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let database = kind.path(scratch, &format!("{name}.db"));
        Server::start_on(kind, scratch, name, &[&database], options)
    }

    /// Serves these database files or `relay:` names on the unix socket `NAME.sock`; without any, the options must
    /// say what is served.
    pub fn start_on(
        kind: Kind,
        scratch: &Scratch,
        name: &str,
        databases: &[&str],
        options: &[&str],
    ) -> Server {
        let texts = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect();
        let (databases, options): (Vec<String>, Vec<String>) = (texts(databases), texts(options));
        let child = spawn(kind, scratch, name, &databases, &options);
        let mut server = Server {
            kind,
            name: name.to_owned(),
            databases,
            options,
            child,
        };
        server.wait(scratch);
        server
    }

    /// Kills with -9, and starts again on the same file.
    pub fn crash(&mut self, scratch: &Scratch) {
        self.kill();
        self.restart(scratch);
    }

    /// Kills with -9.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it was started");
    }

    /// Starts again on the same file after an end of any kind.
    pub fn restart(&mut self, scratch: &Scratch) {
        // The socket's file outlives a killed process; the next one replaces it.
        let _ = std::fs::remove_file(scratch.host(&format!("{}.sock", self.name)));
        self.child = spawn(self.kind, scratch, &self.name, &self.databases, &self.options);
        self.wait(scratch);
    }

    /// What the server has logged since it was first started.
    pub fn log(&self, scratch: &Scratch) -> String {
        std::fs::read_to_string(scratch.host(&format!("{}.log", self.name))).unwrap_or_default()
    }

    /// True until the process has ended.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_none())
    }

    /// Waits for the process to end by itself; how it did.
    pub fn wait_for_end(&mut self) -> ExitStatus {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(status) = self.child.try_wait().expect("it was started") {
                return status;
            }
            assert!(
                Instant::now() < until,
                "{:?} server {} does not end",
                self.kind,
                self.name
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The most memory the process ever had resident, in bytes.
    pub fn peak_resident(&self) -> u64 {
        memory(self.pid(), "VmHWM:")
    }

    /// The memory the process has resident now, in bytes.
    pub fn resident(&self) -> u64 {
        memory(self.pid(), "VmRSS:")
    }

    /// Connects.
    pub fn client(&self, scratch: &Scratch) -> Client {
        Client::connect(&scratch.host(&format!("{}.sock", self.name)))
    }

    /// A file's path for the server.
    pub fn path(&self, scratch: &Scratch, file: &str) -> String {
        self.kind.path(scratch, file)
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn wait(&mut self, scratch: &Scratch) {
        let socket = scratch.host(&format!("{}.sock", self.name));
        let until = Instant::now() + Duration::from_secs(30);
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            let ended = self.child.try_wait().expect("it was started");
            assert!(
                ended.is_none() && Instant::now() < until,
                "{:?} server {} does not serve ({}); its log:\n{}",
                self.kind,
                self.name,
                ended.map_or("it runs".to_owned(), |status| status.to_string()),
                self.log(scratch)
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

fn memory(pid: u32, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let kib = status
        .lines()
        .find_map(|l| l.strip_prefix(line)?.trim().strip_suffix(" kB")?.parse().ok());
    kib.map_or_else(|| panic!("no {line} in\n{status}"), |kib: u64| kib * 1024)
}

fn spawn(kind: Kind, scratch: &Scratch, name: &str, databases: &[String], options: &[String]) -> Child {
    let path = |file: &str| kind.path(scratch, file);
    let mut command = kind.command(scratch, "ovsdb-server");
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(scratch.host(&format!("{name}.log")));
    if !databases.is_empty() {
        let socket = path(&format!("{name}.sock"));
        command.args(databases).arg(format!("--remote=punix:{socket}"));
    }
    command
        .arg(format!("--unixctl={}", path(&format!("{name}.ctl"))))
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
