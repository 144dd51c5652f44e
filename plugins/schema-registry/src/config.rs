//! The keys that all of these converters share, and what they say.

use aqueduct_api::config::{ConfigData, ConfigDef, ConfigKey, ConfigType, Importance, Parsed, Validator};
use aqueduct_api::{ConfigMap, ConverterRole, Error, Result};

use crate::registry::SchemaKey;
use crate::subject::Strategy;

pub(crate) const URL: &str = "schema.registry.url";
pub(crate) const CREDENTIALS_SOURCE: &str = "basic.auth.credentials.source";
pub(crate) const USER_INFO: &str = "basic.auth.user.info";
pub(crate) const BEARER_SOURCE: &str = "bearer.auth.credentials.source";
pub(crate) const BEARER_TOKEN: &str = "bearer.auth.token";
pub(crate) const CONNECT_TIMEOUT_MS: &str = "http.connect.timeout.ms";
pub(crate) const READ_TIMEOUT_MS: &str = "http.read.timeout.ms";
pub(crate) const RETRIES_MAX: &str = "max.retries";
pub(crate) const RETRY_WAIT_MS: &str = "retries.wait.ms";
pub(crate) const RETRY_WAIT_MAX_MS: &str = "retries.max.wait.ms";
/// Request headers have names of their own behind this.
pub(crate) const HEADER_PREFIX: &str = "request.header.";
/// Settings of TLS stand behind this, as Kafka's clients know them.
pub(crate) const TLS_PREFIX: &str = "schema.registry.ssl.";

const TYPE: &str = "converter.type";
const AUTO_REGISTER: &str = "auto.register.schemas";
const NORMALIZE: &str = "normalize.schemas";
const USE_LATEST: &str = "use.latest.version";
const LATEST_STRICT: &str = "latest.compatibility.strict";
const LATEST_CACHE_SIZE: &str = "latest.cache.size";
const LATEST_TTL_SEC: &str = "latest.cache.ttl.sec";
const USE_METADATA: &str = "use.latest.with.metadata";
const USE_ID: &str = "use.schema.id";
const ID_STRICT: &str = "id.compatibility.strict";
const USE_GUID: &str = "use.schema.guid";
const FALLBACK: &str = "subject.name.strategy.fallback.type";
const CONTEXT_STRATEGY: &str = "context.name.strategy";
const SCHEMAS_PER_SUBJECT: &str = "max.schemas.per.subject";
const CACHE_SIZE: &str = "schemas.cache.config";
const GENERALIZED: &str = "generalized.sum.type.support";
const IGNORE_DEFAULT: &str = "ignore.default.for.nullables";
/// `use.message.indexes`, which only Protobuf has.
const MESSAGE_INDEXES: &str = "use.message.indexes";

/// Where the number of a schema stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Before the payload.
    Prefix,
    /// In a header.
    Header,
    /// In the header if there is one, else before the payload: only to read.
    Either,
    /// Nowhere, the configuration says it: only to read.
    Config,
}

/// Which schema to write with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    /// That of the value, which is registered if it is new.
    Register,
    /// That of the value, which must be registered already.
    Lookup,
    /// The latest of the subject.
    Latest,
    /// The latest of the subject that has this metadata.
    Metadata(Vec<(String, String)>),
    /// This one.
    Fixed(SchemaKey),
}

/// What the shared keys say.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) role: ConverterRole,
    pub(crate) choice: Choice,
    pub(crate) normalize: bool,
    pub(crate) strategy: Strategy,
    /// How long the latest version is taken for the latest; for ever without it.
    pub(crate) latest_ttl: Option<std::time::Duration>,
    pub(crate) cache_size: usize,
    pub(crate) written: Placement,
    pub(crate) read: Placement,
    /// The schema of all messages that are read, with [`Placement::Config`], and the path within it.
    pub(crate) read_key: Option<(SchemaKey, Vec<i32>)>,
}

impl Settings {
    pub(crate) fn parse(config: &ConfigData, role: ConverterRole) -> Result<Self> {
        let fixed = fixed_key(config)?;
        let choice = match (fixed, config.optional_string(USE_METADATA)?) {
            (Some(key), _) => Choice::Fixed(key),
            (_, Some(metadata)) => Choice::Metadata(pairs(metadata)?),
            _ if config.boolean(AUTO_REGISTER)? => Choice::Register,
            _ if config.boolean(USE_LATEST)? => Choice::Latest,
            _ => Choice::Lookup,
        };
        let name = |suffix: &str| format!("{}.{suffix}", part(role));
        let written = placement(config.string(&name("schema.id.serializer"))?)?;
        let read = placement(config.string(&name("schema.id.deserializer"))?)?;
        if !matches!(written, Placement::Prefix | Placement::Header) {
            return Err(Error::config("schema.id.serializer must be a serializer of schema ids"));
        }
        let strategy = config.string(&name("subject.name.strategy"))?;
        let context = config.string(CONTEXT_STRATEGY)?;
        if !context.ends_with("NullContextNameStrategy") {
            return Err(Error::config(format!("{context}: only NullContextNameStrategy is known here")));
        }
        let ttl = u64::try_from(config.integer(LATEST_TTL_SEC)?).ok();
        let indexes = config.optional_string(MESSAGE_INDEXES)?.unwrap_or("0").split(',');
        let indexes: Vec<i32> = indexes
            .map(|index| index.trim().parse())
            .collect::<Result<_, _>>()
            .map_err(|_| Error::config("use.message.indexes must be numbers between commas"))?;
        Ok(Self {
            role,
            choice,
            normalize: config.boolean(NORMALIZE)?,
            strategy: Strategy::parse(strategy, config.string(FALLBACK)?)?,
            latest_ttl: ttl.map(std::time::Duration::from_secs),
            cache_size: usize::try_from(config.integer(CACHE_SIZE)?).unwrap_or(0).max(1),
            written,
            read,
            read_key: fixed.map(|key| (key, indexes)),
        })
    }
}

/// Parses the configuration by the shared keys and those of a format.
pub(crate) fn parse(config: &ConfigMap, role: ConverterRole, more: &[ConfigKey]) -> Result<ConfigData> {
    let mut config = config.clone();
    config.insert(TYPE, role.name());
    definition(more).parse(&config)
}

/// Headers are not converted by these converters; whatever is no key is a value.
const fn part(role: ConverterRole) -> &'static str {
    match role {
        ConverterRole::Key => "key",
        _ => "value",
    }
}

fn fixed_key(config: &ConfigData) -> Result<Option<SchemaKey>> {
    let id = config.integer(USE_ID)?;
    if let Ok(id @ 0..) = i32::try_from(id) {
        return Ok(Some(SchemaKey::Id(id)));
    }
    let Some(guid) = config.optional_string(USE_GUID)?.filter(|guid| !guid.is_empty()) else {
        return Ok(None);
    };
    parse_guid(guid)
        .map(|guid| Some(SchemaKey::Guid(guid)))
        .ok_or_else(|| Error::config(format!("Invalid value {guid} for configuration {USE_GUID}: no GUID")))
}

/// The bytes of a GUID as text.
pub(crate) fn parse_guid(text: &str) -> Option<[u8; 16]> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let number = (digits.len() == 32).then(|| u128::from_str_radix(&digits, 16).ok())?;
    number.map(u128::to_be_bytes)
}

fn placement(class: &str) -> Result<Placement> {
    match class.rsplit('.').next().unwrap_or(class) {
        "PrefixSchemaIdSerializer" | "PrefixSchemaIdDeserializer" => Ok(Placement::Prefix),
        "HeaderSchemaIdSerializer" | "HeaderSchemaIdDeserializer" => Ok(Placement::Header),
        "DualSchemaIdDeserializer" => Ok(Placement::Either),
        "ConfigSchemaIdDeserializer" => Ok(Placement::Config),
        _ => Err(Error::config(format!("{class} is no place for schema ids that is known here"))),
    }
}

fn pairs(text: &str) -> Result<Vec<(String, String)>> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    };
    let pairs: Option<_> = text.split(',').filter(|text| !text.trim().is_empty()).map(pair).collect();
    pairs.ok_or_else(|| Error::config(format!("{USE_METADATA} must be pairs as in name=value,name=value")))
}

fn key(name: &'static str, kind: ConfigType, default: impl Into<Parsed>, text: &'static str) -> ConfigKey {
    ConfigKey::new(name, kind, default, Importance::Medium, text)
}

/// A key of a format that is on or off.
pub(crate) fn switch(name: &'static str, default: bool, text: &'static str) -> ConfigKey {
    key(name, ConfigType::Boolean, default, text)
}

/// A key of a format that is a text.
pub(crate) fn text(name: &'static str, default: &'static str, text: &'static str) -> ConfigKey {
    key(name, ConfigType::String, default, text)
}

/// Whether the key that makes unions and enums of all formats alike is set.
pub(crate) fn generalized(config: &ConfigData) -> Result<bool> {
    config.boolean(GENERALIZED)
}

/// Whether a null stays one where the schema has a default.
pub(crate) fn ignore_default(config: &ConfigData) -> Result<bool> {
    config.boolean(IGNORE_DEFAULT)
}

const SUBJECT_STRATEGY: &str = "Under which subject the schemas lie: TopicNameStrategy, RecordNameStrategy or \
                                TopicRecordNameStrategy. AssociatedNameStrategy is taken for what it falls back to.";
const TOPIC_STRATEGY: &str = "io.confluent.kafka.serializers.subject.TopicNameStrategy";
const PREFIX: &str = "io.confluent.kafka.serializers.schema.id.PrefixSchemaIdSerializer";
const DUAL: &str = "io.confluent.kafka.serializers.schema.id.DualSchemaIdDeserializer";
const ID_SERIALIZER: &str = "Where the number of the schema is written: PrefixSchemaIdSerializer before the payload, \
                             HeaderSchemaIdSerializer in a header.";
const ID_DESERIALIZER: &str = "Where the number of the schema is read: PrefixSchemaIdDeserializer, \
                               HeaderSchemaIdDeserializer, DualSchemaIdDeserializer for either, or \
                               ConfigSchemaIdDeserializer for that of use.schema.id or use.schema.guid.";

/// The shared keys, and behind them those of a format.
#[rustfmt::skip]
pub(crate) fn definition(more: &[ConfigKey]) -> ConfigDef {
    use ConfigType::{Boolean, Int, List, Long, Password, String};
    let shared = [
        ConfigKey::required(TYPE, String, Importance::Low, "What the converter is for: the key or the value of records. The worker sets it.").validator(Validator::valid_string(["key", "value", "header"])),
        ConfigKey::required(URL, List, Importance::High, "The URLs of the registry's nodes; they are tried in turn. mock://scope is a registry in the memory of this process, for tests."),
        key(AUTO_REGISTER, Boolean, true, "Whether a new schema is registered. Otherwise it must be there."),
        key(NORMALIZE, Boolean, false, "Whether the registry shall normalize schemas before it compares them."),
        key(USE_LATEST, Boolean, false, "Whether to write with the latest version of the subject instead of the schema of the value. Needs auto.register.schemas=false."),
        key(LATEST_STRICT, Boolean, true, "Whether a value must fit the latest version: kept for compatibility, it always must."),
        key(LATEST_CACHE_SIZE, Int, 1000, "How many latest versions are remembered: kept for compatibility, schemas.cache.config bounds them."),
        key(LATEST_TTL_SEC, Int, -1, "For how many seconds a version is taken for the latest; -1 for ever."),
        key(USE_METADATA, String, (), "Pairs as in name=value,name=value: write with the latest version that has this metadata."),
        key(USE_ID, Int, -1, "The id of the schema to write with, and to read with under ConfigSchemaIdDeserializer."),
        key(ID_STRICT, Boolean, true, "Whether a value must fit the schema of use.schema.id: kept for compatibility, it always must."),
        key(USE_GUID, String, (), "As use.schema.id, by GUID."),
        key(MESSAGE_INDEXES, String, (), "The path to the message within the schema of use.schema.id, as numbers between commas. For Protobuf."),
        key("key.subject.name.strategy", String, TOPIC_STRATEGY, SUBJECT_STRATEGY),
        key("value.subject.name.strategy", String, TOPIC_STRATEGY, SUBJECT_STRATEGY),
        key(FALLBACK, String, "TOPIC", "What AssociatedNameStrategy falls back to: TOPIC, RECORD or TOPIC_RECORD."),
        key(CONTEXT_STRATEGY, String, "io.confluent.kafka.serializers.context.NullContextNameStrategy", "The context of subjects; there is only this one."),
        key("key.schema.id.serializer", String, PREFIX, ID_SERIALIZER),
        key("value.schema.id.serializer", String, PREFIX, ID_SERIALIZER),
        key("key.schema.id.deserializer", String, DUAL, ID_DESERIALIZER),
        key("value.schema.id.deserializer", String, DUAL, ID_DESERIALIZER),
        key(CREDENTIALS_SOURCE, String, "URL", "Where name and password for the registry are: URL, USER_INFO or SASL_INHERIT."),
        key(USER_INFO, Password, "", "NAME:PASSWORD, for USER_INFO."),
        key("sasl.jaas.config", Password, (), "The login of Kafka's clients, for SASL_INHERIT."),
        key(BEARER_SOURCE, String, "STATIC_TOKEN", "Where the bearer token is: STATIC_TOKEN."),
        key(BEARER_TOKEN, Password, (), "The bearer token."),
        key("proxy.host", String, "", "The host of an HTTP proxy."),
        key("proxy.port", Int, -1, "The port of the proxy."),
        key(CONNECT_TIMEOUT_MS, Int, 60_000, "For how many milliseconds to wait for a connection."),
        key(READ_TIMEOUT_MS, Int, 60_000, "For how many milliseconds to wait for an answer."),
        key(RETRIES_MAX, Int, 3, "How often to ask again when the registry can't be reached or can't answer."),
        key(RETRY_WAIT_MS, Long, 1000_i64, "For how many milliseconds to wait before the first retry; then twice as long each time."),
        key(RETRY_WAIT_MAX_MS, Long, 20_000_i64, "The longest wait before a retry, in milliseconds."),
        key(SCHEMAS_PER_SUBJECT, Int, 1000, "How many schemas of a subject are remembered: kept for compatibility, schemas.cache.config bounds them."),
        key(CACHE_SIZE, Int, 1000, "How many schemas to remember, each way."),
        key(GENERALIZED, Boolean, false, "Whether unions and enums have the same names and parameters whatever the format."),
        key(IGNORE_DEFAULT, Boolean, false, "Whether a null stays null where an optional schema has a default."),
    ];
    shared.into_iter().chain(more.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(config: &[(&str, &str)]) -> Result<Settings> {
        let mut map = ConfigMap::from([(URL, "mock://config")]);
        map.extend_with(&config.iter().copied().collect());
        Settings::parse(&parse(&map, ConverterRole::Value, &[])?, ConverterRole::Value)
    }

    #[test]
    fn the_schema_to_write_with_is_chosen() {
        let check = |config: &[(&str, &str)], expected: Choice| {
            assert_eq!(settings(config).expect("a valid configuration").choice, expected, "{config:?}");
        };
        check(&[], Choice::Register);
        check(&[(USE_LATEST, "true")], Choice::Register);
        check(&[(AUTO_REGISTER, "false")], Choice::Lookup);
        check(&[(AUTO_REGISTER, "false"), (USE_LATEST, "true")], Choice::Latest);
        check(&[(USE_ID, "7")], Choice::Fixed(SchemaKey::Id(7)));
        let guid = "00000000-0000-0000-0000-000000000102";
        let bytes = 0x102_u128.to_be_bytes();
        check(&[(USE_GUID, guid)], Choice::Fixed(SchemaKey::Guid(bytes)));
        let metadata = vec![("a".to_owned(), "b".to_owned()), ("c".to_owned(), String::new())];
        check(&[(USE_METADATA, "a=b, c=")], Choice::Metadata(metadata));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for config in [
            ("value.subject.name.strategy", "my.Own"),
            ("value.schema.id.serializer", "DualSchemaIdDeserializer"),
            ("value.schema.id.deserializer", "Other"),
            (CONTEXT_STRATEGY, "my.Context"),
            (USE_METADATA, "a"),
            (USE_GUID, "12"),
            (MESSAGE_INDEXES, "x"),
        ] {
            assert!(settings(&[config]).is_err(), "{config:?}");
        }
        assert!(definition(&[]).parse(&ConfigMap::new()).is_err(), "the URL is required");
    }
}
