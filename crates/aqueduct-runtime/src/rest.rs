//! The REST API (spec: REST).
//!
//! Routes, bodies and texts are those of the Java worker; so are the answers of its HTTP layer to what is no proper
//! request. No answer waits for a connector longer than [`REQUEST_TIMEOUT`].

mod body;
mod connectors;
mod error;
mod offsets;
mod plugins;
mod root;
mod rules;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware;
use axum::routing::{get, post, put};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower::Layer;

use crate::herder::{Herder, HerderResult};
pub use error::ErrorBody;
pub(crate) use error::{Answer, RestError};

/// How long a request may take, as in Kafka Connect.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(90);
/// How long the health check may take, as in Kafka Connect.
pub const HEALTH_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest body that is read.
const BODY_MAX_BYTES: usize = 16 << 20;
/// How long requests that are being answered may keep the server from stopping.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct RestState {
    herder: Arc<watch::Receiver<Option<Arc<dyn Herder>>>>,
}

impl RestState {
    /// The herder; before it has started, nothing but `/health` can be answered.
    pub(crate) fn herder(&self) -> Result<Arc<dyn Herder>, RestError> {
        self.herder.borrow().clone().ok_or_else(RestError::not_found)
    }

    /// Waits for the herder as long as a request may take.
    pub(crate) async fn ask<T, F>(&self, question: impl FnOnce(Arc<dyn Herder>) -> F) -> Result<T, RestError>
    where
        F: Future<Output = HerderResult<T>>,
    {
        let herder = self.herder()?;
        match tokio::time::timeout(REQUEST_TIMEOUT, question(Arc::clone(&herder))).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(RestError::timed_out(herder.stages().current())),
        }
    }
}

/// The server of one worker, bound before the herder starts.
pub struct RestServer {
    listeners: Vec<TcpListener>,
    herder: watch::Sender<Option<Arc<dyn Herder>>>,
    stop: watch::Sender<bool>,
    servers: Vec<tokio::task::JoinHandle<()>>,
}

impl RestServer {
    /// Listens on these addresses.
    pub async fn bind(addresses: &[(String, u16)]) -> std::io::Result<Self> {
        let mut listeners = Vec::with_capacity(addresses.len());
        for (host, port) in addresses {
            let address = if host.is_empty() { "0.0.0.0" } else { host.as_str() };
            let listener = TcpListener::bind((address, *port)).await.map_err(|error| {
                std::io::Error::new(
                    error.kind(),
                    format!("Cannot listen on {address}:{port} for REST: {error}"),
                )
            })?;
            listeners.push(listener);
        }
        Ok(Self {
            listeners,
            herder: watch::Sender::new(None),
            stop: watch::Sender::new(false),
            servers: Vec::new(),
        })
    }

    /// Where it listens, in the order of the addresses.
    pub fn local_addresses(&self) -> std::io::Result<Vec<SocketAddr>> {
        self.listeners.iter().map(TcpListener::local_addr).collect()
    }

    /// Begins to answer. Until [`RestServer::set_herder`], only the health check says more than 404.
    pub fn start(&mut self) {
        let state = RestState { herder: Arc::new(self.herder.subscribe()) };
        let app = app(state);
        for listener in self.listeners.drain(..) {
            let app = app.clone();
            let mut stop = self.stop.subscribe();
            let stopped = async move {
                let _ = stop.wait_for(|stop| *stop).await;
            };
            let serve = axum::serve(listener, tower::make::Shared::new(app)).with_graceful_shutdown(stopped);
            self.servers.push(tokio::spawn(async move {
                if let Err(error) = serve.await {
                    tracing::error!("the REST server has ended: {error}");
                }
            }));
        }
    }

    /// Opens all routes.
    pub fn set_herder(&self, herder: Arc<dyn Herder>) {
        self.herder.send_replace(Some(herder));
    }

    /// Stops listening, and waits a while for requests that are being answered.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        for server in self.servers {
            let abort = server.abort_handle();
            if tokio::time::timeout(STOP_TIMEOUT, server).await.is_err() {
                abort.abort();
            }
        }
    }
}

/// All routes. Rewriting of paths comes before routing, so it wraps the router.
fn app(state: RestState) -> rules::Rewrite<Router> {
    let router = Router::new()
        .route("/", get(root::server_info))
        .route("/health", get(root::health))
        .route("/connectors", get(connectors::list).post(connectors::create))
        .route("/connectors/{connector}", get(connectors::info).delete(connectors::delete))
        .route(
            "/connectors/{connector}/config",
            get(connectors::config).put(connectors::put_config).patch(connectors::patch_config),
        )
        .route("/connectors/{connector}/status", get(connectors::status))
        .route("/connectors/{connector}/restart", post(connectors::restart))
        .route("/connectors/{connector}/pause", put(connectors::pause))
        .route("/connectors/{connector}/resume", put(connectors::resume))
        .route("/connectors/{connector}/stop", put(connectors::stop))
        .route("/connectors/{connector}/topics", get(connectors::topics))
        .route("/connectors/{connector}/topics/reset", put(connectors::reset_topics))
        .route("/connectors/{connector}/tasks", get(connectors::tasks))
        .route("/connectors/{connector}/tasks/{task}/status", get(connectors::task_status))
        .route("/connectors/{connector}/tasks/{task}/restart", post(connectors::restart_task))
        .route(
            "/connectors/{connector}/offsets",
            get(offsets::get).patch(offsets::alter).delete(offsets::reset),
        )
        .route("/connector-plugins", get(plugins::list))
        .route("/connector-plugins/{plugin}/config", get(plugins::config))
        .route("/connector-plugins/{plugin}/config/validate", put(plugins::validate))
        .fallback(async |_: Request| RestError::not_found().bare())
        .method_not_allowed_fallback(async |_: Request| RestError::method_not_allowed().bare())
        .layer(middleware::from_fn(rules::media_types))
        .layer(axum::extract::DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(state);
    rules::RewriteLayer.layer(router)
}
