//! A client for Connect's REST API: one connection for each request, JSON both ways.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::rt::{Read, Write};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value as Json;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::url::WorkerUrl;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A little longer than a worker takes before it says itself that a request has timed out.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(100);
const ANSWER_BYTES_MAX: usize = 256 << 20;

/// What a worker answered to a request that it did not refuse.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The code, below 400.
    pub status: StatusCode,
    /// The body; null for none.
    pub body: Json,
}

/// A worker refused a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The code, 400 or above.
    pub status: StatusCode,
    /// The worker's own words.
    pub message: String,
}

impl std::error::Error for Refusal {}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (HTTP {})", self.message, self.status.as_u16())
    }
}

/// Talks to one worker.
#[derive(Debug, Clone)]
pub struct RestClient {
    url: WorkerUrl,
}

impl RestClient {
    /// A client for the worker at this URL. Nothing is connected yet.
    pub fn new(url: &str) -> Result<Self> {
        Ok(Self { url: WorkerUrl::parse(url)? })
    }

    /// The body of a GET.
    pub async fn get(&self, path: &str) -> Result<Json> {
        Ok(self.send(Method::GET, path, None).await?.body)
    }

    /// Sends a request. `path` begins with a slash and is encoded.
    ///
    /// # Errors
    /// A [`Refusal`] if the worker refused it; anything else means that there was no proper answer.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Json>) -> Result<Answer> {
        let request = self.request(method, path, body)?;
        let unreachable = || format!("no worker could be reached at {}", self.url.shown());
        let stream = timeout(CONNECT_TIMEOUT, self.connect())
            .await
            .unwrap_or_else(|_| Err(anyhow!("no connection after {} s", CONNECT_TIMEOUT.as_secs())))
            .with_context(unreachable)?;
        let exchange = async {
            if self.url.https {
                exchange(TokioIo::new(super::tls::wrap(stream, &self.url.host).await?), request).await
            } else {
                exchange(TokioIo::new(stream), request).await
            }
        };
        let (status, bytes) = timeout(ANSWER_TIMEOUT, exchange)
            .await
            .unwrap_or_else(|_| Err(anyhow!("no answer after {} s", ANSWER_TIMEOUT.as_secs())))
            .with_context(|| format!("{} gave no proper answer", self.url.shown()))?;
        read(status, &bytes)
    }

    async fn connect(&self) -> Result<TcpStream> {
        Ok(TcpStream::connect((self.url.host.as_str(), self.url.port)).await?)
    }

    fn request(&self, method: Method, path: &str, body: Option<&Json>) -> Result<Request<Full<Bytes>>> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url.prefix))
            .header(HOST, &self.url.authority)
            .header(ACCEPT, "application/json");
        if let Some(authorization) = &self.url.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let body = match body {
            None => Bytes::new(),
            Some(json) => {
                request = request.header(CONTENT_TYPE, "application/json");
                json.to_string().into()
            }
        };
        request.body(Full::new(body)).with_context(|| format!("`{path}` is no path"))
    }
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes)>
where
    S: Read + Write + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(stream).await?;
    // The connection works until the answer is complete, and ends with the sender.
    let driver = tokio::spawn(connection);
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
    driver.abort();
    Ok((status, body.map_err(|error| anyhow!(error))?.to_bytes()))
}

fn read(status: StatusCode, bytes: &[u8]) -> Result<Answer> {
    let body = if bytes.is_empty() { Some(Json::Null) } else { serde_json::from_slice(bytes).ok() };
    if status.as_u16() < 400 {
        let body = body.context("the answer is no JSON: is this a worker of Kafka Connect?")?;
        return Ok(Answer { status, body });
    }
    let message = body.as_ref().and_then(|body| body.get("message")).and_then(Json::as_str);
    let message = message.map(str::to_owned).unwrap_or_else(|| match String::from_utf8_lossy(bytes) {
        // Not a worker's own error: an authentication filter's plain text, or the page of a proxy.
        text if !text.is_empty() && text.len() < 500 && !text.contains('<') => text.into_owned(),
        _ => status.canonical_reason().unwrap_or("refused").to_owned(),
    });
    Err(Refusal { status, message }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let check = |code: u16, body: &str, expected: Result<Json, &str>| {
            let status = StatusCode::from_u16(code).expect("a code");
            let got =
                read(status, body.as_bytes()).map(|answer| answer.body).map_err(|error| error.to_string());
            assert_eq!(got, expected.map_err(str::to_owned), "{code} {body}");
        };
        check(200, r#"{"a":1}"#, Ok(serde_json::json!({"a": 1})));
        check(204, "", Ok(Json::Null));
        check(200, "<html>", Err("the answer is no JSON: is this a worker of Kafka Connect?"));
        check(
            404,
            r#"{"error_code":404,"message":"Connector x not found"}"#,
            Err("Connector x not found (HTTP 404)"),
        );
        check(
            500,
            r#"{"error_code":500,"message":null}"#,
            Err(r#"{"error_code":500,"message":null} (HTTP 500)"#),
        );
        check(401, "User cannot access the resource.", Err("User cannot access the resource. (HTTP 401)"));
        check(502, "<html>", Err("Bad Gateway (HTTP 502)"));
    }
}
