//! What is done to files and folders, as a list: each step is whole and durable before the next, so that a crash comes
//! between two of them.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Makes a folder for the owner of its parent, if it is not there.
    MakeFolder(PathBuf),
    /// Puts a file in place of another one, or where none is, whole or not at all. Whoever could read the one before
    /// can read it.
    Write(PathBuf, Vec<u8>),
    /// Gives a folder another name, which is free.
    Rename(PathBuf, PathBuf),
}

/// Does them.
pub(crate) fn run(steps: &[Step]) -> Result<(), (PathBuf, io::Error)> {
    for step in steps {
        step.run().map_err(|error| (step.path().to_owned(), error))?;
    }
    Ok(())
}

impl Step {
    fn path(&self) -> &Path {
        match self {
            Step::MakeFolder(path) | Step::Write(path, _) | Step::Rename(path, _) => path,
        }
    }

    fn run(&self) -> io::Result<()> {
        match self {
            Step::MakeFolder(path) => match fs::create_dir(path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => {
                    made?;
                    fs::set_permissions(path, fs::Permissions::from_mode(0o750))?;
                }
            },
            Step::Write(path, bytes) => {
                let tmp = beside(path);
                write(&tmp, bytes, path)?;
                fs::rename(&tmp, path)?;
            }
            Step::Rename(from, to) => fs::rename(from, to)?,
        }
        sync_parent(self.path());
        Ok(())
    }
}

/// Where a file is written before it takes its place.
fn beside(path: &Path) -> PathBuf {
    let mut tmp = path.as_os_str().to_owned();
    tmp.push(".tmp");
    tmp.into()
}

fn write(path: &Path, bytes: &[u8], like: &Path) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true).mode(0o640);
    let mut file = options.open(path)?;
    if let Ok(like) = fs::metadata(like) {
        file.set_permissions(like.permissions())?;
        // Only root may give files away, and only he needs to.
        let _ = std::os::unix::fs::fchown(&file, Some(like.uid()), Some(like.gid()));
    }
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes names durable.
fn sync_parent(path: &Path) {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    // Some file systems cannot, and have nothing to gain by it.
    let _ = File::open(parent.unwrap_or(Path::new("."))).and_then(|parent| parent.sync_all());
}
