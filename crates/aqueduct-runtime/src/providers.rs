//! Replacement of `${provider:path:key}` in configurations, and the bundled providers (KIP-297, KIP-421, KIP-887).

mod allowed_paths;
mod directory;
mod env;
mod expiry;
mod file;
mod transformer;
mod watch;

pub use directory::DirectoryConfigProvider;
pub use env::EnvVarConfigProvider;
pub use file::FileConfigProvider;
pub use transformer::{ConfigTransformer, Transformed};
pub(crate) use watch::{ValueWatch, Watching};

use aqueduct_api::{KAFKA_VERSION, Plugin};

/// The bundled providers, under their Java class names.
pub fn plugins() -> Vec<Plugin> {
    vec![
        Plugin::config_provider(
            "org.apache.kafka.common.config.provider.DirectoryConfigProvider",
            KAFKA_VERSION,
            DirectoryConfigProvider::default,
        ),
        Plugin::config_provider(
            "org.apache.kafka.common.config.provider.EnvVarConfigProvider",
            KAFKA_VERSION,
            EnvVarConfigProvider::default,
        ),
        Plugin::config_provider(
            "org.apache.kafka.common.config.provider.FileConfigProvider",
            KAFKA_VERSION,
            FileConfigProvider::default,
        ),
    ]
}
