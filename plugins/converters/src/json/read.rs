//! From JSON to values.

use aqueduct_api::data::{Logical, Map, Schema, Struct, Text, Type, Value, decimal_scale, validate_field};
use aqueduct_api::{Error, ErrorKind, Result};

use super::base64;
use super::entries::Entries;
use super::schemaless::Schemaless;
use super::tape::{Kind, Node};

/// The memory that reading needs, kept from record to record.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Where the members for the fields of the structs being read are.
    places: Vec<u32>,
    schemaless: Schemaless,
}

/// Reads values by schemas.
pub(crate) struct Reader<'a> {
    /// Whether a default stands in for a null.
    pub(crate) replace_null: bool,
    scratch: &'a mut Scratch,
    /// Whether a value of the wrong type was read as null, which must be checked once it is put into a struct.
    doubtful: bool,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(replace_null: bool, scratch: &'a mut Scratch) -> Self {
        scratch.places.clear();
        scratch.schemaless.begin();
        Self { replace_null, scratch, doubtful: false }
    }

    /// The value of this node, which is absent where a member is missing.
    ///
    /// It recurses as deep as schema and node do both. What is not part of the recursion is kept out of line, so that
    /// the deepest document fits a small stack.
    pub(crate) fn value(&mut self, schema: &Schema, node: Option<Node<'_>>) -> Result<Value> {
        let Some(node) = node.filter(|node| !node.is_null()) else {
            return self.absent(schema);
        };
        match (schema.logical(), schema.kind()) {
            (None, Type::Array) => self.array(schema, node),
            (None, Type::Map) => self.map(schema, node),
            (None, Type::Struct) => self.structure(schema, node),
            (None, _) => self.scalar(schema, node),
            (Some(logical), _) => read_logical(logical, schema, node),
        }
    }

    #[inline(never)]
    fn scalar(&mut self, schema: &Schema, node: Node<'_>) -> Result<Value> {
        let number = node.number();
        Ok(match schema.kind() {
            Type::Int8 => Value::Int8(number.map_or(0, |number| number.to_i64() as i8)),
            Type::Int16 => Value::Int16(number.map_or(0, |number| number.to_i64() as i16)),
            Type::Int32 => Value::Int32(number.map_or(0, |number| number.to_i64() as i32)),
            Type::Int64 => Value::Int64(number.map_or(0, |number| number.to_i64())),
            Type::Float32 => Value::Float32(number.map_or(0.0, |number| number.to_f32())),
            Type::Float64 => Value::Float64(number.map_or(0.0, |number| number.to_f64())),
            Type::Boolean => Value::Boolean(node.kind() == Kind::True),
            Type::String => match node.text() {
                Some(text) => Value::String(text),
                None => self.nothing(),
            },
            Type::Bytes => match node.text() {
                Some(text) => {
                    let bytes = base64::decode(&text);
                    Value::from(bytes.map_err(|error| Error::data("Invalid bytes field").with_source(error))?)
                }
                None => self.nothing(),
            },
            // Those with parts do not come here.
            Type::Array | Type::Map | Type::Struct => Value::Null,
        })
    }

    #[inline(never)]
    fn absent(&self, schema: &Schema) -> Result<Value> {
        let default = schema.default_value();
        if self.replace_null && !default.is_null() {
            return Ok(default.clone());
        }
        if schema.is_optional() {
            return Ok(Value::Null);
        }
        Err(Error::data(format!("Invalid null value for required {} field", schema.kind())))
    }

    fn nothing(&mut self) -> Value {
        self.doubtful = true;
        Value::Null
    }

    #[inline(never)]
    fn array(&mut self, schema: &Schema, node: Node<'_>) -> Result<Value> {
        let mut elements = Vec::with_capacity(node.token.count as usize);
        let element_schema = schema.value_schema();
        if node.kind() == Kind::Object {
            for (_, value) in last_of_names(node) {
                elements.push(self.any(element_schema, value)?);
            }
        } else {
            for element in node.elements() {
                elements.push(self.any(element_schema, element)?);
            }
        }
        Ok(Value::Array(elements))
    }

    /// The value of this node, by its own looks where there is no schema.
    pub(crate) fn any(&mut self, schema: Option<&Schema>, node: Node<'_>) -> Result<Value> {
        match schema {
            Some(schema) => self.value(schema, Some(node)),
            None => Ok(self.scratch.schemaless.value(node)),
        }
    }

    fn map(&mut self, schema: &Schema, node: Node<'_>) -> Result<Value> {
        let named = schema.key_schema().is_some_and(|key| key.kind() == Type::String);
        let entries = if named { self.members(schema, node) } else { self.pairs(schema, node) };
        entries.map(|entries| Value::Map(Map::from_unique(entries).into_hash_order()))
    }

    /// The entries of a map with text keys, which is an object.
    #[inline(never)]
    fn members(&mut self, schema: &Schema, node: Node<'_>) -> Result<Vec<(Value, Value)>> {
        if node.kind() != Kind::Object {
            return Err(unfit(node, "Maps with string fields should be encoded as JSON objects, but found"));
        }
        let mut entries = Vec::with_capacity(node.token.count as usize);
        for (name, value) in last_of_names(node) {
            entries.push((name.into(), self.any(schema.value_schema(), value)?));
        }
        Ok(entries)
    }

    /// The entries of a map with other keys, which is an array of pairs.
    #[inline(never)]
    fn pairs(&mut self, schema: &Schema, node: Node<'_>) -> Result<Vec<(Value, Value)>> {
        if node.kind() != Kind::Array {
            let wanted = "Maps with non-string fields should be encoded as JSON array of tuples, but found";
            return Err(unfit(node, wanted));
        }
        let mut entries = Entries::with_capacity(node.token.count as usize);
        for entry in node.elements() {
            let (key, value) = pair(entry)?;
            let key = self.any(schema.key_schema(), key)?;
            let value = self.any(schema.value_schema(), value)?;
            entries.put(key, value);
        }
        Ok(entries.into_vec())
    }

    #[inline(never)]
    fn structure(&mut self, schema: &Schema, node: Node<'_>) -> Result<Value> {
        if node.kind() != Kind::Object {
            return Err(unfit(node, "Structs should be encoded as JSON objects, but found"));
        }
        let base = self.find_members(schema, node);
        let fields = schema.fields();
        let mut values = Vec::with_capacity(fields.len());
        for field in fields {
            // Token 0 is never the value of a member.
            let place = self.scratch.places.get(base + field.index).copied().filter(|place| *place != 0);
            let doubtful = std::mem::replace(&mut self.doubtful, false);
            let value = self.value(&field.schema, place.map(|place| node.sibling(place)))?;
            if self.doubtful {
                validate_field(&field.name, &field.schema, &value)?;
            }
            self.doubtful = doubtful;
            values.push(value);
        }
        self.scratch.places.truncate(base);
        Ok(Value::Struct(Struct::from_values(schema.clone(), values)?))
    }

    /// Notes the place of the last member for each field, and gives where in `places` the first field is.
    #[inline(never)]
    fn find_members(&mut self, schema: &Schema, node: Node<'_>) -> usize {
        let fields = schema.fields();
        let base = self.scratch.places.len();
        self.scratch.places.resize(base + fields.len(), 0);
        // Members mostly come in the order of the fields.
        let mut likely = 0;
        for (name, value) in node.members() {
            let (before, behind) = fields.split_at_checked(likely).unwrap_or((fields, &[]));
            let found = behind.iter().chain(before).find(|field| name.is_text(&field.name));
            if let Some(field) = found {
                likely = field.index + 1;
                if let Some(place) = self.scratch.places.get_mut(base + field.index) {
                    *place = value.at;
                }
            }
        }
        base
    }
}

#[inline(never)]
fn unfit(node: Node<'_>, wanted: &str) -> Error {
    Error::data(format!("{wanted} {}", node.type_name()))
}

fn pair(entry: Node<'_>) -> Result<(Node<'_>, Node<'_>)> {
    if entry.kind() != Kind::Array {
        return Err(unfit(entry, "Found invalid map entry instead of array tuple:"));
    }
    match (entry.token.count, entry.element(0), entry.element(1)) {
        (2, Some(key), Some(value)) => Ok((key, value)),
        (length, ..) => {
            Err(Error::data(format!("Found invalid map entry, expected length 2 but found :{length}")))
        }
    }
}

/// The members of an object without those that another of the same name replaces, each in the place of the first.
#[inline(never)]
pub(crate) fn last_of_names(node: Node<'_>) -> Vec<(Text, Node<'_>)> {
    let mut entries = Entries::with_capacity(node.token.count as usize);
    for (name, value) in node.members() {
        entries.put(name.text().unwrap_or_default(), value);
    }
    entries.into_vec()
}

#[inline(never)]
fn read_logical(logical: Logical, schema: &Schema, node: Node<'_>) -> Result<Value> {
    let number = node.number();
    match logical {
        Logical::Decimal => match (number, node.text()) {
            (Some(number), _) => Ok(Value::from(number.to_decimal())),
            (None, Some(text)) => decimal_of_bytes(schema, &text)
                .map_err(|error| Error::data("Invalid bytes for Decimal field").with_source(error)),
            (None, None) => Err(Error::data(format!(
                "Invalid type for Decimal, underlying representation should be numeric or bytes but was {}",
                node.type_name()
            ))),
        },
        Logical::Date | Logical::Time => match number.and_then(|number| number.to_i32_exact()) {
            Some(number) => logical.decode(schema, &Value::Int32(number)),
            None => Err(Error::data(format!(
                "Invalid type for {}, underlying representation should be integer but was {}",
                if logical == Logical::Date { "Date" } else { "Time" },
                node.type_name()
            ))),
        },
        Logical::Timestamp => match number.filter(|number| number.integral) {
            Some(number) => logical.decode(schema, &Value::Int64(number.to_i64())),
            None => Err(Error::data(format!(
                "Invalid type for Timestamp, underlying representation should be integral but was {}",
                node.type_name()
            ))),
        },
    }
}

fn decimal_of_bytes(schema: &Schema, text: &str) -> Result<Value> {
    let bytes = base64::decode(text)
        .map_err(|error| Error::new(ErrorKind::IllegalArgument, "no base64").with_source(error))?;
    // Java looks at the bytes before it looks for the scale; either is an error here.
    decimal_scale(schema)?;
    Logical::Decimal.decode(schema, &Value::from(bytes))
}
