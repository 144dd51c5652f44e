//! Plugins that do nothing, to have something to configure.

use std::sync::Arc;

use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Connector, Converter, ConverterRole, HeaderConverter,
    Importance, Origin, Plugin, Predicate, Record, Result, Schema, SchemaAndValue, SinkConnector, SinkRecord,
    SinkTask, SinkTaskContext, SourceConnector, SourceRecord, SourceTask, SourceTaskContext, Support,
    Transformation, Validator, Value, Width, WireHeaders, async_trait,
};
use aqueduct_runtime::registry::Registry;

pub(crate) const JSON: &str = "org.apache.kafka.connect.json.JsonConverter";
pub(crate) const STRING: &str = "org.apache.kafka.connect.storage.StringConverter";
pub(crate) const SIMPLE: &str = "org.apache.kafka.connect.storage.SimpleHeaderConverter";

/// A connector of either direction. A source can deliver exactly once if it has a file.
#[derive(Default)]
pub(crate) struct Idle;

#[async_trait]
impl Connector for Idle {
    async fn start(&mut self, _: &ConfigMap) -> Result<()> {
        Ok(())
    }
    async fn task_configs(&mut self, _: usize) -> Result<Vec<ConfigMap>> {
        Ok(Vec::new())
    }
    async fn stop(&mut self) -> Result<()> {
        Ok(())
    }
    fn config(&self) -> ConfigDef {
        ConfigDef::from_iter([
            ConfigKey::new("file", ConfigType::String, (), Importance::High, "The file."),
            ConfigKey::required("topic", ConfigType::String, Importance::High, "The topic.")
                .validator(Validator::non_empty_string()),
            ConfigKey::new("batch.size", ConfigType::Int, 2000, Importance::Low, "The size."),
        ])
    }
}

impl SourceConnector for Idle {
    fn exactly_once_support(&self, config: &ConfigMap) -> Result<Option<Support>> {
        let file = config.get("file").is_some_and(|file| !file.is_empty());
        Ok(Some(if file { Support::Supported } else { Support::Unsupported }))
    }
}

impl SinkConnector for Idle {}

#[async_trait]
impl SourceTask for Idle {
    async fn start(&mut self, _: Arc<dyn SourceTaskContext>, _: &ConfigMap) -> Result<()> {
        Ok(())
    }
    async fn poll(&mut self) -> Result<Option<Vec<SourceRecord>>> {
        Ok(None)
    }
    async fn stop(&mut self) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl SinkTask for Idle {
    async fn start(&mut self, _: Arc<dyn SinkTaskContext>, _: &ConfigMap) -> Result<()> {
        Ok(())
    }
    async fn put(&mut self, _: &[SinkRecord]) -> Result<()> {
        Ok(())
    }
    async fn stop(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A converter with the keys of the JSON converter.
pub(crate) struct Plain;

fn converter_keys() -> ConfigDef {
    ConfigDef::from_iter([
        ConfigKey::required("converter.type", ConfigType::String, Importance::Low, "The part.")
            .validator(Validator::valid_string(["key", "value", "header"])),
        ConfigKey::new(
            "schemas.enable",
            ConfigType::Boolean,
            true,
            Importance::High,
            "Whether there are schemas.",
        )
        .group("Schemas", 0, Width::Medium, "Enable Schemas"),
        ConfigKey::new(
            "schemas.cache.size",
            ConfigType::Int,
            1000,
            Importance::High,
            "How many schemas are kept.",
        )
        .group("Schemas", 1, Width::Medium, "Schema Cache Size"),
        ConfigKey::new("schema.content", ConfigType::String, (), Importance::High, "A schema.").group(
            "Schemas",
            2,
            Width::Medium,
            "Schema Content",
        ),
        ConfigKey::new("decimal.format", ConfigType::String, "BASE64", Importance::Low, "How decimals look.")
            .validator(Validator::case_insensitive(["NUMERIC", "BASE64"]))
            .group("Serialization", 0, Width::Medium, "Decimal Format"),
        ConfigKey::new("replace.null.with.default", ConfigType::Boolean, true, Importance::Low, "Whether.")
            .group("Serialization", 1, Width::Medium, "Replace null with default"),
    ])
}

impl Converter for Plain {
    fn config(&self) -> ConfigDef {
        converter_keys()
    }
    fn configure(&mut self, _: &ConfigMap, _: ConverterRole) -> Result<()> {
        Ok(())
    }
    fn from_connect_data<'a>(
        &mut self,
        _: &str,
        _: &mut WireHeaders,
        _: Option<&Schema>,
        _: &'a Value,
        _: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>> {
        Ok(None)
    }
    fn to_connect_data(
        &mut self,
        _: &str,
        _: &WireHeaders,
        _: Option<&bytes::Bytes>,
    ) -> Result<SchemaAndValue> {
        Ok(SchemaAndValue::default())
    }
}

impl HeaderConverter for Plain {
    fn config(&self) -> ConfigDef {
        converter_keys()
    }
    fn configure(&mut self, _: &ConfigMap) -> Result<()> {
        Ok(())
    }
    fn from_connect_header<'a>(
        &mut self,
        _: &str,
        _: &str,
        _: Option<&Schema>,
        _: &'a Value,
        _: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>> {
        Ok(None)
    }
    fn to_connect_header(&mut self, _: &str, _: &str, _: Option<&bytes::Bytes>) -> Result<SchemaAndValue> {
        Ok(SchemaAndValue::default())
    }
}

/// A transformation with the keys of InsertField, and a predicate with the key of TopicNameMatches.
pub(crate) struct Same;

impl Transformation for Same {
    fn config(&self) -> ConfigDef {
        let names = [
            "topic.field",
            "partition.field",
            "offset.field",
            "timestamp.field",
            "static.field",
            "static.value",
        ];
        let optional =
            |name: &'static str| ConfigKey::new(name, ConfigType::String, (), Importance::Medium, "A field.");
        names
            .into_iter()
            .map(optional)
            .chain([ConfigKey::new(
                "replace.null.with.default",
                ConfigType::Boolean,
                true,
                Importance::Medium,
                "Whether.",
            )])
            .collect()
    }
    fn configure(&mut self, _: &ConfigMap) -> Result<()> {
        Ok(())
    }
    fn apply(&mut self, record: Record, _: Origin<'_>) -> Result<Option<Record>> {
        Ok(Some(record))
    }
}

impl Predicate for Same {
    fn config(&self) -> ConfigDef {
        ConfigDef::from_iter([ConfigKey::required(
            "pattern",
            ConfigType::String,
            Importance::High,
            "A pattern.",
        )
        .validator(Validator::composite([Validator::non_empty_string(), Validator::regex()]))])
    }
    fn configure(&mut self, _: &ConfigMap) -> Result<()> {
        Ok(())
    }
    fn test(&mut self, _: &Record) -> Result<bool> {
        Ok(true)
    }
}

/// All of them: `x`, `t.IdleSourceConnector`, `t.IdleSinkConnector` in two versions, converters, `t.Insert$Key` and
/// `$Value`, `t.Matches`.
pub(crate) fn registry() -> Arc<Registry> {
    let idle: fn() -> Idle = Idle::default;
    Arc::new(Registry::new(vec![
        Plugin::source("x", "1", idle, "x.Task", idle),
        Plugin::source("t.IdleSourceConnector", "1", idle, "t.Task", idle),
        Plugin::sink("t.IdleSinkConnector", "1.0", idle, "t.Task", idle),
        Plugin::sink("t.IdleSinkConnector", "1.1", idle, "t.Task", idle),
        Plugin::converter(JSON, "4", || Plain),
        Plugin::converter(STRING, "4", || Plain),
        Plugin::header_converter(JSON, "4", || Plain),
        Plugin::header_converter(STRING, "4", || Plain),
        Plugin::header_converter(SIMPLE, "4", || Plain),
        Plugin::transformation("t.Insert$Key", "1", || Same),
        Plugin::transformation("t.Insert$Value", "1", || Same),
        Plugin::predicate("t.Matches", "1", || Same),
    ]))
}
