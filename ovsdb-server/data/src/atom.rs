//! An atom: one scalar value (RFC 7047 §5.1 `<atom>`).

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use serde_json::Value;
use smol_str::SmolStr;
use uuid::Uuid;

use crate::error::OvsdbError;
use crate::json;

/// The type of an atom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AtomicType {
    /// A signed 64-bit number.
    Integer,
    /// A double.
    Real,
    /// True or false.
    Boolean,
    /// UTF-8 text without NUL.
    String,
    /// A uuid, perhaps a reference to a row.
    Uuid,
}

impl AtomicType {
    /// The name that schemas use.
    pub const fn name(self) -> &'static str {
        match self {
            AtomicType::Integer => "integer",
            AtomicType::Real => "real",
            AtomicType::Boolean => "boolean",
            AtomicType::String => "string",
            AtomicType::Uuid => "uuid",
        }
    }

    /// Parses `<atomic-type>`.
    pub(crate) fn from_json(json: &Value) -> Result<AtomicType, OvsdbError> {
        match json.as_str() {
            Some("integer") => Ok(AtomicType::Integer),
            Some("real") => Ok(AtomicType::Real),
            Some("boolean") => Ok(AtomicType::Boolean),
            Some("string") => Ok(AtomicType::String),
            Some("uuid") => Ok(AtomicType::Uuid),
            Some(name) => Err(OvsdbError::syntax(
                json,
                format!("\"{name}\" is not an atomic-type"),
            )),
            None => Err(OvsdbError::syntax(json, "atomic-type expected")),
        }
    }
}

/// One scalar value. 24 bytes, in which short strings are, too; long ones are shared.
#[derive(Clone, Debug)]
pub enum Atom {
    /// `<integer>`.
    Integer(i64),
    /// `<real>`; never NaN, as JSON has none.
    Real(f64),
    /// `<boolean>`.
    Boolean(bool),
    /// `<string>`.
    String(SmolStr),
    /// `<uuid>`.
    Uuid(Uuid),
}

/// There are millions.
const _: () = assert!(size_of::<Atom>() == 24);

impl Atom {
    /// The type of this atom.
    #[inline]
    pub fn atomic_type(&self) -> AtomicType {
        match self {
            Atom::Integer(_) => AtomicType::Integer,
            Atom::Real(_) => AtomicType::Real,
            Atom::Boolean(_) => AtomicType::Boolean,
            Atom::String(_) => AtomicType::String,
            Atom::Uuid(_) => AtomicType::Uuid,
        }
    }

    /// The default of a type: 0, 0.0, false, "" or the zero uuid.
    pub fn default_of(atomic: AtomicType) -> Atom {
        match atomic {
            AtomicType::Integer => Atom::Integer(0),
            AtomicType::Real => Atom::Real(0.0),
            AtomicType::Boolean => Atom::Boolean(false),
            AtomicType::String => Atom::String(SmolStr::default()),
            AtomicType::Uuid => Atom::Uuid(Uuid::nil()),
        }
    }

    /// True for the default of its type.
    #[inline]
    pub fn is_default(&self) -> bool {
        match self {
            Atom::Integer(i) => *i == 0,
            Atom::Real(r) => *r == 0.0,
            Atom::Boolean(b) => !b,
            Atom::String(s) => s.is_empty(),
            Atom::Uuid(u) => u.is_nil(),
        }
    }

    /// The form in which messages and command lines show an atom: a string is quoted unless it looks like a word.
    pub fn to_text(&self) -> String {
        match self {
            Atom::Integer(i) => i.to_string(),
            Atom::Real(r) => json::format_real(*r),
            Atom::Boolean(b) => b.to_string(),
            Atom::String(s) if is_word(s) => s.to_string(),
            Atom::String(s) => {
                let mut out = Vec::with_capacity(s.len() + 2);
                json::write_str(s, &mut out);
                String::from_utf8_lossy(&out).into_owned()
            }
            Atom::Uuid(u) => u.to_string(),
        }
    }

    /// The text of a string atom.
    #[inline]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Atom::String(s) => Some(s),
            _ => None,
        }
    }

    /// The number of an integer atom.
    #[inline]
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Atom::Integer(i) => Some(*i),
            _ => None,
        }
    }

    /// The truth of a boolean atom.
    #[inline]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Atom::Boolean(b) => Some(*b),
            _ => None,
        }
    }

    /// The number of a real atom.
    #[inline]
    pub fn as_real(&self) -> Option<f64> {
        match self {
            Atom::Real(r) => Some(*r),
            _ => None,
        }
    }

    /// The uuid of a uuid atom.
    #[inline]
    pub fn as_uuid(&self) -> Option<Uuid> {
        match self {
            Atom::Uuid(u) => Some(*u),
            _ => None,
        }
    }

    #[inline]
    fn rank(&self) -> u8 {
        self.atomic_type() as u8
    }
}

/// True for a string that needs no quotes: an identifier (with `-` and `.` inside) that is no boolean and no uuid.
fn is_word(s: &str) -> bool {
    let mut bytes = s.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        && s != "true"
        && s != "false"
        && json::parse_uuid(s).is_none()
}

impl From<&str> for Atom {
    fn from(s: &str) -> Self {
        Atom::String(s.into())
    }
}

/// The order in which sets and maps are stored and sent: numbers by value, false before true, strings bytewise,
/// uuids as 128-bit numbers.
impl Ord for Atom {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Atom::Integer(a), Atom::Integer(b)) => a.cmp(b),
            // -0.0 and 0.0 are one value in OVSDB.
            (Atom::Real(a), Atom::Real(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
            (Atom::Boolean(a), Atom::Boolean(b)) => a.cmp(b),
            // The same one, often.
            (Atom::String(a), Atom::String(b)) if std::ptr::eq(a.as_str(), b.as_str()) => Ordering::Equal,
            (Atom::String(a), Atom::String(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Atom::Uuid(a), Atom::Uuid(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Atom {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Atom {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Atom::Integer(a), Atom::Integer(b)) => a == b,
            (Atom::Real(a), Atom::Real(b)) => a == b,
            (Atom::Boolean(a), Atom::Boolean(b)) => a == b,
            (Atom::String(a), Atom::String(b)) => a == b,
            (Atom::Uuid(a), Atom::Uuid(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Atom {}

impl Hash for Atom {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Atom::Integer(i) => i.hash(state),
            // Adding zero folds -0.0 into 0.0, which compare equal.
            Atom::Real(r) => (r + 0.0).to_bits().hash(state),
            Atom::Boolean(b) => b.hash(state),
            Atom::String(s) => s.hash(state),
            Atom::Uuid(u) => u.hash(state),
        }
    }
}
