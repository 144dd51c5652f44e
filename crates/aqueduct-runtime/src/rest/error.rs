//! Answers that are errors.

use aqueduct_proto::session::Refusal;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::client::ClientError;
use crate::herder::{HerderError, Stage};
use crate::logging::masked;

/// The body of every error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The HTTP status, again.
    pub error_code: u16,
    /// What is wrong.
    pub message: Option<String>,
}

/// An error on its way to a client.
#[derive(Debug)]
pub(crate) struct RestError {
    status: StatusCode,
    body: ErrorBody,
}

/// What a handler gives.
pub(crate) type Answer<T> = Result<T, RestError>;

impl RestError {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, body: ErrorBody { error_code: status.as_u16(), message: Some(message.into()) } }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    }

    /// No route has this path.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "HTTP 404 Not Found")
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "HTTP 405 Method Not Allowed")
    }

    pub(crate) fn not_acceptable() -> Self {
        Self::new(StatusCode::NOT_ACCEPTABLE, "HTTP 406 Not Acceptable")
    }

    pub(crate) fn unsupported_media_type() -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "HTTP 415 Unsupported Media Type")
    }

    /// The body is larger than any that makes sense here.
    pub(crate) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "HTTP 413 Request Entity Too Large")
    }

    /// The request has taken too long; the text says what the worker is busy with.
    pub(crate) fn timed_out(stage: Option<Stage>) -> Self {
        Self::internal(match stage {
            Some(stage) => format!("Request timed out. {}", stage.summary()),
            None => "Request timed out".to_owned(),
        })
    }

    /// The same without the full stop at the end: what the validate endpoint says of a time-out.
    pub(crate) fn without_full_stop(mut self) -> Self {
        if let Some(message) = self.body.message.as_mut().filter(|message| message.ends_with('.')) {
            message.pop();
        }
        self
    }

    /// The answer without a Content-Type: the Java worker gives none where no resource was reached.
    pub(crate) fn bare(self) -> Response {
        let mut response = self.into_response();
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.headers_mut().remove(header::ALLOW);
        response
    }
}

impl From<HerderError> for RestError {
    fn from(error: HerderError) -> Self {
        let status = match &error {
            HerderError::NotFound(_) => StatusCode::NOT_FOUND,
            HerderError::AlreadyExists(_) | HerderError::Conflict(_) | HerderError::Elsewhere { .. } => {
                StatusCode::CONFLICT
            }
            HerderError::BadRequest(_) => StatusCode::BAD_REQUEST,
            HerderError::Forbidden(_) => StatusCode::FORBIDDEN,
            HerderError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string())
    }
}

/// What another worker refuses is refused in its words; any other failure to ask it is this worker's.
impl From<ClientError> for RestError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Refused { status, body } => Self {
                status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                body,
            },
            error => Self::internal(error.to_string()),
        }
    }
}

impl From<Refusal> for RestError {
    fn from(refusal: Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
        Self::new(status, refusal.to_string())
    }
}

impl IntoResponse for RestError {
    fn into_response(self) -> Response {
        if self.status.is_server_error() {
            let message = self.body.message.as_deref().unwrap_or_default();
            tracing::error!("Uncaught exception in REST call: {}", masked(message));
        }
        let mut response = (self.status, Json(self.body)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}
