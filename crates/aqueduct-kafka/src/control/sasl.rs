//! SASL over Kafka's own requests (KIP-43, KIP-152).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::{SaslAuthenticateRequest, SaslHandshakeRequest};
use kafka_protocol::protocol::StrBytes;
use ring::rand::{SecureRandom, SystemRandom};

use super::connection::{Connection, Session};
use super::scram::{First, Hash};
use crate::config::Sasl;
use crate::error::{ErrorKind, KafkaError, Result};

/// Logs in. Returns how long the broker lets the session live, if it limits it.
pub(super) async fn log_in(session: &mut Session, sasl: &Sasl) -> Result<Option<Duration>> {
    handshake(session, sasl.mechanism()).await?;
    match sasl {
        Sasl::Plain { username, password } => {
            let message = format!("\0{username}\0{}", password.expose());
            authenticate(session, message.into_bytes()).await.map(|(_, lifetime)| lifetime)
        }
        Sasl::ScramSha256 { username, password } => {
            scram(session, Hash::Sha256, username, password.expose()).await
        }
        Sasl::ScramSha512 { username, password } => {
            scram(session, Hash::Sha512, username, password.expose()).await
        }
        Sasl::OAuthBearer(source) => {
            let token = source.token()?;
            let message = format!("n,,\x01auth=Bearer {}\x01\x01", token.jwt.expose());
            let (challenge, lifetime) = authenticate(session, message.into_bytes()).await?;
            if !challenge.is_empty() {
                // The server says why in JSON and waits for this before it ends the exchange with an error.
                authenticate(session, vec![1]).await?;
                return Err(KafkaError::new(ErrorKind::Authentication, "The server refused the token."));
            }
            Ok(lifetime)
        }
    }
}

async fn scram(
    session: &mut Session,
    hash: Hash,
    username: &str,
    password: &str,
) -> Result<Option<Duration>> {
    let mut random = [0u8; 18];
    SystemRandom::new()
        .fill(&mut random)
        .map_err(|_| KafkaError::new(ErrorKind::Other, "the system has no randomness"))?;
    let first = First::new(hash, username, URL_SAFE_NO_PAD.encode(random));
    let (server_first, _) = authenticate(session, first.message().into_bytes()).await?;
    let (answer, last) = first.answer(password, &server_first)?;
    let (server_last, lifetime) = authenticate(session, answer.into_bytes()).await?;
    last.check(&server_last)?;
    Ok(lifetime)
}

async fn handshake(session: &mut Session, mechanism: &'static str) -> Result<()> {
    let request = SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str(mechanism));
    let response = session.call(&request, Connection::newest::<SaslHandshakeRequest>(1)).await?;
    if response.error_code.is_ok() {
        return Ok(());
    }
    let enabled: Vec<_> = response.mechanisms.iter().map(|name| name.as_str()).collect();
    Err(KafkaError::new(
        ErrorKind::Authentication,
        format!(
            "Client SASL mechanism '{mechanism}' not enabled in the server, enabled mechanisms are [{}]",
            enabled.join(", ")
        ),
    ))
}

async fn authenticate(session: &mut Session, message: Vec<u8>) -> Result<(Bytes, Option<Duration>)> {
    let request = SaslAuthenticateRequest::default().with_auth_bytes(message.into());
    let response = session.call(&request, Connection::newest::<SaslAuthenticateRequest>(2)).await?;
    if let Some(code) = response.error_code.err() {
        let error = KafkaError::broker(code, response.error_message.as_ref().map(|text| text.as_str()));
        return Err(KafkaError::new(ErrorKind::Authentication, error.message()));
    }
    let lifetime = u64::try_from(response.session_lifetime_ms).ok().filter(|ms| *ms > 0);
    Ok((response.auth_bytes, lifetime.map(Duration::from_millis)))
}
