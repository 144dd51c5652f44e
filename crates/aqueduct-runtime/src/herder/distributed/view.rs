//! What the herder knows, for those who only look.

use std::sync::Arc;

use aqueduct_proto::config_log::ConfigState;
use aqueduct_proto::herder::Herder;
use aqueduct_proto::session::SessionKey;
use aqueduct_proto::subprotocol::Subprotocol;

/// The herder's knowledge at one time.
#[derive(Debug, Clone, Default)]
pub(super) struct View {
    /// The configuration as far as it has been read.
    pub(super) config: Arc<ConfigState>,
    /// Where this worker stands in its group.
    pub(super) place: Place,
}

/// Where a worker stands in its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Whether this worker leads the group.
    pub(super) leads: bool,
    /// Where the leader's REST API is reached.
    pub(super) leader_url: Option<String>,
    /// The group's generation, -1 outside it.
    pub(super) generation: i32,
    /// The group's subprotocol.
    pub(super) protocol: Subprotocol,
    /// The key that internal requests are signed with.
    pub(super) key: Option<SessionKey>,
    /// Whether the group is being balanced, as far as this worker knows.
    pub(super) rebalancing: bool,
    /// How many connectors are assigned to this worker.
    pub(super) connectors: usize,
    /// How many tasks are.
    pub(super) tasks: usize,
    /// Whether this worker has ever carried out an assignment.
    pub(super) joined: bool,
}

/// Before the first step.
impl Default for Place {
    fn default() -> Self {
        Self {
            leads: false,
            leader_url: None,
            generation: -1,
            protocol: Subprotocol::default(),
            key: None,
            rebalancing: true,
            connectors: 0,
            tasks: 0,
            joined: false,
        }
    }
}

impl View {
    /// After a step; `before` is what was known before it.
    pub(super) fn of(herder: &Herder, before: &Self) -> Self {
        let place = Place {
            leads: herder.is_leader(),
            leader_url: herder.leader_url().map(str::to_owned),
            generation: herder.generation(),
            protocol: herder.protocol(),
            key: herder.session_key().cloned(),
            rebalancing: !herder.is_settled(),
            connectors: herder.assigned().connectors.len(),
            tasks: herder.assigned().tasks.len(),
            joined: before.place.joined || herder.is_settled(),
        };
        Self { config: herder.config(), place }
    }

    /// Whether all is as it was. Configurations count as equal only if they are the same one, which is quick to see.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.config, &other.config) && self.place == other.place
    }
}
