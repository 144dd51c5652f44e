//! Kafka Connect's single message transformations and predicates, and Debezium's for change events.
//!
//! Class names, keys, results and the texts of errors are those of Kafka Connect and of Debezium. Records are taken by value and their
//! fields moved; what is derived from a schema is remembered with it.

mod cache;
mod cast;
pub mod date_format;
mod debezium;
mod drop_headers;
mod extract_field;
pub mod field_path;
mod fields;
mod filter;
mod flatten;
mod header_from;
mod hoist_field;
mod insert_field;
mod insert_header;
mod keys;
mod layout;
mod mask_field;
mod numbers;
mod part;
mod predicates;
mod record_text;
mod regex;
mod regex_router;
mod replace_field;
mod require;
mod set_schema_metadata;
mod timestamp_converter;
mod timestamp_router;
mod value_to_key;

use aqueduct_api::{KAFKA_VERSION, Plugin};

use cast::Cast;
use debezium::{ByLogicalTableRouter, ExtractNewRecordState};
use drop_headers::DropHeaders;
use extract_field::ExtractField;
use filter::Filter;
use flatten::Flatten;
use header_from::HeaderFrom;
use hoist_field::HoistField;
use insert_field::InsertField;
use insert_header::InsertHeader;
use mask_field::MaskField;
use part::Part;
use predicates::{HasHeaderKey, RecordIsTombstone, TopicNameMatches};
use regex_router::RegexRouter;
use replace_field::ReplaceField;
use set_schema_metadata::SetSchemaMetadata;
use timestamp_converter::TimestampConverter;
use timestamp_router::TimestampRouter;
use value_to_key::ValueToKey;

/// A transformation; with a type that takes a [`Part`], its two variants.
macro_rules! transformation {
    ($kind:ident) => {
        [Plugin::transformation(
            concat!("org.apache.kafka.connect.transforms.", stringify!($kind)),
            KAFKA_VERSION,
            $kind::default,
        )]
    };
    ($kind:ident of a part) => {
        [
            Plugin::transformation(
                concat!("org.apache.kafka.connect.transforms.", stringify!($kind), "$Key"),
                KAFKA_VERSION,
                || $kind::new(Part::Key),
            ),
            Plugin::transformation(
                concat!("org.apache.kafka.connect.transforms.", stringify!($kind), "$Value"),
                KAFKA_VERSION,
                || $kind::new(Part::Value),
            ),
        ]
    };
}

/// A transformation of Debezium's.
macro_rules! debezium {
    ($kind:ident) => {
        Plugin::transformation(
            concat!("io.debezium.transforms.", stringify!($kind)),
            debezium::VERSION,
            $kind::default,
        )
    };
}

macro_rules! predicate {
    ($kind:ident) => {
        Plugin::predicate(
            concat!("org.apache.kafka.connect.transforms.predicates.", stringify!($kind)),
            KAFKA_VERSION,
            $kind::default,
        )
    };
}

/// The plugins of this crate.
pub fn plugins() -> Vec<Plugin> {
    let mut plugins = Vec::new();
    plugins.extend(transformation!(Cast of a part));
    plugins.extend(transformation!(DropHeaders));
    plugins.extend(transformation!(ExtractField of a part));
    plugins.extend(transformation!(Filter));
    plugins.extend(transformation!(Flatten of a part));
    plugins.extend(transformation!(HeaderFrom of a part));
    plugins.extend(transformation!(HoistField of a part));
    plugins.extend(transformation!(InsertField of a part));
    plugins.extend(transformation!(InsertHeader));
    plugins.extend(transformation!(MaskField of a part));
    plugins.extend(transformation!(RegexRouter));
    plugins.extend(transformation!(ReplaceField of a part));
    plugins.extend(transformation!(SetSchemaMetadata of a part));
    plugins.extend(transformation!(TimestampConverter of a part));
    plugins.extend(transformation!(TimestampRouter));
    plugins.extend(transformation!(ValueToKey));
    plugins.extend([debezium!(ByLogicalTableRouter), debezium!(ExtractNewRecordState)]);
    plugins.extend([predicate!(HasHeaderKey), predicate!(RecordIsTombstone), predicate!(TopicNameMatches)]);
    plugins
}
