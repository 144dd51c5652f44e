//! Values from the environment.

use aqueduct_api::java_regex::JavaRegex;
use aqueduct_api::{ConfigMap, ConfigProvider, Error, ProvidedConfig, Result};

/// The key that holds the pattern.
const ALLOWLIST_PATTERN: &str = "allowlist.pattern";

/// `EnvVarConfigProvider`: a key is the name of an environment variable; there is no path.
#[derive(Debug, Default)]
pub struct EnvVarConfigProvider {
    allowed: Option<JavaRegex>,
}

impl ConfigProvider for EnvVarConfigProvider {
    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        self.allowed = match config.get(ALLOWLIST_PATTERN) {
            None => None,
            Some(text) => Some(JavaRegex::new(text).map_err(|reason| {
                Error::config(format!("Invalid value {text} for configuration {ALLOWLIST_PATTERN}: {reason}"))
            })?),
        };
        Ok(())
    }

    fn get(&self, path: &str, keys: &[&str]) -> Result<ProvidedConfig> {
        if !path.is_empty() {
            return Err(Error::config(format!(
                "Path is not supported for EnvVarConfigProvider, invalid value '{path}'"
            )));
        }
        let mut data = ConfigMap::new();
        for key in keys {
            let allowed = match &self.allowed {
                None => true,
                Some(pattern) => pattern.matches(key)?,
            };
            if let Some(value) = std::env::var_os(key).filter(|_| allowed) {
                data.insert(*key, value.to_string_lossy().into_owned());
            }
        }
        Ok(ProvidedConfig { data, ttl: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_allowed_variables() {
        let mut provider = EnvVarConfigProvider::default();
        let path = std::env::var("PATH").expect("every test has a PATH");
        assert_eq!(provider.get("", &["PATH"]).expect("good").data, [("PATH", path.as_str())].into());
        provider.configure(&[(ALLOWLIST_PATTERN, "PAT")].into()).expect("a pattern");
        assert!(provider.get("", &["PATH"]).expect("good").data.is_empty());
        provider.configure(&[(ALLOWLIST_PATTERN, "PAT.*")].into()).expect("a pattern");
        assert_eq!(provider.get("", &["PATH", "AQUEDUCT_NO_SUCH"]).expect("good").data.len(), 1);
        assert!(provider.get("p", &["PATH"]).is_err());
        assert!(provider.configure(&[(ALLOWLIST_PATTERN, "[")].into()).is_err());
    }
}
