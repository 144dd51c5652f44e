//! Plugins by the names that the recordings use.

use aqueduct_api::{ConfigDef, ConfigMap, Plugin, PluginKind, Predicate, Result, Transformation};

fn plugin(name: &str) -> Plugin {
    aqueduct_transforms::plugins()
        .into_iter()
        .find(|plugin| plugin.class.rsplit('.').next() == Some(name))
        .unwrap_or_else(|| panic!("no plugin {name}"))
}

/// A transformation by the last part of its class name.
pub(crate) fn transformation(name: &str) -> Box<dyn Transformation> {
    match plugin(name).kind {
        PluginKind::Transformation(make) => make(),
        _ => panic!("{name} is no transformation"),
    }
}

/// A predicate by the last part of its class name.
pub(crate) fn predicate(name: &str) -> Box<dyn Predicate> {
    match plugin(name).kind {
        PluginKind::Predicate(make) => make(),
        _ => panic!("{name} is no predicate"),
    }
}

/// The keys of a transformation or predicate.
pub(crate) fn config(name: &str) -> ConfigDef {
    plugin(name).config_def()
}

/// Configures a new transformation or predicate.
pub(crate) fn configure(name: &str, config: &ConfigMap) -> Result<()> {
    match plugin(name).kind {
        PluginKind::Transformation(make) => make().configure(config),
        PluginKind::Predicate(make) => make().configure(config),
        other => panic!("{name} is a {}", other.name()),
    }
}
