//! Texts to values.

use super::super::{Decimal, Map, Schema, SchemaAndValue, SchemaBuilder, Text, Type, Value};
use super::convert::convert;
use super::temporal;
use super::tokens::{Tokens, trim};
use crate::data::digits::decimal_digit;

/// Lists and maps may nest so deep; deeper ones are strings. Java's limit is its stack.
const DEPTH_MAX: usize = 500;

/// The text is no array, map or value where it has to be one; the whole of it is a string then.
struct Unparsable;

type Parsed = Result<Option<SchemaAndValue>, Unparsable>;

/// Reads a text as the value that it looks like, and a string if it looks like none. `None` for the text `null`.
///
/// Strings share the memory of the text. White space around a value does not count, but the text of a string is
/// kept whole. Behind a number, a date, a list or a map, the rest of the text is passed over, as Connect does.
pub fn parse_string(text: &Text) -> Option<SchemaAndValue> {
    if text.is_empty() {
        return Some(string(text.clone()));
    }
    parse(&mut Tokens::of(text), false, 0).unwrap_or_else(|Unparsable| Some(string(text.clone())))
}

fn string(text: Text) -> SchemaAndValue {
    SchemaAndValue::new(Schema::STRING, text)
}

fn boolean(value: bool) -> SchemaAndValue {
    SchemaAndValue::new(Schema::BOOLEAN, value)
}

/// Reads one value; `embedded` in a list or map.
fn parse(tokens: &mut Tokens<'_>, embedded: bool, depth: usize) -> Parsed {
    if !tokens.has_next() {
        return Ok(None);
    }
    if embedded && tokens.take("\"") {
        return Ok(Some(quoted(tokens)));
    }
    if is_literal(tokens, embedded, "null") {
        return Ok(None);
    }
    if is_literal(tokens, embedded, "true") {
        return Ok(Some(boolean(true)));
    }
    if is_literal(tokens, embedded, "false") {
        return Ok(Some(boolean(false)));
    }
    let start = tokens.position();
    if depth < DEPTH_MAX {
        if tokens.take("[") {
            if let Ok(list) = parse_list(tokens, depth + 1) {
                return Ok(Some(list));
            }
            tokens.rewind(start);
        } else if tokens.take("{") {
            if let Ok(map) = parse_map(tokens, depth + 1) {
                return Ok(Some(map));
            }
            tokens.rewind(start);
        }
    }
    parse_token(tokens, embedded)
}

/// At the top, a literal must be all of the text.
fn is_literal(tokens: &mut Tokens<'_>, embedded: bool, literal: &str) -> bool {
    let start = tokens.position();
    if tokens.take(literal) && (embedded || !tokens.has_next()) {
        return true;
    }
    tokens.rewind(start);
    false
}

/// What stands between quotes is a string, unless it looks like a date or time. Backslashes stay in it; white space alone
/// between delimiters does not.
fn quoted(tokens: &mut Tokens<'_>) -> SchemaAndValue {
    let text = tokens.text;
    let mut joined = String::new();
    let (mut start, mut end) = (tokens.position(), tokens.position());
    while tokens.has_next() && !tokens.take_exactly("\"") {
        let at = tokens.position();
        if at != end {
            // Something was left out between this token and those before.
            joined.push_str(text.get(start..end).unwrap_or_default());
            start = at;
        }
        end = at + tokens.next().len();
    }
    let last = text.get(start..end).unwrap_or_default();
    if joined.is_empty() {
        return temporal::parse(last).unwrap_or_else(|| string(text.share(last)));
    }
    joined.push_str(last);
    temporal::parse(&joined).unwrap_or_else(|| string(joined.into()))
}

fn parse_token(tokens: &mut Tokens<'_>, embedded: bool) -> Parsed {
    let start = tokens.position();
    let token = tokens.next();
    let trimmed = trim(token);
    let Some(first) = trimmed.chars().next() else {
        return Ok(Some(string(tokens.text.share(token))));
    };
    let digit = decimal_digit(first).is_some();
    if digit && let Some(temporal) = parse_temporal(tokens, start, token) {
        return Ok(Some(temporal));
    }
    if (digit || matches!(first, '+' | '-'))
        && let Some(number) =
            short_number(trimmed).or_else(|| Decimal::parse(trimmed).ok().map(|number| number_of(&number)))
    {
        return Ok(Some(number));
    }
    if embedded { Err(Unparsable) } else { Ok(Some(string(tokens.text.clone()))) }
}

/// Colons split a time into five tokens, unless they are escaped.
fn parse_temporal(tokens: &mut Tokens<'_>, start: usize, token: &str) -> Option<SchemaAndValue> {
    let (position, trimmed) = (tokens.position(), trim(token));
    let complete = (0..4).all(|_| {
        let more = tokens.has_next();
        tokens.next();
        more
    });
    if complete {
        // Java joins the tokens without the white space around the first.
        let found = if token.ends_with(trimmed) {
            temporal::parse(tokens.since(start + token.len() - trimmed.len()))
        } else {
            temporal::parse(&[trimmed, tokens.since(position)].concat())
        };
        if found.is_some() {
            return found;
        }
    }
    tokens.rewind(position);
    temporal::parse(trimmed)
}

/// The usual numbers, which need no big integers: up to 18 digits, perhaps with a point among them.
fn short_number(token: &str) -> Option<SchemaAndValue> {
    let unsigned = token.strip_prefix(['+', '-']).unwrap_or(token);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = whole.len() + fraction.len();
    if !(1..=18).contains(&digits) || !whole.bytes().chain(fraction.bytes()).all(|c| c.is_ascii_digit()) {
        return None;
    }
    if fraction.bytes().any(|digit| digit != b'0') {
        return Some(SchemaAndValue::new(Schema::bare(Type::Float32), token.parse::<f32>().ok()?));
    }
    let magnitude = whole.bytes().fold(0_i64, |number, digit| number * 10 + i64::from(digit - b'0'));
    Some(integer(if token.starts_with('-') { -magnitude } else { magnitude }))
}

/// The smallest integer type that holds it.
fn integer(whole: i64) -> SchemaAndValue {
    if let Ok(value) = i8::try_from(whole) {
        SchemaAndValue::new(Schema::bare(Type::Int8), value)
    } else if let Ok(value) = i16::try_from(whole) {
        SchemaAndValue::new(Schema::bare(Type::Int16), value)
    } else if let Ok(value) = i32::try_from(whole) {
        SchemaAndValue::new(Schema::INT32, value)
    } else {
        SchemaAndValue::new(Schema::INT64, whole)
    }
}

/// A whole number of 64 bits is an integer, another number a float if it is in the range of floats, a double if it is in
/// theirs, else a decimal.
fn number_of(number: &Decimal) -> SchemaAndValue {
    if let Some(whole) = number.to_exact_i64() {
        return integer(whole);
    }
    if number.scale() != 0 {
        let float = number.to_f32();
        if float.is_finite() {
            return SchemaAndValue::new(Schema::bare(Type::Float32), float);
        }
        let double = number.to_f64();
        if double.is_finite() {
            return SchemaAndValue::new(Schema::bare(Type::Float64), double);
        }
    }
    let schema = SchemaBuilder::decimal(number.scale()).build().ok();
    SchemaAndValue::new(schema, number.clone())
}

/// The schema that the parts of a list or map have in common so far.
struct Common {
    schema: Option<Schema>,
    compatible: bool,
}

impl Common {
    const NONE: Self = Self { schema: None, compatible: true };

    fn add(&mut self, part: Option<&SchemaAndValue>) {
        let Some(schema) = part.and_then(|part| part.schema.as_ref()) else {
            return;
        };
        self.schema = match self.schema.take() {
            None => Some(schema.clone()),
            Some(previous) => wider(previous, schema),
        };
        self.compatible &= self.schema.is_some();
    }

    fn agreed(self) -> Option<Schema> {
        self.schema.filter(|_| self.compatible)
    }
}

fn wider(previous: Schema, latest: &Schema) -> Option<Schema> {
    let (a, b) = (previous.kind(), latest.kind());
    if a == b {
        return Some(latest.clone());
    }
    // The numeric types stand in order of their width.
    (a <= Type::Float64 && b <= Type::Float64).then(|| if a < b { latest.clone() } else { previous })
}

fn aligned(schema: &Schema, value: Value) -> Result<Value, Unparsable> {
    convert(schema, None, value).map_err(|_| Unparsable)
}

fn parse_list(tokens: &mut Tokens<'_>, depth: usize) -> Result<SchemaAndValue, Unparsable> {
    let mut values = Vec::new();
    let mut common = Common::NONE;
    while tokens.has_next() {
        if tokens.take("]") {
            let element = common.agreed();
            if let Some(element) = &element {
                let unaligned = std::mem::take(&mut values).into_iter();
                values = unaligned.map(|value| aligned(element, value)).collect::<Result<_, _>>()?;
            }
            let schema = SchemaBuilder::array(element).build().map_err(|_| Unparsable)?;
            return Ok(SchemaAndValue::new(schema, values));
        }
        if tokens.take(",") {
            return Err(Unparsable);
        }
        let element = parse(tokens, true, depth)?;
        common.add(element.as_ref());
        values.push(element.map_or(Value::Null, |element| element.value));
        let position = tokens.position();
        if tokens.take("]") {
            tokens.rewind(position);
        } else if !tokens.take(",") {
            return Err(Unparsable);
        }
    }
    Err(Unparsable)
}

fn parse_map(tokens: &mut Tokens<'_>, depth: usize) -> Result<SchemaAndValue, Unparsable> {
    let mut entries: Vec<(Value, Value)> = Vec::new();
    let (mut common_key, mut common_value) = (Common::NONE, Common::NONE);
    while tokens.has_next() {
        if tokens.take("}") {
            return finished_map(entries, common_key.agreed(), common_value.agreed());
        }
        if tokens.take(",") {
            return Err(Unparsable);
        }
        let key = parse(tokens, true, depth)?.filter(|key| !key.value.is_null()).ok_or(Unparsable)?;
        if !tokens.take(":") {
            return Err(Unparsable);
        }
        let value = parse(tokens, true, depth)?;
        tokens.take(",");
        common_key.add(Some(&key));
        common_value.add(value.as_ref());
        entries.push((key.value, value.map_or(Value::Null, |value| value.value)));
    }
    Err(Unparsable)
}

fn finished_map(
    entries: Vec<(Value, Value)>,
    key: Option<Schema>,
    value: Option<Schema>,
) -> Result<SchemaAndValue, Unparsable> {
    // Values are aligned only where keys are.
    let value = value.filter(|_| key.is_some());
    let align = |schema: &Option<Schema>, part: Value| match schema {
        Some(schema) => aligned(schema, part),
        None => Ok(part),
    };
    let distinct: Map = entries.into_iter().collect();
    let entries = distinct.into_iter().map(|(k, v)| Ok((align(&key, k)?, align(&value, v)?)));
    let entries = entries.collect::<Result<Map, Unparsable>>()?;
    let schema = SchemaBuilder::map(key, value).build().map_err(|_| Unparsable)?;
    Ok(SchemaAndValue::new(schema, entries))
}
