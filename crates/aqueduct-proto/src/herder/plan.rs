//! A request as steps.

use std::collections::VecDeque;

use aqueduct_api::ConfigMap;

use super::{Refusal, Request};
use crate::config_log::{
    ConfigState, Record, Step, put_connector, put_logger_level, put_restart_request, put_session_key,
    put_target_state, put_tasks, remove_connector,
};
use crate::session::SessionKey;
use crate::state::TargetState;

/// One step of a job.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Do {
    /// Read the config topic to its end.
    Read,
    /// Wait until what was written last is read back.
    ReadBack,
    /// Write records.
    Write { records: Vec<Record>, privileged: bool },
    /// Fail if the connector is gone, or is stopped and there are tasks.
    MayHaveTasks { connector: String, count: usize },
    /// Look whether there is somebody to fence, and add the steps for it.
    DecideFencing { connector: String },
    /// Fence producers.
    Fence { connector: String, producers: i32 },
    /// Fail if there is another task set than this one by now.
    SameTasks { connector: String, generation: Option<i32> },
}

/// Whether only the leader may do it.
pub(super) fn needs_leader(request: &Request) -> bool {
    match request {
        Request::SetTarget { target, .. } => *target == TargetState::Stopped,
        Request::LoggerLevel { .. } => false,
        _ => true,
    }
}

/// The steps, or why there are none.
pub(super) fn plan(request: Request, state: &ConfigState) -> Result<VecDeque<Do>, Refusal> {
    let exists =
        |name: &String| state.connector(name).map(|_| ()).ok_or_else(|| Refusal::NotFound(name.clone()));
    Ok(match request {
        Request::PutConnector { name, config, initial, replace } => {
            if !replace && state.connector(&name).is_some() {
                return Err(Refusal::Exists(name));
            }
            let mut all = written(put_connector(&name, &config, initial), true);
            all.extend(kept_tasks(&name, state).into_iter().flatten());
            all
        }
        Request::DeleteConnector { name } => {
            exists(&name)?;
            written(remove_connector(&name), true)
        }
        Request::PutTasks { connector, configs } => {
            may_have_tasks(&connector, configs.len(), state)?;
            let mut all = steps(put_tasks(&connector, &configs));
            // The first step reads what others wrote, which may have stopped or removed the connector.
            all.insert(1, Do::MayHaveTasks { connector, count: configs.len() });
            all
        }
        Request::SetTarget { connector, target } => {
            exists(&connector)?;
            let stops = target == TargetState::Stopped;
            // The tasks go first: a stopped connector has none.
            let mut all = if stops { steps(put_tasks(&connector, &[])) } else { VecDeque::new() };
            all.extend(written(vec![put_target_state(&connector, target)], stops));
            all
        }
        Request::Restart { connector, request } => {
            exists(&connector)?;
            written(vec![put_restart_request(&connector, request)], true)
        }
        Request::Settle { connector } => {
            exists(&connector)?;
            VecDeque::new()
        }
        Request::Fence { connector } => {
            exists(&connector)?;
            [Do::Read, Do::DecideFencing { connector }].into()
        }
        Request::LoggerLevel { namespace, level } => {
            written(vec![put_logger_level(&namespace, &level)], false)
        }
    })
}

/// Whether a connector may get a set of so many tasks.
pub(super) fn may_have_tasks(name: &str, count: usize, state: &ConfigState) -> Result<(), Refusal> {
    match state.target_state(name) {
        None => Err(Refusal::NotFound(name.to_owned())),
        Some(TargetState::Stopped) if count > 0 => Err(Refusal::Stopped(name.to_owned())),
        Some(_) => Ok(()),
    }
}

/// The steps that write a session key.
pub(super) fn plan_key(key: &SessionKey) -> VecDeque<Do> {
    written(vec![put_session_key(key)], true)
}

/// Writes, then waits until the write is read back: only then it counts.
pub(super) fn written(records: Vec<Record>, privileged: bool) -> VecDeque<Do> {
    [Do::Write { records, privileged }, Do::ReadBack].into()
}

/// A connector that does not run does not generate its tasks again. Its task set must not be older than its configuration,
/// or compaction could lose it: see [`config_log`](crate::config_log).
fn kept_tasks(name: &str, state: &ConfigState) -> Option<VecDeque<Do>> {
    if state.target_state(name)? != TargetState::Paused {
        return None;
    }
    let ids = state.tasks(name);
    let configs = ids.iter().map(|id| state.task_config(id).map(|config| config.as_ref().clone()));
    let configs: Vec<ConfigMap> = configs.collect::<Option<_>>()?;
    (!configs.is_empty()).then(|| steps(put_tasks(name, &configs)))
}

fn steps(steps: Vec<Step>) -> VecDeque<Do> {
    let mut all = VecDeque::with_capacity(steps.len());
    for step in steps {
        all.push_back(match step {
            Step::Write(records) => Do::Write { records, privileged: true },
            // All that others wrote before comes with it.
            Step::ReadToEnd if matches!(all.back(), Some(Do::Write { .. })) => Do::ReadBack,
            Step::ReadToEnd => Do::Read,
        });
    }
    all
}
