//! Becoming a daemon: fork, monitor, pidfile, signals (ovsdb-server(1) "Daemon Options").
//!
//! [`start`] runs before any thread exists and returns in the process that does the work; [`Starting::ready`] lets the
//! parent exit with success. What happens on the way out (pidfile, sockets) is [`clean_up`], which a normal exit and a
//! fatal signal share.

use std::fs::{File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Gid, Group, Pid, Uid, User, fork, setsid};
use parking_lot::Mutex;

use crate::options::DaemonOptions;
use crate::vlog;

/// Why the process cannot become the daemon that was asked for. Texts as the C programs log them.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The pidfile is locked by a live process.
    #[error("{}: already running as pid {pid}, aborting", path.display())]
    AlreadyRunning {
        /// The pidfile.
        path: PathBuf,
        /// Its holder.
        pid: i32,
    },
    /// The pidfile cannot be made.
    #[error("{}: {step} failed ({source})", path.display())]
    Pidfile {
        /// The file.
        path: PathBuf,
        /// What was tried.
        step: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// `--user` cannot be obeyed.
    #[error("{0}, aborting.")]
    User(String),
    /// A system call failed.
    #[error("{0} failed ({1})")]
    System(&'static str, Errno),
}

/// The working process on its way up. Dropping it without [`Starting::ready`] is a failure to start.
pub struct Starting {
    pipe: Option<OwnedFd>,
    chdir: bool,
    detached: bool,
    /// Open for the lock's sake, as long as the process lives.
    pidfile: Option<File>,
}

impl Starting {
    /// The daemon serves: the waiting parent exits 0; a detached process leaves its directory and terminal.
    pub fn ready(mut self) {
        if let Some(pipe) = self.pipe.take() {
            // The parent may have been killed; the daemon lives on.
            let _ = nix::unistd::write(&pipe, &[0]);
        }
        if self.detached {
            if self.chdir {
                let _ = std::env::set_current_dir("/");
            }
            close_standard_fds();
        }
        if let Some(file) = self.pidfile.take() {
            // fcntl locks go with the first close of the file by this process.
            std::mem::forget(file);
        }
    }
}

/// Detaches and monitors as asked, takes the pidfile, changes the user. Call before any thread starts. Returns in the
/// working process only; the others exit in here.
pub fn start(options: &DaemonOptions) -> Result<Starting, Error> {
    ignore_sigpipe();
    default_crash_signals();
    abort_on_panic();
    if let Some(path) = &options.pidfile
        && !options.overwrite_pidfile
    {
        check_running(path)?;
    }
    let user = options.user.as_deref().map(resolve_user).transpose()?;
    let mut pipe = None;
    if options.detach {
        match fork_with_pipe()? {
            Forked::Parent { child, ready } => wait_and_exit(child, ready),
            Forked::Child { notify } => pipe = Some(notify),
        }
        setsid().map_err(|errno| Error::System("setsid", errno))?;
    }
    if options.monitor {
        pipe = Some(monitor(pipe)?);
    }
    let pidfile = options.pidfile.as_deref().map(make_pidfile).transpose()?;
    if let Some((uid, gid, name)) = user {
        become_user(uid, gid, &name)?;
    }
    Ok(Starting {
        pipe,
        chdir: !options.no_chdir,
        detached: options.detach,
        pidfile,
    })
}

enum Forked {
    Parent { child: Pid, ready: OwnedFd },
    Child { notify: OwnedFd },
}

fn fork_with_pipe() -> Result<Forked, Error> {
    let (ready, notify) = nix::unistd::pipe().map_err(|errno| Error::System("pipe", errno))?;
    // SAFETY: the documented contract of `start` is that no other thread exists yet, so the child may run any code.
    match unsafe { fork() }.map_err(|errno| Error::System("fork", errno))? {
        ForkResult::Parent { child } => Ok(Forked::Parent { child, ready }),
        ForkResult::Child => Ok(Forked::Child { notify }),
    }
}

/// Waits for the child's word. `Ok` when it is ready, else how it ended.
fn wait_for_startup(child: Pid, ready: OwnedFd) -> Result<(), WaitStatus> {
    let mut byte = [0];
    if matches!(File::from(ready).read(&mut byte), Ok(1)) {
        return Ok(());
    }
    loop {
        match waitpid(child, None) {
            Err(Errno::EINTR) => {}
            Ok(status) => return Err(status),
            Err(_) => return Err(WaitStatus::Exited(child, 1)),
        }
    }
}

/// The end of the process that the user started: the child's own code when it failed by itself.
fn wait_and_exit(child: Pid, ready: OwnedFd) -> ! {
    let code = match wait_for_startup(child, ready) {
        Ok(()) => 0,
        Err(WaitStatus::Exited(_, code)) if code != 0 => code,
        Err(status) => {
            let text = describe(status);
            vlog::emergency(
                "daemon_unix",
                &format!("fork child died before signaling startup ({text})"),
            );
            1
        }
    };
    std::process::exit(code)
}

/// Splits off the monitor, which stays in here; returns the pipe of the worker.
fn monitor(mut outer: Option<OwnedFd>) -> Result<OwnedFd, Error> {
    let mut last_start = Instant::now();
    let (mut child, mut ready) = match fork_with_pipe()? {
        Forked::Child { notify } => return Ok(notify),
        Forked::Parent { child, ready } => (child, ready),
    };
    loop {
        let mut status = match wait_for_startup(child, ready) {
            Ok(()) => {
                if let Some(pipe) = outer.take() {
                    let _ = nix::unistd::write(&pipe, &[0]);
                    close_standard_fds();
                }
                None
            }
            // A failure of the first start is told to whoever waits; later ones are crashes.
            Err(WaitStatus::Exited(_, code)) => std::process::exit(code),
            Err(status) => Some(status),
        };
        while status.is_none() {
            match waitpid(child, None) {
                Err(Errno::EINTR) => {}
                Ok(found) => status = Some(found),
                Err(_) => std::process::exit(1),
            }
        }
        let status = status.unwrap_or(WaitStatus::StillAlive);
        let text = describe(status);
        if !should_restart(status) {
            tracing::info!(target: "daemon_unix", "pid {child} died, {text}, exiting");
            std::process::exit(0);
        }
        let pause = Duration::from_secs(10).saturating_sub(last_start.elapsed());
        if !pause.is_zero() {
            tracing::warn!(target: "daemon_unix", "pid {child} died, {text}, waiting until 10 seconds since last restart");
            std::thread::sleep(pause);
        }
        last_start = Instant::now();
        tracing::error!(target: "daemon_unix", "pid {child} died, {text}, restarting");
        match fork_with_pipe()? {
            Forked::Child { notify } => return Ok(notify),
            Forked::Parent {
                child: next,
                ready: pipe,
            } => (child, ready) = (next, pipe),
        }
    }
}

/// The signals after which a monitor starts the program again: those of a bug, not those of an operator.
fn should_restart(status: WaitStatus) -> bool {
    use Signal::*;
    match status {
        WaitStatus::Signaled(_, signal, _) => [
            SIGABRT, SIGALRM, SIGBUS, SIGFPE, SIGILL, SIGPIPE, SIGSEGV, SIGXCPU, SIGXFSZ,
        ]
        .contains(&signal),
        _ => false,
    }
}

fn describe(status: WaitStatus) -> String {
    match status {
        WaitStatus::Exited(_, code) => format!("exit status {code}"),
        WaitStatus::Signaled(_, signal, dumped) => {
            format!("killed ({signal}){}", if dumped { ", core dumped" } else { "" })
        }
        other => format!("{other:?}"),
    }
}

/// Refuses when a live process holds the pidfile.
fn check_running(path: &Path) -> Result<(), Error> {
    let file = match File::options().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => {
            return Err(Error::Pidfile {
                path: path.to_owned(),
                step: "pidfile check",
                source,
            });
        }
    };
    let mut lock = write_lock();
    nix::fcntl::fcntl(&file, nix::fcntl::FcntlArg::F_GETLK(&mut lock)).map_err(|errno| Error::Pidfile {
        path: path.to_owned(),
        step: "pidfile check",
        source: errno.into(),
    })?;
    match i32::from(lock.l_type) {
        libc::F_UNLCK => Ok(()),
        _ => Err(Error::AlreadyRunning {
            path: path.to_owned(),
            pid: lock.l_pid,
        }),
    }
}

fn write_lock() -> libc::flock {
    libc::flock {
        l_type: libc::F_WRLCK as _,
        l_whence: libc::SEEK_SET as _,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    }
}

/// Writes this process's pid beside the pidfile, locks it and moves it into place.
fn make_pidfile(path: &Path) -> Result<File, Error> {
    let pid = std::process::id();
    let mut tmp = path.as_os_str().to_owned();
    tmp.push(format!(".tmp{pid}"));
    let tmp = PathBuf::from(tmp);
    let fail = |step| {
        let path = tmp.clone();
        move |source| Error::Pidfile { path, step, source }
    };
    remove_at_exit(&tmp);
    let mut file = File::options()
        .create(true)
        .append(true)
        .read(true)
        .open(&tmp)
        .map_err(fail("create"))?;
    nix::fcntl::fcntl(&file, nix::fcntl::FcntlArg::F_SETLK(&write_lock()))
        .map_err(io::Error::from)
        .map_err(fail("fcntl(F_SETLK)"))?;
    file.set_len(0).map_err(fail("truncate"))?;
    file.set_permissions(Permissions::from_mode(0o644))
        .map_err(fail("chmod"))?;
    file.write_all(format!("{pid}\n").as_bytes())
        .map_err(fail("write"))?;
    std::fs::rename(&tmp, path).map_err(fail("rename"))?;
    forget(&tmp);
    remove_at_exit(path);
    Ok(file)
}

fn resolve_user(spec: &str) -> Result<(Uid, Gid, String), Error> {
    if !Uid::current().is_root() {
        return Err(Error::User("only root can use --user option".to_owned()));
    }
    let (name, group) = spec
        .trim()
        .split_once(':')
        .map_or((spec.trim(), None), |(u, g)| (u, Some(g)));
    let name = if name.is_empty() { "root" } else { name };
    let user = User::from_name(name)
        .ok()
        .flatten()
        .ok_or_else(|| Error::User(format!("user {name} not found")))?;
    let gid = match group.filter(|group| !group.is_empty()) {
        None => user.gid,
        Some(group) => {
            let found = Group::from_name(group).ok().flatten();
            let found = found.ok_or_else(|| Error::User(format!("group {group} not found")))?;
            if found.gid != user.gid && !found.mem.iter().any(|member| member == name) {
                let text = format!("Invalid --user option {spec} (user {name} is not in group {group})");
                return Err(Error::User(text));
            }
            found.gid
        }
    };
    Ok((user.uid, gid, name.to_owned()))
}

fn become_user(uid: Uid, gid: Gid, name: &str) -> Result<(), Error> {
    let c_name = std::ffi::CString::new(name).map_err(|_| Error::User(format!("user {name} not found")))?;
    nix::unistd::setresgid(gid, gid, gid).map_err(|errno| Error::System("setresgid", errno))?;
    nix::unistd::initgroups(&c_name, gid).map_err(|errno| Error::System("initgroups", errno))?;
    nix::unistd::setresuid(uid, uid, uid).map_err(|errno| Error::System("setresuid", errno))
}

fn close_standard_fds() {
    let Ok(null) = File::options().read(true).write(true).open("/dev/null") else {
        return;
    };
    let _ = nix::unistd::dup2_stdin(&null);
    let _ = nix::unistd::dup2_stdout(&null);
    let _ = nix::unistd::dup2_stderr(&null);
    // The console is gone: formatting lines for it would be lost work.
    let _ = vlog::set("console:off");
}

/// Files that must not outlive the process, with their inodes' owners: a fork removes nothing.
static DOOMED: Mutex<Vec<(PathBuf, u32)>> = Mutex::new(Vec::new());

/// Removes `path` on a clean exit or a fatal signal of this process.
pub fn remove_at_exit(path: &Path) {
    DOOMED.lock().push((path.to_owned(), std::process::id()));
}

/// Removes `path` now rather than at exit, if this process owns it.
pub fn remove_now(path: &Path) {
    if forget(path) {
        let _ = std::fs::remove_file(path);
    }
}

fn forget(path: &Path) -> bool {
    let mut doomed = DOOMED.lock();
    let before = doomed.len();
    doomed.retain(|(known, pid)| known != path || *pid != std::process::id());
    doomed.len() != before
}

/// Removes the pidfile and the sockets. Call on the way out of `main`.
pub fn clean_up() {
    let doomed = std::mem::take(&mut *DOOMED.lock());
    for (path, pid) in doomed {
        if pid == std::process::id() {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Waits for SIGTERM, SIGINT, SIGHUP or SIGALRM and returns which; the caller then ends with [`die`]. Needs a tokio
/// runtime with IO.
pub async fn fatal_signal() -> io::Result<Signal> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    let mut hup = signal(SignalKind::hangup())?;
    let mut alarm = signal(SignalKind::alarm())?;
    Ok(std::future::poll_fn(|cx| {
        use std::task::Poll;
        for (stream, name) in [
            (&mut term, Signal::SIGTERM),
            (&mut int, Signal::SIGINT),
            (&mut hup, Signal::SIGHUP),
            (&mut alarm, Signal::SIGALRM),
        ] {
            if stream.poll_recv(cx).is_ready() {
                return Poll::Ready(name);
            }
        }
        Poll::Pending
    })
    .await)
}

/// Cleans up and ends by the default action of `signal`, so that a parent sees the true cause.
pub fn die(fatal: Signal) -> ! {
    clean_up();
    // SAFETY: SigDfl installs no handler code.
    let _ = unsafe { signal(fatal, SigHandler::SigDfl) };
    let _ = nix::sys::signal::raise(fatal);
    std::process::exit(128 + fatal as i32)
}

/// Logs `message` at EMER, tells the user `PROGRAM: MESSAGE`, cleans up, and exits 1.
pub fn fatal(program: &str, message: &str) -> ! {
    eprintln!("{program}: {message}");
    vlog::emergency_printed(&program.replace('-', "_"), message);
    clean_up();
    std::process::exit(1)
}

fn ignore_sigpipe() {
    // SAFETY: SigIgn installs no handler code.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigIgn) };
}

/// Rust's runtime catches these to tell stack overflows; a signal sent from outside would then be swallowed once,
/// and a monitor would wait for a crash that does not come.
fn default_crash_signals() {
    for crash in [Signal::SIGSEGV, Signal::SIGBUS] {
        // SAFETY: SigDfl installs no handler code.
        let _ = unsafe { signal(crash, SigHandler::SigDfl) };
    }
}

/// A panic ends the process by SIGABRT, which a monitor takes for the crash that it is.
fn abort_on_panic() {
    std::panic::set_hook(Box::new(|info| {
        vlog::emergency("util", &info.to_string());
        clean_up_sockets_of_a_crash();
        std::process::abort();
    }));
}

/// A crash leaves files as they are, but for the lock on the list: nothing here may wait.
fn clean_up_sockets_of_a_crash() {
    if let Some(doomed) = DOOMED.try_lock() {
        for (path, pid) in doomed.iter() {
            let is_socket =
                std::fs::metadata(path).is_ok_and(|meta| meta.mode() & libc::S_IFMT == libc::S_IFSOCK);
            if *pid == std::process::id() && is_socket {
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_crashes_restart() {
        let pid = Pid::from_raw(1);
        for (signal, want) in [
            (Signal::SIGSEGV, true),
            (Signal::SIGABRT, true),
            (Signal::SIGTERM, false),
            (Signal::SIGKILL, false),
        ] {
            assert_eq!(
                should_restart(WaitStatus::Signaled(pid, signal, false)),
                want,
                "{signal}"
            );
        }
        assert!(!should_restart(WaitStatus::Exited(pid, 1)));
    }

    #[test]
    fn a_pidfile_holds_the_pid_and_goes_with_the_process() {
        let path = std::env::temp_dir().join(format!("daemon-test-{}.pid", std::process::id()));
        let file = make_pidfile(&path).expect("a writable directory");
        let text = std::fs::read_to_string(&path).expect("the pidfile");
        assert_eq!(text, format!("{}\n", std::process::id()));
        remove_now(&path);
        assert!(!path.exists());
        drop(file);
    }
}
