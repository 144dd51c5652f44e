//! The keys of a plugin: `GET /connector-plugins/{plugin}/config`.

use std::sync::Arc;

use aqueduct_api::{ConfigDef, Plugin, PluginKind};

use super::{ConfigKeyInfo, ValidationError};
use crate::connector_config::{Shown, definition};
use crate::registry::{Registry, RegistryError, VersionRange, Wanted};

/// Where a name is looked for, in this order.
const KINDS: [Wanted; 5] = [
    Wanted::Connector,
    Wanted::Converter,
    Wanted::HeaderConverter,
    Wanted::Transformation,
    Wanted::Predicate,
];

/// The keys of a plugin, given its class or alias and the version that was asked for: its own, and for a connector those
/// of every connector that it does not define itself.
pub fn plugin_config(
    registry: &Arc<Registry>,
    name: &str,
    version: Option<&str>,
) -> Result<Vec<ConfigKeyInfo>, ValidationError> {
    let range = VersionRange::parse(version).map_err(|_| {
        ValidationError::BadRequest(format!("Invalid version specification: {}", version.unwrap_or_default()))
    })?;
    let plugin = find(registry, name, range.as_ref())?;
    let mut def = plugin.config_def();
    if let PluginKind::Source { .. } | PluginKind::Sink { .. } = plugin.kind {
        let newest = registry.find(Wanted::Connector, plugin.class).map(|plugin| plugin.version.to_owned());
        let shown = Shown { connector_version: newest, ..Shown::default() };
        add_missing(&mut def, &definition(&plugin.kind, registry, &shown));
    }
    Ok(def.keys().iter().map(|key| ConfigKeyInfo::new(key, "")).collect())
}

fn find<'a>(
    registry: &'a Registry,
    name: &str,
    range: Option<&VersionRange>,
) -> Result<&'a Plugin, ValidationError> {
    for wanted in KINDS {
        match registry.get(wanted, name, range) {
            Ok(plugin) => return Ok(plugin),
            Err(RegistryError::NotFound { .. }) => {}
            Err(error) => return Err(ValidationError::BadRequest(error.to_string())),
        }
    }
    if registry.find(Wanted::ConfigProvider, name).is_some() {
        return Err(ValidationError::BadRequest(format!(
            "Invalid plugin class {name}. Valid types are sink, source, converter, header_converter, transformation, \
             predicate."
        )));
    }
    Err(ValidationError::NotFound(format!("Unknown plugin {name}.")))
}

fn add_missing(def: &mut ConfigDef, other: &ConfigDef) {
    for key in other.keys() {
        if def.key(&key.name).is_none() {
            def.define(key.clone());
        }
    }
}
