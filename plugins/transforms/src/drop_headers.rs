//! `DropHeaders`

use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Importance, Origin, Record, Result, Transformation,
    Validator,
};

const HEADERS: &str = "headers";

/// Removes headers by name.
#[derive(Debug, Default)]
pub(crate) struct DropHeaders {
    names: Vec<String>,
}

impl Transformation for DropHeaders {
    fn config(&self) -> ConfigDef {
        ConfigDef::new().with(
            ConfigKey::required(
                HEADERS,
                ConfigType::List,
                Importance::High,
                "The names of the headers to remove; all of a name go.",
            )
            .validator(Validator::any_non_duplicate_values(false, false)),
        )
    }

    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        self.names = self.config().parse(config)?.list(HEADERS)?.to_vec();
        Ok(())
    }

    fn apply(&mut self, record: &mut Record, _origin: Origin<'_>) -> Result<bool> {
        for name in &self.names {
            record.headers.remove(name);
        }
        Ok(true)
    }
}
