//! What workers of a group ask of each other: requests signed with the key of the group (KIP-507, KIP-618).

use aqueduct_proto::session::{ALGORITHM_HEADER, Algorithm, SIGNATURE_HEADER};
use axum::extract::{Path, State};
use axum::response::Response;
use base64::engine::general_purpose::STANDARD;
use base64::{DecodeError, Engine};

use super::forwarding::Forwardable;
use super::{Answer, RestError, RestState, body};

pub(super) async fn put_task_configs(
    State(state): State<RestState>,
    Path(name): Path<String>,
    request: Forwardable,
) -> Answer<Response> {
    let configs = body::read_configs(&request.body)?;
    verify(&state, &request)?;
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

/// Whether the request is signed. Comes before the herder is asked anything else, so that a stranger learns nothing of
/// connectors. As in Java, a signature that cannot be read is refused before anybody asks whether one is needed.
fn verify(state: &RestState, request: &Forwardable) -> Answer<()> {
    let header = |name| request.headers.get(name).and_then(|value| value.to_str().ok());
    let (signature, algorithm) = (header(SIGNATURE_HEADER), header(ALGORITHM_HEADER));
    if let Some((signature, algorithm)) = signature.zip(algorithm) {
        check_form(signature, algorithm)?;
    }
    state.herder()?.verify_internal(signature, algorithm, &request.body)?;
    Ok(())
}

fn check_form(signature: &str, algorithm: &str) -> Answer<()> {
    if Algorithm::from_name(algorithm).is_none() {
        return Err(RestError::bad_request(format!("Algorithm {algorithm} not available")));
    }
    match STANDARD.decode(signature) {
        Err(DecodeError::InvalidByte(_, byte)) if byte != b'=' => {
            Err(RestError::bad_request(format!("Illegal base64 character {byte:x}")))
        }
        // What is wrong otherwise is only seen where the signature counts.
        _ => Ok(()),
    }
}
