//! Types of columns and the constraints they put on values (RFC 7047 §3.2 `<type>`, `<base-type>`).

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::atom::{Atom, AtomicType};
use crate::datum::Datum;
use crate::error::OvsdbError;
use crate::json::format_real;
use crate::members::{Members, kind};
use crate::schema::TableIdx;

/// How a reference holds its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefKind {
    /// The target must exist and is kept alive.
    Strong,
    /// The reference goes when its target goes.
    Weak,
}

/// What a base type asks of its atoms beside their atomic type.
#[derive(Clone, Debug, PartialEq)]
pub enum Constraint {
    /// Nothing.
    None,
    /// One of these values, sorted.
    Enum(Arc<[Atom]>),
    /// `minInteger` and `maxInteger`, inclusive; `i64::MIN`/`i64::MAX` when absent.
    Integer(i64, i64),
    /// `minReal` and `maxReal`, inclusive; infinite when absent.
    Real(f64, f64),
    /// `minLength` and `maxLength` in characters; `0`/`u32::MAX` when absent.
    Length(u32, u32),
    /// A reference to a row of a table of the same database.
    Reference {
        /// The table's name as the schema spells it.
        table: Arc<str>,
        /// The table's position in the schema.
        table_idx: TableIdx,
        /// Strong or weak.
        kind: RefKind,
    },
}

/// The type of an atom in a column, with its constraint.
#[derive(Clone, Debug, PartialEq)]
pub struct BaseType {
    /// The atomic type.
    pub atomic: AtomicType,
    /// What else is asked.
    pub constraint: Constraint,
}

impl BaseType {
    /// An atomic type without constraint.
    pub const fn plain(atomic: AtomicType) -> Self {
        BaseType {
            atomic,
            constraint: Constraint::None,
        }
    }

    /// The referenced table and the kind of reference, when this is a reference.
    #[inline]
    pub fn reference(&self) -> Option<(TableIdx, RefKind)> {
        match &self.constraint {
            Constraint::Reference { table_idx, kind, .. } => Some((*table_idx, *kind)),
            _ => None,
        }
    }

    /// Checks an atom of this atomic type. References are checked at commit, not here.
    #[inline]
    pub fn check(&self, atom: &Atom) -> Result<(), OvsdbError> {
        match (&self.constraint, atom) {
            (Constraint::Enum(allowed), _) if allowed.binary_search(atom).is_err() => {
                let allowed: Vec<String> = allowed.iter().map(Atom::to_text).collect();
                Err(OvsdbError::constraint(format!(
                    "{} is not one of the allowed values ([{}])",
                    atom.to_text(),
                    allowed.join(", ")
                )))
            }
            (Constraint::Integer(min, max), Atom::Integer(i)) => {
                check_range(i, min, max, *min != i64::MIN, *max != i64::MAX, i64::to_string)
            }
            (Constraint::Real(min, max), Atom::Real(r)) => {
                check_range(r, min, max, min.is_finite(), max.is_finite(), |r| format_real(*r))
            }
            (Constraint::Length(min, max), Atom::String(s)) => check_length(s, *min, *max),
            _ => Ok(()),
        }
    }

    /// Parses `<base-type>`. The table of a reference is not looked up: its `table_idx` is meaningless until the
    /// schema resolves it.
    pub(crate) fn from_json(json: &Value) -> Result<BaseType, OvsdbError> {
        if json.is_string() {
            return Ok(BaseType::plain(AtomicType::from_json(json)?));
        }
        let mut members = Members::new(json, &"ovsdb type");
        let Some(name) = members.required("type", kind::STRING) else {
            return Err(members.into_error());
        };
        let atomic = AtomicType::from_json(name)?;
        // A constraint that contradicts itself is reported before members of the wrong kind.
        let constraint = constraint_from_json(&mut members, json, atomic)?;
        members.finish()?;
        Ok(BaseType { atomic, constraint })
    }

    /// The notation of this type: a bare name when there is no constraint.
    pub(crate) fn to_json(&self) -> Value {
        let mut object = Map::new();
        match &self.constraint {
            Constraint::None => return self.atomic.name().into(),
            Constraint::Enum(allowed) => {
                let ty = ColumnType::enum_of(self.atomic);
                object.insert(
                    "enum".into(),
                    Datum::from_canonical_set(allowed.to_vec()).to_json(&ty),
                );
            }
            Constraint::Integer(min, max) => {
                put_unless(&mut object, "minInteger", *min, i64::MIN);
                put_unless(&mut object, "maxInteger", *max, i64::MAX);
            }
            Constraint::Real(min, max) => {
                if min.is_finite() {
                    object.insert("minReal".into(), Atom::Real(*min).to_json());
                }
                if max.is_finite() {
                    object.insert("maxReal".into(), Atom::Real(*max).to_json());
                }
            }
            Constraint::Length(min, max) => {
                put_unless(&mut object, "minLength", *min, 0);
                put_unless(&mut object, "maxLength", *max, u32::MAX);
            }
            Constraint::Reference { table, kind, .. } => {
                object.insert("refTable".into(), table.as_ref().into());
                if *kind == RefKind::Weak {
                    object.insert("refType".into(), "weak".into());
                }
            }
        }
        object.insert("type".into(), self.atomic.name().into());
        Value::Object(object)
    }
}

fn put_unless<T: PartialEq + Into<Value>>(object: &mut Map<String, Value>, name: &str, value: T, default: T) {
    if value != default {
        object.insert(name.into(), value.into());
    }
}

fn constraint_from_json(
    members: &mut Members<'_>,
    json: &Value,
    atomic: AtomicType,
) -> Result<Constraint, OvsdbError> {
    if let Some(allowed) = members.optional("enum", kind::ANY) {
        let allowed = Datum::from_json(allowed, &ColumnType::enum_of(atomic), None)?;
        return Ok(Constraint::Enum(allowed.atoms().cloned().collect()));
    }
    match atomic {
        AtomicType::Integer => {
            let min = members
                .optional("minInteger", kind::INTEGER)
                .and_then(Value::as_i64)
                .unwrap_or(i64::MIN);
            let max = members
                .optional("maxInteger", kind::INTEGER)
                .and_then(Value::as_i64)
                .unwrap_or(i64::MAX);
            match (min, max) {
                (i64::MIN, i64::MAX) => Ok(Constraint::None),
                _ if min > max => Err(OvsdbError::syntax(json, "minInteger exceeds maxInteger")),
                _ => Ok(Constraint::Integer(min, max)),
            }
        }
        AtomicType::Real => {
            // The extreme doubles mean "no limit", as an absent member does.
            let min = members.optional("minReal", kind::NUMBER).and_then(Value::as_f64);
            let max = members.optional("maxReal", kind::NUMBER).and_then(Value::as_f64);
            let min = min.filter(|min| *min != f64::MIN).unwrap_or(f64::NEG_INFINITY);
            let max = max.filter(|max| *max != f64::MAX).unwrap_or(f64::INFINITY);
            match (min.is_finite(), max.is_finite()) {
                (false, false) => Ok(Constraint::None),
                _ if min > max => Err(OvsdbError::syntax(json, "minReal exceeds maxReal")),
                _ => Ok(Constraint::Real(min, max)),
            }
        }
        AtomicType::String => {
            let min = length_from_json(members, "minLength")?.unwrap_or(0);
            let max = length_from_json(members, "maxLength")?.unwrap_or(u32::MAX);
            match (min, max) {
                (0, u32::MAX) => Ok(Constraint::None),
                _ if min > max => Err(OvsdbError::syntax(json, "minLength exceeds maxLength")),
                _ => Ok(Constraint::Length(min, max)),
            }
        }
        AtomicType::Uuid => {
            let Some(table) = members.optional("refTable", kind::ID).and_then(Value::as_str) else {
                return Ok(Constraint::None);
            };
            let kind = match members.optional("refType", kind::ID).and_then(Value::as_str) {
                None | Some("strong") => RefKind::Strong,
                Some("weak") => RefKind::Weak,
                Some(other) => {
                    let details = format!("refType must be \"strong\" or \"weak\" (not \"{other}\")");
                    return Err(OvsdbError::syntax(json, details));
                }
            };
            Ok(Constraint::Reference {
                table: table.into(),
                table_idx: TableIdx(u16::MAX),
                kind,
            })
        }
        AtomicType::Boolean => Ok(Constraint::None),
    }
}

fn length_from_json(members: &mut Members<'_>, name: &'static str) -> Result<Option<u32>, OvsdbError> {
    let Some(json) = members.optional(name, kind::INTEGER) else {
        return Ok(None);
    };
    match json.as_u64().and_then(|n| u32::try_from(n).ok()) {
        Some(n) => Ok(Some(n)),
        None => Err(OvsdbError::syntax(
            json,
            format!("{name} out of valid range 0 to {}", u32::MAX),
        )),
    }
}

fn check_range<T: PartialOrd>(
    value: &T,
    min: &T,
    max: &T,
    has_min: bool,
    has_max: bool,
    text: impl Fn(&T) -> String,
) -> Result<(), OvsdbError> {
    if value >= min && value <= max {
        return Ok(());
    }
    let value = text(value);
    Err(OvsdbError::constraint(match (has_min, has_max) {
        (true, true) => {
            format!(
                "{value} is not in the valid range {} to {} (inclusive)",
                text(min),
                text(max)
            )
        }
        (true, false) => format!("{value} is less than minimum allowed value {}", text(min)),
        (false, _) => format!("{value} is greater than maximum allowed value {}", text(max)),
    }))
}

fn check_length(s: &str, min: u32, max: u32) -> Result<(), OvsdbError> {
    let n = s.chars().count();
    if n < min as usize {
        Err(OvsdbError::constraint(format!(
            "\"{s}\" length {n} is less than minimum allowed length {min}"
        )))
    } else if n > max as usize {
        Err(OvsdbError::constraint(format!(
            "\"{s}\" length {n} is greater than maximum allowed length {max}"
        )))
    } else {
        Ok(())
    }
}

/// The type of a column: a scalar, an optional scalar, a set or a map.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnType {
    /// Type of the elements, or of the keys of a map.
    pub key: BaseType,
    /// Type of the values of a map.
    pub value: Option<BaseType>,
    /// Fewest elements: 0 or 1.
    pub n_min: u32,
    /// Most elements; `u32::MAX` is `"unlimited"`.
    pub n_max: u32,
}

impl ColumnType {
    /// `"unlimited"`.
    pub const UNLIMITED: u32 = u32::MAX;

    /// Exactly one atom of a type.
    pub const fn scalar(key: BaseType) -> Self {
        ColumnType {
            key,
            value: None,
            n_min: 1,
            n_max: 1,
        }
    }

    /// True for exactly one atom.
    #[inline]
    pub fn is_scalar(&self) -> bool {
        self.value.is_none() && self.n_min == 1 && self.n_max == 1
    }

    /// True for zero or one atom.
    #[inline]
    pub fn is_optional_scalar(&self) -> bool {
        self.value.is_none() && self.n_min == 0 && self.n_max == 1
    }

    /// True for a map.
    #[inline]
    pub fn is_map(&self) -> bool {
        self.value.is_some()
    }

    /// True where differences are sent element by element: a set or map of more than one element
    /// (ovsdb-server(7), update2).
    #[inline]
    pub fn is_composite(&self) -> bool {
        self.n_max > 1
    }

    /// This type with another smallest number of elements.
    pub(crate) fn with_min(&self, n_min: u32) -> ColumnType {
        ColumnType {
            n_min,
            ..self.clone()
        }
    }

    /// This type with any number of elements.
    pub(crate) fn of_any_length(&self) -> ColumnType {
        ColumnType {
            n_max: Self::UNLIMITED,
            ..self.with_min(0)
        }
    }

    /// True when a datum of `n` elements fits.
    #[inline]
    pub fn allows_len(&self, n: usize) -> bool {
        n >= self.n_min as usize && n <= self.n_max as usize
    }

    /// The type of an `enum` member: one or more atoms.
    pub(crate) const fn enum_of(atomic: AtomicType) -> Self {
        ColumnType {
            key: BaseType::plain(atomic),
            value: None,
            n_min: 1,
            n_max: Self::UNLIMITED,
        }
    }

    /// Parses `<type>`; references stay unresolved, see [`BaseType::from_json`].
    pub(crate) fn from_json(json: &Value) -> Result<ColumnType, OvsdbError> {
        if json.is_string() {
            return Ok(ColumnType::scalar(BaseType::from_json(json)?));
        }
        if !json.is_object() {
            return Err(OvsdbError::syntax(json, "ovsdb type expected"));
        }
        let mut members = Members::new(json, &"ovsdb type");
        let key = members.required("key", kind::STRING | kind::OBJECT);
        let value = members.optional("value", kind::STRING | kind::OBJECT);
        let min = members.optional("min", kind::INTEGER);
        let max = members.optional("max", kind::INTEGER | kind::STRING);
        members.finish()?;
        // `finish` has seen to it that "key" is there.
        let key = BaseType::from_json(key.unwrap_or(&Value::Null))?;
        let value = value.map(BaseType::from_json).transpose()?;
        let n_min = count_from_json(min)?;
        let n_max = match max.and_then(Value::as_str) {
            Some("unlimited") => Self::UNLIMITED,
            _ => count_from_json(max)?,
        };
        if n_min > 1 || n_max < 1 {
            return Err(OvsdbError::syntax(json, "ovsdb type fails constraint checks"));
        }
        Ok(ColumnType {
            key,
            value,
            n_min,
            n_max,
        })
    }

    /// The notation of this type: a bare name for a scalar without constraint.
    pub(crate) fn to_json(&self) -> Value {
        if self.is_scalar() && self.key.constraint == Constraint::None {
            return self.key.to_json();
        }
        let mut object = Map::new();
        object.insert("key".into(), self.key.to_json());
        if let Some(value) = &self.value {
            object.insert("value".into(), value.to_json());
        }
        if self.n_min != 1 {
            object.insert("min".into(), json!(self.n_min));
        }
        if self.n_max == Self::UNLIMITED {
            object.insert("max".into(), json!("unlimited"));
        } else if self.n_max != 1 {
            object.insert("max".into(), json!(self.n_max));
        }
        Value::Object(object)
    }
}

fn count_from_json(json: Option<&Value>) -> Result<u32, OvsdbError> {
    let Some(json) = json else { return Ok(1) };
    match json.as_u64().and_then(|n| u32::try_from(n).ok()) {
        Some(n) if n < u32::MAX => Ok(n),
        _ => Err(OvsdbError::syntax(json, "bad min or max value")),
    }
}

/// The type in English, as error messages name it: `set of up to 1 integers`, `map of (string, string) pairs`.
impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key.atomic.name();
        if self.is_scalar() {
            return f.write_str(key);
        }
        f.write_str(if self.is_map() { "map of" } else { "set of" })?;
        match (self.n_min, self.n_max) {
            (0, Self::UNLIMITED) => {}
            (min, Self::UNLIMITED) => write!(f, " {min} or more")?,
            (0, max) => write!(f, " up to {max}")?,
            (min, max) => write!(f, " {min} to {max}")?,
        }
        match &self.value {
            None => write!(f, " {key}s"),
            Some(value) => write!(f, " ({key}, {}) pairs", value.atomic.name()),
        }
    }
}
