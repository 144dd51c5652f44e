//! What must be true of a quiet world.

use std::collections::{BTreeMap, BTreeSet};

use aqueduct_proto::config_log::{ConfigLog, ConfigState, Connector};
use aqueduct_proto::state::TargetState;
use aqueduct_proto::subprotocol::Subprotocol;

use super::world::{World, pieces};

impl World {
    /// What is not as it should be in a quiet world.
    pub(super) fn complaint(&self) -> Option<String> {
        let mut truth = ConfigLog::default();
        for (offset, record) in &self.log.history {
            truth.apply(*offset, &record.key, record.value.as_deref());
        }
        // Compaction may have taken what nobody that runs has read.
        let leader =
            self.workers.iter().filter_map(|worker| worker.herder.as_ref()).find(|herder| herder.is_leader());
        let truth = match leader.filter(|_| self.compacts) {
            Some(leader) => leader.config(),
            None => truth.snapshot(),
        };
        let mut running: BTreeMap<&String, usize> = BTreeMap::new();
        let mut loads = Vec::new();
        for (at, worker) in self.workers.iter().enumerate() {
            let Some(herder) = &worker.herder else { return Some(format!("w{at} is gone")) };
            let config = herder.config();
            if !agrees(&config, &truth, self.compacts) {
                return Some(format!("w{at} has another view of the config topic: {config:?} not {truth:?}"));
            }
            if !herder.is_settled() {
                return Some(format!("w{at} is not settled"));
            }
            for piece in &worker.running {
                if let Some(other) = running.insert(piece, at) {
                    return Some(format!("w{at} and w{other} both run {piece}"));
                }
            }
            let tasks = worker.running.iter().filter(|piece| piece.contains('#')).count();
            loads.push((worker.running.len() - tasks, tasks));
        }
        // A paused connector generates no tasks. What compaction took from it when no worker was left comes back when it is
        // resumed.
        let counts = |piece: &String| match piece.split_once('#') {
            Some((name, _)) => !(self.compacts && truth.target_state(name) == Some(TargetState::Paused)),
            None => true,
        };
        let wanted: BTreeSet<String> = pieces(&truth.work()).filter(counts).collect();
        let actual: BTreeSet<String> = running.keys().map(|piece| (*piece).clone()).filter(counts).collect();
        if wanted != actual {
            return Some(format!("{wanted:?} should run, and {actual:?} runs"));
        }
        for (name, connector) in truth.connectors() {
            let target = truth.target_state(name).unwrap_or_default();
            let right = match target {
                TargetState::Started => connector.usable_tasks() == wanted_tasks(connector),
                TargetState::Paused => true,
                TargetState::Stopped => connector.usable_tasks() == 0,
            };
            if !right {
                return Some(format!("{name} is {target:?} and has {} tasks", connector.usable_tasks()));
            }
        }
        let spread = |of: fn(&(usize, usize)) -> usize| {
            let sizes = loads.iter().map(of);
            sizes.clone().max().unwrap_or(0) - sizes.min().unwrap_or(0)
        };
        let eager = self.workers.iter().any(|worker| worker.setting == Subprotocol::Eager);
        let uneven = if eager {
            spread(|load| load.0 + load.1) > 1
        } else {
            spread(|load| load.0) > 1 || spread(|load| load.1) > 1
        };
        let paused = |(name, _): (&str, &Connector)| truth.target_state(name) == Some(TargetState::Paused);
        if self.compacts && truth.connectors().any(paused) {
            return None;
        }
        uneven.then(|| format!("the loads are {loads:?}"))
    }
}

/// How many tasks a connector of these worlds wants.
pub(super) fn wanted_tasks(connector: &Connector) -> i32 {
    connector
        .config()
        .and_then(|config| config.get("tasks"))
        .and_then(|count| count.parse().ok())
        .unwrap_or_default()
}

/// Whether two workers see the same: what they count on their own apart.
fn agrees(one: &ConfigState, other: &ConfigState, compacts: bool) -> bool {
    let view = |state: &ConfigState| -> Vec<String> {
        state
            .connectors()
            .map(|(name, connector)| {
                let paused = state.target_state(name) == Some(TargetState::Paused);
                let counts = !(paused && compacts);
                let tasks: Vec<_> = state
                    .tasks(name)
                    .iter()
                    .filter(|_| counts)
                    .map(|id| {
                        format!(
                            "{:?}",
                            state
                                .task_config(id)
                                .map(|c| c.iter().map(|(k, v)| format!("{k}={v:?}")).collect::<Vec<_>>())
                        )
                    })
                    .collect();
                let config: Vec<_> = connector
                    .config()
                    .into_iter()
                    .flat_map(|config| config.iter().map(|(k, v)| format!("{k}={v:?}")).collect::<Vec<_>>())
                    .collect();
                format!("{name} {config:?} {:?} {tasks:?}", state.target_state(name))
            })
            .collect()
    };
    one.offset() == other.offset() && view(one) == view(other)
}
