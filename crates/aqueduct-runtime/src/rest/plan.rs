//! What a REST server is made of, checked and ready before it listens.

use std::path::Path;
use std::sync::Arc;

use aqueduct_api::{ConfigMap, Result};
use rustls::ServerConfig;

use super::Limits;
use super::client::RestClient;
use super::cors::Cors;
use super::guard::Guard;
use super::headers::AnswerHeader;
use super::server::Socket;
use super::surroundings::Surroundings;
use super::tls;
use crate::logging::LogLevels;
use crate::worker_config::{Listener, RestConfig};

/// A place to listen.
pub(super) struct Place {
    host: String,
    port: u16,
    tls: Option<Arc<ServerConfig>>,
}

/// What a REST server is made of.
pub struct RestPlan {
    pub(super) main: Vec<Place>,
    pub(super) admin: Vec<Place>,
    /// Whether the main listeners serve what is for administrators too.
    pub(super) admin_with_main: bool,
    /// Whether some main listener lets everybody in.
    pub(super) main_is_open: bool,
    /// Whether some listener of administrators does.
    pub(super) admin_is_open: bool,
    pub(super) guard: Option<Arc<Guard>>,
    pub(super) surroundings: Surroundings,
    pub(super) levels: LogLevels,
    pub(super) client: RestClient,
    pub(super) limits: Limits,
}

impl RestPlan {
    /// Reads stores, patterns and files of users. `jaas` is the file for the extension of basic authentication; `levels`
    /// are those of the process.
    ///
    /// # Errors
    /// Settings that cannot be used, by their keys and without secrets.
    pub fn new(config: &RestConfig, jaas: Option<&Path>, levels: LogLevels) -> Result<Self> {
        let admin = config.admin_listeners.as_deref();
        let headers = config.response_headers.iter().map(AnswerHeader::new).collect::<Result<_>>()?;
        let guard = Guard::new(&config.extensions, jaas)?.map(Arc::new);
        let is_open = |listeners: &[Listener], settings: &ConfigMap| {
            let asks_for_certificates = tls::requires_certificates(settings);
            guard.is_none() && !listeners.iter().all(|listener| listener.https && asks_for_certificates)
        };
        Ok(Self {
            main_is_open: is_open(&config.listeners, &config.tls),
            admin_is_open: is_open(admin.unwrap_or_default(), &config.admin_tls),
            main: places(&config.listeners, &config.tls)?,
            admin: places(admin.unwrap_or_default(), &config.admin_tls)?,
            admin_with_main: admin.is_none(),
            guard,
            surroundings: Surroundings {
                cors: Cors::new(&config.allow_origin, &config.allow_methods)?,
                headers,
            },
            levels,
            client: RestClient::new(config),
            limits: Limits::default(),
        })
    }

    /// Takes other times than Kafka Connect's.
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Addresses in the clear, for everybody.
    pub(super) fn open_to_all(addresses: &[(String, u16)], levels: LogLevels) -> Self {
        let place = |(host, port): &(String, u16)| Place { host: host.clone(), port: *port, tls: None };
        Self {
            main: addresses.iter().map(place).collect(),
            admin: Vec::new(),
            admin_with_main: true,
            main_is_open: true,
            admin_is_open: false,
            guard: None,
            surroundings: Surroundings::default(),
            levels,
            client: RestClient::default(),
            limits: Limits::default(),
        }
    }
}

fn places(listeners: &[Listener], settings: &ConfigMap) -> Result<Vec<Place>> {
    let tls = match listeners.iter().any(|listener| listener.https) {
        true => Some(tls::server_config(settings)?),
        false => None,
    };
    let place = |listener: &Listener| Place {
        host: listener.host.clone(),
        port: listener.port,
        tls: tls.clone().filter(|_| listener.https),
    };
    Ok(listeners.iter().map(place).collect())
}

pub(super) async fn bind(places: Vec<Place>) -> std::io::Result<Vec<Socket>> {
    let mut sockets = Vec::with_capacity(places.len());
    for Place { host, port, tls } in places {
        sockets.push(Socket::bind(&host, port, tls).await?);
    }
    Ok(sockets)
}
