//! Checks and recommendations of plugin classes and their versions.

use std::sync::Arc;

use aqueduct_api::config::{ConfigData, Parsed, Recommender};
use aqueduct_api::{ConfigKey, ConfigType, Importance, Validator, Width};

use crate::registry::{Registry, VersionRange, Wanted};

/// Checks that a version range can be read.
pub(super) fn version_spec() -> Validator {
    Validator::new("", |_, value| match value {
        Parsed::String(text) => {
            VersionRange::parse(Some(text)).err().map(|error| error.to_string()).into_iter().collect()
        }
        _ => Vec::new(),
    })
    .without_text()
}

/// Why a class cannot be used as a plugin of a kind; `None` if it can.
pub(super) fn unusable(registry: &Registry, wanted: Wanted, class: &str) -> Option<String> {
    if registry.find(wanted, class).is_some() {
        return None;
    }
    let nested = registry.nested(wanted, class);
    if !nested.is_empty() {
        let nested = nested.join(", ");
        return Some(format!("This class is abstract and cannot be created. Did you mean {nested}?"));
    }
    Some(format!("Class class {class} does not implement the {} interface", wanted.interface()))
}

/// Checks a class of a converter.
fn converter_class(registry: &Arc<Registry>, wanted: Wanted) -> Validator {
    let registry = Arc::clone(registry);
    let text = format!(
        "A concrete subclass of org.apache.kafka.connect.storage.{}, A class with a public, no-argument constructor",
        wanted.interface()
    );
    Validator::new(text, move |_, value| match value {
        Parsed::Class(class) => unusable(&registry, wanted, class).into_iter().collect(),
        _ => Vec::new(),
    })
}

/// Offers the classes of a kind.
pub(super) struct Classes {
    pub(super) registry: Arc<Registry>,
    pub(super) wanted: Wanted,
}

impl Recommender for Classes {
    fn valid_values(&self, _: &str, _: &ConfigData) -> Vec<String> {
        self.registry.classes(self.wanted).into_iter().map(str::to_owned).collect()
    }

    fn visible(&self, _: &str, _: &ConfigData) -> bool {
        true
    }
}

/// Offers the versions of the class that another key names.
pub(super) struct Versions {
    pub(super) registry: Arc<Registry>,
    pub(super) wanted: Wanted,
    pub(super) class_key: String,
    /// Whether the key matters even without a class.
    pub(super) always_visible: bool,
}

impl Recommender for Versions {
    fn valid_values(&self, _: &str, config: &ConfigData) -> Vec<String> {
        let class = config.get(&self.class_key).to_text().unwrap_or_default();
        self.registry.versions(self.wanted, &class).into_iter().map(str::to_owned).collect()
    }

    fn visible(&self, _: &str, config: &ConfigData) -> bool {
        self.always_visible || !config.get(&self.class_key).is_null()
    }
}

/// What the validate endpoint shows for a converter that the connector does not set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownConverter {
    /// The worker's class.
    pub class: Option<String>,
    /// The version.
    pub version: Option<String>,
}

impl ShownConverter {
    fn class(&self) -> Parsed {
        self.class.clone().map_or(Parsed::Null, Parsed::Class)
    }

    fn version(&self) -> Parsed {
        self.version.clone().map_or(Parsed::Null, Parsed::String)
    }
}

/// The two keys of a converter.
pub(super) fn converter_keys(
    registry: &Arc<Registry>,
    which: ConverterKeys,
    order: i32,
    shown: &ShownConverter,
) -> [ConfigKey; 2] {
    let ConverterKeys { class_key, version_key, part, wanted } = which;
    let title = part.to_owned();
    let lower = part.to_lowercase();
    let class = ConfigKey::new(
        class_key,
        ConfigType::Class,
        shown.class(),
        Importance::Low,
        format!(
            "Turns {lower} data into bytes in Kafka and back. Without it, the worker's own choice counts."
        ),
    )
    .validator(converter_class(registry, wanted))
    .group(super::definition::COMMON, order, Width::Short, format!("{title} converter class"))
    .recommender(Arc::new(Classes { registry: Arc::clone(registry), wanted }));
    let version = ConfigKey::new(
        version_key,
        ConfigType::String,
        shown.version(),
        Importance::Low,
        format!("The version, or a range of versions, of the {lower} converter."),
    )
    .validator(version_spec())
    .group(super::definition::COMMON, order + 1, Width::Short, format!("{title} converter version"))
    .recommender(Arc::new(Versions {
        registry: Arc::clone(registry),
        wanted,
        class_key: class_key.to_owned(),
        always_visible: false,
    }));
    [class, version]
}

/// Which converter the keys are for.
pub(super) struct ConverterKeys {
    pub(super) class_key: &'static str,
    pub(super) version_key: &'static str,
    /// As display names begin: `Key`.
    pub(super) part: &'static str,
    pub(super) wanted: Wanted,
}
