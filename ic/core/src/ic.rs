//! The translation as a program of the machine.

use ovn_incremental::program::{Indexes, Output, Program};
use ovn_incremental::reconcile::Part;
use ovn_incremental::{Machine, Side};
use ovn_schemas::rows::ovn_ic_northbound::IcNbGlobal;
use ovn_schemas::rows::ovn_northbound::NbGlobal;

use crate::indexes::INDEXES;
use crate::nodes::{Node, OUTPUTS};

/// All that is known of the four databases and all that follows from it.
pub type Ic = Machine<Translation>;

/// What a database lacks of it.
pub type Reconcile = ovn_incremental::reconcile::Reconcile<Translation>;

/// A zone's part of an interconnection.
#[derive(Default)]
pub struct Translation;

impl Program for Translation {
    const SIDES: &'static [Side] = &[Side::Nb, Side::Sb, Side::IcNb, Side::IcSb];
    const INDEXES: Indexes = INDEXES;
    const NODES: &'static [(&'static str, &'static str)] = Node::ALL;
    const OUTPUTS: &'static [Output] = OUTPUTS;
    const SHARES_TABLES: bool = true;

    fn tables(side: Side) -> &'static [(&'static str, &'static [Part])] {
        crate::tables::tables(side)
    }
}

/// Whether nothing may be written to a database now. A zone without a name takes leave of the others and leaves its own
/// databases as they are: what others have put on its switches is not ours to lose.
pub fn is_idle(ic: &Ic, side: Side) -> bool {
    match zone_name(ic) {
        None => true,
        Some("") => side != Side::IcSb,
        Some(_) => false,
    }
}

/// The zone's name; none before it is known.
pub fn zone_name(ic: &Ic) -> Option<&str> {
    ic.databases().only().map(NbGlobal::name)
}

/// After how many milliseconds of silence a database's server is to be probed, where an option says so: the zone's own
/// for its two, the interconnection's for the shared ones.
pub fn probe_interval(ic: &Ic, side: Side) -> Option<i64> {
    const OPTION: &str = "ic_probe_interval";
    let options = match side {
        Side::Nb | Side::Sb => ic.databases().only().map(NbGlobal::options),
        Side::IcNb | Side::IcSb => ic.databases().only().map(IcNbGlobal::options),
    };
    options?.get(OPTION)?.parse().ok()
}
