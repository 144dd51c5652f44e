//! One request and its answer over a connection of their own.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_api::ConfigMap;
use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::super::tls;
use super::{ClientError, Target};

/// How long it may take to connect: what Jetty's client allows.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// The largest answer that is read: a configuration of the largest size, with all of its tasks.
const ANSWER_MAX_BYTES: usize = 64 << 20;

/// Sends a request, and gives the whole answer. Dropping the future closes the connection.
pub(super) async fn exchange(
    target: &Target,
    request: Request<Body>,
    settings: &Arc<ConfigMap>,
) -> Result<(StatusCode, Bytes), ClientError> {
    let connect = TcpStream::connect((target.host.as_str(), target.port));
    let stream = timeout(CONNECT_TIMEOUT, connect)
        .await
        .map_err(|_| failed(target, &"the connection takes too long"))?
        .map_err(|error| failed(target, &error))?;
    // Requests are short: they go out at once. A socket that does not know this is slower, not wrong.
    let _ = stream.set_nodelay(true);
    let answer = if target.https {
        talk(encrypt(target, stream, Arc::clone(settings)).await?, request).await
    } else {
        talk(stream, request).await
    };
    answer.map_err(|error| failed(target, &error))
}

fn failed(target: &Target, reason: &dyn std::fmt::Display) -> ClientError {
    ClientError::Io(format!("{target}: {reason}"))
}

async fn encrypt(
    target: &Target,
    stream: TcpStream,
    settings: Arc<ConfigMap>,
) -> Result<TlsStream<TcpStream>, ClientError> {
    let start = |reason: String| ClientError::Start(reason);
    // Stores are files, and to open one takes the time that its key derivation wants.
    let config = tokio::task::spawn_blocking(move || tls::client_config(&settings))
        .await
        .map_err(|error| start(error.to_string()))?
        .map_err(|error| start(error.to_string()))?;
    let name = ServerName::try_from(target.host.clone())
        .map_err(|_| ClientError::Request(format!("{target} names no host that TLS knows")))?;
    TlsConnector::from(config).connect(name, stream).await.map_err(|error| failed(target, &error))
}

async fn talk<S>(stream: S, request: Request<Body>) -> Result<(StatusCode, Bytes), String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| with_causes(&error))?;
    let mut asked = std::pin::pin!(async move {
        let answer = sender.send_request(request).await.map_err(|error| with_causes(&error))?;
        let status = answer.status();
        let body = axum::body::to_bytes(Body::new(answer.into_body()), ANSWER_MAX_BYTES);
        Ok((status, body.await.map_err(|error| with_causes(&error))?))
    });
    tokio::select! {
        answer = asked.as_mut() => answer,
        // What came before the end is still to be read, and what did not is an error there.
        _ = connection => asked.await,
    }
}

/// An error with its causes: hyper's own words do not name them.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
