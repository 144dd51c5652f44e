//! The key and when it is replaced.

use std::fmt;

use super::Algorithm;

/// The key that signs internal requests. Made by the leader.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionKey {
    /// The secret.
    pub key: Vec<u8>,
    /// The name of the algorithm that it was made for, as its maker calls it.
    pub algorithm: String,
    /// When it was made, in ms since the epoch.
    pub created_ms: i64,
}

/// Without the secret.
impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionKey")
            .field("algorithm", &self.algorithm)
            .field("bytes", &self.key.len())
            .field("created_ms", &self.created_ms)
            .finish_non_exhaustive()
    }
}

/// `inter.worker.key.*`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPolicy {
    /// `inter.worker.key.generation.algorithm`
    pub algorithm: Algorithm,
    /// `inter.worker.key.size` in bits; `None` is the algorithm's default.
    pub size_bits: Option<u32>,
    /// `inter.worker.key.ttl.ms`; 0 is for ever.
    pub ttl_ms: i64,
}

impl KeyPolicy {
    /// How many random bytes a key has.
    pub fn key_bytes(&self) -> usize {
        match self.size_bits {
            Some(bits) => bits.div_ceil(8) as usize,
            None => self.algorithm.default_key_bytes(),
        }
    }

    /// A key of these random bytes, of which there must be [`KeyPolicy::key_bytes`].
    pub fn make(&self, random: Vec<u8>, now_ms: i64) -> SessionKey {
        SessionKey { key: random, algorithm: self.algorithm.name().to_owned(), created_ms: now_ms }
    }
}

/// The key that a worker knows, and when it expires.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyRing {
    current: Option<SessionKey>,
    expires_ms: Option<i64>,
}

impl KeyRing {
    /// The key.
    pub fn current(&self) -> Option<&SessionKey> {
        self.current.as_ref()
    }

    /// Takes in the key of the first read of the config topic. Java lets it expire at once when keys are to live for ever,
    /// and so replaces it once.
    pub fn restore(&mut self, key: SessionKey, policy: &KeyPolicy) {
        self.expires_ms = Some(key.created_ms.saturating_add(policy.ttl_ms));
        self.current = Some(key);
    }

    /// Takes in a key that was written since.
    pub fn learn(&mut self, key: SessionKey, policy: &KeyPolicy) {
        self.expires_ms = (policy.ttl_ms > 0).then(|| key.created_ms.saturating_add(policy.ttl_ms));
        self.current = Some(key);
    }

    /// When the leader must look at the key again; `None` if time does not change anything.
    pub fn expires_ms(&self) -> Option<i64> {
        self.expires_ms
    }

    /// Whether the leader must make a new key: there is none, or it is expired, or of another kind than this worker's
    /// settings ask for.
    pub fn must_rotate(&self, policy: &KeyPolicy, now_ms: i64) -> bool {
        let Some(key) = &self.current else { return true };
        let expired = self.expires_ms.is_some_and(|expires_ms| expires_ms <= now_ms);
        let other_kind = key.algorithm != policy.algorithm.name() || key.key.len() != policy.key_bytes();
        expired || other_kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_replaced_when_they_are_old_or_of_another_kind() {
        let policy = |ttl_ms| KeyPolicy { algorithm: Algorithm::Sha256, size_bits: None, ttl_ms };
        let mut ring = KeyRing::default();
        assert!(ring.must_rotate(&policy(0), 0));
        let key = policy(0).make(vec![7; 32], 1_000);
        ring.learn(key.clone(), &policy(0));
        assert!(!ring.must_rotate(&policy(0), i64::MAX));
        ring.restore(key.clone(), &policy(0));
        assert!(ring.must_rotate(&policy(0), 1_000));
        ring.restore(key.clone(), &policy(500));
        assert!(!ring.must_rotate(&policy(500), 1_499));
        assert!(ring.must_rotate(&policy(500), 1_500));
        let larger = KeyPolicy { size_bits: Some(512), ..policy(500) };
        assert!(ring.must_rotate(&larger, 1_000));
        assert!(!format!("{key:?}").contains('['), "a secret in {key:?}");
    }
}
