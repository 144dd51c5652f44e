//! What the converters share: which schema a message has, and what is remembered of schemas.
//!
//! A schema costs its work once. Conversions look into memory alone; one that finds nothing there fails, and says so by
//! [`Converter::needs_preparation`], and the runtime awaits the registry before it tries again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use aqueduct_api::config::{ConfigData, ConfigKey};
use aqueduct_api::{
    ConfigDef, ConfigMap, Converter, ConverterRole, Error, ErrorKind, Result, Schema, SchemaAndValue, Value,
    WireHeaders, async_trait,
};
use bytes::Bytes;

use crate::config::{self, Choice, Placement, Settings};
use crate::registry::{self, Documents, Registered, Registry, SchemaKey, SchemaText, Version};
use crate::wire;

/// What a format makes of a schema of Connect.
#[derive(Debug)]
pub struct Generated {
    pub(crate) schema: SchemaText,
    /// The full name, if the schema is one of a record.
    pub(crate) record: Option<String>,
}

/// A language of schemas with its binary form.
pub trait Format: Send + Sync + Sized + 'static {
    /// What it takes to read messages of a schema.
    type Reader: Send + Sync;
    /// What it takes to write values of a schema.
    type Writer: Send + Sync;

    /// The keys that only this format has.
    fn keys() -> Vec<ConfigKey>;
    /// Takes its configuration.
    fn new(config: &ConfigData) -> Result<Self>;
    /// What the error of a message says that can't be written.
    fn write_failed(topic: &str) -> String;
    /// What the error of a message says that can't be read.
    fn read_failed(topic: &str) -> String;

    /// The schema for values of a Connect schema; of any value without one.
    fn generate(&self, schema: Option<&Schema>) -> Result<Generated>;
    /// How to write values of a Connect schema by this one, which may be another than that generated.
    fn writer(&self, schema: Option<&Schema>, documents: &Documents) -> Result<Self::Writer>;
    /// How to read by a schema, which is this version of its subject.
    fn reader(&self, documents: &Documents, version: Option<i32>) -> Result<Self::Reader>;
    /// The full name of the record that a schema describes, if it does.
    fn record_name(&self, documents: &Documents) -> Result<Option<String>>;

    /// Where in its schema a value's message is described, for formats whose messages say so.
    fn path<'a>(&self, writer: &'a Self::Writer) -> &'a [u8] {
        let _ = writer;
        &[]
    }
    /// Appends the payload of a value that is not null.
    fn write(&self, writer: &Self::Writer, value: &Value, out: &mut Vec<u8>) -> Result<()>;
    /// The value of a payload. `path` stands in for that which the payload begins with otherwise.
    fn read(&self, reader: &Self::Reader, path: Option<&[u8]>, payload: &Bytes) -> Result<SchemaAndValue>;
}

/// How values of a schema are written to a topic.
struct Written<F: Format> {
    id: i32,
    guid: Option<[u8; 16]>,
    writer: F::Writer,
    /// Kept alive, so that its identity stays its own.
    _schema: Option<Schema>,
    expires: Option<Instant>,
}

/// What a conversion found missing.
enum Wanted {
    Write { topic: String, schema: Option<Schema> },
    Read { topic: String, key: SchemaKey },
}

/// A converter of keys or values in a format. It does nothing before it is configured.
pub struct RegistryConverter<F: Format>(Option<Configured<F>>);

struct Configured<F: Format> {
    settings: Settings,
    format: F,
    registry: Arc<dyn Registry>,
    writers: Memory<Option<usize>, Arc<Written<F>>>,
    readers: Memory<SchemaKey, Arc<F::Reader>>,
    /// What was registered, so that an equal schema with another identity asks nothing.
    registered: HashMap<(String, SchemaText), Registered>,
    /// The path of all messages, with [`Placement::Config`].
    fixed_path: Vec<u8>,
    wanted: Option<Wanted>,
}

/// Remembers by topic and key, first of all the last.
struct Memory<K, V> {
    last: Option<(String, K, V)>,
    all: HashMap<(String, K), V>,
    size_max: usize,
}

impl<K: Copy + Eq + std::hash::Hash, V: Clone> Memory<K, V> {
    fn new(size_max: usize) -> Self {
        Self { last: None, all: HashMap::new(), size_max }
    }

    fn get(&mut self, topic: &str, key: K) -> Option<&V> {
        let is_last = self.last.as_ref().is_some_and(|(t, k, _)| *k == key && t == topic);
        if !is_last {
            let topic = topic.to_owned();
            let entry = (topic, key);
            let found = self.all.get(&entry)?.clone();
            self.last = Some((entry.0, key, found));
        }
        self.last.as_ref().map(|(_, _, value)| value)
    }

    fn insert(&mut self, topic: String, key: K, value: V) {
        if self.all.len() >= self.size_max {
            self.all.clear();
        }
        self.last = None;
        self.all.insert((topic, key), value);
    }
}

impl<F: Format> Default for RegistryConverter<F> {
    fn default() -> Self {
        Self(None)
    }
}

impl<F: Format> RegistryConverter<F> {
    fn configured(&mut self) -> Result<&mut Configured<F>> {
        self.0.as_mut().ok_or_else(|| Error::new(ErrorKind::IllegalState, "the converter is not configured"))
    }
}

/// A failure of the registry or of bytes as Connect shows it: only what may pass stays retriable.
fn shown(error: Error, message: String) -> Error {
    match error.kind() {
        ErrorKind::Retriable | ErrorKind::Config => error,
        ErrorKind::Serialization => Error::data(message).with_source(error),
        _ => error,
    }
}

impl<F: Format> Configured<F> {
    fn new(config: &ConfigMap, role: ConverterRole) -> Result<Self> {
        let parsed = config::parse(config, role, &F::keys())?;
        let settings = Settings::parse(&parsed, role)?;
        let fixed_path =
            settings.read_key.as_ref().map(|(_, path)| wire::encode_path(path)).unwrap_or_default();
        Ok(Self {
            format: F::new(&parsed)?,
            registry: registry::open(&parsed, config)?,
            writers: Memory::new(settings.cache_size),
            readers: Memory::new(settings.cache_size),
            registered: HashMap::new(),
            fixed_path,
            wanted: None,
            settings,
        })
    }

    fn write<'a>(
        &mut self,
        topic: &str,
        headers: &mut WireHeaders,
        schema: Option<&Schema>,
        value: &Value,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>> {
        self.wanted = None;
        if value.is_null() {
            return Ok(None);
        }
        let identity = schema.map(Schema::identity);
        let found = self.writers.get(topic, identity).cloned();
        let current = |written: &Arc<Written<F>>| written.expires.is_none_or(|end| Instant::now() < end);
        let Some(written) = found.filter(current) else {
            self.wanted = Some(Wanted::Write { topic: topic.to_owned(), schema: schema.cloned() });
            return Err(Error::retriable(
                "the schema must be looked up in the registry before a value is written",
            ));
        };
        let path = self.format.path(&written.writer);
        match (self.settings.written, written.guid) {
            (Placement::Header, Some(guid)) => wire::put_header(self.settings.role, guid, path, headers),
            _ => {
                wire::put_prefix(written.id, buffer);
                buffer.extend_from_slice(path);
            }
        }
        self.format
            .write(&written.writer, value, buffer)
            .map_err(|error| shown(error, F::write_failed(topic)))?;
        Ok(Some(buffer))
    }

    fn read(&mut self, topic: &str, headers: &WireHeaders, data: Option<&Bytes>) -> Result<SchemaAndValue> {
        self.wanted = None;
        let Some(data) = data else { return Ok(SchemaAndValue::NULL) };
        let failed = |error| shown(error, F::read_failed(topic));
        let (key, in_header, payload) = match (self.settings.read, &self.settings.read_key) {
            (Placement::Config, Some((key, _))) => (*key, None, data.clone()),
            (Placement::Config, None) => {
                return Err(Error::config(
                    "ConfigSchemaIdDeserializer needs use.schema.id or use.schema.guid",
                ));
            }
            (placement, _) => {
                let envelope = wire::take(placement, self.settings.role, headers, data).map_err(failed)?;
                (envelope.key, envelope.in_header, envelope.payload)
            }
        };
        let Some(reader) = self.readers.get(topic, key) else {
            self.wanted = Some(Wanted::Read { topic: topic.to_owned(), key });
            return Err(Error::retriable(
                "the schema must be looked up in the registry before a message is read",
            ));
        };
        let path = match self.settings.read {
            Placement::Config => Some(&self.fixed_path[..]),
            _ => in_header.as_deref(),
        };
        self.format.read(reader, path, &payload).map_err(failed)
    }

    async fn prepare(&mut self) -> Result<()> {
        match self.wanted.take() {
            None => Ok(()),
            Some(Wanted::Write { topic, schema }) => {
                let message = F::write_failed(&topic);
                self.prepare_write(topic, schema).await.map_err(|error| shown(error, message))
            }
            Some(Wanted::Read { topic, key }) => {
                let message = F::read_failed(&topic);
                self.prepare_read(topic, key).await.map_err(|error| shown(error, message))
            }
        }
    }

    async fn prepare_write(&mut self, topic: String, schema: Option<Schema>) -> Result<()> {
        let generated = self.format.generate(schema.as_ref())?;
        let record = generated.record.as_deref();
        let subject = self.settings.strategy.subject(&topic, self.settings.role, record)?;
        let registered = self.registered(subject, generated.schema).await?;
        let mut guid = registered.guid;
        if self.settings.written == Placement::Header && guid.is_none() {
            guid = self.registry.by_key(SchemaKey::Id(registered.id)).await?.guid;
            if guid.is_none() {
                return Err(Error::config(
                    "the registry gives schemas no GUID: HeaderSchemaIdSerializer can't be used",
                ));
            }
        }
        let documents = registry::resolve(&*self.registry, registered.schema).await?;
        let writer = self.format.writer(schema.as_ref(), &documents)?;
        let identity = schema.as_ref().map(Schema::identity);
        let is_latest = matches!(self.settings.choice, Choice::Latest | Choice::Metadata(_));
        let ttl = self.settings.latest_ttl.filter(|_| is_latest);
        let expires = ttl.and_then(|ttl| Instant::now().checked_add(ttl));
        let written = Written { id: registered.id, guid, writer, _schema: schema, expires };
        self.writers.insert(topic, identity, Arc::new(written));
        Ok(())
    }

    /// The schema to write with under a subject.
    async fn registered(&mut self, subject: String, schema: SchemaText) -> Result<Registered> {
        let normalize = self.settings.normalize;
        match &self.settings.choice {
            Choice::Latest => Ok(self.registry.by_version(&subject, Version::Latest).await?),
            Choice::Metadata(metadata) => Ok(self.registry.by_metadata(&subject, metadata).await?),
            Choice::Fixed(key) => Ok(self.registry.by_key(*key).await?),
            choice @ (Choice::Register | Choice::Lookup) => {
                let entry = (subject, schema);
                if let Some(known) = self.registered.get(&entry) {
                    return Ok(known.clone());
                }
                let (subject, schema) = &entry;
                let registered = match choice {
                    Choice::Register => self.registry.register(subject, schema, normalize).await?,
                    _ => self.registry.lookup(subject, schema, normalize).await?,
                };
                if self.registered.len() >= self.settings.cache_size {
                    self.registered.clear();
                }
                self.registered.insert(entry, registered.clone());
                Ok(registered)
            }
        }
    }

    async fn prepare_read(&mut self, topic: String, key: SchemaKey) -> Result<()> {
        let found = self.registry.by_key(key).await?;
        let documents = registry::resolve(&*self.registry, found.schema).await?;
        let record = self.format.record_name(&documents)?;
        let subject = self.settings.strategy.subject(&topic, self.settings.role, record.as_deref());
        let version = match subject {
            // A message may lie in a topic whose subject never heard of its schema.
            Err(_) => None,
            Ok(subject) => {
                match self.registry.lookup(&subject, &documents.schema, self.settings.normalize).await {
                    Ok(found) => found.version,
                    Err(failure) if failure.is_not_found() => None,
                    Err(failure) => return Err(failure.into()),
                }
            }
        };
        let reader = self.format.reader(&documents, version)?;
        self.readers.insert(topic, key, Arc::new(reader));
        Ok(())
    }
}

#[async_trait]
impl<F: Format> Converter for RegistryConverter<F> {
    fn config(&self) -> ConfigDef {
        config::definition(&F::keys())
    }

    fn configure(&mut self, config: &ConfigMap, role: ConverterRole) -> Result<()> {
        self.0 = Some(Configured::new(config, role)?);
        Ok(())
    }

    fn from_connect_data<'a>(
        &mut self,
        topic: &str,
        headers: &mut WireHeaders,
        schema: Option<&Schema>,
        value: &'a Value,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>> {
        self.configured()?.write(topic, headers, schema, value, buffer)
    }

    fn to_connect_data(
        &mut self,
        topic: &str,
        headers: &WireHeaders,
        data: Option<&Bytes>,
    ) -> Result<SchemaAndValue> {
        self.configured()?.read(topic, headers, data)
    }

    fn needs_preparation(&self) -> bool {
        self.0.as_ref().is_some_and(|configured| configured.wanted.is_some())
    }

    async fn prepare(&mut self) -> Result<()> {
        self.configured()?.prepare().await
    }
}
