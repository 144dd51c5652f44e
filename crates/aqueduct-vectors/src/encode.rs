//! From the data model to the encoding of the recordings.

use aqueduct_api::{Error, Header, Headers, Schema, Type, Value};
use serde_json::json;

use crate::Json;

/// Lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A schema; JSON null for none.
pub fn encode_schema(schema: Option<&Schema>) -> Json {
    let Some(schema) = schema else {
        return Json::Null;
    };
    let mut object = serde_json::Map::new();
    let mut put = |key: &str, value: Json| object.insert(key.to_owned(), value);
    put("t", json!(schema.kind().name()));
    if schema.is_optional() {
        put("opt", json!(true));
    }
    if let Some(name) = schema.name() {
        put("name", json!(name.as_str()));
    }
    if let Some(version) = schema.version() {
        put("ver", json!(version));
    }
    if let Some(doc) = schema.doc() {
        put("doc", json!(doc.as_str()));
    }
    if !schema.parameters().is_empty() {
        let parameters = schema.parameters().iter();
        put("params", parameters.map(|(key, value)| json!([key.as_str(), value.as_str()])).collect());
    }
    if !schema.default_value().is_null() {
        put("def", encode_value(schema.default_value(), Some(schema)));
    }
    match schema.kind() {
        Type::Struct => {
            let fields = schema.fields().iter();
            let encode = |field: &aqueduct_api::Field| json!({"n": field.name.as_str(), "s": encode_schema(Some(&field.schema))});
            put("fields", fields.map(encode).collect());
        }
        Type::Array => {
            put("val", encode_schema(schema.value_schema()));
        }
        Type::Map => {
            put("key", encode_schema(schema.key_schema()));
            put("val", encode_schema(schema.value_schema()));
        }
        _ => {}
    }
    Json::Object(object)
}

/// A value; a struct whose schema is the expected one does not repeat it.
pub fn encode_value(value: &Value, expected: Option<&Schema>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Int8(value) => json!({"k": "i8", "v": value.to_string()}),
        Value::Int16(value) => json!({"k": "i16", "v": value.to_string()}),
        Value::Int32(value) => json!({"k": "i32", "v": value.to_string()}),
        Value::Int64(value) => json!({"k": "i64", "v": value.to_string()}),
        Value::BigInteger(value) => json!({"k": "bigint", "v": value.to_string()}),
        Value::Float32(value) => json!({"k": "f32", "bits": format!("{:08x}", value.to_bits())}),
        Value::Float64(value) => json!({"k": "f64", "bits": format!("{:016x}", value.to_bits())}),
        Value::Boolean(value) => json!({"k": "bool", "v": value}),
        Value::String(text) => json!({"k": "str", "v": text.as_str()}),
        Value::Bytes(bytes) => json!({"k": "bytes", "hex": hex(bytes)}),
        Value::Decimal(value) => {
            json!({"k": "dec", "unscaled": value.unscaled().to_string(), "scale": value.scale()})
        }
        Value::Date(ms) => json!({"k": "date", "ms": ms.to_string()}),
        Value::Array(values) => {
            let element =
                expected.filter(|schema| schema.kind() == Type::Array).and_then(Schema::value_schema);
            let values: Json = values.iter().map(|value| encode_value(value, element)).collect();
            json!({"k": "list", "v": values})
        }
        Value::Map(map) => {
            let of_map = expected.filter(|schema| schema.kind() == Type::Map);
            let (keys, values) = (of_map.and_then(Schema::key_schema), of_map.and_then(Schema::value_schema));
            let entries: Json = map
                .iter()
                .map(|(key, value)| json!([encode_value(key, keys), encode_value(value, values)]))
                .collect();
            let order = if map.java_class() == "java.util.HashMap" { "hash" } else { "linked" };
            json!({"k": "map", "v": entries, "ord": order})
        }
        Value::Struct(value) => {
            let values: Json =
                value.iter().map(|(field, value)| encode_value(value, Some(&field.schema))).collect();
            if expected == Some(value.schema()) {
                json!({"k": "struct", "v": values})
            } else {
                json!({"k": "struct", "s": encode_schema(Some(value.schema())), "v": values})
            }
        }
    }
}

/// `{"schema": …, "value": …}`
pub fn encode_schema_and_value(schema: Option<&Schema>, value: &Value) -> Json {
    json!({"schema": encode_schema(schema), "value": encode_value(value, schema)})
}

/// A header with its name.
pub fn encode_header(header: &Header) -> Json {
    json!({
        "n": header.key.as_str(),
        "schema": encode_schema(header.schema.as_ref()),
        "value": encode_value(&header.value, header.schema.as_ref()),
    })
}

/// The headers of a record.
pub fn encode_headers(headers: &Headers) -> Json {
    headers.iter().map(encode_header).collect()
}

/// An error inside a result: `{"class": …, "msg": …}`.
pub fn encode_error(error: &Error) -> Json {
    json!({"class": error.kind().java_class(), "msg": error.message()})
}
