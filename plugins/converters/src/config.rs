//! Keys that several converters share.

use aqueduct_api::config::{ConfigDef, ConfigKey, ConfigType, Importance, Validator};

/// The key with which the runtime says what a converter is for.
pub(crate) const CONVERTER_TYPE: &str = "converter.type";

/// The definition of `converter.type`, which every converter but `SimpleHeaderConverter` has.
pub(crate) fn converter_type() -> ConfigKey {
    ConfigKey::required(
        CONVERTER_TYPE,
        ConfigType::String,
        Importance::Low,
        "What the converter is for: the key, the value or a header of records. The worker sets it.",
    )
    .validator(Validator::valid_string(["key", "value", "header"]))
}

/// The definition of a converter that has no key of its own.
pub(crate) fn type_only() -> ConfigDef {
    ConfigDef::new().with(converter_type())
}
