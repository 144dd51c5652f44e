use aqueduct_api::{ConfigDef, ConfigMap, Predicate, Record, Result};

/// Whether a record's value is null, whatever its schema and its key.
#[derive(Debug, Default)]
pub(crate) struct RecordIsTombstone;

impl Predicate for RecordIsTombstone {
    fn config(&self) -> ConfigDef {
        ConfigDef::new()
    }

    fn configure(&mut self, _config: &ConfigMap) -> Result<()> {
        Ok(())
    }

    fn test(&mut self, record: &Record) -> Result<bool> {
        Ok(record.value.is_null())
    }
}
