//! From the encoding of the recordings to the data model.

use aqueduct_api::data::{Decimal, Map};
use aqueduct_api::{Header, Headers, Schema, SchemaBuilder, Struct, Text, Type, Value};
use num_bigint::BigInt;

use crate::{Failure, Json};

/// Whether a document holds something that the data model cannot.
pub(crate) fn is_unrepresentable(json: &Json) -> bool {
    match json {
        Json::Object(object) => {
            object.contains_key("utf16")
                || object.contains_key("pos")
                || object.get("k").is_some_and(|kind| kind == "obj")
                || object.values().any(is_unrepresentable)
        }
        Json::Array(parts) => parts.iter().any(is_unrepresentable),
        _ => false,
    }
}

fn unrepresentable(reason: impl Into<String>) -> Failure {
    Failure::Unrepresentable(reason.into())
}

/// A line that this crate does not understand is a failure of the test, not a deviation.
fn malformed(json: &Json) -> Failure {
    panic!("not in the encoding of the recordings: {json}")
}

/// A plain text.
///
/// # Panics
/// If it is null.
pub fn text(json: &Json) -> Result<String, Failure> {
    optional_text(json)?.ok_or_else(|| malformed(json))
}

/// A plain text or null.
pub fn optional_text(json: &Json) -> Result<Option<String>, Failure> {
    match json {
        Json::Null => Ok(None),
        Json::String(text) => Ok(Some(text.clone())),
        Json::Object(object) if object.contains_key("utf16") => Err(unrepresentable("half a surrogate pair")),
        _ => Err(malformed(json)),
    }
}

/// The bytes of hex digits.
///
/// # Panics
/// If they are none.
pub fn bytes_of_hex(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| {
            std::str::from_utf8(pair)
                .ok()
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                .unwrap_or_else(|| panic!("not hex: {hex}"))
        })
        .collect()
}

/// A schema; `None` for no schema.
pub fn decode_schema(json: &Json) -> Result<Option<Schema>, Failure> {
    let Json::Object(object) = json else {
        return Ok(None);
    };
    let get = |key: &str| object.get(key).unwrap_or(&Json::Null);
    let kind = get("t").as_str().and_then(Type::from_name).ok_or_else(|| malformed(json))?;
    let mut builder = match kind {
        Type::Array => SchemaBuilder::array(decode_schema(get("val"))?),
        Type::Map => SchemaBuilder::map(decode_schema(get("key"))?, decode_schema(get("val"))?),
        _ => SchemaBuilder::new(kind),
    };
    if get("opt").as_bool() == Some(true) {
        builder = builder.optional();
    }
    if let Some(name) = optional_text(get("name"))? {
        builder = builder.name(name);
    }
    if let Some(version) = get("ver").as_i64() {
        builder = builder.version(i32::try_from(version).map_err(|_| malformed(json))?);
    }
    if let Some(doc) = optional_text(get("doc"))? {
        builder = builder.doc(doc);
    }
    for pair in get("params").as_array().into_iter().flatten() {
        builder = builder.parameter(text(&pair[0])?, text(&pair[1])?);
    }
    for field in get("fields").as_array().into_iter().flatten() {
        let schema = decode_schema(&field["s"])?.ok_or_else(|| malformed(json))?;
        builder = builder.field(text(&field["n"])?, schema);
    }
    match get("def") {
        Json::Null => Ok(Some(builder.build()?)),
        default => {
            let mut bare = object.clone();
            bare.remove("def");
            let default = decode_value(default, decode_schema(&Json::Object(bare))?.as_ref())?;
            Ok(Some(builder.default_value(default).build()?))
        }
    }
}

/// A value; a struct that does not repeat its schema has the expected one.
pub fn decode_value(json: &Json, expected: Option<&Schema>) -> Result<Value, Failure> {
    let Json::Object(object) = json else {
        return if json.is_null() { Ok(Value::Null) } else { Err(malformed(json)) };
    };
    let get = |key: &str| object.get(key).unwrap_or(&Json::Null);
    let digits = |key: &str| get(key).as_str().ok_or_else(|| malformed(json));
    macro_rules! number {
        ($variant:ident, $key:literal) => {
            Value::$variant(digits($key)?.parse().map_err(|_| malformed(json))?)
        };
    }
    Ok(match get("k").as_str().unwrap_or_default() {
        "i8" => number!(Int8, "v"),
        "i16" => number!(Int16, "v"),
        "i32" => number!(Int32, "v"),
        "i64" => number!(Int64, "v"),
        "date" => number!(Date, "ms"),
        "bigint" => Value::from(digits("v")?.parse::<BigInt>().map_err(|_| malformed(json))?),
        "f32" => {
            let bits = u32::from_str_radix(digits("bits")?, 16).map_err(|_| malformed(json))?;
            Value::Float32(f32::from_bits(bits))
        }
        "f64" => {
            let bits = u64::from_str_radix(digits("bits")?, 16).map_err(|_| malformed(json))?;
            Value::Float64(f64::from_bits(bits))
        }
        "bool" => Value::Boolean(get("v").as_bool().ok_or_else(|| malformed(json))?),
        "str" => match get("v") {
            Json::String(text) => Value::from(text.as_str()),
            _ => return Err(unrepresentable("half a surrogate pair")),
        },
        "bytes" => Value::from(bytes_of_hex(digits("hex")?)),
        "bbuf" if object.contains_key("pos") => return Err(unrepresentable("a window of a ByteBuffer")),
        "bbuf" => Value::from(bytes_of_hex(digits("hex")?)),
        "dec" => {
            let unscaled = digits("unscaled")?.parse::<BigInt>().map_err(|_| malformed(json))?;
            let scale = get("scale").as_i64().and_then(|scale| i32::try_from(scale).ok());
            Value::from(Decimal::new(unscaled, scale.ok_or_else(|| malformed(json))?))
        }
        "list" => {
            let element = expected.and_then(Schema::value_schema);
            let parts = get("v").as_array().ok_or_else(|| malformed(json))?;
            Value::Array(parts.iter().map(|part| decode_value(part, element)).collect::<Result<_, _>>()?)
        }
        "map" => decode_map(object, expected).ok_or_else(|| malformed(json))??,
        "struct" => {
            let own = decode_schema(get("s"))?;
            let schema = own.as_ref().or(expected).ok_or_else(|| malformed(json))?;
            let parts = get("v").as_array().ok_or_else(|| malformed(json))?;
            let values = parts
                .iter()
                .zip(schema.fields())
                .map(|(part, field)| decode_value(part, Some(&field.schema)))
                .collect::<Result<_, _>>()?;
            Value::Struct(Struct::from_values(schema.clone(), values)?)
        }
        "set" => return Err(unrepresentable("a Set")),
        "obj" => return Err(unrepresentable(format!("an object of {}", get("class")))),
        _ => return Err(malformed(json)),
    })
}

fn decode_map(
    object: &serde_json::Map<String, Json>,
    expected: Option<&Schema>,
) -> Option<Result<Value, Failure>> {
    let of_map = expected.filter(|schema| schema.kind() == Type::Map);
    let (key_schema, value_schema) =
        (of_map.and_then(Schema::key_schema), of_map.and_then(Schema::value_schema));
    let entries = object
        .get("v")?
        .as_array()?
        .iter()
        .map(|pair| Ok((decode_value(&pair[0], key_schema)?, decode_value(&pair[1], value_schema)?)))
        .collect::<Result<Vec<_>, Failure>>();
    let hashed = object.get("ord").is_some_and(|order| order == "hash");
    let make = if hashed { Map::from_hash_order } else { Map::from_unique };
    Some(entries.map(|entries| Value::Map(make(entries))))
}

/// The headers of a record, as they are.
pub fn decode_headers(json: &Json) -> Result<Headers, Failure> {
    json.as_array()
        .into_iter()
        .flatten()
        .map(|header| {
            let schema = decode_schema(&header["schema"])?;
            let value = decode_value(&header["value"], schema.as_ref())?;
            Ok(Header { key: Text::from(text(&header["n"])?), schema, value })
        })
        .collect()
}
