//! Validation of a whole configuration.

use super::{AnyClass, ClassLookup, ConfigData, ConfigDef, ConfigKey, Parsed, hash_order};
use crate::props::ConfigMap;

/// What validation has found about one key.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigValue {
    /// The key.
    pub name: String,
    /// The parsed value; null where it could not be parsed.
    pub value: Parsed,
    /// Values to offer.
    pub recommended_values: Vec<String>,
    /// What is wrong, in whole sentences.
    pub errors: Vec<String>,
    /// Whether the key matters with this configuration.
    pub visible: bool,
}

impl ConfigValue {
    /// A visible key without a value and without errors.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: Parsed::Null,
            recommended_values: Vec::new(),
            errors: Vec::new(),
            visible: true,
        }
    }

    /// Adds what is wrong.
    pub fn add_error(&mut self, message: impl Into<String>) {
        self.errors.push(message.into());
    }
}

impl ConfigDef {
    /// Checks every key and gives a value for each, in the order of definition. Any class name is good.
    pub fn validate(&self, config: &ConfigMap) -> Vec<ConfigValue> {
        self.validate_with(config, &AnyClass)
    }

    /// As [`ConfigDef::validate`], with only the classes that `classes` knows.
    ///
    /// A key can have several errors: a text that is no number is also checked as a null.
    pub fn validate_with(&self, config: &ConfigMap, classes: &dyn ClassLookup) -> Vec<ConfigValue> {
        let mut data = ConfigData::default();
        let mut values = Vec::with_capacity(self.keys().len());
        for key in self.keys() {
            let value = key.check_in(config, classes);
            data.set(key.name.clone(), value.value.clone());
            values.push(value);
        }
        for (key, value) in self.keys().iter().zip(&mut values) {
            if let Some(recommender) = &key.recommender {
                value.recommended_values = recommender.valid_values(&key.name, &data);
                value.visible = recommender.visible(&key.name, &data);
            }
        }
        values.extend(self.undefined_dependents().into_iter().map(|name| {
            let mut value = ConfigValue::new(name);
            value.add_error(format!("{name} is referred in the dependents, but not defined."));
            value.visible = false;
            value
        }));
        values
    }

    fn undefined_dependents(&self) -> Vec<&str> {
        let mut undefined: Vec<&str> = Vec::new();
        for name in self.keys().iter().flat_map(|key| key.dependents.iter()) {
            if self.key(name).is_none() && !undefined.contains(&name.as_ref()) {
                undefined.push(name);
            }
        }
        undefined
    }
}

impl ConfigValue {
    /// Puts values into the order in which Java's `ConfigDef.validate` gives them: that of a hash map of their names.
    pub fn into_hash_order(values: Vec<Self>) -> Vec<Self> {
        let order = hash_order(values.iter().map(|value| value.name.as_str()));
        let mut values: Vec<Option<Self>> = values.into_iter().map(Some).collect();
        order.into_iter().filter_map(|at| values.get_mut(at)?.take()).collect()
    }
}

impl ConfigKey {
    fn check_in(&self, config: &ConfigMap, classes: &dyn ClassLookup) -> ConfigValue {
        let mut value = ConfigValue::new(self.name.clone());
        match self.value_in(config, classes) {
            Ok(parsed) => value.value = parsed,
            Err(message) => value.add_error(message),
        }
        if let Some(validator) = &self.validator {
            value.errors.extend(validator.check(&self.name, &value.value));
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ConfigType, Importance, Validator};
    use super::*;

    #[test]
    fn gives_one_value_a_key_with_all_its_errors() {
        let def = ConfigDef::from_iter([
            ConfigKey::new("n", ConfigType::Int, 5, Importance::High, "")
                .validator(Validator::between(1, 10)),
            ConfigKey::required("s", ConfigType::String, Importance::High, "")
                .validator(Validator::non_empty_string())
                .dependents(["gone"]),
        ]);
        let values = def.validate(&[("n", "x")].into());
        let errors: Vec<(&str, Vec<&str>)> = values
            .iter()
            .map(|value| (value.name.as_str(), value.errors.iter().map(String::as_str).collect()))
            .collect();
        assert_eq!(
            errors,
            [
                (
                    "n",
                    vec![
                        "Invalid value x for configuration n: Not a number of type INT",
                        "Invalid value null for configuration n: Value must be non-null"
                    ]
                ),
                ("s", vec!["Missing required configuration \"s\" which has no default value."]),
                ("gone", vec!["gone is referred in the dependents, but not defined."]),
            ]
        );
    }
}
