//! Keys that several transformations share.

use aqueduct_api::{ConfigKey, ConfigType, Importance};

pub(crate) const REPLACE_NULL: &str = "replace.null.with.default";

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
