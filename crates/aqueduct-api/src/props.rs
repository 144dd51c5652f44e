//! Configurations as users write them: names to texts.

use std::fmt;

use indexmap::IndexMap;

use crate::error::{Error, Result};

/// A configuration: names to texts, in the order in which they came. A text may be null, as a REST client can send it.
///
/// `Debug` prints the names only: a value may be a secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ConfigMap(IndexMap<String, Option<String>>);

impl ConfigMap {
    /// An empty configuration.
    pub fn new() -> Self {
        Self::default()
    }

    /// The text of this name; `None` where it is missing or null.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_deref()
    }

    /// The entry of this name: `None` where it is missing, `Some(None)` where it is null.
    pub fn entry(&self, name: &str) -> Option<Option<&str>> {
        self.0.get(name).map(Option::as_deref)
    }

    /// The text of this name, or an error that says that it is missing.
    pub fn require(&self, name: &str) -> Result<&str> {
        self.get(name).ok_or_else(|| {
            Error::config(format!("Missing required configuration \"{name}\" which has no default value."))
        })
    }

    /// Whether there is an entry of this name, even a null.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Sets an entry and gives the old one.
    pub fn insert(
        &mut self,
        name: impl Into<String>,
        value: impl Into<ConfigText>,
    ) -> Option<Option<String>> {
        self.0.insert(name.into(), value.into().0)
    }

    /// Removes an entry.
    pub fn remove(&mut self, name: &str) -> Option<Option<String>> {
        self.0.shift_remove(name)
    }

    /// The entries in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    /// The names in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries whose name begins with this prefix, without the prefix.
    #[must_use]
    pub fn with_prefix(&self, prefix: &str) -> Self {
        self.0
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(prefix)?.to_owned(), value.clone())))
            .collect()
    }

    /// Sets all entries of another configuration over these.
    pub fn extend_with(&mut self, other: &Self) {
        self.0.extend(other.0.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
}

/// A text or null on its way into a [`ConfigMap`].
#[derive(Debug)]
pub struct ConfigText(Option<String>);

impl From<&str> for ConfigText {
    fn from(text: &str) -> Self {
        Self(Some(text.to_owned()))
    }
}

impl From<String> for ConfigText {
    fn from(text: String) -> Self {
        Self(Some(text))
    }
}

impl From<Option<String>> for ConfigText {
    fn from(text: Option<String>) -> Self {
        Self(text)
    }
}

impl<K: Into<String>, V: Into<ConfigText>> FromIterator<(K, V)> for ConfigMap {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self(entries.into_iter().map(|(name, value)| (name.into(), value.into().0)).collect())
    }
}

impl<K: Into<String>, V: Into<ConfigText>, const N: usize> From<[(K, V); N]> for ConfigMap {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl fmt::Debug for ConfigMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
