//! The leader's decision, from what the members said to the bytes that each of them gets.

use super::doubts::is_wrong;
use super::rebalance::lives_on;
use crate::assignor::{Member, cooperative, eager};
use crate::config_log::ConfigState;
use crate::state::{TargetState, TaskId};
use crate::subprotocol::{
    Assignment, AssignmentError, SchemaError, Subprotocol, Work, WorkerMetadata, read_metadata,
    write_assignment,
};

/// A group that waits for its leader's decision.
#[derive(Debug)]
pub(super) struct Leading {
    pub(super) generation: i32,
    pub(super) last_completed_generation: i32,
    pub(super) protocol: Subprotocol,
    members: Vec<(String, WorkerMetadata)>,
}

/// What the members get.
#[derive(Debug)]
pub(super) struct Decision {
    /// By member.
    pub(super) assignments: Vec<(String, Vec<u8>)>,
    /// Connectors whose task sets must be written again.
    pub(super) republish: Vec<String>,
    /// Who runs what afterwards.
    pub(super) owners: Owners,
    /// Whether a member must stop something that lives on, after which it joins again.
    pub(super) revokes: bool,
}

/// What workers run, by their URLs. It is made with each decision, and seldom looked at.
#[derive(Debug, Default)]
pub(super) struct Owners(Vec<(String, Work)>);

impl Owners {
    pub(super) fn of_connector(&self, name: &str) -> Option<&str> {
        self.owner(|work| work.connectors.iter().any(|one| one == name))
    }

    pub(super) fn of_task(&self, id: &TaskId) -> Option<&str> {
        self.owner(|work| work.tasks.contains(id))
    }

    fn owner(&self, has: impl Fn(&Work) -> bool) -> Option<&str> {
        self.0.iter().find(|(_, work)| has(work)).map(|(url, _)| url.as_str())
    }
}

impl Leading {
    pub(super) fn new(
        generation: i32,
        last_completed_generation: i32,
        protocol: Subprotocol,
        members: Vec<(String, Vec<u8>)>,
    ) -> Result<Self, SchemaError> {
        let members = members
            .into_iter()
            .map(|(id, bytes)| Ok((id, read_metadata(&bytes, protocol)?)))
            .collect::<Result<Vec<_>, SchemaError>>()?;
        Ok(Self { generation, last_completed_generation, protocol, members })
    }

    /// How far the most advanced member has read. The leader must have read as far.
    pub(super) fn config_offset(&self) -> i64 {
        self.members.iter().map(|(_, metadata)| metadata.config_offset).max().unwrap_or(-1)
    }

    /// Tells all members to join again.
    pub(super) fn mismatch(&self, leader: &str) -> Decision {
        let offset = self.config_offset();
        let assignments = self
            .members
            .iter()
            .map(|(id, _)| {
                let mut assignment = self.assignment(leader, offset);
                assignment.error = AssignmentError::ConfigMismatch;
                (id.clone(), write_assignment(&assignment, self.protocol).unwrap_or_default())
            })
            .collect();
        Decision { assignments, republish: Vec::new(), owners: Owners::default(), revokes: false }
    }

    fn url(&self, member: &str) -> Option<&str> {
        self.members.iter().find(|(id, _)| id == member).map(|(_, metadata)| metadata.url.as_str())
    }

    fn assignment(&self, leader: &str, config_offset: i64) -> Assignment {
        let url = self.url(leader).map(str::to_owned);
        Assignment {
            leader: Some(leader.to_owned()),
            leader_url: url,
            config_offset,
            ..Assignment::default()
        }
    }

    /// Decides with the state as the leader has read it.
    pub(super) fn decide(
        &self,
        leader: &str,
        state: &ConfigState,
        assignor: &mut cooperative::State,
        max_delay_ms: i32,
        now_ms: i64,
    ) -> Decision {
        let (configured, republish) = self.configured(state);
        let base = self.assignment(leader, state.offset());
        let (mut owners, mut revokes) = (Vec::with_capacity(self.members.len()), false);
        let url = |member: &str| self.url(member).unwrap_or_default().to_owned();
        let written = |member: String, assignment: Assignment| {
            let bytes = write_assignment(&assignment, self.protocol).unwrap_or_default();
            (member, bytes)
        };
        let assignments = if self.protocol.is_cooperative() {
            let members = self
                .members
                .iter()
                .map(|(id, metadata)| Member { id: id.clone(), running: metadata.running.assigned.clone() });
            let problem = cooperative::Problem {
                configured,
                members: members.collect(),
                generation: self.generation,
                last_completed_generation: self.last_completed_generation,
                max_delay_ms,
            };
            let (next, solution) = cooperative::solve(assignor, &problem, now_ms);
            *assignor = next;
            let delay_ms = solution.delay_ms;
            let one = |share: cooperative::Share| {
                owners.push((url(&share.member), share.load));
                // Java forgets what was removed while the member that runs it was cut off.
                let stray = self.running(&share.member).map(|work| work.without(&problem.configured));
                let stray = stray.unwrap_or_default();
                let revoked = share.revoked.and(&stray);
                revokes |= lives_on(&revoked, state);
                let assignment = Assignment { assigned: share.assigned, revoked, delay_ms, ..base.clone() };
                written(share.member, assignment)
            };
            solution.shares.into_iter().map(one).collect()
        } else {
            let ids: Vec<String> = self.members.iter().map(|(id, _)| id.clone()).collect();
            let shares = eager::solve(&configured, &ids);
            let one = |(member, assigned): (String, Work)| {
                owners.push((url(&member), assigned.clone()));
                written(member, Assignment { assigned, ..base.clone() })
            };
            shares.into_iter().map(one).collect()
        };
        Decision { assignments, republish, owners: Owners(owners), revokes }
    }

    fn running(&self, member: &str) -> Option<&Work> {
        let member = self.members.iter().find(|(id, _)| id == member);
        member.map(|(_, metadata)| &metadata.running.assigned)
    }

    /// What is configured. Task sets that compaction took from this leader's sight, but that members run, count too: see
    /// [`config_log`](crate::config_log).
    fn configured(&self, state: &ConfigState) -> (Work, Vec<String>) {
        let mut configured = state.work();
        let mut republish = Vec::new();
        for (name, connector) in state.connectors() {
            if is_wrong(connector) {
                republish.push(name.to_owned());
            }
            let Some(shelved) = connector.shelved() else { continue };
            let runs = self
                .members
                .iter()
                .any(|(_, metadata)| metadata.running.assigned.tasks.iter().any(|id| id.connector == name));
            if runs && state.target_state(name) != Some(TargetState::Stopped) {
                configured.tasks.extend(shelved.keys().map(|task| TaskId::new(name, *task)));
                republish.push(name.to_owned());
            }
        }
        (configured, republish)
    }
}
