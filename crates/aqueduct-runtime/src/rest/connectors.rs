//! `/connectors` and what is below it.

use std::collections::BTreeSet;

use aqueduct_api::ConfigMap;
use aqueduct_proto::restart::RestartRequest;
use aqueduct_proto::state::{TargetState, TaskId};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Map;

use super::body::{self, ConfigBody, CreateRequest};
use super::surroundings::Peer;
use super::{Answer, RestError, RestState};
use crate::herder::{ConnectorInfo, ConnectorStateInfo, HerderError, Put, TaskInfo, TaskState};

/// The values of a query parameter, in order.
pub(super) fn query_values(query: Option<&str>, name: &str) -> Vec<String> {
    url_pairs(query.unwrap_or_default()).filter(|(key, _)| key == name).map(|(_, value)| value).collect()
}

fn url_pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (url_decode(key), url_decode(value))
    })
}

fn url_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        match (first, tail.get(..2).and_then(hex)) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = tail;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Java's reading of a boolean parameter: the first value counts, and anything but true is false.
fn query_flag(query: Option<&str>, name: &str) -> bool {
    query_values(query, name).first().is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

pub(super) async fn list(State(state): State<RestState>, RawQuery(query): RawQuery) -> Answer<Response> {
    let expand = query_values(query.as_deref(), "expand");
    let names = state.ask(|herder| async move { herder.connectors().await }).await?;
    if expand.is_empty() {
        return Ok(Json(names).into_response());
    }
    let herder = state.herder()?;
    let mut all = Map::new();
    for name in names {
        let mut one = Map::new();
        if expand.iter().any(|what| what == "status") {
            let Ok(status) = herder.connector_status(&name) else { continue };
            one.insert("status".to_owned(), to_json(&status)?);
        }
        if expand.iter().any(|what| what == "info") {
            let connector = name.clone();
            let info = state.ask(|herder| async move { herder.connector_info(&connector).await }).await;
            let Ok(info) = info else { continue };
            one.insert("info".to_owned(), to_json(&info)?);
        }
        all.insert(name, one.into());
    }
    Ok(Json(all).into_response())
}

fn to_json(value: &impl Serialize) -> Answer<serde_json::Value> {
    serde_json::to_value(value).map_err(|error| RestError::internal(error.to_string()))
}

pub(super) async fn create(
    State(state): State<RestState>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer<Response> {
    let request: Option<CreateRequest> = body::read(&headers, &bytes)?;
    let request = request.ok_or_else(|| body::missing("a connector with name and config"))?;
    // As Java's trim: everything up to the blank, at both ends.
    let name = request.name.unwrap_or_default();
    let name = name.trim_matches(|c| c <= ' ').to_owned();
    let ConfigBody(mut config) = request.config.ok_or_else(|| body::missing("the connector's config"))?;
    check_name(&name, &mut config)?;
    let initial_state = request.initial_state;
    let put = state
        .ask(|herder| async move { herder.put_connector_config(&name, config, initial_state, false).await })
        .await?;
    Ok(put_answer(peer, &headers, put))
}

/// The name in a configuration must be that of the connector; without one, it becomes it.
fn check_name(name: &str, config: &mut ConfigMap) -> Answer<()> {
    match config.get("name") {
        Some(configured) if configured != name => Err(RestError::bad_request(format!(
            "Connector name configuration ({configured}) doesn't match connector name in the URL ({name})"
        ))),
        Some(_) => Ok(()),
        None => {
            config.insert("name", name);
            Ok(())
        }
    }
}

fn put_answer(peer: Peer, headers: &HeaderMap, put: Put<ConnectorInfo>) -> Response {
    if !put.created {
        return Json(put.value).into_response();
    }
    let path = format!("/connectors/{}", encode_segment(&put.value.name));
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let scheme = if peer.secure { "https" } else { "http" };
    let location = host.map_or_else(|| path.clone(), |host| format!("{scheme}://{host}{path}"));
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(put.value)).into_response()
}

/// A name as part of a path. Java leaves the slash as it is.
fn encode_segment(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => out.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b','
            | b';' | b'=' | b':' | b'@' | b'/' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

pub(super) async fn info(
    State(state): State<RestState>,
    Path(name): Path<String>,
) -> Answer<Json<ConnectorInfo>> {
    Ok(Json(state.ask(|herder| async move { herder.connector_info(&name).await }).await?))
}

/// A configuration as the body of an answer.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct ConfigAnswer(#[serde(serialize_with = "crate::herder::config_map")] ConfigMap);

pub(super) async fn config(
    State(state): State<RestState>,
    Path(name): Path<String>,
) -> Answer<Json<ConfigAnswer>> {
    Ok(Json(ConfigAnswer(state.ask(|herder| async move { herder.connector_config(&name).await }).await?)))
}

pub(super) async fn put_config(
    State(state): State<RestState>,
    Extension(peer): Extension<Peer>,
    Path(name): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer<Response> {
    let config: Option<ConfigBody> = body::read(&headers, &bytes)?;
    let ConfigBody(mut config) = config.ok_or_else(|| body::missing("the connector's config"))?;
    check_name(&name, &mut config)?;
    let put = state
        .ask(|herder| async move { herder.put_connector_config(&name, config, None, true).await })
        .await?;
    Ok(put_answer(peer, &headers, put))
}

pub(super) async fn patch_config(
    State(state): State<RestState>,
    Path(name): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer<Json<ConnectorInfo>> {
    let patch: Option<ConfigBody> = body::read(&headers, &bytes)?;
    // Whether the connector exists is looked at before the body.
    let known = name.clone();
    state.ask(|herder| async move { herder.connector_config(&known).await }).await?;
    let ConfigBody(patch) = patch.ok_or_else(|| body::missing("the keys to change"))?;
    Ok(Json(state.ask(|herder| async move { herder.patch_connector_config(&name, patch).await }).await?))
}

pub(super) async fn delete(State(state): State<RestState>, Path(name): Path<String>) -> Answer<StatusCode> {
    state.ask(|herder| async move { herder.delete_connector(&name).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn status(
    State(state): State<RestState>,
    Path(name): Path<String>,
) -> Answer<Json<ConnectorStateInfo>> {
    Ok(Json(state.herder()?.connector_status(&name)?))
}

pub(super) async fn restart(
    State(state): State<RestState>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer<Response> {
    let request = RestartRequest {
        only_failed: query_flag(query.as_deref(), "onlyFailed"),
        include_tasks: query_flag(query.as_deref(), "includeTasks"),
    };
    if request == RestartRequest::default() {
        state.ask(|herder| async move { herder.restart_connector(&name).await }).await?;
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let plan =
        state.ask(|herder| async move { herder.restart_connector_and_tasks(&name, request).await }).await?;
    Ok((StatusCode::ACCEPTED, Json(plan)).into_response())
}

pub(super) async fn pause(State(state): State<RestState>, Path(name): Path<String>) -> Answer<StatusCode> {
    state.ask(|herder| async move { herder.set_target_state(&name, TargetState::Paused).await }).await?;
    Ok(StatusCode::ACCEPTED)
}

pub(super) async fn resume(State(state): State<RestState>, Path(name): Path<String>) -> Answer<StatusCode> {
    state.ask(|herder| async move { herder.set_target_state(&name, TargetState::Started).await }).await?;
    Ok(StatusCode::ACCEPTED)
}

pub(super) async fn stop(State(state): State<RestState>, Path(name): Path<String>) -> Answer<StatusCode> {
    state.ask(|herder| async move { herder.stop_connector(&name).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize)]
struct ActiveTopics {
    topics: BTreeSet<String>,
}

pub(super) async fn topics(State(state): State<RestState>, Path(name): Path<String>) -> Answer<Response> {
    let topics = state.herder()?.active_topics(&name)?;
    let mut answer = Map::new();
    answer.insert(name, to_json(&ActiveTopics { topics })?);
    Ok(Json(answer).into_response())
}

pub(super) async fn reset_topics(
    State(state): State<RestState>,
    Path(name): Path<String>,
) -> Answer<StatusCode> {
    state.herder()?.reset_active_topics(&name)?;
    Ok(StatusCode::ACCEPTED)
}

pub(super) async fn tasks(
    State(state): State<RestState>,
    Path(name): Path<String>,
) -> Answer<Json<Vec<TaskInfo>>> {
    Ok(Json(state.ask(|herder| async move { herder.task_configs(&name).await }).await?))
}

/// The task of a path; what is no number is no task of any connector.
fn task_id(connector: String, task: &str) -> Answer<TaskId> {
    match task.parse() {
        Ok(task) => Ok(TaskId { connector, task }),
        Err(_) => Err(RestError::from(HerderError::NotFound("HTTP 404 Not Found".to_owned()))),
    }
}

pub(super) async fn task_status(
    State(state): State<RestState>,
    Path((name, task)): Path<(String, String)>,
) -> Answer<Json<TaskState>> {
    Ok(Json(state.herder()?.task_status(&task_id(name, &task)?)?))
}

pub(super) async fn restart_task(
    State(state): State<RestState>,
    Path((name, task)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let task = task_id(name, &task)?;
    state.ask(|herder| async move { herder.restart_task(&task).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_as_java_reads_them() {
        let check = |query, expected| assert_eq!(query_flag(Some(query), "onlyFailed"), expected, "{query}");
        check("onlyFailed=true", true);
        check("onlyFailed=TRUE&includeTasks=x", true);
        check("onlyFailed=false&onlyFailed=true", false);
        check("onlyFailed", false);
        check("onlyfailed=true", false);
        check("only%46ailed=%74rue", true);
    }

    #[test]
    fn names_are_encoded_for_the_location() {
        assert_eq!(encode_segment("s p"), "s%20p");
        assert_eq!(encode_segment("a/b?c=1þ"), "a/b%3Fc=1%C3%BE");
    }
}
