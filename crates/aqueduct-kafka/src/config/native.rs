//! Properties in librdkafka's terms.

use std::collections::BTreeMap;
use std::fmt;

use rdkafka::ClientConfig;

use super::properties::is_secret;

/// librdkafka's properties of one client. `Debug` hides secrets.
#[derive(Clone, Default)]
pub struct NativeConfig(BTreeMap<String, String>);

impl NativeConfig {
    pub(super) fn set(&mut self, key: &str, value: impl Into<String>) {
        self.0.insert(key.to_owned(), value.into());
    }

    /// Sets a property unless it is set.
    pub(super) fn set_default(&mut self, key: &str, value: impl Into<String>) {
        self.0.entry(key.to_owned()).or_insert_with(|| value.into());
    }

    /// The value of one of librdkafka's properties.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    pub(super) fn get_number(&self, key: &str) -> Option<i64> {
        self.get(key).and_then(|value| value.parse().ok())
    }

    pub(crate) fn to_client_config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        for (key, value) in &self.0 {
            config.set(key, value);
        }
        config.set_log_level(rdkafka::config::RDKafkaLogLevel::Info);
        config
    }
}

impl fmt::Debug for NativeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.0.iter().map(|(k, v)| (k, if is_secret(k) { "[hidden]" } else { v.as_str() })))
            .finish()
    }
}

/// Says once per client which properties nobody knows, as Java's clients do.
pub(super) fn log_unused(client_id: &str, unused: &[String]) {
    if !unused.is_empty() {
        let keys = unused.join(", ");
        tracing::info!(
            target: "aqueduct::kafka",
            client = client_id,
            "These configurations '[{keys}]' were supplied but are not used yet."
        );
    }
}
