//! `/admin/loggers`.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::body::{self, ConfigBody};
use super::uri::query_values;
use super::{Answer, RestError, RestState};
use crate::logging::{LogLevel, LoggerLevel};

pub(super) async fn list(State(state): State<RestState>) -> Json<BTreeMap<String, LoggerLevel>> {
    Json(state.levels.list())
}

pub(super) async fn one(
    State(state): State<RestState>,
    Path(logger): Path<String>,
) -> Answer<Json<LoggerLevel>> {
    let missing = || RestError::new(StatusCode::NOT_FOUND, format!("Logger {logger} not found."));
    state.levels.get(&logger).map(Json).ok_or_else(missing)
}

pub(super) async fn set(
    State(state): State<RestState>,
    Path(logger): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer<Response> {
    let body: Option<ConfigBody> = body::read(&headers, &bytes)?;
    let ConfigBody(body) = body.ok_or_else(|| body::missing("the level"))?;
    let Some(wanted) = body.get("level") else {
        return Err(RestError::bad_request("Desired 'level' parameter was not specified in request."));
    };
    if wanted.is_empty() {
        // Java's logging library refuses the empty name before the worker does.
        return Err(RestError::internal("Illegal null or empty Level name."));
    }
    let Some(level) = LogLevel::parse(wanted) else {
        return Err(RestError::new(StatusCode::NOT_FOUND, format!("invalid log level '{wanted}'.")));
    };
    let scope = query_values(query.as_deref(), "scope").into_iter().next();
    let is_for_all = scope.is_some_and(|scope| scope.eq_ignore_ascii_case("cluster"));
    if is_for_all {
        let (logger, wanted) = (logger.clone(), wanted.to_owned());
        let ask = state.ask(|herder| async move { herder.set_cluster_log_level(&logger, &wanted).await });
        if ask.await? {
            // This worker does as all others do, when it reads what was written.
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
    }
    tracing::info!("Setting level of namespace {logger} and children to {}", level.name());
    let changed = state.levels.set(&logger, level, Timestamp::now().as_millisecond());
    if is_for_all {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(Json(changed).into_response())
}
