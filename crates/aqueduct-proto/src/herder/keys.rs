//! The leader's duty to make session keys.

use super::Effect;
use crate::session::{KeyPolicy, KeyRing, SessionKey};

/// After a failure, how long to wait.
const RETRY_MS: i64 = 250;

/// The session key, and a new one on its way to the config topic.
#[derive(Debug)]
pub(super) struct Keys {
    policy: KeyPolicy,
    pub(super) ring: KeyRing,
    under_way: bool,
    retry_at_ms: i64,
}

impl Keys {
    pub(super) fn new(policy: KeyPolicy) -> Self {
        Self { policy, ring: KeyRing::default(), under_way: false, retry_at_ms: i64::MIN }
    }

    pub(super) fn restore(&mut self, key: SessionKey) {
        self.ring.restore(key, &self.policy);
    }

    pub(super) fn learn(&mut self, key: SessionKey) {
        self.ring.learn(key, &self.policy);
    }

    /// For the leader of a sessioned group.
    pub(super) fn tick(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        if !self.under_way && now_ms >= self.retry_at_ms && self.ring.must_rotate(&self.policy, now_ms) {
            self.under_way = true;
            effects.push(Effect::MakeKey { bytes: self.policy.key_bytes() });
        }
    }

    /// The key of these random bytes, to be written.
    pub(super) fn make(&self, random: Vec<u8>, now_ms: i64) -> SessionKey {
        self.policy.make(random, now_ms)
    }

    pub(super) fn written(&mut self, ok: bool, now_ms: i64) {
        self.under_way = false;
        if !ok {
            self.retry_at_ms = now_ms + RETRY_MS;
        }
    }

    /// When the leader has to look again.
    pub(super) fn next_timeout(&self) -> Option<i64> {
        if self.under_way { None } else { self.ring.expires_ms().map(|at| at.max(self.retry_at_ms)) }
    }
}
