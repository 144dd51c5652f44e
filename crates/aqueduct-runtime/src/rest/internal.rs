//! What workers of a group ask of each other: requests signed with the key of the group (KIP-507, KIP-618).

use aqueduct_proto::session::{ALGORITHM_HEADER, SIGNATURE_HEADER};
use axum::extract::{Path, State};
use axum::response::Response;

use super::forwarding::Forwardable;
use super::{Answer, RestState, body};

pub(super) async fn put_task_configs(
    State(state): State<RestState>,
    Path(name): Path<String>,
    request: Forwardable,
) -> Answer<Response> {
    verify(&state, &request)?;
    let configs = body::read_configs(&request.body)?;
    state
        .tell_or_forward(&request, |herder| async move { herder.put_task_configs(&name, configs).await })
        .await
}

pub(super) async fn fence(
    State(state): State<RestState>,
    Path(name): Path<String>,
    request: Forwardable,
) -> Answer<Response> {
    verify(&state, &request)?;
    state.tell_or_forward(&request, |herder| async move { herder.fence_zombies(&name).await }).await
}

/// Comes before all else, so that a stranger learns nothing.
fn verify(state: &RestState, request: &Forwardable) -> Answer<()> {
    let header = |name| request.headers.get(name).and_then(|value| value.to_str().ok());
    let herder = state.herder()?;
    herder.verify_internal(header(SIGNATURE_HEADER), header(ALGORITHM_HEADER), &request.body)?;
    Ok(())
}
