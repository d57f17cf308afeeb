//! `ovsdb-tool online`: what operators do to a database while a server has it open.
//!
//! In: where the server is, an action, a database. Out: the texts that the server's control socket answers, an exit
//! status. Two ways lead to a server: its management API (`ws://…`), which works from elsewhere and shows how far a
//! transfer is, and its control socket (a path), where files are the server's own.

use std::path::{Path, absolute};

use ovsdb_daemon::unixctl;
use ovsdb_manage::api::ApiClient;
use ovsdb_manage::progress::Progress;
use ovsdb_manage::types::Agreement;
use ovsdb_manage::{Client, ClientError, files};
use ovsdb_transport::tls::Tls;
use tokio::runtime::Builder;

use crate::{Options, Outcome, ToolError};

/// The usage line.
pub(crate) const USAGE: &str = "server action db [arg...]";

/// For `--help`.
pub(crate) const HELP: &str = "\
Actions of online, where server is a management API (ws://, wss://, http://,
https:// with HOST:PORT) or the path of a control socket:
  status db                   show the cluster as this server sees it
  kick db server              take a server out of the cluster, by id or address
  leave db                    let this server leave its cluster
  transfer-leadership db [server]
                              have another server lead, or this one
  change-election-timer db ms
  verify db                   compare all servers' contents
  storage-status db           show whether the storage is sound
  compact db                  write a snapshot, give space back
  backup db file              save the contents while they are served
  restore db file             put a backup in place; --force for another schema
";

/// What can be done.
struct Action {
    name: &'static str,
    /// Arguments behind the database.
    min: usize,
    max: usize,
    /// What the control socket calls it.
    command: &'static str,
}

const fn action(name: &'static str, min: usize, max: usize, command: &'static str) -> Action {
    Action {
        name,
        min,
        max,
        command,
    }
}

const ACTIONS: &[Action] = &[
    action("status", 0, 0, "cluster/status"),
    action("kick", 1, 1, "cluster/kick"),
    action("leave", 0, 0, "cluster/leave"),
    action("transfer-leadership", 0, 1, "cluster/transfer-leadership"),
    action("change-election-timer", 1, 1, "cluster/change-election-timer"),
    action("verify", 0, 0, "cluster/verify"),
    action("storage-status", 0, 0, "ovsdb-server/get-db-storage-status"),
    action("compact", 0, 0, "ovsdb-server/compact"),
    action("backup", 1, 1, "ovsdb-server/backup"),
    action("restore", 1, 1, "ovsdb-server/restore"),
];

/// What storage is when it is sound.
const SOUND: &str = "status: ok";

/// Does it. Exit status 1 where all went well but what was found did not: contents that differ, storage that is broken.
pub(crate) fn run(options: &Options, args: &[String]) -> Outcome {
    let [server, name, db, args @ ..] = args else {
        return Err(ToolError::Plain(format!("usage: online {USAGE}")));
    };
    let action = ACTIONS.iter().find(|action| action.name == name);
    let action = action.ok_or_else(|| {
        let names: Vec<&str> = ACTIONS.iter().map(|action| action.name).collect();
        ToolError::Plain(format!(
            "unknown action '{name}' of online: it is one of {}",
            names.join(", ")
        ))
    })?;
    if !(action.min..=action.max).contains(&args.len()) {
        return Err(ToolError::Plain(format!(
            "'{name}' needs {} arguments behind the database; see --help",
            match action.min == action.max {
                true => action.min.to_string(),
                false => format!("{} to {}", action.min, action.max),
            }
        )));
    }
    match server.contains("://") {
        true => by_api(options, server, action, db, args),
        false => by_socket(options, Path::new(server), action, db, args),
    }
}

fn by_socket(options: &Options, socket: &Path, action: &Action, db: &str, args: &[String]) -> Outcome {
    let failed = |error: std::io::Error| ToolError::Plain(format!("{}: {error}", socket.display()));
    let mut words = vec![db.to_owned()];
    match action.name {
        // The server has its own working directory.
        "backup" | "restore" => {
            let file =
                absolute(&args[0]).map_err(|error| ToolError::Plain(format!("{}: {error}", args[0])))?;
            words.push(file.display().to_string());
        }
        _ => words.extend_from_slice(args),
    }
    if action.name == "restore" && options.force {
        words.push("force".to_owned());
    }
    let answer = unixctl::ask(socket, action.command, &words).map_err(failed)?;
    let text = answer.map_err(ToolError::Plain)?;
    if !text.is_empty() {
        println!("{}", text.trim_end_matches('\n'));
    }
    let found_wrong = match action.name {
        "storage-status" => text.trim_end() != SOUND,
        "verify" => !text.trim_end().ends_with(&Agreement::Same.to_string()),
        _ => false,
    };
    Ok(u8::from(found_wrong))
}

fn by_api(options: &Options, address: &str, action: &Action, db: &str, args: &[String]) -> Outcome {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| ToolError::Plain(error.to_string()))?;
    runtime.block_on(async {
        let tls = (options.tls != Default::default()).then(|| Tls::new(options.tls.clone()));
        let client = ovsdb_manage::connect(address, tls.as_ref()).await?;
        Ok(ask(&client, options, action, db, args).await?)
    })
}

async fn ask(
    client: &Client,
    options: &Options,
    action: &Action,
    db: &str,
    args: &[String],
) -> Result<u8, ClientError> {
    let database = db.to_owned();
    let mut progress = Progress::default();
    match (action.name, args) {
        ("status", []) => print!("{}", client.status(database).await?),
        ("kick", [server]) => println!("{}", client.kick(database, server.clone()).await?),
        ("leave", []) => client.leave(database).await?,
        ("transfer-leadership", to) => client.transfer(database, to.first().cloned()).await?,
        ("change-election-timer", [ms]) => {
            // As the control socket reads it: what is no number is out of range.
            let ms = ms.parse().unwrap_or(0);
            client.election_timer(database, ms).await?;
        }
        ("verify", []) => {
            let found = client.verify(database).await?;
            println!("{}", found.to_string().trim_end_matches('\n'));
            return Ok(u8::from(found.agreement() != Agreement::Same));
        }
        ("storage-status", []) => {
            let status = client.storage_status(database).await?;
            println!("{status}");
            return Ok(u8::from(status.error.is_some()));
        }
        ("compact", []) => client.compact(database).await?,
        ("backup", [file]) => {
            let sha256 = files::save(client, db, Path::new(file), &mut progress).await?;
            println!("{sha256}  {file}");
        }
        ("restore", [file]) => {
            files::put_in_place(client, db, Path::new(file), options.force, &mut progress).await?;
        }
        (name, _) => unreachable!("{name} and its arguments were checked against ACTIONS"),
    }
    Ok(0)
}
