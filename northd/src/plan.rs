//! `ovn-northd plan`: what the southbound database is to hold, offline.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lexopt::{Arg, Parser};
use northd_core::plan::Plan;
use northd_core::{Northd, Reconcile, Side};
use ovn_schemas::Db;
use ovsdb_daemon::options::error_text;
use ovsdb_data::{TxnId, Uuid};
use ovsdb_engine::{Context, Database, Outcome};
use ovsdb_store::Standalone;

use crate::contents;
use crate::look::{Trouble, print};

const HELP: &str = "\
ovn-northd plan: print the southbound contents that a northbound database leads to
usage: ovn-northd plan [--format=text|json] [--sb=SB-FILE] NB-FILE
       ovn-northd plan --format=db --output=FILE [--sb=SB-FILE] NB-FILE

No server is asked and nothing but FILE is written. Rows are named by what they
are, not by uuid, and everything has a fixed order: two plans can be compared
line by line. At the end stands what northd writes to the northbound database.

Options:
  --sb=SB-FILE       build on these southbound rows: chassis, keys in use
  --format=text      by datapath and stage, then by table (default)
  --format=json      an object of the lists flows, rows, northbound
  --format=db        a southbound database file, for ovsdb-server and ovn-trace
  --output=FILE      where to; must not exist for --format=db (default: stdout)
  -h, --help         display this help message

A logical flow is a line
    PRIORITY  MATCH  ->  ACTIONS  meter=METER  # NORTHBOUND ROW
with the row that it is made for.

Files are standalone databases; ovsdb-tool cluster-to-standalone makes one of a
cluster's file. A damaged end of a file is left out, with a warning.

Exit status: 0, or 2 in trouble.
";

/// How to print.
enum Format {
    Text,
    Json,
    Db,
}

/// Runs the command; `words` follow its name.
pub fn run(words: Vec<OsString>) -> Result<i32, Trouble> {
    let mut parser = Parser::from_args(words);
    let (mut nb, mut sb, mut format, mut output) = (None, None, Format::Text, None);
    while let Some(arg) = parser.next().map_err(error_text)? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return print(HELP, None),
            Arg::Long("sb") => sb = Some(parser.value().map_err(error_text)?),
            Arg::Long("output") => output = Some(parser.value().map_err(error_text)?),
            Arg::Long("format") => {
                format = match parser.value().map_err(error_text)?.to_str() {
                    Some("text") => Format::Text,
                    Some("json") => Format::Json,
                    Some("db") => Format::Db,
                    _ => return Err("--format: text, json or db expected".into()),
                }
            }
            Arg::Value(file) if nb.is_none() => nb = Some(file),
            other => return Err(error_text(other.unexpected()).into()),
        }
    }
    let nb = nb.ok_or("NB-FILE is missing: see ovn-northd plan --help")?;
    let nb = contents::file(Db::OvnNorthbound, &nb.to_string_lossy())?;
    let sb = match sb {
        Some(sb) => contents::file(Db::OvnSouthbound, &sb.to_string_lossy())?,
        None => Vec::new(),
    };
    let northd = contents::northd(&nb, &sb);
    let output = output.as_ref().map(Path::new);
    match (format, output) {
        (Format::Text, _) => print(&Plan::of(&northd).text(), output),
        (Format::Json, _) => print(&format!("{:#}\n", Plan::of(&northd).json()), output),
        (Format::Db, Some(output)) => write(&northd, output),
        (Format::Db, None) => Err("--format=db needs --output=FILE".into()),
    }
}

/// Writes the southbound database as northd would leave it.
fn write(northd: &Northd, path: &Path) -> Result<i32, Trouble> {
    let schema = Arc::new(ovn_schemas::schema(Db::OvnSouthbound));
    let mut n_fresh = 0;
    let mut fresh = || {
        n_fresh += 1;
        Uuid::from_u128(n_fresh)
    };
    let mut database = Database::new(schema.clone(), TxnId::default());
    let before: Vec<_> = northd.databases().all(Side::Sb).collect();
    database.apply(&before, TxnId(Uuid::from_u128(1)));
    let mut reconcile = Reconcile::new(Side::Sb);
    reconcile.again(northd);
    let operations = reconcile.operations(northd);
    let mut context = Context {
        fresh: &mut fresh,
        read_only: false,
        identity: None,
        holds_lock: &|_| true,
        elapsed: Duration::ZERO,
    };
    let changes = match database.execute(&operations, &mut context) {
        Outcome::Done { changes, .. } => changes,
        Outcome::Failed { replies } => {
            let error = replies.into_iter().flatten().find_map(Result::err);
            return Err(format!("the southbound schema refuses the plan: {error:?}").into());
        }
        Outcome::Wait { .. } => return Err("the plan waits for something".into()),
    };
    let mut file = Standalone::create(path, &schema).map_err(|error| error.to_string())?;
    for changes in [before, changes] {
        file.append(&schema, &changes, Some("ovn-northd plan"), 0)
            .map_err(|error| error.to_string())?;
    }
    file.sync().map_err(|error| error.to_string())?;
    Ok(0)
}
