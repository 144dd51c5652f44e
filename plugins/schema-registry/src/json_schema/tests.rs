//! Schemas and values, there and back.

use aqueduct_api::data::{Decimal, Logical, Map};
use aqueduct_api::{ConfigMap, ConverterRole, Schema, SchemaAndValue, SchemaBuilder, Struct, Type, Value};
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::JsonSchema;
use crate::config;
use crate::converter::Format;
use crate::registry::{Documents, SchemaKind, SchemaText};

fn format(config: &[(&str, &str)]) -> JsonSchema {
    let mut map = ConfigMap::from([(config::URL, "mock://json")]);
    map.extend_with(&config.iter().copied().collect());
    let parsed =
        config::parse(&map, ConverterRole::Value, &JsonSchema::keys()).expect("a valid configuration");
    JsonSchema::new(&parsed).expect("a valid configuration")
}

fn documents(text: &str) -> Documents {
    let schema = SchemaText { kind: SchemaKind::Json, text: text.to_owned(), references: Vec::new() };
    Documents { schema, references: Vec::new() }
}

fn write(format: &JsonSchema, schema: Option<&Schema>, value: &Value) -> String {
    let mut out = Vec::new();
    format.write(&schema.cloned(), value, &mut out).unwrap_or_else(|error| panic!("{value:?}: {error}"));
    String::from_utf8(out).expect("JSON")
}

fn read(format: &JsonSchema, text: &str, payload: &str) -> aqueduct_api::Result<SchemaAndValue> {
    let reader = format.reader(&documents(text), None)?;
    format.read(&reader, None, &Bytes::from(payload.to_owned()))
}

fn built(builder: SchemaBuilder) -> Schema {
    builder.build().expect("a schema")
}

/// Writes a value, compares the schema and the payload, and reads it back.
fn check(config: &[(&str, &str)], schema: &Schema, value: impl Into<Value>, text: &Json, payload: &str) {
    let (format, value) = (format(config), value.into());
    let generated = format.generate(Some(schema)).expect("a JSON Schema").schema.text;
    assert_eq!(generated.parse::<Json>().expect("JSON"), *text, "{schema}");
    assert_eq!(write(&format, Some(schema), &value), payload, "{schema}");
    let read = read(&format, &generated, payload).unwrap_or_else(|error| panic!("{generated}: {error}"));
    assert_eq!(read, SchemaAndValue::new(schema.clone(), value));
}

#[test]
fn plain_types() {
    let of = |kind: &str, connect: &str| json!({"type": kind, "connect.type": connect});
    check(&[], &Schema::bare(Type::Int8), -1_i8, &of("integer", "int8"), "-1");
    check(&[], &Schema::bare(Type::Int16), 300_i16, &of("integer", "int16"), "300");
    check(&[], &Schema::INT32, 7, &of("integer", "int32"), "7");
    check(&[], &Schema::INT64, i64::MIN, &of("integer", "int64"), "-9223372036854775808");
    check(&[], &Schema::bare(Type::Float32), 1.5_f32, &of("number", "float32"), "1.5");
    check(&[], &Schema::bare(Type::Float64), 1e10_f64, &of("number", "float64"), "1.0E10");
    check(&[], &Schema::bare(Type::Float64), f64::NAN, &of("number", "float64"), "\"NaN\"");
    check(&[], &Schema::BOOLEAN, true, &json!({"type": "boolean"}), "true");
    check(&[], &Schema::STRING, "a\"ß", &json!({"type": "string"}), "\"a\\\"ß\"");
    check(&[], &Schema::BYTES, vec![1_u8, 2], &of("string", "bytes"), "\"AQI=\"");
    check(
        &[],
        &Schema::OPTIONAL_STRING,
        "a",
        &json!({"oneOf": [{"type": "null"}, {"type": "string"}]}),
        "\"a\"",
    );
}

#[test]
fn logical_types() {
    let of = |kind: &str, connect: &str, name: &str| json!({"type": kind, "connect.type": connect, "title": format!("org.apache.kafka.connect.data.{name}"), "connect.version": 1});
    let schema = |logical: Logical| logical.schema().expect("a schema");
    check(&[], &schema(Logical::Date), Value::Date(86_400_000), &of("integer", "int32", "Date"), "1");
    check(&[], &schema(Logical::Time), Value::Date(5), &of("integer", "int32", "Time"), "5");
    check(&[], &schema(Logical::Timestamp), Value::Date(-7), &of("integer", "int64", "Timestamp"), "-7");
    let mut decimal = of("string", "bytes", "Decimal");
    decimal["connect.parameters"] = json!({"scale": "2"});
    check(&[], &built(SchemaBuilder::decimal(2)), Decimal::new(156, 2), &decimal, "\"AJw=\"");
    decimal["type"] = "number".into();
    check(
        &[("decimal.format", "numeric")],
        &built(SchemaBuilder::decimal(2)),
        Decimal::new(156, 2),
        &decimal,
        "1.56",
    );
}

#[test]
fn arrays_maps_and_structs() {
    let number = json!({"type": "integer", "connect.type": "int32"});
    let array = built(SchemaBuilder::array(Schema::INT32));
    check(
        &[],
        &array,
        Value::Array(vec![1.into(), 2.into()]),
        &json!({"type": "array", "items": number}),
        "[1,2]",
    );
    let map: Map = [("k", 1)].into_iter().collect();
    let text = json!({"type": "object", "additionalProperties": number, "connect.type": "map"});
    check(&[], &built(SchemaBuilder::map(Schema::STRING, Schema::INT32)), map, &text, r#"{"k":1}"#);
    let map: Map = [(1, "v")].into_iter().collect();
    let text = json!({"type": "array", "connect.type": "map",
        "items": {"type": "object", "properties": {"key": number, "value": {"type": "string"}}}});
    check(
        &[],
        &built(SchemaBuilder::map(Schema::INT32, Schema::STRING)),
        map,
        &text,
        r#"[{"key":1,"value":"v"}]"#,
    );
    let schema = built(
        SchemaBuilder::structure()
            .name("R")
            .doc("D")
            .version(2)
            .field("b", Schema::STRING)
            .field("a", Schema::OPTIONAL_STRING)
            .field("d", built(SchemaBuilder::new(Type::Int32).default_value(5.into()))),
    );
    let value =
        Struct::from_values(schema.clone(), vec!["x".into(), Value::Null, 6.into()]).expect("a struct");
    let text = json!({"type": "object", "title": "R", "description": "D", "connect.version": 2, "properties": {
        "b": {"type": "string", "connect.index": 0},
        "a": {"oneOf": [{"type": "null"}, {"type": "string"}], "connect.index": 1},
        "d": {"type": "integer", "connect.type": "int32", "default": 5, "connect.index": 2},
    }});
    check(&[], &schema, value.clone(), &text, r#"{"b":"x","a":null,"d":6}"#);
    let mut closed = text;
    closed["additionalProperties"] = false.into();
    check(
        &[("object.additional.properties", "false")],
        &schema,
        value,
        &closed,
        r#"{"b":"x","a":null,"d":6}"#,
    );
}

#[test]
fn schemas_of_others() {
    let text = r##"{"type":"object","title":"T","required":["id"],"properties":{
        "late":{"type":"integer","connect.index":9},
        "id":{"$ref":"#/$defs/id"},
        "color":{"enum":["RED","BLUE"]},
        "maybe":{"type":["null","number"]},
        "either":{"oneOf":[{"type":"string"},{"type":"object","properties":{"x":{"type":"integer"}}}]},
        "both":{"allOf":[{"properties":{"p":{"type":"string"}}},{"properties":{"q":{"type":"boolean"}}}]}},
        "$defs":{"id":{"type":"integer"}}}"##;
    let payload =
        r#"{"id":1,"late":2,"color":"RED","maybe":null,"either":{"x":3},"both":{"p":"p","q":true},"more":0}"#;
    let value = read(&format(&[]), text, payload).expect("a value");
    let schema = value.schema.expect("a schema");
    let names: Vec<_> = schema.fields().iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["id", "color", "maybe", "either", "both", "late"]);
    let value = value.value.as_struct().expect("a struct").clone();
    let color = &schema.field("color").expect("a field").schema;
    assert_eq!(
        color.parameter("io.confluent.connect.json.Enum.BLUE").map(|text| text.as_str()),
        Some("BLUE")
    );
    assert!(schema.field("maybe").expect("a field").schema.is_optional());
    let either = value.get("either").expect("a field").as_struct().expect("a union");
    let member = either.get("io.confluent.connect.json.OneOf.field.1").expect("a member");
    assert_eq!(member.as_struct().expect("a struct").get("x").expect("a field"), &Value::Int64(3));
    let both = value.get("both").expect("a field").as_struct().expect("a struct");
    assert_eq!(both.values(), [Value::from("p"), true.into()]);
    assert_eq!(
        write(&format(&[]), Some(&schema), &value.into()),
        r#"{"id":1,"color":"RED","maybe":null,"either":{"x":3},"both":{"p":"p","q":true},"late":2}"#
    );
}

#[test]
fn what_is_not_required_is_optional_on_demand() {
    let text =
        r#"{"type":"object","required":["a"],"properties":{"a":{"type":"string"},"b":{"type":"string"}}}"#;
    let payload = r#"{"a":"x"}"#;
    assert!(read(&format(&[]), text, payload).is_err());
    let value = read(&format(&[("use.optional.for.nonrequired", "true")]), text, payload).expect("a value");
    assert_eq!(value.value.as_struct().expect("a struct").values(), ["x".into(), Value::Null]);
    assert!(read(&format(&[("use.optional.for.nonrequired", "true")]), text, "{}").is_err());
}

#[test]
fn values_without_a_schema() {
    let format = format(&[]);
    let text = format.generate(None).expect("a schema").schema.text;
    assert_eq!(text, "{}");
    let map: Map = [("a", Value::Array(vec![1_i64.into(), 2.5.into(), Value::Null]))].into_iter().collect();
    let payload = write(&format, None, &map.clone().into());
    assert_eq!(payload, r#"{"a":[1,2.5,null]}"#);
    assert_eq!(read(&format, &text, &payload).expect("a value"), SchemaAndValue::new(None, map));
}

#[test]
fn references_lead_to_other_schemas() {
    let mut documents = documents(r#"{"type":"array","items":{"$ref":"point.json"}}"#);
    documents.references.push((
        "point.json".to_owned(),
        r##"{"$ref":"#/definitions/n","definitions":{"n":{"type":"string"}}}"##.to_owned(),
    ));
    let reader = format(&[]).reader(&documents, None).expect("a reader");
    assert_eq!(reader, Some(built(SchemaBuilder::array(Schema::STRING))));
}

#[test]
fn what_can_not_be_is_refused() {
    for text in [
        "7",
        "false",
        r#"{"type":"null"}"#,
        r#"{"type":"what"}"#,
        r#"{"type":"array"}"#,
        r##"{"$ref":"#"}"##,
        r##"{"type":"array","items":{"$ref":"#"}}"##,
        r##"{"$ref":"#/gone"}"##,
    ] {
        assert!(format(&[]).reader(&documents(text), None).is_err(), "{text}");
    }
    for payload in ["", "{", "1", "null", r#"{"a":"x"}"#] {
        let text = r#"{"type":"object","properties":{"a":{"type":"integer"}}}"#;
        assert!(read(&format(&[]), text, payload).is_err(), "{payload}");
    }
}

fn values() -> impl Strategy<Value = (Schema, Value)> {
    let leaf = prop_oneof![
        any::<i8>().prop_map(|v| (Schema::bare(Type::Int8), v.into())),
        any::<i64>().prop_map(|v| (Schema::optional_bare(Type::Int64), v.into())),
        any::<f32>().prop_map(|v| (Schema::bare(Type::Float32), v.into())),
        any::<f64>().prop_map(|v| (Schema::bare(Type::Float64), v.into())),
        ".*".prop_map(|v| (Schema::STRING, v.into())),
        any::<Vec<u8>>().prop_map(|v| (Schema::OPTIONAL_BYTES, v.into())),
        Just((Schema::OPTIONAL_STRING, Value::Null)),
        any::<i64>().prop_map(|v| (built(SchemaBuilder::decimal(3)), Decimal::new(v, 3).into())),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            (inner.clone(), 0..4_usize).prop_map(|((schema, value), count)| {
                (built(SchemaBuilder::array(schema).optional()), Value::Array(vec![value; count]))
            }),
            (inner.clone(), any::<i32>()).prop_map(|((schema, value), key)| {
                let map: Map = [(key, value)].into_iter().collect();
                (built(SchemaBuilder::map(Schema::INT32, schema)), map.into())
            }),
            prop::collection::vec(inner, 1..4).prop_map(|fields| {
                let mut builder = SchemaBuilder::structure();
                for (index, (schema, _)) in fields.iter().enumerate() {
                    builder = builder.field(format!("f{index}"), schema.clone());
                }
                let schema = built(builder);
                let values = fields.into_iter().map(|(_, value)| value).collect();
                (schema.clone(), Struct::from_values(schema, values).expect("a struct").into())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read((schema, value) in values()) {
        let format = format(&[]);
        let text = format.generate(Some(&schema)).expect("a schema").schema.text;
        let payload = write(&format, Some(&schema), &value);
        let back = read(&format, &text, &payload).expect("a value");
        prop_assert_eq!(back, SchemaAndValue::new(schema, value));
    }

    #[test]
    fn no_text_breaks_it(text in r#"[\[\]{}":,a-z]{0,60}"#) {
        read(&format(&[]), &text, &text).ok();
    }
}
