//! `GET /` and `GET /health`.

use std::pin::pin;
use std::sync::Arc;

use aqueduct_api::{KAFKA_COMMIT, KAFKA_VERSION};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::{Answer, RestState};
use crate::herder::{Herder, ServerInfo};

pub(super) async fn server_info(State(state): State<RestState>) -> Answer<Json<ServerInfo>> {
    let herder = state.herder()?;
    Ok(Json(ServerInfo {
        version: KAFKA_VERSION.to_owned(),
        commit: KAFKA_COMMIT.to_owned(),
        kafka_cluster_id: herder.kafka_cluster_id(),
    }))
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    message: String,
}

fn answer(
    code: StatusCode,
    status: &'static str,
    message: &str,
    herder: Option<&Arc<dyn Herder>>,
) -> Response {
    let stage = herder.and_then(|herder| herder.stages().current());
    let message = match stage {
        Some(stage) if code != StatusCode::OK => format!("{message} {}", stage.summary()),
        _ => message.to_owned(),
    };
    (code, Json(Health { status, message })).into_response()
}

pub(super) async fn health(State(state): State<RestState>) -> Response {
    const STARTING: &str = "Worker is still starting up.";
    let Ok(herder) = state.herder() else {
        return answer(StatusCode::SERVICE_UNAVAILABLE, "starting", STARTING, None);
    };
    if !herder.is_ready() {
        return answer(StatusCode::SERVICE_UNAVAILABLE, "starting", STARTING, Some(&herder));
    }
    let mut ping = pin!(herder.ping());
    match tokio::time::timeout(state.limits.health, ping.as_mut()).await {
        Ok(()) => answer(
            StatusCode::OK,
            "healthy",
            "Worker has completed startup and is ready to handle requests.",
            None,
        ),
        Err(_) => answer(
            StatusCode::INTERNAL_SERVER_ERROR,
            "unhealthy",
            "Worker was unable to handle this request and may be unable to handle other requests.",
            Some(&herder),
        ),
    }
}
