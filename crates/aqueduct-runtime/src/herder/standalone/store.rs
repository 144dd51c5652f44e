//! What connectors are configured with and should be.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use aqueduct_api::ConfigMap;
use aqueduct_proto::state::TargetState;

/// One connector.
#[derive(Debug, Clone, Default)]
pub(super) struct Configured {
    pub(super) config: ConfigMap,
    pub(super) target: TargetState,
    pub(super) tasks: Vec<ConfigMap>,
    /// The configuration with which the tasks were made: they read converters and more from it themselves.
    pub(super) applied: ConfigMap,
}

/// All connectors by name.
#[derive(Debug, Default)]
pub(super) struct Configurations(Mutex<BTreeMap<String, Configured>>);

impl Configurations {
    fn with<T>(&self, f: impl FnOnce(&mut BTreeMap<String, Configured>) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.with(|all| all.keys().cloned().collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<Configured> {
        self.with(|all| all.get(name).cloned())
    }

    /// Sets a configuration, and of a new connector the target state.
    pub(super) fn put(&self, name: &str, config: ConfigMap, target: Option<TargetState>) -> Configured {
        self.with(|all| {
            let configured = all.entry(name.to_owned()).or_default();
            configured.config = config;
            if let Some(target) = target {
                configured.target = target;
            }
            configured.clone()
        })
    }

    /// Sets what a connector should be; `false` if there is none of this name.
    pub(super) fn set_target(&self, name: &str, target: TargetState) -> bool {
        self.with(|all| all.get_mut(name).map(|configured| configured.target = target).is_some())
    }

    /// Sets the tasks of a connector, which were made with this configuration.
    pub(super) fn set_tasks(&self, name: &str, tasks: Vec<ConfigMap>, applied: ConfigMap) {
        self.with(|all| {
            if let Some(configured) = all.get_mut(name) {
                configured.tasks = tasks;
                configured.applied = applied;
            }
        });
    }

    pub(super) fn remove(&self, name: &str) {
        self.with(|all| all.remove(name));
    }
}
