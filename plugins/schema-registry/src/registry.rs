//! The registry: numbered schemas, and subjects that list versions of them.

mod http;
mod mock;
mod tls;

use std::sync::Arc;

use aqueduct_api::config::ConfigData;
use aqueduct_api::{ConfigMap, Error, ErrorKind, Result};
use async_trait::async_trait;

use crate::config;

/// A schema may refer to so many others, directly or not.
const REFERENCES_MAX: usize = 1000;

/// The languages of schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum SchemaKind {
    Avro,
    Json,
    Protobuf,
}

impl SchemaKind {
    /// As the registry spells it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Avro => "AVRO",
            Self::Json => "JSON",
            Self::Protobuf => "PROTOBUF",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Avro, Self::Json, Self::Protobuf].into_iter().find(|kind| kind.name() == name)
    }
}

/// A schema that another one uses, by the name that stands there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Reference {
    pub(crate) name: String,
    pub(crate) subject: String,
    pub(crate) version: i32,
}

/// A schema as a registry holds it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct SchemaText {
    pub(crate) kind: SchemaKind,
    pub(crate) text: String,
    pub(crate) references: Vec<Reference>,
}

/// What a message names its schema by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum SchemaKey {
    /// Its number in this registry.
    Id(i32),
    /// Its number in all registries.
    Guid([u8; 16]),
}

/// A schema with its numbers, as far as the answer of a registry told them.
#[derive(Debug, Clone)]
pub(crate) struct Registered {
    pub(crate) id: i32,
    pub(crate) guid: Option<[u8; 16]>,
    pub(crate) version: Option<i32>,
    pub(crate) schema: SchemaText,
}

/// Which version of a subject.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Version {
    Latest,
    Number(i32),
}

/// Why a registry gave no answer that can be used.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It refused: an HTTP status below 500, its own code, and its words.
    Refused { status: u16, code: i64, message: String },
    /// It could not be reached or was not able to answer; later it may be.
    Unavailable(String),
}

impl Failure {
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused { code, message, .. } => {
                Self::new(ErrorKind::Serialization, format!("{message}; error code: {code}"))
            }
            Failure::Unavailable(message) => Self::retriable(message),
        }
    }
}

pub(crate) type Answer<T> = std::result::Result<T, Failure>;

/// What converters ask of a registry. Nothing is remembered here.
#[async_trait]
pub(crate) trait Registry: Send + Sync {
    /// The schema of a number.
    async fn by_key(&self, key: SchemaKey) -> Answer<Registered>;
    /// A version of a subject.
    async fn by_version(&self, subject: &str, version: Version) -> Answer<Registered>;
    /// The latest version of a subject that has this metadata.
    async fn by_metadata(&self, subject: &str, metadata: &[(String, String)]) -> Answer<Registered>;
    /// Adds a version to a subject, if it does not have the schema yet.
    async fn register(&self, subject: &str, schema: &SchemaText, normalize: bool) -> Answer<Registered>;
    /// The version of a subject that has this schema.
    async fn lookup(&self, subject: &str, schema: &SchemaText, normalize: bool) -> Answer<Registered>;
}

/// The registry that a configuration names.
pub(crate) fn open(parsed: &ConfigData, raw: &ConfigMap) -> Result<Arc<dyn Registry>> {
    let urls = parsed.list(config::URL)?;
    let mocks: Vec<&str> = urls.iter().filter_map(|url| url.strip_prefix("mock://")).collect();
    match mocks.as_slice() {
        [] => Ok(Arc::new(http::HttpRegistry::new(urls, parsed, raw)?)),
        [scope] if urls.len() == 1 => Ok(mock::scope(scope)),
        _ => {
            Err(Error::config("Only one mock scope is permitted for 'schema.registry.url', and no other URL"))
        }
    }
}

/// A schema with all that it refers to, each behind what it needs itself.
#[derive(Debug, Clone)]
pub struct Documents {
    pub(crate) schema: SchemaText,
    /// The names by which they are referred to, and their texts.
    pub(crate) references: Vec<(String, String)>,
}

/// Gets all that a schema refers to.
pub(crate) async fn resolve(registry: &dyn Registry, schema: SchemaText) -> Result<Documents> {
    enum Visit {
        Enter(Reference),
        Leave(String, String),
    }
    let mut references: Vec<(String, String)> = Vec::new();
    let mut entered: Vec<Reference> = Vec::new();
    let mut visits: Vec<Visit> = schema.references.iter().rev().cloned().map(Visit::Enter).collect();
    while let Some(visit) = visits.pop() {
        match visit {
            Visit::Leave(name, text) => references.push((name, text)),
            Visit::Enter(reference) if entered.iter().any(|known| known.name == reference.name) => {}
            Visit::Enter(reference) => {
                if entered.len() >= REFERENCES_MAX {
                    return Err(Error::data("the schema refers to too many others"));
                }
                let version = Version::Number(reference.version);
                let found = registry.by_version(&reference.subject, version).await?;
                visits.push(Visit::Leave(reference.name.clone(), found.schema.text));
                visits.extend(found.schema.references.into_iter().rev().map(Visit::Enter));
                entered.push(reference);
            }
        }
    }
    Ok(Documents { schema, references })
}
