//! `/connector-plugins`.

use std::pin::pin;

use aqueduct_api::PluginKind;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::body::{self, ConfigBody};
use super::uri::query_values;
use super::{Answer, RestError, RestState};
use crate::herder::HerderError;
use crate::validation::{class_matches_path, plugin_config};

/// A plugin in the listing.
#[derive(Serialize)]
struct PluginInfo {
    class: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    version: &'static str,
}

pub(super) async fn list(State(state): State<RestState>, RawQuery(query): RawQuery) -> Answer<Response> {
    // Anything but true asks for all kinds; without the parameter it is true.
    let connectors_only = query_values(query.as_deref(), "connectorsOnly")
        .first()
        .is_none_or(|value| value.eq_ignore_ascii_case("true"));
    let herder = state.herder()?;
    let listed = herder.registry().listed().filter(|plugin| {
        !connectors_only || matches!(plugin.kind, PluginKind::Source { .. } | PluginKind::Sink { .. })
    });
    let infos: Vec<PluginInfo> = listed
        .map(|plugin| PluginInfo { class: plugin.class, kind: plugin.kind.name(), version: plugin.version })
        .collect();
    Ok(Json(infos).into_response())
}

pub(super) async fn config(
    State(state): State<RestState>,
    Path(plugin): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer<Response> {
    let version = query_values(query.as_deref(), "version").into_iter().next();
    let herder = state.herder()?;
    let keys = plugin_config(herder.registry(), &plugin, version.as_deref());
    let keys = keys.map_err(|error| RestError::from(HerderError::from(error)))?;
    Ok(Json(keys).into_response())
}

pub(super) async fn validate(
    State(state): State<RestState>,
    Path(plugin): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Answer<Response> {
    let config: Option<ConfigBody> = body::read(&headers, &bytes)?;
    let ConfigBody(config) = config.ok_or_else(|| body::missing("the configuration to validate"))?;
    if let Some(class) = config.get("connector.class")
        && !class_matches_path(class, &plugin)
    {
        return Err(RestError::bad_request(format!(
            "Included connector type {class} does not match request type {plugin}"
        )));
    }
    let herder = state.herder()?;
    let mut validated = pin!(herder.validate_connector_config(config));
    match tokio::time::timeout(state.limits.request, validated.as_mut()).await {
        Ok(Ok(infos)) => Ok(Json(infos).into_response()),
        // Java wraps what validation throws, and answers 500 with the name of the class before the text.
        Ok(Err(error)) => Err(RestError::internal(format!("{}: {error}", error.java_class()))),
        Err(_) => Err(RestError::timed_out(herder.stages().current()).without_full_stop()),
    }
}
