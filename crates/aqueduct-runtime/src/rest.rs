//! The REST API (spec: REST).
//!
//! Routes, bodies and texts are those of the Java worker; so are the answers of its HTTP layer to what is no proper
//! request. No answer waits for a connector longer than [`REQUEST_TIMEOUT`].
//!
//! What another worker of a group must do is sent there ([`forwarding`], [`client`]).
//!
//! A request passes [`surroundings`] (CORS, more headers, the log), then the rules of Java's HTTP layer and the guard
//! ([`rules`], [`guard`]), and then the handler that the table of [`routes`] names.

mod body;
mod client;
mod connectors;
mod cors;
mod error;
mod forwarding;
mod guard;
mod headers;
mod internal;
mod loggers;
mod metrics;
mod offsets;
mod openapi;
mod plan;
mod plugins;
mod root;
mod routes;
mod rules;
mod server;
mod surroundings;
mod tls;
mod uri;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use tokio::sync::watch;
use tokio::time::Instant;
use tower::Layer;
use tower::util::BoxCloneSyncService;

use crate::herder::{Herder, HerderError, HerderResult};
use crate::logging::{LogLevel, LogLevels};
use crate::metrics::Metered;
pub use client::{ClientError, RestClient};
pub use error::ErrorBody;
pub(crate) use error::{Answer, RestError};
use forwarding::Forwardable;
pub use guard::BASIC_AUTH_EXTENSION;
use guard::Guard;
pub use plan::RestPlan;
use routes::Route;
use rules::Rewrite;
use server::{App, Socket};
use surroundings::Surroundings;

/// How long a request may take, as in Kafka Connect.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(90);
/// How long the health check may take, as in Kafka Connect.
pub const HEALTH_TIMEOUT: Duration = Duration::from_secs(10);

/// How long answers may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of any request but for the health check.
    pub request: Duration,
    /// Of the health check.
    pub health: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { request: REQUEST_TIMEOUT, health: HEALTH_TIMEOUT }
    }
}

/// The largest body that is read.
const BODY_MAX_BYTES: usize = 16 << 20;
/// How long requests that are being answered may keep the server from stopping.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct RestState {
    herder: watch::Receiver<Option<Arc<dyn Herder>>>,
    metered: watch::Receiver<Option<Arc<dyn Metered>>>,
    guard: Option<Arc<Guard>>,
    levels: LogLevels,
    client: RestClient,
    limits: Limits,
    admin_with_main: bool,
}

impl RestState {
    /// What the main listeners serve.
    fn main_routes(&self) -> Vec<&'static [Route]> {
        if self.admin_with_main { vec![routes::API, routes::ADMIN] } else { vec![routes::API] }
    }

    /// The herder; before it has started, little but `/health` can be answered.
    pub(crate) fn herder(&self) -> Result<Arc<dyn Herder>, RestError> {
        self.herder.borrow().clone().ok_or_else(RestError::not_found)
    }

    /// Waits for the herder as long as a request may take.
    pub(crate) async fn ask<T, F>(&self, question: impl FnOnce(Arc<dyn Herder>) -> F) -> Result<T, RestError>
    where
        F: Future<Output = HerderResult<T>>,
    {
        Ok(self.ask_until(Instant::now() + self.limits.request, question).await??)
    }

    /// The same, and has another worker do what the herder says must be done there. Both together take no longer than a
    /// request may. `answer` is made of what the herder here has done.
    async fn ask_or_forward<T, F, R>(
        &self,
        request: &Forwardable,
        question: impl FnOnce(Arc<dyn Herder>) -> F,
        answer: impl FnOnce(T) -> R,
    ) -> Answer<Response>
    where
        F: Future<Output = HerderResult<T>>,
        R: IntoResponse,
    {
        let deadline = Instant::now() + self.limits.request;
        match self.ask_until(deadline, question).await? {
            Ok(done) => Ok(answer(done).into_response()),
            Err(HerderError::Elsewhere { url }) => request.forward(&self.client, url, deadline).await,
            Err(error) => Err(error.into()),
        }
    }

    /// The same for what is answered with 204.
    async fn tell_or_forward<F>(
        &self,
        request: &Forwardable,
        question: impl FnOnce(Arc<dyn Herder>) -> F,
    ) -> Answer<Response>
    where
        F: Future<Output = HerderResult<()>>,
    {
        self.ask_or_forward(request, question, |()| StatusCode::NO_CONTENT).await
    }

    async fn ask_until<T, F>(
        &self,
        deadline: Instant,
        question: impl FnOnce(Arc<dyn Herder>) -> F,
    ) -> Answer<HerderResult<T>>
    where
        F: Future<Output = HerderResult<T>>,
    {
        let herder = self.herder()?;
        // Kept until it is known what it was busy with: a step ends when what takes it is dropped.
        let mut asked = pin!(question(Arc::clone(&herder)));
        let answer = tokio::time::timeout_at(deadline, asked.as_mut()).await;
        answer.map_err(|_| RestError::timed_out(herder.stages().current()))
    }
}

/// The server of one worker, bound before the herder starts.
pub struct RestServer {
    plan: RestPlan,
    main: Vec<Socket>,
    admin: Vec<Socket>,
    herder: watch::Sender<Option<Arc<dyn Herder>>>,
    metered: watch::Sender<Option<Arc<dyn Metered>>>,
    stop: watch::Sender<bool>,
    servers: Vec<tokio::task::JoinHandle<()>>,
}

impl RestServer {
    /// Listens on these addresses in the clear, and lets everybody in.
    pub async fn bind(addresses: &[(String, u16)]) -> std::io::Result<Self> {
        Self::open(RestPlan::open_to_all(addresses, LogLevels::new(LogLevel::Info, [], &[]))).await
    }

    /// Listens where the plan says.
    pub async fn open(mut plan: RestPlan) -> std::io::Result<Self> {
        let main = plan::bind(std::mem::take(&mut plan.main)).await?;
        let admin = plan::bind(std::mem::take(&mut plan.admin)).await?;
        let server = Self {
            plan,
            main,
            admin,
            herder: watch::Sender::new(None),
            metered: watch::Sender::new(None),
            stop: watch::Sender::new(false),
            servers: Vec::new(),
        };
        server.warn_of_strangers()?;
        Ok(server)
    }

    fn warn_of_strangers(&self) -> std::io::Result<()> {
        let (main, admin) = (self.local_addresses()?, self.admin_addresses()?);
        let open = |is_open: bool, addresses: Vec<SocketAddr>| addresses.into_iter().filter(move |_| is_open);
        let all = open(self.plan.main_is_open, main).chain(open(self.plan.admin_is_open, admin));
        for address in all.filter(is_reached_from_elsewhere) {
            tracing::warn!(
                "The REST API listens on {address} without authentication: who can reach it can read and change all \
                 connectors. rest.extension.classes={BASIC_AUTH_EXTENSION} asks for passwords"
            );
        }
        Ok(())
    }

    /// Where it listens, in the order of the addresses, but for the listeners of administrators.
    pub fn local_addresses(&self) -> std::io::Result<Vec<SocketAddr>> {
        self.main.iter().map(Socket::local_addr).collect()
    }

    /// Where it listens for administrators, if they have listeners of their own.
    pub fn admin_addresses(&self) -> std::io::Result<Vec<SocketAddr>> {
        self.admin.iter().map(Socket::local_addr).collect()
    }

    /// Begins to answer. Until [`RestServer::set_herder`], only the health check and the loggers say more than 404.
    pub fn start(&mut self) {
        let state = RestState {
            herder: self.herder.subscribe(),
            metered: self.metered.subscribe(),
            guard: self.plan.guard.clone(),
            levels: self.plan.levels.clone(),
            client: self.plan.client.clone(),
            limits: self.plan.limits,
            admin_with_main: self.plan.admin_with_main,
        };
        let surroundings = std::mem::take(&mut self.plan.surroundings);
        let main = surrounded(routes::service(&state.main_routes(), state.clone()), surroundings);
        let admin = surrounded(routes::service(&[routes::ADMIN], state), Surroundings::default());
        let sockets = self.main.drain(..).map(|socket| (socket, main.clone()));
        let admin_sockets = self.admin.drain(..).map(|socket| (socket, admin.clone()));
        for (socket, app) in sockets.chain(admin_sockets) {
            let serve = socket.serve(app, REQUEST_TIMEOUT, self.stop.subscribe());
            self.servers.push(tokio::spawn(serve));
        }
    }

    /// Opens all routes but `/metrics`.
    pub fn set_herder(&self, herder: Arc<dyn Herder>) {
        self.herder.send_replace(Some(herder));
    }

    /// Opens `/metrics`.
    pub fn set_metrics(&self, metered: Arc<dyn Metered>) {
        self.metered.send_replace(Some(metered));
    }

    /// Stops listening, and waits a while for requests that are being answered.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        let deadline = Instant::now() + STOP_TIMEOUT;
        for mut server in std::mem::take(&mut self.servers) {
            if tokio::time::timeout_at(deadline, &mut server).await.is_err() {
                server.abort();
            }
        }
    }
}

impl Drop for RestServer {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
    }
}

fn is_reached_from_elsewhere(address: &SocketAddr) -> bool {
    !address.ip().to_canonical().is_loopback()
}

fn surrounded(service: Rewrite<Router>, surroundings: Surroundings) -> App {
    let around = middleware::from_fn_with_state(Arc::new(surroundings), surroundings::surround);
    BoxCloneSyncService::new(around.layer(service))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_out_of_reach() {
        let check = |address: &str, expected| {
            let address: SocketAddr = address.parse().expect(address);
            assert_eq!(is_reached_from_elsewhere(&address), expected, "{address}");
        };
        check("127.0.0.1:8083", false);
        check("127.1.2.3:8083", false);
        check("[::1]:8083", false);
        check("[::ffff:127.0.0.1]:8083", false);
        check("0.0.0.0:8083", true);
        check("[::]:8083", true);
        check("10.0.0.1:8083", true);
    }
}
