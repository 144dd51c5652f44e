//! Definitions inside definitions.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{ConfigData, ConfigDef, ConfigDefault, ConfigKey, Recommender, Validator};

impl ConfigDef {
    /// Adds the keys of another definition under a prefix, in the order of [`ConfigDef::sorted_keys`], with positions
    /// counted from `first_order`. A key's group becomes `GROUP`, or `GROUP: ITS OWN GROUP`. Validators and recommenders
    /// go on to see the names without the prefix, and so do their messages.
    pub fn embed(&mut self, prefix: &str, group: &str, first_order: i32, other: &Self) {
        for (order, key) in (first_order..).zip(other.sorted_keys()) {
            self.define(key.embedded(prefix, group, order));
        }
    }

    /// The keys in the order in which forms show them: those without a group, then by groups; in a group by position,
    /// then those that must be set, then by importance and name.
    pub fn sorted_keys(&self) -> Vec<&ConfigKey> {
        let groups = self.groups();
        let group = |key: &ConfigKey| {
            key.group.as_deref().and_then(|group| groups.iter().position(|other| *other == group))
        };
        let optional = |key: &ConfigKey| key.default != ConfigDefault::Required;
        let mut keys: Vec<&ConfigKey> = self.keys().iter().collect();
        keys.sort_by(|a, b| {
            group(a)
                .cmp(&group(b))
                .then(a.order_in_group.cmp(&b.order_in_group))
                .then(optional(a).cmp(&optional(b)))
                .then(a.importance.cmp(&b.importance))
                .then_with(|| utf16_order(&a.name, &b.name))
        });
        keys
    }
}

fn utf16_order(a: &str, b: &str) -> Ordering {
    a.encode_utf16().cmp(b.encode_utf16())
}

impl ConfigKey {
    fn embedded(&self, prefix: &str, group: &str, order: i32) -> Self {
        let mut key = self.clone();
        key.name = format!("{prefix}{}", self.name).into();
        key.group = Some(match &self.group {
            None => group.to_owned().into(),
            Some(own) => format!("{group}: {own}").into(),
        });
        key.order_in_group = order;
        key.dependents = self.dependents.iter().map(|name| format!("{prefix}{name}").into()).collect();
        key.validator = self.validator.clone().map(|inner| strip_validator(prefix, inner));
        key.recommender = self.recommender.clone().map(|inner| {
            let stripped: Arc<dyn Recommender> = Arc::new(Stripped { prefix: prefix.to_owned(), inner });
            stripped
        });
        key
    }
}

fn strip_validator(prefix: &str, inner: Validator) -> Validator {
    let prefix = prefix.to_owned();
    let text = inner.text().map(str::to_owned);
    let check = move |name: &str, value: &super::Parsed| {
        inner.check(name.strip_prefix(prefix.as_str()).unwrap_or(name), value)
    };
    match text {
        Some(text) => Validator::new(text, check),
        None => Validator::new("", check).without_text(),
    }
}

/// A recommender that sees only what is under a prefix, without it.
struct Stripped {
    prefix: String,
    inner: Arc<dyn Recommender>,
}

impl Stripped {
    fn name<'a>(&self, name: &'a str) -> &'a str {
        name.strip_prefix(self.prefix.as_str()).unwrap_or(name)
    }

    fn config(&self, config: &ConfigData) -> ConfigData {
        let mut stripped = ConfigData::default();
        for (name, value) in config.iter() {
            if let Some(name) = name.strip_prefix(self.prefix.as_str()) {
                stripped.set(name, value.clone());
            }
        }
        stripped
    }
}

impl Recommender for Stripped {
    fn valid_values(&self, name: &str, config: &ConfigData) -> Vec<String> {
        self.inner.valid_values(self.name(name), &self.config(config))
    }

    fn visible(&self, name: &str, config: &ConfigData) -> bool {
        self.inner.visible(self.name(name), &self.config(config))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ConfigType, Importance, Width};
    use super::*;

    #[test]
    fn embeds_in_the_order_of_forms() {
        let key = |name: &'static str| ConfigKey::new(name, ConfigType::String, (), Importance::Medium, "");
        let inner = ConfigDef::from_iter([
            key("z").group("Own", 1, Width::None, "Z"),
            key("b"),
            key("a"),
            ConfigKey::new("low", ConfigType::String, (), Importance::Low, ""),
            ConfigKey::required("must", ConfigType::String, Importance::Low, "")
                .validator(Validator::non_null()),
        ]);
        let mut outer = ConfigDef::new();
        outer.embed("t.", "T", 2, &inner);
        let seen: Vec<(&str, Option<&str>, i32)> = outer
            .keys()
            .iter()
            .map(|key| (key.name.as_ref(), key.group.as_deref(), key.order_in_group))
            .collect();
        assert_eq!(
            seen,
            [
                ("t.must", Some("T"), 2),
                ("t.a", Some("T"), 3),
                ("t.b", Some("T"), 4),
                ("t.low", Some("T"), 5),
                ("t.z", Some("T: Own"), 6)
            ]
        );
        let errors = outer.validate(&crate::ConfigMap::new()).swap_remove(0).errors;
        assert_eq!(errors[1], "Invalid value null for configuration must: entry must be non null");
    }
}
