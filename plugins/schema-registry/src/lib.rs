//! Converters whose messages name a schema that lies in a schema registry.
//!
//! [`plugins`] lists them under the names of the Java classes. They differ in their format alone: [`converter`] holds what
//! they share, `registry` talks to the registry, and there is one module for each format, which maps schemas and values.

mod avro;
mod config;
mod converter;
mod json_schema;
mod json_text;
mod protobuf;
mod registry;
mod subject;
mod wire;

use aqueduct_api::Plugin;

pub use converter::RegistryConverter;

/// Avro's binary form.
pub type AvroConverter = RegistryConverter<avro::Avro>;

/// JSON, described by JSON Schema.
pub type JsonSchemaConverter = RegistryConverter<json_schema::JsonSchema>;

/// Protobuf's messages.
pub type ProtobufConverter = RegistryConverter<protobuf::Protobuf>;

/// The release of the Java converters that these stand for.
const VERSION: &str = "8.1.0";

/// The converters.
pub fn plugins() -> Vec<Plugin> {
    vec![
        Plugin::converter("io.confluent.connect.avro.AvroConverter", VERSION, AvroConverter::default),
        Plugin::converter(
            "io.confluent.connect.json.JsonSchemaConverter",
            VERSION,
            JsonSchemaConverter::default,
        ),
        Plugin::converter(
            "io.confluent.connect.protobuf.ProtobufConverter",
            VERSION,
            ProtobufConverter::default,
        ),
    ]
}
