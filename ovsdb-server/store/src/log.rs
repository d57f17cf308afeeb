//! Records in a file: `OVSDB MAGIC LENGTH SHA1`, a JSON text, each with a line feed (ovsdb-server(5)).
//!
//! In: bytes. Out: checked record texts, in order; the first damaged record ends the valid prefix, which is used. The
//! next write truncates what follows it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::{FileExt as _, FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ovsdb_data::{OvsdbError, json};
use sha1::{Digest as _, Sha1};

use crate::error::StoreError;
use crate::lockfile::Lockfile;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Magic {
    /// A standalone database.
    Json,
    /// A member of a C cluster.
    Cluster,
}

impl Magic {
    /// Every kind.
    pub const ALL: [Magic; 2] = [Magic::Json, Magic::Cluster];

    /// The word in a record's header.
    pub fn as_str(self) -> &'static str {
        match self {
            Magic::Json => "JSON",
            Magic::Cluster => "CLUSTER",
        }
    }

    fn parse(word: &str) -> Option<Magic> {
        Magic::ALL.into_iter().find(|magic| magic.as_str() == word)
    }
}

/// How to open a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// For reading, without the lock: works on a live file.
    ReadOnly,
    /// For reading and writing, locked.
    ReadWrite,
    /// Made anew, locked; must not exist.
    Create,
    /// Made anew, or opened to be replaced, locked; what exists must be of the kind.
    Replace,
    /// Made anew without a lock of its own (a temporary file beside a locked one).
    CreateUnlocked,
}

impl Mode {
    /// How the system is asked for a file, and what a refusal is called.
    fn options(self, path: &Path) -> (OpenOptions, &'static str) {
        let mut options = File::options();
        options.read(true).mode(0o660);
        let refusal = match self {
            Mode::ReadOnly => "open failed",
            Mode::ReadWrite => {
                options.write(true);
                "open failed"
            }
            Mode::Create | Mode::CreateUnlocked => {
                options.write(true).create(true);
                // A dangling link names a file to be made, which O_EXCL would refuse.
                if !path.is_symlink() || path.exists() {
                    options.create_new(true);
                }
                "create failed"
            }
            Mode::Replace => {
                options.write(true).create(true);
                "create or open failed"
            }
        };
        (options, refusal)
    }
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// How many records come before it.
    pub number: u64,
    /// Where its header starts.
    pub offset: u64,
    /// The SHA-1 of its JSON text with the line feed, verified.
    pub sha1: [u8; 20],
    /// The JSON text with the line feed.
    pub text: Vec<u8>,
    /// Where its JSON text starts.
    pub data_offset: u64,
}

/// The text, for those who parse it apart.
impl AsRef<[u8]> for Record {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

/// A database file as a sequence of records.
#[derive(Debug)]
pub struct Log {
    reader: BufReader<File>,
    path: PathBuf,
    display: String,
    magic: Magic,
    offset: u64,
    n_read: u64,
    reading: bool,
    /// Nothing is known to follow `offset` in the file.
    ends_here: bool,
    stopped: bool,
    /// Up to where a commit asked for durability.
    synced: u64,
    lock: Option<Lockfile>,
    base: u64,
    /// The file was renamed, and whether the name is durable yet.
    name_pending: Option<Arc<AtomicBool>>,
}

impl Log {
    /// Opens `path`. `allowed` are the kinds it may be; a new file is of the first.
    pub fn open(path: &Path, allowed: &[Magic], mode: Mode) -> Result<Log, StoreError> {
        Self::open_called(path, path.display().to_string(), allowed, mode)
    }

    /// Opens `path` like [`Log::open`]; errors call it `display`, as whoever asked for it does.
    pub fn open_called(
        path: &Path,
        display: String,
        allowed: &[Magic],
        mode: Mode,
    ) -> Result<Log, StoreError> {
        let io = |what: &str| {
            let text = format!("{display}: {what}");
            move |source| StoreError::io(source, text)
        };
        let absolute =
            std::path::absolute(path).map_err(io("could not determine current working directory"))?;
        let lock = match mode {
            Mode::ReadWrite | Mode::Create | Mode::Replace => {
                Some(Lockfile::lock(path).map_err(|source| StoreError::Locked {
                    file: display.clone(),
                    source,
                })?)
            }
            _ => None,
        };
        // Nobody may ever write to a pipe that is opened.
        if std::fs::metadata(path).is_ok_and(|file| file.file_type().is_fifo()) {
            return Err(StoreError::Format(format!("{display}: is a pipe, not a file")));
        }
        let (options, refusal) = mode.options(path);
        let file = options.open(path).map_err(io(refusal))?;
        let mut reader = BufReader::with_capacity(1 << 18, file);
        let first = header_line(&mut reader).map_err(io("read error"))?;
        let magic = match first.is_empty() {
            true if matches!(mode, Mode::Create | Mode::CreateUnlocked | Mode::Replace) => {
                if mode != Mode::CreateUnlocked {
                    sync_parent(path);
                }
                allowed.first().copied()
            }
            true => None,
            false => {
                let header = parse_header(&first)
                    .ok_or_else(|| StoreError::Format(format!("{display}: unexpected file format")))?;
                Magic::parse(header.magic).filter(|magic| allowed.contains(magic))
            }
        };
        let magic =
            magic.ok_or_else(|| StoreError::Format(format!("{display}: cannot identify file type")))?;
        reader.rewind().map_err(io("seek failed"))?;
        Ok(Log {
            reader,
            path: absolute,
            display,
            magic,
            offset: 0,
            n_read: 0,
            reading: true,
            ends_here: false,
            stopped: false,
            synced: 0,
            lock,
            base: 0,
            name_pending: None,
        })
    }

    /// The kind of the file.
    pub fn magic(&self) -> Magic {
        self.magic
    }

    /// The absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name as the user gave it.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// The end of the last record read or written.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next record; none at the end of the file. An error ends reading: what came before is valid.
    pub fn read(&mut self) -> Result<Option<Record>, StoreError> {
        if !self.reading {
            return Ok(None);
        }
        let result = self.read_record();
        if !matches!(result, Ok(Some(_))) {
            self.reading = false;
        }
        result
    }

    fn read_record(&mut self) -> Result<Option<Record>, StoreError> {
        let line = header_line(&mut self.reader)
            .map_err(|error| StoreError::io(error, format!("{}: read failed", self.display)))?;
        if line.is_empty() {
            return Ok(None);
        }
        let header = parse_header(&line).filter(|header| header.magic == self.magic.as_str());
        let Some(header) = header else {
            let text =
                String::from_utf8_lossy(line.split(|&b| b == b'\n').next().unwrap_or_default()).into_owned();
            return Err(StoreError::Damaged(format!(
                "{}: parse error at offset {} in header line \"{text}\"",
                self.display, self.offset
            )));
        };
        let data_offset = self.offset + line.len() as u64;
        let mut text = Vec::new();
        // `take` rather than a buffer of the stated size: the size may be a lie.
        let read = (&mut self.reader).take(header.length).read_to_end(&mut text);
        let what = || {
            format!(
                "{}: error reading {} bytes starting at offset {data_offset}",
                self.display, header.length
            )
        };
        let read = read.map_err(|error| StoreError::io(error, what()))?;
        if (read as u64) < header.length {
            return Err(StoreError::UnexpectedEnd(what()));
        }
        let sha1: [u8; 20] = Sha1::digest(&text).into();
        if sha1 != header.sha1 {
            return Err(StoreError::Damaged(format!(
                "{}: {} bytes starting at offset {data_offset} have SHA-1 hash {} but should have hash {}",
                self.display,
                header.length,
                hex(&sha1),
                hex(&header.sha1)
            )));
        }
        let record = Record {
            number: self.n_read,
            offset: self.offset,
            sha1,
            text,
            data_offset,
        };
        self.n_read += 1;
        self.offset = data_offset + header.length;
        Ok(Some(record))
    }

    /// Takes a record and all after it back: the next write overwrites them.
    pub(crate) fn unread_from(&mut self, record: &Record) {
        self.offset = record.offset;
        self.reading = false;
        self.ends_here = false;
    }

    /// The error for a record whose text is not JSON.
    pub fn not_json(&self, record: &Record, why: &str) -> StoreError {
        StoreError::Damaged(format!(
            "{}: {} bytes starting at offset {} are not valid JSON ({why})",
            self.display,
            record.text.len(),
            record.data_offset
        ))
    }

    /// The error for a record whose text is no object.
    pub fn not_object(&self, record: &Record) -> StoreError {
        StoreError::Damaged(format!(
            "{}: {} bytes starting at offset {} are not a JSON object",
            self.display,
            record.text.len(),
            record.data_offset
        ))
    }

    /// The error for a record that is an object, but not one that can stand here.
    pub fn not_valid(&self, record: &Record, why: OvsdbError) -> StoreError {
        StoreError::Record {
            file: self.display.clone(),
            number: record.number,
            offset: record.offset,
            why,
        }
    }

    /// Appends one record (a JSON text without line feed) with one system call; what follows the valid prefix is
    /// truncated first. What a failed write has left is truncated away, and later writes may succeed, as a full disk
    /// may have room again; where that fails, too, every later write refuses. Returns the record's SHA-1.
    pub fn append(&mut self, json: &[u8]) -> Result<[u8; 20], StoreError> {
        let (bytes, sha1) = compose(self.magic, json);
        self.append_bytes(&bytes)?;
        Ok(sha1)
    }

    /// Appends records as [`Log::append`] does, all with one system call.
    pub fn append_all<'a>(
        &mut self,
        jsons: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Vec<[u8; 20]>, StoreError> {
        let (mut bytes, mut sha1s) = (Vec::new(), Vec::new());
        for json in jsons {
            let (record, sha1) = compose(self.magic, json);
            bytes.extend_from_slice(&record);
            sha1s.push(sha1);
        }
        self.append_bytes(&bytes)?;
        Ok(sha1s)
    }

    fn append_bytes(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        if self.stopped {
            return Err(StoreError::Stopped(self.display.clone()));
        }
        let result = self.try_append(bytes);
        if result.is_err() {
            // A file that cannot be put right takes no more writes.
            self.stopped = self.reader.get_ref().set_len(self.offset).is_err();
        }
        result
    }

    fn try_append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let at = self.offset;
        let fail = |what: String| {
            let text = format!("{}: {what}", self.display);
            move |source| StoreError::io(source, text)
        };
        let file = self.reader.get_ref();
        if !self.ends_here {
            file.set_len(at)
                .map_err(fail(format!("cannot truncate to length {at}")))?;
        }
        self.reading = false;
        self.ends_here = false;
        file.write_all_at(bytes, at)
            .map_err(fail("write failed".to_owned()))?;
        self.ends_here = true;
        self.offset = at + bytes.len() as u64;
        Ok(())
    }

    /// Waits until everything appended is on disk. A failure is final: the kernel may have dropped the data.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        if self.stopped {
            return Err(StoreError::Stopped(self.display.clone()));
        }
        // Under its new name, too, once it has taken another file's place.
        let result = self
            .reader
            .get_ref()
            .sync_data()
            .and_then(|()| self.settle_name());
        self.synced = self.offset;
        result.map_err(|error| {
            self.stopped = true;
            StoreError::io(error, format!("{}: fsync failed", self.display))
        })
    }

    /// Makes a new name durable, unless whoever gave it has done so meanwhile.
    fn settle_name(&mut self) -> io::Result<()> {
        if let Some(pending) = self.name_pending.take()
            && !pending.swap(true, Ordering::AcqRel)
        {
            sync_dir(&self.path)?;
        }
        Ok(())
    }

    /// Remembers the present size as that of a compacted file.
    pub fn mark_base(&mut self) {
        self.base = self.offset;
    }

    /// Whether the file has grown enough for a compaction: over 10 MiB and twice the size at the last one.
    pub fn grew_lots(&self) -> bool {
        self.offset > 10 * 1024 * 1024 && self.offset / 2 > self.base
    }

    /// Goes on reading from the record at `offset`.
    pub(crate) fn read_from(&mut self, offset: u64) -> Result<(), StoreError> {
        self.reader
            .seek(SeekFrom::Start(offset))
            .map_err(|error| StoreError::io(error, format!("{}: seek failed", self.display)))?;
        self.offset = offset;
        self.reading = true;
        self.ends_here = false;
        Ok(())
    }

    /// Up to where a commit asked for durability.
    pub(crate) fn synced(&self) -> u64 {
        self.synced
    }

    /// Puts `new` in this file's place under this file's name and lock; returns the old one.
    pub(crate) fn replace_with(&mut self, new: Log, name: PathBuf, settled: Arc<AtomicBool>) -> Log {
        let lock = self.lock.take();
        let display = std::mem::take(&mut self.display);
        let log = Log {
            lock,
            display,
            path: name,
            reading: false,
            name_pending: Some(settled),
            ..new
        };
        std::mem::replace(self, log)
    }
}

/// The C programs read no longer line as a header: two words, a length, a hash.
const HEADER_MAX: usize = 127;

/// A record's bytes and SHA-1.
pub fn compose(magic: Magic, json: &[u8]) -> (Vec<u8>, [u8; 20]) {
    let mut hash = Sha1::new();
    hash.update(json);
    hash.update(b"\n");
    let sha1: [u8; 20] = hash.finalize().into();
    let mut bytes = Vec::with_capacity(HEADER_MAX + json.len() + 1);
    bytes.extend_from_slice(b"OVSDB ");
    bytes.extend_from_slice(magic.as_str().as_bytes());
    bytes.push(b' ');
    json::write_integer(json.len() as i64 + 1, &mut bytes);
    bytes.push(b' ');
    bytes.extend_from_slice(hex(&sha1).as_bytes());
    bytes.push(b'\n');
    bytes.extend_from_slice(json);
    bytes.push(b'\n');
    (bytes, sha1)
}

struct Header<'a> {
    magic: &'a str,
    length: u64,
    sha1: [u8; 20],
}

/// Reads a line, at most as long as a header can be; empty at the end of the file.
fn header_line(reader: &mut BufReader<File>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    reader
        .by_ref()
        .take(HEADER_MAX as u64)
        .read_until(b'\n', &mut line)?;
    Ok(line)
}

fn parse_header(line: &[u8]) -> Option<Header<'_>> {
    let text = std::str::from_utf8(line)
        .ok()?
        .strip_prefix("OVSDB ")?
        .strip_suffix('\n')?;
    let mut words = text.split(' ');
    let (magic, length, digest) = (words.next()?, words.next()?, words.next()?);
    let length = length
        .parse()
        .ok()
        .filter(|&length| length > 0 && length < u64::MAX)?;
    let digest = digest.as_bytes();
    if words.next().is_some() || digest.len() != 40 {
        return None;
    }
    let mut sha1 = [0; 20];
    for (byte, pair) in sha1.iter_mut().zip(digest.chunks_exact(2)) {
        let digit = |c: u8| (c as char).to_digit(16);
        *byte = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
    }
    Some(Header { magic, length, sha1 })
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

/// Makes a directory entry durable, best effort as in C.
pub(crate) fn sync_parent(path: &Path) {
    // Some file systems cannot, and have nothing to gain by it.
    let _ = sync_dir(path);
}

fn sync_dir(path: &Path) -> io::Result<()> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(path: &Path) -> (Vec<String>, Option<StoreError>) {
        let mut log = match Log::open(path, &[Magic::Json], Mode::ReadOnly) {
            Ok(log) => log,
            Err(error) => return (Vec::new(), Some(error)),
        };
        let mut texts = Vec::new();
        loop {
            match log.read() {
                Ok(Some(record)) => {
                    texts.push(String::from_utf8_lossy(record.text.trim_ascii()).into_owned())
                }
                Ok(None) => return (texts, None),
                Err(error) => return (texts, Some(error)),
            }
        }
    }

    const RECORDS: [&str; 3] = [r#"{"a":1}"#, r#"{"b":[2,3]}"#, r#"{"c":null}"#];

    fn file() -> (tempfile::TempDir, PathBuf, Vec<u8>) {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("db");
        let mut log = Log::open(&path, &[Magic::Json], Mode::Create).expect("a new file");
        for record in RECORDS {
            log.append(record.as_bytes()).expect("room");
        }
        let bytes = std::fs::read(&path).expect("the file");
        (dir, path, bytes)
    }

    #[test]
    fn a_truncated_file_keeps_its_whole_records() {
        let (_dir, path, bytes) = file();
        let ends: Vec<usize> = RECORDS
            .iter()
            .scan(0, |end, r| {
                *end += compose(Magic::Json, r.as_bytes()).0.len();
                Some(*end)
            })
            .collect();
        for cut in 0..=bytes.len() {
            std::fs::write(&path, &bytes[..cut]).expect("room");
            let whole = ends.iter().filter(|&&end| end <= cut).count();
            let (texts, error) = read_all(&path);
            assert_eq!(texts, RECORDS[..whole], "cut at {cut}");
            assert_eq!(error.is_none(), ends.contains(&cut), "cut at {cut}: {error:?}");
        }
    }

    #[test]
    fn a_flipped_bit_never_yields_a_wrong_record() {
        let (_dir, path, bytes) = file();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut bad = bytes.clone();
                bad[at] ^= 1 << bit;
                std::fs::write(&path, &bad).expect("room");
                let (texts, error) = read_all(&path);
                assert_eq!(texts, RECORDS[..texts.len()], "byte {at} bit {bit}");
                // The case of a hash's digits carries no meaning.
                assert!(error.is_some() || texts.len() == 3, "byte {at} bit {bit}");
            }
        }
    }

    #[test]
    fn a_write_after_a_torn_tail_replaces_it() {
        let (_dir, path, bytes) = file();
        std::fs::write(&path, &bytes[..bytes.len() - 3]).expect("room");
        let mut log = Log::open(&path, &[Magic::Json], Mode::ReadWrite).expect("a file");
        while let Ok(Some(_)) = log.read() {}
        log.append(br#"{"d":4}"#).expect("room");
        drop(log);
        let (texts, error) = read_all(&path);
        assert_eq!(texts, [RECORDS[0], RECORDS[1], r#"{"d":4}"#]);
        assert!(error.is_none());
    }

    #[test]
    fn errors_say_what_the_c_programs_say() {
        let (_dir, path, bytes) = file();
        let name = path.display();
        for (contents, want) in [
            (
                &b"hello\n"[..],
                format!("ovsdb error: {name}: unexpected file format"),
            ),
            (
                b"OVSDB CLUSTER 1 0000000000000000000000000000000000000000\n",
                format!("ovsdb error: {name}: cannot identify file type"),
            ),
            (
                &bytes[..60],
                format!("I/O error: {name}: error reading 8 bytes starting at offset 54 (End of file)"),
            ),
        ] {
            std::fs::write(&path, contents).expect("room");
            let (_, error) = read_all(&path);
            assert_eq!(error.map(|error| error.to_string()), Some(want));
        }
    }
}
