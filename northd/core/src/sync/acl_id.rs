//! `ACL_ID`: the id that connections bear which an ACL let in, under the ACL's own uuid (ovn-sb(5)).

use ovn_schemas::rows::ovn_southbound as sb;
use ovsdb_data::Uuid;
use ovsdb_data::typed::Columns;

use crate::alloc::acl_id::AclId;
use crate::desired::Desired;
use crate::graph::Derivation;
use crate::model::acl::Acl;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The row of an ACL.
pub enum AclIdRows {}

impl Derivation for AclIdRows {
    type Key = Uuid;
    type Value = Vec<Desired>;
    const NODE: NodeId = Node::AclIdRows;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        let acl = view.get::<Acl>(uuid);
        let has_id = acl.as_ref().as_ref().is_some_and(Acl::has_id);
        let id = has_id.then(|| *view.get::<AclId>(uuid)).flatten();
        let row = id.map(|id| Desired::row(uuid, Columns::new().set(sb::AclId::ID, id)));
        row.into_iter().collect()
    }
}
