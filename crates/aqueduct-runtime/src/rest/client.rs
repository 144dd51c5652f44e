//! What a worker asks of other workers of its group, over their REST API.
//!
//! A connection for each request, as in Java: such requests are rare, and a worker that is idle keeps nothing for them.

mod exchange;
mod target;

use std::sync::Arc;
use std::time::Duration;

use aqueduct_api::ConfigMap;
use aqueduct_proto::session::{ALGORITHM_HEADER, SIGNATURE_HEADER, Signature};
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Method, Request, StatusCode, header};
use serde::de::IgnoredAny;

use super::uri::encode_segment;
use super::{ErrorBody, REQUEST_TIMEOUT};
use crate::worker_config::RestConfig;
use target::Target;

const JSON: &str = "application/json";

/// Why another worker has not done what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// It refused, or failed.
    #[error("{}", body.message.as_deref().unwrap_or_default())]
    Refused {
        /// The HTTP status, 400 or above.
        status: u16,
        /// What it said.
        body: ErrorBody,
    },
    /// It answered neither with what was asked for nor with an error.
    #[error("Unexpected status code when handling forwarded request: {0}")]
    Unexpected(u16),
    /// It was not reached, or gave no proper answer in time.
    #[error("IO Error trying to forward REST request: {0}")]
    Io(String),
    /// The settings for TLS cannot be used.
    #[error("Failed to start RestClient: {0}")]
    Start(String),
    /// The request cannot be sent: its URL is none.
    #[error("Error trying to forward REST request: {0}")]
    Request(String),
}

impl ClientError {
    /// The HTTP status of a worker that refused.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }
}

/// A request to a worker.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// Encoded, with the query.
    pub(super) path: &'a str,
    /// JSON, or nothing.
    pub(super) body: Bytes,
    pub(super) authorization: Option<&'a HeaderValue>,
    pub(super) signature: Option<&'a Signature>,
}

/// The answer of a worker that has done what it was asked: nothing or JSON, with a status between 200 and 299.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

/// Asks other workers. Clones share the settings.
///
/// Stores of certificates are read for each request to an `https` URL, and so may change while the worker runs.
#[derive(Debug, Clone, Default)]
pub struct RestClient {
    tls: Arc<ConfigMap>,
}

impl RestClient {
    /// A client for what the REST API of this worker is configured with. Nothing is read or connected yet.
    pub fn new(config: &RestConfig) -> Self {
        Self { tls: Arc::new(config.tls.clone()) }
    }

    /// Gives the leader new task configurations of a connector that runs here: `body` is a JSON array of objects, and the
    /// signature one of these very bytes. Waits at most [`REQUEST_TIMEOUT`].
    pub async fn post_task_configs(
        &self,
        leader_url: &str,
        connector: &str,
        body: Vec<u8>,
        signature: Option<&Signature>,
    ) -> Result<(), ClientError> {
        let path = format!("/connectors/{}/tasks", encode_segment(connector));
        self.tell(leader_url, Method::POST, &path, body.into(), signature).await
    }

    /// Has the leader fence the producers of a source's earlier tasks. The signature is one of no bytes. Waits at most
    /// [`REQUEST_TIMEOUT`].
    pub async fn fence(
        &self,
        leader_url: &str,
        connector: &str,
        signature: Option<&Signature>,
    ) -> Result<(), ClientError> {
        let path = format!("/connectors/{}/fence", encode_segment(connector));
        self.tell(leader_url, Method::PUT, &path, Bytes::new(), signature).await
    }

    async fn tell(
        &self,
        url: &str,
        method: Method,
        path: &str,
        body: Bytes,
        signature: Option<&Signature>,
    ) -> Result<(), ClientError> {
        let call = Call { method, path, body, authorization: None, signature };
        self.send(url, call, REQUEST_TIMEOUT).await.map(drop)
    }

    /// Sends a request to the worker at this URL, and waits for its answer until the time is up.
    pub(super) async fn send(
        &self,
        worker_url: &str,
        call: Call<'_>,
        timeout: Duration,
    ) -> Result<Reply, ClientError> {
        let target = Target::parse(worker_url).map_err(ClientError::Request)?;
        let request = request(&target, call)?;
        tracing::debug!("Forwarding request {} {} to {worker_url}", request.method(), request.uri());
        let (status, body) = tokio::time::timeout(timeout, exchange::exchange(&target, request, &self.tls))
            .await
            .unwrap_or_else(|_| {
                Err(ClientError::Io(format!("{target} gave no answer within {} ms", timeout.as_millis())))
            })?;
        read(status, body)
    }
}

fn request(target: &Target, call: Call<'_>) -> Result<Request<Body>, ClientError> {
    let mut request = Request::builder()
        .method(call.method)
        .uri(format!("{}{}", target.prefix, call.path))
        .header(header::HOST, &target.authority)
        .header(header::ACCEPT, JSON)
        .header(header::USER_AGENT, "kafka-connect")
        .header(header::CONNECTION, "close");
    if !call.body.is_empty() {
        request = request.header(header::CONTENT_TYPE, JSON);
    }
    if let Some(authorization) = call.authorization {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    if let Some(Signature { signature, algorithm }) = call.signature {
        request = request.header(SIGNATURE_HEADER, signature).header(ALGORITHM_HEADER, algorithm);
    }
    request.body(Body::from(call.body)).map_err(|error| ClientError::Request(error.to_string()))
}

fn read(status: StatusCode, body: Bytes) -> Result<Reply, ClientError> {
    let is_json = |body: &[u8]| serde_json::from_slice::<IgnoredAny>(body).is_ok();
    let improper = || ClientError::Io(format!("the answer with status {} is no JSON", status.as_u16()));
    match status.as_u16() {
        400.. => {
            let body = serde_json::from_slice(&body).map_err(|_| improper())?;
            Err(ClientError::Refused { status: status.as_u16(), body })
        }
        200..300 if body.is_empty() || is_json(&body) => Ok(Reply { status, body }),
        200..300 => Err(improper()),
        other => Err(ClientError::Unexpected(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let check = |code: u16, body: &'static str, expected: Result<(), &str>| {
            let status = StatusCode::from_u16(code).expect("a code");
            let got = read(status, Bytes::from_static(body.as_bytes())).map(drop);
            assert_eq!(
                got.map_err(|error| error.to_string()),
                expected.map_err(str::to_owned),
                "{code} {body}"
            );
        };
        check(204, "", Ok(()));
        check(201, r#"{"name":"c"}"#, Ok(()));
        check(
            200,
            "<html>",
            Err("IO Error trying to forward REST request: the answer with status 200 is no JSON"),
        );
        check(302, "", Err("Unexpected status code when handling forwarded request: 302"));
        check(409, r#"{"error_code":409,"message":"not now"}"#, Err("not now"));
        check(500, r#"{"error_code":500,"message":null}"#, Err(""));
        check(
            401,
            "User cannot access the resource.",
            Err("IO Error trying to forward REST request: the answer with status 401 is no JSON"),
        );
    }

    #[tokio::test]
    async fn nobody_is_waited_for_longer_than_the_time_allows() {
        // Connections are made by the system; nobody here takes them.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", silent.local_addr().expect("bound"));
        let call =
            Call { method: Method::PUT, path: "/", body: Bytes::new(), authorization: None, signature: None };
        let error =
            RestClient::default().send(&url, call, Duration::from_millis(50)).await.expect_err("late");
        let expected = format!("IO Error trying to forward REST request: {url} gave no answer within 50 ms");
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn only_refusals_have_a_status() {
        let body = ErrorBody { error_code: 403, message: None };
        assert_eq!(ClientError::Refused { status: 403, body }.status(), Some(403));
        assert_eq!(ClientError::Unexpected(302).status(), None);
    }
}
