//! A set of client properties.

use std::collections::BTreeMap;
use std::fmt;

/// A value that must not be printed. It prints itself as Java's `[hidden]`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(secret: impl Into<String>) -> Secret {
        Secret(secret.into())
    }

    /// The secret itself; never to be logged.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// Client properties by key, with Java's keys. `Debug` hides every value that may be a secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Properties(BTreeMap<String, String>);

impl Properties {
    /// No properties.
    pub fn new() -> Properties {
        Properties::default()
    }

    /// Sets a property, replacing an earlier value.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) -> &mut Properties {
        self.0.insert(key.into(), value.into());
        self
    }

    /// The same properties and one more.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Properties {
        self.set(key, value);
        self
    }

    /// The value of a property, without surrounding white space, as Java takes it.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| value.trim())
    }

    /// All properties, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Properties {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(pairs: T) -> Properties {
        Properties(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl<K: Into<String>, V: Into<String>> Extend<(K, V)> for Properties {
    fn extend<T: IntoIterator<Item = (K, V)>>(&mut self, pairs: T) {
        self.0.extend(pairs.into_iter().map(|(key, value)| (key.into(), value.into())));
    }
}

impl From<BTreeMap<String, String>> for Properties {
    fn from(map: BTreeMap<String, String>) -> Properties {
        Properties(map)
    }
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.iter().map(|(key, value)| (key, if is_secret(key) { "[hidden]" } else { value })))
            .finish()
    }
}

/// Whether values of this key (Java's or librdkafka's) may hold a secret.
pub(super) fn is_secret(key: &str) -> bool {
    [
        "password",
        "jaas",
        "secret",
        "passphrase",
        "pem",
        "keystore.key",
        "keystore.certificate",
        "oauthbearer.config",
    ]
    .iter()
    .any(|part| key.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_show() {
        let properties = Properties::new()
            .with("bootstrap.servers", "b:9092")
            .with("sasl.jaas.config", "x password=\"tiger\";")
            .with("ssl.keystore.password", "tiger")
            .with("ssl.keystore.key", "tiger")
            .with("sasl.oauthbearer.client.credentials.client.secret", "tiger");
        let shown = format!("{properties:?} {:?} {}", Secret::new("tiger"), Secret::new("tiger"));
        assert!(shown.contains("b:9092") && !shown.contains("tiger"), "{shown}");
    }

    #[test]
    fn values_are_trimmed() {
        assert_eq!(Properties::new().with("acks", " all ").get("acks"), Some("all"));
    }
}
