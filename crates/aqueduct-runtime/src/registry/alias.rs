//! Short names of classes.

use std::collections::{BTreeSet, HashMap};

use aqueduct_api::{Plugin, PluginKind};

/// Short names by the class that alone has them.
pub(super) fn unambiguous(plugins: &[Plugin]) -> HashMap<&'static str, &'static str> {
    let mut claims: HashMap<&'static str, BTreeSet<&'static str>> = HashMap::new();
    for plugin in plugins {
        for name in [plugin.simple_name(), pruned_name(plugin)] {
            claims.entry(name).or_default().insert(plugin.class);
        }
    }
    let sole = |(alias, classes): (&'static str, BTreeSet<&'static str>)| {
        let mut classes = classes.into_iter();
        match (classes.next(), classes.next()) {
            (Some(class), None) => Some((alias, class)),
            _ => None,
        }
    };
    claims.into_iter().filter_map(sole).collect()
}

/// The simple name up to the last place where it says what kind of plugin it is.
fn pruned_name(plugin: &Plugin) -> &'static str {
    let suffix = match plugin.kind {
        PluginKind::Source { .. } | PluginKind::Sink { .. } => "Connector",
        PluginKind::Converter(_) => "Converter",
        PluginKind::HeaderConverter(_) => "HeaderConverter",
        PluginKind::Transformation(_) => "Transformation",
        PluginKind::Predicate(_) => "Predicate",
        _ => "ConfigProvider",
    };
    let name = plugin.simple_name();
    match name.rfind(suffix) {
        None | Some(0) => name,
        Some(at) => name.get(..at).unwrap_or(name),
    }
}
