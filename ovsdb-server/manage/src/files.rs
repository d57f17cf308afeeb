//! Backups and what is to be restored, as files of whoever asks.

use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::path::{Path, PathBuf};

use crate::progress::Progress;
use crate::{Client, ClientError, backup, restore};

/// Saves a database's contents in a file, which has its name only once it is whole and on the disk. Its SHA-256.
pub async fn save(
    client: &Client,
    db: &str,
    to: &Path,
    progress: &mut Progress,
) -> Result<String, ClientError> {
    let partial = partial(to);
    let saved = save_as(client, db, to, &partial, progress).await;
    progress.end();
    saved.inspect_err(|_| {
        // A torn backup is worse than none.
        let _ = std::fs::remove_file(&partial);
    })
}

async fn save_as(
    client: &Client,
    db: &str,
    to: &Path,
    partial: &Path,
    progress: &mut Progress,
) -> Result<String, ClientError> {
    let here = |error| named(to, error);
    let mut file = BufWriter::new(File::create(partial).map_err(here)?);
    let sha256 = backup(client, db, &mut file, |so_far, total| {
        progress.show(so_far, total);
    })
    .await?;
    let file = file.into_inner().map_err(|error| here(error.into_error()))?;
    file.sync_all().map_err(here)?;
    std::fs::rename(partial, to).map_err(here)?;
    Ok(sha256)
}

/// Replaces a database's contents by those of a file, in one step or not at all; see [`restore`].
pub async fn put_in_place(
    client: &Client,
    db: &str,
    from: &Path,
    force: bool,
    progress: &mut Progress,
) -> Result<(), ClientError> {
    let here = |error| named(from, error);
    let file = File::open(from).map_err(here)?;
    let total = file.metadata().map_err(here)?.len();
    let mut file = BufReader::new(file);
    let restored = restore(client, db, &mut file, force, |so_far| {
        progress.show(so_far, Some(total));
    })
    .await;
    progress.end();
    restored
}

/// Where a file is while it is not whole.
fn partial(of: &Path) -> PathBuf {
    let mut name = of.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

fn named(path: &Path, error: io::Error) -> ClientError {
    ClientError::Named {
        path: path.display().to_string(),
        error,
    }
}
