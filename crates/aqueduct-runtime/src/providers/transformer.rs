//! Replacement of references by what providers have.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aqueduct_api::{ConfigMap, ConfigProvider, Error, PluginKind, Result};

use crate::registry::Registry;

/// Replaces references of the form `${provider:path:key}` or `${provider:key}`.
///
/// Each text is read once: what a provider gives is not read again. A reference to an unknown provider, or to a key that
/// its provider does not have, stays as it is.
#[derive(Clone, Default)]
pub struct ConfigTransformer {
    providers: Arc<BTreeMap<String, Box<dyn ConfigProvider>>>,
}

/// A configuration with its references replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transformed {
    /// The configuration.
    pub config: ConfigMap,
    /// How long the values under a path are good for, where the provider says so.
    pub ttls: BTreeMap<String, Duration>,
}

/// Keys by path by provider.
type Wanted<'a> = BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<&'a str>>>;
/// Values by provider, path and key.
type Found<'a> = BTreeMap<(&'a str, &'a str, &'a str), String>;

impl ConfigTransformer {
    /// Replaces references to these providers, by the names that references use.
    pub fn new(providers: impl IntoIterator<Item = (String, Box<dyn ConfigProvider>)>) -> Self {
        Self { providers: Arc::new(providers.into_iter().collect()) }
    }

    /// The providers that a worker's properties define with `config.providers`.
    pub fn from_worker(config: &ConfigMap, registry: &Registry) -> Result<Self> {
        let mut providers: Vec<(String, Box<dyn ConfigProvider>)> = Vec::new();
        let names = config.get("config.providers").unwrap_or_default();
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let class = config.require(&format!("config.providers.{name}.class"))?;
            let plugin = registry.config_provider(class)?;
            let PluginKind::ConfigProvider(make) = &plugin.kind else {
                return Err(Error::config(format!("{class} is not a ConfigProvider")));
            };
            let mut provider = make();
            provider.configure(&config.with_prefix(&format!("config.providers.{name}.param.")))?;
            providers.push((name.to_owned(), provider));
        }
        Ok(Self::new(providers))
    }

    /// Replaces all references. Blocks where a provider does.
    pub fn transform(&self, config: &ConfigMap) -> Result<Transformed> {
        let mut wanted = Wanted::new();
        for text in config.iter().filter_map(|(_, text)| text) {
            for reference in References(text).flatten() {
                let paths = wanted.entry(reference.provider).or_default();
                paths.entry(reference.path).or_default().insert(reference.key);
            }
        }
        let mut ttls = BTreeMap::new();
        let mut found = Found::new();
        for (name, paths) in &wanted {
            let Some(provider) = self.providers.get(*name) else { continue };
            for (path, keys) in paths {
                let keys: Vec<&str> = keys.iter().copied().collect();
                let provided = provider.get(path, &keys)?;
                if let Some(ttl) = provided.ttl {
                    ttls.insert((*path).to_owned(), ttl);
                }
                for key in keys {
                    if let Some(value) = provided.data.get(key) {
                        found.insert((name, path, key), value.to_owned());
                    }
                }
            }
        }
        let replaced = config.iter().map(|(name, text)| (name, text.map(|text| replace(text, &found))));
        Ok(Transformed { config: replaced.collect(), ttls })
    }

    /// As [`ConfigTransformer::transform`], on a thread where blocking harms nobody, and only if there is a reference.
    pub async fn resolve(&self, config: &ConfigMap) -> Result<Transformed> {
        if self.providers.is_empty() || !config.iter().any(|(_, text)| text.is_some_and(has_reference)) {
            return Ok(Transformed { config: config.clone(), ttls: BTreeMap::new() });
        }
        let (transformer, config) = (self.clone(), config.clone());
        tokio::task::spawn_blocking(move || transformer.transform(&config))
            .await
            .map_err(|error| Error::connect("A config provider has panicked").with_source(error))?
    }

    /// Puts the references of a connector's raw configuration back into a task's configuration, which was made from
    /// resolved values: secrets must not reach the config topic.
    pub fn reverse(raw_connector: &ConfigMap, mut task: ConfigMap) -> ConfigMap {
        for (name, text) in raw_connector.iter() {
            if let Some(text) = text.filter(|text| has_reference(text) && task.contains(name)) {
                task.insert(name, text);
            }
        }
        task
    }
}

fn has_reference(text: &str) -> bool {
    References(text).flatten().next().is_some()
}

fn replace(text: &str, found: &Found<'_>) -> String {
    References(text)
        .map(|part| match part {
            Ok(reference) => match found.get(&(reference.provider, reference.path, reference.key)) {
                Some(value) => value.as_str(),
                None => reference.text,
            },
            Err(literal) => literal,
        })
        .collect()
}

/// A reference in a text.
struct Reference<'a> {
    text: &'a str,
    provider: &'a str,
    path: &'a str,
    key: &'a str,
}

/// Walks over a text: references, and in their order what stands between them.
struct References<'a>(&'a str);

impl<'a> Iterator for References<'a> {
    type Item = std::result::Result<Reference<'a>, &'a str>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.0;
        if text.is_empty() {
            return None;
        }
        let Some((start, reference)) = first_reference(text) else {
            self.0 = "";
            return Some(Err(text));
        };
        let end = if start == 0 { reference.text.len() } else { start };
        let (part, rest) = text.split_at(end);
        self.0 = rest;
        Some(if start == 0 { Ok(reference) } else { Err(part) })
    }
}

/// The first reference and where it begins. The first colon ends the provider, the second, if any, the path.
fn first_reference(text: &str) -> Option<(usize, Reference<'_>)> {
    let mut from = 0;
    while let Some(at) = text.get(from..)?.find("${") {
        let start = from + at;
        let body = text.get(start + 2..)?;
        let body = body.get(..body.find('}')?)?;
        if let Some((provider, rest)) = body.split_once(':') {
            let (path, key) = rest.split_once(':').unwrap_or(("", rest));
            let text = text.get(start..start + body.len() + 3)?;
            return Some((start, Reference { text, provider, path, key }));
        }
        from = start + 2;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use aqueduct_api::ProvidedConfig;

    struct Fixed;

    impl ConfigProvider for Fixed {
        fn configure(&mut self, _: &ConfigMap) -> Result<()> {
            Ok(())
        }

        fn get(&self, path: &str, keys: &[&str]) -> Result<ProvidedConfig> {
            let data = keys
                .iter()
                .filter(|key| **key != "missing")
                .map(|key| (*key, format!("<{path}/{key}>")))
                .collect();
            Ok(ProvidedConfig { data, ttl: (path == "ttl").then_some(Duration::from_secs(5)) })
        }
    }

    fn transformer() -> ConfigTransformer {
        let fixed: Box<dyn ConfigProvider> = Box::new(Fixed);
        ConfigTransformer::new([("m".to_owned(), fixed)])
    }

    #[test]
    fn replaces_references() {
        for (text, replaced) in [
            ("${m:p:k}", "<p/k>"),
            ("a${m:k}b${m:p:a:b}", "a</k>b<p/a:b>"),
            ("${m:p:missing}${x:p:k}${m}${m:p:k", "${m:p:missing}${x:p:k}${m}${m:p:k"),
            ("${} ${m:k}", "${} </k>"),
            ("\\${m:k}$${m:k}", "\\</k>$</k>"),
        ] {
            let transformed = transformer().transform(&[("key", text)].into()).expect("good");
            assert_eq!(transformed.config.get("key"), Some(replaced), "{text}");
        }
    }

    #[test]
    fn tells_how_long_values_are_good_for() {
        let transformed = transformer().transform(&[("key", "${m:ttl:k}${m:p:k}")].into()).expect("good");
        assert_eq!(transformed.ttls, BTreeMap::from([("ttl".to_owned(), Duration::from_secs(5))]));
    }

    #[test]
    fn puts_references_back_into_task_configurations() {
        let raw = [("password", "${m:p:k}"), ("url", "u"), ("gone", "${m:k}")].into();
        let task = ConfigTransformer::reverse(&raw, [("password", "s3cret"), ("url", "v")].into());
        assert_eq!(task, [("password", "${m:p:k}"), ("url", "v")].into());
    }
}
