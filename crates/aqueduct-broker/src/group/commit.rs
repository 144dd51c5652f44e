//! Committed offsets of a group, plain and transactional.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::ConsumerProtocolSubscription;
use kafka_protocol::protocol::{Decodable, StrBytes};
use tokio::time::Instant;

use super::Group;
use super::state::{Phase, State};
use crate::journal::{CommittedOffset, Entry};

/// Topic and partition.
pub(crate) type OffsetKey = (String, i32);

/// As whom offsets are committed. A generation below 0 is nobody's: allowed as long as the group is empty.
#[derive(Debug, Clone)]
pub(crate) struct CommitIdentity {
    pub(crate) generation: i32,
    pub(crate) member_id: StrBytes,
    pub(crate) instance_id: Option<StrBytes>,
}

impl State {
    fn check_committer(&mut self, identity: &CommitIdentity, now: Instant) -> Result<(), ResponseError> {
        self.require_alive()?;
        if identity.generation < 0 && self.members.is_empty() {
            return Ok(());
        }
        self.identify(&identity.member_id, identity.instance_id.as_ref())?;
        self.require_generation(identity.generation)?;
        if let Phase::Completing { .. } = self.phase {
            return Err(ResponseError::RebalanceInProgress);
        }
        if let Some(member) = self.member_mut(&identity.member_id) {
            member.touch(now);
        }
        Ok(())
    }

    /// Topics that members of a consumer group subscribe to.
    fn subscribes(&self, topic: &str) -> bool {
        let protocol = self.protocol.clone().unwrap_or_default();
        self.members.iter().any(|member| {
            let mut metadata = member.metadata(&protocol);
            let version = metadata.get(..2).map_or(0, |bytes| i16::from_be_bytes([bytes[0], bytes[1]]));
            let _ = metadata.split_to(metadata.len().min(2));
            let subscription = ConsumerProtocolSubscription::decode(&mut metadata, version.clamp(0, 3));
            subscription
                .is_ok_and(|subscription| subscription.topics.iter().any(|name| name.as_str() == topic))
        })
    }
}

impl Group {
    fn offset_entry(&self, key: &OffsetKey, committed: Option<CommittedOffset>) -> Entry {
        Entry::Offset { group: self.id.clone(), topic: key.0.clone(), partition: key.1, committed }
    }

    /// Commits all of `offsets`, or none.
    pub(crate) fn commit(
        &self,
        identity: &CommitIdentity,
        offsets: Vec<(OffsetKey, CommittedOffset)>,
    ) -> Result<(), ResponseError> {
        let mut state = self.state.lock();
        state.check_committer(identity, Instant::now())?;
        if offsets.is_empty() {
            return Ok(());
        }
        let entries: Vec<Entry> =
            offsets.iter().map(|(key, committed)| self.offset_entry(key, Some(committed.clone()))).collect();
        self.journal.append(&entries)?;
        state.offsets.extend(offsets);
        Ok(())
    }

    /// Checks that the member may commit within a transaction; without a member id there is nothing to check.
    pub(crate) fn check_transactional(&self, identity: &CommitIdentity) -> Result<(), ResponseError> {
        let mut state = self.state.lock();
        state.require_alive()?;
        if identity.generation < 0 && identity.member_id.is_empty() {
            return Ok(());
        }
        if state.members.is_empty() {
            return Err(ResponseError::UnknownMemberId);
        }
        match state.check_committer(identity, Instant::now()) {
            // Unlike a plain commit, one in a transaction may come while the group waits for its assignment.
            Err(ResponseError::RebalanceInProgress) => Ok(()),
            result => result,
        }
    }

    /// Holds offsets back until the transaction of `producer_id` ends.
    pub(crate) fn hold(
        &self,
        producer_id: i64,
        offsets: impl IntoIterator<Item = (OffsetKey, CommittedOffset)>,
    ) {
        self.state.lock().pending_offsets.entry(producer_id).or_default().extend(offsets);
    }

    /// Ends a transaction: `entries` are the journal's record of the committed offsets, written by the caller.
    pub(crate) fn release(&self, producer_id: i64, committed: bool) {
        let mut state = self.state.lock();
        let held = state.pending_offsets.remove(&producer_id).unwrap_or_default();
        if committed {
            state.offsets.extend(held);
        }
    }

    /// All committed offsets.
    pub(crate) fn offsets(&self) -> BTreeMap<OffsetKey, CommittedOffset> {
        self.state.lock().offsets.clone()
    }

    /// One committed offset. With `stable`, an offset that an open transaction may change is an error (KIP-447).
    pub(crate) fn offset(
        &self,
        key: &OffsetKey,
        stable: bool,
    ) -> Result<Option<CommittedOffset>, ResponseError> {
        let state = self.state.lock();
        if stable && state.pending_offsets.values().any(|held| held.contains_key(key)) {
            return Err(ResponseError::UnstableOffsetCommit);
        }
        Ok(state.offsets.get(key).cloned())
    }

    /// Deletes offsets, with a result for each key. A consumer group keeps those of topics that it subscribes to; other
    /// groups must be empty.
    pub(crate) fn delete_offsets(
        &self,
        keys: &[OffsetKey],
    ) -> Result<Vec<Result<(), ResponseError>>, ResponseError> {
        let mut state = self.state.lock();
        state.require_alive().map_err(|_| ResponseError::GroupIdNotFound)?;
        let is_consumer = state.protocol_type.as_ref().is_some_and(|kind| kind.as_str() == "consumer");
        if !state.is_empty() && !is_consumer {
            return Err(ResponseError::NonEmptyGroup);
        }
        let allow = |key: &OffsetKey| {
            if state.subscribes(&key.0) { Err(ResponseError::GroupSubscribedToTopic) } else { Ok(()) }
        };
        let results: Vec<_> = keys.iter().map(allow).collect();
        let deleted: Vec<&OffsetKey> =
            keys.iter().zip(&results).filter(|(_, result)| result.is_ok()).map(|(key, _)| key).collect();
        let entries: Vec<Entry> = deleted.iter().map(|key| self.offset_entry(key, None)).collect();
        self.journal.append(&entries)?;
        for key in deleted {
            state.offsets.remove(key);
        }
        Ok(results)
    }

    pub(super) fn forget_topic(&self, topic: &str) -> Result<(), ResponseError> {
        let mut state = self.state.lock();
        let keys: Vec<OffsetKey> = state.offsets.keys().filter(|key| key.0 == topic).cloned().collect();
        if keys.is_empty() {
            return Ok(());
        }
        let entries: Vec<Entry> = keys.iter().map(|key| self.offset_entry(key, None)).collect();
        self.journal.append(&entries)?;
        for key in &keys {
            state.offsets.remove(key);
        }
        Ok(())
    }
}
