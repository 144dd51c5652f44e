//! The converters with a registry: one in memory, and a real server with an independent client.

mod http;
mod live;
mod mock;
mod plugins;

use aqueduct_api::{
    ConfigMap, Converter, ConverterRole, PluginKind, Result, Schema, SchemaAndValue, Value, WireHeaders,
};
use bytes::Bytes;

/// The plugin of this simple class name, configured for values.
fn converter(name: &str, config: &[(&str, &str)]) -> Result<Box<dyn Converter>> {
    let plugin = aqueduct_schema_registry::plugins().into_iter().find(|plugin| plugin.simple_name() == name);
    let PluginKind::Converter(make) = plugin.expect("a plugin of this name").kind else {
        panic!("no converter")
    };
    let mut converter = make();
    let config: ConfigMap = config.iter().copied().collect();
    converter.configure(&config, ConverterRole::Value)?;
    Ok(converter)
}

/// Writes as the runtime does: what a conversion lacks is awaited.
async fn write(
    converter: &mut dyn Converter,
    topic: &str,
    headers: &mut WireHeaders,
    schema: Option<&Schema>,
    value: &Value,
) -> Result<Option<Bytes>> {
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let written = converter.from_connect_data(topic, headers, schema, value, &mut buffer);
        match written.map(|bytes| bytes.map(Bytes::copy_from_slice)) {
            Err(_) if converter.needs_preparation() => converter.prepare().await?,
            written => return written,
        }
    }
}

/// Reads as the runtime does.
async fn read(
    converter: &mut dyn Converter,
    topic: &str,
    headers: &WireHeaders,
    data: Option<&Bytes>,
) -> Result<SchemaAndValue> {
    loop {
        match converter.to_connect_data(topic, headers, data) {
            Err(_) if converter.needs_preparation() => converter.prepare().await?,
            read => return read,
        }
    }
}
