//! Answers of the validate endpoint, field for field.

use aqueduct_api::config::{ConfigDefault, Parsed};
use aqueduct_api::{ConfigDef, ConfigKey, ConfigValue};
use serde::{Deserialize, Serialize};

/// What validation has found: the answer of the validate endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigInfos {
    /// The connector's class, as given.
    pub name: String,
    /// How many errors there are: messages of the connector's and the runtime's own keys, keys with errors elsewhere.
    pub error_count: usize,
    /// The groups of keys, in the order in which they appear.
    pub groups: Vec<String>,
    /// The keys.
    pub configs: Vec<ConfigInfo>,
}

/// One key: its definition, unless nobody defines it, and its value, unless nobody has looked at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigInfo {
    /// The definition.
    pub definition: Option<ConfigKeyInfo>,
    /// The value.
    pub value: Option<ConfigValueInfo>,
}

/// The definition of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigKeyInfo {
    /// The key.
    pub name: String,
    /// The type in capitals.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it has no default.
    pub required: bool,
    /// The default as text.
    pub default_value: Option<String>,
    /// The importance in capitals.
    pub importance: String,
    /// What the key is for.
    pub documentation: String,
    /// The group.
    pub group: Option<String>,
    /// The place in the group, -1 without one.
    pub order_in_group: i32,
    /// The width in capitals.
    pub width: String,
    /// The name that people see.
    pub display_name: String,
    /// The keys that depend on this one.
    pub dependents: Vec<String>,
}

/// The value of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigValueInfo {
    /// The key.
    pub name: String,
    /// The value as text.
    pub value: Option<String>,
    /// Values to offer.
    pub recommended_values: Vec<String>,
    /// What is wrong.
    pub errors: Vec<String>,
    /// Whether the key matters.
    pub visible: bool,
}

impl ConfigKeyInfo {
    /// The definition of a key, shown under a prefix.
    pub fn new(key: &ConfigKey, prefix: &str) -> Self {
        let default_value = match &key.default {
            ConfigDefault::Value(value) => value.to_text(),
            ConfigDefault::Required => None,
        };
        Self {
            name: format!("{prefix}{}", key.name),
            kind: key.kind.name().to_owned(),
            required: key.default == ConfigDefault::Required,
            default_value,
            importance: key.importance.name().to_owned(),
            documentation: key.documentation.to_string(),
            group: key.group.as_ref().map(ToString::to_string),
            order_in_group: key.order_in_group,
            width: key.width.name().to_owned(),
            display_name: key.display_name.to_string(),
            dependents: key.dependents.iter().map(ToString::to_string).collect(),
        }
    }
}

impl ConfigValueInfo {
    fn new(value: &ConfigValue, prefix: &str) -> Self {
        Self {
            name: format!("{prefix}{}", value.name),
            value: value.value.to_text(),
            recommended_values: value.recommended_values.clone(),
            errors: value.errors.clone(),
            visible: value.visible,
        }
    }
}

impl ConfigInfos {
    /// The main part: undefined keys first, then the definitions in order. Of two values of one key the later counts.
    pub(super) fn main(name: &str, def: &ConfigDef, values: &[ConfigValue], groups: Vec<String>) -> Self {
        let undefined = values.iter().filter(|value| def.key(&value.name).is_none());
        let undefined = undefined
            .map(|value| ConfigInfo { definition: None, value: Some(ConfigValueInfo::new(value, "")) });
        let defined = def.keys().iter().map(|key| ConfigInfo {
            definition: Some(ConfigKeyInfo::new(key, "")),
            value: values
                .iter()
                .rev()
                .find(|value| value.name == key.name)
                .map(|value| ConfigValueInfo::new(value, "")),
        });
        let configs: Vec<ConfigInfo> = undefined.chain(defined).collect();
        let error_count =
            configs.iter().filter_map(|info| info.value.as_ref()).map(|value| value.errors.len()).sum();
        Self { name: name.to_owned(), error_count, groups, configs }
    }

    /// Adds the values of a plugin or client, shown under a prefix. A key with errors counts as one error.
    pub(super) fn add_part(&mut self, def: &ConfigDef, values: Vec<ConfigValue>, prefix: &str) {
        for value in ConfigValue::into_hash_order(values) {
            let key = def.key(&value.name);
            if let Some(group) = key.and_then(|key| key.group.as_deref()) {
                self.add_group(group);
            }
            self.error_count += usize::from(!value.errors.is_empty());
            self.configs.push(ConfigInfo {
                definition: key.map(|key| ConfigKeyInfo::new(key, prefix)),
                value: Some(ConfigValueInfo::new(&value, prefix)),
            });
        }
    }

    fn add_group(&mut self, group: &str) {
        if !self.groups.iter().any(|known| known == group) {
            self.groups.push(group.to_owned());
        }
    }

    /// All messages, in the order of the keys.
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        self.configs
            .iter()
            .filter_map(|info| info.value.as_ref())
            .flat_map(|value| &value.errors)
            .map(String::as_str)
    }

    /// The text with which a configuration is refused; `None` if there are no errors.
    pub fn refusal(&self) -> Option<String> {
        if self.error_count == 0 {
            return None;
        }
        let mut text = format!(
            "Connector configuration is invalid and contains the following {} error(s):",
            self.error_count
        );
        for message in self.messages() {
            text.push('\n');
            text.push_str(message);
        }
        text.push_str(
            "\nYou can also find the above list of errors at the endpoint \
             `/connector-plugins/{connectorType}/config/validate`",
        );
        Some(text)
    }
}

/// A value of a key that has been set without being checked.
pub(super) fn plain_value(name: &str, value: Parsed) -> ConfigValue {
    let mut config_value = ConfigValue::new(name);
    config_value.value = value;
    config_value
}
