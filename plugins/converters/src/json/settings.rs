//! The keys of `JsonConverter`.

use aqueduct_api::config::{ConfigDef, ConfigKey, ConfigType, Importance, Validator, Width};
use aqueduct_api::{ConfigMap, ConverterRole, Result};

use crate::config::{CONVERTER_TYPE, converter_type};

const ENABLE: &str = "schemas.enable";
const CACHE_SIZE: &str = "schemas.cache.size";
const CONTENT: &str = "schema.content";
const DECIMAL_FORMAT: &str = "decimal.format";
const REPLACE_NULL: &str = "replace.null.with.default";

/// How a converter is set up.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Whether messages carry their schema.
    pub(crate) schemas: bool,
    /// How many schemas either cache holds.
    pub(crate) cache_size: usize,
    /// The schema, as JSON, that stands for those of all messages.
    pub(crate) content: Option<String>,
    /// Whether decimals are written as numbers instead of base64.
    pub(crate) numeric: bool,
    /// Whether the default of a schema stands in for a null, both ways.
    pub(crate) replace_null: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { schemas: true, cache_size: 1000, content: None, numeric: false, replace_null: true }
    }
}

impl Settings {
    pub(crate) fn parse(config: &ConfigMap, role: ConverterRole) -> Result<Self> {
        let mut config = config.clone();
        config.insert(CONVERTER_TYPE, role.name());
        let config = definition().parse(&config)?;
        let content = config.optional_string(CONTENT)?.filter(|content| !content.is_empty());
        Ok(Self {
            schemas: config.boolean(ENABLE)?,
            cache_size: usize::try_from(config.integer(CACHE_SIZE)?).unwrap_or(0),
            content: content.map(str::to_owned),
            numeric: config.string(DECIMAL_FORMAT)?.eq_ignore_ascii_case("NUMERIC"),
            replace_null: config.boolean(REPLACE_NULL)?,
        })
    }
}

/// The definitions in Java's order.
pub(crate) fn definition() -> ConfigDef {
    ConfigDef::new()
        .with(converter_type())
        .with(
            ConfigKey::new(
                ENABLE,
                ConfigType::Boolean,
                true,
                Importance::High,
                "Whether each message carries its schema: it is then an object of the two members schema and payload.",
            )
            .group("Schemas", 0, Width::Medium, "Enable Schemas"),
        )
        .with(
            ConfigKey::new(
                CACHE_SIZE,
                ConfigType::Int,
                1000,
                Importance::High,
                "How many schemas to remember each way, from schemas to JSON and from JSON to schemas.",
            )
            .group("Schemas", 1, Width::Medium, "Schema Cache Size"),
        )
        .with(
            ConfigKey::new(
                CONTENT,
                ConfigType::String,
                (),
                Importance::High,
                "A schema as JSON for all messages that are read. They then hold the payload alone, and a schema that \
                 one carries nevertheless is not looked at. Needs schemas.enable.",
            )
            .group("Schemas", 2, Width::Medium, "Schema Content"),
        )
        .with(
            ConfigKey::new(
                DECIMAL_FORMAT,
                ConfigType::String,
                "BASE64",
                Importance::Low,
                "How decimals are written: BASE64 for their unscaled bytes as text, NUMERIC for a number. Both are read \
                 whatever is set here.",
            )
            .validator(Validator::case_insensitive(["NUMERIC", "BASE64"]))
            .group("Serialization", 0, Width::Medium, "Decimal Format"),
        )
        .with(
            ConfigKey::new(
                REPLACE_NULL,
                ConfigType::Boolean,
                true,
                Importance::Low,
                "Whether the default of a field stands in for a null, in what is written and in what is read.",
            )
            .group("Serialization", 1, Width::Medium, "Replace null with default"),
        )
}
