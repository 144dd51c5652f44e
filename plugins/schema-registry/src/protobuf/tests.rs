//! Schemas and values, there and back.

use aqueduct_api::data::{Decimal, Logical, Map};
use aqueduct_api::{ConfigMap, ConverterRole, Schema, SchemaBuilder, Struct, Type, Value};
use bytes::Bytes;
use proptest::prelude::*;

use super::Protobuf;
use crate::config;
use crate::converter::Format;
use crate::registry::{Documents, SchemaKind, SchemaText};

fn format(config: &[(&str, &str)]) -> Protobuf {
    let mut map = ConfigMap::from([(config::URL, "mock://protobuf")]);
    map.extend_with(&config.iter().copied().collect());
    let parsed = config::parse(&map, ConverterRole::Value, &Protobuf::keys()).expect("a valid configuration");
    Protobuf::new(&parsed).expect("a valid configuration")
}

fn documents(text: &str) -> Documents {
    let schema = SchemaText { kind: SchemaKind::Protobuf, text: text.to_owned(), references: Vec::new() };
    Documents { schema, references: Vec::new() }
}

fn generate(format: &Protobuf, schema: &Schema) -> String {
    format.generate(Some(schema)).unwrap_or_else(|error| panic!("{schema}: {error}")).schema.text
}

fn write(format: &Protobuf, schema: &Schema, text: &str, value: &Value) -> Vec<u8> {
    let writer =
        format.writer(Some(schema), &documents(text)).unwrap_or_else(|error| panic!("{text}: {error}"));
    let mut out = format.path(&writer).to_vec();
    format.write(&writer, value, &mut out).unwrap_or_else(|error| panic!("{text}: {error}"));
    out
}

fn read(format: &Protobuf, text: &str, bytes: &[u8]) -> (Schema, Value) {
    let reader = format.reader(&documents(text), None).unwrap_or_else(|error| panic!("{text}: {error}"));
    let read = format.read(&reader, None, &Bytes::copy_from_slice(bytes));
    let read = read.unwrap_or_else(|error| panic!("{text}: {error}"));
    (read.schema.expect("a schema"), read.value)
}

fn built(builder: SchemaBuilder) -> Schema {
    builder.build().expect("a schema")
}

fn get(value: &Value, name: &str) -> Value {
    value.as_struct().expect("a struct").get(name).expect("a field").clone()
}

/// A message with one field `f` of this schema: the line of it, and its bytes; and what is read is the same.
fn check(schema: &Schema, value: impl Into<Value>, line: &str, bytes: &[u8]) {
    let (format, value) = (format(&[]), value.into());
    let record = built(SchemaBuilder::structure().name("p.R").field("f", schema.clone()));
    let text = generate(&format, &record);
    assert!(text.contains(line), "{text}");
    let whole = Struct::from_values(record.clone(), vec![value.clone()]).expect("a struct").into();
    let written = write(&format, &record, &text, &whole);
    assert_eq!(written, [&[0], bytes].concat(), "{text}");
    let (read_schema, read) = read(&format, &text, &written);
    assert_eq!(get(&read, "f"), value);
    let field = &read_schema.field("f").expect("a field").schema;
    assert_eq!((field.kind(), field.is_optional()), (schema.kind(), true));
    assert_eq!(field.parameter("io.confluent.connect.protobuf.Tag").map(|tag| tag.as_str()), Some("1"));
}

#[test]
fn plain_types() {
    let meta = |name: &str| {
        format!(
            r#"int32 f = 1 [(confluent.field_meta) = {{ params: [{{ key: "connect.type", value: "{name}" }}] }}];"#
        )
    };
    check(&Schema::bare(Type::Int8), 5_i8, &meta("int8"), &[8, 5]);
    check(&Schema::bare(Type::Int16), 300_i16, &meta("int16"), &[8, 0xac, 2]);
    check(&Schema::INT32, 1, "  int32 f = 1;", &[8, 1]);
    check(&Schema::INT64, 1_i64, "  int64 f = 1;", &[8, 1]);
    check(&Schema::bare(Type::Float32), 1.5_f32, "  float f = 1;", &[13, 0, 0, 0xc0, 0x3f]);
    check(&Schema::bare(Type::Float64), 0.0_f64, "  double f = 1;", &[]);
    check(&Schema::bare(Type::Float64), -0.0_f64, "  double f = 1;", &[9, 0, 0, 0, 0, 0, 0, 0, 0x80]);
    check(&Schema::BOOLEAN, true, "  bool f = 1;", &[8, 1]);
    check(&Schema::STRING, "aß", "  string f = 1;", &[10, 3, b'a', 0xc3, 0x9f]);
    check(&Schema::BYTES, vec![7_u8], "  bytes f = 1;", &[10, 1, 7]);
    let unsigned =
        built(SchemaBuilder::new(Type::Int64).parameter("io.confluent.connect.protobuf.Type", "uint32"));
    check(&unsigned, 4_000_000_000_i64, "  uint32 f = 1;", &[8, 0x80, 0xd0, 0xac, 0xf3, 0x0e]);
    let signed =
        built(SchemaBuilder::new(Type::Int64).parameter("io.confluent.connect.protobuf.Type", "sint64"));
    check(&signed, -1_i64, "  sint64 f = 1;", &[8, 1]);
}

#[test]
fn composed_and_logical_types() {
    check(
        &built(SchemaBuilder::array(Schema::INT32)),
        Value::Array(vec![1.into(), 2.into()]),
        "repeated int32 f = 1;",
        &[10, 2, 1, 2],
    );
    let map: Map = [("k", 1_i64)].into_iter().collect();
    check(
        &built(SchemaBuilder::map(Schema::STRING, Schema::INT64)),
        map,
        "map<string, int64> f = 1;",
        &[10, 5, 10, 1, b'k', 16, 1],
    );
    let schema = |logical: Logical| logical.schema().expect("a schema");
    check(
        &schema(Logical::Timestamp),
        Value::Date(1_500),
        ".google.protobuf.Timestamp f = 1;",
        &[10, 8, 8, 1, 16, 0x80, 0xca, 0xb5, 0xee, 1],
    );
    check(
        &schema(Logical::Date),
        Value::Date(86_400_000),
        ".google.type.Date f = 1;",
        &[10, 7, 8, 0xb2, 0x0f, 16, 1, 24, 2],
    );
    check(
        &schema(Logical::Time),
        Value::Date(3_661_000),
        ".google.type.TimeOfDay f = 1;",
        &[10, 6, 8, 1, 16, 1, 24, 1],
    );
    check(
        &built(SchemaBuilder::decimal(2)),
        Decimal::new(156, 2),
        ".confluent.type.Decimal f = 1",
        &[10, 6, 10, 2, 0, 156, 24, 2],
    );
    let parameter = "io.confluent.connect.protobuf.Enum";
    let color = SchemaBuilder::new(Type::String)
        .parameter(parameter, "Color")
        .parameter(format!("{parameter}.RED"), "0");
    check(&built(color.parameter(format!("{parameter}.BLUE"), "1")), "BLUE", "Color f = 1;", &[8, 1]);
}

#[test]
fn messages_within_messages() {
    let inner = built(SchemaBuilder::structure().name("other.Inner").field("x", Schema::INT32));
    let unnamed = built(SchemaBuilder::structure().field("y", Schema::STRING));
    let schema = built(
        SchemaBuilder::structure()
            .name("p.Outer")
            .field("a", inner.clone())
            .field("Inner", inner.clone())
            .field("u", unnamed.clone()),
    );
    let format = format(&[]);
    let text = generate(&format, &schema);
    assert!(text.starts_with("syntax = \"proto3\";\npackage p;\n\nmessage Outer {\n  InnerMessage a = 1;\n  InnerMessage Inner = 2;\n  ConnectDefault1 u = 3;\n"), "{text}");
    let inner = |x: i32| Value::from(Struct::from_values(inner.clone(), vec![x.into()]).expect("a struct"));
    let unnamed = Struct::from_values(unnamed, vec!["z".into()]).expect("a struct").into();
    let value =
        Struct::from_values(schema.clone(), vec![inner(1), Value::Null, unnamed]).expect("a struct").into();
    let bytes = write(&format, &schema, &text, &value);
    let (schema, value) = read(&format, &text, &bytes);
    assert_eq!(schema.name().map(|name| name.as_str()), Some("Outer"));
    assert_eq!(get(&get(&value, "a"), "x"), Value::Int32(1));
    assert_eq!(get(&value, "Inner"), Value::Null, "a message that is not there");
    assert_eq!(get(&get(&value, "u"), "y"), Value::from("z"));
    let enhanced = super::tests::format(&[("enhanced.protobuf.schema.support", "true")]);
    assert_eq!(read(&enhanced, &text, &bytes).0.name().map(|name| name.as_str()), Some("p.Outer"));
    assert_eq!(write(&enhanced, &schema, &text, &value), bytes, "what is read can be written again");
}

#[test]
fn unions_come_first_and_can_be_written_again() {
    let text = "syntax = \"proto3\"; package p; message Other {} message R { int32 a = 1; oneof kind { string s = 2; int32 n = 3; } optional string o = 4; message In { bool b = 1; } }";
    let bytes = [2, 2, 8, 7, 24, 9];
    let format = format(&[]);
    let (schema, value) = read(&format, text, &bytes);
    let names: Vec<_> = schema.fields().iter().map(|field| field.name.as_str().to_owned()).collect();
    assert_eq!(names, ["kind_0", "a", "o"]);
    let union = get(&value, "kind_0");
    assert_eq!((get(&union, "s"), get(&union, "n")), (Value::Null, Value::Int32(9)));
    assert_eq!(get(&value, "o"), Value::Null);
    let written = generate(&format, &schema);
    assert!(
        written.contains("  oneof kind {\n    string s = 2;\n    int32 n = 3;\n  }\n  int32 a = 1;"),
        "{written}"
    );
    assert_eq!(write(&format, &schema, text, &value), bytes);
    let flat = super::tests::format(&[("flatten.unions", "true")]);
    assert_eq!(get(&read(&flat, text, &bytes).1, "n"), Value::Int32(9));
    // The path leads to a nested message.
    assert_eq!(get(&read(&format, text, &[4, 2, 0, 8, 1]).1, "b"), Value::Boolean(true));
    let reader = format.reader(&documents(text), None).expect("a reader");
    assert!(format.read(&reader, None, &Bytes::from_static(&[2, 8])).is_err(), "there is no fifth message");
}

#[test]
fn nulls_are_kept_on_demand() {
    let schema = built(
        SchemaBuilder::structure().name("R").field("o", Schema::OPTIONAL_STRING).field("r", Schema::INT32),
    );
    let null =
        Value::from(Struct::from_values(schema.clone(), vec![Value::Null, 1.into()]).expect("a struct"));
    let empty =
        Value::from(Struct::from_values(schema.clone(), vec!["".into(), 1.into()]).expect("a struct"));
    for (config, line, null_read) in [
        ([].as_slice(), "  string o = 1;", Value::from("")),
        (&[("optional.for.nullables", "true")], "  optional string o = 1;", Value::Null),
        (&[("wrapper.for.nullables", "true")], "  .google.protobuf.StringValue o = 1;", Value::Null),
    ] {
        let format = format(config);
        let text = generate(&format, &schema);
        assert!(text.contains(line), "{text}");
        let (read_schema, value) = read(&format, &text, &write(&format, &schema, &text, &null));
        assert_eq!(get(&value, "o"), null_read, "{line}");
        assert_eq!(read_schema.field("r").expect("a field").schema.is_optional(), config.is_empty());
        assert_eq!(
            get(&read(&format, &text, &write(&format, &schema, &text, &empty)).1, "o"),
            Value::from("")
        );
    }
}

#[test]
fn whole_messages_of_one_value() {
    let format = format(&[]);
    let text = generate(&format, &Schema::INT64);
    let bytes = write(&format, &Schema::INT64, &text, &7_i64.into());
    assert_eq!(bytes, [0, 8, 7]);
    assert_eq!(read(&format, &text, &bytes).1, Value::Int64(7));
    for schema in
        [built(SchemaBuilder::array(Schema::INT32)), built(SchemaBuilder::map(Schema::STRING, Schema::INT32))]
    {
        assert!(format.generate(Some(&schema)).is_err(), "{schema}");
    }
    assert!(format.generate(None).is_err());
}

#[test]
fn references_and_descriptors_are_schemas() {
    let mut other = documents("syntax = \"proto3\"; import \"p.proto\"; message R { Point p = 1; }");
    other
        .references
        .push(("p.proto".to_owned(), "syntax = \"proto3\"; message Point { int32 x = 1; }".to_owned()));
    assert!(format(&[]).reader(&other, None).is_ok());
    // FileDescriptorProto: syntax proto3, message M.
    let descriptor = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        b"\x22\x03\x0a\x01M\x62\x06proto3",
    );
    assert_eq!(read(&format(&[]), &descriptor, &[0]).0.name().map(|name| name.as_str()), Some("M"));
    for text in [
        "",
        "message",
        "{}",
        "syntax = \"proto3\"; import \"gone.proto\";",
        "syntax = \"proto3\"; message R { Gone g = 1; }",
    ] {
        let format = format(&[]);
        let reader = format.reader(&documents(text), None);
        assert!(
            reader.and_then(|reader| format.read(&reader, None, &Bytes::from_static(&[0]))).is_err(),
            "{text}"
        );
    }
    let recursive = "syntax = \"proto3\"; message R { R r = 1; }";
    let format = format(&[]);
    let reader = format.reader(&documents(recursive), None).expect("a reader");
    assert!(format.read(&reader, None, &Bytes::from_static(&[0])).is_err());
}

/// All that a message can hold, in both languages.
const EVERYTHING: &str = r#"syntax = "proto3"; package p;
message R {
  int32 a = 1; sint32 b = 2; uint32 c = 3; fixed32 d = 4; sfixed32 e = 5;
  int64 f = 6; sint64 g = 7; uint64 h = 8; fixed64 i = 9; sfixed64 j = 10;
  float k = 11; double l = 12; bool m = 13; string n = 14; bytes o = 15; Color q = 16;
  optional int32 r = 17; In s = 18; repeated sint32 t = 19; repeated string u = 20; repeated In v = 21;
  map<int32, In> w = 22; oneof one { string x = 23; In y = 24; int32 z = 25; }
  repeated fixed32 aa = 26 [packed = false]; repeated Color bb = 300;
}
message In { string text = 1; optional int32 number = 2; Deep deep = 3; }
message Deep { repeated double list = 1; }
enum Color { RED = 0; BLUE = 5; }"#;

fn varint(mut rest: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
    out
}

/// Fields of such messages as they may come: in any order, more than once, known or not.
fn fields() -> impl Strategy<Value = Vec<u8>> {
    let with_length = |bytes: Vec<u8>| [varint(bytes.len() as u64), bytes].concat();
    let key = |number: u64, wire: u64| varint(number << 3 | wire);
    let varints = (prop::sample::select(vec![1_u64, 2, 3, 6, 7, 8]), any::<u64>());
    let varints = varints.prop_map(move |(number, value)| [key(number, 0), varint(value)].concat());
    let others = prop::sample::select(vec![13_u64, 16, 17, 25, 19, 300, 77]);
    let others = (others, prop::sample::select(vec![0_u64, 1, 5, 6, u64::MAX]));
    let others = others.prop_map(move |(number, value)| [key(number, 0), varint(value)].concat());
    let four = (prop::sample::select(vec![4_u64, 5, 11, 26]), any::<[u8; 4]>());
    let four = four.prop_map(move |(number, bytes)| [key(number, 5), bytes.to_vec()].concat());
    let eight = (prop::sample::select(vec![9_u64, 10, 12, 78]), any::<[u8; 8]>());
    let eight = eight.prop_map(move |(number, bytes)| [key(number, 1), bytes.to_vec()].concat());
    let texts = (prop::sample::select(vec![14_u64, 20, 23, 15, 79]), "[a-zä]{0,200}");
    let texts =
        texts.prop_map(move |(number, text)| [key(number, 2), with_length(text.into_bytes())].concat());
    let packed = (prop::sample::select(vec![19_u64, 300]), prop::collection::vec(0..7_u64, 0..80));
    let packed = packed.prop_map(move |(number, values)| {
        [key(number, 2), with_length(values.into_iter().flat_map(varint).collect())].concat()
    });
    let deep = prop::collection::vec(any::<f64>(), 0..20).prop_map(move |list| {
        let list = list.into_iter().filter(|value| !value.is_nan()).flat_map(f64::to_le_bytes).collect();
        [key(3, 2), with_length([key(1, 2), with_length(list)].concat())].concat()
    });
    let inner = prop_oneof![
        "[a-z]{0,5}".prop_map(move |text| [key(1, 2), with_length(text.into_bytes())].concat()),
        (0..3_u64).prop_map(move |number| [key(2, 0), varint(number)].concat()),
        deep,
    ];
    let inner = prop::collection::vec(inner, 0..4).prop_map(|parts| parts.concat());
    let messages = (prop::sample::select(vec![18_u64, 21, 24]), inner.clone());
    let messages = messages.prop_map(move |(number, inner)| [key(number, 2), with_length(inner)].concat());
    // One key, because prost-reflect keeps no order.
    let maps = (any::<bool>(), inner).prop_map(move |(value, inner)| {
        let value = if value { [key(2, 2), with_length(inner)].concat() } else { Vec::new() };
        [key(22, 2), with_length([key(1, 0), varint(7), value].concat())].concat()
    });
    let group = any::<bool>().prop_map(move |inner| {
        let inner = if inner { [key(1, 0), varint(1)].concat() } else { Vec::new() };
        [key(80, 3), inner, key(80, 4)].concat()
    });
    let field = prop_oneof![varints, others, four, eight, texts, packed, messages, maps, group];
    prop::collection::vec(field, 0..12).prop_map(|fields| fields.concat())
}

/// What another implementation understands of bytes, without what it does not know.
fn understood(bytes: &[u8]) -> Result<Vec<u8>, prost_reflect::prost::DecodeError> {
    use prost_reflect::prost::Message;
    let file = super::file::parse(&documents(EVERYTHING)).expect("a file");
    let descriptor = file.messages().next().expect("a message");
    let mut message = prost_reflect::DynamicMessage::decode(descriptor, bytes)?;
    message.take_unknown_fields().for_each(drop);
    Ok(message.encode_to_vec())
}

#[test]
fn groups_of_proto2() {
    let text = "syntax = \"proto2\"; message R { optional group In = 1 { optional int32 x = 2; } repeated int32 l = 3; required string s = 4; optional int32 d = 5 [default = 7]; }";
    let bytes = [0, 0x0b, 0x10, 5, 0x0c, 0x18, 1, 0x18, 2, 0x22, 0];
    let format = format(&[]);
    let (schema, value) = read(&format, text, &bytes);
    assert_eq!(get(&get(&value, "in"), "x"), Value::Int32(5));
    assert_eq!(get(&value, "l"), Value::Array(vec![1.into(), 2.into()]));
    assert_eq!((get(&value, "s"), get(&value, "d")), ("".into(), Value::Null));
    assert_eq!(write(&format, &schema, text, &value), bytes);
}

proptest! {
    #[test]
    fn what_is_written_is_read(small: i16, number: i64, text: String, list: Vec<String>, bytes: Vec<u8>, float in prop::num::f64::NORMAL, at in -60_000_000_000_000_i64..250_000_000_000_000) {
        let format = format(&[]);
        let schema = built(
            SchemaBuilder::structure()
                .name("R")
                .field("small", Schema::bare(Type::Int16))
                .field("number", Schema::INT64)
                .field("text", Schema::STRING)
                .field("list", built(SchemaBuilder::array(Schema::STRING)))
                .field("bytes", Schema::BYTES)
                .field("float", Schema::bare(Type::Float64))
                .field("at", built(SchemaBuilder::logical(Logical::Timestamp)))
                .field("price", built(SchemaBuilder::decimal(3))),
        );
        let list = Value::Array(list.into_iter().map(Value::from).collect());
        let values = vec![small.into(), number.into(), text.into(), list, bytes.into(), float.into(), Value::Date(at), Decimal::new(number, 3).into()];
        let value = Value::from(Struct::from_values(schema.clone(), values.clone()).expect("a struct"));
        let file = generate(&format, &schema);
        let (_, back) = read(&format, &file, &write(&format, &schema, &file, &value));
        prop_assert_eq!(back.as_struct().expect("a struct").values(), values);
    }

    #[test]
    fn messages_mean_what_another_implementation_says(bytes in fields()) {
        let format = format(&[("int.for.enums", "true")]);
        let expected = understood(&bytes).expect("a good message");
        let (schema, value) = read(&format, EVERYTHING, &[&[0], &bytes[..]].concat());
        let written = write(&format, &schema, EVERYTHING, &value);
        prop_assert_eq!(understood(&written[1..]).expect("a good message"), expected);
    }

    #[test]
    fn what_another_implementation_takes_is_taken(mut bytes in fields(), at: prop::sample::Index, byte: u8) {
        if let Some(place) = (!bytes.is_empty()).then(|| at.index(bytes.len())) {
            bytes[place] = byte;
        }
        let format = format(&[]);
        let reader = format.reader(&documents(EVERYTHING), None).expect("a reader");
        let ours = format.read(&reader, None, &Bytes::from([&[0], &bytes[..]].concat()));
        match understood(&bytes) {
            Ok(_) => prop_assert!(ours.is_ok(), "{:?}", ours),
            Err(error) => prop_assert!(ours.is_err() || error.to_string().contains("wire type"), "{}", error),
        }
    }

    #[test]
    fn no_bytes_break_it(bytes: Vec<u8>) {
        let format = format(&[]);
        let reader = format.reader(&documents("syntax = \"proto3\"; message R { map<string, int32> m = 1; repeated bytes b = 2; In i = 3; message In { sint64 x = 1; } }"), None);
        format.read(&reader.expect("a reader"), None, &Bytes::from(bytes)).ok();
    }
}
