//! Converters: between values and the bytes in Kafka.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::config::ConfigDef;
use crate::data::{Schema, SchemaAndValue, Value};
use crate::error::Result;
use crate::metrics::PluginMetrics;
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
///
/// A converter that needs something from elsewhere, as a schema from a registry, remembers what a conversion lacked and
/// lets it fail; the runtime then awaits [`Converter::prepare`] and converts the record again. So a wait comes once for
/// each new schema, whichever record or transformation brought it, and records in between cost nothing.
#[async_trait]
pub trait Converter: Send {
    /// The keys that it understands.
    fn config(&self) -> ConfigDef;

    /// Takes its configuration: the keys under the runtime's prefix, without the prefix, and `converter.type`.
    fn configure(&mut self, config: &ConfigMap, role: ConverterRole) -> Result<()>;

    /// The bytes of a value for a topic; `None` for no value. What must be built is built in `buffer`, which comes
    /// empty and is reused; bytes that the value already has are handed on as they are. Headers may be added: they
    /// are those that go to Kafka, already converted.
    #[expect(clippy::wrong_self_convention, reason = "Kafka Connect's name")]
    fn from_connect_data<'a>(
        &mut self,
        topic: &str,
        headers: &mut WireHeaders,
        schema: Option<&Schema>,
        value: &'a Value,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>>;

    /// The value of bytes from a topic; `None` stands for a null in Kafka. Where it can, the value shares the memory
    /// of the bytes.
    fn to_connect_data(
        &mut self,
        topic: &str,
        headers: &WireHeaders,
        data: Option<&Bytes>,
    ) -> Result<SchemaAndValue>;

    /// Whether the conversion that failed last failed only for want of something that [`Converter::prepare`] gets.
    /// Asked after failures alone.
    fn needs_preparation(&self) -> bool {
        false
    }

    /// Gets what the conversion that failed last lacked, and no longer needs it, whatever comes out. After a success the
    /// same conversion gets further than before. An error takes the place of that of the conversion, for which the
    /// usual retries and tolerance hold. The future may be dropped at any await point when the task is stopping.
    async fn prepare(&mut self) -> Result<()> {
        Ok(())
    }

    /// Takes the place for metrics of its own, once, after `configure`.
    fn with_plugin_metrics(&mut self, metrics: Arc<dyn PluginMetrics>) {
        let _ = metrics;
    }
}

/// Converts header values. Called for each header of each record by one task; nothing may block.
pub trait HeaderConverter: Send {
    /// The keys that it understands.
    fn config(&self) -> ConfigDef;

    /// Takes its configuration, as [`Converter::configure`].
    fn configure(&mut self, config: &ConfigMap) -> Result<()>;

    /// The bytes of a header's value, as [`Converter::from_connect_data`].
    #[expect(clippy::wrong_self_convention, reason = "Kafka Connect's name")]
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

    /// Takes the place for metrics of its own, once, after `configure`.
    fn with_plugin_metrics(&mut self, metrics: Arc<dyn PluginMetrics>) {
        let _ = metrics;
    }
}

/// The headers of a record as bytes: as they are, or will be, in Kafka. One value serves for record after record.
#[derive(Debug, Clone, Default)]
pub struct WireHeaders {
    bytes: Vec<u8>,
    entries: Vec<(Range<usize>, Option<Range<usize>>)>,
}

impl WireHeaders {
    /// No headers.
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), entries: Vec::new() }
    }

    /// Adds a header at the end; `None` is a null, which is not the same as empty.
    pub fn push(&mut self, key: &str, value: Option<&[u8]>) {
        let key = self.append(key.as_bytes());
        let value = value.map(|value| self.append(value));
        self.entries.push((key, value));
    }

    fn append(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    /// The headers in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, Option<&[u8]>)> + ExactSizeIterator {
        self.entries.iter().map(|(key, value)| {
            // `push` took the key as text.
            let key = std::str::from_utf8(&self.bytes[key.clone()]).unwrap_or_default();
            (key, value.clone().map(|value| &self.bytes[value]))
        })
    }

    /// The value of the last header of this name: `None` if there is none, `Some(None)` if it is a null.
    pub fn last(&self, key: &str) -> Option<Option<&[u8]>> {
        self.iter().rev().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Removes all headers and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }
}
