//! A machine: its disk, the file that names its member, and the process on it: the member's tasks. The server beside
//! them is the simulation's to run; what the member reports to it waits in an [`InTray`].

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use ovsdb_cluster::{FileError, file};
use ovsdb_raft::store::disk::Disk;
use ovsdb_raft::{Threads, World};
use ovsdb_server::cluster;
use ovsdb_server::inbox::Inbox;
use ovsdb_server::server::Event;
use ovsdb_store::clustered::Header;
use ovsdb_store::log::{Log, Magic, Mode};
use ovsdb_transport::listen::Listener;
use ovsdb_transport::remote::{Active, Passive};
use ovsdb_transport::stream::Stream;
use ovsdb_transport::tls::Tls;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::sim::world::{Fifo, Happening};
use crate::simulated::chance::Chance;
use crate::simulated::disk::SimDisk;
use crate::simulated::network::{Host, Network};
use crate::simulated::process::{Process, Surroundings};

/// Log entries after which a snapshot is made.
const SNAPSHOT_EVERY: u64 = 60;

/// A machine.
pub struct Place {
    pub disk: SimDisk,
    /// The file of the member that lives here; none while the machine is spare.
    pub file: Option<PathBuf>,
    pub running: Option<Running>,
    /// What comes to its server takes it so much longer.
    pub slowness: u64,
}

/// What RocksDB leaves in a folder once it has made its files, of which there are none here.
const SIGN: &str = "CURRENT";

/// A world whose disks leave the sign, like real ones, when they are opened.
struct Signing(Surroundings);

impl World for Signing {
    fn open(&self, folder: &Path) -> io::Result<Arc<dyn Disk>> {
        let disk = self.0.open(folder)?;
        std::fs::write(folder.join(SIGN), "")?;
        Ok(disk)
    }

    fn look(&self, folder: &Path) -> io::Result<Arc<dyn Disk>> {
        self.0.look(folder)
    }

    fn listen(&self, at: &Passive, tls: &Arc<Tls>) -> io::Result<Listener> {
        self.0.listen(at, tls)
    }

    fn dial<'a>(&'a self, to: &'a Active, tls: &'a Arc<Tls>) -> BoxFuture<'a, io::Result<Stream>> {
        self.0.dial(to, tls)
    }
}

/// The process on a machine.
pub struct Running {
    pub process: Process,
    pub tray: Arc<InTray>,
    starting: Arc<Mutex<Option<Result<(), String>>>>,
    /// When what the member reports comes to the server.
    pub reports_at: Fifo,
    /// The last index that the member has given to the server.
    pub given: Option<u64>,
    /// Told once the server has taken that.
    pub done: Option<oneshot::Sender<io::Result<()>>>,
    /// The member has been taken out.
    pub is_removed: bool,
    /// It is stopped until then.
    pub stopped_until: u64,
    /// How many milliseconds it has been stopped.
    behind: u64,
    /// What happened to it meanwhile.
    pub held_back: VecDeque<Happening>,
}

/// What waits for a server.
#[derive(Default)]
pub struct InTray(Mutex<Vec<Event>>);

impl Inbox for InTray {
    fn post(&self, event: Event) {
        self.0.lock().push(event);
    }
}

impl InTray {
    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.0.lock())
    }
}

impl Place {
    pub fn new(chance: &Chance) -> Place {
        Place {
            disk: SimDisk::new(chance),
            file: None,
            running: None,
            slowness: 1,
        }
    }

    /// Whether all that the member has is on the disk.
    pub fn is_settled(&self) -> bool {
        let header = |path: &PathBuf| {
            let mut log = Log::open(path, &[Magic::Cluster], Mode::ReadOnly).ok()?;
            Header::read(&mut log).ok()
        };
        let settled = |header: Header| !header.is_joining() && header.snapshot().is_none();
        self.file.as_ref().and_then(header).is_some_and(settled)
    }

    /// The disk is lost, but for what says whose it was, and maybe the sign.
    pub fn lose_log(&mut self, chance: &Chance) {
        self.disk = SimDisk::new(chance);
        if let (Some(sign), 0) = (self.sign(), chance.within(0..2)) {
            std::fs::remove_file(sign).expect("a settled member's disk was opened");
        }
    }

    /// Whether its folder says that there is a log.
    pub fn has_sign(&self) -> bool {
        self.sign().is_some_and(|sign| sign.exists())
    }

    fn sign(&self) -> Option<PathBuf> {
        let file = self.file.as_ref()?;
        let name = file.file_name()?.to_string_lossy();
        Some(file.with_file_name(format!(".{name}.raft")).join(SIGN))
    }

    /// The clock of its process.
    pub fn clock(&self) -> Option<Handle> {
        self.running
            .as_ref()
            .map(|running| running.process.handle().clone())
    }

    /// Starts the process for the member that a file names.
    pub fn start(&mut self, host: Host, path: &Path, network: &Network) -> Result<(), FileError> {
        let opened = Arc::new(file::open(path)?);
        let process = Process::start();
        let world = Signing(Surroundings {
            host,
            disk: self.disk.clone(),
            network: network.clone(),
        });
        let threads = Threads::of(process.handle().clone(), Arc::new(world));
        let tray = Arc::new(InTray::default());
        let starting = Arc::default();
        let (inbox, started): (_, Arc<Mutex<_>>) = (tray.clone(), Arc::clone(&starting));
        process.handle().spawn(async move {
            let tls = Arc::new(Tls::default());
            let result = cluster::serve(opened, inbox, &threads, &tls, SNAPSHOT_EVERY).await;
            *started.lock() = Some(result);
        });
        self.running = Some(Running {
            process,
            tray,
            starting,
            reports_at: Fifo::default(),
            given: None,
            done: None,
            is_removed: false,
            stopped_until: 0,
            behind: 0,
            held_back: VecDeque::new(),
        });
        Ok(())
    }
}

impl Running {
    /// The next millisecond, if it is not stopped. Says what came of its start, once that is known.
    pub fn run(&mut self, now: u64) -> Option<Result<(), String>> {
        if self.stopped_until > now {
            self.behind += 1;
            return None;
        }
        match std::mem::take(&mut self.behind) {
            0 => {}
            behind => self.process.skip(behind),
        }
        self.process.run(1);
        self.starting.lock().take()
    }
}
