//! Requests that only another worker of the group can do are sent to it, and its answers given back (spec: forwarding).
//!
//! A client is never told to ask elsewhere. The query parameter `forward` counts how far a request has come: without it the
//! worker forwards with `forward=true`, which that worker forwards once more with `forward=false` if the leader has changed
//! meanwhile; after that it is a conflict.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::time::Instant;

use super::client::{Call, Reply, RestClient};
use super::surroundings::Peer;
use super::uri::{encode_segment, query_boolean};
use super::{Answer, RestError};
use crate::herder::{ConnectorInfo, HerderError, Put};

/// A request with all that is needed to have another worker do it.
pub(super) struct Forwardable {
    method: Method,
    uri: Uri,
    /// Parameters that go along, each with an ampersand before it.
    parameters: String,
    /// Whether the client came over TLS.
    secure: bool,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Forwardable {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let method = request.method().clone();
        let uri = request.uri().clone();
        let headers = request.headers().clone();
        let secure = request.extensions().get::<Peer>().is_some_and(|peer| peer.secure);
        let body = Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        Ok(Self { method, uri, parameters: String::new(), secure, headers, body })
    }
}

impl Forwardable {
    pub(super) fn query(&self) -> Option<&str> {
        self.uri.query()
    }

    /// Has a query parameter go along: others than these are not forwarded.
    pub(super) fn keep_flag(mut self, name: &str, value: bool) -> Self {
        self.parameters.push_str(&format!("&{name}={value}"));
        self
    }

    /// The answer to a request that may have made a connector: where that is, as seen from the client.
    pub(super) fn put_answer(&self, put: Put<ConnectorInfo>) -> Response {
        if !put.created {
            return Json(put.value).into_response();
        }
        (StatusCode::CREATED, [(header::LOCATION, self.location(&put.value.name))], Json(put.value))
            .into_response()
    }

    fn location(&self, connector: &str) -> String {
        let path = format!("/connectors/{}", encode_segment(connector));
        let host = self.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let scheme = if self.secure { "https" } else { "http" };
        host.map_or_else(|| path.clone(), |host| format!("{scheme}://{host}{path}"))
    }

    /// Has the worker at this URL do the request, if it has not come too far.
    pub(super) async fn forward(
        &self,
        client: &RestClient,
        url: Option<String>,
        deadline: Instant,
    ) -> Answer<Response> {
        let may_go_on = match query_boolean(self.query(), "forward") {
            None => true,
            Some(true) => false,
            Some(false) => return Err(HerderError::Elsewhere { url }.into()),
        };
        let Some(url) = url.filter(|url| !url.trim().is_empty()) else {
            return Err(RestError::new(
                StatusCode::CONFLICT,
                "Cannot complete request momentarily due to no known leader URL, likely because a rebalance was underway.",
            ));
        };
        let call = Call {
            method: self.method.clone(),
            path: &format!("{}?forward={may_go_on}{}", self.uri.path(), self.parameters),
            body: self.body.clone(),
            authorization: self.headers.get(header::AUTHORIZATION),
            signature: None,
        };
        let remaining = deadline.saturating_duration_since(Instant::now());
        Ok(self.re_emit(client.send(&url, call, remaining).await?))
    }

    fn re_emit(&self, reply: Reply) -> Response {
        let Reply { status, body } = reply;
        if body.is_empty() {
            return status.into_response();
        }
        let location = match status {
            StatusCode::CREATED => self.location_of(&body),
            _ => None,
        };
        let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let mut response = (status, json, body).into_response();
        if let Some(location) = location {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }

    fn location_of(&self, created: &[u8]) -> Option<HeaderValue> {
        #[derive(Deserialize)]
        struct Named {
            name: String,
        }
        let Named { name } = serde_json::from_slice(created).ok()?;
        HeaderValue::try_from(self.location(&name)).ok()
    }
}
