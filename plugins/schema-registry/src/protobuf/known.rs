//! Messages that stand for one value.

use aqueduct_api::data::calendar::{DAY_MS, DateTime, Lenient};
use aqueduct_api::data::{Decimal, Logical, decimal_scale};
use aqueduct_api::{Error, Result, Schema, Type, Value};
use num_bigint::BigInt;
use prost_reflect::MessageDescriptor;

/// The logical type that a message stands for.
pub(super) fn logical(message: &MessageDescriptor) -> Option<Logical> {
    match message.full_name() {
        "confluent.type.Decimal" => Some(Logical::Decimal),
        "google.type.Date" => Some(Logical::Date),
        "google.type.TimeOfDay" => Some(Logical::Time),
        "google.protobuf.Timestamp" => Some(Logical::Timestamp),
        _ => None,
    }
}

/// Whether a message is one of Google's around a plain value.
pub(super) fn is_wrapper(message: &MessageDescriptor) -> bool {
    message.full_name().starts_with("google.protobuf.")
        && message.name().ends_with("Value")
        && message.fields().len() == 1
        && message.get_field_by_name("value").is_some()
        && !matches!(message.name(), "ListValue" | "NullValue")
}

/// The fields of the message of a logical type.
pub(super) fn part_fields(logical: Logical) -> &'static [(&'static str, Type)] {
    match logical {
        Logical::Decimal => &[("value", Type::Bytes), ("scale", Type::Int32)],
        Logical::Date => &[("year", Type::Int32), ("month", Type::Int32), ("day", Type::Int32)],
        Logical::Time => &[
            ("hours", Type::Int32),
            ("minutes", Type::Int32),
            ("seconds", Type::Int32),
            ("nanos", Type::Int32),
        ],
        Logical::Timestamp => &[("seconds", Type::Int64), ("nanos", Type::Int32)],
    }
}

/// The values of these fields for a value; null for those that there are not.
pub(super) fn parts(logical: Logical, schema: &Schema, value: &Value) -> Result<[Value; 4]> {
    // Checks what Connect checks.
    let encoded = logical.encode(schema, value)?;
    let small = |number: i64| Value::Int32(i32::try_from(number).unwrap_or(i32::MAX));
    Ok(match value {
        Value::Decimal(decimal) => [encoded, Value::Int32(decimal.scale()), Value::Null, Value::Null],
        Value::Date(ms) if logical == Logical::Date => {
            let date = DateTime::from_epoch_ms(*ms);
            [Value::Int32(date.year), small(date.month.into()), small(date.day.into()), Value::Null]
        }
        Value::Date(ms) if logical == Logical::Time => {
            let second = ms / 1000;
            [small(second / 3600), small(second / 60 % 60), small(second % 60), small(ms % 1000 * 1_000_000)]
        }
        Value::Date(ms) => {
            [ms.div_euclid(1000).into(), small(ms.rem_euclid(1000) * 1_000_000), Value::Null, Value::Null]
        }
        other => return Err(Error::data(format!("Invalid type for {schema}: class {}", other.java_class()))),
    })
}

/// The value of these parts, which are null where they are missing.
pub(super) fn read(schema: &Schema, parts: &[Value]) -> Result<Value> {
    let number = |part: usize| parts.get(part).and_then(Value::as_i64).unwrap_or(0);
    let small = |part: usize| i32::try_from(number(part)).unwrap_or(0);
    Ok(match schema.logical() {
        Some(Logical::Decimal) => {
            let bytes = match parts.first() {
                Some(Value::Bytes(bytes)) => &bytes[..],
                _ => &[],
            };
            let decimal = Decimal::new(BigInt::from_signed_bytes_be(bytes), small(1));
            let scale = decimal_scale(schema)?;
            if decimal.scale() == scale {
                return Ok(decimal.into());
            }
            // Zeros can be added to reach the scale of the schema, but digits can't be lost.
            let missing = u32::try_from(i64::from(scale) - i64::from(decimal.scale()))
                .ok()
                .filter(|missing| *missing < 1000);
            match missing {
                Some(missing) => {
                    Decimal::new(decimal.unscaled() * BigInt::from(10).pow(missing), scale).into()
                }
                None => decimal.into(),
            }
        }
        Some(Logical::Date) => {
            let date = Lenient { year: small(0), month: small(1), day: small(2), ..Lenient::default() };
            Value::Date(date.epoch_ms())
        }
        Some(Logical::Time) => {
            let second = (i64::from(small(0)) * 60 + i64::from(small(1))) * 60 + i64::from(small(2));
            let ms = second * 1000 + number(3) / 1_000_000;
            if !(0..=DAY_MS).contains(&ms) {
                return Err(Error::data(
                    "Time values must use number of milliseconds greater than 0 and less than 86400000",
                ));
            }
            Value::Date(ms)
        }
        _ => Value::Date(number(0).wrapping_mul(1000).wrapping_add(number(1) / 1_000_000)),
    })
}
