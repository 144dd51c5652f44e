//! Work whose worker is gone: kept for it for a while, then given to others (KIP-415: scheduled rebalance).

use super::cooperative::{Problem, State};
use super::load::Load;
use crate::java_order::{hash_set_order, string_hash};
use crate::subprotocol::Work;

/// Decides about lost work: gives it to workers in `loads`, or returns it to be dealt like new work, or leaves it and sets a
/// delay.
pub(super) fn handle(
    state: &mut State,
    problem: &Problem,
    lost: &Work,
    loads: &mut [Load],
    now_ms: i64,
) -> Work {
    if lost.is_empty() && !state.revoked_in_previous {
        reset_delay(state);
        return Work::default();
    }
    let everybody_is_here = state
        .previous_members
        .iter()
        .all(|previous| problem.members.iter().any(|member| member.id == *previous));
    let nobody_left = state.scheduled_rebalance_ms <= 0 && everybody_is_here;
    if nobody_left || problem.max_delay_ms == 0 {
        return lost.clone();
    }
    if state.scheduled_rebalance_ms > 0 && now_ms >= state.scheduled_rebalance_ms {
        let candidates: Vec<usize> = state
            .candidates
            .iter()
            .filter_map(|candidate| loads.iter().position(|load| load.worker == *candidate))
            .collect();
        reset_delay(state);
        state.revoked_in_previous = false;
        if candidates.is_empty() {
            return lost.clone();
        }
        for (connector, at) in lost.connectors.iter().zip(candidates.iter().cycle()) {
            loads[*at].work.connectors.push(connector.clone());
        }
        for (task, at) in lost.tasks.iter().zip(candidates.iter().cycle()) {
            loads[*at].work.tasks.push(task.clone());
        }
        return Work::default();
    }
    let empty = loads.iter().filter(|load| load.work.is_empty()).map(|load| load.worker.as_str());
    for worker in hash_set_order(empty, |worker| string_hash(worker)) {
        if !state.candidates.iter().any(|candidate| candidate == worker) {
            state.candidates.push(worker.to_owned());
        }
    }
    state.delay_ms = if now_ms < state.scheduled_rebalance_ms {
        let left = state.scheduled_rebalance_ms - now_ms;
        i32::try_from(left).unwrap_or(i32::MAX).min(problem.max_delay_ms)
    } else {
        problem.max_delay_ms
    };
    state.scheduled_rebalance_ms = now_ms + i64::from(state.delay_ms);
    Work::default()
}

fn reset_delay(state: &mut State) {
    state.candidates.clear();
    state.scheduled_rebalance_ms = 0;
    state.delay_ms = 0;
}
