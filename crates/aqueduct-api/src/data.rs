//! Connect's data model: types, schemas, values, headers.

mod builder;
pub mod calendar;
mod decimal;
mod digits;
mod header;
pub mod java_hash;
pub mod java_text;
mod keys;
mod logical;
mod map;
mod number;
mod projector;
mod schema;
mod structs;
mod text;
mod validate;
mod value;
pub mod values;

pub use builder::SchemaBuilder;
pub use decimal::Decimal;
pub use digits::decimal_digit;
pub use header::{Header, Headers};
pub use keys::Keys;
pub use logical::{Logical, check_scale, decimal_scale};
pub use map::Map;
pub use projector::project;
pub use schema::{Field, Schema, Type};
pub use structs::Struct;
pub use text::{Text, TextWriter};
pub use validate::{validate_field, validate_value};
pub use value::{SchemaAndValue, Value, java_class_of_type};
