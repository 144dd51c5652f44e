//! The plugins of a worker: found by class name or alias, and by version.

mod alias;
mod error;
mod range;
mod version;

pub use error::RegistryError;
pub use range::VersionRange;
pub use version::Version;

use std::cmp::Ordering;
use std::collections::HashMap;

use aqueduct_api::config::ClassLookup;
use aqueduct_api::{Plugin, PluginKind};

/// The version of a plugin that has none: listings leave it out.
pub const UNDEFINED: &str = "undefined";

/// The plugins of a worker: a value made from one list, so that tests build their own.
///
/// A plugin is known by its full class name and, where no other class claims them, by its simple class name and by that
/// name without its suffix (`Connector`, `Converter`, …).
#[derive(Debug, Clone)]
pub struct Registry {
    /// In the order of the plugin listing.
    plugins: Vec<Plugin>,
    aliases: HashMap<&'static str, &'static str>,
}

/// What a class shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A source or a sink.
    Connector,
    /// A converter of keys and values.
    Converter,
    /// A converter of headers.
    HeaderConverter,
    /// A transformation.
    Transformation,
    /// A predicate.
    Predicate,
    /// A config provider.
    ConfigProvider,
}

impl Wanted {
    /// The name of the Java interface.
    pub const fn interface(self) -> &'static str {
        match self {
            Self::Connector => "Connector",
            Self::Converter => "Converter",
            Self::HeaderConverter => "HeaderConverter",
            Self::Transformation => "Transformation",
            Self::Predicate => "Predicate",
            Self::ConfigProvider => "ConfigProvider",
        }
    }

    /// Whether a plugin is of this kind.
    pub const fn fits(self, plugin: &Plugin) -> bool {
        matches!(
            (self, &plugin.kind),
            (Self::Connector, PluginKind::Source { .. } | PluginKind::Sink { .. })
                | (Self::Converter, PluginKind::Converter(_))
                | (Self::HeaderConverter, PluginKind::HeaderConverter(_))
                | (Self::Transformation, PluginKind::Transformation(_))
                | (Self::Predicate, PluginKind::Predicate(_))
                | (Self::ConfigProvider, PluginKind::ConfigProvider(_))
        )
    }
}

/// The place of a kind in the plugin listing; what is not listed comes last.
const fn rank(kind: &PluginKind) -> u8 {
    match kind {
        PluginKind::Sink { .. } => 0,
        PluginKind::Source { .. } => 1,
        PluginKind::Transformation(_) => 2,
        PluginKind::Predicate(_) => 3,
        PluginKind::Converter(_) => 4,
        PluginKind::HeaderConverter(_) => 5,
        _ => 6,
    }
}

fn listing_order(a: &Plugin, b: &Plugin) -> Ordering {
    rank(&a.kind)
        .cmp(&rank(&b.kind))
        .then_with(|| a.class.cmp(b.class))
        .then_with(|| Version::new(a.version).cmp(&Version::new(b.version)))
}

impl Registry {
    /// Takes the plugins of a worker. Of several of one kind, class and version the first counts.
    pub fn new(mut plugins: Vec<Plugin>) -> Self {
        plugins.sort_by(listing_order);
        plugins.dedup_by(|a, b| listing_order(a, b) == Ordering::Equal);
        let aliases = alias::unambiguous(&plugins);
        Self { plugins, aliases }
    }

    /// All plugins: sinks, sources, transformations, predicates, converters, header converters, and what REST does not
    /// list; by class name and version.
    pub fn plugins(&self) -> &[Plugin] {
        &self.plugins
    }

    /// The plugins that REST lists, in its order.
    pub fn listed(&self) -> impl Iterator<Item = &Plugin> {
        self.plugins.iter().filter(|plugin| !matches!(plugin.kind, PluginKind::ConfigProvider(_)))
    }

    /// The full name of a class, given that name or an alias.
    pub fn class_name<'a>(&'a self, name: &'a str) -> &'a str {
        self.aliases.get(name).copied().unwrap_or(name)
    }

    /// The newest version of a class or alias.
    pub fn find(&self, wanted: Wanted, name: &str) -> Option<&Plugin> {
        self.all(wanted, self.class_name(name)).pop()
    }

    /// All versions of a class, the oldest first.
    fn all(&self, wanted: Wanted, class: &str) -> Vec<&Plugin> {
        self.plugins.iter().filter(|plugin| plugin.class == class && wanted.fits(plugin)).collect()
    }

    /// The versions of a class or alias, the oldest first.
    pub fn versions(&self, wanted: Wanted, name: &str) -> Vec<&'static str> {
        self.all(wanted, self.class_name(name)).into_iter().map(|plugin| plugin.version).collect()
    }

    /// The class names of a kind, in order, each once.
    pub fn classes(&self, wanted: Wanted) -> Vec<&'static str> {
        let mut classes: Vec<&'static str> =
            self.plugins.iter().filter(|plugin| wanted.fits(plugin)).map(|plugin| plugin.class).collect();
        classes.sort_unstable();
        classes.dedup();
        classes
    }

    /// The plugin of a class or alias, in the newest version that a range allows.
    pub fn get(
        &self,
        wanted: Wanted,
        name: &str,
        range: Option<&VersionRange>,
    ) -> Result<&Plugin, RegistryError> {
        let class = match wanted {
            Wanted::Connector => self.connector_class(name)?,
            _ => self.class_name(name),
        };
        let mut versions = self.all(wanted, class);
        let newest = versions.last().copied();
        let newest = newest.ok_or_else(|| RegistryError::not_found(wanted, name, &self.plugins))?;
        let Some(range) = range else {
            return Ok(newest);
        };
        versions.retain(|plugin| range.contains(&Version::new(plugin.version)));
        versions.pop().ok_or_else(|| RegistryError::NoSuchVersion {
            class: newest.class.to_owned(),
            range: range.to_string(),
            // As in Java, a class that is a plugin of two kinds shows its versions twice.
            available: self
                .plugins
                .iter()
                .filter(|plugin| plugin.class == class)
                .map(|plugin| plugin.version)
                .collect(),
        })
    }

    /// What `connector.class` names: a full class name, an alias, or a simple name without `Connector`.
    fn connector_class<'a>(&'a self, name: &'a str) -> Result<&'a str, RegistryError> {
        let class = self.class_name(name);
        if !self.all(Wanted::Connector, class).is_empty() {
            return Ok(class);
        }
        let mut matching: Vec<&'static str> = self
            .plugins
            .iter()
            .filter(|plugin| Wanted::Connector.fits(plugin))
            .filter(|plugin| {
                let simple = plugin.simple_name();
                simple == name || simple.strip_suffix("Connector") == Some(name)
            })
            .map(|plugin| plugin.class)
            .collect();
        matching.sort_unstable();
        matching.dedup();
        match matching.as_slice() {
            [class] => Ok(class),
            [] => Err(RegistryError::not_found(Wanted::Connector, name, &self.plugins)),
            _ => Err(RegistryError::ambiguous(name, &self.plugins)),
        }
    }

    /// The config provider of a class or alias.
    pub fn config_provider(&self, name: &str) -> Result<&Plugin, RegistryError> {
        self.get(Wanted::ConfigProvider, name, None)
    }

    /// The concrete classes inside a class that is no plugin itself, as `Cast$Key` and `Cast$Value` in `Cast`.
    pub fn nested(&self, wanted: Wanted, class: &str) -> Vec<&'static str> {
        let inside =
            |plugin: &&Plugin| plugin.class.strip_prefix(class).is_some_and(|rest| rest.starts_with('$'));
        let fitting = self.plugins.iter().filter(|plugin| wanted.fits(plugin));
        fitting.filter(inside).map(|plugin| plugin.class).collect()
    }

    fn encloses(&self, class: &str) -> bool {
        let inside =
            |plugin: &Plugin| plugin.class.strip_prefix(class).is_some_and(|rest| rest.starts_with('$'));
        !class.is_empty() && self.plugins.iter().any(inside)
    }
}

/// Knows the plugins by name and alias, and the classes that enclose plugins.
impl ClassLookup for Registry {
    fn resolve(&self, name: &str) -> Option<String> {
        let class = self.class_name(name);
        let known = self.plugins.iter().any(|plugin| plugin.class == class) || self.encloses(class);
        known.then(|| class.to_owned())
    }
}

#[cfg(test)]
mod tests;
