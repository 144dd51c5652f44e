//! The values of a struct's fields on their way into another struct.

use aqueduct_api::data::validate_field;
use aqueduct_api::{Field, Result, Value};

/// The value that a field counts for: its default where it is null, if that is wanted.
pub(crate) fn filled(field: &Field, mut value: Value, replace_null: bool) -> Value {
    fill(field, &mut value, replace_null);
    value
}

/// Makes a null the field's default, if that is wanted.
#[inline]
pub(crate) fn fill(field: &Field, value: &mut Value, replace_null: bool) {
    if replace_null && value.is_null() {
        *value = field.schema.default_value().clone();
    }
}

/// Checks a value that moves from a field to one of the same schema. Its class was checked when it was put into the
/// first one; a null in a required field was not, there or further inside.
pub(crate) fn check_moved(field: &Field, value: &Value) -> Result<()> {
    match value {
        Value::Null if field.schema.is_optional() => Ok(()),
        Value::Null | Value::Struct(_) | Value::Array(_) | Value::Map(_) => {
            validate_field(&field.name, &field.schema, value)
        }
        _ => Ok(()),
    }
}

/// Prepares the values of a struct for one that keeps its fields: fills defaults in and checks.
pub(crate) fn move_all(fields: &[Field], values: &mut [Value], replace_null: bool) -> Result<()> {
    fields.iter().zip(values).try_for_each(|(field, value)| move_one(field, value, replace_null))
}

/// Prepares the value of one field for a struct that keeps the field: fills its default in and checks.
#[inline]
pub(crate) fn move_one(field: &Field, value: &mut Value, replace_null: bool) -> Result<()> {
    fill(field, value, replace_null);
    check_moved(field, value)
}
