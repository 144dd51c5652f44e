use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Importance, Predicate, Record, Result, Validator,
};

const NAME: &str = "name";

/// Whether a record has a header of a name.
#[derive(Debug, Default)]
pub(crate) struct HasHeaderKey {
    name: Option<String>,
}

impl Predicate for HasHeaderKey {
    fn config(&self) -> ConfigDef {
        ConfigDef::new().with(
            ConfigKey::required(NAME, ConfigType::String, Importance::Medium, "The name of the header.")
                .validator(Validator::non_empty_string()),
        )
    }

    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        self.name = self.config().parse(config)?.optional_string(NAME)?.map(str::to_owned);
        Ok(())
    }

    fn test(&mut self, record: &Record) -> Result<bool> {
        let Some(name) = &self.name else { return Ok(false) };
        Ok(record.headers.iter().any(|header| header.key.as_str() == name))
    }
}
