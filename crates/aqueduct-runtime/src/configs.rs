//! Configurations in a topic: of workers in a group (spec: config topic).
//!
//! [`ConfigTopic`] gives the records as they are, for a herder that folds them, and writes what the herder decides.

mod error;
mod leader;
mod records;
mod topic;

pub use error::ConfigWriteError;
pub use records::{ConfigRecord, ConfigRecords};
pub use topic::{ConfigTopic, Privilege};
