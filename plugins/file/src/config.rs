//! The keys of both connectors.

use aqueduct_api::{ConfigDef, ConfigKey, ConfigMap, ConfigType, Importance, Result, Topic, Validator};

/// The file to read or to append to.
pub(crate) const FILE: &str = "file";
/// The topic to write to.
pub(crate) const TOPIC: &str = "topic";
/// How many records a poll gives at most.
pub(crate) const BATCH_SIZE: &str = "batch.size";

const BATCH_SIZE_DEFAULT: i32 = 2000;

/// The keys of the source, in Kafka's order.
pub(crate) fn source_def() -> ConfigDef {
    ConfigDef::new()
        .with(ConfigKey::new(
            FILE,
            ConfigType::String,
            (),
            Importance::High,
            "The file to read lines from. Without it, lines come from the standard input, whose positions are not kept.",
        ))
        .with(
            ConfigKey::required(
                TOPIC,
                ConfigType::String,
                Importance::High,
                "The topic that gets a record for each line.",
            )
            .validator(Validator::non_empty_string()),
        )
        .with(ConfigKey::new(
            BATCH_SIZE,
            ConfigType::Int,
            BATCH_SIZE_DEFAULT,
            Importance::Low,
            "How many records the task hands over at once, at most.",
        ))
}

/// The keys of the sink.
pub(crate) fn sink_def() -> ConfigDef {
    ConfigDef::new().with(ConfigKey::new(
        FILE,
        ConfigType::String,
        (),
        Importance::High,
        "The file to append lines to; it is made if need be. Without it, lines go to the standard output.",
    ))
}

/// The file that a configuration names; `None` stands for the standard input or output. The whole configuration is
/// checked against the definition.
pub(crate) fn file_of(def: &ConfigDef, config: &ConfigMap) -> Result<Option<String>> {
    let data = def.parse(config)?;
    Ok(data.optional_string(FILE)?.filter(|file| !file.is_empty()).map(str::to_owned))
}

/// What a source task needs to know.
#[derive(Debug, Clone)]
pub(crate) struct SourceConfig {
    /// `None` is the standard input.
    pub(crate) file: Option<String>,
    pub(crate) topic: Topic,
    /// At least 1: as in Java, a smaller number makes batches of one record.
    pub(crate) batch_records_max: usize,
}

impl SourceConfig {
    pub(crate) fn parse(config: &ConfigMap) -> Result<Self> {
        let def = source_def();
        let data = def.parse(config)?;
        Ok(Self {
            file: file_of(&def, config)?,
            topic: data.string(TOPIC)?.into(),
            batch_records_max: usize::try_from(data.integer(BATCH_SIZE)?).unwrap_or(1).max(1),
        })
    }
}
