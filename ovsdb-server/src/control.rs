//! The control socket's commands (ovsdb-server(1) "Runtime Management Commands").
//!
//! In: commands with their arguments. Out: texts that scripts parse. The work is done on the server's actor, the
//! answers come back over channels, so that the socket never waits for the server.

use std::path::Path;
use std::sync::Arc;

use ovsdb_daemon::unixctl::Commands;
use tokio::sync::oneshot;

use crate::actor::Actor;
use crate::args::VERSION;
use crate::database::{Model, OpenDatabase};
use crate::run::Reconfigure;
use crate::server::{Event, Server};

type Reply = Result<String, String>;

/// Runs a function on the server and hands back its answer.
pub fn ask<T: Send + 'static>(
    actor: &Actor<Server>,
    f: impl FnOnce(&mut Server) -> T + Send + 'static,
) -> oneshot::Receiver<T> {
    let (tx, rx) = oneshot::channel();
    actor.post(Event::Call(Box::new(move |server| {
        // Nobody waits for the answer any more: nothing to do.
        let _ = tx.send(f(server));
    })));
    rx
}

/// Registers every command that makes sense without a cluster. `exit` is called by the command of that name.
pub fn register(
    actor: &Actor<Server>,
    reconfigure: &Arc<Reconfigure>,
    exit: impl Fn() + Send + Sync + 'static,
) -> Commands {
    let commands = Commands::new(VERSION);
    commands.register_exit("", 1, move |_| exit());
    let on_server = |name: &str, usage: &str, min, max, f: fn(&mut Server, &[String]) -> Reply| {
        let actor = actor.clone();
        commands.register_deferred(name, usage, min, max, move |args| {
            ask(&actor, move |s| f(s, &args))
        });
    };
    on_server("memory/show", "", 0, 0, |server, _| Ok(memory(server)));
    on_server("ovsdb-server/list-dbs", "", 0, 0, |server, _| {
        Ok(server.databases.keys().map(|name| format!("{name}\n")).collect())
    });
    on_server("ovsdb-server/reconnect", "", 0, 0, |server, _| {
        server.reconnect("ovsdb-server/reconnect");
        Ok(String::new())
    });
    on_server(
        "ovsdb-server/memory-trim-on-compaction",
        "on|off",
        1,
        1,
        |_, args| match &*args[0] {
            "on" | "off" => Ok(String::new()),
            _ => Err("invalid argument".into()),
        },
    );
    on_server(
        "ovsdb-server/get-db-storage-status",
        "DB",
        1,
        1,
        |server, args| {
            let db = server.databases.get(&args[0]).ok_or("no database by that name")?;
            Ok(match &db.storage_error {
                None => "status: ok".into(),
                Some(error) => format!("status: ovsdb error: {error}"),
            })
        },
    );
    on_server("ovsdb-server/disable-monitor-cond", "", 0, 0, |server, _| {
        server.monitor_cond = false;
        server.reconnect("monitor_cond disabled");
        Ok(String::new())
    });
    on_server(
        "ovsdb-server/tlog-set",
        "DB:TABLE on|off",
        2,
        2,
        |server, args| {
            tlog_check(server, &args[0])?;
            match &*args[1] {
                "on" | "off" => Ok(String::new()),
                _ => Err("invalid command argument".into()),
            }
        },
    );
    on_server("ovsdb-server/tlog-list", "", 0, 0, |server, _| {
        Ok(tlog_list(server))
    });
    on_server("ovsdb-server/perf-counters-show", "", 0, 0, |_, _| {
        Ok(String::new())
    });
    on_server("ovsdb-server/perf-counters-clear", "", 0, 0, |_, _| {
        Ok(String::new())
    });
    on_server("coverage/show", "", 0, 0, |_, _| Ok(String::new()));
    on_server("coverage/read-counter", "COUNTER", 1, 1, |_, _| {
        Err("No such counter".into())
    });
    compact(&commands, actor);
    remotes_and_databases(&commands, actor, reconfigure);
    commands
}

fn compact(commands: &Commands, actor: &Actor<Server>) {
    let actor = actor.clone();
    commands.register_deferred("ovsdb-server/compact", "[DB]", 0, 1, move |args| {
        let (tx, rx) = oneshot::channel();
        actor.post(Event::Call(Box::new(move |server| {
            let names: Vec<String> = match args.first() {
                Some(name) if name.starts_with('_') => {
                    let _ = tx.send(Err("cannot compact built-in databases".into()));
                    return;
                }
                Some(name) => vec![name.clone()],
                None => server
                    .databases
                    .keys()
                    .filter(|name| !name.starts_with('_'))
                    .cloned()
                    .collect(),
            };
            let answers = Arc::new(parking_lot::Mutex::new((names.len(), String::new(), Some(tx))));
            if names.is_empty()
                && let Some(tx) = answers.lock().2.take()
            {
                let _ = tx.send(Ok(String::new()));
            }
            for name in names {
                let answers = answers.clone();
                server.compact(
                    &name,
                    Box::new(move |result| {
                        let mut answers = answers.lock();
                        answers.0 -= 1;
                        if let Err(error) = result {
                            answers.1.push_str(&error);
                        }
                        if answers.0 == 0
                            && let Some(tx) = answers.2.take()
                        {
                            let text = std::mem::take(&mut answers.1);
                            let _ = tx.send(if text.is_empty() { Ok(text) } else { Err(text) });
                        }
                    }),
                );
            }
        })));
        rx
    });
}

fn remotes_and_databases(commands: &Commands, actor: &Actor<Server>, reconfigure: &Arc<Reconfigure>) {
    let spawn = |name: &str, usage: &str, min, max, f: fn(Arc<Reconfigure>, Vec<String>) -> Later| {
        let reconfigure = reconfigure.clone();
        commands.register_deferred(name, usage, min, max, move |args| {
            let (tx, rx) = oneshot::channel();
            let reply = f(reconfigure.clone(), args);
            tokio::spawn(async move {
                let _ = tx.send(reply.await);
            });
            rx
        });
    };
    spawn("ovsdb-server/add-remote", "REMOTE", 1, 1, |r, args| {
        Box::pin(async move { r.add_remote(&args[0]).await })
    });
    spawn("ovsdb-server/remove-remote", "REMOTE", 1, 1, |r, args| {
        Box::pin(async move { r.remove_remote(&args[0]).await })
    });
    spawn("ovsdb-server/list-remotes", "", 0, 0, |r, _| {
        Box::pin(async move {
            Ok(r.list_remotes()
                .iter()
                .map(|remote| format!("{remote}\n"))
                .collect())
        })
    });
    let own = actor.clone();
    let again = reconfigure.clone();
    commands.register_deferred("ovsdb-server/add-db", "DB", 1, 1, move |args| {
        let again = again.clone();
        ask(&own, move |server| {
            let db = OpenDatabase::open(Path::new(&args[0]), server.host.as_mut());
            db.map_err(Into::into)
                .and_then(|db| server.add_database(db))
                .map_err(|error| error.to_string())?;
            again.changed();
            Ok(String::new())
        })
    });
    let (own, again) = (actor.clone(), reconfigure.clone());
    commands.register_deferred("ovsdb-server/remove-db", "DB", 1, 1, move |args| {
        let again = again.clone();
        ask(&own, move |server| {
            server
                .remove_database(&args[0])
                .map_err(|error| error.to_string())?;
            again.changed();
            Ok(String::new())
        })
    });
}

type Later = std::pin::Pin<Box<dyn Future<Output = Reply> + Send>>;

/// `memory/show`: counts that are not zero.
fn memory(server: &Server) -> String {
    let user = || server.databases.values().filter(|db| db.model != Model::Own);
    let atoms: usize = user().map(|db| db.snapshot().n_atoms).sum();
    let cells: usize = user()
        .flat_map(|db| {
            db.snapshot()
                .schema
                .iter()
                .map(|(t, schema)| (schema.columns.len(), db.snapshot().table(t).len()))
        })
        .map(|(columns, rows)| columns * rows)
        .sum();
    let monitors: usize = server.databases.values().map(|db| db.fanout.len()).sum();
    let triggers: usize = server.databases.values().map(|db| db.waiting.len()).sum();
    let (history, history_atoms) = user()
        .map(|db| db.history.size())
        .fold((0, 0), |(n, a), (m, b)| (n + m, a + b));
    let backlog: usize = server.sessions.values().map(|s| s.link.queued_bytes()).sum();
    let counts = [
        ("atoms", atoms),
        ("backlog", backlog),
        ("cells", cells),
        ("monitors", monitors),
        ("sessions", server.sessions.len()),
        ("triggers", triggers),
        ("txn-history", history),
        ("txn-history-atoms", history_atoms),
    ];
    let shown: Vec<String> = counts
        .iter()
        .filter(|(_, n)| *n > 0)
        .map(|(name, n)| format!("{name}:{n}"))
        .collect();
    format!("{}\n", shown.join(" "))
}

fn tlog_check(server: &Server, target: &str) -> Result<(), String> {
    let (db, table) = target.split_once(':').ok_or("invalid DB:TABLE argument")?;
    let db = server.databases.get(db).ok_or("no such database")?;
    db.snapshot()
        .schema
        .table_idx(table)
        .map(|_| ())
        .ok_or_else(|| "no such table".into())
}

fn tlog_list(server: &Server) -> String {
    let mut out = String::from("database        table                       logging\n");
    out.push_str("--------        -----                       -------\n");
    for (name, db) in &server.databases {
        for (_, table) in db.snapshot().schema.iter() {
            out.push_str(&format!("{name:<16}{:<28}OFF\n", table.name));
        }
    }
    out
}
