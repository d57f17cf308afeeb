//! Whose a row of `Datapath_Binding` is (ovn-sb(5) "Datapath_Binding" `external_ids`).

use ovn_schemas::rows::ovn_southbound::DatapathBinding;
use ovsdb_data::Uuid;

use crate::view::View;

/// The northbound row of a datapath.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Datapath {
    /// A logical switch.
    Switch(Uuid),
    /// A logical router.
    Router(Uuid),
}

impl Datapath {
    /// Of a row; none where the row does not say.
    pub fn of(row: DatapathBinding<'_>) -> Option<Datapath> {
        let ids = row.external_ids();
        if let Some(switch) = ids.get("logical-switch") {
            return switch.parse().ok().map(Datapath::Switch);
        }
        ids.get("logical-router")?.parse().ok().map(Datapath::Router)
    }

    /// Of the row with this uuid.
    pub fn find(view: &View<'_>, row: Uuid) -> Option<Datapath> {
        Datapath::of(view.row(row)?)
    }

    /// The switch or router.
    pub fn uuid(self) -> Uuid {
        let (Datapath::Switch(uuid) | Datapath::Router(uuid)) = self;
        uuid
    }

    /// The switch, if it is one.
    pub fn switch(self) -> Option<Uuid> {
        match self {
            Datapath::Switch(uuid) => Some(uuid),
            Datapath::Router(_) => None,
        }
    }

    /// The router, if it is one.
    pub fn router(self) -> Option<Uuid> {
        match self {
            Datapath::Router(uuid) => Some(uuid),
            Datapath::Switch(_) => None,
        }
    }
}
