//! Plugins by the simple names of their classes, and calls of converters as the runtime makes them.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use aqueduct_api::{
    ConfigMap, Converter, ConverterRole, HeaderConverter, Plugin, PluginKind, Result, Schema, SchemaAndValue,
    Transformation, Value, WireHeaders,
};
use bytes::Bytes;

fn plugin(plugins: Vec<Plugin>, name: &str, kind: &str) -> PluginKind {
    let found = plugins.into_iter().find(|plugin| {
        let class = plugin.class.rsplit('.').next();
        class == Some(name) && plugin.kind.name() == kind
    });
    found.unwrap_or_else(|| panic!("no {kind} {name}")).kind
}

/// A configured converter for values.
pub(crate) fn converter(plugins: Vec<Plugin>, name: &str, config: &ConfigMap) -> Box<dyn Converter> {
    let PluginKind::Converter(make) = plugin(plugins, name, "converter") else {
        panic!("{name} is no converter");
    };
    let mut converter = make();
    converter.configure(config, ConverterRole::Value).expect("a good configuration");
    converter
}

/// A configured converter for headers.
pub(crate) fn header_converter(plugins: Vec<Plugin>, name: &str) -> Box<dyn HeaderConverter> {
    let PluginKind::HeaderConverter(make) = plugin(plugins, name, "header_converter") else {
        panic!("{name} is no header converter");
    };
    let mut converter = make();
    converter.configure(&ConfigMap::new()).expect("a good configuration");
    converter
}

/// A transformation that is not configured yet; `None` if there is none of this name.
pub(crate) fn transformation(name: &str) -> Option<Box<dyn Transformation>> {
    let mut plugins = aqueduct_transforms::plugins().into_iter();
    let found = plugins.find(|plugin| plugin.class.rsplit('.').next() == Some(name))?;
    match found.kind {
        PluginKind::Transformation(make) => Some(make()),
        _ => None,
    }
}

/// Reads a message, and gets what the converter lacks.
pub(crate) fn read(converter: &mut dyn Converter, bytes: &[u8]) -> Result<SchemaAndValue> {
    let (bytes, headers) = (Bytes::copy_from_slice(bytes), WireHeaders::new());
    loop {
        match converter.to_connect_data("t", &headers, Some(&bytes)) {
            Err(_) if converter.needs_preparation() => prepare(converter)?,
            read => return read,
        }
    }
}

/// Writes a message, as [`read`] reads one.
pub(crate) fn write(
    converter: &mut dyn Converter,
    schema: Option<&Schema>,
    value: &Value,
) -> Result<Option<Vec<u8>>> {
    let (mut headers, mut buffer) = (WireHeaders::new(), Vec::new());
    loop {
        buffer.clear();
        let written = converter.from_connect_data("t", &mut headers, schema, value, &mut buffer);
        match written.map(|bytes| bytes.map(<[u8]>::to_vec)) {
            Err(_) if converter.needs_preparation() => prepare(converter)?,
            written => return written,
        }
    }
}

/// What is awaited lies in memory, so the future never waits.
fn prepare(converter: &mut dyn Converter) -> Result<()> {
    let mut future = pin!(converter.prepare());
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("a registry in memory lets nobody wait"),
    }
}
