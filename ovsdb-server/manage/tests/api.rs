//! The API from end to end: the client against a server whose operations are a few values in memory.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use ovsdb_manage::api::ApiClient;
use ovsdb_manage::operations::{Backup, Operations, Outcome, async_trait};
use ovsdb_manage::types::{
    BackupPart, DatabaseInfo, Member, MemberState, Model, Removal, RestoreId, Role, Standing, StateReport,
    Status, StorageStatus, Verification,
};
use ovsdb_manage::{ClientError, ErrorCode, Handle, Listen, OperationError, ServeError, connect, serve};
use ovsdb_transport::tls::{Tls, TlsFiles};
use parking_lot::Mutex;
use tokio::sync::watch;

/// Databases by name, and a record of what was asked.
struct Memory {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
    asked: Mutex<Vec<String>>,
    term: watch::Sender<u64>,
}

impl Memory {
    fn new() -> Arc<Memory> {
        let file: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_be_bytes).collect();
        Arc::new(Memory {
            files: Mutex::new(BTreeMap::from([("D".to_owned(), file)])),
            asked: Mutex::default(),
            term: watch::Sender::new(1),
        })
    }

    fn ask(&self, db: &str, what: String) -> Outcome<()> {
        if !self.files.lock().contains_key(db) {
            return Err(OperationError::no_database(db));
        }
        self.asked.lock().push(what);
        Ok(())
    }
}

fn status(term: u64) -> Status {
    let member = Member {
        sid: "4fbad326-8781-43d2-b89b-d568889bd03b".into(),
        address: "tcp:127.0.0.1:6643".into(),
        is_self: true,
        is_leader: true,
        phase: None,
        voted_for: None,
        matched: Some(4),
        last_heard_ms: None,
    };
    Status {
        name: "D".into(),
        cid: None,
        sid: member.sid.clone(),
        address: member.address.clone(),
        standing: Standing::Joining {
            remotes: vec!["tcp:127.0.0.1:6644".into()],
        },
        role: Role::Follower,
        term,
        leader: None,
        vote: None,
        election: None,
        election_timer_ms: 1000,
        election_timer_pending_ms: None,
        log_first: 2,
        log_next: 5,
        n_uncommitted: 0,
        n_unapplied: 0,
        links: Vec::new(),
        n_disconnections: 0,
        refusals: Vec::new(),
        members: vec![member],
    }
}

#[async_trait]
impl Operations for Memory {
    async fn databases(&self) -> Outcome<Vec<DatabaseInfo>> {
        let info = |name: &String| DatabaseInfo {
            name: name.clone(),
            model: Model::Clustered,
            connected: true,
            leader: false,
            index: Some(7),
        };
        Ok(self.files.lock().keys().map(info).collect())
    }

    async fn status(&self, db: &str) -> Outcome<Status> {
        self.ask(db, "status".into())?;
        Ok(status(*self.term.borrow()))
    }

    async fn kick(&self, db: &str, server: &str) -> Outcome<Removal> {
        self.ask(db, format!("kick {server}"))?;
        match server {
            "4fba" => Ok(Removal::Started),
            _ => Err(OperationError::new(ErrorCode::NoServer, "unknown server")),
        }
    }

    async fn leave(&self, db: &str) -> Outcome<()> {
        self.ask(db, "leave".into())
    }

    async fn transfer(&self, db: &str, to: Option<&str>) -> Outcome<()> {
        self.ask(db, format!("transfer {to:?}"))
    }

    async fn election_timer(&self, db: &str, ms: u64) -> Outcome<()> {
        self.ask(db, format!("election timer {ms}"))
    }

    async fn storage_status(&self, db: &str) -> Outcome<StorageStatus> {
        self.ask(db, "storage status".into())?;
        Ok(StorageStatus { error: None })
    }

    async fn compact(&self, db: &str) -> Outcome<()> {
        self.ask(db, "compact".into())
    }

    async fn verify(&self, db: &str) -> Outcome<Verification> {
        self.ask(db, "verify".into())?;
        let member = |address: &str, report| MemberState {
            sid: "4fba".into(),
            address: address.into(),
            report,
        };
        let state = StateReport::State {
            index: 7,
            hash: "ab".into(),
        };
        let gone = StateReport::Unreachable {
            error: "timed out".into(),
        };
        Ok(Verification {
            members: vec![member("a", state), member("b", gone)],
        })
    }

    async fn backup(&self, db: &str) -> Outcome<Backup> {
        self.ask(db, "backup".into())?;
        let file = self.files.lock()[db].clone();
        let total = Some(file.len() as u64);
        // In pieces of all sizes, none of them a chunk's.
        let pieces: Vec<_> = file
            .chunks(999_999)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        let torn = Err(OperationError::new(ErrorCode::Storage, "the disk is gone"));
        let bytes = match file.is_empty() {
            false => stream::iter(pieces).boxed(),
            true => stream::iter([torn]).boxed(),
        };
        Ok(Backup { total, bytes })
    }

    async fn restore(&self, db: &str, file: Vec<u8>, any_schema: bool) -> Outcome<()> {
        let how = if any_schema { ", forced" } else { "" };
        self.ask(db, format!("restore {} bytes{how}", file.len()))?;
        self.files.lock().insert(db.to_owned(), file);
        Ok(())
    }

    async fn watch(&self, db: &str) -> Outcome<BoxStream<'static, Status>> {
        self.ask(db, "watch".into())?;
        let changes = stream::unfold((self.term.subscribe(), true), |(mut term, first)| async move {
            if !first {
                term.changed().await.ok()?;
            }
            let now = *term.borrow_and_update();
            Some((status(now), (term, false)))
        });
        Ok(changes.boxed())
    }
}

async fn start(memory: &Arc<Memory>) -> (Handle, String) {
    let handle = serve(memory.clone(), Listen::loopback(0))
        .await
        .expect("loopback is free");
    let address = format!("http://{}", handle.address());
    (handle, address)
}

fn code(error: impl Into<ClientError>) -> ErrorCode {
    match error.into() {
        ClientError::Refused(refusal) => refusal.code,
        other => panic!("no refusal: {other}"),
    }
}

#[tokio::test]
async fn every_operation_arrives_and_comes_back() {
    let memory = Memory::new();
    let (_handle, address) = start(&memory).await;
    let client = connect(&address, None).await.expect("it listens");
    let d = || "D".to_owned();
    assert_eq!(client.databases().await.expect("an answer")[0].name, "D");
    assert_eq!(client.status(d()).await.expect("an answer"), status(1));
    assert_eq!(client.members(d()).await.expect("an answer"), status(1).members);
    assert_eq!(
        client.kick(d(), "4fba".into()).await.expect("an answer"),
        Removal::Started
    );
    assert_eq!(
        code(
            client
                .kick(d(), "beef".into())
                .await
                .expect_err("it is not there")
        ),
        ErrorCode::NoServer
    );
    client.leave(d()).await.expect("an answer");
    client.transfer(d(), None).await.expect("an answer");
    client
        .transfer(d(), Some("4fba".into()))
        .await
        .expect("an answer");
    client.election_timer(d(), 2000).await.expect("an answer");
    let sound = client.storage_status(d()).await.expect("an answer");
    assert_eq!(sound.to_string(), "status: ok");
    client.compact(d()).await.expect("an answer");
    assert_eq!(client.verify(d()).await.expect("an answer").members.len(), 2);
    assert_eq!(
        *memory.asked.lock(),
        [
            "status",
            "status",
            "kick 4fba",
            "kick beef",
            "leave",
            "transfer None",
            "transfer Some(\"4fba\")",
            "election timer 2000",
            "storage status",
            "compact",
            "verify"
        ]
    );
    let absent = client
        .compact("absent".into())
        .await
        .expect_err("no such database");
    assert_eq!(code(absent), ErrorCode::NoDatabase);
}

#[tokio::test]
async fn a_backup_is_what_there_is_and_can_be_restored() {
    let memory = Memory::new();
    let (_handle, address) = start(&memory).await;
    let client = connect(&address, None).await.expect("it listens");
    let mut file = Vec::new();
    let mut steps = Vec::new();
    let told = |so_far, total| steps.push((so_far, total));
    ovsdb_manage::backup(&client, "D", &mut file, told)
        .await
        .expect("a backup");
    assert!(file == memory.files.lock()["D"], "all bytes arrive");
    assert_eq!(steps.last(), Some(&(4_000_000, Some(4_000_000))));
    assert!(steps.is_sorted() && steps.len() >= 16, "{steps:?}");

    file.truncate(3_999_999);
    ovsdb_manage::restore(&client, "D", &mut file.as_slice(), false, |_| ())
        .await
        .expect("a restore");
    assert!(file == memory.files.lock()["D"], "all bytes arrive");

    // An empty file is a file.
    ovsdb_manage::restore(&client, "D", &mut &b""[..], false, |_| ())
        .await
        .expect("a restore");
    let torn = ovsdb_manage::backup(&client, "D", &mut Vec::new(), |_, _| ()).await;
    assert!(
        matches!(&torn, Err(ClientError::Torn(text)) if text == "the disk is gone"),
        "{torn:?}"
    );
    let absent = ovsdb_manage::backup(&client, "absent", &mut Vec::new(), |_, _| ()).await;
    assert_eq!(code(absent.expect_err("no such database")), ErrorCode::NoDatabase);
    let absent = ovsdb_manage::restore(&client, "absent", &mut &b""[..], false, |_| ()).await;
    assert_eq!(code(absent.expect_err("no such database")), ErrorCode::NoDatabase);
}

#[tokio::test]
async fn a_restore_with_a_wrong_checksum_changes_nothing() {
    let memory = Memory::new();
    let (_handle, address) = start(&memory).await;
    let client = connect(&address, None).await.expect("it listens");
    let id = client.restore_begin("D".into()).await.expect("an answer");
    assert_eq!(
        client
            .restore_chunk(id, 0, "YWJj".into())
            .await
            .expect("an answer"),
        3
    );
    let wrong = client
        .restore_finish(id, "00".into(), None)
        .await
        .expect_err("a wrong sum");
    assert_eq!(code(wrong), ErrorCode::Corrupt);
    assert_eq!(memory.files.lock()["D"].len(), 4_000_000);
    let id = client.restore_begin("D".into()).await.expect("an answer");
    client.restore_abort(id).await.expect("an answer");
    let gone = client
        .restore_chunk(id, 0, "YWJj".into())
        .await
        .expect_err("given up");
    assert_eq!(code(gone), ErrorCode::NoRestore);
}

/// A disk that fails after some bytes.
struct Failing(u64);

impl Read for Failing {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        if self.0 == 0 {
            return Err(std::io::Error::other("a bad sector"));
        }
        let n_bytes = to.len().min(self.0 as usize);
        self.0 -= n_bytes as u64;
        to[..n_bytes].fill(b'x');
        Ok(n_bytes)
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_not_kept_by_the_server() {
    let memory = Memory::new();
    let (_handle, address) = start(&memory).await;
    let client = connect(&address, None).await.expect("it listens");
    let mut sent = 0;
    let failed =
        ovsdb_manage::restore(&client, "D", &mut Failing(600_000), false, |so_far| sent = so_far).await;
    assert!(
        matches!(&failed, Err(ClientError::File(error)) if error.to_string() == "a bad sector"),
        "{failed:?}"
    );
    assert!(sent > 0, "it had begun");
    // A server's first.
    let gone = client.restore_chunk(RestoreId(1), sent, "eA==".into()).await;
    assert_eq!(code(gone.expect_err("it was aborted")), ErrorCode::NoRestore);
    assert_eq!(memory.files.lock()["D"].len(), 4_000_000);
}

#[tokio::test]
async fn a_file_that_nobody_goes_on_with_is_forgotten() {
    let memory = Memory::new();
    memory.files.lock().insert("E".into(), Vec::new());
    let (_handle, address) = start(&memory).await;
    let client = connect(&address, None).await.expect("it listens");
    let left = client.restore_begin("D".into()).await.expect("an answer");
    let going_on = client.restore_begin("E".into()).await.expect("an answer");
    for (minutes, offset) in [(6, 0), (6, 1)] {
        // Nothing is under way: the clock goes on at once.
        tokio::time::pause();
        tokio::time::sleep(Duration::from_secs(60 * minutes)).await;
        tokio::time::resume();
        let went_on = client.restore_chunk(going_on, offset, "eA==".into()).await;
        assert_eq!(went_on.expect("it is under way"), offset + 1);
    }
    let gone = client.restore_chunk(left, 0, "eA==".into()).await;
    assert_eq!(code(gone.expect_err("it was forgotten")), ErrorCode::NoRestore);
}

#[tokio::test]
async fn a_backup_waits_for_a_slow_reader() {
    let memory = Memory::new();
    let (_handle, address) = start(&memory).await;
    let client = connect(&address, None).await.expect("it listens");
    let mut parts = client.backup("D".into()).await.expect("a backup");
    // Others are answered while nobody reads.
    assert_eq!(client.status("D".into()).await.expect("an answer"), status(1));
    let mut so_far = 0;
    loop {
        match parts.next().await.expect("a part").expect("a part") {
            BackupPart::Chunk { offset, data, .. } => {
                assert_eq!(offset, so_far);
                so_far += data.len() as u64 / 4 * 3 - data.bytes().filter(|b| *b == b'=').count() as u64;
            }
            BackupPart::Done { length, .. } => break assert_eq!((length, so_far), (4_000_000, 4_000_000)),
            BackupPart::Failed { error } => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn who_watches_hears_each_change() {
    let memory = Memory::new();
    let (handle, address) = start(&memory).await;
    let client = connect(&address, None).await.expect("it listens");
    let mut watching = client.watch("D".into()).await.expect("an answer");
    for term in 1..4 {
        memory.term.send_replace(term);
        loop {
            let seen = watching.next().await.expect("a change").expect("a status").term;
            assert!(seen <= term);
            if seen == term {
                break;
            }
        }
    }
    assert_eq!(
        code(client.watch("absent".into()).await.expect_err("no such database")),
        ErrorCode::NoDatabase
    );
    handle.stop().await;
    assert!(watching.next().await.is_none(), "it ends with the server");
}

/// One request over plain HTTP; the whole response.
fn post(address: SocketAddr, headers: &str, body: &str) -> String {
    let mut stream = std::net::TcpStream::connect(address).expect("it listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("a timeout");
    let length = body.len();
    let request = format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("it answers");
    response
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_answered_but_no_browser() {
    let memory = Memory::new();
    let (handle, _) = start(&memory).await;
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"storage_status","params":{"db":"D"}}"#;
    let response = post(handle.address(), "", body);
    assert!(
        response.ends_with(r#"{"jsonrpc":"2.0","id":1,"result":{"error":null}}"#),
        "{response}"
    );
    let absent = post(handle.address(), "", &body.replace("\"D\"", "\"absent\""));
    assert!(absent.contains("\"code\":-32001"), "{absent}");
    let page = post(handle.address(), "Origin: http://page.example\r\n", body);
    assert!(page.starts_with("HTTP/1.1 403"), "{page}");
    assert_eq!(memory.asked.lock().len(), 1);
}

#[tokio::test]
async fn beyond_loopback_it_needs_certificates() {
    let open = Listen {
        address: SocketAddr::from(([0, 0, 0, 0], 0)),
        tls: None,
    };
    let refused = serve(Memory::new(), open).await.err().expect("it is refused");
    assert!(matches!(refused, ServeError::Open(_)));
    assert!(
        refused.to_string().contains("certificates of both sides"),
        "{refused}"
    );
}

#[tokio::test]
async fn addresses_that_are_none() {
    for wrong in [
        "127.0.0.1:1",
        "ftp://127.0.0.1:1",
        "http://127.0.0.1",
        "http://:1",
        "http://a/b:1",
        "",
    ] {
        let error = connect(wrong, None).await.expect_err("no address");
        assert!(matches!(error, ClientError::Address(_)), "{wrong}: {error}");
    }
    let error = connect("https://127.0.0.1:1", None).await.expect_err("no way");
    assert!(
        matches!(error, ClientError::Connect(..) | ClientError::NoCertificate(_)),
        "{error}"
    );
}

/// An authority in a folder, and the files of those it signs for.
struct Authority {
    folder: tempfile::TempDir,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    fn new() -> Authority {
        let folder = tempfile::tempdir().expect("a folder");
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("a certificate").pem();
        std::fs::write(folder.path().join("ca.pem"), certificate).expect("it is writable");
        let issuer = rcgen::Issuer::new(params, key);
        Authority { folder, issuer }
    }

    fn sign(&self, name: &str) -> Arc<Tls> {
        let key = rcgen::KeyPair::generate().expect("a key");
        let params = rcgen::CertificateParams::default();
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate").pem();
        let file = |extension: &str| self.folder.path().join(format!("{name}.{extension}"));
        std::fs::write(file("pem"), certificate).expect("it is writable");
        std::fs::write(file("key"), key.serialize_pem()).expect("it is writable");
        Arc::new(Tls::new(TlsFiles {
            private_key: Some(file("key")),
            certificate: Some(file("pem")),
            ca_cert: Some(self.folder.path().join("ca.pem")),
            ..TlsFiles::default()
        }))
    }
}

#[tokio::test]
async fn with_certificates_both_sides_are_known() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let memory = Memory::new();
    let listen = Listen {
        address: SocketAddr::from(([0, 0, 0, 0], 0)),
        tls: Some(ours.sign("server")),
    };
    let handle = serve(memory.clone(), listen).await.expect("it may listen");
    let address = format!("127.0.0.1:{}", handle.address().port());
    let friend = ours.sign("friend");
    let client = connect(&format!("https://{address}"), Some(&friend))
        .await
        .expect("a friend");
    assert_eq!(client.databases().await.expect("an answer").len(), 1);
    let mut file = Vec::new();
    ovsdb_manage::backup(&client, "D", &mut file, |_, _| ())
        .await
        .expect("a backup");
    assert_eq!(file.len(), 4_000_000);

    let stranger = theirs.sign("stranger");
    for scheme in ["https", "wss"] {
        let refused = connect(&format!("{scheme}://{address}"), Some(&stranger)).await;
        assert!(refused.is_err(), "a stranger is not served");
    }
    assert!(
        connect(&format!("ws://{address}"), None).await.is_err(),
        "nor is plain text"
    );
}
