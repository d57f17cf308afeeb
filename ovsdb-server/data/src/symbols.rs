//! The names that a transaction gives to rows it inserts (RFC 7047 §5.1 `<named-uuid>`).

use std::collections::BTreeMap;

use uuid::Uuid;

/// What is known of one name.
#[derive(Clone, Copy, Debug)]
pub struct Symbol {
    /// The uuid it stands for, chosen at its first mention.
    pub uuid: Uuid,
    /// Whether an `insert` has claimed it.
    pub created: bool,
}

/// The `uuid-name`s of one transaction. Fresh uuids come from the caller, so that parsing stays deterministic.
pub struct Symbols<'a> {
    names: BTreeMap<String, Symbol>,
    fresh: &'a mut dyn FnMut() -> Uuid,
}

impl<'a> Symbols<'a> {
    /// No names yet; `fresh` yields random uuids.
    pub fn new(fresh: &'a mut dyn FnMut() -> Uuid) -> Self {
        Symbols {
            names: BTreeMap::new(),
            fresh,
        }
    }

    /// The symbol of a name, made at its first mention (forward references are allowed).
    pub fn get(&mut self, name: &str) -> &mut Symbol {
        if !self.names.contains_key(name) {
            let symbol = Symbol {
                uuid: (self.fresh)(),
                created: false,
            };
            self.names.insert(name.to_owned(), symbol);
        }
        self.names.get_mut(name).expect("inserted just above")
    }

    /// A uuid for a row that has no name.
    pub fn fresh(&mut self) -> Uuid {
        (self.fresh)()
    }
}
