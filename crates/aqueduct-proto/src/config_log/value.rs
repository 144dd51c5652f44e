//! The values of the config topic: JSON without schemas.

use aqueduct_api::ConfigMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use crate::restart::RestartRequest;
use crate::session::SessionKey;
use crate::state::TargetState;

/// What is wrong with a value.
pub(super) type Reason = String;

fn object(value: &Json) -> Result<&serde_json::Map<String, Json>, Reason> {
    value.as_object().ok_or_else(|| "the value is no JSON object".to_owned())
}

fn text<'a>(value: &'a Json, field: &str) -> Result<&'a str, Reason> {
    object(value)?.get(field).and_then(Json::as_str).ok_or_else(|| format!("'{field}' is no text"))
}

fn integer(value: &Json, field: &str) -> Result<i64, Reason> {
    object(value)?.get(field).and_then(Json::as_i64).ok_or_else(|| format!("'{field}' is no integer"))
}

/// `{"properties":{…}}`. A property that is no text, which no worker writes, is taken as the text of its JSON.
pub(super) fn properties(value: &Json) -> Result<ConfigMap, Reason> {
    let properties = object(value)?
        .get("properties")
        .and_then(Json::as_object)
        .ok_or_else(|| "'properties' is no JSON object".to_owned())?;
    Ok(properties
        .iter()
        .map(|(name, value)| {
            let text = match value {
                Json::Null => None,
                Json::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            };
            (name.clone(), text)
        })
        .collect())
}

/// An integer field, in the 32 bits that Java keeps of it.
pub(super) fn count(value: &Json, field: &str) -> Result<i32, Reason> {
    Ok(integer(value, field)? as i32)
}

/// `state.v2`, or `state` where an older worker wrote it.
pub(super) fn target_state(value: &Json) -> Result<TargetState, Reason> {
    let field = if object(value)?.contains_key("state.v2") { "state.v2" } else { "state" };
    match text(value, field)? {
        "STARTED" => Ok(TargetState::Started),
        "PAUSED" => Ok(TargetState::Paused),
        "STOPPED" => Ok(TargetState::Stopped),
        other => Err(format!("'{other}' is no target state")),
    }
}

pub(super) fn session_key(value: &Json) -> Result<SessionKey, Reason> {
    let key = text(value, "key")?;
    Ok(SessionKey {
        key: STANDARD.decode(key).map_err(|error| format!("'key' is not base64: {error}"))?,
        algorithm: text(value, "algorithm")?.to_owned(),
        created_ms: integer(value, "creation-timestamp")?,
    })
}

/// Fields that are missing or no booleans are false.
pub(super) fn restart_request(value: &Json) -> Result<RestartRequest, Reason> {
    let object = object(value)?;
    let flag = |field: &str| object.get(field).and_then(Json::as_bool).unwrap_or_default();
    Ok(RestartRequest { only_failed: flag("only-failed"), include_tasks: flag("include-tasks") })
}

pub(super) fn level(value: &Json) -> Result<String, Reason> {
    text(value, "level").map(str::to_owned)
}
