//! Starting and stopping: the listener, the background work, and the handle to both.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::clock::now_ms;
use crate::config::BrokerConfig;
use crate::connection;
use crate::error::BrokerError;
use crate::faults::Faults;
use crate::node::Node;
use crate::topic::Topic;

/// Compaction in the background leaves less than this alone.
const COMPACTION_BYTES_MIN: u64 = 1024 * 1024;
/// Pause after an accept that failed, for want of file descriptors as a rule.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A running broker. Dropping it stops it as a crash would: connections end, and what was acknowledged is in the data
/// directory. Its tasks end a moment later; only [`Broker::shutdown`] waits until the data directory is free.
#[derive(Debug)]
pub struct Broker {
    node: Arc<Node>,
    local_addr: SocketAddr,
    faults: Faults,
    stop: watch::Sender<()>,
    tasks: Vec<JoinHandle<()>>,
}

impl Broker {
    /// Recovers the data directory, binds, and serves until [`Broker::shutdown`] or drop. Needs a tokio runtime.
    pub async fn start(config: BrokerConfig) -> Result<Broker, BrokerError> {
        let listen_error = |source| BrokerError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(listen_error)?;
        let local_addr = listener.local_addr().map_err(listen_error)?;
        let host = config.advertised_host.clone().unwrap_or_else(|| advertised_ip(local_addr));
        let port = config.advertised_port.unwrap_or(local_addr.port());
        let faults = config.faults.clone();
        let compaction_interval = config.compaction_interval;
        let node = tokio::task::spawn_blocking(move || Node::open(config, host, port))
            .await
            .map_err(|error| listen_error_of(local_addr, error))??;
        let node = Arc::new(node);
        node.transactions.watch_timeouts();
        let (stop, stopped) = watch::channel(());
        let tasks = vec![
            tokio::spawn(accept(listener, Arc::clone(&node), faults.clone(), stopped.clone())),
            tokio::spawn(compact_regularly(Arc::clone(&node), compaction_interval, stopped)),
        ];
        tracing::info!(%local_addr, "broker started");
        Ok(Broker { node, local_addr, faults, stop, tasks })
    }

    /// `host:port` for `bootstrap.servers`.
    pub fn bootstrap(&self) -> String {
        format!("{}:{}", self.node.host, self.node.port)
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The faults to inject; the same as the handle in the configuration.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Compacts a topic now, whatever its `cleanup.policy`, with its `delete.retention.ms`.
    pub async fn compact_now(&self, topic: &str) -> Result<(), BrokerError> {
        let topic = self.node.topics.get(topic).ok_or_else(|| BrokerError::UnknownTopic(topic.to_owned()))?;
        compact(topic, |_| true).await
    }

    /// Closes all connections and waits until nothing runs any more: the data directory is free for the next broker.
    /// Nothing is written on the way, so what the next one finds is what a kill would have left.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(());
        for task in self.tasks.drain(..).chain(self.node.transactions.stop()) {
            let _ = task.await;
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // Closing the channel ends the accept loop, which takes the connections with it.
        for task in &self.tasks {
            task.abort();
        }
        self.node.transactions.stop();
    }
}

fn listen_error_of(address: SocketAddr, error: tokio::task::JoinError) -> BrokerError {
    BrokerError::Listen { address, source: std::io::Error::other(error) }
}

/// A wildcard address is no address to connect to.
fn advertised_ip(address: SocketAddr) -> String {
    if address.ip().is_unspecified() { "localhost".to_owned() } else { address.ip().to_string() }
}

async fn accept(listener: TcpListener, node: Arc<Node>, faults: Faults, mut stopped: watch::Receiver<()>) {
    // Dropped with this task, it ends all connections.
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended {
                    tracing::error!("a connection ended badly: {error}");
                }
                continue;
            }
            _ = stopped.changed() => break,
        };
        match accepted {
            Ok((stream, peer)) if !faults.refuses() => {
                connections.spawn(serve(Arc::clone(&node), stream, peer, faults.clone()));
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!("accept failed: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    connections.shutdown().await;
}

async fn serve(node: Arc<Node>, stream: TcpStream, peer: SocketAddr, faults: Faults) {
    tokio::select! {
        result = connection::serve(&node, stream, peer) => {
            if let Err(error) = result {
                tracing::warn!(%peer, "closing the connection: {error}");
            }
        }
        () = faults.kicked() => tracing::debug!(%peer, "closing the connection on request"),
    }
}

async fn compact_regularly(node: Arc<Node>, interval: Duration, mut stopped: watch::Receiver<()>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            _ = stopped.changed() => return,
        }
        for topic in node.topics.all() {
            let configs = topic.configs();
            let ratio = configs.min_cleanable_dirty_ratio();
            let due = move |(dirty, all): (u64, u64)| {
                dirty >= COMPACTION_BYTES_MIN && dirty as f64 >= all as f64 * ratio
            };
            if configs.is_compacted()
                && let Err(error) = compact(Arc::clone(&topic), due).await
            {
                tracing::error!(topic = &*topic.name, "compaction failed: {error}");
            }
        }
    }
}

async fn compact(
    topic: Arc<Topic>,
    due: impl Fn((u64, u64)) -> bool + Send + 'static,
) -> Result<(), BrokerError> {
    let delete_retention_ms = topic.configs().delete_retention_ms();
    let name = topic.name.to_string();
    let work = move || {
        let dirty = topic.partitions().into_iter().filter(|partition| due(partition.dirtiness()));
        dirty.into_iter().try_for_each(|partition| partition.compact(now_ms(), delete_retention_ms))
    };
    let done = tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other).flatten();
    done.map_err(BrokerError::storage(name))
}
