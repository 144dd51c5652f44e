use std::io;
use std::path::PathBuf;

/// Why a broker did not start, or could not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// The listening address could not be bound.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address asked for.
        address: std::net::SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A file or folder under the data directory could not be read or written.
    #[error("{}: {source}", path.display())]
    Storage {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file holds bytes that no crash of this broker can explain.
    #[error("{} is corrupt: {reason}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another broker holds the data directory.
    #[error("{} is in use by another broker", path.display())]
    InUse {
        /// The data directory.
        path: PathBuf,
    },
    /// The named topic does not exist.
    #[error("unknown topic {0}")]
    UnknownTopic(String),
}

impl BrokerError {
    pub(crate) fn storage(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> BrokerError {
        let path = path.into();
        move |source| BrokerError::Storage { path, source }
    }
}
