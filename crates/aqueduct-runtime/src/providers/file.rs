//! Values from a file of Java properties.

use std::time::Duration;

use aqueduct_api::{ConfigMap, ConfigProvider, Error, ProvidedConfig, Result};

use super::allowed_paths::AllowedPaths;
use super::expiry;
use crate::properties;

/// `FileConfigProvider`: the path is a properties file.
#[derive(Debug, Default)]
pub struct FileConfigProvider {
    paths: AllowedPaths,
    ttl: Option<Duration>,
}

impl ConfigProvider for FileConfigProvider {
    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        self.paths = AllowedPaths::configure(config)?;
        self.ttl = expiry::configure(config)?;
        Ok(())
    }

    fn get(&self, path: &str, keys: &[&str]) -> Result<ProvidedConfig> {
        let Some(file) = self.paths.check(path).filter(|_| !path.is_empty()) else {
            return Ok(ProvidedConfig::default());
        };
        let entries = properties::read(&file).map_err(|error| {
            Error::config(format!("Could not read properties from file {path}")).with_source(error)
        })?;
        let data = keys.iter().filter_map(|key| Some((*key, entries.get(key)?))).collect();
        Ok(ProvidedConfig { data, ttl: self.ttl })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_keys_of_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("secrets.properties");
        std::fs::write(&file, "user=u\npassword=s\\u0041\n").expect("written");
        let file = file.to_str().expect("UTF-8");
        let provider = FileConfigProvider::default();
        let got = provider.get(file, &["password", "missing"]).expect("readable");
        assert_eq!(got.data, [("password", "sA")].into());
        assert_eq!(provider.get("", &["k"]).expect("nothing").data, ConfigMap::new());
        let error = provider.get("/no/such", &["k"]).expect_err("missing");
        assert_eq!(error.message(), Some("Could not read properties from file /no/such"));
    }
}
