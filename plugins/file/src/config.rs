//! The keys of both connectors.

use std::path::PathBuf;

use aqueduct_api::config::Parsed;
use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Error, Importance, Result, Topic, Validator,
};

/// The file to read or to append to.
pub(crate) const FILE: &str = "file";
/// The topic to write to.
pub(crate) const TOPIC: &str = "topic";
/// How many records a poll gives at most.
pub(crate) const BATCH_SIZE: &str = "batch.size";

const BATCH_SIZE_DEFAULT: i32 = 2000;

/// What a source needs to know.
#[derive(Debug, Clone)]
pub(crate) struct SourceConfig {
    /// `None` is the standard input.
    pub(crate) file: Option<String>,
    pub(crate) topic: Topic,
    /// At least 1: as in Java, a smaller number makes batches of one record.
    pub(crate) batch_records_max: usize,
}

impl SourceConfig {
    pub(crate) fn def() -> ConfigDef {
        ConfigDef::new()
            .with(ConfigKey::new(
                FILE,
                ConfigType::String,
                (),
                Importance::High,
                "The file to read lines from. Without it, lines come from the standard input, whose offsets are not kept.",
            ))
            .with(
                ConfigKey::required(
                    TOPIC,
                    ConfigType::String,
                    Importance::High,
                    "The topic that gets a record for each line.",
                )
                .validator(Validator::new("non-empty string", |name, value| match value {
                    Parsed::String(text) if text.is_empty() => {
                        vec![format!("Invalid value  for configuration {name}: String must be non-empty")]
                    }
                    _ => Vec::new(),
                })),
            )
            .with(ConfigKey::new(
                BATCH_SIZE,
                ConfigType::Int,
                BATCH_SIZE_DEFAULT,
                Importance::Low,
                "How many records the task hands over at once, at most.",
            ))
    }

    pub(crate) fn parse(config: &ConfigMap) -> Result<Self> {
        let batch = match config.get(BATCH_SIZE).map(str::trim) {
            None => BATCH_SIZE_DEFAULT,
            Some(text) => text.parse::<i32>().map_err(|_| {
                Error::config(format!(
                    "Invalid value {text} for configuration {BATCH_SIZE}: Not a number of type INT"
                ))
            })?,
        };
        let topic = config.require(TOPIC)?.trim();
        Ok(Self {
            file: file_of(config),
            topic: topic.into(),
            batch_records_max: usize::try_from(batch).unwrap_or(1).max(1),
        })
    }
}

/// What a sink needs to know.
#[derive(Debug, Clone)]
pub(crate) struct SinkConfig {
    /// `None` is the standard output.
    pub(crate) file: Option<PathBuf>,
}

impl SinkConfig {
    pub(crate) fn def() -> ConfigDef {
        ConfigDef::new().with(ConfigKey::new(
            FILE,
            ConfigType::String,
            (),
            Importance::High,
            "The file to append lines to; it is made if need be. Without it, lines go to the standard output.",
        ))
    }

    pub(crate) fn parse(config: &ConfigMap) -> Result<Self> {
        Ok(Self { file: file_of(config).map(PathBuf::from) })
    }
}

fn file_of(config: &ConfigMap) -> Option<String> {
    config.get(FILE).map(str::trim).filter(|file| !file.is_empty()).map(str::to_owned)
}
