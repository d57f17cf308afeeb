//! The lock beside a database file: `.NAME.~lock~`, held with an fcntl write lock (ovsdb-server(5)).

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use ovsdb_data::os_text;

/// fcntl locks do not exclude this very process: device and inode of those it holds.
static HELD: Mutex<BTreeSet<(u64, u64)>> = Mutex::new(BTreeSet::new());

/// A held lock. Dropping it unlocks; the file stays, as removing it would race with another locker.
#[derive(Debug)]
pub struct Lockfile {
    file: File,
    id: (u64, u64),
}

impl Lockfile {
    /// Locks the database file `path` without waiting. Fails with `EDEADLK` when this process holds it already and
    /// `EAGAIN` when another does; the log tells which.
    pub fn lock(path: &Path) -> io::Result<Lockfile> {
        let name = lock_name(path)?;
        try_lock(&name).map_err(|Refusal { error, holder }| {
            let name = name.display();
            match holder {
                Some(pid) if pid.cast_unsigned() == std::process::id() => tracing::warn!(
                    target: "lockfile",
                    "{name}: cannot lock file because this process has already locked it"
                ),
                Some(pid) => tracing::warn!(
                    target: "lockfile",
                    "{name}: cannot lock file because it is already locked by pid {pid}"
                ),
                None => tracing::warn!(
                    target: "lockfile",
                    "{name}: failed to lock file: {}", os_text(&error)
                ),
            }
            error
        })
    }
}

/// Why a lock cannot be had, and which process has it.
struct Refusal {
    error: io::Error,
    holder: Option<nix::libc::pid_t>,
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Refusal {
        Refusal { error, holder: None }
    }
}

fn try_lock(name: &Path) -> Result<Lockfile, Refusal> {
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(name)
        .inspect_err(|error| {
            tracing::warn!(
                target: "lockfile",
                "{}: failed to open lock file: {}", name.display(), os_text(error)
            );
        })?;
    let meta = file.metadata()?;
    let id = (meta.dev(), meta.ino());
    let mut held = HELD.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if held.contains(&id) {
        // Closing any descriptor of the file would release the lock we hold: let this one live.
        std::mem::forget(file);
        return Err(Refusal {
            error: Errno::EDEADLK.into(),
            holder: Some(std::process::id().cast_signed()),
        });
    }
    let mut lock = nix::libc::flock {
        l_type: nix::libc::F_WRLCK as _,
        l_whence: nix::libc::SEEK_SET as _,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    if let Err(errno) = fcntl(&file, FcntlArg::F_SETLK(&lock)) {
        let asked = fcntl(&file, FcntlArg::F_GETLK(&mut lock));
        return Err(Refusal {
            // POSIX leaves the choice between the two to the system.
            error: match errno {
                Errno::EACCES => Errno::EAGAIN.into(),
                errno => errno.into(),
            },
            holder: Some(lock.l_pid).filter(|pid| asked.is_ok() && *pid != 0),
        });
    }
    held.insert(id);
    Ok(Lockfile { file, id })
}

impl Drop for Lockfile {
    fn drop(&mut self) {
        let mut held = HELD.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        held.remove(&self.id);
        let _ = self.file.sync_all();
    }
}

fn lock_name(path: &Path) -> io::Result<PathBuf> {
    let path = follow_symlinks(path);
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut lock = std::ffi::OsString::from(".");
    lock.push(name);
    lock.push(".~lock~");
    Ok(path.with_file_name(lock))
}

/// The file that `path` means after following symbolic links of its last part; dangling ones too.
pub fn follow_symlinks(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // As many steps as the kernel takes.
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => break,
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_locks_once_through_any_name() {
        let dir = tempfile::tempdir().expect("a directory");
        let (file, link) = (dir.path().join("db"), dir.path().join("link"));
        std::os::unix::fs::symlink("db", &link).expect("a link");
        let lock = Lockfile::lock(&file).expect("free");
        assert!(dir.path().join(".db.~lock~").exists());
        assert_eq!(Lockfile::lock(&link).expect_err("held").raw_os_error(), Some(35));
        drop(lock);
        Lockfile::lock(&link).expect("free again");
    }
}
