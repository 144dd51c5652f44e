//! Schemas, structs, headers, logical types and the projector.

use aqueduct_api::data::{Logical, project, validate_field, validate_value};
use aqueduct_api::{ErrorKind, Headers, Schema, SchemaAndValue, SchemaBuilder, Struct, Type, Value};
use aqueduct_vectors::{
    Case, Deviation, Failure, Json, check, decode_schema, decode_value, encode_error, encode_headers,
    encode_schema, encode_value, optional_text, text,
};
use serde_json::json;

use crate::java_text::prints_buffer;

fn unknown(what: &str) -> ! {
    panic!("no operation {what}")
}

fn struct_of(json: &Json) -> Result<Struct, Failure> {
    match decode_value(json, None)? {
        Value::Struct(value) => Ok(value),
        other => panic!("no struct: {other:?}"),
    }
}

fn required(schema: Option<Schema>) -> Schema {
    schema.expect("a schema")
}

#[test]
fn validates_builds_and_compares() {
    let deviations = [Deviation::when(prints_buffer, "a ByteBuffer is bytes to us, and named as such")];
    check("schema.validate", &deviations, |case| match case.op() {
        "validate" | "validate-named" => {
            let (schema, value) = case.schema_and_value()?;
            let schema = required(schema);
            match case.optional_text("name")? {
                Some(name) => validate_field(&name, &schema, &value)?,
                None => validate_value(&schema, &value)?,
            }
            Ok(json!({ "ok": true }))
        }
        "builder" => build(case),
        "schema-equals" => {
            let (a, b) = (required(case.schema("a")?), required(case.schema("b")?));
            Ok(json!({ "equal": a == b, "string": a.to_string() }))
        }
        "struct-equals" => Ok(json!({ "equal": struct_of(case.get("a"))? == struct_of(case.get("b"))? })),
        "struct-validate" => {
            struct_of(case.get("struct"))?.validate()?;
            Ok(json!({ "ok": true }))
        }
        "struct-put" => {
            let schema = required(case.schema("schema")?);
            let field = case.text("field")?;
            let expected = schema.field(&field).map(|field| field.schema.clone());
            let value = decode_value(case.get("value"), expected.as_ref())?;
            Struct::new(schema)?.put(&field, value)?;
            Ok(json!({ "ok": true }))
        }
        "struct-get" => {
            let value = struct_of(case.get("struct"))?;
            let field = case.text("field")?;
            let how = case.text("how")?;
            let found = match how.as_str() {
                "get" => value.get(&field)?,
                "getWithoutDefault" => value.get_without_default(&field)?,
                typed => {
                    let name = typed.trim_start_matches("get").to_uppercase();
                    let kind = Type::from_name(&name).unwrap_or_else(|| unknown(&how));
                    value.get_checked(&field, kind)?
                }
            };
            let expected = value.schema().field(&field).map(|field| &field.schema);
            Ok(json!({ "value": encode_value(found, expected) }))
        }
        other => unknown(other),
    });
}

fn build(case: &Case) -> Result<Json, Failure> {
    let kind = Type::from_name(&case.text("type")?).unwrap_or_else(|| unknown("type"));
    let mut builder = match kind {
        Type::Array => SchemaBuilder::array(Schema::INT32),
        Type::Map => SchemaBuilder::map(Schema::STRING, Schema::INT32),
        _ => SchemaBuilder::new(kind),
    };
    for call in case.get("calls").as_array().into_iter().flatten() {
        builder = match call["call"].as_str().unwrap_or_default() {
            "optional" => builder.optional(),
            "required" => builder.required(),
            "name" => builder.name(text(&call["a"])?),
            "version" => builder.version(call["a"].as_i64().unwrap_or_default() as i32),
            "doc" => builder.doc(text(&call["a"])?),
            "default" => builder.default_value(decode_value(&call["value"], None)?),
            "parameter" => builder.parameter(text(&call["a"])?, text(&call["b"])?),
            "field" => {
                let name = optional_text(&call["a"])?;
                let (Some(name), Some(schema)) = (name, decode_schema(&call["schema"])?) else {
                    return Err(Failure::Unrepresentable("a field without name or schema".to_owned()));
                };
                builder.field(name, schema)
            }
            other => unknown(other),
        };
    }
    let schema = builder.build()?;
    Ok(json!({ "schema": encode_schema(Some(&schema)), "string": schema.to_string() }))
}

#[test]
fn keeps_headers() {
    let deviations = [Deviation::when(prints_buffer, "a ByteBuffer is bytes to us, and printed as such")];
    check("headers", &deviations, |case| {
        let mut headers = Headers::new();
        let results = case.get("calls").as_array().into_iter().flatten().map(|call| step(&mut headers, call));
        let results = results.collect::<Result<Vec<_>, _>>()?;
        Ok(json!({ "headers": encode_headers(&headers), "results": results }))
    });
}

fn step(headers: &mut Headers, call: &Json) -> Result<Json, Failure> {
    let key = optional_text(&call["key"])?.unwrap_or_default();
    let schema = decode_schema(&call["schema"])?;
    let value = decode_value(&call["value"], schema.as_ref())?;
    let optional = |kind| if value.is_null() { Schema::optional_bare(kind) } else { Schema::bare(kind) };
    let done = match call["call"].as_str().unwrap_or_default() {
        "add" => headers.add(key, SchemaAndValue::new(schema, value)),
        "addString" => headers.add(key, SchemaAndValue::new(optional(Type::String), value)),
        "addBytes" => headers.add(key, SchemaAndValue::new(optional(Type::Bytes), value)),
        "addInt" => headers.add(key, SchemaAndValue::new(Schema::INT32, value)),
        "addDecimal" => match &value {
            Value::Decimal(decimal) => {
                let schema = SchemaBuilder::decimal(decimal.scale()).build()?;
                headers.add(key, SchemaAndValue::new(schema, value))
            }
            _ => headers.add(key, SchemaAndValue::NULL),
        },
        "addDate" => headers.add_logical(key, Logical::Date, value),
        "addTime" => headers.add_logical(key, Logical::Time, value),
        "addTimestamp" => headers.add_logical(key, Logical::Timestamp, value),
        "remove" => {
            headers.remove(&key);
            Ok(())
        }
        "retainLatest" => {
            headers.retain_latest();
            Ok(())
        }
        "retainLatestKey" => {
            headers.retain_latest_of(&key);
            Ok(())
        }
        "lastWithName" => {
            return Ok(headers.last_with_name(&key).map_or(Json::Null, |header| {
                json!({
                    "schema": encode_schema(header.schema.as_ref()),
                    "value": encode_value(&header.value, header.schema.as_ref()),
                })
            }));
        }
        "allWithName" => return Ok(json!({ "count": headers.all_with_name(&key).count() })),
        other => unknown(other),
    };
    Ok(match done {
        Ok(()) => json!({ "ok": true }),
        Err(error) => json!({ "err": encode_error(&error) }),
    })
}

#[test]
fn encodes_and_decodes_logical_types() {
    check("logical", &[], |case| {
        let logical = match case.text("type")?.as_str() {
            "Decimal" => Logical::Decimal,
            "Date" => Logical::Date,
            "Time" => Logical::Time,
            "Timestamp" => Logical::Timestamp,
            other => unknown(other),
        };
        let schema = required(case.schema("schema")?);
        let value = decode_value(case.get("value"), None)?;
        let result = match case.op() {
            "from" => logical.encode(&schema, &value)?,
            "to" => logical.decode(&schema, &value)?,
            other => unknown(other),
        };
        Ok(json!({ "value": encode_value(&result, None) }))
    });
}

#[test]
fn projects_to_other_schemas() {
    check("projector", &[], |case| {
        let (source, target) = (required(case.schema("source")?), required(case.schema("target")?));
        let value = decode_value(case.get("value"), Some(&source))?;
        let projected = project(&source, &value, &target)?;
        Ok(json!({ "value": encode_value(&projected, Some(&target)) }))
    });
}

#[test]
fn parameters_are_a_map() {
    let schema = |first: &'static str, second: &'static str| {
        let builder = SchemaBuilder::new(Type::String).parameter(first, "1").parameter(second, "1");
        builder.build().expect("a schema")
    };
    assert_eq!(schema("a", "b"), schema("b", "a"));
    assert_ne!(schema("a", "b"), schema("a", "c"));
}

#[test]
fn positions_beyond_a_struct_are_null() {
    let schema = SchemaBuilder::structure().field("a", Schema::INT32).build().expect("a schema");
    let value = Struct::new(schema.clone()).expect("a struct");
    assert!(value.get_at(7).is_null());
    let error = Struct::from_values(schema, Vec::new()).expect_err("a value is missing");
    assert_eq!(error.kind(), ErrorKind::Data);
}
