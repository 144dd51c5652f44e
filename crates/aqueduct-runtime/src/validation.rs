//! Validation of connector configurations, as the validate endpoint answers it.
//!
//! A [`ConfigValidator`] puts together what the runtime says about a configuration, what the connector says, and what its
//! converters and the policy about clients say.

mod checks;
mod clients;
mod infos;
mod listing;
mod pipeline;
mod policy;

pub use clients::Client;
pub use infos::{ConfigInfo, ConfigInfos, ConfigKeyInfo, ConfigValueInfo};
pub use listing::plugin_config;
pub use pipeline::ConfigValidator;
pub use policy::OverridePolicy;

use aqueduct_api::Error;

/// Why a configuration could not be validated at all. `Display` gives the message that REST answers show.
#[derive(Debug, thiserror::Error)]
pub enum ValidationError {
    /// The request cannot be answered as it is: 400.
    #[error("{0}")]
    BadRequest(String),
    /// There is no such plugin: 404.
    #[error("{0}")]
    NotFound(String),
    /// A plugin or a config provider has failed: 500.
    #[error("{0}")]
    Plugin(#[from] Error),
}

impl ValidationError {
    /// The Java class that stands for the error. The validate endpoint answers with 500, this class, and the message.
    pub fn java_class(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "org.apache.kafka.connect.runtime.rest.errors.BadRequestException",
            Self::NotFound(_) => "org.apache.kafka.connect.errors.NotFoundException",
            Self::Plugin(error) => error.kind().java_class(),
        }
    }
}

/// Whether a configuration with this `connector.class` may be validated under this name in the path.
pub fn class_matches_path(class: &str, path: &str) -> bool {
    let trim = |name: &'_ str| name.strip_suffix("Connector").unwrap_or(name).to_owned();
    trim(class).ends_with(&trim(path))
}

#[cfg(test)]
mod tests {
    use super::class_matches_path;

    #[test]
    fn takes_short_names_in_paths() {
        for (class, path, matches) in [
            ("a.b.FileStreamSourceConnector", "FileStreamSource", true),
            ("a.b.FileStreamSourceConnector", "FileStreamSourceConnector", true),
            ("FileStreamSource", "FileStreamSourceConnector", true),
            ("FileStreamSource", "a.b.FileStreamSourceConnector", false),
            ("FileStreamSink", "FileStreamSource", false),
        ] {
            assert_eq!(class_matches_path(class, path), matches, "{class} {path}");
        }
    }
}
