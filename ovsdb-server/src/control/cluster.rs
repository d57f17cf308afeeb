//! Commands on clustered databases (ovsdb-server(1) "Cluster Commands"): there once such a database was opened.
//!
//! In: words. Out: texts that scripts and exporters parse, layout and words the C server's. The work is
//! [`crate::operate`]'s.

use ovsdb_daemon::unixctl::Commands;
use ovsdb_manage::OperationError;
use tokio::sync::oneshot;

use super::{Later, ask};
use crate::actor::Actor;
use crate::database::Model;
use crate::operate::cluster::{Target, TimerChange};
use crate::operate::verify::verify;
use crate::reconfigure::Reply;
use crate::server::Server;

/// Adds the commands; a second time changes nothing.
pub fn register(commands: &Commands, actor: &Actor<Server>) {
    let on_some = |name: &str, usage: &str, n: (usize, usize), f: fn(Target, Vec<String>) -> Later| {
        let actor = actor.clone();
        let name = format!("cluster/{name}");
        commands.register_deferred(&name, usage, n.0, n.1, move |args| {
            let (tx, rx) = oneshot::channel();
            let actor = actor.clone();
            tokio::spawn(async move {
                let reply = match Target::find(&actor, &args[0]).await {
                    Err(error) => Err(error.message),
                    Ok(target) => f(target, args).await,
                };
                // Whoever asked may have gone.
                let _ = tx.send(reply);
            });
            rx
        });
    };
    let on = |name, usage, n, f| on_some(name, usage, (n, n), f);
    on("cid", "DB", 1, |target, _| {
        Box::pin(async move {
            let id = target.member().cluster();
            let unknown = || "cluster id not yet known".to_owned();
            id.map(|id| id.0.to_string()).ok_or_else(unknown)
        })
    });
    on("sid", "DB", 1, |target, _| {
        Box::pin(async move { Ok(target.member().server().0.to_string()) })
    });
    on("status", "DB", 1, |target, _| {
        Box::pin(async move { Ok(target.status().to_string()) })
    });
    on("verify", "DB", 1, |target, _| {
        Box::pin(async move {
            let found = verify(&target).await;
            found
                .map(|found| found.to_string())
                .map_err(|error| error.message)
        })
    });
    on("leave", "DB", 1, |target, _| {
        Box::pin(async move { text(target.leave(), |()| "") })
    });
    on("kick", "DB SERVER", 2, |target, args| {
        Box::pin(async move {
            let removal = target.kick(&args[1]);
            removal
                .map(|removal| removal.to_string())
                .map_err(|error| error.message)
        })
    });
    on_some("transfer-leadership", "DB [SERVER]", (1, 2), |target, args| {
        Box::pin(async move {
            let to = args.get(1).map(String::as_str);
            text(target.transfer(to).await, |()| "")
        })
    });
    on("change-election-timer", "DB TIME", 2, |target, args| {
        Box::pin(async move {
            // Like atoll(3): what is no number is out of range.
            let ms = args[1].parse().unwrap_or(0);
            text(target.change_election_timer(ms), |change| match change {
                TimerChange::Initiated => "change of election timer initiated.",
                TimerChange::Current => "change election timer to current value.",
            })
        })
    });
    on("set-backlog-threshold", "DB N_MSGS N_BYTES", 3, |_, args| {
        Box::pin(async move { check_backlog(&args[1], &args[2]) })
    });
    failure_test(commands, actor);
}

fn text<T>(done: Result<T, OperationError>, text: impl FnOnce(T) -> &'static str) -> Reply {
    done.map(|done| text(done).to_owned())
        .map_err(|error| error.message)
}

/// Accepted for compatibility: a peer that falls behind is sent a snapshot instead of a backlog.
fn check_backlog(n_messages: &str, n_bytes: &str) -> Reply {
    let (Ok(n_messages), Ok(_)) = (n_messages.parse::<u64>(), n_bytes.parse::<u64>()) else {
        return Err("invalid argument".into());
    };
    match n_messages < 50 {
        true => Err("values out of range".into()),
        false => Ok(String::new()),
    }
}

fn failure_test(commands: &Commands, actor: &Actor<Server>) {
    let actor = actor.clone();
    commands.register_deferred("cluster/failure-test", "FAILURE SCENARIO", 1, 1, move |args| {
        ask(&actor, move |server| {
            let databases = server.databases.values();
            let members = databases.filter_map(|db| match &db.model {
                Model::Clustered(cluster) => cluster.running.clone(),
                _ => None,
            });
            for running in members {
                let engaged = running.member().engage(&args[0]);
                engaged.map_err(|error| error.to_string())?;
            }
            let dismissed = args[0] == "clear";
            Ok(if dismissed {
                "test dismissed"
            } else {
                "test engaged"
            }
            .to_owned())
        })
    });
}
