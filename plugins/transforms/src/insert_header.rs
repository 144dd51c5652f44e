//! `InsertHeader`

use aqueduct_api::data::values::parse_string;
use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Header, Importance, Origin, Record, Result, SchemaAndValue,
    Text, Transformation, Validator,
};

const HEADER: &str = "header";
const VALUE: &str = "value.literal";

/// Adds one header to every record.
#[derive(Debug, Default)]
pub(crate) struct InsertHeader {
    name: Text,
    value: SchemaAndValue,
}

impl Transformation for InsertHeader {
    fn config(&self) -> ConfigDef {
        let key = |name: &'static str, doc: &'static str| {
            ConfigKey::required(name, ConfigType::String, Importance::High, doc)
                .validator(Validator::non_null())
        };
        ConfigDef::new()
            .with(key(HEADER, "The name of the header."))
            .with(key(
                VALUE,
                "Its value, whose type is read from the text: `5` is a number, `true` a boolean, `[1, 2]` a list.",
            ))
    }

    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        let config = self.config().parse(config)?;
        self.name = config.string(HEADER)?.into();
        self.value = parse_string(&config.string(VALUE)?.into()).unwrap_or_default();
        Ok(())
    }

    fn apply(&mut self, record: &mut Record, _origin: Origin<'_>) -> Result<bool> {
        let SchemaAndValue { schema, value } = self.value.clone();
        record.headers.push(Header { key: self.name.clone(), schema, value });
        Ok(true)
    }
}
