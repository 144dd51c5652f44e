//! `SimpleHeaderConverter`: header values as text, whose type is guessed when they are read.

use aqueduct_api::data::{Schema, SchemaAndValue, Value, values};
use aqueduct_api::{ConfigDef, ConfigMap, HeaderConverter, Result};
use bytes::Bytes;

use crate::charset::utf8_text;

/// Writes the text of a value, and reads what a text looks like: a number of the smallest type that holds it, a boolean, a
/// date, a list, a map, or else a string. It is what a worker uses where nothing else is set.
#[derive(Debug, Default)]
pub struct SimpleHeaderConverter;

impl HeaderConverter for SimpleHeaderConverter {
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
        match value {
            Value::Null => return Ok(None),
            // Alone, a string has no quotes.
            Value::String(text) => return Ok(Some(text.as_bytes())),
            _ => {}
        }
        // The buffer comes empty: only its memory is used.
        let mut text = String::from_utf8(std::mem::take(buffer)).unwrap_or_default();
        // A String takes everything.
        let _ = values::write_string(&mut text, value);
        *buffer = text.into_bytes();
        Ok(Some(buffer))
    }

    fn to_connect_header(
        &mut self,
        _topic: &str,
        _key: &str,
        data: Option<&Bytes>,
    ) -> Result<SchemaAndValue> {
        let text = data.map(utf8_text);
        Ok(text.and_then(|text| values::parse_string(&text)).unwrap_or(SchemaAndValue::NULL))
    }
}
