//! `GET /metrics`: the worker's figures, for Prometheus, or as JSON with `?format=json`.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::uri::query_values;
use super::{Answer, RestError, RestState};
use crate::metrics;

pub(super) async fn metrics(State(state): State<RestState>, RawQuery(query): RawQuery) -> Answer<Response> {
    let metered = state.metered.borrow().clone().ok_or_else(RestError::not_found)?;
    let beans = metered.beans();
    let format = query_values(query.as_deref(), "format").into_iter().next();
    if format.is_some_and(|format| format.eq_ignore_ascii_case("json")) {
        return Ok(Json(beans).into_response());
    }
    Ok(([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics::text(&beans)).into_response())
}
