//! The key or the value of a record: the two variants that most transformations have.

use aqueduct_api::{Record, Schema, Topic, Value};

/// Which part of a record a transformation works on: `…$Key` or `…$Value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Key,
    Value,
}

/// What a record tells besides its key and value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) topic: &'a Topic,
    pub(crate) partition: Option<i32>,
    pub(crate) timestamp: Option<i64>,
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

    /// Schema and value, to be changed where they are, and what else the record tells.
    pub(crate) fn split(self, record: &mut Record) -> (&mut Option<Schema>, &mut Value, Facts<'_>) {
        let facts = Facts { topic: &record.topic, partition: record.partition, timestamp: record.timestamp };
        match self {
            Self::Key => (&mut record.key_schema, &mut record.key, facts),
            Self::Value => (&mut record.value_schema, &mut record.value, facts),
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
