//! Connect's data model: types, schemas, values, headers.

mod builder;
mod decimal;
mod header;
pub mod java_hash;
mod logical;
mod map;
mod schema;
mod structs;
mod text;
mod validate;
mod value;

pub use builder::SchemaBuilder;
pub use decimal::Decimal;
pub use header::{Header, Headers};
pub use logical::{Logical, decimal_scale};
pub use map::Map;
pub use schema::{Field, Schema, Type};
pub use structs::Struct;
pub use text::Text;
pub use validate::{validate_field, validate_value};
pub use value::{SchemaAndValue, Value, java_class_of_type};
