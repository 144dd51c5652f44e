//! What the herder knows, for those who only look.

use std::sync::Arc;

use aqueduct_proto::config_log::ConfigState;
use aqueduct_proto::herder::Herder;
use aqueduct_proto::session::SessionKey;

/// The herder's knowledge at one time.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct View {
    /// The configuration as far as it has been read.
    pub(super) config: Arc<ConfigState>,
    /// Whether this worker leads the group.
    pub(super) leads: bool,
    /// Where the leader's REST API is reached.
    pub(super) leader_url: Option<String>,
    /// The group's generation, -1 outside it.
    pub(super) generation: i32,
    /// Whether internal requests are signed.
    pub(super) sessioned: bool,
    /// The key that they are signed with.
    pub(super) key: Option<SessionKey>,
    /// Whether the group is being balanced, as far as this worker knows.
    pub(super) rebalancing: bool,
    /// Whether this worker has ever been in the group.
    pub(super) joined: bool,
}

impl View {
    pub(super) fn of(herder: &Herder) -> Self {
        Self {
            config: herder.config(),
            leads: herder.is_leader(),
            leader_url: herder.leader_url().map(str::to_owned),
            generation: herder.generation(),
            sessioned: herder.is_sessioned(),
            key: herder.session_key().cloned(),
            rebalancing: !herder.is_settled(),
            joined: false,
        }
    }

    /// Whether all is as it was. Configurations count as equal only if they are the same one, which is quick to see.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.config, &other.config)
            && (self.leads, &self.leader_url, self.generation, self.sessioned, self.rebalancing, &self.key)
                == (
                    other.leads,
                    &other.leader_url,
                    other.generation,
                    other.sessioned,
                    other.rebalancing,
                    &other.key,
                )
    }
}
