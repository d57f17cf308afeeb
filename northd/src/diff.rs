//! `ovn-northd diff`: what a change of the northbound database does to the southbound one, offline.

use std::collections::BTreeSet;
use std::ffi::OsString;

use lexopt::{Arg, Parser};
use northd_core::plan::Plan;
use northd_core::{Northd, Side};
use ovn_schemas::Db;
use ovsdb_daemon::options::error_text;
use ovsdb_data::{Row, RowChange, Uuid};

use crate::contents;
use crate::look::{Trouble, print};

const HELP: &str = "\
ovn-northd diff: print what a change of the northbound database does southbound
usage: ovn-northd diff [--format=text|json] [--sb=SB-FILE] NB-FILE NB-FILE

The second file is taken as the first one after a change: what was given away
once, such as tunnel keys, stays. Files that have no row in common are compared
as if each were on its own.

Options:
  --sb=SB-FILE       build on these southbound rows: chassis, keys in use
  --format=text      as ovn-northd plan prints it, what goes with - and what
                     comes with + in front, and how much at the end (default)
  --format=json      an object of two plans, gone and new
  -h, --help         display this help message

Exit status: 0 where nothing changes, 1 where something does, 2 in trouble.
";

/// Runs the command; `words` follow its name.
pub fn run(words: Vec<OsString>) -> Result<i32, Trouble> {
    let mut parser = Parser::from_args(words);
    let (mut files, mut sb, mut is_json) = (Vec::new(), None, false);
    while let Some(arg) = parser.next().map_err(error_text)? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return print(HELP, None),
            Arg::Long("sb") => sb = Some(parser.value().map_err(error_text)?),
            Arg::Long("format") => {
                is_json = match parser.value().map_err(error_text)?.to_str() {
                    Some("text") => false,
                    Some("json") => true,
                    _ => return Err("--format: text or json expected".into()),
                }
            }
            Arg::Value(file) => files.push(file.to_string_lossy().into_owned()),
            other => return Err(error_text(other.unexpected()).into()),
        }
    }
    let [before, after] = &files[..] else {
        return Err("two NB-FILEs are wanted: see ovn-northd diff --help".into());
    };
    let before = contents::file(Db::OvnNorthbound, before)?;
    let after = contents::file(Db::OvnNorthbound, after)?;
    let sb = match sb {
        Some(sb) => contents::file(Db::OvnSouthbound, &sb.to_string_lossy())?,
        None => Vec::new(),
    };
    let northd = contents::northd(&before, &sb);
    let first = Plan::of(&northd);
    let second = Plan::of(&changed(northd, &before, after, &sb));
    let difference = Plan::difference(&first, &second);
    let status = i32::from(!difference.is_empty());
    match is_json {
        true => print(&format!("{:#}\n", difference.json()), None)?,
        false => print(&difference.text(), None)?,
    };
    Ok(status)
}

fn changed(mut northd: Northd, before: &[RowChange], after: Vec<RowChange>, sb: &[RowChange]) -> Northd {
    let uuids: BTreeSet<Uuid> = before.iter().map(|row| row.uuid).collect();
    if !after.iter().any(|row| uuids.contains(&row.uuid)) {
        return contents::northd(&after, sb);
    }
    let rows = after.into_iter().filter_map(|row| Some((row.table, row.new?)));
    let rows: Vec<(_, Row)> = rows.collect();
    let changes = ovn_service::difference(Side::Nb, rows, northd.databases());
    northd.change(Side::Nb, &changes);
    northd.settle();
    northd
}
