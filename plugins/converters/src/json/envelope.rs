//! The envelope of a message: an object of a schema and a payload. And what is remembered of schemas.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aqueduct_api::data::{Schema, Value};
use bytes::Bytes;

use super::cache::Cache;
use super::direct::Plan;
use super::schema_names as names;
use super::tape::{Kind, Node};

/// What is written before the schema.
pub(crate) const BEGIN: &[u8] = b"{\"schema\":";
/// What is written between the schema and the payload.
pub(crate) const MIDDLE: &[u8] = b",\"payload\":";

/// The JSON of a schema.
pub(crate) type SchemaJson = Arc<[u8]>;

/// Where the schema and the payload are, if this is an object of exactly these two: the bytes of the one, the token of the
/// other.
pub(crate) fn members(root: Node<'_>) -> Option<(Range<usize>, u32)> {
    if root.kind() != Kind::Object {
        return None;
    }
    let (mut schema, mut payload) = (None, None);
    for (name, value) in root.members() {
        if name.is_text(names::SCHEMA) {
            schema = Some(value.span());
        } else if name.is_text(names::PAYLOAD) {
            payload = Some(value.at);
        } else {
            return None;
        }
    }
    Some((schema?, payload?))
}

/// Schemas that have been read, by their JSON.
#[derive(Default)]
pub(crate) struct SchemaReads {
    cache: Option<Cache<Bytes, Arc<Known>>>,
    last: Option<Arc<Known>>,
}

/// A schema that has been read.
pub(crate) struct Known {
    /// The bytes of a message up to the payload.
    begin: Vec<u8>,
    pub(crate) schema: Option<Schema>,
    /// What payloads look like, made when the schema comes twice in a row: then there will be more.
    plan: OnceLock<Option<Plan>>,
}

impl Known {
    fn new(json: &[u8], schema: Option<Schema>) -> Self {
        Self { begin: [BEGIN, json, MIDDLE].concat(), schema, plan: OnceLock::new() }
    }

    /// Where the payload of a message begins that begins with this schema.
    pub(crate) fn payload(&self) -> usize {
        self.begin.len()
    }

    /// The payload of a message that begins with this schema, if it looks as it mostly does.
    pub(crate) fn read(&self, message: &Bytes, replace_null: bool) -> Option<Value> {
        let plan = self.plan.get_or_init(|| Plan::new(self.schema.as_ref()?, replace_null));
        let (value, end) = plan.as_ref()?.read(message, self.payload())?;
        (message.get(end) == Some(&b'}')).then_some(value)
    }
}

impl SchemaReads {
    pub(crate) fn new(limit: usize) -> Self {
        Self { cache: Some(Cache::new(limit)), last: None }
    }

    /// The schema of a message that begins as the one before.
    pub(crate) fn of_message(&self, message: &[u8]) -> Option<&Known> {
        self.last.as_deref().filter(|known| message.starts_with(&known.begin))
    }

    pub(crate) fn get(&mut self, json: &[u8]) -> Option<Option<Schema>> {
        let known = self.cache.as_mut()?.get(json)?;
        self.last = Some(Arc::clone(known));
        Some(known.schema.clone())
    }

    pub(crate) fn insert(&mut self, json: Bytes, schema: Option<Schema>) {
        let known = Arc::new(Known::new(&json, schema));
        self.last = Some(Arc::clone(&known));
        if let Some(cache) = &mut self.cache {
            cache.insert(json, known);
        }
    }
}

/// The JSON of schemas that have been written, by their identity. A schema is kept with its JSON, so that no other gets
/// the identity.
#[derive(Default)]
pub(crate) struct SchemaWrites {
    cache: Option<Cache<usize, (Schema, SchemaJson)>>,
    last: Option<(Schema, SchemaJson)>,
}

impl SchemaWrites {
    pub(crate) fn new(limit: usize) -> Self {
        Self { cache: Some(Cache::new(limit)), last: None }
    }

    pub(crate) fn get(&mut self, schema: &Schema) -> Option<&[u8]> {
        // Some connectors build an equal schema for each record.
        if !self.last.as_ref().is_some_and(|(last, _)| last == schema) {
            self.last = Some(self.cache.as_mut()?.get(&schema.identity())?.clone());
        }
        self.last.as_ref().map(|(_, json)| &**json)
    }

    pub(crate) fn insert(&mut self, schema: Schema, json: SchemaJson) {
        let known = (schema, json);
        self.last = Some(known.clone());
        if let Some(cache) = &mut self.cache {
            cache.insert(known.0.identity(), known);
        }
    }
}
