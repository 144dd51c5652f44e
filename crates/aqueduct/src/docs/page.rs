//! A page for each plugin, and the index of all.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aqueduct_api::{Plugin, PluginKind};

use super::table;
use crate::plugins::Bundle;

/// The first line of every generated page.
pub(super) const MARK: &str =
    "<!-- Written by `cargo xtask docs`. Edit the plugin's definition, not this page. -->";

/// The pages by file name.
pub(super) fn all(bundles: &[Bundle]) -> BTreeMap<String, String> {
    let mut pages: BTreeMap<String, String> = BTreeMap::new();
    for bundle in bundles {
        for plugin in &bundle.plugins {
            // A class that is converter and header converter has one page, as what it is listed first.
            pages.entry(file_name(plugin)).or_insert_with(|| page(plugin, &bundle.folder));
        }
    }
    pages.insert("README.md".to_owned(), index(bundles));
    pages
}

/// `Cast-Key.md` of `org.apache.kafka.connect.transforms.Cast$Key`.
fn file_name(plugin: &Plugin) -> String {
    format!("{}.md", class(plugin).replace('$', "-"))
}

fn class(plugin: &Plugin) -> &'static str {
    plugin.class.rsplit('.').next().unwrap_or(plugin.class)
}

/// What a page calls a kind, and the key that names such a plugin in a configuration.
fn kind(plugin: &Plugin) -> (&'static str, &'static str) {
    match &plugin.kind {
        PluginKind::Source { .. } => ("Sources", "connector.class"),
        PluginKind::Sink { .. } => ("Sinks", "connector.class"),
        PluginKind::Transformation(_) => ("Transformations", "transforms.NAME.type"),
        PluginKind::Predicate(_) => ("Predicates", "predicates.NAME.type"),
        PluginKind::Converter(_) => ("Converters", "value.converter"),
        PluginKind::HeaderConverter(_) => ("Header converters", "header.converter"),
        _ => ("Others", "config.providers.NAME.class"),
    }
}

fn page(plugin: &Plugin, folder: &str) -> String {
    let (_, key) = kind(plugin);
    let keys = table::keys(&plugin.config_def());
    let keys = if keys.is_empty() { table::NO_KEYS } else { &keys };
    let (title, class, version) = (class(plugin), plugin.class, plugin.version);
    format!(
        "{MARK}\n# {title}\n\n```properties\n{key}={class}\n```\n\nVersion {version}, from \
         [plugins/{folder}](../../plugins/{folder}/README.md).\n\n{keys}"
    )
}

fn index(bundles: &[Bundle]) -> String {
    let mut kinds: BTreeMap<&str, BTreeMap<&str, &Plugin>> = BTreeMap::new();
    for plugin in bundles.iter().flat_map(|bundle| &bundle.plugins) {
        kinds.entry(kind(plugin).0).or_default().insert(class(plugin), plugin);
    }
    let mut text = format!("{MARK}\n# Plugins\n");
    for (kind, plugins) in kinds {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n## {kind}\n");
        for (name, plugin) in plugins {
            let _ = writeln!(text, "- [{name}]({}): `{}`", file_name(plugin), plugin.class);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plugin_has_a_page_and_a_line() {
        let bundles = crate::plugins::bundles();
        let pages = all(&bundles);
        let index = pages.get("README.md").expect("an index");
        for plugin in bundles.iter().flat_map(|bundle| &bundle.plugins) {
            let page = pages.get(&file_name(plugin)).expect(plugin.class);
            assert!(page.starts_with(MARK), "{page}");
            assert!(page.contains(&format!("={}\n", plugin.class)), "{page}");
            assert!(index.contains(&format!("({}): `{}`", file_name(plugin), plugin.class)), "{index}");
        }
        assert!(pages.contains_key("Cast-Key.md"));
    }
}
