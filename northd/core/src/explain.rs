//! Why a logical flow is there: which northbound row it is made for, which derivation made it, at which line, for which
//! stage of the manual page.
//!
//! In: a northd that has settled, with the southbound rows as they are where they are known, and what to explain
//! ([`Wanted`]). Out: [`Explanation`]s, in the order of the pipelines.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ovn_schemas::Db;
use ovn_schemas::rows::ovn_southbound::{LogicalDpGroup, LogicalFlow};
use ovsdb_data::typed::Table;
use ovsdb_data::{Atom, DatabaseSchema, TableIdx, Uuid};

use crate::databases::{Databases, Side};
use crate::flow::stage::Kind;
use crate::flow::table::{FlowId, flow_id_of};
use crate::flow::{Flow, Stage};
use crate::graph::Owner;
use crate::nodes::Node;
use crate::northd::Northd;
use crate::sync::logical_flow::source;
use crate::words::Rows;

/// Which flows to explain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// That of a uuid, or those of a northbound row, by its first digits.
    Digits(String),
    /// Those with this match; if there are none, those with this in their match or actions.
    Text(String),
}

impl Wanted {
    /// Eight or more digits of a uuid, or a cookie as OpenFlow tools print it (`0x1234abcd`, the first digits of a
    /// flow's uuid, zeros cut off); or a text.
    pub fn parse(text: &str) -> Wanted {
        let is_hex =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        if let Some(cookie) = text.strip_prefix("0x").filter(|cookie| is_hex(cookie)) {
            return Wanted::Digits(format!("{:0>8}", cookie.to_ascii_lowercase()));
        }
        match is_hex(text) && text.len() >= 8 {
            true => Wanted::Digits(text.to_ascii_lowercase()),
            false => Wanted::Text(text.to_owned()),
        }
    }
}

/// Only flows of these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Only {
    /// The datapath of this name.
    pub datapath: Option<String>,
    /// The stage.
    pub stage: Option<Stage>,
}

/// A flow and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Explanation {
    stage: Option<Stage>,
    /// The higher first.
    priority: std::cmp::Reverse<i64>,
    r#match: String,
    actions: String,
    meter: Option<String>,
    /// Names of its switches or routers.
    datapaths: BTreeSet<String>,
    /// Uuids under which it is in the southbound database, or will be.
    uuids: BTreeSet<Uuid>,
    made: Vec<Made>,
    /// What the southbound row says, where nothing here makes such a flow.
    foreign: Option<Foreign>,
}

/// One reason for a flow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Made {
    /// The northbound row that the flow's hint names.
    hint: Option<String>,
    /// The derivation, and what it makes in words.
    by: (&'static str, &'static str),
    /// Of which row.
    of: Option<String>,
    /// File and line.
    source: String,
    /// Why it drops.
    why: Option<&'static str>,
}

/// A row that nothing here asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Foreign {
    stage: String,
    source: String,
    hint: String,
}

/// Explains what is wanted.
pub fn explain(northd: &Northd, wanted: &Wanted, only: &Only) -> Vec<Explanation> {
    let names = Names {
        databases: northd.databases(),
        nb: Rows::of(northd.databases(), Side::Nb),
        sb: Rows::of(northd.databases(), Side::Sb),
        schemas: [
            (Side::Nb, ovn_schemas::schema(Db::OvnNorthbound)),
            (Side::Sb, ovn_schemas::schema(Db::OvnSouthbound)),
        ],
    };
    let present = present(northd.databases());
    let mut found: Vec<Explanation> = match wanted {
        Wanted::Digits(digits) => by_digits(northd, &names, &present, digits),
        Wanted::Text(text) => by_text(northd, &names, &present, text),
    };
    found.retain(|one| {
        only.stage.is_none_or(|stage| one.stage == Some(stage))
            && only
                .datapath
                .as_ref()
                .is_none_or(|name| one.datapaths.contains(name))
    });
    found.sort();
    found
}

/// The southbound flows as they are: the rows that say what a flow of an id says.
type Present = BTreeMap<FlowId, BTreeSet<Uuid>>;

fn present(databases: &Databases) -> Present {
    let mut present = Present::new();
    let rows = databases.rows(Side::Sb, LogicalFlow::TABLE_INDEX);
    for row in rows.map(LogicalFlow::of) {
        let id = flow_id_of(
            row.external_ids().get("stage-name").unwrap_or_default(),
            u16::try_from(row.priority()).unwrap_or_default(),
            row.r#match(),
            row.actions(),
            row.controller_meter(),
        );
        present.entry(id).or_default().insert(row.uuid());
    }
    present
}

fn by_digits(northd: &Northd, names: &Names<'_>, present: &Present, digits: &str) -> Vec<Explanation> {
    let begins = |uuid: &Uuid| uuid.to_string().starts_with(digits);
    let flows = northd.program().flows();
    let mut ids: BTreeSet<FlowId> = flows.ids().filter(begins).collect();
    let mut foreign = Vec::new();
    for (id, rows) in present {
        for row in rows.iter().filter(|row| begins(row)) {
            match flows.get(*id) {
                Some(_) => {
                    ids.insert(*id);
                }
                None => foreign.extend(names.foreign(*row)),
            }
        }
    }
    if ids.is_empty() && foreign.is_empty() {
        let is_of = |id: &FlowId| {
            let mut said = flows.said(*id).into_iter();
            said.any(|((_, key), flow)| {
                flow.hint.as_ref().is_some_and(begins) || (!key.0.is_nil() && begins(&key.0))
            })
        };
        ids = flows.ids().filter(is_of).collect();
    }
    let ours = ids.into_iter().filter_map(|id| names.ours(northd, id, present));
    ours.chain(foreign).collect()
}

fn by_text(northd: &Northd, names: &Names<'_>, present: &Present, text: &str) -> Vec<Explanation> {
    let flows = northd.program().flows();
    let matching = |is: &dyn Fn(&Flow) -> bool| -> BTreeSet<FlowId> {
        let is = |id: &FlowId| flows.said(*id).first().is_some_and(|(_, flow)| is(flow));
        flows.ids().filter(is).collect()
    };
    let mut ids = matching(&|flow| &*flow.r#match == text);
    if ids.is_empty() {
        ids = matching(&|flow| flow.r#match.contains(text) || flow.actions.contains(text));
    }
    let ours = ids.into_iter().filter_map(|id| names.ours(northd, id, present));
    ours.collect()
}

/// Rows in words, for explanations.
struct Names<'a> {
    databases: &'a Databases,
    nb: Rows,
    sb: Rows,
    schemas: [(Side, DatabaseSchema); 2],
}

impl Names<'_> {
    /// A flow that something here makes.
    fn ours(&self, northd: &Northd, id: FlowId, present: &Present) -> Option<Explanation> {
        let merged = northd.program().flow(id)?;
        let flow = &merged.flow;
        let datapaths = merged.datapaths.iter().map(|uuid| self.datapath(*uuid));
        let said = northd.program().flows().said(id);
        let mut made: Vec<Made> = said.iter().map(|(owner, flow)| self.made(owner, flow)).collect();
        made.dedup();
        Some(Explanation {
            stage: Some(flow.stage),
            priority: std::cmp::Reverse(i64::from(flow.priority)),
            r#match: flow.r#match.to_string(),
            actions: flow.actions.to_string(),
            meter: flow.meter.as_deref().map(str::to_owned),
            datapaths: datapaths.collect(),
            uuids: present.get(&id).cloned().unwrap_or_else(|| [id].into()),
            made,
            foreign: None,
        })
    }

    fn made(&self, (node, key): &Owner, flow: &Flow) -> Made {
        let row = |uuid: Uuid| {
            let row = self.row(uuid)?;
            Some(format!("{row} ({})", short(uuid)))
        };
        Made {
            hint: flow.hint.and_then(row),
            by: Node::ALL[node.place()],
            of: row(key.0),
            source: source(flow.source),
            why: flow.description,
        }
    }

    /// A southbound row that nothing here asks for.
    fn foreign(&self, uuid: Uuid) -> Option<Explanation> {
        let row = self.databases.row(Side::Sb, LogicalFlow::TABLE_INDEX, uuid)?;
        let row = LogicalFlow::of(row);
        let id = |key: &str| row.external_ids().get(key).unwrap_or_default().to_owned();
        let group = row.logical_dp_group().and_then(|group| {
            let group = self.databases.row(Side::Sb, LogicalDpGroup::TABLE_INDEX, group)?;
            Some(
                LogicalDpGroup::of(group)
                    .datapaths()
                    .iter()
                    .collect::<Vec<Uuid>>(),
            )
        });
        let datapaths = group.unwrap_or_else(|| row.logical_datapath().into_iter().collect());
        let stage = id("stage-name");
        let hint = id("stage-hint");
        Some(Explanation {
            stage: Stage::named(&stage),
            priority: std::cmp::Reverse(row.priority()),
            r#match: row.r#match().to_owned(),
            actions: row.actions().to_owned(),
            meter: row.controller_meter().map(str::to_owned),
            datapaths: datapaths.into_iter().map(|uuid| self.sb.datapath(uuid)).collect(),
            uuids: [uuid].into(),
            made: Vec::new(),
            foreign: Some(Foreign {
                stage,
                source: id("source"),
                hint: self.hinted(&hint),
            }),
        })
    }

    /// The row that a hint names.
    fn hinted(&self, hint: &str) -> String {
        if hint.is_empty() {
            return String::new();
        }
        let rows = self.databases.all(Side::Nb);
        let mut rows = rows.filter(|row| row.uuid.to_string().starts_with(hint));
        let name = rows.next().and_then(|row| self.row(row.uuid));
        name.unwrap_or_else(|| format!("a northbound row {hint}… that is gone"))
    }

    fn datapath(&self, uuid: Uuid) -> String {
        let name = self
            .table(uuid)
            .and_then(|(_, _, table)| self.nb.name_of(table, uuid));
        name.unwrap_or("?").to_owned()
    }

    /// The table of a row.
    fn table(&self, uuid: Uuid) -> Option<(Side, &DatabaseSchema, TableIdx)> {
        self.schemas.iter().find_map(|(side, schema)| {
            let mut tables = schema.iter().map(|(table, _)| table);
            let table = tables.find(|table| self.databases.row(*side, *table, uuid).is_some())?;
            Some((*side, schema, table))
        })
    }

    /// A row by table and name, and whose it is.
    fn row(&self, uuid: Uuid) -> Option<String> {
        let (side, schema, table) = self.table(uuid)?;
        let rows = match side {
            Side::Nb => &self.nb,
            _ => &self.sb,
        };
        let name = rows.name_of(table, uuid).unwrap_or_default();
        let mut text = format!("{} {name}", schema.table(table).name)
            .trim_end()
            .to_owned();
        let mut holders = BTreeSet::new();
        if side == Side::Nb {
            for (of, of_schema) in schema.iter() {
                for (column, column_schema) in of_schema.iter() {
                    let key = column_schema.ty.key.reference();
                    if key.is_some_and(|(to, _)| to == table) {
                        let found = self.databases.holders(side, of, column, &Atom::Uuid(uuid));
                        holders.extend(found.into_iter().map(|holder| {
                            format!("{} {}", of_schema.name, rows.name_of(of, holder).unwrap_or("?"))
                        }));
                    }
                }
            }
        }
        if !holders.is_empty() {
            let holders: Vec<String> = holders.into_iter().collect();
            text.push_str(&format!(" of {}", holders.join(", ")));
        }
        Some(text)
    }
}

fn short(uuid: Uuid) -> String {
    uuid.to_string()[..8].to_owned()
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |items: &mut dyn Iterator<Item = String>| items.collect::<Vec<_>>().join(", ");
        let uuids = list(&mut self.uuids.iter().map(|uuid| short(*uuid)));
        let kind = self.stage.map_or("datapath", |stage| stage.kind().name());
        let datapaths = list(&mut self.datapaths.iter().cloned());
        writeln!(f, "flow {uuids} of {kind} {datapaths}")?;
        let mut line = |key: &str, value: &str| writeln!(f, "  {key:<10}{value}");
        match (&self.stage, &self.foreign) {
            (Some(stage), _) => {
                let of = match stage.kind() {
                    Kind::Switch => "Logical Switch Datapaths",
                    Kind::Router => "Logical Router Datapaths",
                };
                line("stage", stage.name())?;
                line("manual", &format!("ovn-northd(8), {of}, {}", stage.heading()))?;
            }
            (None, Some(foreign)) => line("stage", &foreign.stage)?,
            (None, None) => {}
        }
        line("priority", &self.priority.0.to_string())?;
        line("match", &self.r#match)?;
        line("actions", &self.actions)?;
        if let Some(meter) = &self.meter {
            line("meter", meter)?;
        }
        if let Some(foreign) = &self.foreign {
            line(
                "made by",
                "nothing here: the northbound rows do not ask for it (another ovn-northd, or an older state, wrote it)",
            )?;
            if !foreign.hint.is_empty() {
                line("hint", &foreign.hint)?;
            }
            if !foreign.source.is_empty() {
                line("source", &foreign.source)?;
            }
        }
        for made in &self.made {
            if let Some(hint) = &made.hint {
                line("made for", hint)?;
            }
            let (node, words) = &made.by;
            line("made by", &format!("{node}: {words}"))?;
            if let Some(of) = made.of.as_ref().filter(|of| made.hint.as_ref() != Some(*of)) {
                line("out of", of)?;
            }
            line("source", &made.source)?;
            if let Some(why) = made.why {
                line("why", why)?;
            }
        }
        Ok(())
    }
}
