//! The keys of a connector's transformations and predicates.

use std::sync::Arc;

use aqueduct_api::config::{AnyClass, Parsed};
use aqueduct_api::{ConfigDef, ConfigKey, ConfigMap, ConfigType, Importance, Plugin, Validator, Width};

use super::classes::{Classes, Versions, unusable};
use super::keys;
use crate::registry::{Registry, RegistryError, VersionRange, Wanted};

/// The key of a transformation that names its predicate.
pub(super) const PREDICATE: &str = "predicate";
/// The key of a transformation that turns its predicate around.
pub(super) const NEGATE: &str = "negate";

/// One of the two chains of plugins that a connector can have.
#[derive(Clone, Copy)]
struct Chain {
    /// The key that lists the aliases, and the prefix of the keys.
    list: &'static str,
    /// As groups begin.
    group: &'static str,
    wanted: Wanted,
}

const TRANSFORMS: Chain =
    Chain { list: keys::TRANSFORMS, group: "Transforms", wanted: Wanted::Transformation };
const PREDICATES: Chain = Chain { list: keys::PREDICATES, group: "Predicates", wanted: Wanted::Predicate };

/// Adds the keys of the transformations and predicates that a configuration names.
pub fn enrich(mut def: ConfigDef, config: &ConfigMap, registry: &Arc<Registry>) -> ConfigDef {
    for chain in [TRANSFORMS, PREDICATES] {
        for alias in aliases(config, chain.list) {
            chain.define(&mut def, &alias, config, registry);
        }
    }
    def
}

/// The aliases of a list, each once.
pub(super) fn aliases(config: &ConfigMap, list: &str) -> Vec<String> {
    let text = config.get(list).unwrap_or_default();
    let Ok(Parsed::List(entries)) = ConfigType::List.parse(list, text, &AnyClass) else {
        return Vec::new();
    };
    let mut aliases = Vec::with_capacity(entries.len());
    for alias in entries {
        if !aliases.contains(&alias) {
            aliases.push(alias);
        }
    }
    aliases
}

/// The plugin that keys under a prefix choose by `type` and `plugin.version`.
pub(super) fn chosen<'a>(
    registry: &'a Registry,
    wanted: Wanted,
    config: &ConfigMap,
    prefix: &str,
) -> Result<Option<&'a Plugin>, RegistryError> {
    let Some(class) = config.get(&format!("{prefix}type")).map(str::trim) else {
        return Ok(None);
    };
    if registry.find(wanted, class).is_none() {
        return Ok(None);
    }
    let range = VersionRange::parse(config.get(&format!("{prefix}{}", keys::PLUGIN_VERSION)))?;
    registry.get(wanted, class, range.as_ref()).map(Some)
}

impl Chain {
    fn define(self, def: &mut ConfigDef, alias: &str, config: &ConfigMap, registry: &Arc<Registry>) {
        let prefix = format!("{}.{alias}.", self.list);
        let group = format!("{}: {alias}", self.group);
        let kind = self.wanted.interface();
        let type_key = format!("{prefix}type");
        def.define(
            ConfigKey::required(
                type_key.clone(),
                ConfigType::Class,
                Importance::High,
                format!("The class of the {} {alias}.", kind.to_lowercase()),
            )
            .validator(self.type_validator(alias, &prefix, config, registry))
            .group(group.clone(), 0, Width::Long, format!("{kind} type for {alias}"))
            .recommender(Arc::new(Classes { registry: Arc::clone(registry), wanted: self.wanted })),
        );
        let newest = config.get(&type_key).map(str::trim).and_then(|class| registry.find(self.wanted, class));
        let version = newest.map_or(Parsed::Null, |plugin| Parsed::from(plugin.version));
        def.define(
            ConfigKey::new(
                format!("{prefix}{}", keys::PLUGIN_VERSION),
                ConfigType::String,
                version,
                Importance::High,
                format!("The version, or a range of versions, of the {} {alias}.", kind.to_lowercase()),
            )
            .validator(self.version_validator(&prefix, config, registry))
            .group(group.clone(), 1, Width::Long, format!("{kind} version for {alias}"))
            .recommender(Arc::new(Versions {
                registry: Arc::clone(registry),
                wanted: self.wanted,
                class_key: type_key,
                always_visible: true,
            })),
        );
        if let Ok(Some(plugin)) = chosen(registry, self.wanted, config, &prefix) {
            let own = plugin.config_def();
            def.embed(
                &prefix,
                &group,
                2,
                &if self.wanted == Wanted::Transformation { with_predicate(own) } else { own },
            );
        }
    }

    fn type_validator(
        self,
        alias: &str,
        prefix: &str,
        config: &ConfigMap,
        registry: &Arc<Registry>,
    ) -> Validator {
        let text = format!("valid configs for {alias} {}", self.wanted.interface().to_lowercase());
        let negate = format!("{prefix}{NEGATE}");
        let predicate = format!("{prefix}{PREDICATE}");
        let lonely_negate =
            self.wanted == Wanted::Transformation && config.contains(&negate) && !config.contains(&predicate);
        let unavailable = self.version_error(prefix, config, registry);
        let registry = Arc::clone(registry);
        Validator::new(text, move |_, value| {
            if lonely_negate {
                return vec![format!(
                    "Config '{negate}' was provided but there is no config '{predicate}' defining a predicate to be \
                     negated."
                )];
            }
            let Parsed::Class(class) = value else {
                return Vec::new();
            };
            unusable(&registry, self.wanted, class).or_else(|| unavailable.clone()).into_iter().collect()
        })
    }

    /// Repeats on the version key what makes the class unavailable in that version.
    fn version_validator(self, prefix: &str, config: &ConfigMap, registry: &Arc<Registry>) -> Validator {
        let unavailable = self.version_error(prefix, config, registry);
        Validator::new("", move |_, _| unavailable.clone().into_iter().collect()).without_text()
    }

    fn version_error(self, prefix: &str, config: &ConfigMap, registry: &Registry) -> Option<String> {
        chosen(registry, self.wanted, config, prefix).err().map(|error| error.to_string())
    }
}

/// The keys of a transformation with those that the runtime adds to it.
fn with_predicate(own: ConfigDef) -> ConfigDef {
    if own.key(PREDICATE).is_some() || own.key(NEGATE).is_some() {
        tracing::warn!(
            "a transformation has keys of its own named {PREDICATE} or {NEGATE}, which are hidden"
        );
    }
    own.with(ConfigKey::new(
        PREDICATE,
        ConfigType::String,
        (),
        Importance::Medium,
        "The alias of a predicate: the transformation applies to the records for which it is true.",
    ))
    .with(ConfigKey::new(
        NEGATE,
        ConfigType::Boolean,
        false,
        Importance::Medium,
        "Whether the transformation applies to the records for which the predicate is false instead.",
    ))
}
