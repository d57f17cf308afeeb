//! Which rows of a database stand for which desired rows.

use std::collections::{HashMap, HashSet};

use ovsdb_data::{TableIdx, Uuid};

type Hasher = foldhash::fast::FixedState;

/// Pairs of a row and the identity of the desired row that it stands for.
#[derive(Default)]
pub struct Claims {
    /// Rows whose uuid is that identity, by table: nearly all.
    own: Vec<HashSet<u128, Hasher>>,
    /// The others, from either end.
    ids: HashMap<(TableIdx, Uuid), Uuid, Hasher>,
    rows: HashMap<(TableIdx, Uuid), Uuid, Hasher>,
}

impl Claims {
    /// From now on a row stands for a desired row, and neither for another.
    pub fn claim(&mut self, table: TableIdx, id: Uuid, row: Uuid) {
        self.release(table, row);
        if let Some(before) = self.row_of(table, id) {
            self.release(table, before);
        }
        if id == row {
            let table = usize::from(table.0);
            if self.own.len() <= table {
                self.own.resize_with(table + 1, HashSet::default);
            }
            self.own[table].insert(row.as_u128());
        } else {
            self.ids.insert((table, row), id);
            self.rows.insert((table, id), row);
        }
    }

    /// A row stands for nothing any more.
    pub fn release(&mut self, table: TableIdx, row: Uuid) {
        if let Some(own) = self.own.get_mut(usize::from(table.0)) {
            own.remove(&row.as_u128());
        }
        if let Some(id) = self.ids.remove(&(table, row)) {
            self.rows.remove(&(table, id));
        }
    }

    /// The desired row that a row stands for.
    pub fn id_of(&self, table: TableIdx, row: Uuid) -> Option<Uuid> {
        match self.is_own(table, row) {
            true => Some(row),
            false => self.ids.get(&(table, row)).copied(),
        }
    }

    /// The row that stands for a desired row.
    pub fn row_of(&self, table: TableIdx, id: Uuid) -> Option<Uuid> {
        match self.is_own(table, id) {
            true => Some(id),
            false => self.rows.get(&(table, id)).copied(),
        }
    }

    fn is_own(&self, table: TableIdx, uuid: Uuid) -> bool {
        let own = self.own.get(usize::from(table.0));
        own.is_some_and(|own| own.contains(&uuid.as_u128()))
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
