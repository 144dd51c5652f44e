//! What the HTTP layer of the Java worker makes of requests before any resource sees them.

use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::Extension;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::future::{Either, FutureExt, Map};
use tower::{Layer, Service};

use super::routes::{self, Media};
use super::{BODY_MAX_BYTES, RestError, RestState};

/// `OPTIONS`, and the media types, size and sender of requests, for paths that a route has.
pub(super) async fn admit(State(state): State<RestState>, request: Request, next: Next) -> Response {
    let Some(route) = request.extensions().get::<MatchedPath>().and_then(|path| routes::of(path.as_str()))
    else {
        return next.run(request).await;
    };
    let is_options = request.method() == Method::OPTIONS;
    if !route.allow.split(',').any(|method| method == request.method().as_str()) {
        return RestError::method_not_allowed().bare();
    }
    if !is_options && let Some(refusal) = refuse_media(route.media(request.method()), request.headers()) {
        return refusal;
    }
    let guard = state.guard.as_deref().filter(|_| !route.is_internal(request.method()));
    let user = match guard.map(|guard| guard.admit(request.headers())) {
        None => None,
        Some(Ok(user)) => user,
        Some(Err(stranger)) => return stranger.into_response(),
    };
    let mut response = if is_options {
        options(route.allow, request.headers())
    } else if declared_length(request.headers()) > BODY_MAX_BYTES as u64 {
        RestError::too_large().into_response()
    } else {
        let response = next.run(request).await;
        // The extractor's own words for a body whose length nobody had declared.
        if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
            RestError::too_large().into_response()
        } else {
            response
        }
    };
    if let Some(user) = user {
        response.extensions_mut().insert(user);
    }
    response
}

fn refuse_media(media: Media, headers: &HeaderMap) -> Option<Response> {
    match content_type(headers) {
        ContentType::Malformed => return Some(malformed()),
        ContentType::Other if media == Media::Json => {
            return Some(RestError::unsupported_media_type().bare());
        }
        _ => {}
    }
    (media != Media::Any && !accepts(headers, "application/json")).then(|| RestError::not_acceptable().bare())
}

fn declared_length(headers: &HeaderMap) -> u64 {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    length.and_then(|length| length.parse().ok()).unwrap_or(0)
}

fn options(methods: &'static str, headers: &HeaderMap) -> Response {
    let allow = [(header::ALLOW, HeaderValue::from_static(methods))];
    let wants_json =
        headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes() == b"application/json");
    if wants_json {
        (allow, [(header::CONTENT_TYPE, "application/json")], Body::empty()).into_response()
    } else {
        let body = methods.replace(',', ", ");
        (allow, [(header::CONTENT_TYPE, "text/plain")], body).into_response()
    }
}

/// The answer to a header that is none, from the layer below all resources.
fn malformed() -> Response {
    let no_cache = [(header::CACHE_CONTROL, "must-revalidate,no-cache,no-store")];
    (StatusCode::BAD_REQUEST, no_cache, Body::empty()).into_response()
}

/// What a request says that its body is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ContentType {
    Absent,
    Json,
    /// A wild card: it passes for a request without a body, and no body can be read with it.
    Any,
    Other,
    Malformed,
}

/// Looks at the Content-Type.
pub(super) fn content_type(headers: &HeaderMap) -> ContentType {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return ContentType::Absent };
    let Ok(value) = value.to_str() else { return ContentType::Malformed };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.split_once('/') {
        None => ContentType::Malformed,
        Some(("", _) | (_, "")) => ContentType::Malformed,
        Some(("*", "*") | ("application", "*")) => ContentType::Any,
        Some(("application", "json")) => ContentType::Json,
        Some(_) => ContentType::Other,
    }
}

/// Whether one of the accepted media types covers this one. Java's worker looks at no quality, not even at `q=0`.
fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let mut accepted =
        headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
    if accepted.peek().is_none() {
        return true;
    }
    let (wanted_type, wanted_subtype) = wanted.split_once('/').unwrap_or((wanted, ""));
    accepted.flat_map(|value| value.split(',')).any(|range| {
        let range = range.split(';').next().map(str::trim);
        let (kind, subtype) = range.and_then(|range| range.split_once('/')).unwrap_or_default();
        (kind == "*" || kind.eq_ignore_ascii_case(wanted_type))
            && (subtype == "*" || subtype.eq_ignore_ascii_case(wanted_subtype))
    })
}

/// Cleans paths before they are routed: see [`Rewrite`].
#[derive(Clone, Copy)]
pub(super) struct RewriteLayer;

impl<S> Layer<S> for RewriteLayer {
    type Service = Rewrite<S>;
    fn layer(&self, inner: S) -> Rewrite<S> {
        Rewrite(inner)
    }
}

/// Takes matrix parameters and a trailing slash off a path, and refuses paths that mean two things.
#[derive(Clone)]
pub(super) struct Rewrite<S>(S);

impl<S> Service<Request> for Rewrite<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Map<S::Future, WithoutAllow>, std::future::Ready<Result<Response, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        match clean_path(request.uri().path()) {
            Err(reason) => return Either::Right(std::future::ready(Ok(bad_path(reason)))),
            Ok(None) => {}
            Ok(Some(path)) => {
                let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
                let mut parts = request.uri().clone().into_parts();
                parts.path_and_query = PathAndQuery::try_from(path + &query).ok();
                match Uri::from_parts(parts) {
                    Ok(uri) => *request.uri_mut() = uri,
                    Err(_) => {
                        return Either::Right(std::future::ready(Ok(bad_path("Illegal Path Character"))));
                    }
                }
            }
        }
        Either::Left(self.0.call(request).map(without_allow as WithoutAllow))
    }
}

type WithoutAllow = fn(Result<Response, Infallible>) -> Result<Response, Infallible>;

/// The router adds `Allow` where a method has no handler; the Java worker's refusals have none.
fn without_allow(answer: Result<Response, Infallible>) -> Result<Response, Infallible> {
    answer.map(|mut response| {
        if matches!(response.status(), StatusCode::METHOD_NOT_ALLOWED | StatusCode::UNAUTHORIZED) {
            response.headers_mut().remove(header::ALLOW);
        }
        response
    })
}

/// The path to route instead of this one, if it is another; or what is wrong with it.
fn clean_path(path: &str) -> Result<Option<String>, &'static str> {
    if path.bytes().any(|byte| {
        matches!(byte, b'{' | b'}' | b'<' | b'>' | b'"' | b'\\' | b'^' | b'`' | b'|') || byte >= 0x80
    }) {
        return Err("Illegal Path Character");
    }
    let lower = path.to_ascii_lowercase();
    if has_control_characters(&lower) {
        return Err("Illegal Path Character");
    }
    if lower.contains("%2f") || lower.contains("%5c") {
        return Err("Ambiguous URI path separator");
    }
    if lower.contains("%25") {
        return Err("Ambiguous URI path encoding");
    }
    if lower.contains("%2e") {
        return Err("Ambiguous URI path segment");
    }
    if path.contains("//") {
        return Err("Ambiguous URI empty segment");
    }
    if !path.contains(';') && (path == "/" || !path.ends_with('/')) {
        return Ok(None);
    }
    let segments: Vec<&str> =
        path.split('/').map(|segment| segment.split(';').next().unwrap_or_default()).collect();
    let clean = segments.join("/");
    let clean = clean.trim_end_matches('/');
    Ok(Some(if clean.is_empty() { "/".to_owned() } else { clean.to_owned() }))
}

/// Whether an escape stands for a control character of ASCII.
fn has_control_characters(path: &str) -> bool {
    path.split('%').skip(1).any(|escape| {
        let byte = escape.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        byte.is_some_and(|byte| byte.is_ascii_control())
    })
}

/// An extension of answers that Java gives below all that its worker adds to answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bare;

fn bad_path(reason: &str) -> Response {
    let no_cache = [(header::CACHE_CONTROL, "must-revalidate,no-cache,no-store")];
    let html = [(header::CONTENT_TYPE, "text/html;charset=iso-8859-1")];
    let body = format!(
        "<html><head><title>Error 400 {reason}</title></head><body><h2>HTTP ERROR 400 {reason}</h2></body></html>\n"
    );
    (StatusCode::BAD_REQUEST, Extension(Bare), no_cache, html, body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_or_refused() {
        let check = |path, expected: Result<Option<&str>, &str>| {
            let cleaned = clean_path(path);
            assert_eq!(cleaned.as_ref().map(|path| path.as_deref()).map_err(|e| *e), expected, "{path}");
        };
        check("/", Ok(None));
        check("/connectors", Ok(None));
        check("/connectors/", Ok(Some("/connectors")));
        check("/connectors;x=1", Ok(Some("/connectors")));
        check("/connectors/a;v=2/status/", Ok(Some("/connectors/a/status")));
        check("//connectors", Err("Ambiguous URI empty segment"));
        check("/connectors/a%2Fb", Err("Ambiguous URI path separator"));
        check("/connectors/a%25b", Err("Ambiguous URI path encoding"));
        check("/connectors/{a}", Err("Illegal Path Character"));
        check("/connectors/a%20b", Ok(None));
        check("/connectors/a%0Ab", Err("Illegal Path Character"));
        check("/connectors/a%7fb", Err("Illegal Path Character"));
        check("/connectors/a%C2%85b", Ok(None));
        check("/connectors/a%", Ok(None));
    }

    #[test]
    fn media_types_are_matched_as_ranges() {
        let check = |accept: &'static str, expected| {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(accepts(&headers, "application/json"), expected, "{accept}");
        };
        check("text/html", false);
        check("text/html,*/*;q=0.1", true);
        check("application/*", true);
        check("application/json;q=0", true);
        assert!(accepts(&HeaderMap::new(), "application/json"));
    }
}
