//! Sockets: accepting connections, TLS, and the graceful end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

use super::surroundings::Peer;

/// What answers requests.
pub(super) type App = BoxCloneSyncService<Request, Response, Infallible>;

/// How long a handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections at a time to one listener; more wait to be accepted.
const CONNECTIONS_MAX: usize = 1024;
/// The pause after a connection that could not be accepted, because the process has no more files, perhaps.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A bound socket, with what it needs to speak TLS.
pub(super) struct Socket {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl Socket {
    /// Binds a host and port; an empty host stands for all interfaces.
    pub(super) async fn bind(host: &str, port: u16, tls: Option<Arc<ServerConfig>>) -> std::io::Result<Self> {
        let host = if host.is_empty() { "0.0.0.0" } else { host };
        let listener = TcpListener::bind((host, port)).await.map_err(|error| {
            std::io::Error::new(error.kind(), format!("Cannot listen on {host}:{port} for REST: {error}"))
        })?;
        Ok(Self { listener, tls: tls.map(TlsAcceptor::from) })
    }

    pub(super) fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until told to stop; then takes no more connections, and returns when the open ones have ended. A connection
    /// that is idle for longer than `idle_timeout` ends.
    pub(super) async fn serve(self, app: App, idle_timeout: Duration, mut stop: watch::Receiver<bool>) {
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let accepted = tokio::select! {
                biased;
                () = told_to_stop(&mut stop) => break,
                Some(_) = connections.join_next(), if connections.len() >= CONNECTIONS_MAX => continue,
                accepted = self.listener.accept(), if connections.len() < CONNECTIONS_MAX => accepted,
            };
            match accepted {
                Ok((stream, from)) => {
                    let connection = Connection {
                        app: app.clone(),
                        idle_timeout,
                        peer: Peer { address: from.ip().to_canonical(), secure: self.tls.is_some() },
                        stop: stop.clone(),
                    };
                    connections.spawn(connection.run(stream, self.tls.clone()));
                }
                Err(error) => {
                    tracing::warn!("a connection for REST could not be accepted: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(self.listener);
        while connections.join_next().await.is_some() {}
    }
}

/// Returns when the server stops, or is gone.
async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

struct Connection {
    app: App,
    idle_timeout: Duration,
    peer: Peer,
    stop: watch::Receiver<bool>,
}

impl Connection {
    async fn run(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        // Answers are short: they go out at once. A socket that does not know this is slower, not wrong.
        let _ = stream.set_nodelay(true);
        let Some(tls) = tls else { return self.answer(stream).await };
        match tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.answer(stream).await,
            Ok(Err(error)) => tracing::debug!("a TLS handshake with {} failed: {error}", self.peer.address),
            Err(_) => tracing::debug!("a TLS handshake with {} took too long", self.peer.address),
        }
    }

    async fn answer(self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let Self { app, idle_timeout, peer, mut stop } = self;
        let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            app.clone().oneshot(request)
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(idle_timeout);
        let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = told_to_stop(&mut stop) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!("a connection with {} ended: {error}", peer.address);
        }
    }
}
