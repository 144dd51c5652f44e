//! The converters against what Java's answer, and against input that nobody meant.

mod json;
mod plugins;
mod robustness;
mod simple;

use aqueduct_api::{ConfigMap, Converter, HeaderConverter};
use aqueduct_api::{ConverterRole, Plugin, PluginKind, Result, Schema, SchemaAndValue, Value, WireHeaders};
use aqueduct_vectors::{Case, Failure, Json, encode_schema_and_value, hex};
use bytes::Bytes;
use serde_json::json;

/// The plugin of this simple class name, configured for values.
fn converter(name: &str, config: &ConfigMap) -> Result<Box<dyn Converter>> {
    let mut converters = aqueduct_converters::plugins().into_iter().filter_map(|plugin| match &plugin.kind {
        PluginKind::Converter(make) if plugin.simple_name() == name => Some(make()),
        _ => None,
    });
    let mut converter = converters.next().expect("a converter of this name");
    converter.configure(config, ConverterRole::Value)?;
    Ok(converter)
}

/// The plugin of this simple class name, configured for headers.
fn header_converter(name: &str, config: &ConfigMap) -> Result<Box<dyn HeaderConverter>> {
    let find = |plugin: Plugin| match &plugin.kind {
        PluginKind::HeaderConverter(make) if plugin.simple_name() == name => Some(make()),
        _ => None,
    };
    let mut converter =
        aqueduct_converters::plugins().into_iter().find_map(find).expect("a header converter of this name");
    converter.configure(config)?;
    Ok(converter)
}

fn write(converter: &mut dyn Converter, schema: Option<&Schema>, value: &Value) -> Result<Option<Vec<u8>>> {
    let mut buffer = Vec::new();
    let bytes = converter.from_connect_data("t", &mut WireHeaders::new(), schema, value, &mut buffer)?;
    Ok(bytes.map(<[u8]>::to_vec))
}

fn read(converter: &mut dyn Converter, data: Option<&Bytes>) -> Result<SchemaAndValue> {
    converter.to_connect_data("t", &WireHeaders::new(), data)
}

fn bytes(case: &Case) -> Option<Bytes> {
    case.hex("hex").map(Bytes::from)
}

fn hex_result(bytes: Option<&[u8]>) -> Json {
    json!({ "hex": bytes.map(hex) })
}

fn value_result(data: &SchemaAndValue) -> Json {
    encode_schema_and_value(data.schema.as_ref(), &data.value)
}

/// A line of `from` and `to` through a converter of keys and values, and through the same class for headers.
fn both_ways(case: &Case, name: &str) -> std::result::Result<Json, Failure> {
    let (mut plain, mut header) = (converter(name, &case.config())?, header_converter(name, &case.config())?);
    if case.op() == "from" {
        let (schema, value) = case.schema_and_value()?;
        let written = write(&mut *plain, schema.as_ref(), &value);
        let mut buffer = Vec::new();
        let of_header = header.from_connect_header("t", "h", schema.as_ref(), &value, &mut buffer);
        let of_header = of_header.map(|bytes| bytes.map(<[u8]>::to_vec));
        assert_eq!(written.as_ref().ok(), of_header.as_ref().ok(), "headers are written alike");
        Ok(hex_result(written?.as_deref()))
    } else {
        let data = bytes(case);
        let value = read(&mut *plain, data.as_ref());
        let of_header = header.to_connect_header("t", "h", data.as_ref());
        assert_eq!(value.as_ref().ok(), of_header.as_ref().ok(), "headers are read alike");
        Ok(value_result(&value?))
    }
}
