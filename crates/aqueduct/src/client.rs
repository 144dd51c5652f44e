//! Commands that talk to any worker of Kafka Connect, ours or Java's, over its REST API, or to its Kafka cluster.

pub mod connector;
pub mod http;
pub mod plugins;
pub mod table;
pub mod tls;
pub mod topic;
pub mod url;

/// Where the worker is, and how to print what it says.
#[derive(Debug, Clone, clap::Args)]
pub struct Target {
    /// The worker, as http[s]://[USER:PASSWORD@]HOST:PORT
    #[arg(long, short, default_value = "http://localhost:8083", global = true)]
    pub url: String,
    /// How to print answers
    #[arg(long, short, value_enum, default_value_t, global = true)]
    pub output: crate::output::Format,
}
