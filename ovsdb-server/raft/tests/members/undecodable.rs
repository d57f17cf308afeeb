//! What is on a member's disk and does not decode: it is told with what to do, nothing is changed, and the others go on.

use std::path::Path;

use crate::common::*;
use ovsdb_raft::store::disk::{Disk, Family, Item};
use ovsdb_raft::store::rocks::Rocks;

/// Everything on a disk that nobody writes to.
fn everything(folder: &Path) -> Vec<(Family, Item)> {
    let disk = Rocks::read_only(folder).expect("it opens");
    let mut all = Vec::new();
    for family in [Family::Log, Family::Meta, Family::State] {
        for item in disk.range(family, &[]) {
            all.push((family, item.expect("it is whole")));
        }
    }
    all
}

/// The entries of a log, with their keys.
fn log(folder: &Path) -> Vec<Item> {
    let all = everything(folder).into_iter();
    let of_log = all.filter(|(family, _)| *family == Family::Log);
    of_log.map(|(_, item)| item).collect()
}

/// Puts bytes where others were, or none.
fn put(folder: &Path, family: Family, key: &[u8], bytes: Option<&[u8]>) {
    let disk = Rocks::open(folder).expect("nobody has it open");
    let mut batch = disk.batch();
    match bytes {
        Some(bytes) => batch.put(family, key, bytes),
        None => batch.delete_range(family, key, &[key, &[0]].concat()),
    }
    batch.write().expect("it is written");
}

/// The right version, and then nonsense.
const GARBAGE: [u8; 2] = [1, 0xff];

/// Which value, what it becomes, and what is said of it.
type Row<'a> = (Family, &'a [u8], Option<&'a [u8]>, [&'a str; 2]);

const REPLACE: &str = "kick it, remove its file, and let a new one join";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_whose_disk_does_not_decode_is_not_started() {
    let (places, mut running) = three().await;
    for n in 0..5 {
        write(&running, n).await;
    }
    until_equal(&running, &[0, 1, 2, 3, 4]).await;
    let bad = (leader(&running).await + 1) % 3;
    running.remove(bad).member.stop().await.expect("it stops");
    let entries = log(places[bad].folder.path());
    let last = entries.len() - 1;
    let at = |i: usize| {
        let index = u64::from_be_bytes(entries[i].0[..].try_into().expect("an index"));
        format!("entry {index} of the log")
    };
    let later = [&[9], &entries[last].1[1..]].concat();
    let (end, early, before) = (&entries[last].0, &entries[last - 3].0, &entries[last - 4].1);
    let (of_end, of_early) = (at(last), at(last - 3));
    let rows: [Row<'_>; 9] = [
        (Family::Log, end, Some(&GARBAGE), [&of_end, "damaged record"]),
        (Family::Log, end, Some(&[]), [&of_end, "empty record"]),
        (
            Family::Log,
            end,
            Some(&later),
            [
                &of_end,
                "format version 9 is not known to this program: use the version that wrote it",
            ],
        ),
        // These are wanted when the state is made again.
        (Family::Log, early, Some(&GARBAGE), [&of_early, "damaged record"]),
        (Family::Log, early, Some(before), [&of_early, "is out of place"]),
        (Family::Log, early, None, [&of_early, "is missing"]),
        (
            Family::Meta,
            b"vote",
            Some(&GARBAGE),
            ["\"vote\"", "damaged record"],
        ),
        (
            Family::Meta,
            b"purged",
            Some(&GARBAGE),
            ["\"purged\"", "damaged record"],
        ),
        (
            Family::Meta,
            b"snapshot",
            Some(&[9]),
            ["\"snapshot\"", "format version 9"],
        ),
    ];
    for (family, key, bytes, expected) in rows {
        let damaged = Place {
            folder: tempfile::tempdir().expect("a folder"),
            settings: places[bad].settings.clone(),
        };
        let folder = damaged.folder.path();
        copy(places[bad].folder.path(), folder);
        put(folder, family, key, bytes);
        let before = everything(folder);
        let told = match damaged.try_start().await {
            Ok(_) => panic!("{expected:?}: it runs"),
            Err(error) => error.to_string(),
        };
        for part in expected
            .into_iter()
            .chain([REPLACE, &folder.display().to_string()])
        {
            assert!(told.contains(part), "{part} in: {told}");
        }
        assert_eq!(everything(folder), before, "{expected:?}: nothing is changed");
    }
    write(&running, 5).await;
    until_equal(&running, &[0, 1, 2, 3, 4, 5]).await;
}

/// What is in the snapshot as well is read late: for a follower that lags behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_whose_log_does_not_decode_says_so_and_another_one_leads() {
    let (places, mut running) = three().await;
    write(&running, 0).await;
    until_equal(&running, &[0]).await;
    // It sleeps meanwhile.
    let late = (leader(&running).await + 1) % 3;
    running.remove(late).member.stop().await.expect("it stops");
    for n in 1..=60 {
        write(&running, n).await;
    }
    until("snapshots", || {
        running.iter().all(|one| one.member.status().snapshot > 30)
    })
    .await;
    let of = |one: &Running| {
        places
            .iter()
            .position(|place| place.settings.server == one.member.server())
    };
    let bad = of(&running[0]).expect("it has a place");
    running.remove(0).member.stop().await.expect("it stops");
    let folder = places[bad].folder.path();
    let wanted = log(folder).swap_remove(25);
    let index = u64::from_be_bytes(wanted.0[..].try_into().expect("an index"));
    put(folder, Family::Log, &wanted.0, Some(&GARBAGE));
    // Nothing is wrong with it yet.
    let failing = places[bad].start().await;
    failing.member.lead().await.expect("it leads");
    running.push(places[late].start().await);
    let told = format!("entry {index} of the log: damaged record");
    until("the leader to say so", || {
        let failure = failing.member.status().failure;
        failure.is_some_and(|failure| failure.contains(&told))
    })
    .await;
    write(&running, 61).await;
    until_equal(&running, &(0..=61).collect::<Vec<_>>()).await;
    assert!(running.iter().all(|one| one.member.status().failure.is_none()));
    let damaged = log(folder).into_iter().find(|(key, _)| *key == wanted.0);
    assert_eq!(damaged.map(|(_, bytes)| bytes.to_vec()), Some(GARBAGE.to_vec()));
}
