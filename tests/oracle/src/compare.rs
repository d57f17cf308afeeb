//! Differences between what the packaged northd has written and what ours says is to be: in the southbound database,
//! and in the columns of the northbound one that northd writes (their tables are named `nb TABLE`).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Debug;
use std::time::{SystemTime, UNIX_EPOCH};

use northd_core::desired::{Desired, Gone};
use northd_core::words::{About, Kept, Rows, kept};
use northd_core::{Northd, Side};
use ovn_schemas::Db;
use ovn_schemas::rows::{ovn_northbound as nb, ovn_southbound as sb};
use ovsdb_data::typed::Table;
use ovsdb_data::{Atom, ColumnIdx, Datum, Row, RowChange, TableIdx, Uuid};

use crate::fixture::{Contents, OTHERS as OTHERS_ROWS};
use crate::groups::named;

/// Columns that others than northd write, and those that are random or say when.
const OTHERS: [(&str, &str); 17] = [
    ("BFD", "status"),
    ("Datapath_Binding", "load_balancers"),
    ("IP_Multicast", "seq_no"),
    ("Logical_Flow", "external_ids"),
    ("Port_Binding", "additional_chassis"),
    ("Port_Binding", "additional_encap"),
    ("Port_Binding", "chassis"),
    ("Port_Binding", "encap"),
    ("Port_Binding", "gateway_chassis"),
    ("Port_Binding", "ha_chassis_group"),
    ("Port_Binding", "nat_addresses"),
    ("Port_Binding", "type"),
    ("Port_Binding", "up"),
    ("Port_Binding", "virtual_parent"),
    ("SB_Global", "connections"),
    ("SB_Global", "ssl"),
    ("Service_Monitor", "status"),
];

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// The table, or the stage of a flow.
    pub at: String,
    /// `-` what only the packaged one has, `+` what only ours has, `~` what both have and say differently.
    pub what: String,
}

/// Ours on the northbound rows of a case, with the southbound rows that it may build on.
pub fn ours(contents: &Contents) -> Northd {
    let mut northd = Northd::new();
    northd.change(Side::Sb, &contents.sb);
    northd.change(Side::Sb, &contents.deleted);
    northd.change(Side::Nb, &contents.nb);
    northd.settle();
    northd
}

/// The same by another way: each row by itself, everything taken away again row by row, and put back backwards. What
/// comes out must not depend on the way.
pub fn row_by_row(contents: &Contents) -> Northd {
    let mut northd = Northd::new();
    northd.change(Side::Sb, &contents.sb);
    northd.change(Side::Sb, &contents.deleted);
    northd.settle();
    for change in &contents.nb {
        northd.change(Side::Nb, std::slice::from_ref(change));
        northd.settle();
    }
    for change in &contents.nb {
        let gone = RowChange {
            old: change.new.clone(),
            new: None,
            ..change.clone()
        };
        northd.change(Side::Nb, &[gone]);
        northd.settle();
    }
    for change in contents.nb.iter().rev() {
        northd.change(Side::Nb, std::slice::from_ref(change));
        northd.settle();
    }
    northd
}

/// Every difference.
pub fn differences(contents: &Contents, northd: &Northd) -> Vec<Difference> {
    let theirs = Rows::new(Side::Sb, contents.sb.iter().filter_map(whole), None);
    let ours = northd.all().into_iter().filter(|row| row.side == Side::Sb);
    let (gone, ours): (Vec<Desired>, Vec<Desired>) = ours.partition(|row| row.gone.is_some());
    let left = left_alone(contents, &gone);
    let ours = ours.into_iter().map(|row| {
        // Whether a port is up has been said since.
        let at_first = row
            .at_first
            .into_iter()
            .filter(|(column, _)| !is_up(row.table, *column));
        (row.table, row.id, at_first.chain(row.columns).collect())
    });
    let ours = Rows::new(Side::Sb, ours.chain(left.filter_map(whole)), Some(&theirs));
    let mut found = Vec::new();
    compare_flows(&flows(&theirs), &flows(&ours), &mut found);
    let mut tables = theirs.tables();
    tables.extend(ours.tables());
    for (name, table) in tables {
        if ![sb::LogicalFlow::TABLE_INDEX, sb::LogicalDpGroup::TABLE_INDEX].contains(&table) {
            compare_rows(&name, &rows(&theirs, table), &rows(&ours, table), &mut found);
        }
    }
    found
}

/// A row with all its columns.
fn whole(change: &RowChange) -> Option<(TableIdx, Uuid, Kept)> {
    Some((change.table, change.uuid, kept(change.new.as_ref()?)))
}

/// The rows of others that are there when those are gone that are to be gone by now.
fn left_alone<'a>(contents: &'a Contents, gone: &[Desired]) -> impl Iterator<Item = &'a RowChange> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let is_over = |when: Gone| match when {
        Gone::Now => true,
        Gone::At(time) => u128::try_from(time).is_ok_and(|time| time <= now.as_millis()),
    };
    let gone = gone.iter().filter(|row| row.gone.is_some_and(is_over));
    let gone: HashSet<(TableIdx, Uuid)> = gone.map(|row| (row.table, row.id)).collect();
    let schema = ovn_schemas::schema(Db::OvnSouthbound);
    let rows = contents.sb.iter().chain(&contents.deleted);
    rows.filter(move |row| {
        OTHERS_ROWS.contains(&&*schema.table(row.table).name) && !gone.contains(&(row.table, row.uuid))
    })
}

fn is_up(table: TableIdx, column: ColumnIdx) -> bool {
    (table, column) == (sb::PortBinding::TABLE_INDEX, sb::PortBinding::UP.index)
}

/// The northbound rows of a case as they were before a northd wrote to them.
pub fn unwritten(contents: &Contents) -> Contents {
    let unwritten = |change: &RowChange| {
        let new = change
            .new
            .as_ref()
            .map(|row| row.with(written(change.table, row)));
        RowChange {
            new,
            ..change.clone()
        }
    };
    Contents {
        nb: contents.nb.iter().map(unwritten).collect(),
        sb: contents.sb.clone(),
        deleted: contents.deleted.clone(),
    }
}

/// The columns of a row that northd writes, as they were before.
fn written(table: TableIdx, row: &Row) -> Vec<(ColumnIdx, Datum)> {
    let without = |map: &Datum, keys: &[&str]| {
        let pairs = map
            .pairs()
            .filter(|(key, _)| key.as_str().is_none_or(|key| !keys.contains(&key)));
        Datum::map_unique(pairs.map(|(key, value)| (key.clone(), value.clone())))
    };
    match table {
        nb::LogicalSwitchPort::TABLE_INDEX => {
            let port = nb::LogicalSwitchPort::of(row);
            let mut written = vec![
                (nb::LogicalSwitchPort::UP.index, Datum::Empty),
                (nb::LogicalSwitchPort::DYNAMIC_ADDRESSES.index, Datum::Empty),
            ];
            if port.tag_request().is_some() {
                written.push((nb::LogicalSwitchPort::TAG.index, Datum::Empty));
            }
            written
        }
        nb::LogicalRouterPort::TABLE_INDEX => {
            let status = nb::LogicalRouterPort::STATUS.index;
            let mut written = vec![(status, without(row.get(status), &["hosting-chassis"]))];
            if nb::LogicalRouterPort::of(row).options().get("prefix") == Some("true") {
                written.push((nb::LogicalRouterPort::IPV6_PREFIX.index, Datum::Empty));
            }
            written
        }
        nb::Bfd::TABLE_INDEX => vec![(nb::Bfd::STATUS.index, Datum::Empty)],
        nb::NbGlobal::TABLE_INDEX => {
            let options = nb::NbGlobal::OPTIONS.index;
            let keys = ["max_tunid", "northd_internal_version"];
            vec![(options, without(row.get(options), &keys))]
        }
        _ => Vec::new(),
    }
}

/// Every difference in the northbound rows: `contents` is what the packaged northd has left, `northd` is ours, on the
/// same rows or on those of [`unwritten`].
pub fn northbound(contents: &Contents, northd: &Northd) -> Vec<Difference> {
    let schema = ovn_schemas::schema(Db::OvnNorthbound);
    let desired = northd.all().into_iter().filter(|row| row.side == Side::Nb);
    let desired: HashMap<_, _> = desired.map(|row| ((row.table, row.id), row)).collect();
    let mut found = Vec::new();
    for change in &contents.nb {
        let Some(theirs) = &change.new else { continue };
        let Some(before) = northd.databases().row(Side::Nb, change.table, change.uuid) else {
            continue;
        };
        let kept = desired.get(&(change.table, change.uuid));
        let table = schema.table(change.table);
        let name = table
            .column("name")
            .and_then(|name| theirs.get(name).one().map(Atom::to_text));
        let name = name.unwrap_or_else(|| change.uuid.to_string());
        for (column, of) in table.iter().filter(|(column, _)| *column != ColumnIdx::VERSION) {
            let kept = kept.and_then(|kept| kept.columns.iter().find(|(of, _)| *of == column));
            let ours = kept.map_or_else(|| before.get(column), |(_, value)| value);
            if ours != theirs.get(column) {
                let words = |value: &Datum| value.to_json_as(of.ty.is_map());
                found.push(Difference {
                    at: format!("nb {}", table.name),
                    what: format!(
                        "~ {name}: {} [{}], ours [{}]",
                        of.name,
                        words(theirs.get(column)),
                        words(ours)
                    ),
                });
            }
        }
    }
    found
}

type Named = BTreeMap<String, BTreeMap<String, String>>;

/// The rows of a table by name.
fn rows(rows: &Rows, table: TableIdx) -> Named {
    let rows = rows.rows(table);
    rows.map(|(name, columns)| (name.to_owned(), columns)).collect()
}

fn flows(rows: &Rows) -> BTreeMap<String, About> {
    let flows = rows.flows().into_iter().map(|(mut flow, about)| {
        flow.r#match = sorted_senders(&flow.r#match);
        (flow.to_string(), about)
    });
    named(flows.collect())
}

/// A match with its set of Ethernet senders in order: theirs is a hash table's.
fn sorted_senders(text: &str) -> String {
    let Some((before, rest)) = text.split_once("eth.src == {") else {
        return text.to_owned();
    };
    let Some((set, after)) = rest.split_once('}') else {
        return text.to_owned();
    };
    let mut senders: Vec<&str> = set.split(", ").collect();
    senders.sort_unstable();
    format!("{before}eth.src == {{{}}}{after}", senders.join(", "))
}

fn compare_flows(
    theirs: &BTreeMap<String, About>,
    ours: &BTreeMap<String, About>,
    found: &mut Vec<Difference>,
) {
    let stage = |flow: &str| {
        flow.split_ascii_whitespace()
            .find(|word| word.starts_with("ls_") || word.starts_with("lr_"))
            .unwrap_or_default()
            .to_owned()
    };
    for (flow, about) in theirs {
        match ours.get(flow) {
            None => found.push(Difference {
                at: stage(flow),
                what: format!("- {flow}"),
            }),
            Some(other) => {
                // Whoever says a flow first says what it is about: nothing follows from it for the others.
                let mut differ = |key: &str, theirs: &dyn Debug, ours: &dyn Debug| {
                    found.push(Difference {
                        at: stage(flow),
                        what: format!("~ {flow}: {key} [{theirs:?}], ours [{ours:?}]"),
                    });
                };
                if about.table != other.table {
                    differ("table", &about.table, &other.table);
                }
                if about.description != other.description {
                    differ("description", &about.description, &other.description);
                }
                if about.is_shared != other.is_shared {
                    differ("is_shared", &about.is_shared, &other.is_shared);
                }
                if !about.is_shared && (&about.hint, &about.tags) != (&other.hint, &other.tags) {
                    differ(
                        "hint, tags",
                        &(&about.hint, &about.tags),
                        &(&other.hint, &other.tags),
                    );
                }
            }
        }
    }
    for flow in ours.keys().filter(|flow| !theirs.contains_key(*flow)) {
        found.push(Difference {
            at: stage(flow),
            what: format!("+ {flow}"),
        });
    }
}

fn compare_rows(table: &str, theirs: &Named, ours: &Named, found: &mut Vec<Difference>) {
    let mut say = |what: String| {
        found.push(Difference {
            at: table.to_owned(),
            what,
        })
    };
    for (name, columns) in theirs {
        let Some(other) = ours.get(name) else {
            say(format!("- {name}: {columns:?}"));
            continue;
        };
        for column in columns
            .keys()
            .chain(other.keys().filter(|column| !columns.contains_key(*column)))
        {
            let value = |columns: &BTreeMap<String, String>| columns.get(column).cloned().unwrap_or_default();
            let is_others = OTHERS.contains(&(table, column.as_str())) && !other.contains_key(column);
            if value(columns) != value(other) && !is_others {
                say(format!(
                    "~ {name}: {column} [{}], ours [{}]",
                    value(columns),
                    value(other)
                ));
            }
        }
    }
    for (name, columns) in ours.iter().filter(|(name, _)| !theirs.contains_key(*name)) {
        say(format!("+ {name}: {columns:?}"));
    }
}
