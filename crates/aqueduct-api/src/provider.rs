//! Config providers: values that stand outside the configuration, such as secrets.

use std::time::Duration;

use crate::error::Result;
use crate::props::ConfigMap;

/// What a provider has under a path.
#[derive(Debug, Clone, Default)]
pub struct ProvidedConfig {
    /// The values by key. `Debug` shows the keys only.
    pub data: ConfigMap,
    /// How long the values are good for; `None`: until they are asked for again.
    pub ttl: Option<Duration>,
}

/// Gives values for `${provider:path:key}` (KIP-297). Calls may block: the runtime makes them where that harms nobody.
pub trait ConfigProvider: Send + Sync {
    /// Takes its configuration: the keys under `config.providers.NAME.param.`, without the prefix.
    fn configure(&mut self, config: &ConfigMap) -> Result<()>;

    /// The values of these keys under a path. A key that there is not is left out.
    fn get(&self, path: &str, keys: &[&str]) -> Result<ProvidedConfig>;
}
