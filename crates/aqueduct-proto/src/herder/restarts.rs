//! Restarts that users asked for, until this worker comes to them.

use std::collections::BTreeMap;

use super::Effect;
use crate::restart::RestartRequest;
use crate::subprotocol::Work;

/// One request a connector: of several, the one that does most.
#[derive(Debug, Default)]
pub(super) struct Restarts {
    pending: BTreeMap<String, RestartRequest>,
}

impl Restarts {
    pub(super) fn add(&mut self, connector: String, request: RestartRequest) {
        let known = self.pending.entry(connector).or_insert(request);
        if request.impact() > known.impact() {
            *known = request;
        }
    }

    /// Performs all for what runs here.
    pub(super) fn tick(&mut self, running: &Work, effects: &mut Vec<Effect>) {
        for (connector, request) in std::mem::take(&mut self.pending) {
            let local = part_of(running, &connector);
            if !local.is_empty() {
                effects.push(Effect::Restart { connector, request, local });
            }
        }
    }
}

/// What of this work belongs to a connector.
pub(super) fn part_of(work: &Work, connector: &str) -> Work {
    Work {
        connectors: work.connectors.iter().filter(|name| *name == connector).cloned().collect(),
        tasks: work.tasks.iter().filter(|id| id.connector == connector).cloned().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_greater_request_replaces_another() {
        let request = |only_failed, include_tasks| RestartRequest { only_failed, include_tasks };
        let mut restarts = Restarts::default();
        restarts.add("c".into(), request(true, true));
        restarts.add("c".into(), request(false, false));
        restarts.add("c".into(), request(true, false));
        restarts.add("elsewhere".into(), request(false, true));
        let running = Work { connectors: vec!["c".into()], tasks: vec![] };
        let mut effects = Vec::new();
        restarts.tick(&running, &mut effects);
        let expected =
            Effect::Restart { connector: "c".into(), request: request(false, false), local: running.clone() };
        assert_eq!(effects, [expected]);
        restarts.tick(&running, &mut effects);
        assert_eq!(effects.len(), 1);
    }
}
