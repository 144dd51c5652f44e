//! Putting a task together: its plugins, configured, and its Kafka clients.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_api::{
    ConfigMap, Converter, ConverterRole, Error, HeaderConverter, Plugin, PluginKind, PluginMetrics, Result,
    SinkTask, SourceTask,
};
use aqueduct_kafka::{Admin, Subscription};
use aqueduct_proto::state::TaskId;
use aqueduct_proto::tolerance::{Policy, Tolerance};

use super::client_properties::{ClientRole, client_properties};
use super::topics::{AdminTopics, create_dead_letter_topic};
use super::{TaskReport, Worker};
use crate::connector_config::{
    ConnectorConfig, ErrorSettings, PluginSpec, TopicCreationGroup, Topics, TransformSpec,
};
use crate::errors::{DeadLetters, ErrorHandler, LogReporter, kafka_error};
use crate::herder::ConnectorType;
use crate::metrics::{ClassVersion, TaskParts};
use crate::providers::ValueWatch;
use crate::registry::Wanted;
use crate::task::sink::{Batch, Commits, Converters, ErrantRecords, SinkContext, SinkLoop};
use crate::task::source::{Committer, Flow, Named, Pipeline, SourceLoop, TopicCreation, TopicCreator};
use crate::task::{Chain, Condition, ConfigSource, Link, SourceContext, TaskControl};

/// A task, ready to run.
pub(super) enum Assembled {
    Source(Box<SourceLoop>),
    Sink(Box<SinkLoop>),
}

/// `tasks.max` is a limit, unless the user says otherwise.
pub(super) fn check_task_count(name: &str, count: usize, config: &ConnectorConfig) -> Result<()> {
    let max = config.tasks_max;
    if count <= max {
        return Ok(());
    }
    let message = format!(
        "The connector {name} has generated {count} tasks, which is greater than {max}, the maximum number of tasks it is configured to create. "
    );
    if config.tasks_max_enforce {
        Err(Error::connect(
            message
                + "This behaviour should be considered a bug and is disallowed. If necessary, it can be permitted by reconfiguring the connector with 'tasks.max.enforce' set to false; however, this option is deprecated.",
        ))
    } else {
        tracing::warn!(connector = name, "{message}");
        Ok(())
    }
}

/// What every task is made with.
struct Made<'a> {
    worker: &'a Worker,
    id: &'a TaskId,
    /// The connector's configuration, resolved.
    connector: ConfigMap,
    parsed: ConnectorConfig,
    task: ConfigMap,
    /// Gives the task's configuration anew.
    config_source: ConfigSource,
    control: TaskControl,
    report: TaskReport,
}

impl Worker {
    /// Makes a task, and the watch on the values that it was made of, if it is to be restarted for new ones.
    pub(super) async fn assemble(
        &self,
        id: &TaskId,
        of: usize,
        connector: &ConfigMap,
        task: &ConfigMap,
        control: TaskControl,
        report: &mut TaskReport,
    ) -> Result<(Assembled, Option<ValueWatch>)> {
        let transformer = &self.parts.transformer;
        let resolved = transformer.resolve(connector).await?;
        let parsed = ConnectorConfig::parse(&resolved.config, &self.parts.registry)?;
        // The connector was held to it, but the set may be another program's.
        check_task_count(&id.connector, of, &parsed)?;
        let plugin = self.parts.registry.get(Wanted::Connector, &parsed.class, parsed.version.as_ref())?;
        report.version = Some(plugin.version);
        let config_source: ConfigSource = {
            let (transformer, raw) = (transformer.clone(), task.clone());
            Arc::new(move || match transformer.transform(&raw) {
                Ok(transformed) => transformed.config,
                Err(error) => {
                    tracing::error!("references to config providers could not be resolved: {error:#}");
                    raw.clone()
                }
            })
        };
        let own = transformer.resolve(task).await?;
        let watch = match parsed.restart_on_reload {
            true => ValueWatch::new(transformer, &[(connector, &resolved), (task, &own)]),
            false => None,
        };
        let made = Made {
            worker: self,
            id,
            connector: resolved.config,
            parsed,
            task: own.config,
            config_source,
            control,
            report: report.clone(),
        };
        let assembled = match &plugin.kind {
            PluginKind::Source { task, task_class, .. } => {
                made.describe(ConnectorType::Source, plugin, task_class)?;
                Assembled::Source(Box::new(made.source(task(), task_class).await?))
            }
            PluginKind::Sink { task, task_class, .. } => {
                made.describe(ConnectorType::Sink, plugin, task_class)?;
                Assembled::Sink(Box::new(made.sink(task(), task_class).await?))
            }
            _ => return Err(Error::config(format!("{} is no connector", plugin.class))),
        };
        Ok((assembled, watch))
    }
}

impl Made<'_> {
    /// Notes what the task is made of, for its metrics.
    fn describe(&self, kind: ConnectorType, connector: &Plugin, task_class: &'static str) -> Result<()> {
        let mut transforms = Vec::with_capacity(self.parsed.transforms.len());
        let mut predicates = BTreeMap::new();
        for spec in &self.parsed.transforms {
            let plugin = self.transformation_plugin(spec)?;
            transforms.push((spec.alias.clone(), ClassVersion::of(plugin)));
            if let Some(alias) = &spec.predicate {
                predicates.insert(alias.clone(), ClassVersion::of(self.predicate_plugin(alias)?.0));
            }
        }
        let parts = TaskParts {
            transforms,
            predicates,
            kind,
            connector: ClassVersion::of(connector),
            task_class,
            key_converter: ClassVersion::of(self.converter_plugin(ConverterRole::Key)?.0),
            value_converter: ClassVersion::of(self.converter_plugin(ConverterRole::Value)?.0),
            header_converter: ClassVersion::of(self.converter_plugin(ConverterRole::Header)?.0),
        };
        // A report belongs to one task, which is assembled once.
        let _ = self.report.metrics.parts.set(parts);
        Ok(())
    }

    async fn source(self, task: Box<dyn SourceTask>, task_class: &'static str) -> Result<SourceLoop> {
        let parts = &self.worker.parts;
        if parts.config.distributed().is_some_and(|group| group.exactly_once.is_enabled()) {
            return Err(Error::config(
                "exactly.once.source.support=enabled: this worker cannot run source tasks that deliver exactly once. With \
                 `preparing` or `disabled` it runs them and delivers at least once; sinks run in any case",
            ));
        }
        let store = self.worker.offset_store(&self.id.connector, &self.connector, &self.parsed).await?;
        let properties =
            client_properties(ClientRole::SourceProducer, &parts.config, &self.connector, self.id);
        let producer = parts.data_plane.producer(&properties).map_err(kafka_error)?;
        self.report.metrics.add_client(producer.statistics());
        let pipeline = Pipeline::new(
            self.chain()?,
            self.measured_converter(ConverterRole::Key)?,
            self.measured_converter(ConverterRole::Value)?,
            self.measured_header_converter()?,
        );
        let context = SourceContext {
            config: Arc::clone(&self.config_source),
            offsets: super::reader(&self.id.connector, Arc::clone(&store)),
            metrics: self.plugin_metrics(None),
        };
        let config = &parts.config;
        Ok(SourceLoop {
            id: self.id.clone(),
            task,
            task_class,
            context: Arc::new(context),
            pipeline,
            errors: self.errors(None),
            producer,
            topics: TopicCreation::new(self.topic_creator()?),
            committer: Committer::new(
                self.id.clone(),
                store,
                config.offset_flush_interval,
                config.offset_flush_timeout,
            ),
            control: self.control,
            report: self.report,
            config: self.task,
            state: Flow::default(),
        })
    }

    async fn sink(self, task: Box<dyn SinkTask>, task_class: &'static str) -> Result<SinkLoop> {
        let parts = &self.worker.parts;
        let properties = client_properties(ClientRole::SinkConsumer, &parts.config, &self.connector, self.id);
        let dead_letters = self.dead_letters().await?;
        let consumer = parts.data_plane.consumer(&properties).map_err(kafka_error)?;
        self.report.metrics.add_client(consumer.statistics());
        let converters = Converters::new(
            self.chain()?,
            self.measured_converter(ConverterRole::Key)?,
            self.measured_converter(ConverterRole::Value)?,
            self.measured_header_converter()?,
        );
        let errant = if dead_letters.is_some() || self.parsed.errors.log_enable {
            Some(Arc::new(ErrantRecords::new(
                task_class,
                policy(&self.parsed.errors),
                self.converter(ConverterRole::Key)?,
                self.converter(ConverterRole::Value)?,
                self.header_converter()?,
            )))
        } else {
            None
        };
        let reporter = errant.clone().map(|errant| errant as Arc<dyn aqueduct_api::ErrantRecordReporter>);
        let subscription = match self.parsed.sink().map(|sink| &sink.topics) {
            Some(Topics::List(topics)) => Subscription::Topics(topics.clone()),
            Some(Topics::Regex(regex)) => Subscription::Pattern(regex.pattern().to_owned()),
            None => return Err(Error::config("Must configure one of topics or topics.regex")),
        };
        let config = &parts.config;
        Ok(SinkLoop {
            id: self.id.clone(),
            task,
            task_class,
            context: Arc::new(SinkContext::new(
                Arc::clone(&self.config_source),
                reporter,
                self.plugin_metrics(None),
            )),
            subscription,
            converters,
            errors: self.errors(dead_letters),
            errant,
            consumer,
            commits: Commits::new(config.offset_flush_interval, config.offset_flush_timeout),
            control: self.control,
            report: self.report,
            config: self.task,
            batch: Batch::default(),
        })
    }

    /// Makes topics by the connector's groups, if it has any and the worker allows it.
    fn topic_creator(&self) -> Result<Option<Box<dyn TopicCreator>>> {
        let groups: &[TopicCreationGroup] = self.parsed.source().map_or(&[], |source| &source.topic_creation);
        if groups.is_empty() || !self.worker.parts.config.topic_creation_enable {
            return Ok(None);
        }
        let admin = self.admin(ClientRole::Admin)?;
        Ok(Some(Box::new(AdminTopics::new(admin, groups.to_vec()))))
    }

    fn admin(&self, role: ClientRole) -> Result<Admin> {
        let properties = client_properties(role, &self.worker.parts.config, &self.connector, self.id);
        Admin::new(&properties).map_err(kafka_error)
    }

    /// The dead letter queue, with its topic made if it was missing.
    async fn dead_letters(&self) -> Result<Option<DeadLetters>> {
        let Some(queue) = self.parsed.sink().and_then(|sink| sink.dead_letter_queue.as_ref()) else {
            return Ok(None);
        };
        create_dead_letter_topic(&self.admin(ClientRole::DeadLetterAdmin)?, queue).await?;
        let role = ClientRole::DeadLetterProducer;
        let properties = client_properties(role, &self.worker.parts.config, &self.connector, self.id);
        let producer = self.worker.parts.data_plane.producer(&properties).map_err(kafka_error)?;
        let metrics = Arc::clone(&self.report.metrics);
        let (topic, context) = (queue.topic.clone(), queue.context_headers);
        Ok(Some(DeadLetters::new(producer, topic, self.id.clone(), context, metrics)))
    }

    fn errors(&self, dead_letters: Option<DeadLetters>) -> ErrorHandler {
        let errors = &self.parsed.errors;
        let metrics = &self.report.metrics;
        let log = errors
            .log_enable
            .then(|| LogReporter::new(self.id.clone(), errors.log_include_messages, Arc::clone(metrics)));
        ErrorHandler::new(policy(errors), log, dead_letters, self.control.clone(), Arc::clone(metrics))
    }

    fn transformation_plugin(&self, spec: &TransformSpec) -> Result<&Plugin> {
        let PluginSpec { class, version, .. } = &spec.plugin;
        Ok(self.worker.parts.registry.get(Wanted::Transformation, class, version.as_ref())?)
    }

    fn chain(&self) -> Result<Chain> {
        let mut links = Vec::with_capacity(self.parsed.transforms.len());
        for spec in &self.parsed.transforms {
            let plugin = self.transformation_plugin(spec)?;
            let PluginKind::Transformation(make) = &plugin.kind else { return Err(wrong_kind(plugin)) };
            let mut transformation = make();
            transformation.configure(&spec.plugin.config)?;
            transformation
                .with_plugin_metrics(self.plugin_metrics(Some(("transformation", spec.alias.as_str()))));
            let condition = match &spec.predicate {
                None => None,
                Some(alias) => Some(self.condition(alias, spec.negate)?),
            };
            links.push(Link { class: plugin.class, transformation, condition });
        }
        Ok(Chain::new(links))
    }

    fn predicate_plugin(&self, alias: &str) -> Result<(&Plugin, &PluginSpec)> {
        let Some((_, spec)) = self.parsed.predicates.iter().find(|(name, _)| name == alias) else {
            return Err(Error::connect(format!(
                "The predicate {alias} is not defined: add it to 'predicates'"
            )));
        };
        let plugin = self.worker.parts.registry.get(Wanted::Predicate, &spec.class, spec.version.as_ref())?;
        Ok((plugin, spec))
    }

    fn condition(&self, alias: &str, negate: bool) -> Result<Condition> {
        let (plugin, spec) = self.predicate_plugin(alias)?;
        let PluginKind::Predicate(make) = &plugin.kind else { return Err(wrong_kind(plugin)) };
        let mut predicate = make();
        predicate.configure(&spec.config)?;
        predicate.with_plugin_metrics(self.plugin_metrics(Some(("predicate", alias))));
        Ok(Condition { class: plugin.class, predicate, negate })
    }

    /// The plugin and settings of the connector's own converter, or else of the worker's, whose keys are not inherited.
    fn converter_plugin(&self, role: ConverterRole) -> Result<(&Plugin, &PluginSpec)> {
        let config = &self.worker.parts.config;
        let (wanted, own, workers) = match role {
            ConverterRole::Key => (Wanted::Converter, &self.parsed.key_converter, &config.key_converter),
            ConverterRole::Value => {
                (Wanted::Converter, &self.parsed.value_converter, &config.value_converter)
            }
            ConverterRole::Header => {
                (Wanted::HeaderConverter, &self.parsed.header_converter, &config.header_converter)
            }
        };
        let spec = own.as_ref().unwrap_or(workers);
        let plugin = self.worker.parts.registry.get(wanted, &spec.class, spec.version.as_ref())?;
        Ok((plugin, spec))
    }

    fn converter(&self, role: ConverterRole) -> Result<Named<dyn Converter>> {
        let (plugin, spec) = self.converter_plugin(role)?;
        let PluginKind::Converter(make) = &plugin.kind else { return Err(wrong_kind(plugin)) };
        let mut converter = make();
        let mut settings = spec.config.clone();
        settings.insert("converter.type", role.name());
        converter.configure(&settings, role)?;
        Ok(Named { class: plugin.class, plugin: converter })
    }

    /// The converter of the task's records: the one whose own metrics are shown.
    fn measured_converter(&self, role: ConverterRole) -> Result<Named<dyn Converter>> {
        let mut converter = self.converter(role)?;
        converter.plugin.with_plugin_metrics(self.plugin_metrics(Some(("converter", role.name()))));
        Ok(converter)
    }

    fn measured_header_converter(&self) -> Result<Named<dyn HeaderConverter>> {
        let mut converter = self.header_converter()?;
        let tag = ("converter", ConverterRole::Header.name());
        converter.plugin.with_plugin_metrics(self.plugin_metrics(Some(tag)));
        Ok(converter)
    }

    /// The place for the metrics of the task, or of a plugin of its that one more tag names.
    fn plugin_metrics(&self, part: Option<(&'static str, &str)>) -> Arc<dyn PluginMetrics> {
        let task = self.id.task.to_string();
        let own = [("connector", self.id.connector.as_str()), ("task", task.as_str())];
        let tags: Vec<_> = own.into_iter().chain(part).collect();
        self.report.metrics.plugins.open(&tags)
    }

    fn header_converter(&self) -> Result<Named<dyn HeaderConverter>> {
        let (plugin, spec) = self.converter_plugin(ConverterRole::Header)?;
        let PluginKind::HeaderConverter(make) = &plugin.kind else { return Err(wrong_kind(plugin)) };
        let mut converter = make();
        let mut settings = spec.config.clone();
        settings.insert("converter.type", ConverterRole::Header.name());
        converter.configure(&settings)?;
        Ok(Named { class: plugin.class, plugin: converter })
    }
}

/// How a connector treats failing records.
fn policy(errors: &ErrorSettings) -> Policy {
    let timeout = u64::try_from(errors.retry_timeout_ms).ok();
    Policy {
        // Negative: no limit.
        retry_timeout: timeout.map(Duration::from_millis),
        retry_delay_max: Duration::from_millis(u64::try_from(errors.retry_delay_max_ms).unwrap_or(0)),
        tolerance: if errors.tolerate_all { Tolerance::All } else { Tolerance::None },
    }
}

fn wrong_kind(plugin: &Plugin) -> Error {
    Error::config(format!("{} is a {}", plugin.class, plugin.kind.name()))
}
