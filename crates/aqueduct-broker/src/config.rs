//! What a broker is started with.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::faults::Faults;

/// When written batches and journal entries are forced to the disk.
///
/// Every append reaches the kernel (`write(2)`) before it is acknowledged, so a killed *process* loses nothing under
/// any policy. The policy decides what a killed *machine* may lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FsyncPolicy {
    /// Leave it to the kernel; the default, and what Kafka does.
    #[default]
    Never,
    /// `fdatasync` after each append and each journal entry, before the acknowledgement.
    Always,
}

/// Settings of a [`Broker`](crate::Broker). `Default` is an in-memory broker on a free port of 127.0.0.1.
#[derive(Debug, Clone)]
pub struct BrokerConfig {
    /// Where to listen. Port 0 takes a free port, see [`Broker::local_addr`](crate::Broker::local_addr).
    pub listen: SocketAddr,
    /// Host that clients are told to connect to; the listening address if unset.
    pub advertised_host: Option<String>,
    /// Port that clients are told to connect to; the listening port if unset.
    pub advertised_port: Option<u16>,
    /// Where logs and metadata are kept. Unset means memory only: nothing survives the broker.
    pub data_dir: Option<PathBuf>,
    /// The partition count of topics created automatically, or created with a count of -1.
    pub default_partitions: i32,
    /// Whether a metadata request may create the topics that it names (and that allow it).
    pub auto_create_topics: bool,
    /// When to force data to disk; without effect in memory.
    pub fsync: FsyncPolicy,
    /// Size at which a segment file is closed and the next one begins; without effect in memory.
    pub segment_bytes: u64,
    /// How long the first rebalance of an empty group waits for more members. Kafka's broker waits 3 s; tests want 0.
    pub group_initial_rebalance_delay: Duration,
    /// How often topics with `cleanup.policy=compact` are looked at.
    pub compaction_interval: Duration,
    /// Larger frames close the connection. Kafka's default is 100 MiB.
    pub frame_bytes_max: usize,
    /// Faults to inject; keep a clone to change them while the broker runs.
    pub faults: Faults,
}

impl Default for BrokerConfig {
    fn default() -> Self {
        BrokerConfig {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            advertised_host: None,
            advertised_port: None,
            data_dir: None,
            default_partitions: 1,
            auto_create_topics: true,
            fsync: FsyncPolicy::Never,
            segment_bytes: 64 * 1024 * 1024,
            group_initial_rebalance_delay: Duration::ZERO,
            compaction_interval: Duration::from_secs(15),
            frame_bytes_max: 100 * 1024 * 1024,
            faults: Faults::default(),
        }
    }
}
