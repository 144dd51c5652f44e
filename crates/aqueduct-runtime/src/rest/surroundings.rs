//! What surrounds every request of the main listeners, whatever becomes of it: CORS, more headers, and a line in the log.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, Method, Uri, Version, header};
use axum::middleware::Next;
use axum::response::Response;
use http_body::Body as _;
use jiff::Timestamp;

use super::cors::Cors;
use super::headers::AnswerHeader;
use super::rules::Bare;

/// The target of the request log: the Java worker's, so that what silences it there does here.
const REQUEST_LOG: &str = "org.apache.kafka.connect.runtime.rest.RestServer";

/// Where a request came from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    pub(super) address: IpAddr,
    /// Whether over TLS.
    pub(super) secure: bool,
}

/// Who a request was found to come from; an extension of its answer.
#[derive(Debug, Clone)]
pub(super) struct User(pub(super) Arc<str>);

/// What is done to every answer. Nothing but the log line for admin listeners.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    pub(super) cors: Option<Cors>,
    pub(super) headers: Vec<AnswerHeader>,
}

/// Answers a request, and does the rest.
pub(super) async fn surround(
    State(around): State<Arc<Surroundings>>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let cors = around.cors.as_ref().map(|cors| cors.headers(request.method(), request.headers()));
    let line = Line::new(&request);
    let mut response = next.run(request).await;
    let now = Timestamp::now();
    if response.extensions().get::<Bare>().is_none() {
        let headers = response.headers_mut();
        for (name, value) in cors.into_iter().flatten() {
            headers.append(name, value);
        }
        for header in &around.headers {
            header.apply(now, headers);
        }
    }
    line.log(&response, started, now);
    response
}

/// What the log tells of a request.
struct Line {
    peer: Option<Peer>,
    method: Method,
    uri: Uri,
    version: Version,
    referer: String,
    agent: String,
}

impl Line {
    fn new(request: &Request) -> Self {
        Self {
            peer: request.extensions().get::<Peer>().copied(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            referer: quotable(request.headers(), header::REFERER),
            agent: quotable(request.headers(), header::USER_AGENT),
        }
    }

    /// In the extended format of NCSA, and how long it took in milliseconds.
    fn log(self, response: &Response, started: Instant, now: Timestamp) {
        let Self { peer, method, uri, version, referer, agent } = self;
        let address = peer.map_or_else(|| "-".to_owned(), |peer| peer.address.to_string());
        let user = response.extensions().get::<User>().map_or("-", |user| &*user.0);
        tracing::info!(
            target: REQUEST_LOG,
            "{address} - {user} [{}] \"{method} {uri} {version:?}\" {} {} \"{referer}\" \"{agent}\" {}",
            now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            response.status().as_u16(),
            response.body().size_hint().exact().unwrap_or_default(),
            started.elapsed().as_millis(),
        );
    }
}

/// A header as text that cannot end the quotes around it.
fn quotable(headers: &HeaderMap, name: HeaderName) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.replace('\\', "\\\\").replace('"', "\\\"")
}
