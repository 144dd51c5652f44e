//! Signing and checking requests.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use super::{Algorithm, SessionKey};

/// The header with the signature in base64.
pub const SIGNATURE_HEADER: &str = "X-Connect-Authorization";
/// The header with the algorithm's name.
pub const ALGORITHM_HEADER: &str = "X-Connect-Request-Signature-Algorithm";

/// The headers of a signed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// For [`SIGNATURE_HEADER`].
    pub signature: String,
    /// For [`ALGORITHM_HEADER`].
    pub algorithm: String,
}

/// Signs the exact bytes of a body; a request without one signs no bytes.
pub fn sign(key: &SessionKey, algorithm: Algorithm, body: &[u8]) -> Signature {
    Signature {
        signature: STANDARD.encode(algorithm.sign(&key.key, body)),
        algorithm: algorithm.name().to_owned(),
    }
}

/// `inter.worker.verification.algorithms`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationPolicy {
    /// The algorithms that are accepted, as they are configured.
    pub algorithms: Vec<String>,
}

/// Why a request is refused. The texts and the statuses are what a worker answers.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No signature, or no algorithm.
    #[error("Internal request missing required signature")]
    Missing,
    /// An algorithm that is not accepted here.
    #[error(
        "This worker does not support the '{algorithm}' key signing algorithm used by other workers. This worker is \
         currently configured to use: [{}]. Check that all workers' configuration files permit the same set of signature \
         algorithms, and correct any misconfigured worker and restart it.", accepted.join(", ")
    )]
    Algorithm {
        /// The one of the request.
        algorithm: String,
        /// The ones of this worker.
        accepted: Vec<String>,
    },
    /// A signature that is not base64.
    #[error("Illegal base64 in the signature of an internal request: {0}")]
    Encoding(String),
    /// This worker cannot check anything yet.
    #[error(
        "This worker is still starting up and has not been able to read a session key from the config topic yet"
    )]
    NoKey,
    /// Another key, or another body.
    #[error("Internal request contained invalid signature.")]
    Invalid,
}

impl Refusal {
    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Missing | Self::Algorithm { .. } | Self::Encoding(_) => 400,
            Self::NoKey => 503,
            Self::Invalid => 403,
        }
    }
}

/// Checks a request of a sessioned group, by its headers and the exact bytes of its body.
pub fn verify(
    policy: &VerificationPolicy,
    key: Option<&SessionKey>,
    signature: Option<&str>,
    algorithm: Option<&str>,
    body: &[u8],
) -> Result<(), Refusal> {
    let (Some(signature), Some(name)) = (signature, algorithm) else { return Err(Refusal::Missing) };
    let signature = STANDARD.decode(signature).map_err(|error| Refusal::Encoding(error.to_string()))?;
    let accepted = policy.algorithms.iter().any(|accepted| accepted == name);
    let Some(algorithm) = Algorithm::from_name(name).filter(|_| accepted) else {
        return Err(Refusal::Algorithm { algorithm: name.to_owned(), accepted: policy.algorithms.clone() });
    };
    let Some(key) = key else { return Err(Refusal::NoKey) };
    if algorithm.verify(&key.key, body, &signature) { Ok(()) } else { Err(Refusal::Invalid) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_has_its_status() {
        let policy = VerificationPolicy { algorithms: vec!["HmacSHA256".into(), "HmacSHA1".into()] };
        let key = SessionKey { key: vec![1; 32], algorithm: "HmacSHA256".into(), created_ms: 0 };
        let good = sign(&key, Algorithm::Sha1, b"[]");
        let check = |key: Option<&SessionKey>, signature, algorithm, body: &[u8], expected: Option<u16>| {
            let refusal = verify(&policy, key, signature, algorithm, body).err();
            assert_eq!(refusal.as_ref().map(Refusal::status), expected, "{refusal:?}");
        };
        let text = Some(good.signature.as_str());
        check(Some(&key), text, Some("HmacSHA1"), b"[]", None);
        check(Some(&key), text, Some("HmacSHA1"), b"", Some(403));
        check(Some(&key), text, Some("HmacSHA256"), b"[]", Some(403));
        check(Some(&key), text, Some("HmacSHA512"), b"[]", Some(400));
        check(Some(&key), Some("%"), Some("HmacSHA1"), b"[]", Some(400));
        check(Some(&key), None, Some("HmacSHA1"), b"[]", Some(400));
        check(None, text, Some("HmacSHA1"), b"[]", Some(503));
    }
}
