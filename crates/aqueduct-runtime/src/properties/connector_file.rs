//! Connector files of the standalone command line.

use std::path::Path;

use aqueduct_api::ConfigMap;
use serde_json::Value as Json;

use super::{PropertiesError, decode, parse, read_bytes};

/// The state in which a new connector begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InitialState {
    /// Connector and tasks run.
    #[default]
    Running,
    /// The connector is loaded, its tasks wait.
    Paused,
    /// The connector has no tasks.
    Stopped,
}

impl InitialState {
    /// Reads a state, in any case, as the create request spells it.
    pub fn from_name(name: &str) -> Option<Self> {
        [("RUNNING", Self::Running), ("PAUSED", Self::Paused), ("STOPPED", Self::Stopped)]
            .into_iter()
            .find_map(|(known, state)| known.eq_ignore_ascii_case(name).then_some(state))
    }
}

/// A connector to create: its name, its configuration (which holds the name too), its first state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorFile {
    /// The name.
    pub name: String,
    /// The configuration.
    pub config: ConfigMap,
    /// The first state.
    pub initial_state: InitialState,
}

impl ConnectorFile {
    /// Reads a file in any of the three forms: a flat JSON object of texts; the JSON body of a create request, whose
    /// unknown fields do not matter; Java properties.
    pub fn read(path: &Path) -> Result<Self, PropertiesError> {
        Self::parse(read_bytes(path)?, path)
    }

    /// As [`ConnectorFile::read`], of the file's bytes; errors name the path.
    pub fn parse(bytes: Vec<u8>, path: &Path) -> Result<Self, PropertiesError> {
        if let Ok(Json::Object(object)) = serde_json::from_slice(&bytes) {
            if let Some(config) = flat(&object) {
                return Self::named(config, path);
            }
            if let Some(request) = Self::from_request(&object, path) {
                return request;
            }
        }
        Self::named(parse(&decode(bytes))?, path)
    }

    fn named(config: ConfigMap, path: &Path) -> Result<Self, PropertiesError> {
        match config.get("name").map(str::to_owned) {
            Some(name) => Ok(Self { name, config, initial_state: InitialState::default() }),
            None => Err(PropertiesError::NoName { path: path.to_owned() }),
        }
    }

    /// `None` if the object is no create request.
    fn from_request(
        object: &serde_json::Map<String, Json>,
        path: &Path,
    ) -> Option<Result<Self, PropertiesError>> {
        let name = object.get("name")?.as_str()?;
        let mut config = flat(object.get("config")?.as_object()?)?;
        let initial_state = match object.get("initial_state") {
            None | Some(Json::Null) => InitialState::default(),
            Some(state) => InitialState::from_name(state.as_str()?)?,
        };
        match config.get("name") {
            Some(other) if other != name => {
                return Some(Err(PropertiesError::TwoNames { path: path.to_owned() }));
            }
            Some(_) => {}
            None => {
                config.insert("name", name);
            }
        }
        Some(Ok(Self { name: name.to_owned(), config, initial_state }))
    }
}

/// The entries of an object without objects and arrays in it; numbers and booleans become texts.
fn flat(object: &serde_json::Map<String, Json>) -> Option<ConfigMap> {
    let entry = |(name, value): (&String, &Json)| {
        let text = match value {
            Json::Null => None,
            Json::String(text) => Some(text.clone()),
            Json::Bool(_) | Json::Number(_) => Some(value.to_string()),
            Json::Array(_) | Json::Object(_) => return None,
        };
        Some((name.clone(), text))
    };
    object.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ConnectorFile, String> {
        ConnectorFile::parse(text.as_bytes().to_vec(), Path::new("c.json")).map_err(|error| error.to_string())
    }

    fn connector(initial_state: InitialState) -> ConnectorFile {
        let config = [("name", "c"), ("tasks.max", "2")].into();
        ConnectorFile { name: "c".to_owned(), config, initial_state }
    }

    #[test]
    fn reads_all_three_forms() {
        assert_eq!(read(r#"{"name":"c","tasks.max":2}"#), Ok(connector(InitialState::Running)));
        assert_eq!(read("name=c\ntasks.max=2\n"), Ok(connector(InitialState::Running)));
        let request =
            r#"{"name":"c","config":{"name":"c","tasks.max":"2"},"initial_state":"paused","more":[]}"#;
        assert_eq!(read(request), Ok(connector(InitialState::Paused)));
    }

    #[test]
    fn adds_the_name_of_a_request_to_its_configuration() {
        let file = read(r#"{"name":"c","config":{"a":"b"}}"#).expect("good");
        assert_eq!(file.config.get("name"), Some("c"));
    }

    #[test]
    fn says_what_is_wrong_with_names() {
        let missing = "Connector configuration at 'c.json' is missing the mandatory 'name' configuration";
        assert_eq!(read("a=b"), Err(missing.to_owned()));
        assert_eq!(read(r#"{"a":"b"}"#), Err(missing.to_owned()));
        assert!(
            read(r#"{"name":"c","config":{"name":"d"}}"#).is_err_and(|text| text.contains("doesn't match"))
        );
    }
}
