//! Databases that are made once, by driving the C server, and copied for each run.

use crate::Result;
use crate::data::{self, Southbound};
use crate::server::{Kind, Programs, Server};
use std::path::PathBuf;

/// Raised when the rows change, so that an old file is not taken for a new one.
const VERSION: u32 = 1;

/// The file with a southbound database of that shape; made now if it is not there.
pub fn southbound(programs: &Programs, shape: Southbound) -> Result<PathBuf> {
    let folder = crate::server::cache().join("bench");
    let Southbound { flows, datapaths } = shape;
    let path = folder.join(format!("southbound-{flows}-{datapaths}-v{VERSION}.db"));
    if path.exists() {
        return Ok(path);
    }
    eprintln!("preparing {}", path.display());
    std::fs::create_dir_all(&folder)?;
    let dir = programs.temp_dir()?;
    programs.create_database(&dir.path().join("database.db"), "ovn-sb.ovsschema")?;
    let server = Server::start(programs, Kind::C, dir)?;
    let mut connection = server.connect()?;
    for transaction in data::southbound(shape) {
        connection.transact(&transaction)?;
    }
    // Under its own name only when whole.
    let partial = path.with_extension("partial");
    std::fs::copy(server.database(), &partial)?;
    std::fs::rename(&partial, &path)?;
    Ok(path)
}
