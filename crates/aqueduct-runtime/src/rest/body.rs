//! JSON bodies, read as the Java worker reads them.

use aqueduct_api::ConfigMap;
use aqueduct_proto::state::TargetState;
use axum::body::Bytes;
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::rules::{ContentType, content_type};
use super::{Answer, RestError};

/// Reads a body: `None` for none at all or for a JSON null.
pub(super) fn read<'a, T: Deserialize<'a>>(headers: &HeaderMap, body: &'a Bytes) -> Answer<Option<T>> {
    match content_type(headers) {
        ContentType::Json => {}
        ContentType::Absent if body.is_empty() => return Ok(None),
        _ => return Err(RestError::unsupported_media_type()),
    }
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    // Java answers 500 to any JSON that it cannot read, in the words of its parser; these words are ours. A list must
    // not pass for an object whose members are all optional.
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(RestError::internal("The request body must be an object, not a list"));
    }
    parse(body)
}

/// Reads a list of configurations, whatever the request says that its body is.
pub(super) fn read_configs(body: &Bytes) -> Answer<Vec<ConfigMap>> {
    let configs: Vec<ConfigBody> = parse(body)?;
    Ok(configs.into_iter().map(|ConfigBody(config)| config).collect())
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Answer<T> {
    // Java's parser does not look at what comes after the end.
    T::deserialize(&mut serde_json::Deserializer::from_slice(body))
        .map_err(|error| RestError::internal(format!("The request body is not what it should be: {error}")))
}

/// The answer where a body is needed and there is none.
pub(super) fn missing(what: &str) -> RestError {
    RestError::internal(format!("The request needs a body: {what}"))
}

/// A flat object of names to texts. Numbers and booleans become the text as which they were written.
#[derive(Debug, Default)]
pub(super) struct ConfigBody(pub(super) ConfigMap);

impl<'de> Deserialize<'de> for ConfigBody {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = indexmap_of_raw(deserializer)?;
        let mut config = ConfigMap::new();
        for (name, value) in raw {
            let text = value.get();
            let value = match text.as_bytes().first() {
                Some(b'n') => None,
                Some(b'"') => Some(serde_json::from_str::<String>(text).map_err(serde::de::Error::custom)?),
                Some(b'{' | b'[') => {
                    return Err(serde::de::Error::custom(format!(
                        "the value of \"{name}\" must be a text, a number, true, false or null"
                    )));
                }
                _ => Some(text.to_owned()),
            };
            config.insert(name, value);
        }
        Ok(Self(config))
    }
}

/// The members of an object in their order, unread.
fn indexmap_of_raw<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, Box<RawValue>)>, D::Error> {
    struct Members;
    impl<'de> serde::de::Visitor<'de> for Members {
        type Value = Vec<(String, Box<RawValue>)>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object of names to texts")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }
    deserializer.deserialize_map(Members)
}

/// The body of `POST /connectors`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateRequest {
    #[serde(default, deserialize_with = "text_of_scalar")]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) config: Option<ConfigBody>,
    #[serde(default, deserialize_with = "initial_state")]
    pub(super) initial_state: Option<TargetState>,
}

/// A text, or the text as which a number or a boolean was written.
fn text_of_scalar<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Option::<serde_json::Value>::deserialize(deserializer)? {
        None | Some(serde_json::Value::Null) => Ok(None),
        Some(serde_json::Value::String(text)) => Ok(Some(text)),
        Some(scalar @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_))) => {
            Ok(Some(scalar.to_string()))
        }
        Some(_) => Err(serde::de::Error::custom("name must be a text")),
    }
}

fn initial_state<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<TargetState>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    match TargetState::from_initial_state(&text) {
        Some(state) => Ok(Some(state)),
        None => Err(serde::de::Error::custom(format!(
            "initial_state must be RUNNING, PAUSED or STOPPED, not {text:?}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_the_text_in_which_they_were_written() {
        let body: ConfigBody =
            serde_json::from_str(r#"{"a":1.50,"b":true,"c":null,"d":"x\n","e":1e3}"#).expect("flat");
        let entries: Vec<_> = body.0.iter().collect();
        let expected =
            [("a", Some("1.50")), ("b", Some("true")), ("c", None), ("d", Some("x\n")), ("e", Some("1e3"))];
        assert_eq!(entries, expected);
        assert!(serde_json::from_str::<ConfigBody>(r#"{"a":{"b":1}}"#).is_err());
        assert!(serde_json::from_str::<ConfigBody>("[]").is_err());
    }

    #[test]
    fn unknown_fields_and_states_are_refused() {
        assert!(serde_json::from_str::<CreateRequest>(r#"{"name":"x","config":{},"foo":1}"#).is_err());
        assert!(serde_json::from_str::<CreateRequest>(r#"{"name":"x","initial_state":"bogus"}"#).is_err());
        let request: CreateRequest = serde_json::from_str(r#"{"initial_state":"stopped"}"#).expect("a state");
        assert_eq!(request.initial_state, Some(TargetState::Stopped));
        let request: CreateRequest = serde_json::from_str(r#"{"name":1}"#).expect("a name");
        assert_eq!(request.name.as_deref(), Some("1"));
    }
}
