//! Key stores and trust stores, brought into PEM, which both planes read.

use super::properties::{Properties, Secret};
use crate::error::{KafkaError, Result};

/// A client's certificate and key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The certificate chain, own certificate first, as PEM.
    pub chain_pem: String,
    /// The private key as PEM.
    pub key_pem: Secret,
    /// What the key's PEM is encrypted with.
    pub key_password: Option<Secret>,
}

/// The certificates to trust, if any are configured.
pub(super) fn trusted_pem(properties: &Properties) -> Result<Option<String>> {
    if let Some(pem) = given(properties, "ssl.truststore.certificates") {
        return Ok(Some(pem.to_owned()));
    }
    let Some(path) = given(properties, "ssl.truststore.location") else { return Ok(None) };
    let text = read_pem("ssl.truststore.location", path)?;
    if !text.contains("-----BEGIN CERTIFICATE-----") {
        return Err(refused("ssl.truststore.location", path, "has no certificate"));
    }
    Ok(Some(text))
}

/// The client's identity, if one is configured.
pub(super) fn identity(properties: &Properties) -> Result<Option<Identity>> {
    let key_password = given(properties, "ssl.key.password").map(Secret::new);
    if let Some(key) = given(properties, "ssl.keystore.key") {
        let chain = given(properties, "ssl.keystore.certificate.chain").ok_or_else(|| {
            KafkaError::config("ssl.keystore.key is set without ssl.keystore.certificate.chain")
        })?;
        let chain_pem = chain.to_owned();
        return Ok(Some(Identity { chain_pem, key_pem: Secret::new(key), key_password }));
    }
    let Some(path) = given(properties, "ssl.keystore.location") else { return Ok(None) };
    let text = read_pem("ssl.keystore.location", path)?;
    if !text.contains("PRIVATE KEY-----") || !text.contains("-----BEGIN CERTIFICATE-----") {
        return Err(refused(
            "ssl.keystore.location",
            path,
            "must have a private key and its certificate chain",
        ));
    }
    Ok(Some(Identity { chain_pem: text.clone(), key_pem: Secret::new(text), key_password }))
}

fn given<'a>(properties: &'a Properties, key: &str) -> Option<&'a str> {
    properties.get(key).filter(|value| !value.is_empty())
}

fn read_pem(key: &str, path: &str) -> Result<String> {
    let bytes =
        std::fs::read(path).map_err(|error| refused(key, path, &format!("cannot be read: {error}")))?;
    String::from_utf8(bytes).ok().filter(|text| text.contains("-----BEGIN")).ok_or_else(|| {
        refused(key, path, "is not PEM; convert it (keytool and openssl can) and set the type to PEM")
    })
}

fn refused(key: &str, path: &str, reason: &str) -> KafkaError {
    KafkaError::config(format!("{key}: the store {path} {reason}"))
}
