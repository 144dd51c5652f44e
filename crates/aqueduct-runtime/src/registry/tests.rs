use aqueduct_api::config::ClassLookup;
use aqueduct_api::{
    ConfigDef, ConfigMap, ConfigProvider, Origin, Plugin, ProvidedConfig, Record, Result, Transformation,
};

use super::{Registry, RegistryError, VersionRange, Wanted};
use crate::providers;

struct Nothing;

impl Transformation for Nothing {
    fn config(&self) -> ConfigDef {
        ConfigDef::new()
    }
    fn configure(&mut self, _: &ConfigMap) -> Result<()> {
        Ok(())
    }
    fn apply(&mut self, _: &mut Record, _: Origin<'_>) -> Result<bool> {
        Ok(true)
    }
}

impl ConfigProvider for Nothing {
    fn configure(&mut self, _: &ConfigMap) -> Result<()> {
        Ok(())
    }
    fn get(&self, _: &str, _: &[&str]) -> Result<ProvidedConfig> {
        Ok(ProvidedConfig::default())
    }
}

fn transformation(class: &'static str, version: &'static str) -> Plugin {
    Plugin::transformation(class, version, || Nothing)
}

fn registry() -> Registry {
    let mut plugins = vec![
        transformation("a.Cast$Value", "1"),
        transformation("a.Cast$Key", "1"),
        transformation("a.Filter", "1.10"),
        transformation("a.Filter", "1.9"),
        transformation("a.Filter", "1.9"),
        transformation("a.MaskTransformation", "1"),
        transformation("a.Twin", "1"),
        transformation("b.Twin", "1"),
    ];
    plugins.extend(providers::plugins());
    Registry::new(plugins)
}

#[test]
fn lists_by_kind_name_and_version() {
    let registry = registry();
    let listed: Vec<(&str, &str)> = registry.listed().map(|plugin| (plugin.class, plugin.version)).collect();
    assert_eq!(
        listed,
        [
            ("a.Cast$Key", "1"),
            ("a.Cast$Value", "1"),
            ("a.Filter", "1.9"),
            ("a.Filter", "1.10"),
            ("a.MaskTransformation", "1"),
            ("a.Twin", "1"),
            ("b.Twin", "1")
        ]
    );
}

#[test]
fn finds_by_name_and_unambiguous_alias() {
    let registry = registry();
    for (name, class) in [
        ("a.Filter", Some("a.Filter")),
        ("Filter", Some("a.Filter")),
        ("Mask", Some("a.MaskTransformation")),
        ("MaskTransformation", Some("a.MaskTransformation")),
        ("a.Cast$Value", Some("a.Cast$Value")),
        ("Cast$Value", None),
        ("Value", Some("a.Cast$Value")),
        ("Cast", None),
        ("Twin", None),
    ] {
        let found = registry.find(Wanted::Transformation, name).map(|plugin| plugin.class);
        assert_eq!(found, class, "{name}");
    }
    assert_eq!(
        registry.resolve("File").as_deref(),
        Some("org.apache.kafka.common.config.provider.FileConfigProvider")
    );
    assert_eq!(registry.resolve("a.Cast").as_deref(), Some("a.Cast"));
    assert_eq!(registry.nested(Wanted::Transformation, "a.Cast"), ["a.Cast$Key", "a.Cast$Value"]);
}

#[test]
fn takes_the_newest_version_that_a_range_allows() {
    let registry = registry();
    let get = |range: &str| {
        let range = VersionRange::parse(Some(range)).expect("a range");
        registry.get(Wanted::Transformation, "Filter", range.as_ref()).map(|plugin| plugin.version)
    };
    assert_eq!(get("latest"), Ok("1.10"));
    assert_eq!(get("1.9"), Ok("1.9"));
    assert_eq!(get("[1.0,1.10)"), Ok("1.9"));
    assert_eq!(
        get("[2,)").expect_err("none").to_string(),
        "Plugin a.Filter not found that matches the version range [2,), available versions: [1.9, 1.10]"
    );
}

#[test]
fn says_what_there_is_instead() {
    let registry = Registry::new(vec![Plugin::config_provider("a.FileConfigProvider", "4", || Nothing)]);
    let error = registry.config_provider("Vault").expect_err("none");
    assert_eq!(
        error.to_string(),
        "Failed to find any class that implements ConfigProvider and which name matches Vault, available plugins are: \
         PluginDesc{klass=class a.FileConfigProvider, name='a.FileConfigProvider', version='4', encodedVersion=4, \
         type=config_provider, typeName='config_provider', location='classpath'}"
    );
    let error = registry.get(Wanted::Connector, "X", None).expect_err("none");
    assert!(matches!(error, RegistryError::NotFound { what: "connectors", .. }));
}
