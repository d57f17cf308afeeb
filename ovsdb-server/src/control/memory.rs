//! `memory/show`.

use crate::database::Model;
use crate::server::Server;

/// `memory/show`: counts that are not zero.
pub(super) fn show(server: &Server) -> String {
    let user = || {
        server
            .databases
            .values()
            .filter(|db| !matches!(db.model, Model::Own))
    };
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
