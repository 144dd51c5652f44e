//! Reading without tokens.
//!
//! Most writers of JSON with schemas write a struct as its schema lists it: without spaces, and its fields in their order.
//! A [`Plan`] is what such a payload looks like, made of a schema once. Reading compares the message with it, and makes
//! each value from the bytes where they are.
//!
//! Where a message is not as planned, reading gives up and says nothing about why: the message is then read by its tokens,
//! and that reading alone decides what is an error. So a plan must give either the very value that tokens give, or none.
//! What it takes is therefore less than JSON: no spaces, no escapes, no integer or decimal of more digits than a word holds,
//! no member twice.

use aqueduct_api::data::{Decimal, Logical, Schema, Struct, Text, Type, Value, decimal_scale};
use bytes::Bytes;

use super::base64;
use super::number::Number;
use super::text::end_of_plain;

/// How deep structs and arrays may nest; far below the depth at which documents are refused.
const DEPTH_MAX: usize = 16;
/// Longer names are left to tokens; this is below the length at which names are refused.
const NAME_BYTES_MAX: usize = 1000;
/// Longer texts are left to tokens; this is below the length at which texts are refused.
const TEXT_BYTES_MAX: usize = 1 << 20;
/// So many digits fit in 64 bits, whatever they are.
const DIGITS_MAX: usize = 18;
/// Structs of more fields are left to tokens where members come in another order, or are missing.
const UNORDERED_MAX: usize = 64;
/// What transformations add to a struct has room for so many fields without moving the others.
const ROOM: usize = 2;

/// What a struct of a schema looks like.
#[derive(Debug)]
pub(crate) struct Plan {
    schema: Schema,
    fields: Vec<Planned>,
}

#[derive(Debug)]
struct Planned {
    /// What stands before the value: a brace or a comma, the name in quotes, and a colon.
    start: Box<[u8]>,
    value: Place,
}

/// A value in a struct or an array.
#[derive(Debug)]
struct Place {
    form: Form,
    /// What stands for a null, and for a member that is missing. `None` where that is an error.
    absent: Option<Value>,
}

#[derive(Debug)]
enum Form {
    Int8,
    Int16,
    Int32,
    Int64,
    Float32,
    Float64,
    Boolean,
    String,
    Bytes,
    /// With its scale.
    Decimal(i32),
    Date,
    Timestamp,
    Array(Box<Place>),
    Struct(Plan),
}

impl Plan {
    /// The plan for values of a schema; none where they are not structs, or have parts that only tokens can tell.
    pub(crate) fn new(schema: &Schema, replace_null: bool) -> Option<Self> {
        Self::nested(schema, replace_null, DEPTH_MAX)
    }

    fn nested(schema: &Schema, replace_null: bool, depth: usize) -> Option<Self> {
        if schema.kind() != Type::Struct || schema.logical().is_some() {
            return None;
        }
        let mut fields = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            let name = field.name.as_bytes();
            let plain = name.iter().all(|byte| !matches!(byte, 0..0x20 | b'"' | b'\\'));
            if !plain || name.len() > NAME_BYTES_MAX {
                return None;
            }
            let begin: &[u8] = if fields.is_empty() { b"{\"" } else { b",\"" };
            let start = [begin, name, b"\":"].concat().into();
            fields.push(Planned {
                start,
                value: Place::new(&field.schema, replace_null, depth.checked_sub(1)?)?,
            });
        }
        Some(Self { schema: schema.clone(), fields })
    }

    /// The struct that begins at this place of a message, and the place behind it; none where it is not as planned.
    pub(crate) fn read(&self, message: &Bytes, at: usize) -> Option<(Value, usize)> {
        // Tokens refuse more.
        u32::try_from(message.len()).ok()?;
        let mut cursor = Cursor { message, at };
        let structure = self.structure(&mut cursor)?;
        Some((Value::Struct(structure), cursor.at))
    }

    fn structure(&self, cursor: &mut Cursor<'_>) -> Option<Struct> {
        let mut values = Vec::with_capacity(self.fields.len() + ROOM);
        for field in &self.fields {
            if !cursor.take(&field.start) {
                values = self.unordered(cursor, values)?;
                return Struct::from_values(self.schema.clone(), values).ok();
            }
            values.push(Value::Null);
            field.value.read(cursor, values.last_mut()?)?;
        }
        if self.fields.is_empty() && !cursor.take(b"{") || !cursor.take(b"}") {
            return None;
        }
        Struct::from_values(self.schema.clone(), values).ok()
    }

    /// Goes on behind the values that came in order. From here on members are missing, or come in another order.
    #[cold]
    fn unordered(&self, cursor: &mut Cursor<'_>, mut values: Vec<Value>) -> Option<Vec<Value>> {
        let fields = &self.fields;
        if fields.len() > UNORDERED_MAX {
            return None;
        }
        let mut likely = values.len();
        let mut seen = (1_u64 << likely) - 1;
        values.resize(fields.len(), Value::Null);
        let mut first = likely == 0;
        if first && cursor.take(b"{}") {
            cursor.at -= 1;
            first = false;
        }
        while first || cursor.peek() != Some(b'}') {
            if !cursor.take(if first { b"{" } else { b"," }) {
                return None;
            }
            first = false;
            let (before, behind) = fields.split_at_checked(likely).unwrap_or((fields, &[]));
            let numbered = (likely..).zip(behind).chain((0..).zip(before));
            let (at, field) =
                { numbered }.find(|(_, field)| cursor.take(field.start.get(1..).unwrap_or_default()))?;
            if seen >> at & 1 == 1 {
                return None;
            }
            seen |= 1 << at;
            likely = at + 1;
            field.value.read(cursor, values.get_mut(at)?)?;
        }
        cursor.at += 1;
        for (at, (field, value)) in fields.iter().zip(&mut values).enumerate() {
            if seen >> at & 1 == 0 {
                *value = field.value.absent.clone()?;
            }
        }
        Some(values)
    }
}

impl Place {
    fn new(schema: &Schema, replace_null: bool, depth: usize) -> Option<Self> {
        let form = match (schema.logical(), schema.kind()) {
            (None, Type::Int8) => Form::Int8,
            (None, Type::Int16) => Form::Int16,
            (None, Type::Int32) => Form::Int32,
            (None, Type::Int64) => Form::Int64,
            (None, Type::Float32) => Form::Float32,
            (None, Type::Float64) => Form::Float64,
            (None, Type::Boolean) => Form::Boolean,
            (None, Type::String) => Form::String,
            (None, Type::Bytes) => Form::Bytes,
            (None, Type::Array) => {
                let elements = Self::new(schema.value_schema()?, replace_null, depth.checked_sub(1)?)?;
                Form::Array(Box::new(elements))
            }
            (None, Type::Struct) => Form::Struct(Plan::nested(schema, replace_null, depth)?),
            (None, Type::Map) | (Some(Logical::Time), _) => return None,
            (Some(Logical::Decimal), _) => Form::Decimal(decimal_scale(schema).ok()?),
            (Some(Logical::Date), _) => Form::Date,
            (Some(Logical::Timestamp), _) => Form::Timestamp,
        };
        let default = schema.default_value();
        let absent = if replace_null && !default.is_null() {
            Some(default.clone())
        } else {
            schema.is_optional().then_some(Value::Null)
        };
        Some(Self { form, absent })
    }

    /// Reads the value into its place, which holds a null: a value that has just been made costs more to move than to make.
    fn read(&self, cursor: &mut Cursor<'_>, place: &mut Value) -> Option<()> {
        // What follows is looked at by whoever goes on: nothing but a comma or the end of the container is as planned.
        if cursor.peek() == Some(b'n') {
            *place = if cursor.take(b"null") { self.absent.clone()? } else { return None };
            return Some(());
        }
        *place = match &self.form {
            Form::Int8 => Value::Int8(cursor.integer()? as i8),
            Form::Int16 => Value::Int16(cursor.integer()? as i16),
            Form::Int32 => Value::Int32(cursor.integer()? as i32),
            Form::Int64 => Value::Int64(cursor.integer()?),
            Form::Float32 => Value::Float32(cursor.number()?.to_f32()),
            Form::Float64 => Value::Float64(cursor.float()?),
            Form::Boolean if cursor.take(b"true") => Value::Boolean(true),
            Form::Boolean if cursor.take(b"false") => Value::Boolean(false),
            Form::Boolean => return None,
            Form::String => {
                *place = Value::String(Text::EMPTY);
                return match place {
                    Value::String(text) => cursor.text(text),
                    _ => None,
                };
            }
            Form::Bytes => Value::from(base64::decode(cursor.plain()?).ok()?),
            Form::Decimal(scale) => Value::Decimal(cursor.decimal(*scale)?),
            Form::Date => Value::Date(i64::from(i32::try_from(cursor.integer()?).ok()?) * DAY_MS),
            Form::Timestamp => Value::Date(cursor.integer()?),
            Form::Array(elements) => Value::Array(cursor.elements(elements)?),
            Form::Struct(plan) => Value::Struct(plan.structure(cursor)?),
        };
        Some(())
    }
}

const DAY_MS: i64 = 86_400_000;

/// A place in a message. What reads there moves behind what it has read; after a `None` nothing is read any more, but for
/// [`Cursor::float`], which goes back first.
struct Cursor<'a> {
    message: &'a Bytes,
    at: usize,
}

/// The digits of a plain number: sign, digits, and perhaps a point with digits.
struct Plain {
    negative: bool,
    /// All digits as one number.
    digits: i64,
    /// How many of them stand behind the point.
    scale: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.message.get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.message.get(self.at..).unwrap_or_default()
    }

    /// Moves behind these bytes, if they stand here.
    #[inline]
    fn take(&mut self, bytes: &[u8]) -> bool {
        let stand = self.rest().starts_with(bytes);
        if stand {
            self.at += bytes.len();
        }
        stand
    }

    /// Digits up to what is none, behind those read before. `None` if there is none, or if there are too many in all.
    #[inline]
    fn digits(&mut self, mut number: i64, before: usize) -> Option<(i64, usize)> {
        let rest = self.rest();
        let mut count = 0;
        while let Some(digit @ b'0'..=b'9') = rest.get(count) {
            if before + count >= DIGITS_MAX {
                return None;
            }
            number = number * 10 + i64::from(digit - b'0');
            count += 1;
        }
        self.at += count;
        (count > 0).then_some((number, count))
    }

    #[inline]
    fn integer(&mut self) -> Option<i64> {
        let negative = self.take(b"-");
        let (number, _) = self.digits(0, 0)?;
        Some(if negative { -number } else { number })
    }

    fn plain_number(&mut self) -> Option<Plain> {
        let negative = self.take(b"-");
        let (digits, whole) = self.digits(0, 0)?;
        if !self.take(b".") {
            return Some(Plain { negative, digits, scale: 0 });
        }
        let (digits, scale) = self.digits(digits, whole)?;
        Some(Plain { negative, digits, scale })
    }

    fn float(&mut self) -> Option<f64> {
        /// Those that are doubles without rounding, as far as there are digits.
        const POWERS: [f64; DIGITS_MAX + 1] = [
            1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
            1e18,
        ];
        let start = self.at;
        if let Some(Plain { negative, digits, scale }) = self.plain_number()
            && !matches!(self.peek(), Some(b'e' | b'E'))
            && digits <= 1 << 53
            && let Some(power) = POWERS.get(scale)
        {
            // Of two doubles without an error, the quotient is the nearest to the exact one.
            let number = digits as f64 / power;
            return Some(if negative && digits != 0 { -number } else { number });
        }
        self.at = start;
        self.number().map(Number::to_f64)
    }

    /// A number of any form, as far as it has so few digits that none of them needs to be counted.
    fn number(&mut self) -> Option<Number<'a>> {
        let rest = self.rest();
        let skip = |at: usize| rest.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).count();
        let mut at = usize::from(rest.first() == Some(&b'-'));
        let mut integral = true;
        let (whole, mut fraction, mut exponent) = (skip(at), 1, 1);
        at += whole;
        if rest.get(at) == Some(&b'.') {
            integral = false;
            fraction = skip(at + 1);
            at += 1 + fraction;
        }
        if let Some(b'e' | b'E') = rest.get(at) {
            integral = false;
            at += 1;
            at += usize::from(matches!(rest.get(at), Some(b'+' | b'-')));
            exponent = skip(at);
            at += exponent;
        }
        if !(1..=400).contains(&whole) || !(1..=400).contains(&fraction) || !(1..=4).contains(&exponent) {
            return None;
        }
        self.at += at;
        Some(Number { text: rest.get(..at)?, integral })
    }

    /// What stands between quotes, if it stands for itself and is ASCII.
    fn plain(&mut self) -> Option<&'a str> {
        let raw = self.raw()?;
        std::str::from_utf8(raw).ok().filter(|text| text.is_ascii())
    }

    fn text(&mut self, text: &mut Text) -> Option<()> {
        let raw = self.raw()?;
        text.assign_utf8_slice(self.message, raw).then_some(())
    }

    /// What stands between quotes without any escape.
    #[inline]
    fn raw(&mut self) -> Option<&'a [u8]> {
        if !self.take(b"\"") {
            return None;
        }
        let start = self.at;
        loop {
            self.at = end_of_plain(self.message, self.at);
            match self.peek()? {
                b'"' => break,
                // Whether it is UTF-8 is for the text to say.
                0x80.. => self.at += 1,
                _ => return None,
            }
        }
        let raw = self.message.get(start..self.at)?;
        self.at += 1;
        (raw.len() <= TEXT_BYTES_MAX).then_some(raw)
    }

    /// A number with the scale that its writing has, or base64 of the integer for this scale.
    fn decimal(&mut self, scale: i32) -> Option<Decimal> {
        if self.peek() != Some(b'"') {
            let Plain { negative, digits, scale } = self.plain_number()?;
            return Some(Decimal::small(if negative { -digits } else { digits }, i32::try_from(scale).ok()?));
        }
        let text = self.plain()?;
        match base64::decode_word(text) {
            Some(integer) => Some(Decimal::small(integer, scale)),
            None => {
                let bytes = base64::decode(text).ok().filter(|bytes| !bytes.is_empty())?;
                Some(Decimal::from_signed_bytes_be(&bytes, scale))
            }
        }
    }

    fn elements(&mut self, place: &Place) -> Option<Vec<Value>> {
        let mut elements = Vec::new();
        if self.take(b"[]") {
            return Some(elements);
        }
        let mut begin: &[u8] = b"[";
        while self.take(begin) {
            elements.push(Value::Null);
            place.read(self, elements.last_mut()?)?;
            begin = b",";
        }
        (!elements.is_empty() && self.take(b"]")).then_some(elements)
    }
}

#[cfg(test)]
mod tests;
