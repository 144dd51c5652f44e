//! What the herder has to say to those who read the log.

use aqueduct_proto::herder::Warning;

use super::Shared;

/// Writes a warning to the log.
pub(super) fn log(warning: &Warning, shared: &Shared) {
    match warning {
        Warning::Garbage { offset, key, reason } => {
            let group = shared.worker.parts().config.distributed();
            let topic = group.map(|group| group.config_topic.name.as_str()).unwrap_or_default();
            tracing::warn!(topic, partition = 0, offset, key, "skipping a record: {reason}");
        }
        Warning::Malformed(reason) => tracing::error!("a message of the group cannot be read: {reason}"),
        Warning::OutOfReach => tracing::warn!(
            "the group's coordinator cannot be reached, so others may take over: all connectors and tasks here stop"
        ),
        Warning::PollTimeout => tracing::warn!(
            "worker poll timeout has expired: this process stood still for longer than rebalance.timeout.ms and has left the group"
        ),
        Warning::ReadFailed => tracing::warn!("the config topic could not be read to its end in time"),
        Warning::NoTaskConfig(id) => {
            tracing::warn!("the task {id} has no configuration and is not started")
        }
        Warning::Republished { connector, tasks: None } => {
            tracing::warn!(
                "the task set of {connector} is not complete, or half overwritten: it is asked for another"
            );
        }
        Warning::Republished { connector, tasks: Some(0) } => {
            tracing::warn!("{connector} is stopped and had tasks: they are taken from it again");
        }
        Warning::Republished { connector, .. } => {
            tracing::warn!("the task set of {connector} had been lost to compaction and is written again");
        }
    }
}
