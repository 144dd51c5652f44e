//! Structs.

use super::{Field, Schema, Text, Type, Value, java_class_of_type, validate};
use crate::error::{Error, ErrorKind, Result};

/// A value with named fields. Its schema is a STRUCT, and there is one value a field.
#[derive(Debug, Clone, PartialEq)]
pub struct Struct {
    schema: Schema,
    values: Vec<Value>,
}

impl Struct {
    /// A struct whose fields are all null.
    pub fn new(schema: Schema) -> Result<Self> {
        if schema.kind() != Type::Struct {
            return Err(Error::data(format!("Not a struct schema: {schema}")));
        }
        let values = vec![Value::Null; schema.fields().len()];
        Ok(Self { schema, values })
    }

    /// A struct of these values in field order. They are not validated: for converters, which have read them by this
    /// schema. Fails if their number is wrong.
    pub fn from_values(schema: Schema, values: Vec<Value>) -> Result<Self> {
        if schema.kind() != Type::Struct || schema.fields().len() != values.len() {
            return Err(Error::data(format!("{} values do not make a struct of {schema}", values.len())));
        }
        Ok(Self { schema, values })
    }

    /// The schema.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The stored values in field order, without defaults filled in.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The stored values, taken out.
    pub fn into_values(self) -> Vec<Value> {
        self.values
    }

    /// Makes it a struct of another schema, in its place: a function changes the values, which were of the fields that it
    /// gets. Fails if that does, if the schema is no struct, or if there is not one value a field afterwards; then the fields
    /// are those from before, all null.
    pub fn change(
        &mut self,
        schema: &Schema,
        change: impl FnOnce(&[Field], &mut Vec<Value>) -> Result<()>,
    ) -> Result<()> {
        let changed = change(self.schema.fields(), &mut self.values);
        let count = self.values.len();
        if changed.is_ok() && schema.kind() == Type::Struct && schema.fields().len() == count {
            self.schema = schema.clone();
            return Ok(());
        }
        self.values.clear();
        self.values.resize(self.schema.fields().len(), Value::Null);
        changed?;
        Err(Error::data(format!("{count} values do not make a struct of {schema}")))
    }

    /// The stored value at a position, taken out; null stays there.
    pub fn take_at(&mut self, index: usize) -> Value {
        self.values.get_mut(index).map(std::mem::take).unwrap_or_default()
    }

    /// The fields with their stored values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Field, &Value)> {
        self.schema.fields().iter().zip(&self.values)
    }

    fn field(&self, name: &str) -> Result<&Field> {
        self.schema.field(name).ok_or_else(|| Error::data(format!("{name} is not a valid field name")))
    }

    fn index(&self, name: &str) -> Result<usize> {
        self.field(name).map(|field| field.index)
    }

    /// The value of a field, or the default of its schema where it is null.
    pub fn get(&self, name: &str) -> Result<&Value> {
        let at = self.index(name)?;
        Ok(self.get_at(at))
    }

    /// As [`Struct::get`], by position. Null for a position that there is not.
    pub fn get_at(&self, index: usize) -> &Value {
        match self.values.get(index) {
            Some(Value::Null) => {
                self.schema.fields().get(index).map_or(&Value::Null, |field| field.schema.default_value())
            }
            Some(value) => value,
            None => &Value::Null,
        }
    }

    /// The stored value of a field.
    pub fn get_without_default(&self, name: &str) -> Result<&Value> {
        let at = self.index(name)?;
        Ok(self.stored(at))
    }

    fn stored(&self, index: usize) -> &Value {
        self.values.get(index).unwrap_or(&Value::Null)
    }

    /// The stored value of a field that has this type, as Connect's typed getters give it: without the default, and only
    /// if it is a plain value of that type, not a date or decimal over it.
    pub fn get_checked(&self, name: &str, kind: Type) -> Result<&Value> {
        let field = self.field(name)?;
        if field.schema.kind() != kind {
            return Err(Error::data(format!("Field '{name}' is not of type {kind}")));
        }
        let value = self.stored(field.index);
        match value.inferred_type() {
            None if value.is_null() => Ok(value),
            Some(found) if found == kind => Ok(value),
            // A date or decimal in a field of a logical type.
            _ => Err(Error::new(
                ErrorKind::ClassCast,
                format!("class {} cannot be cast to class {}", value.java_class(), java_class_of_type(kind)),
            )),
        }
    }

    /// Sets a field after checking the value against its schema.
    pub fn put(&mut self, name: &str, value: impl Into<Value>) -> Result<()> {
        let (field, value) = (self.field(name)?, value.into());
        validate::validate_field(&field.name, &field.schema, &value)?;
        let at = field.index;
        if let Some(place) = self.values.get_mut(at) {
            *place = value;
        }
        Ok(())
    }

    /// As [`Struct::put`], for chains.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Result<Self> {
        self.put(name, value)?;
        Ok(self)
    }

    /// Checks every field; a null passes where the field is optional or has a default.
    pub fn validate(&self) -> Result<()> {
        self.iter().try_for_each(|(field, value)| {
            if value.is_null() && (field.schema.is_optional() || !field.schema.default_value().is_null()) {
                return Ok(());
            }
            validate::validate_field(&field.name, &field.schema, value)
        })
    }

    /// The names and values of the fields that are not null, for printing.
    pub fn present(&self) -> impl Iterator<Item = (&Text, &Value)> {
        self.iter().filter(|(_, value)| !value.is_null()).map(|(field, value)| (&field.name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::SchemaBuilder;

    #[test]
    fn a_change_that_fails_leaves_a_struct_behind() {
        let of = |names: &[&'static str]| {
            let fields = names.iter().fold(SchemaBuilder::structure(), |builder, name| {
                builder.field(*name, Schema::optional_bare(Type::Int32))
            });
            fields.build().expect("a schema")
        };
        let (one, two) = (of(&["a"]), of(&["a", "b"]));
        let full =
            || Struct::from_values(two.clone(), vec![Value::Int32(1), Value::Int32(2)]).expect("a struct");
        let shorten = |fields: &[Field], values: &mut Vec<Value>| {
            assert_eq!(fields.len(), 2);
            values.truncate(1);
            Ok(())
        };
        let mut changed = full();
        changed.change(&one, shorten).expect("it fits");
        assert_eq!(changed, Struct::from_values(one.clone(), vec![Value::Int32(1)]).expect("a struct"));
        for (schema, fails) in [(&two, false), (&one, true), (&Schema::INT32, false)] {
            let mut spoilt = full();
            let changed = spoilt.change(schema, |fields, values| {
                shorten(fields, values)?;
                if fails { Err(Error::data("no")) } else { Ok(()) }
            });
            assert!(changed.is_err());
            assert_eq!(spoilt, Struct::new(two.clone()).expect("a struct"));
        }
    }
}
