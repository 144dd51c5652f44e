//! What must leave the workers that have too much.

use super::load::Load;
use crate::subprotocol::Work;

/// What to revoke from each of these workers, in their order, so that connectors and tasks, each on their own, can be dealt
/// evenly. `connectors` and `tasks` are how many are configured.
pub(super) fn revocations(loads: &[Load], connectors: usize, tasks: usize) -> Vec<Work> {
    let mut revoked = vec![Work::default(); loads.len()];
    let idle = loads.iter().all(|load| load.work.is_empty());
    if idle || (connectors == 0 && tasks == 0) {
        return revoked;
    }
    let sizes = |size: fn(&Load) -> usize| loads.iter().map(size).collect::<Vec<_>>();
    let connectors_off = excess(&sizes(|load| load.work.connectors.len()), connectors);
    let tasks_off = excess(&sizes(|load| load.work.tasks.len()), tasks);
    for (((revoked, load), connectors), tasks) in
        revoked.iter_mut().zip(loads).zip(connectors_off).zip(tasks_off)
    {
        revoked.connectors.extend(load.work.connectors.iter().take(connectors).cloned());
        revoked.tasks.extend(load.work.tasks.iter().take(tasks).cloned());
    }
    revoked
}

/// How many pieces each worker has too much. Some workers may have one more than the others when `total` does not divide;
/// the first heavy ones in order keep theirs.
fn excess(sizes: &[usize], total: usize) -> Vec<usize> {
    let least = total / sizes.len().max(1);
    let mut extras = total % sizes.len().max(1);
    let with = |size: usize| sizes.iter().filter(|one| **one == size).count();
    if with(least) == sizes.len() - extras && with(least + 1) == extras {
        return vec![0; sizes.len()];
    }
    let mut limit_of = |size: usize| {
        if size <= least || extras == 0 {
            return least;
        }
        extras -= 1;
        least + 1
    };
    sizes.iter().map(|size| size.saturating_sub(limit_of(*size))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_heavy_workers_keep_the_extras() {
        let check = |sizes: &[usize], total, expected: &[usize]| {
            assert_eq!(excess(sizes, total), expected, "{sizes:?} of {total}");
        };
        check(&[3, 2, 3], 8, &[0, 0, 0]);
        check(&[8, 0, 0], 8, &[5, 0, 0]);
        check(&[4, 4, 0], 8, &[1, 1, 0]);
        check(&[0, 4, 4], 7, &[0, 1, 2]);
        check(&[1, 1, 0], 2, &[0, 0, 0]);
    }
}
