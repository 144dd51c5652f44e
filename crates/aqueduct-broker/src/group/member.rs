//! A member of a group.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::messages::{JoinGroupRequest, JoinGroupResponse, SyncGroupResponse};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Who sent a request.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) client_id: StrBytes,
    pub(crate) host: IpAddr,
    pub(crate) version: i16,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) id: StrBytes,
    pub(super) instance_id: Option<StrBytes>,
    pub(super) client_id: StrBytes,
    pub(super) client_host: String,
    pub(super) session_timeout: Duration,
    pub(super) rebalance_timeout: Duration,
    /// Name and metadata, in the member's order of preference.
    pub(super) protocols: Vec<(StrBytes, Bytes)>,
    pub(super) assignment: Bytes,
    /// When it is taken for dead; not while it waits for a join or a sync.
    pub(super) session_deadline: Instant,
    pub(super) joining: Option<oneshot::Sender<JoinGroupResponse>>,
    pub(super) syncing: Option<oneshot::Sender<SyncGroupResponse>>,
    /// Whether it has asked for its assignment in this generation.
    pub(super) synced: bool,
}

impl Member {
    pub(super) fn new(id: StrBytes, request: &JoinGroupRequest, caller: &Caller, now: Instant) -> Member {
        let mut member = Member {
            id,
            instance_id: request.group_instance_id.clone(),
            client_id: caller.client_id.clone(),
            client_host: format!("/{}", caller.host),
            session_timeout: Duration::ZERO,
            rebalance_timeout: Duration::ZERO,
            protocols: Vec::new(),
            assignment: Bytes::new(),
            session_deadline: now,
            joining: None,
            syncing: None,
            synced: false,
        };
        member.update(request, now);
        member
    }

    pub(super) fn update(&mut self, request: &JoinGroupRequest, now: Instant) {
        self.session_timeout = milliseconds(request.session_timeout_ms);
        // Version 0 has no rebalance timeout.
        self.rebalance_timeout = if request.rebalance_timeout_ms < 0 {
            self.session_timeout
        } else {
            milliseconds(request.rebalance_timeout_ms)
        };
        self.protocols = protocols_of(request);
        self.touch(now);
    }

    pub(super) fn touch(&mut self, now: Instant) {
        self.session_deadline = now + self.session_timeout;
    }

    pub(super) fn waits(&self) -> bool {
        self.joining.is_some() || self.syncing.is_some()
    }

    pub(super) fn supports(&self, protocol: &str) -> bool {
        self.protocols.iter().any(|(name, _)| name.as_str() == protocol)
    }

    /// Empty if the member does not know the protocol.
    pub(super) fn metadata(&self, protocol: &str) -> Bytes {
        let known = self.protocols.iter().find(|(name, _)| name.as_str() == protocol);
        known.map(|(_, metadata)| metadata.clone()).unwrap_or_default()
    }
}

pub(super) fn protocols_of(request: &JoinGroupRequest) -> Vec<(StrBytes, Bytes)> {
    request.protocols.iter().map(|protocol| (protocol.name.clone(), protocol.metadata.clone())).collect()
}

pub(super) fn milliseconds(ms: i32) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}
