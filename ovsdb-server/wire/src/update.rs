//! Update notifications in their three notations (`update`, `update2`, `update3`; RFC 7047 §4.1.6,
//! ovsdb-server(7) §4.1.14–§4.1.15).
//!
//! A body is the object `{table: {uuid: row-update}}`; it depends on the monitor's tables, columns and notation,
//! not on its name or client, and so is made once for all who ask for the same.

use bytes::Bytes;
use ovsdb_data::monitor::{MonitorSpec, MonitorVersion, Select};
use ovsdb_data::{ColumnIdx, DatabaseSchema, Row, RowChange, TableIdx, TableSchema, TxnId, diff, json};
use serde_json::Value;

use crate::reply::{Frame, push_object};

/// Size of the pieces of a long body: large against a system call, small against a link's queue.
const CHUNK_BYTES: usize = 256 << 10;

/// Wraps a body into a notification for one client.
pub fn notification(version: MonitorVersion, monitor: &Value, last: TxnId, chunks: &[Bytes]) -> Frame {
    let mut head = Vec::with_capacity(160);
    let method = match version {
        MonitorVersion::V1 => "update",
        MonitorVersion::V2 => "update2",
        MonitorVersion::V3 => "update3",
    };
    for part in ["{\"id\":null,\"method\":\"", method, "\",\"params\":["] {
        head.extend_from_slice(part.as_bytes());
    }
    json::write(monitor, &mut head);
    head.push(b',');
    if version == MonitorVersion::V3 {
        json::write_uuid_str(last.0, &mut head);
        head.push(b',');
    }
    let mut frame = Frame(Vec::with_capacity(chunks.len() + 2));
    frame.0.push(head.into());
    push_object(&mut frame, chunks);
    frame.0.push(Bytes::from_static(b"]}"));
    frame
}

/// The body for changes as the monitor sees them, sorted by table.
pub fn encode(
    version: MonitorVersion,
    spec: &MonitorSpec,
    schema: &DatabaseSchema,
    changes: &[RowChange],
) -> Bytes {
    let mut body = Body::new(version, spec, schema);
    for change in changes {
        body.change(change);
    }
    body.finish().concat().into()
}

/// The body for a monitor's first contents, in pieces.
pub fn dump<'a>(
    version: MonitorVersion,
    spec: &MonitorSpec,
    schema: &DatabaseSchema,
    rows: impl Iterator<Item = (TableIdx, &'a Row)>,
) -> Vec<Bytes> {
    let mut body = Body::new(version, spec, schema);
    for (table, row) in rows {
        body.initial(table, row);
    }
    body.finish()
}

/// What kind of change a row's members are written for.
#[derive(Clone, Copy)]
enum Kind {
    Initial,
    Insert,
    Delete,
    Modify,
}

impl Kind {
    fn selected(self, select: &Select) -> bool {
        match self {
            Kind::Initial => select.initial,
            Kind::Insert => select.insert,
            Kind::Delete => select.delete,
            Kind::Modify => select.modify,
        }
    }
}

struct Body<'a> {
    version: MonitorVersion,
    spec: &'a MonitorSpec,
    schema: &'a DatabaseSchema,
    table: Option<TableIdx>,
    first_row: bool,
    chunks: Vec<Bytes>,
    out: Vec<u8>,
}

impl<'a> Body<'a> {
    fn new(version: MonitorVersion, spec: &'a MonitorSpec, schema: &'a DatabaseSchema) -> Self {
        let out = Vec::from(b"{");
        Body {
            version,
            spec,
            schema,
            table: None,
            first_row: true,
            chunks: Vec::new(),
            out,
        }
    }

    fn finish(mut self) -> Vec<Bytes> {
        self.out
            .extend_from_slice(if self.table.is_some() { b"}}" } else { b"}" });
        self.chunks.push(self.out.into());
        self.chunks
    }

    /// Starts a row: the table's member before its first one, the separator, the uuid.
    fn start(&mut self, table: TableIdx, row: &Row) {
        if self.table != Some(table) {
            if self.table.is_some() {
                self.out.extend_from_slice(b"},");
            }
            json::write_str(&self.schema.table(table).name, &mut self.out);
            self.out.extend_from_slice(b":{");
            self.table = Some(table);
            self.first_row = true;
        }
        if self.out.len() >= CHUNK_BYTES {
            let full = std::mem::replace(&mut self.out, Vec::with_capacity(CHUNK_BYTES + 4096));
            self.chunks.push(full.into());
        }
        if !std::mem::replace(&mut self.first_row, false) {
            self.out.push(b',');
        }
        json::write_uuid_str(row.uuid(), &mut self.out);
        self.out.push(b':');
    }

    fn initial(&mut self, table: TableIdx, row: &Row) {
        self.start(table, row);
        match self.version {
            MonitorVersion::V1 => {
                self.out.extend_from_slice(b"{\"new\":");
                self.all(table, Kind::Initial, row);
            }
            _ => {
                self.out.extend_from_slice(b"{\"initial\":");
                self.non_default(table, Kind::Initial, row);
            }
        }
        self.out.push(b'}');
    }

    fn change(&mut self, change: &RowChange) {
        let table = change.table;
        let Some(any) = change.new.as_ref().or(change.old.as_ref()) else {
            return;
        };
        self.start(table, any);
        let v1 = self.version == MonitorVersion::V1;
        match (&change.old, &change.new) {
            (None, Some(new)) if v1 => {
                self.out.extend_from_slice(b"{\"new\":");
                self.all(table, Kind::Insert, new);
            }
            (None, Some(new)) => {
                self.out.extend_from_slice(b"{\"insert\":");
                self.non_default(table, Kind::Insert, new);
            }
            (Some(old), None) if v1 => {
                self.out.extend_from_slice(b"{\"old\":");
                self.all(table, Kind::Delete, old);
            }
            (Some(_), None) => self.out.extend_from_slice(b"{\"delete\":null"),
            (Some(old), Some(new)) if v1 => {
                self.out.extend_from_slice(b"{\"old\":");
                self.members(table, Kind::Modify, |column, ty, out| {
                    let differs = old.get(column) != new.get(column);
                    differs.then(|| old.get(column).write_json(ty, out))
                });
                self.out.extend_from_slice(b",\"new\":");
                self.all(table, Kind::Modify, new);
            }
            (Some(old), Some(new)) => {
                self.out.extend_from_slice(b"{\"modify\":");
                self.members(table, Kind::Modify, |column, ty, out| {
                    diff::diff(old.get(column), new.get(column), ty).map(|diff| diff.write_json(ty, out))
                });
            }
            (None, None) => self.out.push(b'{'),
        }
        self.out.push(b'}');
    }

    fn all(&mut self, table: TableIdx, kind: Kind, row: &Row) {
        self.members(table, kind, |column, ty, out| {
            row.get(column).write_json(ty, out);
            Some(())
        });
    }

    fn non_default(&mut self, table: TableIdx, kind: Kind, row: &Row) {
        self.members(table, kind, |column, ty, out| {
            let value = row.get(column);
            (!value.is_default(ty)).then(|| value.write_json(ty, out))
        });
    }

    /// Writes an object with the members that `write` has something for.
    fn members(
        &mut self,
        table: TableIdx,
        kind: Kind,
        mut write: impl FnMut(ColumnIdx, &ovsdb_data::ColumnType, &mut Vec<u8>) -> Option<()>,
    ) {
        let schema: &TableSchema = self.schema.table(table);
        self.out.push(b'{');
        let mut first = true;
        for (column, select) in &self.spec.tables[&table].columns {
            if !kind.selected(select) {
                continue;
            }
            let column_schema = schema.column_schema(*column);
            let before = self.out.len();
            if !first {
                self.out.push(b',');
            }
            json::write_str(&column_schema.name, &mut self.out);
            self.out.push(b':');
            match write(*column, &column_schema.ty, &mut self.out) {
                Some(()) => first = false,
                None => self.out.truncate(before),
            }
        }
        self.out.push(b'}');
    }
}
