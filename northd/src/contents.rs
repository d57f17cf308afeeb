//! Databases' rows for commands that look once: from files, or from servers.
//!
//! In: a file's name or remotes. Out: rows as the schemas here have them; tables and columns that these lack are left
//! out. Never here: anything written.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use northd_core::{Northd, Side};
use ovn_schemas::Db;
use ovsdb_data::{RowChange, Uuid};
use ovsdb_idl::session::{Config, Event, Interest};
use ovsdb_store::{Log, Magic, Mode, Standalone, StoreError, standalone};
use ovsdb_transport::dialer::Dialer;
use ovsdb_transport::drive::Client;
use ovsdb_transport::remote::Remote;
use ovsdb_transport::tls::{Tls, TlsFiles};
use tokio::runtime::{Handle, Runtime};

/// For so long a server may keep us waiting.
const PATIENCE: Duration = Duration::from_secs(30);

/// The rows of a database's file.
pub fn file(db: Db, path: &str) -> Result<Vec<RowChange>, String> {
    let said = |error: StoreError| match error {
        StoreError::Clustered(_) => {
            format!(
                "{path}: a cluster's file: make a standalone one of it with ovsdb-tool cluster-to-standalone"
            )
        }
        other => format!("{path}: {other}"),
    };
    let mut log = Log::open(Path::new(path), &Magic::ALL, Mode::ReadOnly).map_err(said)?;
    if log.magic() == Magic::Cluster {
        return Err(said(StoreError::Clustered(path.to_owned())));
    }
    let (schema, _) = standalone::read_schema(&mut log).map_err(said)?;
    if &*schema.name != db.name() {
        return Err(format!(
            "{path}: the file of a database {}, where one of {} is wanted",
            schema.name,
            db.name()
        ));
    }
    let schema = Arc::new(ovn_schemas::schema(db));
    // Versions of rows mean nothing here.
    let opened = Standalone::open_as(Path::new(path), Mode::ReadOnly, Some(schema.clone()), &Uuid::nil);
    let opened = opened.map_err(said)?;
    if let Some(warning) = opened.warning {
        eprintln!("{path}: {warning}: what follows is left out");
    }
    let snapshot = opened.database.snapshot();
    let rows = schema.iter().flat_map(|(table, _)| {
        let rows = snapshot.table(table).iter();
        rows.map(move |(uuid, row)| RowChange {
            table,
            uuid: *uuid,
            old: None,
            new: Some(row.clone()),
        })
    });
    Ok(rows.collect())
}

/// The rows that servers have at present: of the northbound database, and of the southbound one.
pub fn served(nb: Vec<Remote>, sb: Vec<Remote>, tls: TlsFiles) -> Result<[Vec<RowChange>; 2], String> {
    let runtime = Runtime::new().map_err(|error| format!("cannot start threads: {error}"))?;
    let tls = Arc::new(Tls::new(tls));
    let rows = runtime.block_on(async {
        let nb = first_contents(Db::OvnNorthbound, nb, tls.clone()).await?;
        let sb = first_contents(Db::OvnSouthbound, sb, tls).await?;
        Ok([nb, sb])
    });
    runtime.shutdown_background();
    rows
}

async fn first_contents(db: Db, remotes: Vec<Remote>, tls: Arc<Tls>) -> Result<Vec<RowChange>, String> {
    let names: Vec<String> = remotes.iter().map(Remote::to_string).collect();
    let config = Config {
        db: db.name().to_owned(),
        leader_only: false,
        tables: Interest::All,
        schema: Some(ovn_schemas::schema(db)),
    };
    let mut client = Client::start(&Handle::current(), config, Dialer::new(remotes, None, tls));
    let contents = async {
        loop {
            if let Event::Reset { rows, .. } = client.event().await {
                return rows;
            }
        }
    };
    let rows = tokio::time::timeout(PATIENCE, contents).await;
    let rows = rows.map_err(|_| format!("{}: no {} within {PATIENCE:?}", names.join(","), db.name()))?;
    let rows = rows.into_iter().map(|(table, row)| RowChange {
        table,
        uuid: row.uuid(),
        old: None,
        new: Some(row),
    });
    Ok(rows.collect())
}

/// A northd over these rows, settled.
pub fn northd(nb: &[RowChange], sb: &[RowChange]) -> Northd {
    let mut northd = Northd::new();
    northd.change(Side::Sb, sb);
    northd.change(Side::Nb, nb);
    northd.settle();
    northd
}
