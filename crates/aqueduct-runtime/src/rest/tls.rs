//! TLS of listeners and of requests to other workers, from the `ssl.` keys.

mod client;

use std::sync::Arc;

use aqueduct_api::{ConfigMap, Error, Result};
use aqueduct_kafka::Properties;
use aqueduct_kafka::config::{Identity, SecurityConfig, Tls};
pub(super) use client::client_config;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

/// The keys that say where certificates and keys are; the rest of `ssl.` is read here.
const STORES: [&str; 3] = ["ssl.keystore.", "ssl.truststore.", "ssl.key."];

/// What listeners need to speak TLS: stores in PEM, PKCS12 or JKS, versions, cipher suites, and whether clients show a
/// certificate (`ssl.client.auth`).
///
/// # Errors
/// Settings that cannot be used, by their keys.
pub(super) fn server_config(settings: &ConfigMap) -> Result<Arc<ServerConfig>> {
    let Tls { trusted_pem, identity, .. } = stores(settings)?;
    let Identity { chain_pem, key_pem } = identity
        .ok_or_else(|| Error::config("An https listener needs a certificate: set ssl.keystore.location"))?;
    let provider = Arc::new(provider(settings)?);
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions(settings)?)
        .map_err(|error| Error::config(format!("ssl.enabled.protocols: {error}")))?;
    let builder = match verifier(settings, trusted_pem.as_deref(), provider)? {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let key = PrivateKeyDer::from_pem_slice(key_pem.expose().as_bytes())
        .map_err(|error| Error::config(format!("ssl.keystore: the private key cannot be read: {error}")))?;
    let mut config = builder
        .with_single_cert(certificates(&chain_pem, "ssl.keystore")?, key)
        .map_err(|error| Error::config(format!("ssl.keystore: {error}")))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Whether no client gets through without a certificate that is trusted.
pub(super) fn requires_certificates(settings: &ConfigMap) -> bool {
    text(settings, "ssl.client.auth").is_some_and(|auth| auth.eq_ignore_ascii_case("required"))
}

fn text<'a>(settings: &'a ConfigMap, key: &str) -> Option<&'a str> {
    settings.get(key).map(str::trim).filter(|value| !value.is_empty())
}

fn stores(settings: &ConfigMap) -> Result<Tls> {
    let mut properties = Properties::new().with("security.protocol", "SSL");
    for (key, value) in settings.iter() {
        if let Some(value) = value
            && STORES.iter().any(|begin| key.starts_with(begin))
        {
            properties.set(key, value);
        }
    }
    let security = SecurityConfig::new(&properties).map_err(|error| Error::config(error.to_string()))?;
    Ok(security.tls.unwrap_or_default())
}

fn list<'a>(settings: &'a ConfigMap, key: &str) -> Vec<&'a str> {
    let value = text(settings, key).unwrap_or_default();
    value.split(',').map(str::trim).filter(|word| !word.is_empty()).collect()
}

fn versions(settings: &ConfigMap) -> Result<Vec<&'static SupportedProtocolVersion>> {
    let enabled = list(settings, "ssl.enabled.protocols");
    if enabled.is_empty() {
        return Ok(vec![&rustls::version::TLS13, &rustls::version::TLS12]);
    }
    let version = |name: &&str| match *name {
        "TLSv1.2" => Some(&rustls::version::TLS12),
        "TLSv1.3" => Some(&rustls::version::TLS13),
        older => {
            tracing::warn!("ssl.enabled.protocols: {older} is not safe, and left out");
            None
        }
    };
    match enabled.iter().filter_map(version).collect::<Vec<_>>() {
        none if none.is_empty() => Err(Error::config("ssl.enabled.protocols must hold TLSv1.2 or TLSv1.3")),
        versions => Ok(versions),
    }
}

/// The cryptography, with no other than the wanted cipher suites, if any are named.
fn provider(settings: &ConfigMap) -> Result<CryptoProvider> {
    let mut provider = rustls::crypto::ring::default_provider();
    let wanted = list(settings, "ssl.cipher.suites");
    if !wanted.is_empty() {
        provider.cipher_suites.retain(|suite| {
            // Java knows TLS_AES_128_GCM_SHA256, which is called TLS13_… here.
            let name = format!("{:?}", suite.suite()).replace("TLS13_", "TLS_");
            wanted.contains(&name.as_str())
        });
        if provider.cipher_suites.is_empty() {
            return Err(Error::config("ssl.cipher.suites: none of these is supported"));
        }
    }
    Ok(provider)
}

fn verifier(
    settings: &ConfigMap,
    trusted_pem: Option<&str>,
    provider: Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>> {
    let required = match text(settings, "ssl.client.auth").unwrap_or("none").to_lowercase().as_str() {
        "none" => return Ok(None),
        "requested" => false,
        "required" => true,
        other => {
            return Err(Error::config(format!(
                "Invalid value {other} for configuration ssl.client.auth: String must be one of: required, requested, none"
            )));
        }
    };
    let trusted = trusted_pem.ok_or_else(|| {
        Error::config("ssl.client.auth needs certificates to trust: set ssl.truststore.location")
    })?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates(trusted, "ssl.truststore")?);
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = if required { builder } else { builder.allow_unauthenticated() };
    let verifier = builder.build().map_err(|error| Error::config(format!("ssl.truststore: {error}")))?;
    Ok(Some(verifier))
}

fn certificates(pem: &str, store: &str) -> Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| Error::config(format!("{store}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(more: &[(&str, &str)]) -> ConfigMap {
        let store = format!("{}/../aqueduct-kafka/testdata/keystore.p12", env!("CARGO_MANIFEST_DIR"));
        let mut settings = ConfigMap::from([
            ("ssl.keystore.location", store.as_str()),
            ("ssl.keystore.password", "storepass"),
        ]);
        settings.extend_with(&more.iter().copied().collect());
        settings
    }

    #[test]
    fn settings_that_cannot_be_used_are_named() {
        let check = |more: &[(&str, &str)], reason: &str| {
            let error = server_config(&settings(more)).expect_err(reason).to_string();
            assert!(error.contains(reason) && !error.contains("storepass"), "{error}");
        };
        check(&[("ssl.keystore.location", "")], "set ssl.keystore.location");
        check(&[("ssl.keystore.location", "/missing")], "ssl.keystore.location");
        check(&[("ssl.client.auth", "maybe")], "ssl.client.auth");
        check(&[("ssl.client.auth", "required")], "set ssl.truststore.location");
        check(&[("ssl.enabled.protocols", "TLSv1")], "ssl.enabled.protocols");
        check(&[("ssl.cipher.suites", "TLS_NULL")], "ssl.cipher.suites");
    }

    #[test]
    fn versions_and_suites_are_those_of_java() {
        let more = [("ssl.enabled.protocols", "TLSv1.3"), ("ssl.cipher.suites", "TLS_AES_128_GCM_SHA256")];
        let config = server_config(&settings(&more)).expect("good");
        assert_eq!(config.crypto_provider().cipher_suites.len(), 1);
        assert!(!requires_certificates(&settings(&[])));
        assert!(requires_certificates(&settings(&[("ssl.client.auth", "Required")])));
    }
}
