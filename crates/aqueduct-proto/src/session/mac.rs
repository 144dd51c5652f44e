//! Keyed hashes by their Java names.

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

/// A keyed hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// HmacMD5
    Md5,
    /// HmacSHA1
    Sha1,
    /// HmacSHA224
    Sha224,
    /// HmacSHA256
    Sha256,
    /// HmacSHA384
    Sha384,
    /// HmacSHA512
    Sha512,
}

impl Algorithm {
    /// All, in the order of their names.
    pub const ALL: [Self; 6] =
        [Self::Md5, Self::Sha1, Self::Sha224, Self::Sha256, Self::Sha384, Self::Sha512];

    /// The name of the JVM's algorithm.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "HmacMD5",
            Self::Sha1 => "HmacSHA1",
            Self::Sha224 => "HmacSHA224",
            Self::Sha256 => "HmacSHA256",
            Self::Sha384 => "HmacSHA384",
            Self::Sha512 => "HmacSHA512",
        }
    }

    /// From the name of the JVM's algorithm, in any case as there.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name().eq_ignore_ascii_case(name))
    }

    /// The length of a key when none is configured: what the JVM's generator makes. A leader replaces a key of another
    /// length, so workers must agree on it.
    pub const fn default_key_bytes(self) -> usize {
        match self {
            Self::Md5 | Self::Sha1 | Self::Sha512 => 64,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }

    /// The hash of a body.
    pub fn sign(self, key: &[u8], body: &[u8]) -> Vec<u8> {
        match self {
            Self::Md5 => hash::<Hmac<Md5>>(key, body),
            Self::Sha1 => hash::<Hmac<Sha1>>(key, body),
            Self::Sha224 => hash::<Hmac<Sha224>>(key, body),
            Self::Sha256 => hash::<Hmac<Sha256>>(key, body),
            Self::Sha384 => hash::<Hmac<Sha384>>(key, body),
            Self::Sha512 => hash::<Hmac<Sha512>>(key, body),
        }
    }

    /// Whether this is the hash of the body. The time that it takes does not tell how much of it is right.
    pub fn verify(self, key: &[u8], body: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Md5 => check::<Hmac<Md5>>(key, body, signature),
            Self::Sha1 => check::<Hmac<Sha1>>(key, body, signature),
            Self::Sha224 => check::<Hmac<Sha224>>(key, body, signature),
            Self::Sha256 => check::<Hmac<Sha256>>(key, body, signature),
            Self::Sha384 => check::<Hmac<Sha384>>(key, body, signature),
            Self::Sha512 => check::<Hmac<Sha512>>(key, body, signature),
        }
    }
}

/// A HMAC takes keys of any length, so there is always one.
fn hash<M: Mac + KeyInit>(key: &[u8], body: &[u8]) -> Vec<u8> {
    <M as KeyInit>::new_from_slice(key)
        .map(|mac| mac.chain_update(body).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

fn check<M: Mac + KeyInit>(key: &[u8], body: &[u8], signature: &[u8]) -> bool {
    <M as KeyInit>::new_from_slice(key)
        .is_ok_and(|mac| mac.chain_update(body).verify_slice(signature).is_ok())
}
