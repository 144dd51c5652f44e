//! The converters of text, bytes, and one number or boolean.

use aqueduct_vectors::{Deviation, Json, check, hex};
use bytes::Bytes;
use serde_json::json;

use crate::{both_ways, bytes, converter, header_converter, hex_result, read, value_result, write};
use aqueduct_api::{ConfigMap, Schema, Value};

/// Java tells the classes of byte arrays and buffers, which are one kind of value here.
fn buffers() -> Deviation {
    Deviation::mentioning("\"bbuf\"", "the text of a buffer of bytes is that of an array here")
}

#[test]
fn string() {
    check("string", &[buffers()], |case| both_ways(case, "StringConverter"));
}

#[test]
fn byte_array() {
    check("bytes", &[], |case| both_ways(case, "ByteArrayConverter"));
}

#[test]
fn numbers_and_booleans() {
    check("num", &[buffers()], |case| both_ways(case, &case.text("class")?));
}

#[test]
fn simple_header() {
    check("shc", &[], |case| {
        let mut converter = header_converter("SimpleHeaderConverter", &case.config())?;
        if case.op() == "from" {
            let (schema, value) = case.schema_and_value()?;
            let mut buffer = Vec::new();
            let bytes = converter.from_connect_header("t", "h", schema.as_ref(), &value, &mut buffer)?;
            return Ok(hex_result(bytes));
        }
        let data = bytes(case);
        let value = converter.to_connect_header("t", "h", data.as_ref())?;
        // For the text null, Java gives no object at all; for us that is no schema and no value.
        let nothing = data.is_some() && value.schema.is_none() && value.value.is_null();
        Ok(if nothing { Json::Null } else { value_result(&value) })
    });
}

/// What has its bytes already is handed on from where it lies.
#[test]
fn long_text_and_bytes_are_not_copied() {
    let data = Bytes::from(b"some text of a message that is long enough".to_vec());
    for name in ["StringConverter", "ByteArrayConverter"] {
        let mut converter = converter(name, &ConfigMap::new()).expect("no configuration is needed");
        let value = read(&mut *converter, Some(&data)).expect("any bytes").value;
        let mut buffer = Vec::new();
        let mut headers = aqueduct_api::WireHeaders::new();
        let written = converter
            .from_connect_data("t", &mut headers, None, &value, &mut buffer)
            .expect("what was read can be written")
            .expect("bytes");
        assert_eq!(written.as_ptr(), data.as_ptr(), "{name}");
    }
}

#[test]
fn nulls_have_a_schema_and_no_bytes() {
    let mut converter = converter("LongConverter", &ConfigMap::new()).expect("no configuration is needed");
    assert_eq!(write(&mut *converter, None, &Value::Null).expect("null"), None);
    let read = read(&mut *converter, None).expect("null");
    assert_eq!(value_result(&read), json!({"schema": {"t": "INT64", "opt": true}, "value": null}));
    let written = write(&mut *converter, Some(&Schema::INT64), &Value::Int64(-2)).expect("a long");
    assert_eq!(written.map(|bytes| hex(&bytes)).as_deref(), Some("fffffffffffffffe"));
}
