//! The connector of both ways.

use std::sync::Arc;

use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Connector, ConnectorContext, Error, Importance,
    OffsetChange, Result, SinkConnector, SourceConnector, Support, TopicPartition, async_trait,
};

use super::{Call, Monitor, Probe, number};

/// Makes `num.tasks` tasks, or else as many as are allowed, each with the connector's configuration and a `task.id`.
pub(super) struct MonitorableConnector {
    monitor: Monitor,
    is_source: bool,
    /// Kept until the configuration says which connector it is for.
    context: Option<Arc<dyn ConnectorContext>>,
    config: ConfigMap,
    probe: Option<Arc<Probe>>,
}

impl MonitorableConnector {
    pub(super) fn source(monitor: Monitor) -> Self {
        Self { monitor, is_source: true, context: None, config: ConfigMap::new(), probe: None }
    }

    pub(super) fn sink(monitor: Monitor) -> Self {
        Self { is_source: false, ..Self::source(monitor) }
    }

    async fn enter(&self, call: Call) -> Result<()> {
        match &self.probe {
            Some(probe) => probe.enter(call).await,
            None => Err(Error::connect("The connector has not been started")),
        }
    }

    fn inject(&self, key: &str) -> Result<()> {
        if self.config.get(key) == Some("true") {
            return Err(Error::connect(format!("Injecting errors: {key}")));
        }
        Ok(())
    }
}

/// `true` fails: how Kafka's connector is told to.
const START_ERROR: &str = "connector.start.inject.error";
const STOP_ERROR: &str = "connector.stop.inject.error";

#[async_trait]
impl Connector for MonitorableConnector {
    fn initialize(&mut self, context: Arc<dyn ConnectorContext>) {
        self.context = Some(context);
    }

    async fn start(&mut self, config: &ConfigMap) -> Result<()> {
        let probe = self.monitor.probe_of(config);
        if let Some(context) = &self.context {
            probe.initialized(Arc::clone(context));
        }
        self.probe = Some(probe);
        self.config = config.clone();
        self.enter(Call::ConnectorStart).await?;
        self.inject(START_ERROR)
    }

    async fn task_configs(&mut self, max_tasks: usize) -> Result<Vec<ConfigMap>> {
        self.enter(Call::TaskConfigs).await?;
        let name = self.config.get("name").unwrap_or_default();
        let count = number(&self.config, "num.tasks", max_tasks)?;
        Ok((0..count)
            .map(|task| {
                let mut config = self.config.clone();
                config.insert("connector.name", name);
                config.insert("task.id", format!("{name}-{task}"));
                config
            })
            .collect())
    }

    async fn stop(&mut self) -> Result<()> {
        self.enter(Call::ConnectorStop).await?;
        self.inject(STOP_ERROR)
    }

    fn config(&self) -> ConfigDef {
        if !self.is_source {
            return ConfigDef::new();
        }
        let key = |name: &'static str, kind, default: &'static str, text: &'static str| {
            ConfigKey::new(name, kind, default, Importance::High, text)
        };
        ConfigDef::new()
            .with(key("topic", ConfigType::String, "sequential-topic", "The topic to write to."))
            .with(ConfigKey::new(
                "messages.per.poll",
                ConfigType::Int,
                1,
                Importance::Low,
                "Records a poll gives.",
            ))
            .with(ConfigKey::new(
                "throughput",
                ConfigType::Long,
                -1_i64,
                Importance::Low,
                "Records a second, or -1.",
            ))
            .with(ConfigKey::new(
                "max.messages",
                ConfigType::Long,
                i64::MAX,
                Importance::Low,
                "The last sequence number.",
            ))
    }
}

fn support(config: &ConfigMap, key: &str, default: Option<Support>) -> Result<Option<Support>> {
    match config.get(key) {
        Some("supported") => Ok(Some(Support::Supported)),
        Some("unsupported") => Ok(Some(Support::Unsupported)),
        Some("null") => Ok(None),
        Some("fail") => Err(Error::connect(format!("Injecting errors: {key}"))),
        _ => Ok(default),
    }
}

/// What `alter.offsets.result` says: `true`, `false`, or anything else for a failure. Without it: true.
fn alter_offsets(config: &ConfigMap) -> Result<bool> {
    match config.get("alter.offsets.result") {
        None | Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => Err(Error::connect("Injecting errors: alter.offsets.result")),
    }
}

#[async_trait]
impl SourceConnector for MonitorableConnector {
    fn exactly_once_support(&self, config: &ConfigMap) -> Result<Option<Support>> {
        support(config, "custom.exactly.once.support", None)
    }

    fn can_define_transaction_boundaries(&self, config: &ConfigMap) -> Result<Option<Support>> {
        support(config, "custom.transaction.boundaries", Some(Support::Unsupported))
    }

    async fn alter_offsets(&self, config: &ConfigMap, _offsets: &[OffsetChange]) -> Result<bool> {
        alter_offsets(config)
    }
}

#[async_trait]
impl SinkConnector for MonitorableConnector {
    async fn alter_offsets(
        &self,
        config: &ConfigMap,
        _offsets: &[(TopicPartition, Option<i64>)],
    ) -> Result<bool> {
        alter_offsets(config)
    }
}
