//! Keys that several transformations share.

use aqueduct_api::config::ConfigData;
use aqueduct_api::{ConfigKey, ConfigType, Error, ErrorKind, Importance, Result};

const REPLACE_NULL: &str = "replace.null.with.default";

/// `replace.null.with.default` (KIP-1040)
pub(crate) fn replace_null() -> ConfigKey {
    ConfigKey::new(
        REPLACE_NULL,
        ConfigType::Boolean,
        true,
        Importance::Medium,
        "Whether a null in a field whose schema has a default counts as that default. With false it stays null.",
    )
}

/// The value of the key. A configuration may set it to null, which is Java's null pointer.
pub(crate) fn replaces_null(config: &ConfigData) -> Result<bool> {
    if config.get(REPLACE_NULL).is_null() {
        return Err(Error::new(ErrorKind::NullPointer, format!("{REPLACE_NULL} is null")));
    }
    config.boolean(REPLACE_NULL)
}
