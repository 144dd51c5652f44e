//! The incremental cooperative assignor.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use super::load::{Load, deal_connectors, deal_tasks};
use super::{Member, WorkSet, balance, lost};
use crate::subprotocol::Work;

/// What to decide about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is configured: connectors, and the tasks of their complete task sets.
    pub configured: Work,
    /// The members. Their order decides who gives up work first among equals.
    pub members: Vec<Member>,
    /// The generation that this assignment is for.
    pub generation: i32,
    /// The last generation in which this leader got its own assignment; another one than the last decided one means that
    /// the last decision may not have reached the members.
    pub last_completed_generation: i32,
    /// `scheduled.rebalance.max.delay.ms`
    pub max_delay_ms: i32,
}

/// What the leader remembers from one decision to the next. A new leader begins with the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub(super) previous: Work,
    pub(super) previous_generation: i32,
    pub(super) previous_members: BTreeSet<String>,
    pub(super) previous_revocation: WorkSet,
    pub(super) revoked_in_previous: bool,
    pub(super) candidates: Vec<String>,
    pub(super) scheduled_rebalance_ms: i64,
    pub(super) delay_ms: i32,
    pub(super) successive_revocations: u32,
}

impl Default for State {
    fn default() -> Self {
        Self {
            previous: Work::default(),
            previous_generation: -1,
            previous_members: BTreeSet::new(),
            previous_revocation: WorkSet::default(),
            revoked_in_previous: false,
            candidates: Vec::new(),
            scheduled_rebalance_ms: 0,
            delay_ms: 0,
            successive_revocations: 0,
        }
    }
}

impl State {
    /// When the work of lost workers is given to others; 0 when none is waiting.
    pub fn scheduled_rebalance_ms(&self) -> i64 {
        self.scheduled_rebalance_ms
    }

    /// Empty workers that came while lost work was waiting, the first to get it.
    pub fn candidates(&self) -> &[String] {
        &self.candidates
    }

    /// How many rounds one after the other had to revoke work.
    pub fn successive_revocations(&self) -> u32 {
        self.successive_revocations
    }

    /// The generation of the last decision; -1 at first.
    pub fn previous_generation(&self) -> i32 {
        self.previous_generation
    }
}

/// The decision for one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The member.
    pub member: String,
    /// What it is to start.
    pub assigned: Work,
    /// What it is to stop, before it joins again at once.
    pub revoked: Work,
    /// All that it runs afterwards.
    pub load: Work,
}

/// The decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// One share a member, in the order of the problem.
    pub shares: Vec<Share>,
    /// After this time members must join again; 0 is never.
    pub delay_ms: i32,
}

/// Decides. The state that comes out belongs to the next call, whether or not the members get this decision.
pub fn solve(state: &State, problem: &Problem, now_ms: i64) -> (State, Solution) {
    let mut state = state.clone();
    if state.previous_generation != problem.last_completed_generation {
        state.previous = Work::default();
    }
    let mut configured = problem.configured.clone();
    configured.connectors.sort();
    configured.tasks.sort();
    let active = problem.members.iter().fold(Work::default(), |all, member| all.and(&member.running));
    if !state.previous_revocation.is_empty() {
        // What was to stop still runs: the members did not get the last decision.
        if state.previous_revocation.intersects(&WorkSet::of([&active])) {
            state.previous = active.clone();
        }
        state.previous_revocation = WorkSet::default();
    }

    let deleted = WorkSet::of([&state.previous.without(&configured)]);
    let duplicated = duplicated(&problem.members);
    let mut lost = deleted.rest_of(&state.previous.without(&active));
    lost.connectors.sort();
    lost.tasks.sort();
    let created = configured.without(&state.previous).without(&active);

    let mut revoked: Vec<Work> = problem
        .members
        .iter()
        .map(|member| deleted.part_of(&member.running).and(&duplicated.part_of(&member.running)))
        .collect();
    let mut loads: Vec<Load> = problem
        .members
        .iter()
        .map(|member| Load {
            worker: member.id.clone(),
            work: duplicated.rest_of(&deleted.rest_of(&member.running)),
        })
        .collect();
    let reassigned = lost::handle(&mut state, problem, &lost, &mut loads, now_ms);
    balance_loads(&mut state, problem, &configured, &mut loads, &mut revoked, now_ms);

    let to_assign = created.and(&reassigned);
    deal_connectors(&mut loads, to_assign.connectors);
    deal_tasks(&mut loads, to_assign.tasks);

    state.previous = loads.iter().fold(Work::default(), |all, load| all.and(&load.work)).and(&lost);
    let shares = shares(&problem.members, &deleted, revoked, loads);
    for share in &shares {
        state.previous_revocation.add(&share.revoked);
    }
    state.previous_generation = problem.generation;
    state.previous_members = problem.members.iter().map(|member| member.id.clone()).collect();
    let delay_ms = state.delay_ms;
    (state, Solution { shares, delay_ms })
}

/// What more than one member runs. None of them can be known to be the right one, so all must stop it.
fn duplicated(members: &[Member]) -> WorkSet {
    WorkSet {
        connectors: of_several(members, |work| &work.connectors),
        tasks: of_several(members, |work| &work.tasks),
    }
}

fn of_several<T: Clone + Ord + Hash>(members: &[Member], of: impl Fn(&Work) -> &Vec<T>) -> BTreeSet<T> {
    let mut first = HashMap::new();
    let mut twice = BTreeSet::new();
    for (at, member) in members.iter().enumerate() {
        for one in of(&member.running) {
            if *first.entry(one).or_insert(at) != at {
                twice.insert(one.clone());
            }
        }
    }
    twice
}

/// Revokes what workers have too much, unless lost work is waiting. Rounds of revocation that follow each other get longer
/// and longer pauses between them, so that a storm of joining workers does not stop the same work again and again.
fn balance_loads(
    state: &mut State,
    problem: &Problem,
    configured: &Work,
    loads: &mut [Load],
    revoked: &mut [Work],
    now_ms: i64,
) {
    if state.delay_ms != 0 {
        state.revoked_in_previous = false;
        return;
    }
    let off = balance::revocations(loads, configured.connectors.len(), configured.tasks.len());
    let balanced = off.iter().all(Work::is_empty);
    if balanced {
        if state.revoked_in_previous {
            state.revoked_in_previous = false;
            state.successive_revocations = 0;
        }
        return;
    }
    if state.revoked_in_previous {
        state.successive_revocations += 1;
        state.delay_ms = backoff_ms(state.successive_revocations, problem.max_delay_ms);
        if state.delay_ms != 0 {
            state.scheduled_rebalance_ms = now_ms + i64::from(state.delay_ms);
            return;
        }
    }
    state.revoked_in_previous = true;
    for ((load, revoked), off) in loads.iter_mut().zip(revoked).zip(off) {
        load.work = load.work.without(&off);
        *revoked = revoked.and(&off);
    }
}

/// 1 ms, then 40 times as much each time, up to the maximum.
fn backoff_ms(round: u32, max_ms: i32) -> i32 {
    const MULTIPLIER: f64 = 40.0;
    if max_ms <= 1 {
        return max_ms.max(0);
    }
    let rounds_max = f64::from(max_ms).ln() / MULTIPLIER.ln();
    let backoff = MULTIPLIER.powf(f64::from(round).min(rounds_max));
    (backoff as i32).min(max_ms)
}

fn shares(members: &[Member], deleted: &WorkSet, revoked: Vec<Work>, mut loads: Vec<Load>) -> Vec<Share> {
    members
        .iter()
        .zip(revoked)
        .map(|(member, revoked)| {
            let load = match loads.iter().position(|load| load.worker == member.id) {
                Some(at) => loads.swap_remove(at).work,
                None => Work::default(),
            };
            let assigned = load.without(&deleted.rest_of(&member.running));
            Share { member: member.id.clone(), assigned, revoked, load }
        })
        .collect()
}
