//! JSON as the C server reads and writes it (RFC 7159 with OVSDB's quirks), and the notation of values.
//!
//! Numbers are integers whenever they are exactly representable as `i64`, else doubles written with 15 significant
//! digits; NUL in a string is refused; objects are written with sorted members. What has to be read back as it was
//! (files, logs, what members of a cluster send one another) is written *exactly*: a double has as many digits more as
//! it takes.

mod parse;

use std::io::Write;

use serde_json::Value;
use uuid::Uuid;

use crate::atom::{Atom, AtomicType};
use crate::base_type::{BaseType, ColumnType};
use crate::datum::Datum;
use crate::error::OvsdbError;
use crate::members::is_id;
use crate::symbols::Symbols;

/// Deepest nesting accepted (`JSON_MAX_HEIGHT` of the C server).
pub const MAX_DEPTH: usize = 1000;

/// Why a text is not JSON that OVSDB accepts.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct ParseError(pub String);

/// Parses one JSON text: any value, not only an object or array. Of members with one name the last wins.
pub fn parse(text: &[u8]) -> Result<Value, ParseError> {
    parse::parse(text)
}

/// Appends a value's text, members sorted, no blanks.
pub fn write(value: &Value, out: &mut Vec<u8>) {
    write_with(value, format_real, out);
}

fn write_with(value: &Value, real: fn(f64) -> String, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(b) => write_bool(*b, out),
        Value::Number(n) => match n.as_i64() {
            Some(i) => write_integer(i, out),
            None => out.extend_from_slice(real(n.as_f64().unwrap_or(0.0)).as_bytes()),
        },
        Value::String(s) => write_str(s, out),
        Value::Array(array) => {
            out.push(b'[');
            for (i, element) in array.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_with(element, real, out);
            }
            out.push(b']');
        }
        Value::Object(object) => {
            out.push(b'{');
            // serde_json keeps members sorted.
            for (i, (name, member)) in object.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_str(name, out);
                out.push(b':');
                write_with(member, real, out);
            }
            out.push(b'}');
        }
    }
}

/// A value's text, members sorted, no blanks.
pub fn to_string(value: &Value) -> String {
    let mut out = Vec::new();
    write(value, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// A value's text that is read back as it was, members sorted, no blanks.
pub fn to_exact_string(value: &Value) -> String {
    let mut out = Vec::new();
    write_with(value, format_real_exactly, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Appends a string's JSON notation, quotes included.
#[inline]
pub fn write_str(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(plain) = rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0..0x20)) {
        out.extend_from_slice(&rest[..plain]);
        match rest[plain] {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => {
                out.extend_from_slice(b"\\u00");
                out.extend(b"0123456789abcdef".get(usize::from(control >> 4)));
                out.extend(b"0123456789abcdef".get(usize::from(control & 15)));
            }
        }
        rest = &rest[plain + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

fn write_bool(b: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if b { b"true" } else { b"false" });
}

/// Appends a number.
pub fn write_integer(i: i64, out: &mut Vec<u8>) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{i}");
}

/// A double with 15 significant digits, as C's `%.15g`: `0.1`, `1e+300`, `5`.
pub(crate) fn format_real(real: f64) -> String {
    // Rust rounds to the asked digits exactly, as C does: `D.DDDDDDDDDDDDDDeX`.
    let scientific = format!("{real:.14e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let Ok(exponent) = exponent.parse::<i32>() else {
        return scientific;
    };
    if (-4..15).contains(&exponent) {
        let decimals = usize::try_from(14 - exponent).unwrap_or(0);
        return trim_zeros(&format!("{real:.decimals$}")).to_owned();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", trim_zeros(mantissa), exponent.abs())
}

/// A double with as few digits as make it the same double when it is read; 15 wherever they suffice.
fn format_real_exactly(real: f64) -> String {
    let short = format_real(real);
    if short.parse() == Ok(real) {
        return short;
    }
    // Rust finds the digits, and has no exponent without being asked for one.
    match (1e-4..1e17).contains(&real.abs()) {
        true => real.to_string(),
        false => format!("{real:e}"),
    }
}

fn trim_zeros(decimal: &str) -> &str {
    if !decimal.contains('.') {
        return decimal;
    }
    decimal.trim_end_matches('0').trim_end_matches('.')
}

/// A uuid in its hyphenated form, the only one of OVSDB; letters of either case.
pub fn parse_uuid(text: &str) -> Option<Uuid> {
    if text.len() == 36 {
        Uuid::try_parse(text).ok()
    } else {
        None
    }
}

/// Appends `["uuid","…"]`.
pub fn write_uuid(uuid: Uuid, out: &mut Vec<u8>) {
    out.extend_from_slice(b"[\"uuid\",");
    write_uuid_str(uuid, out);
    out.push(b']');
}

/// Appends a uuid as a string, quotes included.
pub fn write_uuid_str(uuid: Uuid, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(
        uuid.hyphenated()
            .encode_lower(&mut Uuid::encode_buffer())
            .as_bytes(),
    );
    out.push(b'"');
}

/// Whether a value has to obey its type, or why it need not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strictness {
    /// Every rule.
    Full,
    /// Any number of elements: the elements of a difference.
    AnyLength,
    /// The atomic types only: what a server has checked already.
    Trusting,
}

impl Datum {
    /// Parses a value of a column's type and checks its constraints. `symbols` resolves `named-uuid`; without it
    /// they are refused.
    pub fn from_json(
        json: &Value,
        ty: &ColumnType,
        symbols: Option<&mut Symbols<'_>>,
    ) -> Result<Datum, OvsdbError> {
        datum_from_json(json, ty, symbols, Strictness::Full)
    }

    /// Parses the difference of two values of a column's type: like [`Datum::from_json`] with any number of
    /// elements.
    pub fn from_json_diff(json: &Value, ty: &ColumnType) -> Result<Datum, OvsdbError> {
        datum_from_json(json, ty, None, Strictness::AnyLength)
    }

    /// Parses a value that a server sent, hence checked: any number of elements and no constraints, only the atomic
    /// types. Also reads differences.
    pub fn from_json_trusted(json: &Value, ty: &ColumnType) -> Result<Datum, OvsdbError> {
        datum_from_json(json, ty, None, Strictness::Trusting)
    }

    /// Appends the notation of this value of a column's type, as clients get it.
    #[inline]
    pub fn write_json(&self, ty: &ColumnType, out: &mut Vec<u8>) {
        self.write_with(ty, Atom::write_json, out);
    }

    /// Appends the notation of this value of a column's type that is read back as it was.
    #[inline]
    pub fn write_json_exactly(&self, ty: &ColumnType, out: &mut Vec<u8>) {
        self.write_with(ty, Atom::write_json_exactly, out);
    }

    #[inline]
    fn write_with(&self, ty: &ColumnType, write: impl Fn(&Atom, &mut Vec<u8>), out: &mut Vec<u8>) {
        if ty.is_map() {
            out.extend_from_slice(b"[\"map\",[");
            for (i, (key, value)) in self.pairs().enumerate() {
                out.extend_from_slice(if i > 0 { b",[" } else { b"[" });
                write(key, out);
                out.push(b',');
                write(value, out);
                out.push(b']');
            }
            out.extend_from_slice(b"]]");
            return;
        }
        if let Datum::One(atom) = self {
            return write(atom, out);
        }
        out.extend_from_slice(b"[\"set\",[");
        for (i, atom) in self.atoms().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            write(atom, out);
        }
        out.extend_from_slice(b"]]");
    }

    /// The notation of this value of a column's type.
    pub fn to_json(&self, ty: &ColumnType) -> Value {
        self.to_json_as(ty.is_map())
    }

    /// The notation of this value as a map or as a set.
    pub fn to_json_as(&self, is_map: bool) -> Value {
        if is_map {
            let pairs = self
                .pairs()
                .map(|(key, value)| Value::Array(vec![key.to_json(), value.to_json()]));
            return Value::Array(vec!["map".into(), Value::Array(pairs.collect())]);
        }
        match self {
            Datum::One(atom) => atom.to_json(),
            _ => Value::Array(vec![
                "set".into(),
                Value::Array(self.atoms().map(Atom::to_json).collect()),
            ]),
        }
    }
}

impl Atom {
    /// Appends the notation of this atom, as clients get it.
    #[inline]
    pub fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Atom::Integer(i) => write_integer(*i, out),
            Atom::Real(r) => out.extend_from_slice(format_real(*r).as_bytes()),
            Atom::Boolean(b) => write_bool(*b, out),
            Atom::String(s) => write_str(s, out),
            Atom::Uuid(u) => write_uuid(*u, out),
        }
    }

    #[inline]
    fn write_json_exactly(&self, out: &mut Vec<u8>) {
        match self {
            Atom::Real(r) => out.extend_from_slice(format_real_exactly(*r).as_bytes()),
            other => other.write_json(out),
        }
    }

    /// The notation of this atom, as parsing its text would give it: a real that is integral is an integer.
    pub fn to_json(&self) -> Value {
        match self {
            Atom::Integer(i) => (*i).into(),
            // Below 10^15 the text of an integral double has neither point nor exponent.
            Atom::Real(r) if r.fract() == 0.0 && r.abs() < 1e15 => (*r as i64).into(),
            Atom::Real(r) => (*r).into(),
            Atom::Boolean(b) => (*b).into(),
            Atom::String(s) => s.as_str().into(),
            Atom::Uuid(u) => Value::Array(vec!["uuid".into(), u.to_string().into()]),
        }
    }
}

fn datum_from_json(
    json: &Value,
    ty: &ColumnType,
    mut symbols: Option<&mut Symbols<'_>>,
    strictness: Strictness,
) -> Result<Datum, OvsdbError> {
    let Some(value_type) = &ty.value else {
        let tag = json
            .as_array()
            .and_then(|array| array.first())
            .and_then(Value::as_str);
        if tag != Some("set") {
            return Ok(Datum::One(atom_from_json(json, &ty.key, symbols, strictness)?));
        }
        let elements = elements_of(json, "set", ty, strictness)?;
        let mut atoms = Vec::with_capacity(elements.len());
        for element in elements {
            atoms.push(atom_from_json(
                element,
                &ty.key,
                symbols.as_deref_mut(),
                strictness,
            )?);
        }
        return Datum::set(atoms);
    };
    let elements = elements_of(json, "map", ty, strictness)?;
    let mut pairs = Vec::with_capacity(elements.len());
    for element in elements {
        let [key, value] = element.as_array().map_or(&[][..], Vec::as_slice) else {
            return Err(OvsdbError::syntax(element, "expected 2-element array"));
        };
        pairs.push((
            atom_from_json(key, &ty.key, symbols.as_deref_mut(), strictness)?,
            atom_from_json(value, value_type, symbols.as_deref_mut(), strictness)?,
        ));
    }
    Datum::map(pairs)
}

/// The elements of `["set", […]]` or `["map", […]]`.
fn elements_of<'a>(
    json: &'a Value,
    class: &str,
    ty: &ColumnType,
    strictness: Strictness,
) -> Result<&'a [Value], OvsdbError> {
    let elements = match json.as_array().map(Vec::as_slice) {
        Some([Value::String(tag), Value::Array(elements)]) if tag == class => elements,
        _ => {
            return Err(OvsdbError::syntax(
                json,
                format!("expected [\"{class}\", <array>]"),
            ));
        }
    };
    let n = elements.len();
    if strictness == Strictness::Full && !ty.allows_len(n) {
        let (min, max) = (ty.n_min, ty.n_max);
        return Err(OvsdbError::syntax(
            json,
            if (min, max) == (1, 1) {
                format!("{class} must have exactly one member but {n} are present")
            } else {
                format!("{class} must have {min} to {max} members but {n} are present")
            },
        ));
    }
    Ok(elements)
}

fn atom_from_json(
    json: &Value,
    base: &BaseType,
    symbols: Option<&mut Symbols<'_>>,
    strictness: Strictness,
) -> Result<Atom, OvsdbError> {
    let atom = match (base.atomic, json) {
        (AtomicType::Integer, Value::Number(n)) => n.as_i64().map(Atom::Integer),
        (AtomicType::Real, Value::Number(n)) => n.as_f64().map(Atom::Real),
        (AtomicType::Boolean, Value::Bool(b)) => Some(Atom::Boolean(*b)),
        (AtomicType::String, Value::String(s)) => Some(Atom::String(s.into())),
        (AtomicType::Uuid, _) => Some(Atom::Uuid(uuid_from_json(json, symbols)?)),
        _ => None,
    };
    let Some(atom) = atom else {
        return Err(OvsdbError::syntax(
            json,
            format!("expected {}", base.atomic.name()),
        ));
    };
    if strictness != Strictness::Trusting {
        base.check(&atom)?;
    }
    Ok(atom)
}

fn uuid_from_json(json: &Value, symbols: Option<&mut Symbols<'_>>) -> Result<Uuid, OvsdbError> {
    match (json.as_array().map(Vec::as_slice), symbols) {
        (Some([Value::String(tag), Value::String(text)]), _) if tag == "uuid" => parse_uuid(text)
            .ok_or_else(|| OvsdbError::syntax(json, format!("\"{text}\" is not a valid UUID"))),
        (Some([Value::String(tag), Value::String(name)]), Some(symbols)) if tag == "named-uuid" => {
            if !is_id(name) {
                return Err(OvsdbError::syntax(json, "named-uuid string is not a valid <id>"));
            }
            Ok(symbols.get(name).uuid)
        }
        _ => Err(OvsdbError::syntax(json, "expected [\"uuid\", <string>]")),
    }
}
