//! Fields that a header of a record lists, to be left out of its key and value.

use aqueduct_api::config::ConfigData;
use aqueduct_api::{
    ConfigKey, ConfigType, Error, ErrorKind, Field, Importance, Record, Result, SchemaBuilder, Struct, Text,
    Value, Width,
};

use super::placed;
use crate::fields;
use crate::require::require_struct;

const HEADER: &str = "drop.fields.header.name";
const FROM_KEY: &str = "drop.fields.from.key";
const COMPATIBLE: &str = "drop.fields.keep.schema.compatible";
const PURPOSE: &str = "field replacement";

/// Which header lists them, and where they are left out.
#[derive(Debug, Default, Clone)]
pub(super) struct Dropping {
    header: Option<String>,
    from_key: bool,
    /// Whether only optional fields are left out.
    compatible: bool,
}

pub(super) fn keys() -> [ConfigKey; 3] {
    let header = ConfigKey::new(
        HEADER,
        ConfigType::String,
        (),
        Importance::Low,
        "The name of a header that lists fields to leave out, as ExtractChangedRecordState writes it for fields that have \
         not changed.",
    );
    let from_key = ConfigKey::new(
        FROM_KEY,
        ConfigType::Boolean,
        false,
        Importance::Low,
        "Whether the listed fields are left out of the key too.",
    );
    let compatible = ConfigKey::new(
        COMPATIBLE,
        ConfigType::Boolean,
        true,
        Importance::Low,
        "Whether only optional fields are left out, so that whoever knows the full schema can read the record.",
    );
    [
        placed(header, Width::Short, "Specifies a header that contains a list of field names to be removed"),
        placed(
            from_key,
            Width::Short,
            "Specifies whether the fields to be dropped should also be omitted from the key",
        ),
        placed(
            compatible,
            Width::Short,
            "Specifies if fields are dropped, will the event's schemas be compatible",
        ),
    ]
}

impl Dropping {
    pub(super) fn new(parsed: &ConfigData) -> Result<Self> {
        Ok(Self {
            header: parsed.optional_string(HEADER)?.map(str::to_owned),
            from_key: parsed.boolean(FROM_KEY)?,
            compatible: parsed.boolean(COMPATIBLE)?,
        })
    }

    /// The fields that the record's header lists; `None` if it has no such header.
    pub(super) fn listed(&self, record: &Record) -> Result<Option<Vec<Text>>> {
        let header = self.header.as_ref().and_then(|name| record.headers.all_with_name(name).next());
        let Some(header) = header else { return Ok(None) };
        match &header.value {
            Value::Array(names) => {
                Ok(Some(names.iter().filter_map(|name| name.as_text().cloned()).collect()))
            }
            other => Err(Error::new(
                ErrorKind::ClassCast,
                format!("class {} cannot be cast to class java.util.List", other.java_class()),
            )),
        }
    }

    /// Whether a field of a struct that lists these is left out.
    pub(super) fn drops(&self, field: &Field, listed: &[Text]) -> bool {
        listed.contains(&field.name) && (field.schema.is_optional() || !self.compatible)
    }

    /// Whether a struct with these fields is to be looked at at all. One that is gets its defaults filled in.
    pub(super) fn concerns(&self, fields: &[Field], listed: &[Text]) -> bool {
        if self.compatible {
            fields.iter().any(|field| self.drops(field, listed))
        } else {
            !listed.is_empty()
        }
    }

    /// A tombstone has no fields; Java looks for the optional ones all the same.
    pub(super) fn check_tombstone(&self, listed: &[Text]) -> Result<()> {
        if self.compatible && !listed.is_empty() {
            return Err(Error::new(ErrorKind::NullPointer, "a tombstone has no schema to drop fields of"));
        }
        Ok(())
    }

    /// Leaves listed fields out of the key, if that is wanted.
    pub(super) fn drop_from_key(&self, record: &mut Record, listed: &[Text]) -> Result<()> {
        if !self.from_key || listed.is_empty() || record.key.is_null() {
            return Ok(());
        }
        let Some(schema) = record.key_schema.clone() else {
            return Err(match (self.compatible, &record.key) {
                (true, _) => Error::new(ErrorKind::NullPointer, "the record's key has no schema"),
                (false, Value::Map(_)) => return Ok(()),
                (false, other) => Error::data(format!(
                    "Only Map objects supported in absence of schema for [{PURPOSE}], found: {}",
                    other.java_class()
                )),
            });
        };
        if self.compatible && !self.concerns(schema.require_fields()?, listed) {
            return Ok(());
        }
        let key = require_struct(std::mem::take(&mut record.key), PURPOSE)?;
        let mut builder = SchemaBuilder::structure().basics_of(&schema);
        let mut kept = Vec::with_capacity(schema.fields().len());
        for (field, value) in schema.fields().iter().zip(key.into_values()) {
            if !self.drops(field, listed) {
                builder = builder.field(field.name.clone(), field.schema.clone());
                kept.push(value);
            }
        }
        let schema = builder.build()?;
        fields::move_all(schema.fields(), &mut kept, true)?;
        record.key = Struct::from_values(schema.clone(), kept)?.into();
        record.key_schema = Some(schema);
        Ok(())
    }
}
