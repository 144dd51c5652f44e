//! What each worker has, and dealing work to those that have least.

use crate::state::TaskId;
use crate::subprotocol::Work;

/// What one worker is to run.
#[derive(Debug, Clone)]
pub(super) struct Load {
    pub(super) worker: String,
    pub(super) work: Work,
}

/// Gives each connector to a worker that has fewest connectors.
pub(super) fn deal_connectors(loads: &mut [Load], connectors: impl IntoIterator<Item = String>) {
    deal(loads, connectors.into_iter(), |load| &load.work.connectors, |load| &mut load.work.connectors);
}

/// Gives each task to a worker that has fewest tasks.
pub(super) fn deal_tasks(loads: &mut [Load], tasks: impl IntoIterator<Item = TaskId>) {
    deal(loads, tasks.into_iter(), |load| &load.work.tasks, |load| &mut load.work.tasks);
}

/// Deals in rounds: the workers stand in the order of their load and id, and each round gives one piece to each of those
/// at the front that have no more than the first.
fn deal<T>(
    loads: &mut [Load],
    pieces: impl Iterator<Item = T>,
    of: impl Fn(&Load) -> &Vec<T>,
    of_mut: impl Fn(&mut Load) -> &mut Vec<T>,
) {
    loads.sort_by(|a, b| of(a).len().cmp(&of(b).len()).then_with(|| a.worker.cmp(&b.worker)));
    let mut pieces = pieces.peekable();
    while pieces.peek().is_some() {
        let Some(least) = loads.first().map(|first| of(first).len()) else { return };
        let round = loads.iter().position(|load| of(load).len() > least).unwrap_or(loads.len());
        for (load, piece) in loads.iter_mut().take(round).zip(pieces.by_ref()) {
            of_mut(load).push(piece);
        }
    }
}
