//! Commands that change what is served: remotes, databases, where copies come from (ovsdb-server(1) "Database
//! Commands", "Active-Backup Commands").

use std::pin::Pin;
use std::sync::Arc;

use ovsdb_daemon::unixctl::Commands;
use tokio::sync::oneshot;

use crate::database::Model;
use crate::reconfigure::{Reconfigure, Reply};
use crate::server::Server;
use crate::service::{DbConfig, Service, Source, check_excluded};

type Later = Pin<Box<dyn Future<Output = Reply> + Send>>;

pub(super) fn register(commands: &Commands, reconfigure: &Arc<Reconfigure>) {
    let on = |name: &str, usage: &str, min, max, f: fn(Arc<Reconfigure>, Vec<String>) -> Later| {
        let reconfigure = reconfigure.clone();
        let name = format!("ovsdb-server/{name}");
        commands.register_deferred(&name, usage, min, max, move |args| {
            let (tx, rx) = oneshot::channel();
            let reply = f(reconfigure.clone(), args);
            tokio::spawn(async move {
                // Whoever asked may have gone.
                let _ = tx.send(reply.await);
            });
            rx
        });
    };
    on("reload", "", 0, 0, |r, _| {
        Box::pin(async move { r.reload().await })
    });
    on("add-remote", "REMOTE", 1, 1, |r, args| {
        Box::pin(async move { r.add_remote(&args[0]).await })
    });
    on("remove-remote", "REMOTE", 1, 1, |r, args| {
        edit(r, move |service| match service.remotes.remove(&args[0]) {
            Some(_) => Ok(String::new()),
            None => Err("no such remote".into()),
        })
    });
    on("list-remotes", "", 0, 0, |r, _| {
        show(r, |service| {
            let remotes = service.remotes.keys();
            remotes.map(|remote| format!("{remote}\n")).collect()
        })
    });
    on("add-db", "DB", 1, 1, |r, args| {
        Box::pin(async move { r.add_database(&args[0]).await })
    });
    on("remove-db", "DB", 1, 1, |r, args| {
        Box::pin(async move { r.remove_database(&args[0]).await })
    });
    on("set-active-ovsdb-server", "", 1, 1, |r, args| {
        edit(r, move |service| {
            set_active(service, &args[0]);
            Ok(String::new())
        })
    });
    on("get-active-ovsdb-server", "", 0, 0, |r, _| {
        show(r, |service| service.sync.from.unwrap_or_default())
    });
    on("connect-active-ovsdb-server", "", 0, 0, |r, _| edit(r, connect));
    on("disconnect-active-ovsdb-server", "", 0, 0, |r, _| {
        edit(r, |service| {
            service.sync.backup = false;
            backups(service, |_, _, backup| *backup = false);
            Ok(String::new())
        })
    });
    on("set-active-ovsdb-server-probe-interval", "", 1, 1, |r, args| {
        edit(r, move |service| {
            let ms = probe_ms(&args[0])?;
            backups(service, |source, _, _| {
                if let Some(source) = source {
                    source.probe_ms = ms;
                }
            });
            Ok(String::new())
        })
    });
    on("set-relay-source-probe-interval", "", 1, 1, |r, args| {
        edit(r, move |service| {
            let ms = probe_ms(&args[0])?;
            for config in service.databases.values_mut() {
                if let DbConfig::Relay(source) = config {
                    source.probe_ms = ms;
                }
            }
            Ok(String::new())
        })
    });
    on("set-sync-exclude-tables", "", 0, 1, |r, args| {
        edit(r, move |service| {
            let tables = args.first().map_or("", String::as_str);
            if let Err(error) = check_excluded(tables) {
                // An answer like any other: scripts that set a list look at the text.
                return Ok(error);
            }
            service.sync.exclude = Some(tables.to_owned());
            backups(service, |_, exclude, _| *exclude = Some(tables.to_owned()));
            Ok(String::new())
        })
    });
    on("get-sync-exclude-tables", "", 0, 0, |r, _| {
        show(r, |service| service.sync.exclude.unwrap_or_default())
    });
}

fn edit(reconfigure: Arc<Reconfigure>, f: impl FnOnce(&mut Service) -> Reply + Send + 'static) -> Later {
    Box::pin(async move { reconfigure.change(f).await })
}

fn show(reconfigure: Arc<Reconfigure>, f: fn(Service) -> String) -> Later {
    Box::pin(async move { Ok(f(reconfigure.service().await)) })
}

/// Does something with the source, the excluded tables and the state of every active-backup database.
fn backups(service: &mut Service, mut f: impl FnMut(&mut Option<Source>, &mut Option<String>, &mut bool)) {
    for config in service.databases.values_mut() {
        if let DbConfig::ActiveBackup {
            source,
            exclude,
            backup,
        } = config
        {
            f(source, exclude, backup);
        }
    }
}

fn set_active(service: &mut Service, server: &str) {
    service.sync.from = Some(server.to_owned());
    backups(service, |source, _, _| match source {
        Some(source) => source.target = server.to_owned(),
        None => *source = Some(Source::of_backup(server)),
    });
}

/// Every database of a file begins to copy the active server, also those that were not meant to before.
fn connect(service: &mut Service) -> Reply {
    let Some(from) = service.sync.from.clone() else {
        return Ok("Unable to connect: active server is not specified.\n".into());
    };
    for config in service.databases.values_mut() {
        match config {
            DbConfig::ActiveBackup { source, backup, .. } => {
                source.get_or_insert_with(|| Source::of_backup(&from));
                *backup = true;
            }
            DbConfig::File(_) => {
                *config = DbConfig::ActiveBackup {
                    source: Some(Source::of_backup(&from)),
                    exclude: service.sync.exclude.clone(),
                    backup: true,
                }
            }
            DbConfig::Relay(_) => {}
        }
    }
    service.sync.backup = true;
    Ok(String::new())
}

fn probe_ms(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| "Invalid probe interval, integer value expected".into())
}

/// `ovsdb-server/sync-status`.
pub(super) fn sync_status(server: &Server) -> String {
    let mut out = String::new();
    let n_dbs = server.databases.len();
    for (i, (name, db)) in server.databases.iter().enumerate() {
        let Model::ActiveBackup(backup) = &db.model else {
            continue;
        };
        let state = if backup.is_some() { "backup" } else { "active" };
        out.push_str(&format!("database: {name}\nstate: {state}\n"));
        if let Some(backup) = backup {
            out.push_str(&backup.status());
        }
        if i + 1 < n_dbs {
            out.push('\n');
        }
    }
    if out.is_empty() {
        out.push_str("state: active\n");
    }
    out
}
