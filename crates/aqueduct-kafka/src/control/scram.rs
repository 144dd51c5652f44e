//! The client's side of SCRAM (RFC 5802, RFC 7677) with SHA-256 and SHA-512.

use std::num::NonZeroU32;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, pbkdf2};

use crate::error::{ErrorKind, KafkaError, Result};

/// Header without channel binding, and its form in the final message.
const GS2_HEADER: &str = "n,,";
/// Kafka's brokers use 4096 to 16384; far more would be a server that wants to keep us busy.
const ITERATIONS_MAX: u32 = 10_000_000;

/// The hash of the mechanism.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hash {
    Sha256,
    Sha512,
}

impl Hash {
    fn hmac(self) -> hmac::Algorithm {
        match self {
            Hash::Sha256 => hmac::HMAC_SHA256,
            Hash::Sha512 => hmac::HMAC_SHA512,
        }
    }

    fn digest(self) -> &'static digest::Algorithm {
        match self {
            Hash::Sha256 => &digest::SHA256,
            Hash::Sha512 => &digest::SHA512,
        }
    }

    fn pbkdf2(self) -> pbkdf2::Algorithm {
        match self {
            Hash::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Hash::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        }
    }
}

/// The first message was made; the server's first is awaited.
pub(super) struct First {
    hash: Hash,
    nonce: String,
    bare: String,
}

/// The proof was made; the server's own is awaited.
pub(super) struct Last {
    server_signature: Vec<u8>,
}

impl First {
    /// Starts with a nonce, which must be fresh randomness without commas.
    pub(super) fn new(hash: Hash, username: &str, nonce: String) -> First {
        let username = username.replace('=', "=3D").replace(',', "=2C");
        First { hash, bare: format!("n={username},r={nonce}"), nonce }
    }

    /// The client's first message.
    pub(super) fn message(&self) -> String {
        format!("{GS2_HEADER}{}", self.bare)
    }

    /// Takes the server's first message; gives the client's last one.
    pub(super) fn answer(self, password: &str, server_first: &[u8]) -> Result<(String, Last)> {
        let server_first = std::str::from_utf8(server_first).map_err(|_| refused("is not text"))?;
        let nonce = attribute(server_first, "r=")?;
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return Err(refused("does not continue our nonce"));
        }
        let salt =
            STANDARD.decode(attribute(server_first, "s=")?).map_err(|_| refused("has a broken salt"))?;
        let iterations: u32 =
            attribute(server_first, "i=")?.parse().map_err(|_| refused("has a broken iteration count"))?;
        let iterations = NonZeroU32::new(iterations)
            .filter(|count| count.get() <= ITERATIONS_MAX)
            .ok_or_else(|| refused("has an unreasonable iteration count"))?;

        let digest_len = self.hash.digest().output_len();
        let mut salted = vec![0; digest_len];
        pbkdf2::derive(self.hash.pbkdf2(), iterations, &salt, password.as_bytes(), &mut salted);
        let salted = hmac::Key::new(self.hash.hmac(), &salted);
        let client_key = hmac::sign(&salted, b"Client Key");
        let stored_key = digest::digest(self.hash.digest(), client_key.as_ref());
        let without_proof = format!("c={},r={nonce}", STANDARD.encode(GS2_HEADER));
        let auth_message = format!("{},{server_first},{without_proof}", self.bare);
        let stored_key = hmac::Key::new(self.hash.hmac(), stored_key.as_ref());
        let client_signature = hmac::sign(&stored_key, auth_message.as_bytes());
        let proof: Vec<u8> =
            client_key.as_ref().iter().zip(client_signature.as_ref()).map(|(key, sign)| key ^ sign).collect();

        let server_key = hmac::Key::new(self.hash.hmac(), hmac::sign(&salted, b"Server Key").as_ref());
        let server_signature = hmac::sign(&server_key, auth_message.as_bytes()).as_ref().to_vec();
        Ok((format!("{without_proof},p={}", STANDARD.encode(proof)), Last { server_signature }))
    }
}

impl Last {
    /// Checks that the server knows the password too.
    pub(super) fn check(&self, server_last: &[u8]) -> Result<()> {
        let server_last = std::str::from_utf8(server_last).map_err(|_| refused("is not text"))?;
        let signature = STANDARD.decode(attribute(server_last, "v=")?).ok();
        if signature.as_deref() == Some(&self.server_signature) {
            Ok(())
        } else {
            Err(refused("has a wrong signature: this is not the server it claims to be"))
        }
    }
}

fn attribute<'a>(message: &'a str, name: &str) -> Result<&'a str> {
    message
        .split(',')
        .find_map(|part| part.strip_prefix(name))
        .ok_or_else(|| refused(&format!("lacks the attribute {name}")))
}

fn refused(reason: &str) -> KafkaError {
    KafkaError::new(ErrorKind::Authentication, format!("The server's SCRAM message {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exchange of RFC 7677, section 3.
    #[test]
    fn the_rfcs_own_exchange() {
        let first = First::new(Hash::Sha256, "user", "rOprNGfwEbeRWgbNEkqO".to_owned());
        assert_eq!(first.message(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let server =
            b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let (answer, last) = first.answer("pencil", server).unwrap();
        assert_eq!(
            answer,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        last.check(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").unwrap();
        assert!(last.check(b"v=AAAA").is_err());
    }

    #[test]
    fn a_server_that_cheats_is_refused() {
        for server in [
            &b"r=other,s=QQ==,i=4096"[..],
            b"r=abc,s=QQ==,i=4096",
            b"r=abcd,s=QQ==,i=0",
            b"r=abcd,s=QQ==,i=4000000000",
            b"r=abcd,s=?,i=4096",
            b"e=unknown-user",
            b"\xff",
        ] {
            let first = First::new(Hash::Sha512, "a=b,c", "abc".to_owned());
            assert_eq!(first.message(), "n,,n=a=3Db=2Cc,r=abc");
            assert!(first.answer("p", server).is_err(), "{server:?}");
        }
    }
}
