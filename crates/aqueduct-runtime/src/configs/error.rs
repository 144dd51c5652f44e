//! Why a write to the config topic failed.

use aqueduct_api::Error;
use aqueduct_kafka::KafkaError;
use thiserror::Error as ThisError;

/// Why a write to the config topic failed. Unless it was not claimed, it may still come to be written.
#[derive(Debug, ThisError)]
pub enum ConfigWriteError {
    /// This worker has not claimed the topic.
    #[error("Cannot produce to config topic without claiming write privileges first")]
    NotClaimed,
    /// A transaction failed: another worker may have claimed the topic.
    #[error("Failed to perform fencable send to config topic")]
    Fenced(#[source] KafkaError),
    /// Anything else.
    #[error("{message}")]
    Failed {
        /// In Java's words.
        message: &'static str,
        /// Why.
        source: Error,
    },
}

impl ConfigWriteError {
    pub(super) fn failed(message: &'static str, source: Error) -> Self {
        Self::Failed { message, source }
    }

    pub(super) fn late(message: &'static str) -> Self {
        Self::failed(message, Error::retriable("The config topic was not written and read back in 30 s"))
    }

    /// Whether the topic must be claimed, again or for the first time, before it is tried again.
    pub fn must_claim(&self) -> bool {
        matches!(self, Self::NotClaimed | Self::Fenced(_))
    }
}

/// As users get to see it.
impl From<ConfigWriteError> for Error {
    fn from(error: ConfigWriteError) -> Self {
        match error {
            ConfigWriteError::Failed { message, source } => Self::connect(message).with_source(source),
            ConfigWriteError::NotClaimed | ConfigWriteError::Fenced(_) => Self::connect(
                "Failed to write to config topic; this may be due to a transient error and the request can be safely retried",
            )
            .with_source(error),
        }
    }
}
