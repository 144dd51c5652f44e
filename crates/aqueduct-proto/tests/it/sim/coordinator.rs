//! A group coordinator, as far as members can tell.

use std::collections::{BTreeMap, BTreeSet};

use aqueduct_proto::member::{GroupError, Request, Response};

/// One process: a worker's number and how often it was started.
pub(super) type Process = (usize, u32);

/// An answer: to whom, to which request, and what.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    Response(Response),
    MemberId(String),
}

pub(super) type Replies = Vec<(Process, u64, Answer)>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Stable,
    Joining { deadline_ms: i64 },
    Syncing,
}

#[derive(Debug)]
struct GroupMember {
    protocols: Vec<(&'static str, Vec<u8>)>,
    session_timeout_ms: i64,
    rebalance_timeout_ms: i64,
    expires_ms: i64,
    joining: Option<(Process, u64)>,
    syncing: Option<(Process, u64)>,
    assignment: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Coordinator {
    members: BTreeMap<String, GroupMember>,
    promised: BTreeSet<String>,
    phase: Phase,
    generation: i32,
    leader: Option<String>,
    ids: u64,
    pub(super) down_until_ms: i64,
}

impl Coordinator {
    pub(super) fn new() -> Self {
        Self {
            members: BTreeMap::new(),
            promised: BTreeSet::new(),
            phase: Phase::Stable,
            generation: 0,
            leader: None,
            ids: 0,
            down_until_ms: 0,
        }
    }

    pub(super) fn handle(&mut self, from: Process, id: u64, request: Request, now_ms: i64) -> Replies {
        let reply = |response| vec![(from, id, Answer::Response(response))];
        let fail = |error| vec![(from, id, Answer::Response(Response::Failed(error)))];
        if now_ms < self.down_until_ms {
            return fail(GroupError::NotCoordinator);
        }
        match request {
            Request::FindCoordinator => reply(Response::CoordinatorFound),
            Request::Join { member_id, .. } if member_id.is_empty() => {
                self.ids += 1;
                let member_id = format!("w{}-{}", from.0, self.ids);
                self.promised.insert(member_id.clone());
                vec![(from, id, Answer::MemberId(member_id))]
            }
            Request::Join { member_id, protocols, session_timeout_ms, rebalance_timeout_ms } => {
                if !self.promised.remove(&member_id) && !self.members.contains_key(&member_id) {
                    return fail(GroupError::UnknownMember);
                }
                let member = GroupMember {
                    protocols,
                    session_timeout_ms: i64::from(session_timeout_ms),
                    rebalance_timeout_ms: i64::from(rebalance_timeout_ms),
                    expires_ms: now_ms + i64::from(session_timeout_ms),
                    joining: Some((from, id)),
                    syncing: None,
                    assignment: Vec::new(),
                };
                self.members.insert(member_id, member);
                let mut replies = self.rebalance(now_ms);
                replies.extend(self.complete_join(now_ms));
                replies
            }
            Request::Sync { generation, member_id, assignments, .. } => {
                if let Some(error) = self.refusal(&member_id, generation) {
                    return fail(error);
                }
                self.sync(from, id, &member_id, assignments)
            }
            Request::Heartbeat { generation, member_id } => {
                if let Some(error) = self.refusal(&member_id, generation) {
                    return fail(error);
                }
                if let Some(member) = self.members.get_mut(&member_id) {
                    member.expires_ms = now_ms + member.session_timeout_ms;
                }
                match self.phase {
                    Phase::Joining { .. } => fail(GroupError::RebalanceInProgress),
                    Phase::Stable | Phase::Syncing => reply(Response::Alive),
                }
            }
            Request::Leave { member_id } => {
                self.members.remove(&member_id);
                let mut replies = self.rebalance(now_ms);
                replies.extend(self.complete_join(now_ms));
                replies
            }
        }
    }

    fn refusal(&self, member_id: &str, generation: i32) -> Option<GroupError> {
        if !self.members.contains_key(member_id) {
            Some(GroupError::UnknownMember)
        } else if generation != self.generation {
            Some(GroupError::IllegalGeneration)
        } else {
            None
        }
    }

    fn sync(
        &mut self,
        from: Process,
        id: u64,
        member_id: &str,
        assignments: Vec<(String, Vec<u8>)>,
    ) -> Replies {
        if let Phase::Joining { .. } = self.phase {
            return vec![(from, id, Answer::Response(Response::Failed(GroupError::RebalanceInProgress)))];
        }
        if let Some(member) = self.members.get_mut(member_id) {
            member.syncing = Some((from, id));
        }
        if self.phase == Phase::Syncing && self.leader.as_deref() == Some(member_id) {
            self.phase = Phase::Stable;
            for (other, bytes) in assignments {
                if let Some(member) = self.members.get_mut(&other) {
                    member.assignment = bytes;
                }
            }
        }
        if self.phase != Phase::Stable {
            return Vec::new();
        }
        let answer = |member: &mut GroupMember| {
            let (process, id) = member.syncing.take()?;
            Some((process, id, Answer::Response(Response::Synced(member.assignment.clone()))))
        };
        self.members.values_mut().filter_map(answer).collect()
    }

    /// Everybody must join again.
    fn rebalance(&mut self, now_ms: i64) -> Replies {
        if matches!(self.phase, Phase::Joining { .. }) {
            return Vec::new();
        }
        let patience_ms = self.members.values().map(|member| member.rebalance_timeout_ms).max().unwrap_or(0);
        self.phase = Phase::Joining { deadline_ms: now_ms + patience_ms };
        let answer = |member: &mut GroupMember| {
            let (process, id) = member.syncing.take()?;
            Some((process, id, Answer::Response(Response::Failed(GroupError::RebalanceInProgress))))
        };
        self.members.values_mut().filter_map(answer).collect()
    }

    fn complete_join(&mut self, now_ms: i64) -> Replies {
        let Phase::Joining { deadline_ms } = self.phase else { return Vec::new() };
        let all = self.members.values().all(|member| member.joining.is_some());
        if !all && now_ms < deadline_ms {
            return Vec::new();
        }
        self.members.retain(|_, member| member.joining.is_some());
        self.generation += 1;
        let stays = self.leader.take().filter(|leader| self.members.contains_key(leader));
        let Some(leader) = stays.or_else(|| self.members.keys().next().cloned()) else {
            self.phase = Phase::Stable;
            return Vec::new();
        };
        let knows =
            |member: &GroupMember, name: &str| member.protocols.iter().any(|(other, _)| *other == name);
        let mut preferred = self.members[&leader].protocols.iter().map(|(name, _)| *name);
        let protocol = preferred
            .find(|name| self.members.values().all(|member| knows(member, name)))
            .expect("all know the eager one");
        let metadata: Vec<(String, Vec<u8>)> = self
            .members
            .iter()
            .map(|(id, member)| {
                let bytes = member.protocols.iter().find(|(name, _)| *name == protocol);
                (id.clone(), bytes.map(|(_, bytes)| bytes.clone()).unwrap_or_default())
            })
            .collect();
        self.phase = Phase::Syncing;
        let generation = self.generation;
        let mut replies = Vec::new();
        for (id, member) in &mut self.members {
            member.expires_ms = now_ms + member.session_timeout_ms;
            member.assignment = Vec::new();
            let Some((process, request)) = member.joining.take() else { continue };
            let members = if *id == leader { metadata.clone() } else { Vec::new() };
            let joined = Response::Joined {
                generation,
                protocol: protocol.to_owned(),
                leader: leader.clone(),
                member_id: id.clone(),
                members,
            };
            replies.push((process, request, Answer::Response(joined)));
        }
        self.leader = Some(leader);
        replies
    }

    /// Time passes: members expire, and a join does not wait for ever.
    pub(super) fn tick(&mut self, now_ms: i64) -> Replies {
        let before = self.members.len();
        self.members.retain(|_, member| member.joining.is_some() || now_ms < member.expires_ms);
        let mut replies = if self.members.len() < before { self.rebalance(now_ms) } else { Vec::new() };
        replies.extend(self.complete_join(now_ms));
        replies
    }

    /// The leader dies in the eyes of the group.
    pub(super) fn change_leader(&mut self) {
        self.leader = self.members.keys().next_back().cloned();
    }
}
