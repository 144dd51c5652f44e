//! `StringConverter`: any value as Java prints it, read back as text.

use aqueduct_api::config::{ConfigKey, ConfigType, Importance, Width};
use aqueduct_api::data::{Schema, SchemaAndValue, Value, java_text};
use aqueduct_api::{
    ConfigDef, ConfigMap, Converter, ConverterRole, Error, ErrorKind, HeaderConverter, Result, WireHeaders,
};
use bytes::Bytes;

use crate::charset::{Charset, utf8_text};
use crate::config::{CONVERTER_TYPE, converter_type};

const ENCODING: &str = "converter.encoding";

/// Writes what `toString` gives, and reads OPTIONAL_STRING. Text in UTF-8 is handed on without a copy, both ways.
#[derive(Debug)]
pub struct StringConverter {
    charset: Charset,
}

impl Default for StringConverter {
    fn default() -> Self {
        Self { charset: Charset::Utf8 }
    }
}

fn definition() -> ConfigDef {
    let encoding = ConfigKey::new(
        ENCODING,
        ConfigType::String,
        "UTF-8",
        Importance::High,
        "The Java name of the character set of the bytes.",
    );
    let encoding = ConfigKey { width: Width::Medium, display_name: "Encoding".into(), ..encoding };
    ConfigDef::new().with(converter_type()).with(encoding)
}

impl StringConverter {
    fn set_up(&mut self, config: &ConfigMap, role: ConverterRole) -> Result<()> {
        let mut config = config.clone();
        config.insert(CONVERTER_TYPE, role.name());
        let config = definition().parse(&config)?;
        let name = config.string(ENCODING)?;
        self.charset = Charset::for_name(name)
            .ok_or_else(|| Error::new(ErrorKind::Serialization, format!("Unsupported encoding {name}")))?;
        Ok(())
    }

    fn write<'a>(&self, value: &'a Value, buffer: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        match (value, self.charset) {
            (Value::Null, _) => return None,
            (Value::String(text), Charset::Utf8) => return Some(text.as_bytes()),
            (other, Charset::Utf8) => java_text::append_utf8(buffer, other),
            (Value::String(text), charset) => charset.encode(text, buffer),
            (other, charset) => charset.encode(&java_text::value_text(other), buffer),
        }
        Some(buffer)
    }

    fn read(&self, data: Option<&Bytes>) -> SchemaAndValue {
        let text = data.map(|data| match self.charset {
            Charset::Utf8 => utf8_text(data),
            charset => charset.decode(data).into_owned().into(),
        });
        SchemaAndValue::new(Schema::OPTIONAL_STRING, text)
    }
}

impl Converter for StringConverter {
    fn config(&self) -> ConfigDef {
        definition()
    }

    fn configure(&mut self, config: &ConfigMap, role: ConverterRole) -> Result<()> {
        self.set_up(config, role)
    }

    fn from_connect_data<'a>(
        &mut self,
        _topic: &str,
        _headers: &mut WireHeaders,
        _schema: Option<&Schema>,
        value: &'a Value,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>> {
        Ok(self.write(value, buffer))
    }

    fn to_connect_data(
        &mut self,
        _topic: &str,
        _headers: &WireHeaders,
        data: Option<&Bytes>,
    ) -> Result<SchemaAndValue> {
        Ok(self.read(data))
    }
}

impl HeaderConverter for StringConverter {
    fn config(&self) -> ConfigDef {
        definition()
    }

    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        self.set_up(config, ConverterRole::Header)
    }

    fn from_connect_header<'a>(
        &mut self,
        _topic: &str,
        _key: &str,
        _schema: Option<&Schema>,
        value: &'a Value,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>> {
        Ok(self.write(value, buffer))
    }

    fn to_connect_header(
        &mut self,
        _topic: &str,
        _key: &str,
        data: Option<&Bytes>,
    ) -> Result<SchemaAndValue> {
        Ok(self.read(data))
    }
}
