//! Internal requests between workers are signed with a key that only workers can read: it lies in the config topic
//! (KIP-507; spec: internal endpoints).

mod key;
mod mac;
mod request;

pub use key::{KeyPolicy, KeyRing, SessionKey};
pub use mac::Algorithm;
pub use request::{ALGORITHM_HEADER, Refusal, SIGNATURE_HEADER, Signature, VerificationPolicy, sign, verify};
