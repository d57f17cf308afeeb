//! Row differences: the "modify" form of `update2` and of the log (ovsdb-server(7) §4.1.14, `_is_diff` records).

use crate::base_type::ColumnType;
use crate::datum::Datum;
use crate::error::OvsdbError;

/// What turns `old` into `new`: for a composite type the symmetric difference (a changed map value appears with its
/// new value, a deleted key with its old one), else the new value whole. `None` when they are equal.
pub fn diff(_old: &Datum, _new: &Datum, _ty: &ColumnType) -> Option<Datum> {
    todo!()
}

/// Applies a difference. Fails when the result's size does not fit the type.
pub fn apply(_old: &Datum, _diff: &Datum, _ty: &ColumnType) -> Result<Datum, OvsdbError> {
    todo!()
}
