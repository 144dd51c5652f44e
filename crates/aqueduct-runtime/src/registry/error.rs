//! Why a plugin cannot be had.

use aqueduct_api::{Error, Plugin};

use super::Wanted;

/// Why a plugin cannot be had. The texts are those of Kafka Connect: REST shows them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// No class of this name or alias.
    #[error(
        "Failed to find any class that implements {interface} and which name matches {name}, available {what} are: {available}"
    )]
    NotFound {
        /// The interface that the class should implement.
        interface: &'static str,
        /// The name as it was given.
        name: String,
        /// `connectors` or `plugins`.
        what: &'static str,
        /// All plugins of the kind.
        available: String,
    },
    /// Several connectors of this simple name.
    #[error(
        "More than one connector matches alias {name}. Please use full package and class name instead. Classes found: {found}"
    )]
    Ambiguous {
        /// The name as it was given.
        name: String,
        /// All connectors.
        found: String,
    },
    /// The class exists, in other versions.
    #[error("Plugin {class} not found that matches the version range {range}, available versions: [{}]", available.join(", "))]
    NoSuchVersion {
        /// The full name of the class.
        class: String,
        /// The range that was asked for.
        range: String,
        /// The versions that there are, the oldest first.
        available: Vec<&'static str>,
    },
    /// A version range that cannot be read.
    #[error("{0}")]
    BadRange(String),
}

impl RegistryError {
    pub(super) fn not_found(wanted: Wanted, name: &str, plugins: &[Plugin]) -> Self {
        Self::NotFound {
            interface: wanted.interface(),
            name: name.to_owned(),
            what: if wanted == Wanted::Connector { "connectors" } else { "plugins" },
            available: describe(wanted, plugins),
        }
    }

    pub(super) fn ambiguous(name: &str, plugins: &[Plugin]) -> Self {
        Self::Ambiguous { name: name.to_owned(), found: describe(Wanted::Connector, plugins) }
    }
}

/// All plugins of a kind by name, each as Java prints its description.
fn describe(wanted: Wanted, plugins: &[Plugin]) -> String {
    let mut fitting: Vec<&Plugin> = plugins.iter().filter(|plugin| wanted.fits(plugin)).collect();
    fitting.sort_by_key(|plugin| plugin.class);
    let described = fitting.into_iter().map(|plugin| {
        let (class, version, kind) = (plugin.class, plugin.version, plugin.kind.name());
        format!(
            "PluginDesc{{klass=class {class}, name='{class}', version='{version}', encodedVersion={version}, \
             type={kind}, typeName='{kind}', location='classpath'}}"
        )
    });
    described.collect::<Vec<_>>().join(", ")
}

impl From<RegistryError> for Error {
    fn from(error: RegistryError) -> Self {
        Self::connect(error.to_string()).with_source(error)
    }
}
