//! Tables of configuration keys, in Markdown.

use std::fmt::Write as _;

use aqueduct_api::config::ConfigDefault;
use aqueduct_api::{ConfigDef, ConfigKey, Plugin};

/// A sentence for plugins without keys.
pub(super) const NO_KEYS: &str = "It has no keys.\n";

/// A table for each plugin of a README, under its name; plugins with the same keys share one.
pub(super) fn sections(plugins: &[Plugin]) -> String {
    let mut groups: Vec<(Vec<&str>, String)> = Vec::new();
    for plugin in plugins {
        let (name, table) = (heading(plugin), keys(&plugin.config_def()));
        match groups.iter_mut().find(|(_, known)| *known == table) {
            Some((names, _)) if names.contains(&name) => {}
            Some((names, _)) => names.push(name),
            None => groups.push((vec![name], table)),
        }
    }
    let section = |(names, table): (Vec<&str>, String)| {
        let text = match (table.is_empty(), names.len()) {
            (false, _) => table,
            (true, 1) => NO_KEYS.to_owned(),
            (true, _) => "They have no keys.\n".to_owned(),
        };
        format!("### {}\n\n{text}", names.join(", "))
    };
    groups.into_iter().map(section).collect::<Vec<_>>().join("\n")
}

/// `FileStreamSource` of `…FileStreamSourceConnector`; `Cast` of `…Cast$Key`, whose keys are those of `…Cast$Value`.
fn heading(plugin: &Plugin) -> &'static str {
    let class = plugin.class.rsplit('.').next().unwrap_or(plugin.class);
    let outer = class.split('$').next().unwrap_or(class);
    outer.strip_suffix("Connector").unwrap_or(outer)
}

/// The table of a definition; empty without keys.
pub(super) fn keys(def: &ConfigDef) -> String {
    if def.keys().is_empty() {
        return String::new();
    }
    let mut table = "| key | type | default | importance | |\n|---|---|---|---|---|\n".to_owned();
    for key in def.keys() {
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "| `{}` | {} | {} | {} | {} |",
            cell(&key.name),
            key.kind.name().to_lowercase(),
            cell(&default(key)),
            key.importance.name().to_lowercase(),
            cell(&documentation(key)),
        );
    }
    table.replace("|  |", "| |")
}

fn default(key: &ConfigKey) -> String {
    match &key.default {
        ConfigDefault::Required => String::new(),
        ConfigDefault::Value(value) => match value.to_text() {
            None => "null".to_owned(),
            Some(text) if text.is_empty() => "(empty)".to_owned(),
            Some(text) => text,
        },
    }
}

/// What the key is for, and which values it takes.
fn documentation(key: &ConfigKey) -> String {
    let text = key.documentation.trim();
    match key.validator.as_ref().and_then(|validator| validator.text()) {
        Some(values) if !values.is_empty() => format!("{text} Valid: {values}."),
        _ => text.to_owned(),
    }
}

fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use aqueduct_api::{ConfigType, Importance, Validator};

    #[test]
    fn keys_have_a_row_each() {
        let def = ConfigDef::new()
            .with(ConfigKey::required("topic", ConfigType::String, Importance::High, "Where\n to."))
            .with(ConfigKey::new("a|b", ConfigType::List, (), Importance::Low, ""))
            .with(
                ConfigKey::new("n", ConfigType::Int, 3, Importance::Medium, "How many.")
                    .validator(Validator::at_least(1)),
            );
        let rows: Vec<String> = keys(&def).lines().skip(2).map(str::to_owned).collect();
        assert_eq!(
            rows,
            [
                "| `topic` | string | | high | Where to. |",
                "| `a\\|b` | list | null | low | |",
                "| `n` | int | 3 | medium | How many. Valid: [1,...]. |",
            ]
        );
        assert_eq!(keys(&ConfigDef::new()), "");
    }

    #[test]
    fn plugins_with_the_same_keys_share_a_section() {
        let bundles = crate::plugins::bundles();
        let of = |folder: &str| {
            let bundle = bundles.iter().find(|bundle| bundle.folder == folder).expect("a bundle");
            sections(&bundle.plugins)
        };
        assert!(of("file").starts_with("### FileStreamSource\n\n| key |"), "{}", of("file"));
        let transforms = of("transforms");
        assert_eq!(transforms.matches("### Cast\n").count(), 1, "{transforms}");
        assert!(transforms.matches("Flatten").count() >= 1);
    }
}
