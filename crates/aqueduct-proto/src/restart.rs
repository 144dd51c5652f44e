//! Which parts of a connector a restart request means (KIP-745).

use crate::state::State;

/// `POST /connectors/NAME/restart?onlyFailed=…&includeTasks=…`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RestartRequest {
    /// Only what is FAILED.
    pub only_failed: bool,
    /// The tasks too.
    pub include_tasks: bool,
}

impl RestartRequest {
    /// How much the request does: of several queued for one connector, only a strictly greater one replaces another.
    pub const fn impact(self) -> u8 {
        match (self.only_failed, self.include_tasks) {
            (true, false) => 0,
            (true, true) => 1,
            (false, false) => 2,
            (false, true) => 3,
        }
    }

    /// Whether a connector in this state is restarted.
    pub fn includes_connector(self, state: State) -> bool {
        !self.only_failed || state == State::Failed
    }

    /// Whether a task in this state is restarted.
    pub fn includes_task(self, state: State) -> bool {
        self.include_tasks && self.includes_connector(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_holds_what_was_asked_for() {
        let check = |only_failed, include_tasks, state, connector, task| {
            let request = RestartRequest { only_failed, include_tasks };
            assert_eq!(request.includes_connector(state), connector, "{request:?} {state}");
            assert_eq!(request.includes_task(state), task, "{request:?} {state}");
        };
        check(false, false, State::Running, true, false);
        check(false, true, State::Running, true, true);
        check(true, true, State::Running, false, false);
        check(true, true, State::Failed, true, true);
        check(true, false, State::Failed, true, false);
    }
}
