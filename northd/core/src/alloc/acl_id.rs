//! Ids of ACLs whose connections outlive them (ovn-sb(5) "ACL_ID"): those that are kept, then the lowest that are
//! free.

use std::collections::{BTreeMap, BTreeSet};

use ovn_schemas::rows::ovn_northbound as nb;
use ovn_schemas::rows::ovn_southbound as sb;
use ovsdb_data::Uuid;
use ovsdb_data::typed::Table;

use super::number::fill;
use crate::graph::Derivation;
use crate::model::acl::Acl;
use crate::nodes::{Node, NodeId};
use crate::view::View;

/// The highest id that the schema takes. (The packaged northd counts further, and then nothing it writes is taken.)
const MAX: i64 = 32767;

/// The ids of all ACLs that have one.
pub enum AclIds {}

impl Derivation for AclIds {
    type Key = ();
    type Value = BTreeMap<Uuid, i64>;
    const NODE: NodeId = Node::AclIds;

    fn derive(view: &View<'_>, (): (), before: Option<&Self::Value>) -> Self::Value {
        let persistent = view.holders(nb::Acl::OPTIONS, "true").into_iter();
        let all: Vec<Uuid> = persistent
            .filter(|uuid| view.get::<Acl>(*uuid).as_ref().as_ref().is_some_and(Acl::has_id))
            .collect();
        let rows = view.rows::<sb::AclId<'_>>().into_iter();
        let mut kept: BTreeMap<Uuid, i64> = rows.map(|row| (row.uuid(), row.id())).collect();
        kept.extend(before.into_iter().flatten());
        give(&all, &kept)
    }
}

fn give(all: &[Uuid], kept: &BTreeMap<Uuid, i64>) -> BTreeMap<Uuid, i64> {
    let mut ids = BTreeMap::new();
    let mut used = BTreeSet::new();
    for acl in all {
        if let Some(id) = kept.get(acl)
            && used.insert(*id)
        {
            ids.insert(*acl, *id);
        }
    }
    if !fill(&mut ids, all.iter().copied(), MAX) {
        tracing::warn!("Exhausted all ACL IDs");
    }
    ids
}

/// The id of one ACL.
pub enum AclId {}

impl Derivation for AclId {
    type Key = Uuid;
    type Value = Option<i64>;
    const NODE: NodeId = Node::AclId;

    fn derive(view: &View<'_>, uuid: Uuid, _: Option<&Self::Value>) -> Self::Value {
        view.get::<AclIds>(()).get(&uuid).copied()
    }
}

#[cfg(test)]
mod tests {
    use ovsdb_data::Atom;

    use super::*;

    #[test]
    fn ids_are_given_once() {
        let check = |kept: &[(u128, i64)], given: &[(u128, i64)]| {
            let map = |pairs: &[(u128, i64)]| {
                let pairs = pairs.iter();
                pairs
                    .map(|(u, id)| (Uuid::from_u128(*u), *id))
                    .collect::<BTreeMap<_, _>>()
            };
            assert_eq!(give(&[1, 2, 3].map(Uuid::from_u128), &map(kept)), map(given));
        };
        check(&[], &[(1, 1), (2, 2), (3, 3)]);
        check(&[(2, 1), (9, 2)], &[(1, 2), (2, 1), (3, 3)]);
        check(&[(1, 7), (2, 7)], &[(1, 7), (2, 1), (3, 2)]);
    }

    #[test]
    fn ids_end_where_the_column_does() {
        let schema = ovn_schemas::schema(ovn_schemas::Db::OvnSouthbound);
        let column = schema
            .table(sb::AclId::TABLE_INDEX)
            .column_schema(sb::AclId::ID.index);
        let takes = |id: i64| column.ty.key.check(&Atom::Integer(id)).is_ok();
        assert!(takes(MAX) && !takes(MAX + 1));
        let all: Vec<Uuid> = (1..=MAX as u128 + 1).map(Uuid::from_u128).collect();
        let ids = give(&all, &BTreeMap::new());
        assert_eq!(ids.len(), all.len() - 1);
        assert_eq!(ids.values().max(), Some(&MAX));
        assert_eq!(ids.get(&all[all.len() - 1]), None);
    }
}
