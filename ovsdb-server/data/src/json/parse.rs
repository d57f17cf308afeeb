//! The JSON parser: text to [`Value`] in one pass, with OVSDB's rules for numbers and strings.

use serde_json::{Map, Number, Value};

use super::{MAX_DEPTH, ParseError};

/// Parses one JSON text; blanks around it are allowed.
pub(super) fn parse(text: &[u8]) -> Result<Value, ParseError> {
    let checked = match std::str::from_utf8(text) {
        Ok(checked) => checked,
        Err(error) => return Err(error_at(text, error.valid_up_to(), "not a valid UTF-8 string")),
    };
    let mut parser = Parser {
        text: checked,
        bytes: text,
        at: 0,
        depth: 0,
    };
    let result = parser.value().and_then(|value| match parser.peek() {
        None => Ok(value),
        Some(_) => Err(parser.unexpected("trailing garbage at end of input")),
    });
    result.map_err(|message| error_at(text, parser.at, &message))
}

fn error_at(text: &[u8], at: usize, message: &str) -> ParseError {
    let before = &text[..at.min(text.len())];
    let line = before.iter().filter(|b| **b == b'\n').count();
    let column = before.iter().rev().take_while(|b| **b != b'\n').count();
    ParseError(format!("line {line}, column {column}, byte {at}: {message}"))
}

/// What is wrong at the parser's position.
type Message = std::borrow::Cow<'static, str>;

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    /// The next byte that is no blank.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    fn value(&mut self) -> Result<Value, Message> {
        match self.peek() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(b'a'..=b'z') => self.keyword(),
            _ => Err(self.unexpected("syntax error expecting value")),
        }
    }

    /// What is wrong when the next byte is not one that `message` allows.
    fn unexpected(&mut self, message: &'static str) -> Message {
        match self.peek() {
            None if self.at_start() => "empty input stream".into(),
            None => "unexpected end of input".into(),
            Some(b'a'..=b'z') => match self.keyword() {
                Ok(_) => message.into(),
                Err(invalid) => invalid,
            },
            Some(b'"' | b'[' | b']' | b'{' | b'}' | b':' | b',' | b'-' | b'0'..=b'9') => message.into(),
            Some(byte @ 0x20..0x7f) => format!("invalid character '{}'", char::from(byte)).into(),
            Some(byte) => format!("invalid character U+{byte:04x}").into(),
        }
    }

    fn at_start(&self) -> bool {
        self.bytes
            .iter()
            .all(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
    }

    fn nested(&mut self, inner: impl Fn(&mut Self) -> Result<Value, Message>) -> Result<Value, Message> {
        if self.depth == MAX_DEPTH {
            return Err(format!("input exceeds maximum nesting depth {MAX_DEPTH}").into());
        }
        self.depth += 1;
        self.at += 1;
        let value = inner(self);
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Result<Value, Message> {
        let mut object = Map::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(object));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("syntax error parsing object expecting string"));
            }
            let name = self.string()?;
            if self.peek() != Some(b':') {
                return Err(self.unexpected("syntax error parsing object expecting ':'"));
            }
            self.at += 1;
            let value = self.value()?;
            object.insert(name, value);
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Object(object));
                }
                _ => return Err(self.unexpected("syntax error expecting '}' or ','")),
            }
        }
    }

    fn array(&mut self) -> Result<Value, Message> {
        let mut array = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(array));
        }
        loop {
            array.push(self.value()?);
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::Array(array));
                }
                _ => return Err(self.unexpected("syntax error expecting ']' or ','")),
            }
        }
    }

    fn keyword(&mut self) -> Result<Value, Message> {
        let rest = &self.bytes[self.at..];
        let word = &rest[..rest.iter().take_while(|b| b.is_ascii_alphabetic()).count()];
        let value = match word {
            b"true" => Value::Bool(true),
            b"false" => Value::Bool(false),
            b"null" => Value::Null,
            _ => return Err(format!("invalid keyword '{}'", word.escape_ascii()).into()),
        };
        self.at += word.len();
        Ok(value)
    }

    /// Parses a string from its opening quote.
    fn string(&mut self) -> Result<String, Message> {
        self.at += 1;
        let start = self.at;
        self.skip_plain();
        if self.bytes.get(self.at) == Some(&b'"') {
            let plain = self.text[start..self.at].to_owned();
            self.at += 1;
            return Ok(plain);
        }
        let mut out = self.text[start..self.at].to_owned();
        loop {
            let start = self.at;
            self.skip_plain();
            out.push_str(&self.text[start..self.at]);
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                Some(control) => {
                    return Err(format!("U+{control:04X} must be escaped in quoted string").into());
                }
                None => return Err("unexpected end of input in quoted string".into()),
            }
        }
    }

    /// Moves on to the next quote, backslash or control character.
    fn skip_plain(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += rest
            .iter()
            .position(|b| matches!(b, b'"' | b'\\' | 0..0x20))
            .unwrap_or(rest.len());
    }

    /// Parses what follows a backslash.
    fn escape(&mut self) -> Result<char, Message> {
        let Some(&escape) = self.bytes.get(self.at) else {
            return Err("unexpected end of input in quoted string".into());
        };
        self.at += 1;
        match escape {
            b'"' | b'\\' | b'/' => Ok(char::from(escape)),
            b'b' => Ok('\u{8}'),
            b'f' => Ok('\u{c}'),
            b'n' => Ok('\n'),
            b'r' => Ok('\r'),
            b't' => Ok('\t'),
            b'u' => self.unicode_escape(),
            other => Err(format!("bad escape \\{}", other.escape_ascii()).into()),
        }
    }

    fn unicode_escape(&mut self) -> Result<char, Message> {
        let first = self.hex4()?;
        if !(0xd800..0xe000).contains(&first) {
            return char::from_u32(first).ok_or("malformed \\u escape".into());
        }
        if first >= 0xdc00 || !self.bytes[self.at..].starts_with(b"\\u") {
            return Err("malformed escaped surrogate pair".into());
        }
        self.at += 2;
        let second = self.hex4()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err("second half of escaped surrogate pair is not trailing surrogate".into());
        }
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
            .ok_or("malformed escaped surrogate pair".into())
    }

    fn hex4(&mut self) -> Result<u32, Message> {
        let Some(digits) = self
            .bytes
            .get(self.at..self.at + 4)
            .filter(|digits| !digits.contains(&b'"'))
        else {
            return Err("quoted string ends within \\u escape".into());
        };
        let mut code = 0;
        for digit in digits {
            let digit = char::from(*digit).to_digit(16).ok_or("malformed \\u escape")?;
            code = code << 4 | digit;
        }
        if code == 0 {
            return Err("null bytes not supported in quoted strings".into());
        }
        self.at += 4;
        Ok(code)
    }

    fn number(&mut self) -> Result<Number, Message> {
        let start = self.at;
        let negative = self.bytes[self.at] == b'-';
        self.at += usize::from(negative);
        let whole = self.digits();
        if whole.is_empty() {
            return Err("'-' must be followed by digit".into());
        }
        if whole.len() > 1 && whole[0] == b'0' {
            return Err("leading zeros not allowed".into());
        }
        let mut fraction: &[u8] = &[];
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            fraction = self.digits();
            if fraction.is_empty() {
                return Err("decimal point must be followed by digit".into());
            }
        }
        let mut exponent = 0;
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            let sign = self.bytes.get(self.at).copied();
            self.at += usize::from(matches!(sign, Some(b'+' | b'-')));
            let digits = self.digits();
            if digits.is_empty() {
                return Err("exponent must contain at least one digit".into());
            }
            if digits.len() > 9 {
                return Err("exponent outside valid range".into());
            }
            exponent = digits.iter().fold(0, |n, digit| n * 10 + i64::from(digit - b'0'));
            if sign == Some(b'-') {
                exponent = -exponent;
            }
        }
        if let Some(integer) = exact_integer(negative, whole, fraction, exponent) {
            return Ok(integer.into());
        }
        // Rust reads every number that JSON can write, rounding correctly.
        let real: f64 = self.text[start..self.at]
            .parse()
            .map_err(|_| "syntax error in number")?;
        // Infinity is what a number too big becomes. Subnormal numbers are out of range for the C server, which has to
        // read what we write.
        if !real.is_finite() || real.is_subnormal() {
            return Err("number outside valid range".into());
        }
        // Adding zero turns -0.0 into 0.0.
        Number::from_f64(real + 0.0).ok_or("number outside valid range".into())
    }

    fn digits(&mut self) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        let digits = &rest[..rest.iter().take_while(|b| b.is_ascii_digit()).count()];
        self.at += digits.len();
        digits
    }
}

/// The number `whole.fraction × 10^exponent`, when an `i64` holds it exactly.
fn exact_integer(negative: bool, whole: &[u8], fraction: &[u8], exponent: i64) -> Option<i64> {
    if fraction.is_empty() && exponent == 0 && whole.len() <= 18 {
        let magnitude = whole.iter().fold(0, |n, digit| n * 10 + i64::from(digit - b'0'));
        return Some(if negative { -magnitude } else { magnitude });
    }
    let mut significand: i128 = 0;
    let mut zeros = 0;
    let mut power = exponent;
    // Zeros at the end are counted, not multiplied in, so that `1.000…0` of any length stays small.
    for (i, digit) in whole.iter().chain(fraction).enumerate() {
        power -= i64::from(i >= whole.len());
        if *digit == b'0' {
            zeros += 1;
            continue;
        }
        if significand != 0 {
            if zeros > 17 {
                return None;
            }
            significand *= 10_i128.pow(zeros);
        }
        significand = significand * 10 + i128::from(digit - b'0');
        zeros = 0;
        if significand > 1 << 64 {
            return None;
        }
    }
    if significand == 0 {
        return Some(0);
    }
    let power = u32::try_from(power + i64::from(zeros))
        .ok()
        .filter(|power| *power < 19)?;
    let magnitude = significand * 10_i128.pow(power);
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}
