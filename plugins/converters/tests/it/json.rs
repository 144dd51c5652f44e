//! `JsonConverter` against the recordings, and what they do not hold.

use aqueduct_api::data::Map;
use aqueduct_api::{ConfigMap, Converter, ConverterRole, Schema, SchemaBuilder, Struct, Type, Value};
use aqueduct_converters::JsonConverter;
use aqueduct_vectors::{Case, Cmp, Deviation, Failure, Json, check, decode_value, encode_schema, hex};
use bytes::Bytes;
use serde_json::json;

use crate::{both_ways, bytes, converter, hex_result, read, value_result, write};

type Answer = Result<Json, Failure>;

fn json_converter(case: &Case) -> Result<Box<dyn Converter>, Failure> {
    Ok(converter("JsonConverter", &case.config())?)
}

#[test]
fn from() {
    let buffers = Deviation::when(
        |case| case.mentions("\"bbuf\"") && case.mentions("HeapByteBuffer"),
        "bytes have one class here, whose name stands in errors about them",
    );
    check("json.from", &[buffers], |case| {
        let (schema, value) = case.schema_and_value()?;
        let mut converter = json_converter(case)?;
        let first = write(&mut *converter, schema.as_ref(), &value);
        // The second time, the schema is known.
        let second = write(&mut *converter, schema.as_ref(), &value);
        assert_eq!(first.as_ref().ok(), second.as_ref().ok());
        Ok(hex_result(first?.as_deref()))
    });
}

fn depth(mut value: &Value) -> usize {
    let mut depth = 0;
    while let Value::Array(elements) = value {
        depth += 1;
        value = elements.first().unwrap_or(&Value::Null);
    }
    depth
}

#[test]
fn to() {
    check("json.to", &[], |case| {
        let data = bytes(case);
        let mut converter = json_converter(case)?;
        let first = read(&mut *converter, data.as_ref());
        let second = read(&mut *converter, data.as_ref());
        assert_eq!(first.as_ref().ok(), second.as_ref().ok());
        let value = first?;
        Ok(if case.has_tag("depth") { json!({ "depth": depth(&value.value) }) } else { value_result(&value) })
    });
}

#[test]
fn round_trip() {
    let struct_keys = Deviation::when(
        |case| {
            let input = String::from_utf8(case.hex("hex").unwrap_or_default()).unwrap_or_default();
            case.cmp == Cmp::BytesHashOrder && input.contains("\"keys\":{\"type\":\"struct\"")
        },
        "a struct's hash code comes from the addresses of enum constants in Java: another order in each process",
    );
    check("json.rt", &[struct_keys], |case| {
        let mut converter = json_converter(case)?;
        let value = read(&mut *converter, bytes(case).as_ref())?;
        Ok(hex_result(write(&mut *converter, value.schema.as_ref(), &value.value)?.as_deref()))
    });
}

#[test]
fn schemas() {
    check("json.schema", &[], |case| {
        let mut converter = JsonConverter::default();
        Converter::configure(&mut converter, &case.config(), ConverterRole::Value)?;
        if case.op() == "as-json" {
            let schema = case.schema("schema")?;
            return Ok(hex_result(Some(&converter.schema_to_json(schema.as_ref())?)));
        }
        let schema = converter.schema_from_json(&bytes(case).unwrap_or_default())?;
        Ok(json!({ "schema": encode_schema(schema.as_ref()) }))
    });
}

#[test]
fn headers() {
    check("json.hdr", &[], |case| both_ways(case, "JsonConverter"));
}

/// The key of an offset: the connector's name and its partition, whose order of entries is part of the bytes.
#[test]
fn offset_keys() {
    let off = ConfigMap::from([("schemas.enable", "false")]);
    let mut converter = converter("JsonConverter", &off).expect("a configuration");
    check("offsetkey", &[], |case| -> Answer {
        let mut partition = Map::new();
        for put in case.get("puts").as_array().into_iter().flatten() {
            let value = decode_value(&put[1], None)?;
            partition.insert(aqueduct_vectors::text(&put[0])?, value);
        }
        if case.get("map") == "hash" {
            partition = partition.into_hash_order();
        }
        let key = Value::Array(vec![case.text("connector")?.into(), partition.into()]);
        Ok(hex_result(write(&mut *converter, None, &key)?.as_deref()))
    });
}

fn envelope(schema: &str, payload: &str) -> Bytes {
    format!("{{\"schema\":{schema},\"payload\":{payload}}}").into()
}

/// Messages that begin as the one before go a shorter way, which must give the same.
#[test]
fn the_short_way_gives_what_the_long_way_gives() {
    let schema = r#"{"type":"array","items":{"type":"string","optional":true},"optional":true}"#;
    let begin = format!("{{\"schema\":{schema},\"payload\":");
    for rest in [
        "[\"a\",null]}",
        " [\"a\"] } trailing",
        "null}",
        "[]",
        "[],}",
        "[] x}",
        "",
        "}",
        "[\"a\"],\"payload\":[\"b\"]}",
        "[\"a\"],\"schema\":{\"type\":\"string\"}}",
        "[\"a\"],\"more\":1}",
        "[\"\u{e9}\"]}",
    ] {
        let message = Bytes::from(format!("{begin}{rest}"));
        let fresh = |warm: bool| {
            let mut converter = converter("JsonConverter", &ConfigMap::new()).expect("a configuration");
            if warm {
                read(&mut *converter, Some(&envelope(schema, "null"))).expect("an envelope");
            }
            let value = read(&mut *converter, Some(&message));
            value.map(|value| value_result(&value)).map_err(|error| error.to_string())
        };
        assert_eq!(fresh(true), fresh(false), "{rest}");
    }
}

#[test]
fn long_texts_share_the_memory_of_the_message() {
    let off = ConfigMap::from([("schemas.enable", "false")]);
    let mut converter = converter("JsonConverter", &off).expect("a configuration");
    let message = Bytes::from_static(b"{\"name\":\"a value that is long enough\"}");
    let value = read(&mut *converter, Some(&message)).expect("JSON").value;
    let text = value.as_map().and_then(|map| map.get_str("name")).and_then(Value::as_text).expect("a text");
    assert_eq!(text.as_bytes().as_ptr(), message[9..].as_ptr());
}

/// A deep schema and a deep value of it fit a stack half as large as threads have, and what is deeper is refused.
#[test]
fn depth_is_bounded_both_ways() {
    let small = std::thread::Builder::new().stack_size(1 << 20);
    small.spawn(go_deep).expect("a thread").join().expect("no failure");
}

fn go_deep() {
    type Part = (&'static str, &'static str);
    let nest = |levels: usize, schema: [Part; 2], value: Part| {
        let ((open, close), (leaf, leaf_close)) = (schema[0], schema[1]);
        let schema = format!("{}{leaf}{}{leaf_close}", open.repeat(levels), close.repeat(levels));
        envelope(&schema, &format!("{}1{}", value.0.repeat(levels), value.1.repeat(levels)))
    };
    let array = ("{\"type\":\"array\",\"items\":", "}");
    let map = ("{\"type\":\"map\",\"keys\":{\"type\":\"string\"},\"values\":", "}");
    let pairs = ("{\"type\":\"map\",\"keys\":{\"type\":\"int8\"},\"values\":", "}");
    let structure = ("{\"field\":\"a\",\"type\":\"struct\",\"fields\":[", "]}");
    let leaf = ("{\"field\":\"a\",\"type\":\"int8\"}", "");
    let mut converter = converter("JsonConverter", &ConfigMap::new()).expect("a configuration");
    for (levels, schema, value) in [
        (998, array, ("[", "]")),
        (998, map, ("{\"a\":", "}")),
        (499, pairs, ("[[1,", "]]")),
        (499, structure, ("{\"a\":", "}")),
    ] {
        let read_value =
            read(&mut *converter, Some(&nest(levels, [schema, leaf], value))).expect("deep, but not too");
        let (schema, value) = (read_value.schema, read_value.value);
        let written = write(&mut *converter, schema.as_ref(), &value).expect("as deep as what was read");
        assert!(written.is_some_and(|bytes| bytes.len() > levels * 20));
    }
    assert!(read(&mut *converter, Some(&nest(1001, [array, leaf], ("[", "]")))).is_err());

    let mut deep = Value::Int8(1);
    for _ in 0..999 {
        deep = Value::Array(vec![deep]);
    }
    assert!(write(&mut *converter, None, &deep).is_ok());
    let deeper = Value::Array(vec![deep]);
    let error = write(&mut *converter, None, &deeper).expect_err("too deep with the envelope");
    assert_eq!(
        error.message(),
        Some("Converting Kafka Connect data to byte[] failed due to serialization error: ")
    );
}

#[test]
fn equal_schemas_built_for_each_record_are_one_schema() {
    let schema = || {
        let schema = SchemaBuilder::structure().field("a", Schema::INT32).field("b", Schema::OPTIONAL_STRING);
        schema.build().expect("a schema")
    };
    let mut converter = converter("JsonConverter", &ConfigMap::new()).expect("a configuration");
    let mut written = Vec::new();
    for _ in 0..3 {
        let schema = schema();
        let value = Struct::new(schema.clone()).and_then(|value| value.with("a", 7)).expect("a struct");
        written.push(write(&mut *converter, Some(&schema), &value.into()).expect("JSON").expect("bytes"));
    }
    let expected = "{\"schema\":{\"type\":\"struct\",\"fields\":[{\"type\":\"int32\",\"optional\":false,\"field\":\"a\"},\
                    {\"type\":\"string\",\"optional\":true,\"field\":\"b\"}],\"optional\":false},\
                    \"payload\":{\"a\":7,\"b\":null}}";
    assert!(written.iter().all(|json| json == expected.as_bytes()), "{}", hex(&written[0]));
}

#[test]
fn many_schemas_pass_through_a_small_cache() {
    let config = ConfigMap::from([("schemas.cache.size", "3")]);
    let mut converter = converter("JsonConverter", &config).expect("a configuration");
    for round in 0..20 {
        let doc = format!("schema {}", round % 7);
        let schema = SchemaBuilder::new(Type::Int32).doc(doc.clone()).build().expect("a schema");
        let json = write(&mut *converter, Some(&schema), &Value::Int32(round)).expect("JSON").expect("bytes");
        let value = read(&mut *converter, Some(&json.into())).expect("what was written");
        assert_eq!((value.schema, value.value), (Some(schema), Value::Int32(round)));
    }
}
