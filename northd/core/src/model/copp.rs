//! Control plane protection: which meter limits what goes to ovn-controller (ovn-nb(5) "Copp").

use std::sync::Arc;

use ovn_schemas::rows::ovn_northbound::{Copp, Meter};
use ovsdb_data::Uuid;

use crate::view::View;

/// The meter for a protocol of a datapath that has this `copp`; none where there is no meter of that name.
pub fn meter(view: &View<'_>, copp: Option<Uuid>, protocol: &str) -> Option<Arc<str>> {
    let name = view.row::<Copp<'_>>(copp?)?.meters().get(protocol)?;
    view.holder(Meter::NAME, name).map(|_| name.into())
}
