//! The key or the value of a record: the two variants that most transformations have.

use aqueduct_api::{Record, Schema, Value};

/// Which part of a record a transformation works on: `…$Key` or `…$Value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Key,
    Value,
}

impl Part {
    pub(crate) fn schema(self, record: &Record) -> Option<&Schema> {
        match self {
            Self::Key => record.key_schema.as_ref(),
            Self::Value => record.value_schema.as_ref(),
        }
    }

    pub(crate) fn value(self, record: &Record) -> &Value {
        match self {
            Self::Key => &record.key,
            Self::Value => &record.value,
        }
    }

    /// Takes schema and value out of the record.
    pub(crate) fn take(self, record: &mut Record) -> (Option<Schema>, Value) {
        match self {
            Self::Key => (record.key_schema.take(), std::mem::take(&mut record.key)),
            Self::Value => (record.value_schema.take(), std::mem::take(&mut record.value)),
        }
    }

    pub(crate) fn put(self, record: &mut Record, schema: Option<Schema>, value: Value) {
        match self {
            Self::Key => {
                record.key_schema = schema;
                record.key = value;
            }
            Self::Value => {
                record.value_schema = schema;
                record.value = value;
            }
        }
    }
}
