//! A pair of databases on packaged servers, for programs that keep them in step: the packaged `ovn-northd` and ours as
//! processes.

use std::time::{Duration, Instant};

use ferrovn_tests::peers::Scratch;
use ferrovn_tests::process::Process;
use ferrovn_tests::server::{Kind, Server};
use ferrovn_tests::translator;
use ovn_schemas::Db;

/// Longer than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The databases, and the folder of all that runs.
pub struct Zone {
    /// The folder.
    pub scratch: Scratch,
    /// The northbound server, at `nb.sock`.
    pub nb: Server,
    /// The southbound server, at `sb.sock`.
    pub sb: Server,
}

/// A running `ovn-northd`, killed with its handle.
pub struct Northd {
    _process: Process,
    name: String,
}

impl Zone {
    /// Empty databases.
    pub fn new(test: &str) -> Zone {
        Zone::with_schema(test, Db::OvnSouthbound.text())
    }

    /// With another southbound schema.
    pub fn with_schema(test: &str, sb: &str) -> Zone {
        let scratch = Scratch::new(test);
        let nb = Server::start(Kind::C, &scratch, "nb", Db::OvnNorthbound.text(), &[]);
        let sb = Server::start(Kind::C, &scratch, "sb", sb, &[]);
        Zone::on(scratch, nb, sb)
    }

    /// On servers that listen where they do here.
    pub fn on(scratch: Scratch, nb: Server, sb: Server) -> Zone {
        let zone = Zone { scratch, nb, sb };
        zone.nbctl(&["init"]);
        zone
    }

    /// Runs `ovn-nbctl`; what it prints.
    pub fn nbctl(&self, args: &[&str]) -> String {
        self.scratch.run(
            "ovn-nbctl",
            &[&["--db=unix:nb.sock", "--timeout=60"], args].concat(),
        )
    }

    /// Waits until what there is northbound is southbound.
    pub fn sync(&self) {
        self.nbctl(&["--wait=sb", "sync"]);
    }

    /// Starts an `ovn-northd` on the databases' sockets, with more options, and waits until it answers.
    pub fn start(&self, kind: Kind, name: &str, options: &[&str]) -> Northd {
        let databases = ["nb", "sb"].map(|db| {
            let socket = kind.path(&self.scratch, &format!("{db}.sock"));
            format!("--ovn{db}-db=unix:{socket}")
        });
        let options: Vec<String> = databases
            .into_iter()
            .chain(options.iter().map(|option| (*option).to_owned()))
            .collect();
        self.start_on(kind, name, &options)
    }

    /// The same on databases that the options name.
    pub fn start_on(&self, kind: Kind, name: &str, options: &[String]) -> Northd {
        let northd = Northd {
            _process: translator::start(kind, &self.scratch, "ovn-northd", name, options),
            name: name.to_owned(),
        };
        self.wait(&format!("{name} answers"), || {
            self.ask(&northd, &["status"]).starts_with("Status: ")
        });
        northd
    }

    /// What a control command prints, also when it is refused.
    pub fn ask(&self, northd: &Northd, words: &[&str]) -> String {
        let socket = self.scratch.inner(&format!("{}.ctl", northd.name));
        let socket = socket.display().to_string();
        let output = self
            .scratch
            .output("ovn-appctl", &[&["-t", &socket], words].concat());
        let text = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&text).replace(&socket, "SOCKET")
    }

    /// Waits until a program says that it is `active`, `standby` or `paused`.
    pub fn wait_until(&self, northd: &Northd, status: &str) {
        let expected = format!("Status: {status}\n");
        self.wait(&format!("{} is {status}", northd.name), || {
            self.ask(northd, &["status"]) == expected
        });
    }

    /// Waits until something holds.
    pub fn wait(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(began.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What a program has logged.
    pub fn log(&self, northd: &Northd) -> String {
        let log = self.scratch.host(&format!("{}.log", northd.name));
        std::fs::read_to_string(&log).unwrap_or_else(|error| panic!("{}: {error}", log.display()))
    }
}
