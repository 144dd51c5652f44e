//! Schemas and values, there and back.

use aqueduct_api::data::{Decimal, Logical, Map};
use aqueduct_api::{ConfigMap, ConverterRole, Schema, SchemaAndValue, SchemaBuilder, Struct, Type, Value};
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;

use super::Avro;
use crate::config;
use crate::converter::Format;
use crate::registry::{Documents, SchemaKind, SchemaText};

fn avro(config: &[(&str, &str)]) -> Avro {
    let mut map = ConfigMap::from([(config::URL, "mock://avro")]);
    map.extend_with(&config.iter().copied().collect());
    let parsed = config::parse(&map, ConverterRole::Value, &Avro::keys()).expect("a valid configuration");
    Avro::new(&parsed).expect("a valid configuration")
}

fn documents(text: &str) -> Documents {
    let schema = SchemaText { kind: SchemaKind::Avro, text: text.to_owned(), references: Vec::new() };
    Documents { schema, references: Vec::new() }
}

fn write(format: &Avro, schema: Option<&Schema>, text: &str, value: &Value) -> Vec<u8> {
    let writer = format.writer(schema, &documents(text)).unwrap_or_else(|error| panic!("{text}: {error}"));
    let mut out = Vec::new();
    format.write(&writer, value, &mut out).unwrap_or_else(|error| panic!("{text}: {error}"));
    out
}

fn read(format: &Avro, text: &str, bytes: &[u8]) -> SchemaAndValue {
    let reader = format.reader(&documents(text), None).unwrap_or_else(|error| panic!("{text}: {error}"));
    let payload = Bytes::copy_from_slice(bytes);
    format.read(&reader, None, &payload).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn built(builder: SchemaBuilder) -> Schema {
    builder.build().expect("a schema")
}

/// Writes a value, compares the schema and the bytes, and reads it back.
fn check(
    config: &[(&str, &str)],
    schema: &Schema,
    value: impl Into<Value>,
    text: &serde_json::Value,
    bytes: &[u8],
) {
    let (format, value) = (avro(config), value.into());
    let generated = format.generate(Some(schema)).expect("a schema of Avro");
    assert_eq!(generated.schema.text, text.to_string(), "{schema}");
    assert_eq!(write(&format, Some(schema), &generated.schema.text, &value), bytes, "{schema}");
    assert_eq!(read(&format, &generated.schema.text, bytes), SchemaAndValue::new(schema.clone(), value));
}

#[test]
fn plain_types() {
    let bare = Schema::bare;
    check(&[], &bare(Type::Int8), -1_i8, &json!({"type": "int", "connect.type": "int8"}), &[1]);
    check(&[], &bare(Type::Int16), 300_i16, &json!({"type": "int", "connect.type": "int16"}), &[0xd8, 4]);
    check(&[], &bare(Type::Int32), i32::MIN, &json!("int"), &[0xff, 0xff, 0xff, 0xff, 15]);
    check(
        &[],
        &bare(Type::Int64),
        i64::MAX,
        &json!("long"),
        &[0xfe, 255, 255, 255, 255, 255, 255, 255, 255, 1],
    );
    check(&[], &bare(Type::Float32), 1.5_f32, &json!("float"), &[0, 0, 0xc0, 0x3f]);
    check(&[], &bare(Type::Float64), -2.0_f64, &json!("double"), &[0, 0, 0, 0, 0, 0, 0, 0xc0]);
    check(&[], &bare(Type::Boolean), true, &json!("boolean"), &[1]);
    check(&[], &bare(Type::String), "aß", &json!("string"), &[6, b'a', 0xc3, 0x9f]);
    // A message of bytes alone has no length.
    check(&[], &bare(Type::Bytes), vec![1, 0xff], &json!("bytes"), &[1, 0xff]);
    check(&[], &Schema::OPTIONAL_STRING, "a", &json!(["null", "string"]), &[2, 2, b'a']);
}

#[test]
fn logical_types() {
    let of_connect = |kind: &str, name: &str, logical: &str| json!({"type": kind, "connect.version": 1, "connect.name": format!("org.apache.kafka.connect.data.{name}"), "logicalType": logical});
    let schema = |logical: Logical| logical.schema().expect("a schema");
    check(&[], &schema(Logical::Date), Value::Date(86_400_000), &of_connect("int", "Date", "date"), &[2]);
    check(&[], &schema(Logical::Time), Value::Date(1), &of_connect("int", "Time", "time-millis"), &[2]);
    let timestamp = of_connect("long", "Timestamp", "timestamp-millis");
    check(&[], &schema(Logical::Timestamp), Value::Date(-1), &timestamp, &[1]);
    let decimal = json!({
        "type": "bytes", "scale": 2, "precision": 64, "connect.version": 1, "connect.parameters": {"scale": "2"},
        "connect.name": "org.apache.kafka.connect.data.Decimal", "logicalType": "decimal",
    });
    let optional = json!(["null", decimal]);
    check(&[], &built(SchemaBuilder::decimal(2)), Decimal::new(-156, 2), &decimal, &[0xff, 0x64]);
    let schema = built(SchemaBuilder::decimal(2).optional());
    check(&[], &schema, Decimal::new(-156, 2), &optional, &[2, 4, 0xff, 0x64]);
    let fixed = built(
        SchemaBuilder::decimal(1)
            .parameter("connect.fixed.size", "4")
            .parameter("connect.decimal.precision", "9"),
    );
    let text = avro(&[]).generate(Some(&fixed)).expect("a schema").schema.text;
    let value = Value::from(Decimal::new(-2, 1));
    assert_eq!(write(&avro(&[]), Some(&fixed), &text, &value), [255, 255, 255, 254]);
    assert_eq!(read(&avro(&[]), &text, &[255, 255, 255, 254]).value, value);
}

#[test]
fn records() {
    let inner = built(SchemaBuilder::structure().name("a.b.Inner").field("x", Schema::INT32));
    let schema = built(
        SchemaBuilder::structure()
            .name("a.b.Outer")
            .version(3)
            .doc("D")
            .field("i", inner.clone())
            .field("again", inner.clone())
            .field("o", Schema::optional_bare(Type::Int64))
            .field("d", built(SchemaBuilder::new(Type::String).optional().default_value("z".into())))
            .field("bytes", Schema::BYTES),
    );
    let text = json!({
        "type": "record", "name": "Outer", "namespace": "a.b",
        "fields": [
            {"name": "i", "type": {"type": "record", "name": "Inner", "fields": [{"name": "x", "type": "int"}], "connect.name": "a.b.Inner"}},
            {"name": "again", "type": "Inner"},
            {"name": "o", "type": ["null", "long"], "default": null},
            {"name": "d", "type": [{"type": "string", "connect.default": "z"}, "null"], "default": "z"},
            {"name": "bytes", "type": "bytes"},
        ],
        "connect.doc": "D", "connect.version": 3, "connect.name": "a.b.Outer",
    });
    let inner = Struct::new(inner).and_then(|inner| inner.with("x", 1)).expect("a struct");
    let value = Struct::from_values(
        schema.clone(),
        vec![inner.clone().into(), inner.into(), Value::Null, "q".into(), vec![7_u8].into()],
    );
    check(&[], &schema, value.expect("a struct"), &text, &[2, 2, 0, 0, 2, b'q', 2, 7]);
}

#[test]
fn arrays_and_maps() {
    let array = built(SchemaBuilder::array(Schema::INT32));
    let text = json!({"type": "array", "items": "int"});
    check(&[], &array, Value::Array(vec![1.into(), 2.into()]), &text, &[4, 2, 4, 0]);
    check(&[], &array, Value::Array(Vec::new()), &text, &[0]);
    let map = built(SchemaBuilder::map(Schema::STRING, Schema::BOOLEAN));
    let value: Map = [("k", true)].into_iter().collect();
    check(&[], &map, value, &json!({"type": "map", "values": "boolean"}), &[2, 2, b'k', 1, 0]);
    let entries = built(SchemaBuilder::map(Schema::INT32, Schema::OPTIONAL_STRING));
    let text = json!({"type": "array", "items": {
        "type": "record", "name": "MapEntry", "namespace": "io.confluent.connect.avro",
        "fields": [{"name": "key", "type": "int"}, {"name": "value", "type": ["null", "string"]}],
    }});
    let value: Map = [(1, "v")].into_iter().collect();
    check(&[], &entries, value, &text, &[2, 2, 2, 2, b'v', 0]);
    let optional_keys = built(SchemaBuilder::map(Schema::OPTIONAL_STRING, Schema::INT32));
    let text = |config| avro(config).generate(Some(&optional_keys)).expect("a schema").schema.text;
    assert!(text(&[]).contains("MapEntry"));
    assert_eq!(text(&[("allow.optional.map.keys", "true")]), r#"{"type":"map","values":"int"}"#);
}

#[test]
fn unnamed_records_are_numbered_and_lose_their_names() {
    let unnamed = |field: &str| SchemaBuilder::structure().field(field, Schema::INT32);
    let schema = built(unnamed("n").field("inner", built(unnamed("m"))));
    let text = avro(&[]).generate(Some(&schema)).expect("a schema").schema.text;
    assert!(text.contains(r#""name":"ConnectDefault","namespace":"io.confluent.connect.avro""#), "{text}");
    assert!(text.contains(r#""name":"ConnectDefault2","fields""#), "{text}");
    assert_eq!(read(&avro(&[]), &text, &[2, 4]).schema, Some(schema));
}

#[test]
fn enums_and_unions() {
    let text = r#"{"type":"record","name":"R","namespace":"n","fields":[
        {"name":"e","type":{"type":"enum","name":"Color","symbols":["RED","BLUE"]}},
        {"name":"u","type":["null","int",{"type":"record","name":"Point","fields":[{"name":"x","type":"int"}]}]}]}"#;
    let bytes = [2, 4, 6];
    let enhanced = [("enhanced.avro.schema.support", "true")];
    for (config, point) in [(&[][..], "Point"), (&enhanced[..], "n.Point")] {
        let format = avro(config);
        let value = read(&format, text, &bytes);
        let schema = value.schema.expect("a schema");
        let record = value.value.as_struct().expect("a struct");
        assert_eq!(record.get("e").expect("a field"), &Value::from("BLUE"));
        let color = &schema.field("e").expect("a field").schema;
        assert_eq!(color.name().map(|name| name.as_str()), Some("n.Color"));
        assert_eq!(
            color.parameter("io.confluent.connect.avro.Enum.RED").map(|text| text.as_str()),
            Some("RED")
        );
        let union = record.get("u").expect("a field").as_struct().expect("a union");
        assert_eq!(union.schema().name().map(|name| name.as_str()), Some("io.confluent.connect.avro.Union"));
        assert!(union.schema().is_optional());
        let member = union.get(point).expect("a member").as_struct().expect("a point");
        assert_eq!(member.get("x").expect("a field"), &Value::Int32(3));
        assert_eq!(write(&format, Some(&schema), text, &value.value), bytes, "it can be written again");
    }
    let format = avro(&enhanced);
    let value = read(&format, text, &bytes);
    let generated = format.generate(value.schema.as_ref()).expect("a schema").schema.text;
    assert_eq!(write(&format, value.schema.as_ref(), &generated, &value.value), bytes);
    assert!(generated.contains(r#""symbols":["RED","BLUE"]"#), "{generated}");
}

#[test]
fn schemas_of_others() {
    let check = |text: &str, bytes: &[u8], schema: Schema, value: Value| {
        assert_eq!(read(&avro(&[]), text, bytes), SchemaAndValue::new(schema, value), "{text}");
    };
    check(r#"{"type":"long","logicalType":"timestamp-micros"}"#, &[2], Schema::INT64, 1_i64.into());
    check(r#"{"type":"string","logicalType":"uuid"}"#, &[2, b'u'], Schema::STRING, "u".into());
    check(r#"["string"]"#, &[0, 2, b'u'], Schema::STRING, "u".into());
    check(r#"["string","null"]"#, &[2], Schema::OPTIONAL_STRING, Value::Null);
    let fixed = built(SchemaBuilder::new(Type::Bytes).name("n.F").parameter("connect.fixed.size", "2"));
    check(r#"{"type":"fixed","name":"F","namespace":"n","size":2}"#, &[1, 2], fixed, vec![1_u8, 2].into());
    let with_default = built(
        SchemaBuilder::new(Type::Int32)
            .optional()
            .parameter("io.confluent.connect.avro.field.default", "true")
            .default_value(7.into()),
    );
    let record = built(
        SchemaBuilder::structure()
            .name("R")
            .parameter("io.confluent.connect.avro.field.doc.a", "about a")
            .field("a", with_default),
    );
    let text = r#"{"type":"record","name":"R","fields":[{"name":"a","type":["int","null"],"default":7,"doc":"about a"}]}"#;
    let value = Struct::from_values(record.clone(), vec![7.into()]).expect("a struct");
    // The default stands in for a null, unless that is not wanted.
    check(text, &[2], record.clone(), value.into());
    let kept = read(&avro(&[("ignore.default.for.nullables", "true")]), text, &[2]);
    assert_eq!(kept.value.as_struct().map(|value| value.values()), Some(&[Value::Null][..]));
    let version = avro(&[]).reader(&documents(text), Some(4)).expect("a reader");
    let read = avro(&[]).read(&version, None, &Bytes::from_static(&[0, 2])).expect("a value");
    assert_eq!(read.schema.and_then(|schema| schema.version()), Some(4));
}

#[test]
fn values_without_a_schema() {
    let format = avro(&[]);
    let text = format.generate(None).expect("a schema").schema.text;
    let map: Map = [(Value::from("a"), Value::from(1)), (Value::Int64(2), Value::Null)].into_iter().collect();
    let value = Value::Array(vec![
        Value::Map(map.into_hash_order()),
        Value::Boolean(true),
        vec![1_u8].into(),
        1.5_f32.into(),
        2.5_f64.into(),
    ]);
    let bytes = write(&format, None, &text, &value);
    assert_eq!(read(&format, &text, &bytes), SchemaAndValue::new(None, value));
    assert_eq!(write(&format, None, &text, &"x".into()), [0, 0, 0, 0, 0, 0, 2, 2, b'x', 0, 0]);
}

#[test]
fn another_schema_than_that_of_the_value_can_be_written() {
    let format = avro(&[]);
    let schema =
        built(SchemaBuilder::structure().name("R").field("a", Schema::INT32).field("gone", Schema::STRING));
    let value = Struct::from_values(schema.clone(), vec![1.into(), "x".into()]).expect("a struct").into();
    let text = r#"{"type":"record","name":"R","fields":[{"name":"new","type":["null","string"],"default":null},
        {"name":"a","type":"long"},{"name":"n","type":"int","default":3}]}"#;
    assert_eq!(write(&format, Some(&schema), text, &value), [0, 2, 6]);
    let text = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"string"}]}"#;
    assert!(format.writer(Some(&schema), &documents(text)).is_err());
}

#[test]
fn what_can_not_be_is_refused() {
    for text in [
        "null",
        r#""nothing""#,
        "{}",
        r#"{"type":"array"}"#,
        r#"{"type":"record","name":"R"}"#,
        "7",
        r#"{"type":"record","name":"R","fields":[{"name":"r","type":["null","R"]}]}"#,
    ] {
        assert!(avro(&[]).reader(&documents(text), None).is_err(), "{text}");
    }
    let reader = avro(&[])
        .reader(&documents(r#"{"type":"array","items":{"type":"record","name":"E","fields":[]}}"#), None);
    let many = vec![0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    assert!(
        avro(&[]).read(&reader.expect("a reader"), None, &Bytes::from(many)).is_err(),
        "no end of nothing"
    );
}

#[test]
fn names_are_scrubbed_on_demand() {
    let schema = built(SchemaBuilder::structure().name("a-b.C d").field("1-x", Schema::INT32));
    let value = Struct::from_values(schema.clone(), vec![1.into()]).expect("a struct").into();
    let format = avro(&[("scrub.invalid.names", "true")]);
    let text = format.generate(Some(&schema)).expect("a schema").schema.text;
    assert!(
        text.contains(r#""name":"C_d","namespace":"a_b""#) && text.contains(r#""name":"x1_x""#),
        "{text}"
    );
    assert_eq!(write(&format, Some(&schema), &text, &value), [2]);
}

fn values() -> impl Strategy<Value = (Schema, Value)> {
    let leaf = prop_oneof![
        any::<i8>().prop_map(|v| (Schema::bare(Type::Int8), v.into())),
        any::<i16>().prop_map(|v| (Schema::bare(Type::Int16), v.into())),
        any::<i32>().prop_map(|v| (Schema::INT32, v.into())),
        any::<i64>().prop_map(|v| (Schema::optional_bare(Type::Int64), v.into())),
        any::<f32>().prop_map(|v| (Schema::bare(Type::Float32), v.into())),
        any::<f64>().prop_map(|v| (Schema::bare(Type::Float64), v.into())),
        any::<bool>().prop_map(|v| (Schema::BOOLEAN, v.into())),
        ".*".prop_map(|v| (Schema::STRING, v.into())),
        any::<Vec<u8>>().prop_map(|v| (Schema::OPTIONAL_BYTES, v.into())),
        Just((Schema::OPTIONAL_STRING, Value::Null)),
        any::<i64>().prop_map(|v| (built(SchemaBuilder::decimal(3)), Decimal::new(v, 3).into())),
        any::<i64>().prop_map(|v| (built(SchemaBuilder::logical(Logical::Timestamp)), Value::Date(v))),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            (inner.clone(), 0..4_usize).prop_map(|((schema, value), count)| {
                (built(SchemaBuilder::array(schema).optional()), vec![value; count].into())
            }),
            (inner.clone(), any::<String>()).prop_map(|((schema, value), key)| {
                let map: Map = [(key, value)].into_iter().collect();
                (built(SchemaBuilder::map(Schema::STRING, schema)), map.into())
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
        let format = avro(&[]);
        let text = format.generate(Some(&schema)).expect("a schema").schema.text;
        // A null alone is a tombstone, which no format sees.
        prop_assume!(!value.is_null());
        let bytes = write(&format, Some(&schema), &text, &value);
        prop_assert_eq!(read(&format, &text, &bytes), SchemaAndValue::new(schema, value));
    }

    #[test]
    fn no_bytes_break_it((schema, _) in values(), bytes: Vec<u8>) {
        let format = avro(&[]);
        let text = format.generate(Some(&schema)).expect("a schema").schema.text;
        let reader = format.reader(&documents(&text), None).expect("a reader");
        format.read(&reader, None, &Bytes::from(bytes)).ok();
    }

    #[test]
    fn no_text_breaks_the_parser(text in r#"[\[\]{}":,a-z]{0,60}"#) {
        avro(&[]).reader(&documents(&text), None).ok();
    }
}
