//! The control socket's commands (ovsdb-server(1) "Runtime Management Commands").
//!
//! In: commands with their arguments. Out: texts that scripts parse. The work is done on the server's actor, the
//! answers come back over channels, so that the socket never waits for the server.

pub(crate) mod cluster;
mod memory;
mod served;
mod table_log;

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use ovsdb_daemon::unixctl::Commands;
use tokio::sync::oneshot;

use crate::actor::Actor;
use crate::inbox::Inbox;
use crate::operate;
use crate::reconfigure::{Reconfigure, Reply};
use crate::server::{Event, Server};

/// Runs a function on the server and hands back its answer.
pub fn ask<T: Send + 'static>(
    server: &(impl Inbox + ?Sized),
    f: impl FnOnce(&mut Server) -> T + Send + 'static,
) -> oneshot::Receiver<T> {
    let (tx, rx) = oneshot::channel();
    server.post(Event::Call(Box::new(move |server| {
        // Nobody waits for the answer any more: nothing to do.
        let _ = tx.send(f(server));
    })));
    rx
}

/// Registers every command that makes sense without a cluster. `exit` is called by the command of that name.
pub fn register(
    commands: &Commands,
    actor: &Actor<Server>,
    reconfigure: &Arc<Reconfigure>,
    exit: impl Fn() + Send + Sync + 'static,
) {
    commands.register_exit("", 0, move |_| exit());
    let on_server = |name: &str, usage: &str, min, max, f: fn(&mut Server, &[String]) -> Reply| {
        let actor = actor.clone();
        commands.register_deferred(name, usage, min, max, move |args| {
            ask(&actor, move |s| f(s, &args))
        });
    };
    on_server("memory/show", "", 0, 0, |server, _| Ok(memory::show(server)));
    on_server("ovsdb-server/list-dbs", "", 0, 0, |server, _| {
        Ok(server.databases.keys().map(|name| format!("{name}\n")).collect())
    });
    on_server("ovsdb-server/reconnect", "", 0, 0, |server, _| {
        server.reconnect("user ran ovsdb-server/reconnect");
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
            let db = server
                .databases
                .get(&args[0])
                .ok_or("Failed to find the database.")?;
            Ok(match &db.storage_error {
                None => "status: ok".into(),
                Some(error) => format!("status: ovsdb error: {error}"),
            })
        },
    );
    on_server("ovsdb-server/disable-monitor-cond", "", 0, 0, |server, _| {
        server.monitor_cond = false;
        server.reconnect("user ran ovsdb-server/disable-monitor-cond");
        Ok(String::new())
    });
    on_server(
        "ovsdb-server/tlog-set",
        "DB:TABLE on|off",
        2,
        2,
        |server, args| table_log::set(server, &args[0], &args[1]),
    );
    on_server("ovsdb-server/tlog-list", "", 0, 0, |server, _| {
        Ok(table_log::list(server))
    });
    on_server("ovsdb-server/sync-status", "", 0, 0, |server, _| {
        Ok(served::sync_status(server))
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
    operate(commands, actor);
    compact(commands, actor);
    served::register(commands, reconfigure);
}

type Later = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// What operators do with a database and a file.
fn operate(commands: &Commands, actor: &Actor<Server>) {
    let on = |name: &str, usage: &str, most, f: fn(Actor<Server>, Vec<String>) -> Later| {
        let actor = actor.clone();
        commands.register_deferred(&format!("ovsdb-server/{name}"), usage, 2, most, move |args| {
            let (tx, rx) = oneshot::channel();
            let reply = f(actor.clone(), args);
            tokio::spawn(async move {
                // Whoever asked may have gone.
                let _ = tx.send(reply.await);
            });
            rx
        });
    };
    on("backup", "DB FILE", 2, |actor, args| {
        Box::pin(async move {
            let done = operate::backup::backup(&actor, &args[0], Path::new(&args[1])).await;
            done.map(|told| format!("{}\n", told.comment()))
                .map_err(|e| e.to_string())
        })
    });
    on("restore", "DB FILE [force]", 3, |actor, args| {
        Box::pin(async move {
            let any_schema = match args.get(2).map(String::as_str) {
                None => false,
                Some("force") => true,
                Some(other) => return Err(format!("{other}: only \"force\" may follow the file")),
            };
            let source = operate::backup::Source {
                path: args[1].clone().into(),
                name: args[1].clone(),
                any_schema,
            };
            let done = operate::backup::restore(&actor, &args[0], source).await;
            done.map(|()| String::new()).map_err(|e| e.to_string())
        })
    });
}

fn compact(commands: &Commands, actor: &Actor<Server>) {
    let actor = actor.clone();
    commands.register_deferred("ovsdb-server/compact", "", 0, 1, move |args| {
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
