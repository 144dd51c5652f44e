//! Many herders, one coordinator, one config topic, one clock, and a seed that decides all that may go wrong: crashes,
//! pauses, delays, duplicates, reordering, lost requests, leader changes, failing reads and writes, compaction.
//!
//! `AQUEDUCT_SIM_SEED=n` runs the one seed n and prints what happens; `AQUEDUCT_SIM_SEEDS=n` runs n of them.

mod check;
mod coordinator;
mod log;
mod rng;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use world::World;

const SEEDS: u64 = 2_000;

fn from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn clusters_keep_their_promises() {
    if let Some(seed) = from_env("AQUEDUCT_SIM_SEED") {
        World::new(seed, true).run();
        return;
    }
    let seeds = from_env("AQUEDUCT_SIM_SEEDS").unwrap_or(SEEDS);
    let threads = 2;
    let failed: Vec<u64> = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..threads)
            .map(|lane| {
                scope.spawn(move || {
                    let mine = (0..seeds).filter(move |seed| seed % threads == lane);
                    let fails = |seed: &u64| {
                        catch_unwind(AssertUnwindSafe(|| World::new(*seed, false).run())).is_err()
                    };
                    mine.filter(fails).take(3).collect::<Vec<u64>>()
                })
            })
            .collect();
        lanes.into_iter().flat_map(|lane| lane.join().expect("a lane")).collect()
    });
    assert!(failed.is_empty(), "run again with AQUEDUCT_SIM_SEED= one of {failed:?}");
}
