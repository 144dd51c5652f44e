//! `ByteArrayConverter`: bytes as they are.

use aqueduct_api::data::{Schema, SchemaAndValue, Type, Value};
use aqueduct_api::{
    ConfigDef, ConfigMap, Converter, ConverterRole, Error, HeaderConverter, Result, WireHeaders,
};
use bytes::Bytes;

use crate::config;

/// Hands bytes on without a copy, both ways. What it reads has the schema OPTIONAL_BYTES.
#[derive(Debug, Default)]
pub struct ByteArrayConverter;

impl ByteArrayConverter {
    fn write<'a>(schema: Option<&Schema>, value: &'a Value) -> Result<Option<&'a [u8]>> {
        if let Some(kind) = schema.map(Schema::kind).filter(|kind| *kind != Type::Bytes) {
            return Err(Error::data(format!("Invalid schema type for ByteArrayConverter: {kind}")));
        }
        match value {
            Value::Null => Ok(None),
            Value::Bytes(bytes) => Ok(Some(bytes)),
            other => Err(Error::data(format!(
                "ByteArrayConverter is not compatible with objects of type class {}",
                other.java_class()
            ))),
        }
    }

    fn read(data: Option<&Bytes>) -> SchemaAndValue {
        SchemaAndValue::new(Schema::OPTIONAL_BYTES, data.cloned())
    }
}

impl Converter for ByteArrayConverter {
    fn config(&self) -> ConfigDef {
        config::type_only()
    }

    fn configure(&mut self, _config: &ConfigMap, _role: ConverterRole) -> Result<()> {
        Ok(())
    }

    fn from_connect_data<'a>(
        &mut self,
        _topic: &str,
        _headers: &mut WireHeaders,
        schema: Option<&Schema>,
        value: &'a Value,
        _buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>> {
        Self::write(schema, value)
    }

    fn to_connect_data(
        &mut self,
        _topic: &str,
        _headers: &WireHeaders,
        data: Option<&Bytes>,
    ) -> Result<SchemaAndValue> {
        Ok(Self::read(data))
    }
}

impl HeaderConverter for ByteArrayConverter {
    fn config(&self) -> ConfigDef {
        config::type_only()
    }

    fn configure(&mut self, _config: &ConfigMap) -> Result<()> {
        Ok(())
    }

    fn from_connect_header<'a>(
        &mut self,
        _topic: &str,
        _key: &str,
        schema: Option<&Schema>,
        value: &'a Value,
        _buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>> {
        Self::write(schema, value)
    }

    fn to_connect_header(
        &mut self,
        _topic: &str,
        _key: &str,
        data: Option<&Bytes>,
    ) -> Result<SchemaAndValue> {
        Ok(Self::read(data))
    }
}
