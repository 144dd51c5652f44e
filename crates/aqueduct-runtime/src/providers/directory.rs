//! Values from the files of a folder.

use std::time::Duration;

use aqueduct_api::{ConfigMap, ConfigProvider, Error, ProvidedConfig, Result};

use super::allowed_paths::AllowedPaths;
use super::expiry;

/// `DirectoryConfigProvider`: the path is a folder, a key the name of a file in it, the value all of the file's text.
#[derive(Debug, Default)]
pub struct DirectoryConfigProvider {
    paths: AllowedPaths,
    ttl: Option<Duration>,
}

impl ConfigProvider for DirectoryConfigProvider {
    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        self.paths = AllowedPaths::configure(config)?;
        self.ttl = expiry::configure(config)?;
        Ok(())
    }

    fn get(&self, path: &str, keys: &[&str]) -> Result<ProvidedConfig> {
        let mut provided = ProvidedConfig { ttl: self.ttl, ..ProvidedConfig::default() };
        let Some(folder) = self.paths.check(path).filter(|_| !path.is_empty()) else {
            return Ok(provided);
        };
        if !folder.is_dir() {
            tracing::warn!(path, "the path of a DirectoryConfigProvider is not a folder");
            return Ok(provided);
        }
        for key in keys {
            // A key is a name, not a path that leads elsewhere.
            let file = folder.join(key);
            if file.parent() != Some(folder.as_path()) || !file.is_file() {
                continue;
            }
            let text = std::fs::read_to_string(&file).map_err(|error| {
                Error::config(format!("Could not read file {}", file.display())).with_source(error)
            })?;
            provided.data.insert(*key, text);
        }
        Ok(provided)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_whole_files() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("password"), "s3cret\n").expect("written");
        std::fs::create_dir(folder.path().join("nested")).expect("made");
        std::fs::write(folder.path().join("nested/inner"), "x").expect("written");
        let provider = DirectoryConfigProvider::default();
        let path = folder.path().to_str().expect("UTF-8");
        let got =
            provider.get(path, &["password", "nested", "nested/inner", "..", "missing"]).expect("readable");
        assert_eq!(got.data, [("password", "s3cret\n")].into());
        assert!(provider.get("/no/such", &["k"]).expect("nothing").data.is_empty());
    }
}
