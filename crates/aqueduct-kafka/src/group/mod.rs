//! Membership of a group of protocol type `connect`: the wire under the state machine [`aqueduct_proto::member`].
//!
//! [`GroupLink`] sends the requests of a state machine that the owner drives, and brings the answers. It finds the coordinator,
//! keeps a connection of its own to it (a coordinator holds JoinGroup for as long as the rebalance takes), and counts
//! ([`GroupMetrics`]).
//!
//! What members tell each other passes through as bytes; nothing here reads it.

mod exchange;
mod link;
mod metrics;
mod refusal;

use std::time::Duration;

use aqueduct_proto::member::Settings;

pub use exchange::Answer;
pub use link::GroupLink;
pub use metrics::{GroupCounters, GroupLately, GroupMetrics, Timings};

/// A worker's place in its group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSettings {
    /// `group.id`
    pub group_id: String,
    /// Times, and what is offered when joining.
    pub member: Settings,
}

impl GroupSettings {
    /// How long a plain request may take.
    fn request_timeout(&self) -> Duration {
        milliseconds(self.member.request_timeout_ms)
    }

    /// How long a request may take that waits for other members: they have `rebalance.timeout.ms` to come.
    fn rebalance_patience(&self) -> Duration {
        self.request_timeout().max(milliseconds(self.member.rebalance_timeout_ms) + Duration::from_secs(5))
    }
}

/// A setting as a duration; nothing if it is negative.
fn milliseconds(ms: i32) -> Duration {
    Duration::from_millis(ms.try_into().unwrap_or_default())
}
