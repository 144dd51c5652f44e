//! Everything that requests work on.

use std::sync::Arc;

use kafka_protocol::messages::BrokerId;
use kafka_protocol::protocol::StrBytes;

use crate::config::BrokerConfig;
use crate::error::BrokerError;
use crate::group::Groups;
use crate::journal::{Entry, Journal};
use crate::topic::Topics;
use crate::topic::registry::random_id;
use crate::txn::Transactions;

/// The only node of the cluster.
pub(crate) const NODE_ID: BrokerId = BrokerId(1);

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) config: BrokerConfig,
    pub(crate) cluster_id: StrBytes,
    /// Where clients are told to connect to.
    pub(crate) host: StrBytes,
    pub(crate) port: u16,
    pub(crate) topics: Arc<Topics>,
    pub(crate) groups: Arc<Groups>,
    pub(crate) transactions: Arc<Transactions>,
}

impl Node {
    /// Recovers the data directory, if there is one, and finishes what a crash cut short.
    pub(crate) fn open(config: BrokerConfig, host: String, port: u16) -> Result<Node, BrokerError> {
        let (journal, image) = Journal::open(&config)?;
        let journal = Arc::new(journal);
        let cluster_id = match &image.cluster_id {
            Some(id) => id.clone(),
            None => {
                let id = random_id().simple().to_string();
                journal.append(&[Entry::Cluster { id: id.clone() }]).map_err(|_| BrokerError::Corrupt {
                    path: config.data_dir.clone().unwrap_or_default(),
                    reason: "the journal cannot be written".to_owned(),
                })?;
                id
            }
        };
        let topics = Arc::new(Topics::open(&config, Arc::clone(&journal), &image)?);
        let groups =
            Arc::new(Groups::new(config.group_initial_rebalance_delay, Arc::clone(&journal), &image));
        let transactions = Transactions::open(Arc::clone(&topics), Arc::clone(&groups), journal, &image);
        Ok(Node {
            config,
            cluster_id: StrBytes::from_string(cluster_id),
            host: StrBytes::from_string(host),
            port,
            topics,
            groups,
            transactions,
        })
    }
}
