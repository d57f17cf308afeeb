//! A schema of two tables for this crate's own tests.

use ovsdb_data::typed::{Schema, Table};
use ovsdb_data::{Row, TableIdx};

#[derive(Clone, Copy, Debug)]
pub(crate) enum D {}

impl Schema for D {
    const NAME: &'static str = "D";
    const VERSION: &'static str = "1.0.0";
    const CKSUM: &'static str = "1 2";
}

macro_rules! table {
    ($name:ident, $index:expr) => {
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name<'a>(&'a Row);

        impl<'a> Table<'a> for $name<'a> {
            type Schema = D;
            const TABLE_NAME: &'static str = stringify!($name);
            const TABLE_INDEX: TableIdx = TableIdx($index);
            fn of(row: &'a Row) -> Self {
                $name(row)
            }
            fn row(self) -> &'a Row {
                self.0
            }
        }
    };
}

table!(T, 0);
table!(U, 1);
