//! Zones that run: their databases, the packaged `ovn-northd` of each, and an `ovn-ic` of each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ferrovn_tests::peers::Scratch;
use ferrovn_tests::process::Process;
use ferrovn_tests::server::{Kind, Server};
use ferrovn_tests::translator;
use ovn_schemas::Db;

use crate::contents::{Contents, contents, differences};
use crate::{Case, SHARED, Step};

/// For so long nothing has to happen.
const QUIET: Duration = Duration::from_millis(1500);

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(40);

/// Looks until nothing happens any more.
pub(crate) fn settled(look: impl Fn() -> Contents) -> Contents {
    let began = Instant::now();
    let (mut last, mut since) = (look(), Instant::now());
    while since.elapsed() < QUIET {
        assert!(
            began.elapsed() < PATIENCE,
            "it does not come to rest within {PATIENCE:?}"
        );
        std::thread::sleep(Duration::from_millis(100));
        let now = look();
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    last
}

/// Zones that are connected.
pub struct World {
    scratch: Arc<Scratch>,
    databases: Vec<(String, Db, Server)>,
    programs: Vec<Process>,
    /// The `ovn-ic` of each zone that has one.
    connectors: BTreeMap<String, Process>,
}

impl World {
    /// Starts zones, each connected by an `ovn-ic` of a kind.
    pub fn start(zones: &[(&str, Kind)]) -> World {
        let mut world = World {
            scratch: Arc::new(Scratch::new("ic")),
            databases: Vec::new(),
            programs: Vec::new(),
            connectors: BTreeMap::new(),
        };
        for (db, side) in [(Db::OvnIcNorthbound, "nb"), (Db::OvnIcSouthbound, "sb")] {
            world.serve(SHARED, side, db);
        }
        world.ctl(SHARED, false, &["init"]);
        world.ctl(SHARED, true, &["init"]);
        for (zone, kind) in zones {
            world.serve(zone, "nb", Db::OvnNorthbound);
            world.serve(zone, "sb", Db::OvnSouthbound);
            world.ctl(
                zone,
                false,
                &["init", "--", "set", "NB_Global", ".", &format!("name={zone}")],
            );
            world.northd(zone);
            world.start_ic(zone, *kind);
        }
        world
    }

    fn serve(&mut self, zone: &str, side: &str, db: Db) {
        let server = Server::start(Kind::C, &self.scratch, &format!("{zone}-{side}"), db.text(), &[]);
        self.databases.push((zone.to_owned(), db, server));
    }

    fn northd(&mut self, zone: &str) {
        let options = ["nb", "sb"].map(|db| format!("--ovn{db}-db=unix:{zone}-{db}.sock"));
        let northd = translator::start(
            Kind::C,
            &self.scratch,
            "ovn-northd",
            &format!("{zone}-northd"),
            &options,
        );
        self.programs.push(northd);
    }

    /// Starts a zone's `ovn-ic`.
    pub fn start_ic(&mut self, zone: &str, kind: Kind) {
        let options = [
            ("ovnnb-db", format!("{zone}-nb.sock")),
            ("ovnsb-db", format!("{zone}-sb.sock")),
            ("ic-nb-db", format!("{SHARED}-nb.sock")),
            ("ic-sb-db", format!("{SHARED}-sb.sock")),
        ]
        .map(|(option, file)| format!("--{option}=unix:{}", kind.path(&self.scratch, &file)));
        let connector = translator::start(kind, &self.scratch, "ovn-ic", &format!("{zone}-ic"), &options);
        self.connectors.insert(zone.to_owned(), connector);
    }

    /// Ends a zone's `ovn-ic` without a goodbye.
    pub fn kill_ic(&mut self, zone: &str) {
        self.connectors.remove(zone);
    }

    fn database(&mut self, zone: &str, side: &str) -> &mut Server {
        let is_it = |db: &Db| matches!(db, Db::OvnSouthbound | Db::OvnIcSouthbound) == (side == "sb");
        let found = self
            .databases
            .iter_mut()
            .find(|(of, db, _)| of == zone && is_it(db));
        &mut found.expect("the world has it").2
    }

    /// Ends a database's server without a goodbye.
    pub fn kill_database(&mut self, zone: &str, side: &str) {
        self.database(zone, side).kill();
    }

    /// Starts a database's server again, on the file that there is.
    pub fn restart_database(&mut self, zone: &str, side: &str) {
        let scratch = self.scratch.clone();
        self.database(zone, side).restart(&scratch);
    }

    /// The contents of a database's file.
    pub fn backup(&self, zone: &str, side: &str) -> Vec<u8> {
        std::fs::read(self.scratch.host(&format!("{zone}-{side}.db"))).expect("the file is there")
    }

    /// Puts contents in place of a database's file, while nobody serves it.
    pub fn restore(&self, zone: &str, side: &str, contents: &[u8]) {
        let file = self.scratch.host(&format!("{zone}-{side}.db"));
        std::fs::write(file, contents).expect("the folder is writable");
    }

    /// Runs a command on a zone's database, or on one that zones share; its output.
    pub fn ctl(&self, zone: &str, is_southbound: bool, words: &[&str]) -> String {
        let (program, side) = match (zone == SHARED, is_southbound) {
            (false, false) => ("ovn-nbctl", "nb"),
            (false, true) => ("ovn-sbctl", "sb"),
            (true, false) => ("ovn-ic-nbctl", "nb"),
            (true, true) => ("ovn-ic-sbctl", "sb"),
        };
        let db = format!("--db=unix:{zone}-{side}.sock");
        let mut args = vec![db.as_str(), "--timeout=30"];
        args.extend(words);
        self.scratch.run(program, &args)
    }

    /// Asks a zone's `ovn-ic`.
    pub fn ask(&self, zone: &str, command: &str) -> String {
        let socket = self
            .scratch
            .inner(&format!("{zone}-ic.ctl"))
            .display()
            .to_string();
        self.scratch
            .run("ovn-appctl", &["-t", &socket, command])
            .trim()
            .to_owned()
    }

    /// What a zone's `ovn-ic` has logged.
    pub fn log(&self, zone: &str) -> String {
        std::fs::read_to_string(self.scratch.host(&format!("{zone}-ic.log"))).unwrap_or_default()
    }

    /// All databases in words.
    pub fn contents(&self) -> Contents {
        let databases = self.databases.iter();
        let mut databases: Vec<_> = databases
            .map(|(of, db, server)| (of.clone(), *db, server.client(&self.scratch)))
            .collect();
        contents(&mut databases)
    }

    /// Waits until nothing happens any more.
    pub fn settle(&self) -> Contents {
        settled(|| self.contents())
    }

    /// Runs a case, up to its last step.
    pub fn play(&self, case: &Case) {
        for step in &case.steps {
            match step {
                Step::Settle => {
                    self.settle();
                }
                Step::Command {
                    zone,
                    is_southbound,
                    words,
                } => {
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    self.ctl(zone, *is_southbound, &words);
                }
            }
        }
    }

    /// Waits for contents; what differs if they do not come.
    pub fn expect(&self, expected: &Contents) -> Vec<String> {
        let began = Instant::now();
        loop {
            let found = differences(expected, &self.contents());
            if found.is_empty() || began.elapsed() > PATIENCE / 2 {
                return found;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
