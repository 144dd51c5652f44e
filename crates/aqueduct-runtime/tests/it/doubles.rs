//! Plugins that do nothing, to have something to configure.

use std::sync::Arc;

use aqueduct_api::{
    ConfigDef, ConfigMap, Connector, Converter, ConverterRole, HeaderConverter, Origin, Plugin, PluginKind,
    Predicate, Record, Result, Schema, SchemaAndValue, SinkConnector, SinkRecord, SinkTask, SinkTaskContext,
    SourceConnector, SourceRecord, SourceTask, SourceTaskContext, Support, Transformation, Value,
    WireHeaders, async_trait,
};
use aqueduct_runtime::registry::Registry;

pub(crate) const JSON: &str = "org.apache.kafka.connect.json.JsonConverter";
pub(crate) const STRING: &str = "org.apache.kafka.connect.storage.StringConverter";

/// A plugin of any kind with some keys. As a source it can deliver exactly once if it has a file.
#[derive(Default, Clone)]
pub(crate) struct Idle(ConfigDef);

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
        self.0.clone()
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

impl Converter for Idle {
    fn config(&self) -> ConfigDef {
        self.0.clone()
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

impl HeaderConverter for Idle {
    fn config(&self) -> ConfigDef {
        self.0.clone()
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

impl Transformation for Idle {
    fn config(&self) -> ConfigDef {
        self.0.clone()
    }
    fn configure(&mut self, _: &ConfigMap) -> Result<()> {
        Ok(())
    }
    fn apply(&mut self, _: &mut Record, _: Origin<'_>) -> Result<bool> {
        Ok(true)
    }
}

impl Predicate for Idle {
    fn config(&self) -> ConfigDef {
        self.0.clone()
    }
    fn configure(&mut self, _: &ConfigMap) -> Result<()> {
        Ok(())
    }
    fn test(&mut self, _: &Record) -> Result<bool> {
        Ok(true)
    }
}

/// A plugin of a kind, as the plugin listing names it.
pub(crate) fn plugin(kind: &str, class: &str, version: &str, def: ConfigDef) -> Plugin {
    let idle = Idle(def);
    let leak = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    let kind = match kind {
        "source" => PluginKind::Source {
            connector: Arc::new(move || Box::new(idle.clone())),
            task_class: "idle.Task",
            task: Arc::new(|| Box::new(Idle::default())),
        },
        "sink" => PluginKind::Sink {
            connector: Arc::new(move || Box::new(idle.clone())),
            task_class: "idle.Task",
            task: Arc::new(|| Box::new(Idle::default())),
        },
        "converter" => PluginKind::Converter(Arc::new(move || Box::new(idle.clone()))),
        "header_converter" => PluginKind::HeaderConverter(Arc::new(move || Box::new(idle.clone()))),
        "predicate" => PluginKind::Predicate(Arc::new(move || Box::new(idle.clone()))),
        "transformation" => PluginKind::Transformation(Arc::new(move || Box::new(idle.clone()))),
        other => panic!("no kind of plugin: {other}"),
    };
    Plugin { class: leak(class), version: leak(version), kind }
}

/// A source `x`, and two converters of both kinds.
pub(crate) fn registry() -> Arc<Registry> {
    let kinds = ["converter", "header_converter"];
    let converters = kinds
        .into_iter()
        .flat_map(|kind| [JSON, STRING].map(|class| plugin(kind, class, "4", ConfigDef::new())));
    Arc::new(Registry::new(converters.chain([plugin("source", "x", "1", ConfigDef::new())]).collect()))
}
