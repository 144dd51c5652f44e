//! The stages of validation.

use std::sync::Arc;

use aqueduct_api::config::{AnyClass, Parsed, hash_order_of_copy};
use aqueduct_api::{ConfigDef, ConfigMap, ConfigValue, Connector, ConverterRole, Error, Plugin, PluginKind};

use super::infos::plain_value;
use super::{Client, ConfigInfos, ValidationError, checks};
use crate::connector_config::{Shown, ShownConverter, common, definition, enrich, keys};
use crate::providers::ConfigTransformer;
use crate::registry::{Registry, RegistryError, VersionRange, Wanted};
use crate::worker_config::WorkerConfig;

/// Validates configurations of connectors for one worker. Cheap to clone; needs no lock.
#[derive(Clone)]
pub struct ConfigValidator {
    registry: Arc<Registry>,
    transformer: ConfigTransformer,
    worker: Arc<WorkerConfig>,
}

/// A connector to be asked about a configuration.
enum Instance {
    Source(Box<dyn aqueduct_api::SourceConnector>),
    Sink(Box<dyn aqueduct_api::SinkConnector>),
}

impl Instance {
    fn new(plugin: &Plugin) -> Option<Self> {
        match &plugin.kind {
            PluginKind::Source { connector, .. } => Some(Self::Source(connector())),
            PluginKind::Sink { connector, .. } => Some(Self::Sink(connector())),
            _ => None,
        }
    }

    fn connector(&self) -> &dyn Connector {
        match self {
            Self::Source(connector) => connector.as_ref(),
            Self::Sink(connector) => connector.as_ref(),
        }
    }
}

impl ConfigValidator {
    /// A validator with these plugins, config providers and settings of the worker.
    pub fn new(registry: Arc<Registry>, transformer: ConfigTransformer, worker: Arc<WorkerConfig>) -> Self {
        Self { registry, transformer, worker }
    }

    /// The plugins.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// Validates a configuration as it was submitted, references to config providers included.
    pub async fn validate(&self, submitted: &ConfigMap) -> Result<ConfigInfos, ValidationError> {
        let config = self.transformer.resolve(submitted).await?.config;
        let bad_request = |error: RegistryError| ValidationError::BadRequest(error.to_string());
        // The submitted texts are printed, not the resolved ones: they may be secrets.
        let class = config.get(keys::CONNECTOR_CLASS).ok_or_else(|| {
            ValidationError::BadRequest(format!(
                "Connector config {} contains no connector type",
                java_map(submitted)
            ))
        })?;
        let range = VersionRange::parse(config.get(keys::CONNECTOR_VERSION)).map_err(bad_request)?;
        match self.registry.get(Wanted::Connector, class, range.as_ref()) {
            Ok(plugin) => self.validate_connector(plugin, class, &config).await,
            Err(error @ RegistryError::NoSuchVersion { .. }) => {
                Ok(self.without_version(class, &config, &error))
            }
            Err(error) => Err(bad_request(error)),
        }
    }

    /// Only the common keys, when the class exists in other versions.
    fn without_version(&self, class: &str, config: &ConfigMap, error: &RegistryError) -> ConfigInfos {
        let connector_version = self.shown(class, config).connector_version;
        let def = common(&self.registry, &Shown { connector_version, ..Shown::default() });
        let mut values = def.validate_with(config, self.registry.as_ref());
        for value in &mut values {
            // Java does not know the plugins here; only the version of the connector gets values to offer.
            if value.name != keys::CONNECTOR_VERSION {
                value.recommended_values.clear();
            }
            if [keys::CONNECTOR_CLASS, keys::CONNECTOR_VERSION].contains(&value.name.as_str()) {
                value.add_error(error.to_string());
            }
        }
        checks::nulls(config, &mut values);
        let groups = owned(def.groups());
        ConfigInfos::main(class, &def, &values, groups)
    }

    async fn validate_connector(
        &self,
        plugin: &Plugin,
        class: &str,
        config: &ConfigMap,
    ) -> Result<ConfigInfos, ValidationError> {
        let instance = Instance::new(plugin)
            .ok_or_else(|| Error::connect(format!("{} is no connector", plugin.class)))?;
        let shown = self.shown(class, config);
        let mut def = enrich(definition(&plugin.kind, &self.registry, &shown), config, &self.registry);
        let mut values = self.framework_values(&instance, &def, config);
        let mut groups = owned(def.groups());

        let own = instance.connector().config();
        values.extend(instance.connector().validate(config).await?);
        for group in own.groups() {
            if !groups.iter().any(|known| known == group) {
                groups.push(group.to_owned());
            }
        }
        for key in own.keys() {
            def.define(key.clone());
        }

        let converters = self.converters(config, &mut values);
        let mut infos = ConfigInfos::main(class, &def, &values, groups);
        for client in self.clients(&instance, config) {
            let (def, values) = self.overrides(client, config)?;
            infos.add_part(def, values, &client.override_prefix());
        }
        for (prefix, def, values) in converters {
            infos.add_part(&def, values, &prefix);
        }
        Ok(infos)
    }

    /// What the runtime says about its own keys, in the order in which Java iterates over them.
    fn framework_values(&self, instance: &Instance, def: &ConfigDef, config: &ConfigMap) -> Vec<ConfigValue> {
        let mut values = def.validate_with(config, self.registry.as_ref());
        let distributed = self.worker.distributed();
        match instance {
            Instance::Source(connector) => {
                if let Some(distributed) = distributed {
                    let enabled = distributed.exactly_once.is_enabled();
                    checks::exactly_once(connector.as_ref(), config, enabled, &mut values);
                    checks::transaction_boundary(connector.as_ref(), config, &mut values);
                }
            }
            Instance::Sink(_) => {
                checks::sink_topics(config, &mut values);
                if let Some(distributed) = distributed {
                    checks::sink_group(config, &distributed.group_id, &mut values);
                }
            }
        }
        checks::nulls(config, &mut values);
        ConfigValue::into_hash_order(values)
    }

    /// The clients that the connector would use.
    fn clients(&self, instance: &Instance, config: &ConfigMap) -> Vec<Client> {
        let set = |key: &str| config.get(key).is_some_and(|text| !text.trim().is_empty());
        let mut clients = Vec::with_capacity(3);
        match instance {
            Instance::Source(_) => {
                clients.push(Client::Producer);
                let separate_offsets = self.worker.distributed().is_some_and(|distributed| {
                    distributed.exactly_once.is_enabled() || set(keys::OFFSETS_STORAGE_TOPIC)
                });
                if separate_offsets {
                    clients.push(Client::Consumer);
                }
                let creates_topics = config.names().any(|name| name.starts_with(keys::TOPIC_CREATION_PREFIX));
                if separate_offsets || creates_topics {
                    clients.push(Client::Admin);
                }
            }
            Instance::Sink(_) if set(keys::DLQ_TOPIC) => {
                clients.extend([Client::Producer, Client::Consumer, Client::Admin]);
            }
            Instance::Sink(_) => clients.push(Client::Consumer),
        }
        clients
    }

    /// What the policy says about the settings of a client.
    fn overrides(
        &self,
        client: Client,
        config: &ConfigMap,
    ) -> Result<(&'static ConfigDef, Vec<ConfigValue>), ValidationError> {
        let def = client.definition();
        let mut values = Vec::new();
        let prefix = client.override_prefix();
        for (name, text) in java_order(config) {
            let Some(name) = name.strip_prefix(prefix.as_str()) else { continue };
            let parsed = match (text, def.key(name)) {
                (None, _) => Parsed::Null,
                (Some(text), None) => text.into(),
                (Some(text), Some(key)) => key.kind.parse(name, text, &AnyClass).map_err(Error::config)?,
            };
            let mut value = plain_value(name, parsed);
            value.errors.extend(self.worker.override_policy.objection(name));
            values.push(value);
        }
        Ok((def, values))
    }

    /// What the connector's own converters say: header, key, value. A version that is not there becomes an error of the
    /// converter's keys.
    fn converters(
        &self,
        config: &ConfigMap,
        values: &mut [ConfigValue],
    ) -> Vec<(String, ConfigDef, Vec<ConfigValue>)> {
        let roles = [
            (
                keys::HEADER_CONVERTER,
                keys::HEADER_CONVERTER_VERSION,
                Wanted::HeaderConverter,
                ConverterRole::Header,
            ),
            (keys::KEY_CONVERTER, keys::KEY_CONVERTER_VERSION, Wanted::Converter, ConverterRole::Key),
            (keys::VALUE_CONVERTER, keys::VALUE_CONVERTER_VERSION, Wanted::Converter, ConverterRole::Value),
        ];
        let mut parts = Vec::new();
        for (class_key, version_key, wanted, role) in roles {
            let good = |name: &str| values.iter().any(|value| value.name == name && value.errors.is_empty());
            let Some(class) = config.get(class_key).map(str::trim) else { continue };
            if !good(class_key) || !good(version_key) {
                continue;
            }
            let range = VersionRange::parse(config.get(version_key));
            match range.and_then(|range| self.registry.get(wanted, class, range.as_ref())) {
                Ok(plugin) => {
                    let prefix = format!("{class_key}.");
                    let mut own = config.with_prefix(&prefix);
                    if !own.contains("converter.type") {
                        own.insert("converter.type", role.name());
                    }
                    let def = plugin.config_def();
                    let checked = def.validate_with(&own, self.registry.as_ref());
                    parts.push((prefix, def, checked));
                }
                Err(error) => {
                    let keys = values
                        .iter_mut()
                        .filter(|value| value.name == class_key || value.name == version_key);
                    keys.for_each(|value| value.add_error(error.to_string()));
                }
            }
        }
        parts
    }

    /// The defaults that stand for what the connector does not set.
    fn shown(&self, class: &str, config: &ConfigMap) -> Shown {
        let newest = |wanted: Wanted, class: &str| {
            self.registry.find(wanted, class).map(|plugin| plugin.version.to_owned())
        };
        let converter = |key: &str, wanted: Wanted, worker: &crate::connector_config::PluginSpec| {
            let version = match config.get(key) {
                Some(own) => newest(wanted, own.trim()),
                None => worker
                    .config
                    .get(keys::PLUGIN_VERSION)
                    .map(str::to_owned)
                    .or_else(|| newest(wanted, &worker.class)),
            };
            ShownConverter { class: Some(self.registry.class_name(&worker.class).to_owned()), version }
        };
        Shown {
            connector_version: newest(Wanted::Connector, class),
            key: converter(keys::KEY_CONVERTER, Wanted::Converter, &self.worker.key_converter),
            value: converter(keys::VALUE_CONVERTER, Wanted::Converter, &self.worker.value_converter),
            header: converter(keys::HEADER_CONVERTER, Wanted::HeaderConverter, &self.worker.header_converter),
        }
    }
}

fn owned(texts: Vec<&str>) -> Vec<String> {
    texts.into_iter().map(str::to_owned).collect()
}

/// The entries of a configuration in the order of Java's copy of it.
fn java_order(config: &ConfigMap) -> impl Iterator<Item = (&str, Option<&str>)> {
    let entries: Vec<(&str, Option<&str>)> = config.iter().collect();
    hash_order_of_copy(config.names()).into_iter().filter_map(move |at| entries.get(at).copied())
}

/// A configuration as `HashMap.toString` prints it.
fn java_map(config: &ConfigMap) -> String {
    let printed = java_order(config).map(|(name, value)| format!("{name}={}", value.unwrap_or("null")));
    format!("{{{}}}", printed.collect::<Vec<_>>().join(", "))
}
