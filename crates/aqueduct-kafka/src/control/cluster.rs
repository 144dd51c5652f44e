//! The brokers of a cluster, and the connections to them.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kafka_protocol::error::{ParseResponseErrorCode, ResponseError};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{FindCoordinatorRequest, MetadataRequest, MetadataResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsConnector;

use super::connection::Connection;
use super::tls;
use crate::config::ConnectionSettings;
use crate::error::{ErrorKind, KafkaError, Result};

/// The version from which one FindCoordinator asks for many keys, which we do not need.
const FIND_COORDINATOR_MAX: i16 = 3;
/// Newer versions only add topic ids as a way to ask.
const METADATA_MAX: i16 = 12;

/// A broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Broker id.
    pub id: i32,
    /// Host to reach it at.
    pub host: String,
    /// Port to reach it at.
    pub port: u16,
    /// Where it stands, if it says so.
    pub rack: Option<String>,
}

/// What a coordinator coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoordinatorKind {
    /// A group, by its id.
    Group = 0,
    /// Transactions, by the transactional id.
    Transaction = 1,
}

/// A cluster as a client sees it. Share it in an [`Arc`]; connections are made when needed and used again.
pub struct Cluster {
    settings: ConnectionSettings,
    tls: Option<TlsConnector>,
    known: Mutex<Known>,
    next: AtomicUsize,
}

#[derive(Default)]
struct Known {
    nodes: HashMap<i32, Node>,
    controller: Option<i32>,
    connections: HashMap<String, Arc<Connection>>,
}

impl Cluster {
    /// A cluster with these bootstrap servers. Nothing is connected yet.
    ///
    /// # Errors
    /// `Config` if certificates or key cannot be used.
    pub fn new(settings: ConnectionSettings) -> Result<Cluster> {
        let tls = settings.security.tls.as_ref().map(tls::connector).transpose()?;
        Ok(Cluster { settings, tls, known: Mutex::default(), next: AtomicUsize::new(0) })
    }

    /// The settings.
    pub fn settings(&self) -> &ConnectionSettings {
        &self.settings
    }

    /// Opens a connection of the caller's own, for requests that brokers hold for long.
    pub async fn open(&self, node: &Node) -> Result<Connection> {
        Connection::open(&node.host, node.port, &self.settings, self.tls.as_ref()).await
    }

    /// A connection to some broker.
    pub async fn any(&self) -> Result<Arc<Connection>> {
        let mut addresses: Vec<_> = {
            let known = self.known.lock().await;
            known.nodes.values().map(|node| (node.host.clone(), node.port)).collect()
        };
        addresses.extend(self.settings.bootstrap.iter().cloned());
        let start = self.next.load(Ordering::Relaxed);
        let mut last = None;
        for turn in 0..addresses.len() {
            let index = (start + turn) % addresses.len();
            let Some((host, port)) = addresses.get(index) else { continue };
            match self.connect(host, *port).await {
                Ok(connection) => {
                    self.next.store(index, Ordering::Relaxed);
                    return Ok(connection);
                }
                // The same credentials will be refused by all of them.
                Err(error) if error.kind() == ErrorKind::Authentication => return Err(error),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| KafkaError::config("No bootstrap server is given")))
    }

    /// A connection to the broker with this id.
    pub async fn node(&self, id: i32) -> Result<Arc<Connection>> {
        let find = async || self.known.lock().await.nodes.get(&id).cloned();
        let mut node = find().await;
        if node.is_none() {
            self.metadata(Some(&[])).await?;
            node = find().await;
        }
        match node {
            Some(node) => self.connect(&node.host, node.port).await,
            None => Err(KafkaError::broker(ResponseError::BrokerNotAvailable, None).with_retriable(true)),
        }
    }

    /// A connection to the controller. In a cluster that hides it (KRaft), any broker forwards what it is asked.
    pub async fn controller(&self) -> Result<Arc<Connection>> {
        if self.known.lock().await.controller.is_none() {
            self.metadata(Some(&[])).await?;
        }
        let controller = self.known.lock().await.controller;
        match controller {
            Some(id) => self.node(id).await,
            None => self.any().await,
        }
    }

    /// Forgets who the controller is, after a broker said that it is another.
    pub async fn forget_controller(&self) {
        self.known.lock().await.controller = None;
    }

    /// The broker that coordinates a group or transactional id.
    pub async fn find_coordinator(&self, kind: CoordinatorKind, key: &str) -> Result<Node> {
        let request = FindCoordinatorRequest::default()
            .with_key(StrBytes::from_string(key.to_owned()))
            .with_key_type(kind as i8);
        let response = self.any().await?.call(&request, FIND_COORDINATOR_MAX).await?;
        if let Some(code) = response.error_code.err() {
            return Err(KafkaError::broker(code, response.error_message.as_ref().map(|text| text.as_str())));
        }
        Ok(Node {
            id: response.node_id.0,
            host: response.host.as_str().to_owned(),
            port: port(response.port)?,
            rack: None,
        })
    }

    /// A connection to the coordinator of a group or transactional id.
    pub async fn coordinator(&self, kind: CoordinatorKind, key: &str) -> Result<Arc<Connection>> {
        let node = self.find_coordinator(kind, key).await?;
        self.connect(&node.host, node.port).await
    }

    /// Asks for the brokers and these topics (`None`: all), and remembers the brokers. Never creates a topic.
    pub async fn metadata(&self, topics: Option<&[&str]>) -> Result<MetadataResponse> {
        let named = |name: &&str| {
            let name = TopicName(StrBytes::from_string((*name).to_owned()));
            MetadataRequestTopic::default().with_name(Some(name))
        };
        let request = MetadataRequest::default()
            .with_topics(topics.map(|topics| topics.iter().map(named).collect()))
            .with_allow_auto_topic_creation(false);
        let response = self.any().await?.call(&request, METADATA_MAX).await?;
        let mut nodes = HashMap::new();
        for broker in &response.brokers {
            let id = broker.node_id.0;
            let rack = broker.rack.as_ref().map(|rack| rack.as_str().to_owned());
            let host = broker.host.as_str().to_owned();
            nodes.insert(id, Node { id, host, port: port(broker.port)?, rack });
        }
        let mut known = self.known.lock().await;
        known.controller = Some(response.controller_id.0).filter(|id| nodes.contains_key(id));
        known.nodes = nodes;
        known.connections.retain(|_, connection| connection.is_usable());
        Ok(response)
    }

    /// The brokers last heard of.
    pub async fn nodes(&self) -> Vec<Node> {
        let mut nodes: Vec<_> = self.known.lock().await.nodes.values().cloned().collect();
        nodes.sort_by_key(|node| node.id);
        nodes
    }

    async fn connect(&self, host: &str, port: u16) -> Result<Arc<Connection>> {
        let address = format!("{host}:{port}");
        if let Some(open) = self.known.lock().await.connections.get(&address)
            && open.is_usable()
        {
            return Ok(Arc::clone(open));
        }
        let connection = Connection::open(host, port, &self.settings, self.tls.as_ref()).await?;
        let connection = Arc::new(connection);
        self.known.lock().await.connections.insert(address, Arc::clone(&connection));
        Ok(connection)
    }

    /// Makes a call again and again while its error can be retried, for as long as `default.api.timeout.ms`, with a
    /// growing wait between.
    ///
    /// # Errors
    /// The call's own, or `Timeout` with the last one's text.
    pub async fn retrying<T, F, Fut>(&self, what: &str, mut call: F) -> Result<T>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let settings = &self.settings;
        let deadline = Instant::now() + settings.api_timeout;
        let mut backoff = settings.retry_backoff;
        for attempt in 1.. {
            let left = deadline.saturating_duration_since(Instant::now());
            let error = match timeout(left, call()).await {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(error)) if !error.is_retriable() => return Err(error),
                Ok(Err(error)) => error,
                Err(_) => KafkaError::new(ErrorKind::Timeout, "no answer"),
            };
            if error.is(ResponseError::NotController) {
                self.forget_controller().await;
            }
            tracing::debug!(target: "aqueduct::kafka", what, attempt, %error, "trying again");
            if Instant::now() + backoff >= deadline {
                let message = format!("Call({what}) timed out after {attempt} attempt(s): {error}");
                return Err(KafkaError::new(ErrorKind::Timeout, message));
            }
            sleep(backoff).await;
            backoff = (backoff * 2).min(settings.retry_backoff_max.max(settings.retry_backoff));
        }
        Err(KafkaError::new(ErrorKind::Timeout, format!("Call({what}) timed out")))
    }
}

fn port(port: i32) -> Result<u16> {
    u16::try_from(port).map_err(|_| {
        KafkaError::new(ErrorKind::Protocol, format!("A broker claims to listen at port {port}"))
    })
}
