//! A snapshot's pieces give the same state on every member, or an error.

mod common;

use std::io;

use bytes::Bytes;
use common::{State, changes, commits, contents, fresh, plain, transactions};
use ovsdb_cluster::image::{Piece, read};
use ovsdb_cluster::{Image, ImageError, Loaded, Requests, contents as entries, state_hash};
use ovsdb_data::TxnId;
use ovsdb_engine::{Database, History};
use ovsdb_raft::ServerId;
use ovsdb_raft::types::Request;
use proptest::prelude::*;

fn pieces(image: Image) -> Vec<Vec<u8>> {
    image
        .into_pieces()
        .map(|piece| piece.expect("memory is read"))
        .collect()
}

fn load(pieces: Vec<Vec<u8>>) -> Result<Loaded, ImageError> {
    read(Box::new(pieces.into_iter().map(io::Result::Ok)), &fresh)
}

fn all(requests: &Requests) -> Vec<(Request, Bytes)> {
    requests
        .iter()
        .map(|(request, reply)| (*request, reply.clone()))
        .collect()
}

/// What is loaded is what was kept.
fn check(image: Image) -> Loaded {
    let loaded = load(pieces(image.clone())).expect("its own pieces");
    match (&image.snapshot, &loaded.db) {
        (Some(kept), Some(db)) => {
            assert_eq!(contents(kept), contents(db.snapshot()));
            assert_eq!(state_hash(kept), state_hash(db.snapshot()));
            assert_eq!(*kept.schema, *db.snapshot().schema);
            assert_eq!(kept.txn_id, db.snapshot().txn_id);
            assert_eq!(db.check_invariants(), Ok(()));
        }
        (None, None) => {}
        (kept, _) => panic!(
            "a database was {}",
            if kept.is_some() { "lost" } else { "made up" }
        ),
    }
    assert_eq!(commits(&image.history), commits(&loaded.history));
    assert_eq!(image.history.base(), loaded.history.base());
    assert_eq!(image.history.size(), loaded.history.size());
    assert_eq!(all(&image.requests), all(&loaded.requests));
    assert_eq!(image.index_base, loaded.index_base);
    assert_eq!(image.election_timer_ms, loaded.election_timer_ms);
    loaded
}

proptest! {
    /// Whatever was committed, a snapshot holds it, and a snapshot of the snapshot too.
    #[test]
    fn snapshots_hold_everything(transactions in transactions(12)) {
        let mut state = State::new();
        for edits in transactions {
            let changes = changes(&state.db, &edits);
            state.commit(changes);
        }
        let loaded = check(state.image());
        check(Image {
            snapshot: loaded.db.map(|db| db.snapshot().clone()),
            history: loaded.history,
            requests: loaded.requests,
            index_base: loaded.index_base,
            election_timer_ms: loaded.election_timer_ms,
        });
    }

    /// A follower comes to the leader's state by the texts of its transactions, and back by their inverses.
    #[test]
    fn entries_lead_everybody_to_one_state(transactions in transactions(12)) {
        let mut leader = State::new();
        let mut follower = Database::new(common::schema(), TxnId::default());
        for edits in transactions {
            let before = contents(leader.db.snapshot());
            let changes = changes(&leader.db, &edits);
            let changes = leader.commit(changes);
            let record = entries::record(&common::schema(), &changes, Some("edited"), 1_000);
            let parsed = entries::changes(&record, follower.snapshot(), &fresh).expect("a record");
            prop_assert_eq!(plain(&parsed), plain(&changes));
            follower.apply(&parsed, TxnId::default());
            prop_assert_eq!(contents(follower.snapshot()), contents(leader.db.snapshot()));
            prop_assert_eq!(state_hash(follower.snapshot()), state_hash(leader.db.snapshot()));
            follower.apply(&entries::inverse(&parsed), TxnId::default());
            prop_assert_eq!(&contents(follower.snapshot()), &before);
            prop_assert_eq!(follower.check_invariants(), Ok(()));
            follower.apply(&parsed, TxnId::default());
        }
    }

    /// `Restore` gives the state that it was written from.
    #[test]
    fn contents_are_restored(transactions in transactions(6)) {
        let mut state = State::new();
        for edits in transactions {
            let changes = changes(&state.db, &edits);
            state.commit(changes);
        }
        let now = state.db.snapshot();
        let record = ovsdb_store::text::encode_snapshot(now, "restored", 1_000, true);
        let id = TxnId(fresh());
        let restored = entries::database(common::SCHEMA, &record, id, &fresh).expect("contents");
        prop_assert_eq!(contents(restored.snapshot()), contents(now));
        prop_assert_eq!(restored.snapshot().txn_id, id);
        prop_assert_eq!(state_hash(restored.snapshot()), state_hash(now));
    }
}

#[test]
fn a_member_without_contents_has_a_snapshot() {
    let image = Image {
        snapshot: None,
        history: History::default(),
        requests: Requests::default(),
        index_base: 3,
        election_timer_ms: 500,
    };
    check(image);
}

/// A state of several pieces of every kind.
fn large() -> State {
    let mut state = State::new();
    for n in 0..120_u8 {
        let edit = |row, text: String| common::Edit::Kinds {
            row,
            name: text,
            n: Some(i64::from(n)),
            reals: vec![1, 2],
            ids: vec![(n % 4, "x".repeat(40_000))],
            counts: Vec::new(),
            parts: vec![row],
            friend: Some(n % 50),
        };
        let part = common::Edit::Part {
            row: n % 50,
            text: "é".repeat(1000),
        };
        let changes = changes(&state.db, &[part, edit(n % 50, format!("row {n}"))]);
        state.commit(changes);
    }
    // What takes back the deletion of everything is large.
    let gone: Vec<common::Edit> = (0..50).map(common::Edit::Delete).collect();
    let changes = changes(&state.db, &gone[..40]);
    state.commit(changes);
    state
}

#[test]
fn pieces_are_small_and_made_when_asked_for() {
    let state = large();
    let pieces = pieces(state.image());
    assert!(pieces.len() > 4, "{} pieces", pieces.len());
    for piece in &pieces {
        assert!(piece.len() < 1_200_000, "a piece of {} bytes", piece.len());
    }
    check(state.image());
}

#[test]
fn damage_is_told() {
    let good = pieces(large().image());
    load(good.clone()).expect("whole");
    let refused = |what: &str, pieces: Vec<Vec<u8>>| match load(pieces) {
        Err(ImageError::Damaged { .. }) => {}
        Err(error) => panic!("{what}: {error}"),
        Ok(_) => panic!("{what} was not seen"),
    };
    refused("nothing", Vec::new());
    for at in 0..good.len() {
        let mut missing = good.clone();
        missing.remove(at);
        refused(&format!("piece {at} is missing"), missing);
        let mut twice = good.clone();
        twice.insert(at, good[at].clone());
        refused(&format!("piece {at} comes twice"), twice);
        let mut cut = good.clone();
        let n_bytes = cut[at].len();
        cut[at].truncate(n_bytes / 2);
        refused(&format!("piece {at} is cut"), cut);
        for byte in [0, 1, n_bytes / 3, n_bytes - 1] {
            let mut flipped = good.clone();
            flipped[at][byte] ^= 4;
            refused(&format!("byte {byte} of piece {at} is another"), flipped);
        }
        refused(&format!("it ends at piece {at}"), good[..at].to_vec());
    }
    let mut swapped = good.clone();
    swapped.swap(1, good.len() - 2);
    refused("pieces in another order", swapped);
    let failing = good
        .into_iter()
        .take(2)
        .map(Ok)
        .chain([Err(io::Error::other("no disk"))]);
    let failing = read(Box::new(failing), &fresh);
    match failing {
        Err(ImageError::Io(error)) => assert_eq!(error.to_string(), "no disk"),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("an error was not seen"),
    }
}

/// Whoever makes pieces by hand cannot break the reader.
#[test]
fn pieces_that_make_no_sense_are_refused() {
    let head = |schema: Option<&str>| Piece::Head {
        schema: schema.map(str::to_owned),
        id: fresh(),
        history_base: None,
        index_base: 0,
        election_timer_ms: 1000,
    };
    let rows = |table: &str, rows: &str| Piece::Rows {
        table: table.to_owned(),
        rows: rows.to_owned(),
    };
    let commit = |undo: &str, is_whole| Piece::Commit {
        id: fresh(),
        undo: undo.to_owned(),
        is_whole,
    };
    let end = |n_pieces, n_atoms| Piece::End { n_pieces, n_atoms };
    let row = r#""00000000-0000-0000-0000-000000000001":{"name":"a"}"#;
    let with = |pieces: &[Piece]| [&[head(Some(common::SCHEMA))], pieces].concat();
    for (pieces, expected) in [
        (vec![end(0, 0)], "it is not the first one"),
        (vec![head(Some("{"))], "the schema of a log entry"),
        (
            vec![head(None), rows("Kinds", row), end(2, 0)],
            "rows without a schema",
        ),
        (
            vec![head(None), commit("{}", true), end(2, 0)],
            "a commit without a schema",
        ),
        (with(&[rows("None", row)]), "No table named None."),
        (with(&[rows("Kinds", "")]), "the last one is missing"),
        (with(&[rows("Kinds", "}")]), "not valid JSON"),
        (with(&[rows("Kinds", r#""1":{}"#)]), "not a valid UUID"),
        (with(&[rows("Kinds", &format!("{row},{row}")), end(2, 10)]), "10"),
        (
            with(&[rows("Kinds", row), rows("Kinds", row)]),
            "a row of table Kinds comes twice",
        ),
        (
            with(&[rows("Kinds", &row.replace("{\"name\":\"a\"}", "null"))]),
            "does not exist",
        ),
        (with(&[rows("Kinds", row), end(2, 9)]), "atoms were read"),
        (with(&[commit("", true), rows("Kinds", row)]), "out of order"),
        (with(&[commit("{", true)]), "not valid JSON"),
        (with(&[commit("{", false), end(2, 0)]), "out of order"),
        (
            with(&[commit(
                r#"{"Kinds":{"00000000-0000-0000-0000-000000000009":null}}"#,
                true,
            )]),
            "does not exist",
        ),
        (with(&[end(1, 0), end(2, 0)]), "after the last one"),
        (with(&[head(None)]), "out of place"),
    ] {
        let sealed = pieces.iter().map(Piece::seal).collect();
        match load(sealed) {
            Ok(_) => panic!("{pieces:?} were taken"),
            Err(error) => assert!(error.to_string().contains(expected), "{error}, not {expected}"),
        }
    }
}

#[test]
fn the_latest_requests_are_kept() {
    let request = |n: u64| Request {
        server: ServerId::from(1),
        id: ovsdb_data::Uuid::from_u128(n.into()),
    };
    let mut requests = Requests::default();
    let limit = ovsdb_cluster::requests::N_MAX as u64;
    for n in 0..limit + 10 {
        requests.insert(request(n), Bytes::from(n.to_string()));
        requests.insert(request(n), Bytes::from_static(b"again"));
    }
    assert_eq!(requests.len() as u64, limit);
    assert_eq!(requests.get(&request(9)), None);
    assert_eq!(requests.get(&request(10)), Some(&Bytes::from_static(b"10")));
    // Few large replies push many small ones out.
    let large = Bytes::from(vec![b' '; ovsdb_cluster::requests::BYTES_MAX]);
    let earlier = requests.clone();
    requests.insert(request(limit + 10), large);
    assert_eq!(requests.len(), 1);
    assert_eq!(earlier.len() as u64, limit);
}
