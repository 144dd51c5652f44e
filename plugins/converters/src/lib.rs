//! Kafka Connect's own converters: JSON, text, bytes, one number or boolean, and the headers' guess from text.
//!
//! [`plugins`] lists them under the names of the Java classes. All of them but `SimpleHeaderConverter` convert keys,
//! values and headers; that one is for headers alone, and `StringConverter`'s and `JsonConverter`'s keys are in their
//! modules.

mod byte_array;
mod charset;
mod config;
mod json;
mod scalar;
mod simple_header;
mod string;

use aqueduct_api::{KAFKA_VERSION, Plugin};

pub use byte_array::ByteArrayConverter;
pub use json::JsonConverter;
pub use scalar::{
    BooleanConverter, DoubleConverter, FloatConverter, IntegerConverter, LongConverter, ShortConverter,
};
pub use simple_header::SimpleHeaderConverter;
pub use string::StringConverter;

/// A plugin for keys and values, and one of the same class for headers.
macro_rules! both {
    ($($class:literal => $converter:ty),* $(,)?) => {
        [$(
            Plugin::converter($class, KAFKA_VERSION, <$converter>::default),
            Plugin::header_converter($class, KAFKA_VERSION, <$converter>::default),
        )*]
    };
}

/// The converters.
pub fn plugins() -> Vec<Plugin> {
    let mut plugins = Vec::from(both! {
        "org.apache.kafka.connect.converters.BooleanConverter" => BooleanConverter,
        "org.apache.kafka.connect.converters.ByteArrayConverter" => ByteArrayConverter,
        "org.apache.kafka.connect.converters.DoubleConverter" => DoubleConverter,
        "org.apache.kafka.connect.converters.FloatConverter" => FloatConverter,
        "org.apache.kafka.connect.converters.IntegerConverter" => IntegerConverter,
        "org.apache.kafka.connect.converters.LongConverter" => LongConverter,
        "org.apache.kafka.connect.converters.ShortConverter" => ShortConverter,
        "org.apache.kafka.connect.json.JsonConverter" => JsonConverter,
        "org.apache.kafka.connect.storage.StringConverter" => StringConverter,
    });
    plugins.push(Plugin::header_converter(
        "org.apache.kafka.connect.storage.SimpleHeaderConverter",
        KAFKA_VERSION,
        || SimpleHeaderConverter,
    ));
    plugins
}
