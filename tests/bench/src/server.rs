//! The servers under test: found, started on a database file, watched through `/proc`, killed.

use crate::Result;
use crate::client::{Connection, Swarm};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub use ferrovn_tests::server::Kind;

/// Where the programs are.
pub struct Programs {
    /// Root of the tree that holds the C programs.
    pub peers: PathBuf,
    /// Our binary.
    pub ours: PathBuf,
}

/// How long a start may take before it counts as failed.
const START_MAX: Duration = Duration::from_secs(120);

impl Programs {
    /// Looks where the environment says; an error names what is missing and how to get it. The C tree is needed in
    /// any case: it makes the databases.
    pub fn find(kinds: &[Kind], binary: Option<PathBuf>) -> Result<Self> {
        let peers = std::env::var_os("FERROVN_PEERS").map_or_else(|| cache().join("peers"), PathBuf::from);
        if !peers.join("usr/share/ovn/ovn-sb.ovsschema").exists() {
            return Err(format!("no C programs in {}: set FERROVN_PEERS", peers.display()).into());
        }
        let beside = std::env::current_exe()?.with_file_name("ovsdb-server");
        let ours = binary
            .or_else(|| std::env::var_os("FERROVN_OVSDB_SERVER").map(PathBuf::from))
            .unwrap_or(beside);
        if kinds.contains(&Kind::Ours) && !ours.exists() {
            let hint = "build it (cargo build -p ovsdb-server) or name it with --binary";
            return Err(format!("no server at {}: {hint}", ours.display()).into());
        }
        Ok(Programs {
            peers: peers.canonicalize()?,
            ours,
        })
    }

    /// The first line of `--version`.
    pub fn version(&self, kind: Kind) -> String {
        let output = self.command(kind, "ovsdb-server").arg("--version").output();
        let text = output
            .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
            .unwrap_or_default();
        text.lines().next().unwrap_or("not there").to_owned()
    }

    /// A new database file made by the C tool.
    pub fn create_database(&self, path: &Path, schema: &str) -> Result<()> {
        let mut command = self.command(Kind::C, "ovsdb-tool");
        command
            .arg("create")
            .arg(self.seen_by(Kind::C, path))
            .arg(format!("/usr/share/ovn/{schema}"));
        let output = command.output()?;
        if !output.status.success() {
            return Err(format!("ovsdb-tool create: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(())
    }

    /// A folder inside the C programs' tree, so that both kinds see it.
    pub fn temp_dir(&self) -> Result<TempDir> {
        let parent = self.peers.join("tmp");
        Ok(tempfile::Builder::new()
            .prefix("bench.")
            .tempdir_in(&parent)
            .map_err(|error| format!("{}: {error}", parent.display()))?)
    }

    fn command(&self, kind: Kind, program: &str) -> Command {
        match kind {
            // chroot replaces itself, so that the child's pid is the server's.
            Kind::C => {
                let mut command = Command::new("chroot");
                command.arg(&self.peers).arg(program);
                command
            }
            Kind::Ours => Command::new(&self.ours),
        }
    }

    /// A path as the server of that kind sees it.
    fn seen_by(&self, kind: Kind, path: &Path) -> PathBuf {
        match (kind, path.strip_prefix(&self.peers)) {
            (Kind::C, Ok(inside)) => Path::new("/").join(inside),
            _ => path.to_owned(),
        }
    }
}

/// The folder for what is made once and kept.
pub fn cache() -> PathBuf {
    std::env::var_os("FERROVN_CACHE").map_or_else(|| PathBuf::from("/var/cache/ferrovn"), PathBuf::from)
}

/// A running server; dropped, it is gone, and its folder too.
pub struct Server {
    child: Child,
    dir: TempDir,
    /// From exec until a client could connect.
    pub start: Duration,
}

/// What the kernel says about a server's memory.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Resident now, in MB (10⁶ bytes).
    pub resident_mb: f64,
    /// The most it ever was.
    pub peak_mb: f64,
}

impl Server {
    /// Starts a server on the file `database.db` in `dir` and waits until it takes connections.
    pub fn start(programs: &Programs, kind: Kind, dir: TempDir) -> Result<Self> {
        let seen = |name: &str| programs.seen_by(kind, &dir.path().join(name));
        let option = |prefix: &str, name: &str| {
            let mut text = OsString::from(prefix);
            text.push(seen(name));
            text
        };
        let mut command = programs.command(kind, "ovsdb-server");
        command
            .args(["-vconsole:off", "-vsyslog:off"])
            .arg(option("--log-file=", "log"))
            .arg(option("--remote=punix:", "db.sock"))
            .arg(option("--unixctl=", "control.sock"))
            .arg(seen("database.db"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit());
        let begin = Instant::now();
        let child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
        let mut server = Server {
            child,
            dir,
            start: Duration::ZERO,
        };
        while std::os::unix::net::UnixStream::connect(server.socket()).is_err() {
            if let Some(status) = server.child.try_wait()? {
                let log = std::fs::read_to_string(server.dir.path().join("log")).unwrap_or_default();
                return Err(format!("{kind:?}: the server ended with {status}\n{log}").into());
            }
            if begin.elapsed() > START_MAX {
                return Err(format!("{kind:?}: no socket after {START_MAX:?}").into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        server.start = begin.elapsed();
        Ok(server)
    }

    /// The socket clients connect to.
    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("db.sock")
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.dir.path().join("database.db")
    }

    /// One client.
    pub fn connect(&self) -> Result<Connection> {
        Connection::open(&self.socket())
    }

    /// Many clients.
    pub fn swarm(&self, n: usize) -> Result<Swarm> {
        Swarm::connect(&self.socket(), n)
    }

    /// Runs a command on the control socket (`ovs-appctl(8)`) and waits for its end.
    pub fn control(&self, command: &str) -> Result<()> {
        let request = serde_json::json!({"id": 0, "method": command, "params": []}).to_string();
        let mut connection = Connection::open(&self.dir.path().join("control.sock"))?;
        connection
            .transact(request.as_bytes())
            .map_err(|error| format!("{command}: {error}").into())
    }

    /// Its memory.
    pub fn memory(&self) -> Result<Memory> {
        Memory::of(self.child.id())
    }

    /// Its processor time.
    pub fn cpu_s(&self) -> Result<f64> {
        cpu_s(self.child.id())
    }
}

impl Memory {
    /// A process's, from `/proc/PID/status`.
    pub fn of(pid: u32) -> Result<Memory> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let mb = |key: &str| -> Result<f64> {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(key))
                .ok_or("no memory figures in /proc")?;
            let kib: f64 = line
                .trim_start_matches(':')
                .trim()
                .trim_end_matches(" kB")
                .parse()?;
            Ok(kib * 1024.0 / 1e6)
        };
        Ok(Memory {
            resident_mb: mb("VmRSS")?,
            peak_mb: mb("VmHWM")?,
        })
    }
}

/// Processor time that a process used so far, all threads, user and system, from `/proc/PID/stat`.
pub fn cpu_s(pid: u32) -> Result<f64> {
    // proc(5): counted in USER_HZ, which Linux fixes at 100 for user space.
    const TICKS_PER_S: f64 = 100.0;
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The second field is a name in parentheses that may hold blanks; utime and stime are fields 14 and 15.
    let (_, fields) = text.rsplit_once(')').ok_or("/proc/PID/stat without a name")?;
    let ticks: Vec<f64> = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|f| f.parse().ok())
        .collect();
    Ok(ticks.iter().sum::<f64>() / TICKS_PER_S)
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing to be done about a server that is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
