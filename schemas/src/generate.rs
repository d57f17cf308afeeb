//! Writes the typed rows of a schema as Rust source: what the modules of [`crate::rows`] consist of.
//!
//! In: a schema. Out: text, the same for the same schema. A test compares it with what is committed;
//! `FERROVN_REGENERATE=1 cargo test -p ovn-schemas` rewrites that.

use std::fmt::Write as _;

use ovsdb_data::atom::AtomicType;
use ovsdb_data::base_type::{BaseType, ColumnType, Constraint, RefKind};
use ovsdb_data::schema::{ColumnSchema, TableSchema};
use ovsdb_data::{DatabaseSchema, TableIdx};

/// The source of the module for a schema.
pub fn module(schema: &DatabaseSchema) -> String {
    let of = format!("{}Schema", type_name(&schema.name));
    let mut out = format!(
        "//! The tables of `{name}` {version} as types. Generated from the schema; the generator is `generate.rs`.\n\n\
         use ovsdb_data::typed::{{Column, Map, MapView, One, Optional, Schema, Set, SetView, Table, Text}};\n\
         use ovsdb_data::{{Row, TableIdx, Uuid}};\n\n\
         /// The schema of these tables.\n#[derive(Clone, Copy, Debug)]\npub enum {of} {{}}\n\n\
         impl Schema for {of} {{\n    const NAME: &'static str = {name:?};\n    \
         const VERSION: &'static str = {version:?};\n    const CKSUM: &'static str = {cksum:?};\n}}\n",
        name = &*schema.name,
        version = schema.version,
        cksum = schema.cksum,
    );
    for (index, table_schema) in schema.iter() {
        table(&mut out, &of, index, table_schema);
    }
    for (name, used) in [
        ("Map", "Map<"),
        ("MapView", "MapView<"),
        ("Optional", "Optional<"),
        ("Set", " Set<"),
        ("SetView", "SetView<"),
        ("Text", "Text"),
    ] {
        let (head, body) = out.split_at(out.find("\n\n///").unwrap_or(out.len()));
        if !body.contains(used) {
            out = format!(
                "{}{body}",
                head.replace(&format!(", {name},"), ",")
                    .replace(&format!(", {name}}}"), "}")
            );
        }
    }
    let (head, body) = out.split_at(out.find("\n\n///").unwrap_or(out.len()));
    if !body.contains("Uuid") {
        out = format!("{}{body}", head.replace(", Uuid}", "}"));
    }
    out
}

// Writing to a string cannot fail, so results of `write!` are let go below.

fn table(out: &mut String, schema: &str, index: TableIdx, table: &TableSchema) {
    let ty = type_name(&table.name);
    let root = if table.is_root {
        ""
    } else {
        " Rows live as long as something refers to them."
    };
    let _ = write!(
        out,
        "\n/// A row of `{}`.{root}\n#[derive(Clone, Copy, Debug)]\npub struct {ty}<'a>(&'a Row);\n\n\
         impl<'a> Table<'a> for {ty}<'a> {{\n    type Schema = {schema};\n    const TABLE_NAME: &'static str = \"{}\";\n    \
         const TABLE_INDEX: TableIdx = TableIdx({});\n\n    fn of(row: &'a Row) -> Self {{\n        {ty}(row)\n    }}\n\n    \
         fn row(self) -> &'a Row {{\n        self.0\n    }}\n}}\n\nimpl<'a> {ty}<'a> {{\n",
        table.name, table.name, index.0
    );
    let columns: Vec<_> = table.iter().skip(2).collect();
    for (position, column) in &columns {
        let _ = writeln!(
            out,
            "    /// Column `{}`.\n    pub const {}: Column<{ty}<'static>, {}> = Column::new({}, \"{}\");",
            column.name,
            constant_name(&column.name),
            kind(&column.ty),
            position.0,
            column.name
        );
    }
    for (_, column) in &columns {
        let _ = writeln!(
            out,
            "\n    /// `{}`: {}\n    pub fn {}(self) -> {} {{\n        self.get(Self::{})\n    }}",
            column.name,
            describe(column),
            method_name(&column.name),
            view(&column.ty),
            constant_name(&column.name)
        );
    }
    out.push_str("}\n");
}

/// `Logical_Switch_Port` is `LogicalSwitchPort`, `ACL` is `Acl`.
fn type_name(table: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        let rest = match word.chars().all(|c| !c.is_lowercase()) {
            true => rest.to_lowercase(),
            false => rest.to_owned(),
        };
        first.to_uppercase() + &rest
    };
    table.split('_').map(word).collect()
}

fn constant_name(column: &str) -> String {
    column.to_uppercase()
}

fn method_name(column: &str) -> String {
    let name = column.to_lowercase();
    match name.as_str() {
        "match" | "type" => format!("r#{name}"),
        // The names of the trait's own methods.
        "get" | "row" | "uuid" | "of" => format!("{name}_"),
        _ => name,
    }
}

/// The marker of a column's shape.
fn kind(ty: &ColumnType) -> String {
    match (&ty.value, ty.n_min, ty.n_max) {
        (Some(value), ..) => format!("Map<{}, {}>", scalar(&ty.key), scalar(value)),
        (None, 1, 1) => format!("One<{}>", scalar(&ty.key)),
        (None, 0, 1) => format!("Optional<{}>", scalar(&ty.key)),
        _ => format!("Set<{}>", scalar(&ty.key)),
    }
}

/// What a column reads as.
fn view(ty: &ColumnType) -> String {
    let one = |base: &BaseType| match base.atomic {
        AtomicType::String => "&'a str",
        _ => scalar(base),
    };
    match (&ty.value, ty.n_min, ty.n_max) {
        (Some(value), ..) => format!("MapView<'a, {}, {}>", scalar(&ty.key), scalar(value)),
        (None, 1, 1) => one(&ty.key).to_owned(),
        (None, 0, 1) => format!("Option<{}>", one(&ty.key)),
        _ => format!("SetView<'a, {}>", scalar(&ty.key)),
    }
}

fn scalar(base: &BaseType) -> &'static str {
    match base.atomic {
        AtomicType::Integer => "i64",
        AtomicType::Real => "f64",
        AtomicType::Boolean => "bool",
        AtomicType::String => "Text",
        AtomicType::Uuid => "Uuid",
    }
}

fn describe(column: &ColumnSchema) -> String {
    let ty = &column.ty;
    let base = |base: &BaseType| {
        let of = match &base.constraint {
            Constraint::None => String::new(),
            Constraint::Enum(values) => {
                let values: Vec<String> = values
                    .iter()
                    .map(|atom| format!("`{}`", atom.to_text()))
                    .collect();
                format!(", one of {}", values.join(", "))
            }
            Constraint::Integer(i64::MIN, max) => format!(", at most {max}"),
            Constraint::Integer(min, i64::MAX) => format!(", at least {min}"),
            Constraint::Integer(min, max) => format!(", {min} to {max}"),
            Constraint::Real(min, max) => format!(", {min} to {max}"),
            Constraint::Length(min, u32::MAX) => format!(", of {min} characters or more"),
            Constraint::Length(min, max) => format!(", of {min} to {max} characters"),
            Constraint::Reference { table, kind, .. } => {
                let weakly = match kind {
                    RefKind::Strong => "a row",
                    RefKind::Weak => "a row, weakly,",
                };
                format!(" of {weakly} of `{table}`")
            }
        };
        format!("{}{of}", base.atomic.name())
    };
    let size = match (ty.n_min, ty.n_max) {
        (1, 1) => String::new(),
        (0, 1) => "optional, ".to_owned(),
        (min, ColumnType::UNLIMITED) => format!("{min} or more, "),
        (min, max) => format!("{min} to {max}, "),
    };
    let value = ty.value.as_ref().map(|value| format!(" to {}", base(value)));
    let fixed = if column.mutable { "" } else { "; never changes" };
    let fleeting = if column.persistent {
        ""
    } else {
        "; not kept on disk"
    };
    format!(
        "{size}{}{}{fixed}{fleeting}.",
        base(&ty.key),
        value.unwrap_or_default()
    )
}
