//! `memory/show`.

use ovsdb_raft::Status;

use crate::database::Model;
use crate::server::Server;

/// `memory/show`: counts that are not zero, and that of monitors. Those of `raft-` are of all clusters together:
/// connections with other members, entries in the logs, and what waits to go out.
pub(super) fn show(server: &Server) -> String {
    let databases = || server.databases.values();
    let tables = || {
        databases().flat_map(|db| {
            db.snapshot()
                .schema
                .iter()
                .map(move |(t, schema)| (db, t, schema))
        })
    };
    // Each row's `_uuid` and `_version` count as well.
    let atoms: usize = databases().map(|db| db.snapshot().n_atoms).sum::<usize>()
        + tables()
            .map(|(db, table, _)| 2 * db.snapshot().table(table).len())
            .sum::<usize>();
    let cells: usize = tables()
        .map(|(db, table, schema)| schema.columns.len() * db.snapshot().table(table).len())
        .sum();
    let monitors: usize = server.databases.values().map(|db| db.fanout.len()).sum();
    let clusters = || {
        databases().filter_map(|db| match &db.model {
            Model::Clustered(cluster) => Some(cluster),
            _ => None,
        })
    };
    let waiting: usize = databases().map(|db| db.waiting.len()).sum();
    let triggers = waiting + clusters().map(|cluster| cluster.n_asked()).sum::<usize>();
    // The C server's own database has none.
    let (history, history_atoms) = databases()
        .filter(|db| !matches!(db.model, Model::Own))
        .map(|db| db.history.size())
        .fold((0, 0), |(n, a), (m, b)| (n + m, a + b));
    let statuses: Vec<Status> = clusters()
        .filter_map(|cluster| Some(cluster.running.as_ref()?.member().status()))
        .collect();
    let of_raft = |count: fn(&Status) -> usize| statuses.iter().map(count).sum::<usize>();
    let raft_log = of_raft(|status| {
        let (first, last) = status.log;
        usize::try_from((last + 1).saturating_sub(first)).unwrap_or(usize::MAX)
    });
    let backlog: usize = server.sessions.values().map(|s| s.link.queued_bytes()).sum();
    let counts = [
        ("atoms", atoms),
        ("backlog", backlog),
        ("cells", cells),
        ("monitors", monitors),
        ("raft-backlog-kB", of_raft(|status| status.backlog_bytes) / 1000),
        ("raft-connections", of_raft(|status| status.n_connections)),
        ("raft-log", raft_log),
        ("sessions", server.sessions.len()),
        ("triggers", triggers),
        ("txn-history", history),
        ("txn-history-atoms", history_atoms),
    ];
    let shown: Vec<String> = counts
        .iter()
        .filter(|(name, n)| *n > 0 || *name == "monitors")
        .map(|(name, n)| format!("{name}:{n}"))
        .collect();
    format!("{}\n", shown.join(" "))
}
