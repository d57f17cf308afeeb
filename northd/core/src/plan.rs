//! What the southbound database is to hold, in words, for reviews and tests; and what a change does to it.
//!
//! In: a northd that has settled. Out: [`Plan`], a text or JSON of it, its difference to another. Rows are named by
//! what they are; the order is that of datapaths, stages and priorities, then of tables and names. Switches of one name
//! are one here.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use ovn_schemas::rows::ovn_southbound as sb;
use ovsdb_data::TableIdx;
use ovsdb_data::typed::Table;
use serde_json::{Value, json};

use crate::databases::Side;
use crate::desired::Kind as Wanted;
use crate::flow::Stage;
use crate::flow::stage::Kind;
use crate::northd::Northd;
use crate::words::Rows;

/// Where something is said.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// In a stage of a datapath.
    Stage {
        kind: Kind,
        datapath: String,
        stage: Stage,
    },
    /// In a southbound row; of several with one name, the so-manieth.
    Row { table: String, name: String, nth: usize },
    /// In a northbound row that northd writes to.
    Northbound { table: String, name: String },
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    Flow {
        priority: Reverse<i64>,
        r#match: String,
        actions: String,
        meter: Option<String>,
    },
    Column {
        name: String,
        value: String,
    },
}

/// For whom a flow is made: only a remark.
type Remark = Option<String>;

/// Everything that a database is to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    places: BTreeMap<Place, BTreeMap<Line, Remark>>,
}

/// What is new, and what is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Gone,
    New,
}

impl Plan {
    /// Of what a northd wants.
    pub fn of(northd: &Northd) -> Plan {
        let rows = Rows::desired(northd);
        let mut plan = Plan::default();
        plan.add_flows(&rows);
        plan.add_rows(&rows);
        plan.add_northbound(northd);
        plan
    }

    fn add_flows(&mut self, rows: &Rows) {
        for (flow, about) in rows.flows() {
            let Some(stage) = Stage::named(&flow.stage) else {
                continue;
            };
            let place = Place::Stage {
                kind: stage.kind(),
                datapath: flow.datapath,
                stage,
            };
            let line = Line::Flow {
                priority: Reverse(flow.priority),
                r#match: flow.r#match,
                actions: flow.actions,
                meter: flow.meter,
            };
            let made_for = rows.hinted(&about.hint).join(" or ");
            let remark = Some(made_for).filter(|text| !text.is_empty());
            self.places.entry(place).or_default().insert(line, remark);
        }
    }

    fn add_rows(&mut self, rows: &Rows) {
        const FLOWS: [TableIdx; 2] = [sb::LogicalFlow::TABLE_INDEX, sb::LogicalDpGroup::TABLE_INDEX];
        for (table, idx) in rows.tables() {
            if FLOWS.contains(&idx) {
                continue;
            }
            let mut of_table: Vec<(&str, BTreeMap<String, String>)> = rows.rows(idx).collect();
            of_table.sort();
            let mut last: Option<(&str, usize)> = None;
            for (name, columns) in of_table {
                let nth = match last {
                    Some((before, nth)) if before == name => nth + 1,
                    _ => 0,
                };
                last = Some((name, nth));
                let place = Place::Row {
                    table: table.clone(),
                    name: name.to_owned(),
                    nth,
                };
                let columns = columns.into_iter().filter(|(_, value)| !value.is_empty());
                let lines = columns.map(|(name, value)| (Line::Column { name, value }, None));
                self.places.insert(place, lines.collect());
            }
        }
    }

    /// What northd writes to northbound rows, where they do not say it already.
    fn add_northbound(&mut self, northd: &Northd) {
        let schema = ovn_schemas::schema(ovn_schemas::Db::OvnNorthbound);
        let rows = Rows::of(northd.databases(), Side::Nb);
        for row in northd.all().into_iter().filter(|row| row.side == Side::Nb) {
            let present = northd.databases().row(Side::Nb, row.table, row.id);
            let columns = row.columns.iter().filter(|(column, value)| {
                present.map_or(row.kind != Wanted::Update, |present| {
                    present.get(*column) != value
                })
            });
            let table = schema.table(row.table);
            let lines: BTreeMap<Line, Remark> = columns
                .map(|(column, value)| {
                    let name = table.column_schema(*column).name.to_string();
                    let value = rows.text(row.table, *column, value);
                    (Line::Column { name, value }, None)
                })
                .collect();
            if lines.is_empty() {
                continue;
            }
            let place = Place::Northbound {
                table: table.name.to_string(),
                name: rows.name_of(row.table, row.id).unwrap_or_default().to_owned(),
            };
            self.places.entry(place).or_default().extend(lines);
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = Text::default();
        for (place, lines) in &self.places {
            text.place(place, None);
            for (line, remark) in lines {
                text.line(line, remark, None);
            }
        }
        text.0
    }

    /// For programs: `flows`, `rows` and `northbound`.
    pub fn json(&self) -> Value {
        let all = self
            .places
            .iter()
            .flat_map(|(place, lines)| objects(place, lines));
        let mut by_kind: BTreeMap<&str, Vec<Value>> = ["flows", "rows", "northbound"]
            .map(|kind| (kind, Vec::new()))
            .into();
        for (kind, object) in all {
            by_kind.entry(kind).or_default().push(object);
        }
        json!(by_kind)
    }

    /// What a change from one to the other does.
    pub fn difference(before: &Plan, after: &Plan) -> Difference {
        let places: BTreeSet<&Place> = before.places.keys().chain(after.places.keys()).collect();
        let mut changed = Vec::new();
        for place in places {
            let (old, new) = (before.places.get(place), after.places.get(place));
            let only = |a: Option<&BTreeMap<Line, Remark>>, b: Option<&BTreeMap<Line, Remark>>| {
                let lines = a.into_iter().flatten();
                let lines = lines.filter(|(line, _)| b.is_none_or(|b| !b.contains_key(*line)));
                lines
                    .map(|(line, remark)| (line.clone(), remark.clone()))
                    .collect::<BTreeMap<_, _>>()
            };
            let change = Change {
                place: place.clone(),
                sign: match (old, new) {
                    (Some(_), None) => Some(Sign::Gone),
                    (None, Some(_)) => Some(Sign::New),
                    _ => None,
                },
                gone: only(old, new),
                new: only(new, old),
            };
            if change.sign.is_some() || !change.gone.is_empty() || !change.new.is_empty() {
                changed.push(change);
            }
        }
        Difference(changed)
    }
}

/// What is otherwise at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    place: Place,
    /// The place as a whole is new or gone.
    sign: Option<Sign>,
    gone: BTreeMap<Line, Remark>,
    new: BTreeMap<Line, Remark>,
}

/// What is otherwise in one plan than in another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference(Vec<Change>);

impl Difference {
    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For people: what is gone with `-`, what is new with `+`, and how much at the end. Nothing where nothing changes.
    pub fn text(&self) -> String {
        let mut text = Text::default();
        let (mut n_new, mut n_gone) = (0, 0);
        let (mut rows_new, mut rows_gone, mut rows_changed) = (0, 0, 0);
        for change in &self.0 {
            text.place(&change.place, change.sign);
            for (line, remark) in &change.gone {
                text.line(line, remark, Some(Sign::Gone));
            }
            for (line, remark) in &change.new {
                text.line(line, remark, Some(Sign::New));
            }
            match (&change.place, change.sign) {
                (Place::Stage { .. }, _) => {
                    n_new += change.new.len();
                    n_gone += change.gone.len();
                }
                (_, Some(Sign::New)) => rows_new += 1,
                (_, Some(Sign::Gone)) => rows_gone += 1,
                (_, None) => rows_changed += 1,
            }
        }
        if !self.is_empty() {
            text.0.push_str(&format!(
                "\nflows: {n_new} new, {n_gone} gone; \
                 rows: {rows_new} new, {rows_gone} gone, {rows_changed} changed\n"
            ));
        }
        text.0
    }

    /// For programs: `new` and `gone`, each as a plan.
    pub fn json(&self) -> Value {
        let of = |sign: Sign| {
            let mut plan = Plan::default();
            for change in &self.0 {
                let lines = match sign {
                    Sign::New => &change.new,
                    Sign::Gone => &change.gone,
                };
                if !lines.is_empty() || change.sign == Some(sign) {
                    plan.places.insert(change.place.clone(), lines.clone());
                }
            }
            plan.json()
        };
        json!({"new": of(Sign::New), "gone": of(Sign::Gone)})
    }
}

/// What is said at a place, and to which list it belongs.
fn objects(place: &Place, lines: &BTreeMap<Line, Remark>) -> Vec<(&'static str, Value)> {
    let row = |table: &str, name: &str| {
        let columns: BTreeMap<&str, &str> = lines
            .keys()
            .filter_map(|line| match line {
                Line::Column { name, value } => Some((name.as_str(), value.as_str())),
                Line::Flow { .. } => None,
            })
            .collect();
        json!({"table": table, "name": name, "columns": columns})
    };
    match place {
        Place::Row { table, name, .. } => vec![("rows", row(table, name))],
        Place::Northbound { table, name } => vec![("northbound", row(table, name))],
        Place::Stage {
            kind,
            datapath,
            stage,
        } => {
            let flows = lines.iter().filter_map(|(line, remark)| match line {
                Line::Flow {
                    priority,
                    r#match,
                    actions,
                    meter,
                } => Some(
                    json!({"datapath": datapath, "kind": kind.name(), "pipeline": stage.pipeline().name(),
                    "table": stage.table(), "stage": stage.name(), "priority": priority.0, "match": r#match,
                    "actions": actions, "meter": meter, "made_for": remark}),
                ),
                Line::Column { .. } => None,
            });
            flows.map(|flow| ("flows", flow)).collect()
        }
    }
}

/// A text under way. A sign, where there is one, is the first letter of a line.
#[derive(Default)]
struct Text(String, Option<(Kind, String)>);

impl Text {
    fn place(&mut self, place: &Place, sign: Option<Sign>) {
        match place {
            Place::Stage {
                kind,
                datapath,
                stage,
            } => {
                let of = (*kind, datapath.clone());
                if self.1.as_ref() != Some(&of) {
                    self.push(None, &format!("{} {datapath}", kind.name()));
                    self.1 = Some(of);
                }
                self.push(None, &format!("  {} ({})", stage.name(), stage.heading()));
            }
            Place::Row { table, name, .. } => self.push(sign, format!("{table} {name}").trim_end()),
            Place::Northbound { table, name } => {
                self.push(sign, format!("northbound {table} {name}").trim_end());
            }
        }
    }

    fn line(&mut self, line: &Line, remark: &Remark, sign: Option<Sign>) {
        match line {
            Line::Flow {
                priority,
                r#match,
                actions,
                meter,
            } => {
                let meter = meter
                    .as_ref()
                    .map_or_else(String::new, |meter| format!("  meter={meter}"));
                let remark = remark
                    .as_ref()
                    .map_or_else(String::new, |remark| format!("  # {remark}"));
                self.push(
                    sign,
                    &format!("  {:>7}  {match}  ->  {actions}{meter}{remark}", priority.0),
                );
            }
            Line::Column { name, value } => self.push(sign, &format!("    {name}: {value}")),
        }
    }

    fn push(&mut self, sign: Option<Sign>, text: &str) {
        // Texts of the database may have several lines.
        let text = text.replace('\n', "\\n");
        match (sign, text.strip_prefix(' ')) {
            (None, _) => self.0.push_str(&text),
            (Some(sign), rest) => {
                self.0.push(match sign {
                    Sign::Gone => '-',
                    Sign::New => '+',
                });
                match rest {
                    Some(rest) => self.0.push_str(rest),
                    None => self.0.push_str(&format!(" {text}")),
                }
            }
        }
        self.0.push('\n');
    }
}
