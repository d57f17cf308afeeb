//! The two databases between zones, served by one command: alone, as three members, from older files. The programs of
//! OVN are the clients, `kubectl-ko` is the operator.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ferrovn_tests::cluster::{Peer, Role, Status};
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::pki::Authority;
use ferrovn_tests::server::{Kind, ours, tool};
use ovn_schemas::Db;
use serde_json::Value;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server's folder, address and process.
struct Member {
    folder: String,
    address: String,
    management: u16,
    process: Option<Child>,
}

/// Members on one machine, each at an address of its own and with ports as they always are.
struct World {
    scratch: Scratch,
    members: Vec<Member>,
}

static NEXT: AtomicU32 = AtomicU32::new(1);

/// Loopback has sixteen million addresses: tests that run side by side take different ones.
fn address() -> String {
    let process = std::process::id() % 60_000;
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("127.{}.{}.{n}", 1 + process / 250, process % 250)
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    listener.local_addr().expect("it is bound").port()
}

impl World {
    fn new(n: usize) -> World {
        let scratch = Scratch::new("ic-db");
        let members = (0..n).map(|n| {
            let folder = format!("m{n}");
            std::fs::create_dir(scratch.host(&folder)).expect("the folder is writable");
            Member {
                folder,
                address: address(),
                management: free_port(),
                process: None,
            }
        });
        World {
            members: members.collect(),
            scratch,
        }
    }

    fn command(&self, n: usize, options: &[&str]) -> Command {
        let member = &self.members[n];
        let mut command = Command::new(env!("CARGO_BIN_EXE_ovn-ic-db"));
        for variable in ["OVN_RUNDIR", "OVN_LOGDIR", "OVN_DBDIR"] {
            command.env(variable, self.scratch.host(&member.folder));
        }
        command
            .arg(format!("--manage={}", member.management))
            .arg("--log-file")
            .args(options)
            .stdin(Stdio::null());
        command
    }

    /// Starts a server, which serves when this returns.
    fn start(&mut self, n: usize, options: &[&str]) {
        let mut command = self.command(n, options);
        let log = std::fs::File::create(self.scratch.host(&format!("m{n}/stderr")));
        command.stderr(log.expect("the folder is writable"));
        self.members[n].process = Some(command.spawn().expect("it starts"));
        self.wait_for(&format!("member {n}'s control socket"), || {
            let asked = self.appctl(n, "nb", &["version"]);
            asked.status.success().then_some(())
        });
    }

    fn kill(&mut self, n: usize) {
        if let Some(mut process) = self.members[n].process.take() {
            // It may have ended already.
            let _ = process.kill();
            process.wait().expect("it was started");
        }
    }

    fn lose_files(&self, n: usize) {
        let folder = self.scratch.host(&self.members[n].folder);
        std::fs::remove_dir_all(&folder).expect("it is there");
        std::fs::create_dir(&folder).expect("its place is writable");
    }

    /// Asks a server at one of its two control sockets.
    fn appctl(&self, n: usize, side: &str, words: &[&str]) -> Output {
        let socket = format!("{}/ovn_ic_{side}_db.ctl", self.members[n].folder);
        let socket = self.scratch.inner(&socket).display().to_string();
        let words = [&["-t", &socket, "-T", "10"], words].concat();
        self.scratch.output("ovn-appctl", &words)
    }

    fn status(&self, n: usize, side: &str) -> Option<Status> {
        let told = self.appctl(n, side, &["cluster/status", database(side).name()]);
        let text = String::from_utf8_lossy(&told.stdout).into_owned();
        Status::parse(&text).ok().filter(|_| told.status.success())
    }

    /// Runs OVN's own program on the leader among some members.
    fn ctl(&self, of: &[usize], side: &str, words: &[&str]) -> String {
        let port = 6645 + u16::from(side == "sb");
        let remotes = of
            .iter()
            .map(|n| format!("tcp:{}:{port}", self.members[*n].address));
        let db = format!("--db={}", remotes.collect::<Vec<String>>().join(","));
        let words = [&[db.as_str(), "--timeout=30"], words].concat();
        let output = self.scratch.output(&format!("ovn-ic-{side}ctl"), &words);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "{words:?}: {}{}",
            text(&output.stderr),
            self.logs()
        );
        text(&output.stdout)
    }

    /// Runs the plugin at a member's management API.
    fn ko(&self, n: usize, words: &[&str]) -> String {
        let output = self.try_ko(n, words);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "{words:?}: {}{}",
            text(&output.stderr),
            self.logs()
        );
        text(&output.stdout)
    }

    fn try_ko(&self, n: usize, words: &[&str]) -> Output {
        let address = format!("ws://127.0.0.1:{}", self.members[n].management);
        let mut command = Command::new(ours("kubectl-ko"));
        command
            .args(["--address", &address])
            .args(words)
            .current_dir(self.scratch.host(""));
        command.output().expect("it runs")
    }

    fn wait_for<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(
                Instant::now() < until,
                "{what}: not within {PATIENCE:?}{}",
                self.logs()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn logs(&self) -> String {
        let read = |n: usize| {
            let text = |file: &str| std::fs::read_to_string(self.scratch.host(&format!("m{n}/{file}")));
            let texts = [text("ovn-ic-db.log"), text("stderr")];
            texts.map(Result::unwrap_or_default).concat()
        };
        let logs = (0..self.members.len()).map(|n| format!("\nmember {n}:\n{}", read(n)));
        logs.collect()
    }

    /// Waits until these are the members of both clusters, and every one says so.
    fn wait_until_whole(&self, of: &[usize]) {
        for side in ["nb", "sb"] {
            self.wait_for(&format!("{side} of {of:?}"), || {
                let all: Vec<Status> = of.iter().filter_map(|n| self.status(*n, side)).collect();
                let is_whole =
                    |status: &Status| status.servers.len() == of.len() && status.leader != Peer::Unknown;
                let leads = all.iter().filter(|status| status.role == Role::Leader).count();
                (all.len() == of.len() && all.iter().all(is_whole) && leads == 1).then_some(())
            });
        }
    }

    /// The arguments that Kube-OVN's script gives a server; with who leads it joins.
    fn kube_ovn(&self, n: usize, leader: Option<usize>) -> Vec<String> {
        let local = &self.members[n].address;
        let mut words = Vec::new();
        for (side, port) in [("nb", 6647), ("sb", 6648)] {
            let all = self
                .members
                .iter()
                .map(|member| format!("tcp:[{}]:{port}", member.address));
            words.push(format!("--db-ic-{side}-create-insecure-remote=yes"));
            words.push(format!("--db-ic-{side}-cluster-local-addr=[{local}]"));
            words.push(format!(
                "--ovn-ic-{side}-db={}",
                all.collect::<Vec<String>>().join(",")
            ));
            words.push(format!("--db-ic-{side}-addr=[{local}]"));
            let leader = leader.map(|leader| &self.members[leader].address);
            words.extend(leader.map(|leader| format!("--db-ic-{side}-cluster-remote-addr=[{leader}]")));
        }
        words
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for n in 0..self.members.len() {
            self.kill(n);
        }
    }
}

fn database(side: &str) -> Db {
    match side {
        "nb" => Db::OvnIcNorthbound,
        _ => Db::OvnIcSouthbound,
    }
}

fn words(owned: &[String]) -> Vec<&str> {
    owned.iter().map(String::as_str).collect()
}

#[test]
fn one_server_makes_its_files_and_keeps_them() {
    let mut world = World::new(1);
    let address = format!("--address={}", world.members[0].address);
    let detached = world
        .command(0, &[&address, "--detach", "--pidfile"])
        .output()
        .expect("it runs");
    assert!(detached.status.success(), "{detached:?}{}", world.logs());
    assert!(world.scratch.host("m0/ovn-ic-db.pid").exists());
    world.ctl(&[0], "nb", &["init", "--", "ts-add", "ts"]);
    world.ctl(&[0], "sb", &["init"]);
    world.ctl(&[0], "sb", &["create", "Availability_Zone", "name=az"]);
    let socket = world.scratch.inner("m0/ovn_ic_nb_db.sock");
    let shown = world.scratch.run(
        "ovn-ic-nbctl",
        &[&format!("--db=unix:{}", socket.display()), "ts-list"],
    );
    assert!(shown.contains("(ts)"), "{shown}");

    let ended = world.appctl(0, "sb", &["exit"]);
    assert!(ended.status.success(), "{ended:?}");
    world.wait_for("the end", || {
        (!world.scratch.host("m0/ovn-ic-db.pid").exists()).then_some(())
    });
    world.start(0, &[&address]);
    assert!(world.ctl(&[0], "nb", &["ts-list"]).contains("(ts)"));
    assert!(world.ctl(&[0], "sb", &["show"]).contains("availability-zone az"));
    let sound = world.ko(0, &["icnb", "dbstatus"]);
    assert!(
        sound.contains("icnb db status status: ok") && sound.contains("icsb db status status: ok"),
        "{sound}"
    );
}

#[test]
fn three_members_are_founded_operated_and_survive() {
    let mut world = World::new(3);
    for n in 0..3 {
        let arguments = world.kube_ovn(n, (n > 0).then_some(0));
        world.start(n, &words(&arguments));
    }
    world.wait_until_whole(&[0, 1, 2]);
    world.ctl(&[0, 1, 2], "nb", &["init", "--", "ts-add", "ts"]);
    world.ctl(
        &[0, 1, 2],
        "sb",
        &["init", "--", "create", "Availability_Zone", "name=az"],
    );
    for (icdb, name) in [("icnb", "OVN_IC_Northbound"), ("icsb", "OVN_IC_Southbound")] {
        let shown = world.ko(1, &[icdb, "status"]);
        assert!(
            shown.contains(&format!("Name: {name}")) && shown.ends_with("status: ok\n"),
            "{shown}"
        );
    }

    // Saved, changed, put back.
    let saved = |shown: String| {
        shown
            .trim_end()
            .rsplit(' ')
            .next()
            .map(str::to_owned)
            .expect("a file")
    };
    let (nb, sb) = (
        saved(world.ko(1, &["icnb", "backup"])),
        saved(world.ko(2, &["icsb", "backup"])),
    );
    world.ctl(&[0, 1, 2], "nb", &["ts-add", "late"]);
    world.ctl(&[0, 1, 2], "sb", &["create", "Availability_Zone", "name=late"]);
    world.ko(0, &["icnb", "restore", &nb]);
    world.ko(0, &["icsb", "restore", &sb]);
    let switches = world.ctl(&[0, 1, 2], "nb", &["ts-list"]);
    assert!(
        switches.contains("(ts)") && !switches.contains("(late)"),
        "{switches}"
    );
    let zones = world.ctl(&[0, 1, 2], "sb", &["show"]);
    assert_eq!(zones.matches("availability-zone").count(), 1, "{zones}");

    // A member whose disk is lost is kicked and comes as a new one; so does the first, though it is told to found.
    for lost in [2, 0] {
        let sids = ["nb", "sb"].map(|side| world.status(lost, side).expect("it serves").sid);
        world.kill(lost);
        world.lose_files(lost);
        for (icdb, sid) in [("icnb", &sids[0]), ("icsb", &sids[1])] {
            // Who leads may have been the one that is lost: then it takes until there is another leader.
            world.wait_for("the kick", || {
                let is_gone = world.status(1, &icdb[2..])?.servers.len() == 2;
                if !is_gone {
                    world.try_ko(1, &[icdb, "kick", sid]);
                }
                is_gone.then_some(())
            });
        }
        let rest: Vec<usize> = [0, 1, 2].into_iter().filter(|n| *n != lost).collect();
        world.wait_until_whole(&rest);
        let arguments = world.kube_ovn(lost, (lost > 0).then_some(1));
        world.start(lost, &words(&arguments));
        world.wait_until_whole(&[0, 1, 2]);
    }

    // Everybody ends at once and starts as always.
    for n in 0..3 {
        world.kill(n);
    }
    for n in 0..3 {
        let arguments = world.kube_ovn(n, (n > 0).then_some(0));
        world.start(n, &words(&arguments));
    }
    world.wait_until_whole(&[0, 1, 2]);
    assert!(world.ctl(&[0, 1, 2], "nb", &["ts-list"]).contains("(ts)"));
    assert!(
        world
            .ctl(&[0, 1, 2], "sb", &["show"])
            .contains("availability-zone az")
    );
}

#[test]
fn the_same_arguments_on_every_member_will_do() {
    let mut world = World::new(3);
    let all: Vec<String> = world
        .members
        .iter()
        .map(|member| member.address.clone())
        .collect();
    let members = format!("--members={}", all.join(","));
    // Whoever joins waits for who founds.
    for n in [2, 1, 0] {
        let (local, address) = (
            format!("--local-address={}", all[n]),
            format!("--address={}", all[n]),
        );
        world.start(n, &[&local, &address, &members]);
    }
    world.wait_until_whole(&[0, 1, 2]);
    world.ctl(&[0, 1, 2], "nb", &["ts-add", "ts"]);
    let switches = world.ctl(&[2], "nb", &["--no-leader-only", "ts-list"]);
    assert!(switches.contains("(ts)"), "{switches}");
}

#[test]
fn keys_make_everything_tls() {
    let mut world = World::new(2);
    let authority = Authority::new(&world.scratch, "authority");
    authority.sign(&world.scratch, "server");
    let keys = |file: &dyn Fn(&str) -> PathBuf| {
        let files = [
            ("private-key", "server.key"),
            ("certificate", "server.pem"),
            ("ca-cert", "authority.ca.pem"),
        ];
        files.map(|(option, name)| format!("--{option}={}", file(name).display()))
    };
    let ours = keys(&|name| world.scratch.host(name));
    let all: Vec<String> = world
        .members
        .iter()
        .map(|member| member.address.clone())
        .collect();
    let members = format!("--members={}", all.join(","));
    for (n, local) in all.iter().enumerate() {
        let (local, address) = (format!("--local-address={local}"), format!("--address={local}"));
        let options = [&words(&ours)[..], &[&local, &address, &members]].concat();
        world.start(n, &options);
    }
    world.wait_until_whole(&[0, 1]);
    assert!(
        world
            .status(1, "sb")
            .expect("it serves")
            .address
            .starts_with("ssl:")
    );
    let theirs = keys(&|name| world.scratch.inner(name));
    let remotes = all.iter().map(|address| format!("ssl:{address}:6645"));
    let db = format!("--db={}", remotes.collect::<Vec<String>>().join(","));
    let options = [&words(&theirs)[..], &[&db, "--timeout=30"]].concat();
    world
        .scratch
        .run("ovn-ic-nbctl", &[&options[..], &["ts-add", "ts"]].concat());
    let shown = world
        .scratch
        .run("ovn-ic-nbctl", &[&options[..], &["ts-list"]].concat());
    assert!(shown.contains("(ts)"), "{shown}");
}

/// The built-in schema as an older version without a column.
fn older(db: Db) -> String {
    let mut schema: Value = serde_json::from_str(db.text()).expect("a test parses it");
    schema["version"] = "0.9.0".into();
    let columns = schema["tables"]["Transit_Switch"]["columns"].as_object_mut();
    columns.and_then(|columns| columns.remove("other_config"));
    schema.to_string()
}

#[test]
fn older_files_are_converted_and_standalone_ones_taken_into_a_cluster() {
    let db = Db::OvnIcNorthbound;
    let version = |world: &World| {
        let socket = format!("unix:{}", world.scratch.inner("m0/ovn_ic_nb_db.sock").display());
        let output = world
            .scratch
            .output("ovsdb-client", &["get-schema-version", &socket, db.name()]);
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let check = |file_kind: &[&str], cluster: bool| {
        let mut world = World::new(1);
        std::fs::write(world.scratch.host("old"), older(db)).expect("the folder is writable");
        let run = |words: &[&str]| {
            let output = tool(Kind::Ours, &world.scratch, words);
            assert!(output.status.success(), "{words:?}: {output:?}");
        };
        run(&["create", "standalone", "old"]);
        let insert = r#"["OVN_IC_Northbound",{"op":"insert","table":"Transit_Switch","row":{"name":"ts"}}]"#;
        run(&["transact", "standalone", insert]);
        let address = world.members[0].address.clone();
        let raft = format!("tcp:{address}:6647");
        match file_kind {
            ["standalone"] => {
                std::fs::rename(
                    world.scratch.host("standalone"),
                    world.scratch.host("m0/ovn_ic_nb_db.db"),
                )
                .expect("one folder");
            }
            _ => run(&["create-cluster", "m0/ovn_ic_nb_db.db", "standalone", &raft]),
        }
        let (local, listen) = (
            format!("--local-address={address}"),
            format!("--address={address}"),
        );
        let options = [listen.as_str(), local.as_str()];
        world.start(0, &options[..1 + usize::from(cluster)]);
        let wanted = ovn_schemas::schema(db).version;
        world.wait_for("the conversion", || (version(&world) == wanted).then_some(()));
        world.ctl(&[0], "nb", &["set", "Transit_Switch", "ts", "other_config:a=b"]);
        assert_eq!(world.status(0, "nb").is_some(), cluster, "{}", world.logs());
        let kept = std::fs::read_dir(world.scratch.host("m0")).expect("a folder");
        let kept = kept.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let is_backup = |name: &String| name.starts_with("ovn_ic_nb_db.db.backup0.9.0-");
        let kept: Vec<String> = kept.filter(is_backup).collect();
        assert_eq!(kept.len(), 1, "{}", world.logs());
    };
    check(&["standalone"], false);
    check(&["clustered"], true);
    check(&["standalone"], true);
}
