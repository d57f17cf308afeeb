//! Log lines in the form operators and scripts know (ovs-appctl(8) "LOGGING COMMANDS"), behind `tracing`.
//!
//! In: `tracing` events; the module is the last part of the target. Out: lines on the console (stderr), a file and
//! syslog. A disabled level costs one cached load: levels are pushed into tracing's call sites whenever they change.
//! An event with a field [`RATE_LIMITED`] is logged five times a minute at most, as its place is meant for what peers
//! can cause at will; `vlog/disable-rate-limit` lifts that.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write as _};
use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::rate_limit::RateLimit;
use crate::unixctl::Commands;

/// The field of events that are rate-limited: `tracing::warn!(target: "module", rl = true, "text")`.
pub const RATE_LIMITED: &str = "rl";

/// How grave a message is; a destination's level lets this and everything graver through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing passes.
    Off,
    /// The program ends here.
    Emer,
    /// Something failed.
    Err,
    /// Something looks wrong.
    Warn,
    /// What operators want to know.
    Info,
    /// What developers want to know.
    Dbg,
}

const LEVELS: [(Level, &str, u32); 6] = [
    (Level::Off, "OFF", 7),
    (Level::Emer, "EMER", 1),
    (Level::Err, "ERR", 3),
    (Level::Warn, "WARN", 4),
    (Level::Info, "INFO", 5),
    (Level::Dbg, "DBG", 7),
];

impl Level {
    fn name(self) -> &'static str {
        LEVELS[self as usize].1
    }

    fn syslog(self) -> u32 {
        LEVELS[self as usize].2
    }

    fn of(level: &tracing::Level) -> Level {
        match *level {
            tracing::Level::ERROR => Level::Err,
            tracing::Level::WARN => Level::Warn,
            tracing::Level::INFO => Level::Info,
            _ => Level::Dbg,
        }
    }
}

const N: usize = 3;
const SYSLOG: usize = 0;
const CONSOLE: usize = 1;
const FILE: usize = 2;
const DESTINATIONS: [&str; N] = ["syslog", "console", "file"];

/// The facility of what goes to syslog, and of what a pattern shows, where none is set (ovs-appctl(8) `FACILITY`).
const DAEMON: u32 = 3;
const LOCAL0: u32 = 16;

/// Modules that `vlog/list` names before they have said anything: those that operators set levels for.
const KNOWN: [&str; 16] = [
    "coverage",
    "daemon",
    "daemon_unix",
    "fatal_signal",
    "jsonrpc",
    "memory",
    "ovsdb_file",
    "ovsdb_log",
    "ovsdb_jsonrpc_server",
    "ovsdb_server",
    "raft",
    "reconnect",
    "replication",
    "stream_ssl",
    "unixctl",
    "vlog",
];

enum Syslog {
    None,
    Unix(UnixDatagram),
    Udp(UdpSocket, String),
}

struct State {
    program: String,
    levels: [Level; N],
    modules: BTreeMap<String, [Level; N]>,
    seen: BTreeSet<String>,
    unlimited: BTreeSet<String>,
    /// By place in the program.
    limits: HashMap<Identifier, RateLimit>,
    patterns: [String; N],
    /// None until one is set.
    facility: Option<u32>,
    file: Option<(PathBuf, Option<File>)>,
    syslog: Option<Syslog>,
}

static STATE: Mutex<Option<State>> = Mutex::new(None);
static NUMBER: AtomicU32 = AtomicU32::new(0);

fn with<T>(f: impl FnOnce(&mut State) -> T) -> T {
    f(STATE.lock().get_or_insert_with(State::default))
}

impl Default for State {
    fn default() -> Self {
        State {
            program: String::new(),
            levels: [Level::Info; N],
            modules: BTreeMap::new(),
            seen: KNOWN.iter().map(|&name| name.to_owned()).collect(),
            unlimited: BTreeSet::new(),
            limits: HashMap::new(),
            patterns: [
                "ovs|%05N|%c%T|%p|%m".to_owned(),
                "%D{%Y-%m-%dT%H:%M:%SZ}|%05N|%c%T|%p|%m".to_owned(),
                "%D{%Y-%m-%dT%H:%M:%S.###Z}|%05N|%c%T|%p|%m".to_owned(),
            ],
            facility: None,
            file: None,
            syslog: None,
        }
    }
}

impl State {
    fn level(&self, module: &str, destination: usize) -> Level {
        self.modules
            .get(module)
            .map_or(self.levels[destination], |levels| levels[destination])
    }

    /// The most talkative level of any destination that is open.
    fn loudest(&self, module: &str) -> Level {
        let open = |destination| destination != FILE || self.has_file();
        (0..N)
            .filter(|&d| open(d))
            .map(|d| self.level(module, d))
            .max()
            .unwrap_or(Level::Off)
    }

    fn has_file(&self) -> bool {
        matches!(self.file, Some((_, Some(_))))
    }
}

/// Starts logging for `program` to the console and syslog at INFO. Call once, before anything logs; later calls only
/// change the name. `OVS_SYSLOG_METHOD` is obeyed.
pub fn init(program: &str) {
    with(|state| program.clone_into(&mut state.program));
    if let Ok(method) = std::env::var("OVS_SYSLOG_METHOD")
        && let Err(error) = set_syslog_method(&method)
    {
        eprintln!("{program}: {error}");
    }
    // A second start in one process (tests) keeps the first subscriber.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(VlogLayer));
}

/// Opens `path` for appending and logs there too.
pub fn set_log_file(path: &Path) -> io::Result<()> {
    let file = open(path)?;
    with(|state| state.file = Some((path.to_owned(), Some(file))));
    tracing::callsite::rebuild_interest_cache();
    tracing::info!(target: "vlog", "opened log file {}", path.display());
    Ok(())
}

/// Chooses how syslog is reached: `null`, `libc` (the local socket), `unix:FILE` or `udp:HOST:PORT`.
pub fn set_syslog_method(method: &str) -> Result<(), String> {
    let syslog = match method.split_once(':') {
        None if method == "null" => Syslog::None,
        None if method == "libc" => unix("/dev/log"),
        Some(("unix", path)) => unix(path),
        Some(("udp", target)) => UdpSocket::bind("0.0.0.0:0")
            .and_then(|socket| socket.set_nonblocking(true).map(|()| socket))
            .map_or(Syslog::None, |socket| Syslog::Udp(socket, target.to_owned())),
        _ => return Err(format!("unsupported syslog method '{method}'")),
    };
    with(|state| state.syslog = Some(syslog));
    Ok(())
}

fn unix(path: &str) -> Syslog {
    let connect = || {
        let socket = UnixDatagram::unbound()?;
        socket.connect(path)?;
        socket.set_nonblocking(true)?;
        io::Result::Ok(socket)
    };
    connect().map_or(Syslog::None, Syslog::Unix)
}

/// Applies one specification: `[MODULE][:DESTINATION][:LEVEL]` in any order, `PATTERN:DESTINATION:PATTERN`, or
/// `FACILITY:NAME`. Any word that is no destination or level names a module.
pub fn set(spec: &str) -> Result<(), String> {
    let is_break = |c: char| " ,:\t".contains(c);
    let lower = spec.trim_start_matches(is_break).to_ascii_lowercase();
    let first = lower.split(is_break).next().unwrap_or_default();
    let rest = || {
        spec.trim_start_matches(is_break)
            .get(first.len()..)
            .unwrap_or_default()
    };
    let result = match first {
        "pattern" => set_pattern(rest().trim_start_matches(is_break)),
        "facility" => set_facility(rest().trim_start_matches(is_break)),
        _ => set_levels(spec.split(is_break).filter(|word| !word.is_empty())),
    };
    tracing::callsite::rebuild_interest_cache();
    result
}

fn set_pattern(text: &str) -> Result<(), String> {
    let (name, pattern) = text.split_once(|c| " ,:\t".contains(c)).unwrap_or((text, ""));
    if name.is_empty() {
        return Err("missing destination".to_owned());
    }
    let any = name.eq_ignore_ascii_case("any");
    let one = destination(name);
    if !any && one.is_none() {
        return Err(format!("unknown destination \"{name}\""));
    }
    with(|state| {
        for (i, slot) in state.patterns.iter_mut().enumerate() {
            if any || one == Some(i) {
                pattern.clone_into(slot);
            }
        }
    });
    Ok(())
}

fn set_facility(name: &str) -> Result<(), String> {
    const NAMES: [(&str, u32); 20] = [
        ("kern", 0),
        ("user", 1),
        ("mail", 2),
        ("daemon", 3),
        ("auth", 4),
        ("syslog", 5),
        ("lpr", 6),
        ("news", 7),
        ("uucp", 8),
        ("clock", 9),
        ("ftp", 11),
        ("ntp", 12),
        ("local0", 16),
        ("local1", 17),
        ("local2", 18),
        ("local3", 19),
        ("local4", 20),
        ("local5", 21),
        ("local6", 22),
        ("local7", 23),
    ];
    let found = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let (_, number) = found.ok_or_else(|| "invalid facility".to_owned())?;
    with(|state| state.facility = Some(*number));
    Ok(())
}

fn set_levels<'a>(words: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let (mut place, mut level, mut module) = (None, None, None);
    let once = |twice: bool, what: &str| match twice {
        true => Err(format!("cannot specify multiple {what}")),
        false => Ok(()),
    };
    for word in words {
        if word.eq_ignore_ascii_case("any") {
        } else if let Some(found) = destination(word) {
            once(place.replace(found).is_some(), "destinations")?;
        } else if let Some((found, ..)) = LEVELS.iter().find(|(_, name, _)| name.eq_ignore_ascii_case(word)) {
            once(level.replace(*found).is_some(), "levels")?;
        } else {
            once(
                module.replace(module_name(word).to_ascii_lowercase()).is_some(),
                "modules",
            )?;
        }
    }
    let level = level.unwrap_or(Level::Dbg);
    with(|state| {
        let places = (0..N).filter(|&i| place.is_none_or(|place| place == i));
        for i in places {
            match &module {
                Some(name) => {
                    state.seen.insert(name.clone());
                    state.modules.entry(name.clone()).or_insert(state.levels)[i] = level;
                }
                None => {
                    state.levels[i] = level;
                    state.modules.values_mut().for_each(|levels| levels[i] = level);
                }
            }
        }
    });
    Ok(())
}

fn destination(name: &str) -> Option<usize> {
    DESTINATIONS
        .iter()
        .position(|known| known.eq_ignore_ascii_case(name))
}

/// A target's module: its last path part, dashes as underscores.
fn module_name(target: &str) -> String {
    target.rsplit("::").next().unwrap_or(target).replace('-', "_")
}

/// Closes the log file and opens it again (log rotation).
pub fn reopen() -> Result<(), String> {
    let path = with(|state| state.file.as_ref().map(|(path, _)| path.clone()));
    let path = path.ok_or_else(|| "Logging to file not configured".to_owned())?;
    tracing::info!(target: "vlog", "closing log file");
    set_log_file(&path).map_err(|error| error.to_string())
}

/// Closes the log file until [`reopen`].
pub fn close() {
    with(|state| {
        if let Some((_, file)) = &mut state.file {
            *file = None;
        }
    });
    tracing::callsite::rebuild_interest_cache();
}

fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options().create(true).append(true).mode(0o640).open(path)
}

/// The table of `vlog/list`.
pub fn list() -> String {
    with(|state| {
        let mut out = String::from(concat!(
            "                 console    syslog    file\n",
            "                 -------    ------    ------\n"
        ));
        for module in &state.seen {
            let name = |destination| state.level(module, destination).name();
            let _ = write!(
                out,
                "{module:<16}  {:>4}       {:>4}       {:>4}",
                name(CONSOLE),
                name(SYSLOG),
                name(FILE)
            );
            out.push_str(if state.unlimited.contains(module) {
                "    (rate limiting disabled)\n"
            } else {
                "\n"
            });
        }
        out
    })
}

/// The table of `vlog/list-pattern`.
pub fn list_patterns() -> String {
    with(|state| {
        let mut out = String::from(concat!(
            "         prefix                            format\n",
            "         ------                            ------\n"
        ));
        for (name, pattern) in DESTINATIONS.iter().zip(&state.patterns) {
            let _ = writeln!(out, "{:<7}  {:<32}  {pattern}", name.to_ascii_uppercase(), "none");
        }
        out
    })
}

/// Registers the `vlog/…` commands.
pub fn register(commands: &Commands) {
    commands.register(
        "vlog/set",
        "{spec | PATTERN:destination:pattern}",
        0,
        usize::MAX,
        |args| {
            if args.is_empty() {
                set("any:any:dbg")?;
            }
            args.iter().try_for_each(|spec| set(spec)).map(|()| String::new())
        },
    );
    commands.register("vlog/list", "", 0, 0, |_| Ok(list()));
    commands.register("vlog/list-pattern", "", 0, 0, |_| Ok(list_patterns()));
    commands.register("vlog/reopen", "", 0, 0, |_| reopen().map(|()| String::new()));
    commands.register("vlog/close", "", 0, 0, |_| {
        close();
        Ok(String::new())
    });
    commands.register("vlog/enable-rate-limit", "[module]...", 0, usize::MAX, |args| {
        limit(args, true);
        Ok(String::new())
    });
    commands.register("vlog/disable-rate-limit", "[module]...", 0, usize::MAX, |args| {
        limit(args, false);
        Ok(String::new())
    });
}

fn limit(modules: &[String], on: bool) {
    with(|state| {
        let all = modules.is_empty() || modules.iter().any(|name| name.eq_ignore_ascii_case("any"));
        let named: Vec<String> = if all {
            state.seen.iter().cloned().collect()
        } else {
            modules.iter().map(|m| module_name(m)).collect()
        };
        for module in named {
            state.seen.insert(module.clone());
            if on {
                state.unlimited.remove(&module);
            } else {
                state.unlimited.insert(module);
            }
        }
    });
}

/// Logs at EMER; the caller ends the program next.
pub fn emergency(module: &str, message: &str) {
    emit(module, Level::Emer, message, true);
}

/// The same for a message that the caller prints itself.
pub(crate) fn emergency_printed(module: &str, message: &str) {
    emit(module, Level::Emer, message, false);
}

/// Writes one message to every destination whose level lets it through; to the console only if asked for.
fn emit(module: &str, level: Level, message: &str, console: bool) {
    let message = message.trim_end_matches('\n');
    let number = NUMBER.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
    with(|state| {
        if !state.seen.contains(module) {
            state.seen.insert(module.to_owned());
        }
        let passes = |state: &State, destination| level <= state.level(module, destination);
        if console && passes(state, CONSOLE) {
            let line = format(state, &state.patterns[CONSOLE], module, level, number, message) + "\n";
            // Nobody is left to tell when stderr is gone.
            let _ = io::stderr().lock().write_all(line.as_bytes());
        }
        if passes(state, FILE) && state.has_file() {
            let line = format(state, &state.patterns[FILE], module, level, number, message) + "\n";
            if let Some((_, Some(file))) = &mut state.file {
                // A full log disk must not stop the program.
                let _ = file.write_all(line.as_bytes());
            }
        }
        if passes(state, SYSLOG) {
            if state.syslog.is_none() {
                state.syslog = Some(unix("/dev/log"));
            }
            send(state, module, level, number, message);
        }
    });
}

/// Sends to syslog, best effort: a missing or busy daemon loses the line.
fn send(state: &State, module: &str, level: Level, number: u32, message: &str) {
    let Some(syslog @ (Syslog::Unix(_) | Syslog::Udp(..))) = &state.syslog else {
        return;
    };
    let text = format(state, &state.patterns[SYSLOG], module, level, number, message);
    let line = format!(
        "<{}>{}[{}]: {text}",
        state.facility.unwrap_or(DAEMON) * 8 + level.syslog(),
        state.program,
        std::process::id()
    );
    let _ = match syslog {
        Syslog::Unix(socket) => socket.send(line.as_bytes()),
        Syslog::Udp(socket, target) => socket.send_to(line.as_bytes(), target.as_str()),
        Syslog::None => Ok(0),
    };
}

/// Expands a pattern (ovs-appctl(8) "vlog/set PATTERN").
fn format(state: &State, pattern: &str, module: &str, level: Level, number: u32, message: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + message.len() + 40);
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let left = rest.next_if_eq(&'-').is_some();
        let pad = if rest.next_if_eq(&'0').is_some() { '0' } else { ' ' };
        let mut width = 0usize;
        while let Some(digit) = rest.peek().and_then(|c| c.to_digit(10)) {
            rest.next();
            width = (width * 10 + digit as usize).min(1000);
        }
        let Some(code) = rest.next() else { break };
        let start = out.len();
        let _ = match code {
            'A' => write!(out, "{}", state.program),
            'B' => write!(out, "{}", state.facility.unwrap_or(LOCAL0) * 8 + level.syslog()),
            'c' => {
                braces(&mut rest);
                write!(out, "{module}")
            }
            'd' | 'D' => {
                let format = braces(&mut rest).unwrap_or_else(|| "%Y-%m-%d %H:%M:%S.###".to_owned());
                write!(out, "{}", timestamp(&format, code == 'D'))
            }
            'E' => write!(
                out,
                "{}",
                nix::unistd::gethostname().unwrap_or_default().to_string_lossy()
            ),
            'm' => write!(out, "{message}"),
            'N' => write!(out, "{number}"),
            'n' => writeln!(out),
            'p' => write!(out, "{}", level.name()),
            'P' => write!(out, "{}", std::process::id()),
            'r' => write!(out, "{}", started().elapsed().as_millis()),
            't' => write!(out, "main"),
            'T' => Ok(()),
            other => write!(out, "{other}"),
        };
        let used = out[start..].chars().count();
        let fill: String = std::iter::repeat_n(pad, width.saturating_sub(used)).collect();
        out.insert_str(if left { out.len() } else { start }, &fill);
    }
    out
}

fn braces(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    rest.next_if_eq(&'{')?;
    Some(rest.by_ref().take_while(|&c| c != '}').collect())
}

fn timestamp(format: &str, utc: bool) -> String {
    let now = jiff::Timestamp::now();
    let zone = if utc {
        jiff::tz::TimeZone::UTC
    } else {
        jiff::tz::TimeZone::system()
    };
    let zoned = now.to_zoned(zone);
    let format = format.replace("###", &std::format!("{:03}", zoned.millisecond()));
    jiff::fmt::strtime::format(&format, &zoned).unwrap_or(format)
}

fn started() -> std::time::Instant {
    static STARTED: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    *STARTED.get_or_init(std::time::Instant::now)
}

struct VlogLayer;

impl<S: Subscriber> Layer<S> for VlogLayer {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        match metadata.is_event() && passes(metadata) {
            true => Interest::always(),
            false => Interest::never(),
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.is_event() && passes(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let Some((module, level)) = place(metadata) else {
            return;
        };
        if metadata.fields().field(RATE_LIMITED).is_some() {
            match admit(&module, metadata.callsite(), Instant::now()) {
                None => return,
                Some(None) => {}
                Some(Some(dropped)) => emit(&module, level, &dropped, true),
            }
        }
        let mut text = Text::default();
        event.record(&mut text);
        text.message.push_str(&text.fields);
        emit(&module, level, &text.message, true);
    }
}

/// Whether a rate-limited place may log now, and what to say of messages that were dropped before.
fn admit(module: &str, place: Identifier, now: Instant) -> Option<Option<String>> {
    with(|state| {
        if state.unlimited.contains(module) {
            return Some(None);
        }
        let limit = state.limits.entry(place).or_insert_with(|| RateLimit::new(now));
        Some(limit.admit(now)?.map(|dropped| dropped.text(now)))
    })
}

fn passes(metadata: &Metadata<'_>) -> bool {
    place(metadata).is_some_and(|(module, level)| with(|state| level <= state.loudest(&module)))
}

/// The module and level of an event; none for what is never shown. openraft is talkative, and takes for warnings what
/// is everyday life in a cluster: what operators should know, our own code tells them.
fn place(metadata: &Metadata<'_>) -> Option<(String, Level)> {
    let (target, level) = (metadata.target(), Level::of(metadata.level()));
    match target.split("::").next() {
        Some("openraft") if level > Level::Info => None,
        Some("openraft") => Some(("openraft".to_owned(), Level::Dbg)),
        _ => Some((module_name(target), level)),
    }
}

/// The message, then other fields as ` name=value`.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            RATE_LIMITED => Ok(()),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_expand_as_the_manual_says() {
        let state = State {
            program: "prog".into(),
            ..State::default()
        };
        for (pattern, want) in [
            ("%05N|%c%T|%p|%m", "00042|raft|WARN|hello"),
            ("%-6p|%6p|%A", "WARN  |  WARN|prog"),
            ("%B %n%%", "132 \n%"),
            ("%q%", "q"),
        ] {
            assert_eq!(
                format(&state, pattern, "raft", Level::Warn, 42, "hello"),
                want,
                "{pattern}"
            );
        }
        let stamp = format(&state, "%D{%Y-%m-%dT%H:%M:%S.###Z}", "m", Level::Info, 1, "");
        assert_eq!(
            (stamp.len(), &stamp[10..11], &stamp[19..20]),
            (24, "T", "."),
            "{stamp}"
        );
    }

    #[test]
    fn specifications_name_module_destination_and_level_in_any_order() {
        for (spec, want) in [
            ("raft:file:err", Ok(())),
            ("err,console,jsonrpc", Ok(())),
            ("file:console", Err("cannot specify multiple destinations")),
            ("dbg:info", Err("cannot specify multiple levels")),
            ("one:two", Err("cannot specify multiple modules")),
            ("PATTERN", Err("missing destination")),
            ("PATTERN:nowhere:x", Err("unknown destination \"nowhere\"")),
            ("FACILITY:nobody", Err("invalid facility")),
            ("FACILITY:daemon", Ok(())),
        ] {
            assert_eq!(set(spec), want.map_err(str::to_owned), "{spec}");
        }
        with(|state| {
            assert_eq!(state.level("raft", FILE), Level::Err);
            assert_eq!(state.level("jsonrpc", CONSOLE), Level::Err);
            assert_eq!(state.level("other", FILE), Level::Info);
        });
        assert!(
            list().contains("raft              INFO       INFO        ERR\n"),
            "{}",
            list()
        );
    }
}
