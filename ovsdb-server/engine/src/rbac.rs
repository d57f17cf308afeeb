//! Role-based access control (ovsdb-server(7), "RBAC_Role"): what a role may do to which rows.

use ovsdb_data::{Atom, ColumnIdx, Condition, Datum, OvsdbError, Row, TableIdx};

use crate::txn::Txn;

/// Who a session is, for RBAC: active when the remote has a role and the database a table `RBAC_Role`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The remote's `role`.
    pub role: String,
    /// The common name of the peer's verified certificate; none without TLS.
    pub id: Option<String>,
}

/// What a client is about to do.
pub(crate) enum Access<'a> {
    Insert(&'a Row),
    Update(&'a Condition, &'a [ColumnIdx]),
    Mutate(&'a Condition, &'a [ColumnIdx]),
    Delete(&'a Condition),
}

/// Refuses what the role does not permit.
pub(crate) fn check(
    txn: &Txn<'_>,
    identity: Option<&Identity>,
    table: TableIdx,
    access: &Access<'_>,
) -> Result<(), OvsdbError> {
    let Some(identity) = identity.filter(|i| !i.role.is_empty()) else {
        return Ok(());
    };
    let Some(roles) = txn.db.head.schema.table_idx("RBAC_Role") else {
        return Ok(());
    };
    let permitted = permission(txn, roles, identity, table)
        .zip(identity.id.as_deref())
        .is_some_and(|(permission, id)| permission.allows(txn, table, id, access));
    if permitted {
        return Ok(());
    }
    let what = match access {
        Access::Insert(_) => "row insertion into",
        Access::Update(..) => "modification of",
        Access::Mutate(..) => "mutate operation on",
        Access::Delete(_) => "row deletion from",
    };
    Err(OvsdbError::new(
        "permission error",
        format!(
            "RBAC rules for client \"{}\" role \"{}\" prohibit {what} table \"{}\".",
            // As the C server words a client without a certificate.
            identity.id.as_deref().unwrap_or("(null)"),
            identity.role,
            txn.db.head.schema.table(table).name
        ),
    ))
}

struct Permission<'a> {
    authorization: &'a Datum,
    insert_delete: bool,
    update: &'a Datum,
}

/// The row of `RBAC_Permission` that the role has for a table.
fn permission<'a>(
    txn: &'a Txn<'_>,
    roles: TableIdx,
    identity: &Identity,
    table: TableIdx,
) -> Option<Permission<'a>> {
    let schema = &txn.db.head.schema;
    let role_schema = schema.table(roles);
    let (name, permissions) = (role_schema.column("name")?, role_schema.column("permissions")?);
    let is_it = |row: &&Row| row.get(name).one().and_then(Atom::as_str) == Some(&identity.role);
    let role = txn.table(roles).find(is_it)?;
    let uuid = role
        .get(permissions)
        .get(&Atom::from(&*schema.table(table).name))?
        .as_uuid()?;
    let (target, _) = role_schema
        .column_schema(permissions)
        .ty
        .value
        .as_ref()
        .and_then(|value| value.reference())?;
    let row = txn.get((target, uuid))?;
    let column = |name: &str| schema.table(target).column(name).map(|c| row.get(c));
    Some(Permission {
        authorization: column("authorization")?,
        insert_delete: column("insert_delete")?.one().and_then(Atom::as_bool)?,
        update: column("update")?,
    })
}

impl Permission<'_> {
    fn allows(&self, txn: &Txn<'_>, table: TableIdx, id: &str, access: &Access<'_>) -> bool {
        let schema = txn.db.head.schema.table(table);
        let authorized = |row: &Row| self.authorizes(txn, table, id, row);
        let every = |condition: &Condition| txn.matching(table, condition).all(authorized);
        let may_write = |columns: &[ColumnIdx]| {
            columns
                .iter()
                .all(|c| self.update.contains(&Atom::from(&*schema.column_schema(*c).name)))
        };
        let any = |condition: &Condition| txn.matching(table, condition).next().is_some();
        match access {
            Access::Insert(row) => authorized(row) && self.insert_delete,
            Access::Delete(condition) => !any(condition) || (every(condition) && self.insert_delete),
            Access::Update(condition, columns) | Access::Mutate(condition, columns) => {
                !any(condition) || (every(condition) && may_write(columns))
            }
        }
    }

    /// True where one of the authorization's columns, or keys of a map, holds the client's id.
    fn authorizes(&self, txn: &Txn<'_>, table: TableIdx, id: &str, row: &Row) -> bool {
        let schema = txn.db.head.schema.table(table);
        self.authorization
            .atoms()
            .filter_map(Atom::as_str)
            .any(|name| match name.split_once(':') {
                _ if name.is_empty() => true,
                Some((column, key)) => {
                    schema.column(column).and_then(|c| row.get(c).get_str(key)) == Some(id)
                }
                None => {
                    let value = schema
                        .column(name)
                        .and_then(|c| row.get(c).one())
                        .and_then(Atom::as_str);
                    value == Some(id)
                }
            })
    }
}
