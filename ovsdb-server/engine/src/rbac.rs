//! Role-based access control (ovsdb-server(7), "RBAC_Role").

/// Who a session is, for RBAC: active when the remote has a role and the database a table `RBAC_Role`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The remote's `role`.
    pub role: String,
    /// The common name of the peer's verified certificate; empty without TLS.
    pub id: String,
}
