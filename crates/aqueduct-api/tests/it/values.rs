//! `Values`

use aqueduct_api::data::values::*;
use aqueduct_api::{SchemaAndValue, Text};
use aqueduct_vectors::{Deviation, Json, check, encode_schema, encode_schema_and_value, encode_value};
use serde_json::json;

use crate::java_text::prints_buffer;

#[test]
fn parses_texts() {
    check("values.parse", &[], |case| {
        let parsed = match case.optional_text("text")? {
            Some(text) => parse_string(&Text::from(text)),
            None => Some(SchemaAndValue::NULL),
        };
        Ok(parsed.map_or(Json::Null, |parsed| encode_schema_and_value(parsed.schema.as_ref(), &parsed.value)))
    });
}

#[test]
fn converts_values() {
    check(
        "values.conv",
        &[Deviation::when(prints_buffer, "a ByteBuffer is bytes to us, and printed as such")],
        |case| {
            let (schema, value) = case.schema_and_value()?;
            let convert = match case.op() {
                "Boolean" => convert_to_boolean,
                "Byte" => convert_to_byte,
                "Short" => convert_to_short,
                "Integer" => convert_to_integer,
                "Long" => convert_to_long,
                "Float" => convert_to_float,
                "Double" => convert_to_double,
                "String" => convert_to_string,
                "List" => convert_to_list,
                "Map" => convert_to_map,
                "Struct" => convert_to_struct,
                "Time" => convert_to_time,
                "Date" => convert_to_date,
                "Timestamp" => convert_to_timestamp,
                "Decimal" => {
                    let scale = case.get("scale").as_i64().and_then(|scale| i32::try_from(scale).ok());
                    let scale = scale.expect("a scale of 32 bits");
                    let converted = convert_to_decimal(schema.as_ref(), &value, scale)?;
                    return Ok(json!({ "value": encode_value(&converted, schema.as_ref()) }));
                }
                "inferSchema" => {
                    return Ok(json!({ "schema": encode_schema(infer_schema(&value)?.as_ref()) }));
                }
                other => panic!("no operation {other}"),
            };
            let converted = convert(schema.as_ref(), &value)?;
            Ok(json!({ "value": encode_value(&converted, schema.as_ref()) }))
        },
    );
}

#[test]
fn deep_texts_are_strings() {
    let deep = Text::from("[".repeat(100_000));
    let parsed = parse_string(&deep).expect("a string");
    assert_eq!(parsed.value.as_text(), Some(&deep));
    let nested = format!("{}1{}", "[".repeat(400), "]".repeat(400));
    let parsed = parse_string(&Text::from(nested)).expect("lists");
    assert_eq!(parsed.value.java_class(), "java.util.ArrayList");
}

#[test]
fn long_strings_share_the_memory_of_the_text() {
    let text = Text::from(r#"["the first of two long strings", "the second of two long strings"]"#);
    let parsed = parse_string(&text).expect("a list");
    let whole = text.as_bytes().as_ptr_range();
    let aqueduct_api::Value::Array(elements) = parsed.value else { panic!("a list") };
    for element in elements {
        let element = element.as_text().expect("a string").clone();
        assert!(whole.contains(&element.as_bytes().as_ptr()), "{element} is a copy");
    }
}
