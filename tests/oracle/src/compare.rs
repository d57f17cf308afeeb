//! Differences between what the packaged northd has written and what ours says is to be.

use std::collections::BTreeMap;

use northd_core::{Northd, Side};
use ovsdb_data::RowChange;

use crate::fixture::Contents;
use crate::normal::{Kept, Rows};

/// Columns that others than northd write, and those that are random or say when.
const OTHERS: [(&str, &str); 5] = [
    ("Datapath_Binding", "load_balancers"),
    ("IP_Multicast", "seq_no"),
    ("Logical_Flow", "external_ids"),
    ("SB_Global", "connections"),
    ("SB_Global", "ssl"),
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
    northd.change(Side::Nb, &contents.nb);
    northd.settle();
    northd
}

/// The same by another way: each row by itself, everything taken away again row by row, and put back backwards. What
/// comes out must not depend on the way.
pub fn row_by_row(contents: &Contents) -> Northd {
    let mut northd = Northd::new();
    northd.change(Side::Sb, &contents.sb);
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
    let theirs = contents.sb.iter().filter_map(|change| {
        let row = change.new.as_ref()?;
        let kept: Kept = row
            .iter()
            .skip(2)
            .map(|(column, value)| (column, value.clone()))
            .collect();
        Some((change.table, change.uuid, kept))
    });
    let theirs = Rows::new(theirs);
    let ours = northd.all().into_iter().filter(|row| row.side == Side::Sb);
    let ours = Rows::new(ours.map(|row| {
        let columns = row.at_first.into_iter().chain(row.columns);
        (row.table, row.id, columns.collect())
    }));
    let mut found = Vec::new();
    compare_flows(&theirs.flows(), &ours.flows(), &mut found);
    for table in theirs.tables().union(&ours.tables()) {
        if !["Logical_Flow", "Logical_DP_Group"].contains(&table.as_str()) {
            compare_rows(table, &theirs.table(table), &ours.table(table), &mut found);
        }
    }
    found
}

type Named = BTreeMap<String, BTreeMap<String, String>>;

fn compare_flows(theirs: &Named, ours: &Named, found: &mut Vec<Difference>) {
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
                for (key, value) in about.iter().filter(|(key, value)| other.get(*key) != Some(value)) {
                    let other = other.get(key).map_or("", String::as_str);
                    found.push(Difference {
                        at: stage(flow),
                        what: format!("~ {flow}: {key} [{value}], ours [{other}]"),
                    });
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
