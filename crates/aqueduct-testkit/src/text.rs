//! Converters for tests whose crate knows no others.

use aqueduct_api::data::java_text::value_text;
use aqueduct_api::{
    ConfigDef, ConfigMap, Converter, ConverterRole, HeaderConverter, Plugin, Result, Schema, SchemaAndValue,
    Text, Value, WireHeaders,
};
use bytes::Bytes;

/// The class of [`TextConverter`].
pub const TEXT_CONVERTER: &str = "aqueduct.testkit.TextConverter";
/// The class of [`TextHeaderConverter`].
pub const TEXT_HEADER_CONVERTER: &str = "aqueduct.testkit.TextHeaderConverter";

/// Both converters as plugins. Every [`EmbeddedCluster`](crate::EmbeddedCluster) has them, and uses them where a test
/// chooses no others.
pub fn text_plugins() -> Vec<Plugin> {
    vec![
        Plugin::converter(TEXT_CONVERTER, "1", TextConverter::default),
        Plugin::header_converter(TEXT_HEADER_CONVERTER, "1", TextHeaderConverter::default),
    ]
}

/// Writes a value as the text that Java prints for it, and reads all bytes as text.
#[derive(Debug, Default)]
pub struct TextConverter;

/// The same for values of headers.
#[derive(Debug, Default)]
pub struct TextHeaderConverter;

fn write<'a>(value: &'a Value, buffer: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.as_bytes()),
        Value::Bytes(bytes) => Some(bytes),
        other => {
            buffer.extend_from_slice(value_text(other).as_bytes());
            Some(buffer)
        }
    }
}

fn read(data: Option<&Bytes>) -> SchemaAndValue {
    let text = data.map(|bytes| Text::from_utf8_lossy(bytes.clone()));
    SchemaAndValue::new(Schema::OPTIONAL_STRING, text)
}

impl Converter for TextConverter {
    fn config(&self) -> ConfigDef {
        ConfigDef::new()
    }

    fn configure(&mut self, _config: &ConfigMap, _role: ConverterRole) -> Result<()> {
        Ok(())
    }

    fn from_connect_data<'a>(
        &mut self,
        _topic: &str,
        _headers: &mut WireHeaders,
        _schema: Option<&Schema>,
        value: &'a Value,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>> {
        Ok(write(value, buffer))
    }

    fn to_connect_data(
        &mut self,
        _topic: &str,
        _headers: &WireHeaders,
        data: Option<&Bytes>,
    ) -> Result<SchemaAndValue> {
        Ok(read(data))
    }
}

impl HeaderConverter for TextHeaderConverter {
    fn config(&self) -> ConfigDef {
        ConfigDef::new()
    }

    fn configure(&mut self, _config: &ConfigMap) -> Result<()> {
        Ok(())
    }

    fn from_connect_header<'a>(
        &mut self,
        _topic: &str,
        _key: &str,
        _schema: Option<&Schema>,
        value: &'a Value,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>> {
        Ok(write(value, buffer))
    }

    fn to_connect_header(
        &mut self,
        _topic: &str,
        _key: &str,
        data: Option<&Bytes>,
    ) -> Result<SchemaAndValue> {
        Ok(read(data))
    }
}
