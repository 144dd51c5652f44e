//! `/connectors` and what is below it.

use std::collections::BTreeSet;

use aqueduct_api::ConfigMap;
use aqueduct_proto::restart::RestartRequest;
use aqueduct_proto::state::{TargetState, TaskId};
use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Map;

use super::body::{self, ConfigBody, CreateRequest};
use super::forwarding::Forwardable;
use super::uri::{query_flag, query_values};
use super::{Answer, RestError, RestState};
use crate::herder::{ConnectorInfo, ConnectorStateInfo, HerderError, TaskInfo, TaskState};

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

pub(super) async fn create(State(state): State<RestState>, request: Forwardable) -> Answer<Response> {
    let wanted: Option<CreateRequest> = body::read(&request.headers, &request.body)?;
    let wanted = wanted.ok_or_else(|| body::missing("a connector with name and config"))?;
    // As Java's trim: everything up to the blank, at both ends.
    let name = wanted.name.unwrap_or_default();
    let name = name.trim_matches(|c| c <= ' ').to_owned();
    let ConfigBody(mut config) = wanted.config.ok_or_else(|| body::missing("the connector's config"))?;
    check_name(&name, &mut config)?;
    let initial_state = wanted.initial_state;
    state
        .ask_or_forward(
            &request,
            |herder| async move { herder.put_connector_config(&name, config, initial_state, false).await },
            |put| request.put_answer(put),
        )
        .await
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
    Path(name): Path<String>,
    request: Forwardable,
) -> Answer<Response> {
    let config: Option<ConfigBody> = body::read(&request.headers, &request.body)?;
    let ConfigBody(mut config) = config.ok_or_else(|| body::missing("the connector's config"))?;
    check_name(&name, &mut config)?;
    state
        .ask_or_forward(
            &request,
            |herder| async move { herder.put_connector_config(&name, config, None, true).await },
            |put| request.put_answer(put),
        )
        .await
}

pub(super) async fn patch_config(
    State(state): State<RestState>,
    Path(name): Path<String>,
    request: Forwardable,
) -> Answer<Response> {
    let patch: Option<ConfigBody> = body::read(&request.headers, &request.body)?;
    let Some(ConfigBody(patch)) = patch else {
        // Whether the connector exists is looked at before the body.
        state.ask(|herder| async move { herder.connector_config(&name).await }).await?;
        return Err(body::missing("the keys to change"));
    };
    state
        .ask_or_forward(
            &request,
            |herder| async move { herder.patch_connector_config(&name, patch).await },
            Json,
        )
        .await
}

pub(super) async fn delete(
    State(state): State<RestState>,
    Path(name): Path<String>,
    request: Forwardable,
) -> Answer<Response> {
    state.tell_or_forward(&request, |herder| async move { herder.delete_connector(&name).await }).await
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
    request: Forwardable,
) -> Answer<Response> {
    let wanted = RestartRequest {
        only_failed: query_flag(request.query(), "onlyFailed"),
        include_tasks: query_flag(request.query(), "includeTasks"),
    };
    if wanted == RestartRequest::default() {
        return state
            .tell_or_forward(&request, |herder| async move { herder.restart_connector(&name).await })
            .await;
    }
    let request =
        request.keep_flag("includeTasks", wanted.include_tasks).keep_flag("onlyFailed", wanted.only_failed);
    state
        .ask_or_forward(
            &request,
            |herder| async move { herder.restart_connector_and_tasks(&name, wanted).await },
            |plan| (StatusCode::ACCEPTED, Json(plan)),
        )
        .await
}

pub(super) async fn pause(State(state): State<RestState>, Path(name): Path<String>) -> Answer<StatusCode> {
    state.ask(|herder| async move { herder.set_target_state(&name, TargetState::Paused).await }).await?;
    Ok(StatusCode::ACCEPTED)
}

pub(super) async fn resume(State(state): State<RestState>, Path(name): Path<String>) -> Answer<StatusCode> {
    state.ask(|herder| async move { herder.set_target_state(&name, TargetState::Started).await }).await?;
    Ok(StatusCode::ACCEPTED)
}

pub(super) async fn stop(
    State(state): State<RestState>,
    Path(name): Path<String>,
    request: Forwardable,
) -> Answer<Response> {
    state.tell_or_forward(&request, |herder| async move { herder.stop_connector(&name).await }).await
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
    request: Forwardable,
) -> Answer<Response> {
    let task = task_id(name, &task)?;
    state.tell_or_forward(&request, |herder| async move { herder.restart_task(&task).await }).await
}
