//! The plugin against a management API whose one database is a few bytes in memory.

use std::process::{Command, Output};
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use ovsdb_manage::operations::{Backup, Operations, Outcome, async_trait};
use ovsdb_manage::types::{
    DatabaseInfo, Model, Removal, Role, Standing, Status, StorageStatus, Verification,
};
use ovsdb_manage::{ErrorCode, Listen, OperationError, serve};
use tokio::sync::watch;

struct Memory(watch::Sender<Vec<u8>>);

fn only_nb(db: &str) -> Outcome<()> {
    match db {
        "OVN_Northbound" => Ok(()),
        _ => Err(OperationError::no_database(db)),
    }
}

#[async_trait]
impl Operations for Memory {
    async fn databases(&self) -> Outcome<Vec<DatabaseInfo>> {
        Ok(vec![DatabaseInfo {
            name: "OVN_Northbound".into(),
            model: Model::Clustered,
            connected: true,
            leader: true,
            index: None,
        }])
    }

    async fn status(&self, db: &str) -> Outcome<Status> {
        only_nb(db)?;
        Ok(Status {
            name: db.into(),
            cid: None,
            sid: "4fbad326-8781-43d2-b89b-d568889bd03b".into(),
            address: "tcp:127.0.0.1:6643".into(),
            standing: Standing::Member,
            role: Role::Follower,
            term: 1,
            leader: None,
            vote: None,
            election: None,
            election_timer_ms: 1000,
            election_timer_pending_ms: None,
            log_first: 1,
            log_next: 2,
            n_uncommitted: 0,
            n_unapplied: 0,
            links: Vec::new(),
            n_disconnections: 0,
            refusals: Vec::new(),
            members: Vec::new(),
        })
    }

    async fn kick(&self, db: &str, server: &str) -> Outcome<Removal> {
        only_nb(db)?;
        match server {
            "4fba" => Ok(Removal::Requested),
            _ => Err(OperationError::new(ErrorCode::NoServer, "unknown server")),
        }
    }

    async fn leave(&self, db: &str) -> Outcome<()> {
        only_nb(db)
    }

    async fn transfer(&self, db: &str, _: Option<&str>) -> Outcome<()> {
        only_nb(db)
    }

    async fn election_timer(&self, db: &str, _: u64) -> Outcome<()> {
        only_nb(db)
    }

    async fn storage_status(&self, db: &str) -> Outcome<StorageStatus> {
        only_nb(db)?;
        Ok(StorageStatus { error: None })
    }

    async fn compact(&self, db: &str) -> Outcome<()> {
        only_nb(db)
    }

    async fn verify(&self, db: &str) -> Outcome<Verification> {
        only_nb(db)?;
        Ok(Verification { members: Vec::new() })
    }

    async fn backup(&self, db: &str) -> Outcome<Backup> {
        only_nb(db)?;
        let file = self.0.borrow().clone();
        Ok(Backup {
            total: Some(file.len() as u64),
            bytes: stream::iter([Ok(file.into())]).boxed(),
        })
    }

    async fn restore(&self, db: &str, file: Vec<u8>, _any_schema: bool) -> Outcome<()> {
        only_nb(db)?;
        self.0.send_replace(file);
        Ok(())
    }

    async fn watch(&self, db: &str) -> Outcome<BoxStream<'static, Status>> {
        only_nb(db)?;
        Ok(stream::empty().boxed())
    }
}

#[test]
fn the_same_actions_without_kubernetes() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let memory = Arc::new(Memory(watch::Sender::new(b"contents".to_vec())));
    let handle = runtime
        .block_on(serve(memory.clone(), Listen::loopback(0)))
        .expect("it listens");
    let address = format!("http://{}", handle.address());
    let folder = tempfile::tempdir().expect("a folder");
    let run = |words: &str| -> Output {
        Command::new(env!("CARGO_BIN_EXE_kubectl-ko"))
            .args(["--address", &address])
            .args(words.split_whitespace())
            .current_dir(folder.path())
            .output()
            .expect("it runs")
    };
    let check = |words: &str, code: i32, stdout: &str| {
        let output = run(words);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            (output.status.code(), &*text),
            (Some(code), stdout),
            "{words}: {errors}"
        );
    };
    let status = String::from_utf8_lossy(&run("nb status").stdout).into_owned();
    assert!(
        status.starts_with("4fba\nName: OVN_Northbound\n") && status.ends_with("Servers:\nstatus: ok\n"),
        "{status}"
    );
    check("sb status", 2, "");
    check("nb kick 4fba", 0, "sent removal request to leader\n");
    check("nb kick beef", 2, "");
    check(
        "sb dbstatus",
        0,
        &format!("get dbstatus at {address}\nnb db status status: ok\n"),
    );
    check("nb restore", 1, "");

    let saved = String::from_utf8_lossy(&run("nb backup").stdout).into_owned();
    let path = saved
        .trim_end()
        .strip_prefix("backup ovn-nb db to ")
        .expect("it says where");
    assert_eq!(std::fs::read(path).expect("a backup"), b"contents");
    memory.0.send_replace(b"others".to_vec());
    check(
        &format!("nb restore {path}"),
        0,
        &format!("restore ovn-nb db from {path}\n"),
    );
    assert_eq!(*memory.0.borrow(), b"contents");
    check("sb backup", 2, "");
    let left = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 1, "a failed backup leaves no file");

    runtime.block_on(handle.stop());
    check("nb status", 1, "");
}
