//! Messages that stand for one value.

use aqueduct_api::data::calendar::{DAY_MS, DateTime, Lenient};
use aqueduct_api::data::{Decimal, Logical, decimal_scale};
use aqueduct_api::{Error, Result, Schema, Value};
use num_bigint::BigInt;
use prost_reflect::{DynamicMessage, MessageDescriptor, Value as Proto};

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

/// The message of a value.
pub(super) fn write(
    schema: &Schema,
    value: &Value,
    descriptor: &MessageDescriptor,
) -> Result<DynamicMessage> {
    let logical = schema.logical().ok_or_else(|| Error::data(format!("{schema} is no logical type")))?;
    // Checks what Connect checks.
    logical.encode(schema, value)?;
    let fields = match value {
        Value::Decimal(decimal) => vec![
            ("value", Proto::Bytes(decimal.unscaled().to_signed_bytes_be().into())),
            ("scale", Proto::I32(decimal.scale())),
        ],
        Value::Date(ms) if logical == Logical::Date => {
            let date = DateTime::from_epoch_ms(*ms);
            vec![
                ("year", Proto::I32(date.year)),
                ("month", Proto::I32(date.month.into())),
                ("day", Proto::I32(date.day.into())),
            ]
        }
        Value::Date(ms) if logical == Logical::Time => {
            let second = ms / 1000;
            let part = |number: i64| Proto::I32(i32::try_from(number).unwrap_or(i32::MAX));
            let nanos = part(ms % 1000 * 1_000_000);
            vec![
                ("hours", part(second / 3600)),
                ("minutes", part(second / 60 % 60)),
                ("seconds", part(second % 60)),
                ("nanos", nanos),
            ]
        }
        Value::Date(ms) => {
            let nanos = i32::try_from(ms.rem_euclid(1000) * 1_000_000).unwrap_or(0);
            vec![("seconds", Proto::I64(ms.div_euclid(1000))), ("nanos", Proto::I32(nanos))]
        }
        other => return Err(Error::data(format!("Invalid type for {schema}: class {}", other.java_class()))),
    };
    let mut message = DynamicMessage::new(descriptor.clone());
    for (name, value) in fields {
        message.try_set_field_by_name(name, value).map_err(|error| {
            Error::data(format!("{} is another than the known one: {error}", descriptor.full_name()))
        })?;
    }
    Ok(message)
}

/// The value of a message.
pub(super) fn read(schema: &Schema, message: &DynamicMessage) -> Result<Value> {
    let number = |name: &str| {
        let value = message.get_field_by_name(name);
        value.and_then(|value| value.as_i32().map(i64::from).or_else(|| value.as_i64())).unwrap_or(0)
    };
    let small = |name: &str| i32::try_from(number(name)).unwrap_or(0);
    Ok(match schema.logical() {
        Some(Logical::Decimal) => {
            let bytes = message
                .get_field_by_name("value")
                .and_then(|value| value.as_bytes().cloned())
                .unwrap_or_default();
            let decimal = Decimal::new(BigInt::from_signed_bytes_be(&bytes), small("scale"));
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
            let date = Lenient {
                year: small("year"),
                month: small("month"),
                day: small("day"),
                ..Lenient::default()
            };
            Value::Date(date.epoch_ms())
        }
        Some(Logical::Time) => {
            let second = (number("hours") * 60 + number("minutes")) * 60 + number("seconds");
            let ms = second * 1000 + number("nanos") / 1_000_000;
            if !(0..=DAY_MS).contains(&ms) {
                return Err(Error::data(
                    "Time values must use number of milliseconds greater than 0 and less than 86400000",
                ));
            }
            Value::Date(ms)
        }
        _ => Value::Date(number("seconds").wrapping_mul(1000).wrapping_add(number("nanos") / 1_000_000)),
    })
}
