//! The words of schemas in JSON.

use aqueduct_api::data::Type;

pub(crate) const TYPE: &str = "type";
pub(crate) const OPTIONAL: &str = "optional";
pub(crate) const NAME: &str = "name";
pub(crate) const VERSION: &str = "version";
pub(crate) const DOC: &str = "doc";
pub(crate) const PARAMETERS: &str = "parameters";
pub(crate) const DEFAULT: &str = "default";
pub(crate) const ITEMS: &str = "items";
pub(crate) const KEYS: &str = "keys";
pub(crate) const VALUES: &str = "values";
pub(crate) const FIELDS: &str = "fields";
pub(crate) const FIELD: &str = "field";
pub(crate) const SCHEMA: &str = "schema";
pub(crate) const PAYLOAD: &str = "payload";

/// The word for a type. Floats have names of their own here.
pub(crate) const fn name_of(kind: Type) -> &'static str {
    match kind {
        Type::Int8 => "int8",
        Type::Int16 => "int16",
        Type::Int32 => "int32",
        Type::Int64 => "int64",
        Type::Float32 => "float",
        Type::Float64 => "double",
        Type::Boolean => "boolean",
        Type::String => "string",
        Type::Bytes => "bytes",
        Type::Array => "array",
        Type::Map => "map",
        Type::Struct => "struct",
    }
}

/// The type that a word means.
pub(crate) fn type_of(name: &str) -> Option<Type> {
    Type::ALL.into_iter().find(|kind| name_of(*kind) == name)
}
