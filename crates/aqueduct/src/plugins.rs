//! The one list of plugins: what `connector.class`, converters and transformations can name.

use aqueduct_api::Plugin;
use aqueduct_runtime::providers;
use aqueduct_runtime::registry::Registry;

/// The plugins of one crate.
#[derive(Debug)]
pub struct Bundle {
    /// The folder below `plugins/`.
    pub folder: String,
    /// The plugins in the crate's own order.
    pub plugins: Vec<Plugin>,
}

impl Bundle {
    fn new(krate: &str, plugins: Vec<Plugin>) -> Self {
        let folder = krate.trim_start_matches("aqueduct_").replace('_', "-");
        Self { folder, plugins }
    }
}

/// Connectors for test suites, which a worker offers only with `aqueduct.test.plugins=true`.
pub fn test_plugins() -> Bundle {
    Bundle::new("aqueduct_tools", aqueduct_tools::plugins())
}

macro_rules! bundles {
    ($($krate:ident::plugins(),)*) => { vec![$(Bundle::new(stringify!($krate), $krate::plugins())),*] };
}

/// All plugin crates, one a line.
#[rustfmt::skip]
pub fn bundles() -> Vec<Bundle> {
    bundles![
        aqueduct_converters::plugins(),
        aqueduct_transforms::plugins(),
        aqueduct_file::plugins(),
        aqueduct_schema_registry::plugins(),
    ]
}

/// The plugins of a worker: all bundles and the runtime's own config providers.
pub fn registry(with_test_plugins: bool) -> Registry {
    let mut plugins = providers::plugins();
    plugins.extend(bundles().into_iter().flat_map(|bundle| bundle.plugins));
    if with_test_plugins {
        plugins.extend(test_plugins().plugins);
    }
    Registry::new(plugins)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aqueduct_runtime::registry::Wanted;

    #[test]
    fn bundles_know_their_folders() {
        let folders: Vec<String> = bundles().into_iter().map(|bundle| bundle.folder).collect();
        assert!(folders.iter().any(|folder| folder == "file"), "{folders:?}");
        assert_eq!(test_plugins().folder, "tools");
        assert_eq!(Bundle::new("aqueduct_schema_registry", Vec::new()).folder, "schema-registry");
    }

    #[test]
    fn test_connectors_are_there_only_on_request() {
        let known = |with| registry(with).find(Wanted::Connector, "VerifiableSource").is_some();
        assert!(!known(false));
        assert!(known(true));
        let file = "org.apache.kafka.connect.file.FileStreamSourceConnector";
        assert_eq!(
            registry(false).find(Wanted::Connector, "FileStreamSource").map(|found| found.class),
            Some(file)
        );
        assert!(registry(false).config_provider("FileConfigProvider").is_ok());
    }
}
