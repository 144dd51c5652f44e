//! `Filter`

use aqueduct_api::{ConfigDef, ConfigMap, Origin, Record, Result, Transformation};

/// Drops every record; a predicate chooses which ones come here.
#[derive(Debug, Default)]
pub(crate) struct Filter;

impl Transformation for Filter {
    fn config(&self) -> ConfigDef {
        ConfigDef::new()
    }

    fn configure(&mut self, _config: &ConfigMap) -> Result<()> {
        Ok(())
    }

    fn apply(&mut self, _record: &mut Record, _origin: Origin<'_>) -> Result<bool> {
        Ok(false)
    }
}
