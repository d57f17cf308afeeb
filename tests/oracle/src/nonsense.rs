//! Rows that make no sense, or little: what a schema allows, in every table and column.
//!
//! In: a schema, numbers of chance. Out: rows for its tables, with references in every shape. Each table has few
//! *slots*, rows of a known uuid, so that references and names meet.

mod words;

use ovn_schemas::Db;
use ovsdb_data::base_type::Constraint;
use ovsdb_data::schema::ColumnSchema;
use ovsdb_data::{Atom, AtomicType, BaseType, DatabaseSchema, Datum, TableIdx, Uuid};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use words::Words;

use crate::keys::KEYS;

/// Tables with other than a handful of slots, and what their rows are called.
const TABLES: &[(&str, usize, &str)] = &[
    ("NB_Global", 1, "global"),
    ("Logical_Switch", 5, "sw"),
    ("Logical_Router", 4, "lr"),
    ("Logical_Switch_Port", 18, "p"),
    ("Logical_Router_Port", 10, "r"),
    ("NAT", 10, "nat"),
    ("ACL", 10, "acl"),
    ("Load_Balancer", 6, "lb"),
    ("Logical_Router_Static_Route", 10, "route"),
    ("Logical_Router_Policy", 8, "policy"),
    ("Chassis", 3, "ch"),
    ("Chassis_Private", 3, "ch"),
    ("Encap", 6, "encap"),
];
const N_SLOTS: usize = 4;

/// Values that stand for themselves where a key is known for them.
const ANSWERS: &[(&str, &[&str])] = &[
    ("address_mode", &["slaac", "dhcpv6_stateful", "dhcpv6_stateless"]),
    ("router_preference", &["HIGH", "MEDIUM", "LOW"]),
    ("redirect-type", &["overlay", "bridged"]),
    ("neighbor_responder", &["all", "none", "reachable"]),
    ("address-family", &["ipv4", "ipv6"]),
    ("pkt_clone_type", &["mc_unknown"]),
    ("_force_snat_ip", &["router_ip", "10.0.0.3", "10.0.0.3 fd00::3"]),
    ("pkt_mark", &["0", "1", "4294967295", "4294967296", "-1"]),
    ("origin", &["connected", "ovn-ic"]),
];

/// A row to be: its table, uuid, columns.
pub struct Nonsense {
    /// In which table.
    pub table: TableIdx,
    /// Under which uuid.
    pub uuid: Uuid,
    /// The columns that are not left at their defaults, by name.
    pub columns: serde_json::Map<String, serde_json::Value>,
    /// The rows it refers to.
    pub references: Vec<(TableIdx, Uuid)>,
}

/// Makes rows of one database.
pub struct Generator {
    db: u128,
    /// The database's schema.
    pub schema: DatabaseSchema,
    words: Words,
    /// Chance.
    pub rng: StdRng,
}

impl Generator {
    /// Of a database, with numbers that depend on a seed.
    pub fn new(db: Db, seed: u64) -> Generator {
        let mut rng = StdRng::seed_from_u64(seed);
        let wildness = *[2, 5, 10, 20, 40].choose(&mut rng).unwrap_or(&10);
        let named = TABLES
            .iter()
            .flat_map(|(_, n, name)| (0..*n).map(move |slot| format!("{name}{slot}")));
        // Ports are what texts name most.
        let ports = (0..18)
            .map(|slot| format!("p{slot}"))
            .chain((0..10).map(|slot| format!("r{slot}")));
        Generator {
            db: 1 + u128::from(db == Db::OvnSouthbound),
            schema: ovn_schemas::schema(db),
            words: Words {
                wildness,
                names: named.chain(ports).collect(),
            },
            rng,
        }
    }

    fn of_table(&self, table: TableIdx) -> (usize, &'static str) {
        let name = &*self.schema.table(table).name;
        let found = TABLES.iter().find(|(of, ..)| *of == name);
        found.map_or((N_SLOTS, "n"), |(_, n, prefix)| (*n, prefix))
    }

    /// The uuid of a slot.
    fn uuid(&self, table: TableIdx, slot: usize) -> Uuid {
        Uuid::from_u128((self.db << 120) | (u128::from(table.0) << 64) | (slot as u128 + 1))
    }

    /// A slot of a table.
    pub fn any(&mut self, table: TableIdx) -> Uuid {
        let (n, _) = self.of_table(table);
        let slot = self.rng.random_range(0..n);
        self.uuid(table, slot)
    }

    /// A row for a slot; references go where `target` says, or nowhere.
    pub fn row(&mut self, table: TableIdx, uuid: Uuid, target: &dyn Fn(TableIdx) -> Vec<Uuid>) -> Nonsense {
        let mut row = Nonsense {
            table,
            uuid,
            columns: serde_json::Map::new(),
            references: Vec::new(),
        };
        let schema = self.schema.table(table).clone();
        for (_, column) in schema.iter().skip(2) {
            let is_plain = column.ty.n_min > 0
                || matches!(
                    &*column.name,
                    "ports" | "networks" | "options" | "addresses" | "vips"
                );
            if is_plain || self.rng.random_bool(0.5) {
                self.column(&mut row, &schema.name, column, target);
            }
        }
        row
    }

    /// Gives a row another value in a column.
    pub fn column(
        &mut self,
        row: &mut Nonsense,
        table: &str,
        column: &ColumnSchema,
        target: &dyn Fn(TableIdx) -> Vec<Uuid>,
    ) {
        let ty = &column.ty;
        let most = match ty.key.reference().is_some() && ty.n_max > 8 {
            true => 6,
            false => ty.n_max.min(5),
        };
        let least = if ty.n_max == 1 && self.rng.random_bool(0.8) {
            1
        } else {
            ty.n_min
        };
        let n = self.rng.random_range(least..=most.max(least));
        let mut pairs: Vec<(Atom, Atom)> = Vec::new();
        for _ in 0..n {
            let keys = KEYS.iter().find(|(t, c, _)| *t == table && *c == &*column.name);
            let key = match keys {
                Some((_, _, keys)) if self.rng.random_bool(0.95) => {
                    let keys: Vec<&str> = keys.split(' ').collect();
                    Some(Atom::from(
                        keys.choose(&mut self.rng).copied().unwrap_or_default(),
                    ))
                }
                _ => {
                    let of = match ty.is_map() && &*column.name == "vips" {
                        true => "vip".to_owned(),
                        false => column.name.to_string(),
                    };
                    self.atom(row, &ty.key, table, &of, target)
                }
            };
            let Some(key) = key else { continue };
            let of = key
                .as_str()
                .filter(|_| keys.is_some())
                .unwrap_or(&column.name)
                .to_owned();
            match &ty.value {
                Some(value) => {
                    if let Some(value) = self.atom(row, value, table, &of, target) {
                        pairs.push((key, value));
                    }
                }
                None => pairs.push((key, Atom::Boolean(true))),
            }
        }
        let datum = match ty.is_map() {
            true => Datum::map_unique(pairs),
            false => Datum::set_unique(pairs.into_iter().map(|(key, _)| key)),
        };
        if datum.len() >= ty.n_min as usize {
            row.columns.insert(column.name.to_string(), datum.to_json(ty));
        }
    }

    fn atom(
        &mut self,
        row: &mut Nonsense,
        ty: &BaseType,
        table: &str,
        of: &str,
        target: &dyn Fn(TableIdx) -> Vec<Uuid>,
    ) -> Option<Atom> {
        match (&ty.constraint, ty.atomic) {
            (Constraint::Reference { table_idx, .. }, _) => {
                let uuid = self.reference(row, *table_idx, target)?;
                row.references.push((*table_idx, uuid));
                Some(Atom::Uuid(uuid))
            }
            (Constraint::Enum(allowed), _) => allowed.choose(&mut self.rng).cloned(),
            (Constraint::Integer(min, max), _) => Some(Atom::Integer(self.integer(*min, *max))),
            (_, AtomicType::Integer) => Some(Atom::Integer(self.integer(i64::MIN, i64::MAX))),
            (_, AtomicType::Real) => Some(Atom::Real(self.rng.random_range(-1e9..1e9))),
            (_, AtomicType::Boolean) => Some(Atom::Boolean(self.rng.random())),
            (_, AtomicType::Uuid) => Some(Atom::Uuid(Uuid::from_u128(self.rng.random()))),
            (constraint, AtomicType::String) => {
                let text = self.text(row, table, of);
                Some(match constraint {
                    Constraint::Length(_, most) => {
                        Atom::from(&*text.chars().take(*most as usize).collect::<String>())
                    }
                    _ => Atom::from(&*text),
                })
            }
        }
    }

    /// Half of the references are as people have them: rows are divided among those that hold them.
    fn reference(
        &mut self,
        row: &Nonsense,
        table: TableIdx,
        target: &dyn Fn(TableIdx) -> Vec<Uuid>,
    ) -> Option<Uuid> {
        let there = target(table);
        if !there.is_empty() || self.db == 2 && !self.is_foreign(table) {
            return there.choose(&mut self.rng).copied();
        }
        let (n, _) = self.of_table(table);
        let (n_holders, _) = self.of_table(row.table);
        let mut slot = self.rng.random_range(0..n);
        if !self.schema.table(table).is_root && self.rng.random_bool(0.9) {
            let own = row.uuid.as_u128() as usize & 0xff;
            slot = (slot / n_holders * n_holders + own) % n;
        }
        Some(self.uuid(table, slot))
    }

    /// Whether others than northd write a southbound table.
    pub fn is_foreign(&self, table: TableIdx) -> bool {
        FOREIGN.contains(&&*self.schema.table(table).name)
    }

    fn integer(&mut self, min: i64, max: i64) -> i64 {
        match self.rng.random_range(0..6) {
            0 => min,
            1 => max,
            2 => self.rng.random_range(min..=max),
            _ => self.rng.random_range(0..100).clamp(min, max),
        }
    }

    fn text(&mut self, row: &Nonsense, table: &str, of: &str) -> String {
        let is_sure = self.rng.random_range(0..100) >= self.words.wildness;
        if of == "name" && is_sure {
            let (_, prefix) = self.of_table(row.table);
            return format!("{prefix}{}", (row.uuid.as_u128() as usize & 0xff) - 1);
        }
        let answers = ANSWERS.iter().find(|(key, _)| of.ends_with(key));
        if let Some((_, answers)) = answers.filter(|_| is_sure) {
            return answers
                .choose(&mut self.rng)
                .copied()
                .unwrap_or_default()
                .to_owned();
        }
        self.words.text(&mut self.rng, table, of)
    }
}

/// Southbound tables whose rows others write.
pub const FOREIGN: &[&str] = &[
    "Chassis",
    "Chassis_Private",
    "Encap",
    "MAC_Binding",
    "FDB",
    "IGMP_Group",
    "Learned_Route",
    "Controller_Event",
];

/// Columns that others write in rows that are northd's.
pub const FOREIGN_COLUMNS: &[(&str, &str)] = &[
    ("Port_Binding", "chassis"),
    ("Port_Binding", "additional_chassis"),
    ("Port_Binding", "up"),
    ("Port_Binding", "encap"),
    ("Port_Binding", "virtual_parent"),
    ("Service_Monitor", "status"),
    ("BFD", "status"),
];
