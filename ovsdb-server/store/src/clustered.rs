//! The C server's cluster files: header, snapshot, entries, conversions (for import, inspection, and `ovsdb-tool`).
//!
//! In: a log of kind `CLUSTER`. Out: who the file belongs to, what its records say, and the final schema and contents
//! as a standalone database. Never here: elections, peers. JSON ends at [`Header::read`] and
//! [`ClusterRecord::parse`]; only a transaction stays a text, as its values have no types before a schema is known.
//!
//! Reading order: `parts` (what header and records are made of), `header`, `record`, `import`.

mod header;
mod import;
mod parts;
mod record;

pub use header::{Header, Snapshot, Standing};
pub use import::{Import, contents, import};
pub use parts::{Address, Data, Servers, Txn};
pub use record::{ClusterRecord, Entry, Says};
