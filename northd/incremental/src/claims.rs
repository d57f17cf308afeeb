//! Which rows of a database stand for which desired rows.

use std::collections::{HashMap, HashSet};

use ovsdb_data::{TableIdx, Uuid};

type Hasher = foldhash::fast::FixedState;

/// Pairs of a row and the identity of the desired row that it stands for.
#[derive(Default)]
pub struct Claims(Vec<OfTable>);

/// Those of one table.
#[derive(Default)]
struct OfTable {
    /// Rows whose uuid is that identity: nearly all.
    own: HashSet<u128, Hasher>,
    /// The others, from either end.
    ids: HashMap<Uuid, Uuid, Hasher>,
    rows: HashMap<Uuid, Uuid, Hasher>,
}

impl Claims {
    fn of_table(&self, table: TableIdx) -> Option<&OfTable> {
        self.0.get(usize::from(table.0))
    }

    /// From now on a row stands for a desired row, and neither for another.
    pub fn claim(&mut self, table: TableIdx, id: Uuid, row: Uuid) {
        self.release(table, row);
        if let Some(before) = self.row_of(table, id) {
            self.release(table, before);
        }
        let place = usize::from(table.0);
        if self.0.len() <= place {
            self.0.resize_with(place + 1, OfTable::default);
        }
        let of_table = &mut self.0[place];
        if id == row {
            of_table.own.insert(row.as_u128());
        } else {
            of_table.ids.insert(row, id);
            of_table.rows.insert(id, row);
        }
    }

    /// A row stands for nothing any more.
    pub fn release(&mut self, table: TableIdx, row: Uuid) {
        if let Some(of_table) = self.0.get_mut(usize::from(table.0)) {
            of_table.own.remove(&row.as_u128());
            if let Some(id) = of_table.ids.remove(&row) {
                of_table.rows.remove(&id);
            }
        }
    }

    /// The desired row that a row stands for.
    pub fn id_of(&self, table: TableIdx, row: Uuid) -> Option<Uuid> {
        let of_table = self.of_table(table)?;
        match of_table.own.contains(&row.as_u128()) {
            true => Some(row),
            false => of_table.ids.get(&row).copied(),
        }
    }

    /// The row that stands for a desired row.
    pub fn row_of(&self, table: TableIdx, id: Uuid) -> Option<Uuid> {
        let of_table = self.of_table(table)?;
        match of_table.own.contains(&id.as_u128()) {
            true => Some(id),
            false => of_table.rows.get(&id).copied(),
        }
    }

    /// Whether each row of a table that stands for a desired row has its identity as uuid.
    pub fn all_are_own(&self, table: TableIdx) -> bool {
        self.of_table(table)
            .is_none_or(|of_table| of_table.rows.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_stands_for_one_and_one_row_for_it() {
        let table = TableIdx(0);
        let uuid = |n: u128| Uuid::from_u128(n);
        let check = |claimed: &[(u128, u128)], expected: &[(u128, u128)]| {
            let mut claims = Claims::default();
            for (id, row) in claimed {
                claims.claim(table, uuid(*id), uuid(*row));
            }
            for n in 1..5 {
                let row = expected
                    .iter()
                    .find(|(id, _)| *id == n)
                    .map(|(_, row)| uuid(*row));
                let id = expected
                    .iter()
                    .find(|(_, row)| *row == n)
                    .map(|(id, _)| uuid(*id));
                assert_eq!(claims.row_of(table, uuid(n)), row, "{claimed:?}: {n}");
                assert_eq!(claims.id_of(table, uuid(n)), id, "{claimed:?}: {n}");
                assert_eq!(claims.row_of(TableIdx(1), uuid(n)), None);
            }
        };
        check(&[(1, 1), (2, 3)], &[(1, 1), (2, 3)]);
        check(&[(1, 2), (1, 3)], &[(1, 3)]);
        check(&[(1, 2), (3, 2)], &[(3, 2)]);
        check(&[(1, 2), (2, 1)], &[(1, 2), (2, 1)]);
        check(&[(1, 1), (1, 2)], &[(1, 2)]);
        check(&[(1, 1), (2, 1)], &[(2, 1)]);
        check(&[(1, 2), (1, 1)], &[(1, 1)]);
    }
}
