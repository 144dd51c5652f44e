//! Converters: between values and the bytes in Kafka.

use bytes::Bytes;

use crate::config::ConfigDef;
use crate::data::{Headers, Schema, SchemaAndValue, Value};
use crate::error::Result;
use crate::props::ConfigMap;

/// Which part of a record a converter is for: the `converter.type` that the runtime adds to its configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConverterRole {
    /// The key.
    Key,
    /// The value.
    Value,
    /// Header values.
    Header,
}

impl ConverterRole {
    /// As `converter.type` spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Value => "value",
            Self::Header => "header",
        }
    }
}

/// Converts keys or values. Called for each record by one task; no locks needed, and nothing may block.
pub trait Converter: Send {
    /// The keys that it understands.
    fn config(&self) -> ConfigDef;

    /// Takes its configuration: the keys under the runtime's prefix, without the prefix, and `converter.type`.
    fn configure(&mut self, config: &ConfigMap, role: ConverterRole) -> Result<()>;

    /// The bytes of a value for a topic; `None` for no value. What must be built is built in `buffer`, which comes
    /// empty and is reused; bytes that the value already has are handed on as they are. Headers may be added.
    fn from_connect_data<'a>(
        &mut self,
        topic: &str,
        headers: &mut Headers,
        schema: Option<&Schema>,
        value: &'a Value,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>>;

    /// The value of bytes from a topic; `None` stands for a null in Kafka. Where it can, the value shares the memory
    /// of the bytes.
    fn to_connect_data(
        &mut self,
        topic: &str,
        headers: &RawHeaders,
        data: Option<&Bytes>,
    ) -> Result<SchemaAndValue>;
}

/// Converts header values. Called for each header of each record by one task; nothing may block.
pub trait HeaderConverter: Send {
    /// The keys that it understands.
    fn config(&self) -> ConfigDef;

    /// Takes its configuration, as [`Converter::configure`].
    fn configure(&mut self, config: &ConfigMap) -> Result<()>;

    /// The bytes of a header's value, as [`Converter::from_connect_data`].
    fn from_connect_header<'a>(
        &mut self,
        topic: &str,
        key: &str,
        schema: Option<&Schema>,
        value: &'a Value,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>>;

    /// The value of a header's bytes. `None` instead of a value is what `SimpleHeaderConverter` gives for `null`.
    fn to_connect_header(&mut self, topic: &str, key: &str, data: Option<&Bytes>) -> Result<SchemaAndValue>;
}

/// The headers of a record as they are in Kafka.
pub type RawHeaders = [(crate::data::Text, Option<Bytes>)];
