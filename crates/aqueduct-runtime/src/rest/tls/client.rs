//! TLS of requests to other workers.

use std::sync::Arc;

use aqueduct_api::{ConfigMap, Error, Result};
use aqueduct_kafka::config::{Identity, Tls};
use aqueduct_kafka::control::AnyHost;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::{certificates, provider, stores, versions};

/// What it takes to speak TLS to workers that are set up like this one: the certificates to trust, else those that the
/// system trusts; our own certificate, for workers that ask for one; versions and cipher suites. A worker's certificate must
/// name its host unless `ssl.endpoint.identification.algorithm` is empty.
///
/// # Errors
/// Settings that cannot be used, by their keys.
pub(in crate::rest) fn client_config(settings: &ConfigMap) -> Result<Arc<ClientConfig>> {
    let Tls { trusted_pem, identity, .. } = stores(settings)?;
    let provider = Arc::new(provider(settings)?);
    let roots = Arc::new(roots(trusted_pem.as_deref())?);
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
        .build()
        .map_err(|error| Error::config(format!("ssl.truststore: {error}")))?;
    let verifier: Arc<dyn ServerCertVerifier> =
        if names_host(settings) { verifier } else { Arc::new(AnyHost::new(verifier)) };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions(settings)?)
        .map_err(|error| Error::config(format!("ssl.enabled.protocols: {error}")))?
        // Not weaker than the default: the verifier is rustls's own, but for the host name where that is asked for.
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(Identity { chain_pem, key_pem }) => {
            let key = PrivateKeyDer::from_pem_slice(key_pem.expose().as_bytes()).map_err(|error| {
                Error::config(format!("ssl.keystore: the private key cannot be read: {error}"))
            })?;
            builder
                .with_client_auth_cert(certificates(&chain_pem, "ssl.keystore")?, key)
                .map_err(|error| Error::config(format!("ssl.keystore: {error}")))?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn names_host(settings: &ConfigMap) -> bool {
    settings.get("ssl.endpoint.identification.algorithm").is_none_or(|algorithm| !algorithm.trim().is_empty())
}

fn roots(trusted_pem: Option<&str>) -> Result<RootCertStore> {
    let trusted = match trusted_pem {
        Some(pem) => certificates(pem, "ssl.truststore")?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let mut roots = RootCertStore::empty();
    // Old stores hold certificates that rustls does not take; the others count.
    match roots.add_parsable_certificates(trusted) {
        (0, _) => Err(Error::config("https needs certificates to trust: set ssl.truststore.location")),
        _ => Ok(roots),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_be_used_are_named() {
        let check = |settings: &[(&str, &str)], reason: &str| {
            let settings = settings.iter().copied().collect();
            let error = client_config(&settings).expect_err(reason).to_string();
            assert!(error.contains(reason), "{error}");
        };
        check(&[("ssl.truststore.location", "/missing")], "ssl.truststore.location");
        check(&[("ssl.keystore.location", "/missing")], "ssl.keystore.location");
        check(&[("ssl.enabled.protocols", "TLSv1")], "ssl.enabled.protocols");
    }

    #[test]
    fn hosts_are_checked_unless_told_otherwise() {
        let check = |settings: &[(&str, &str)], expected| {
            assert_eq!(names_host(&settings.iter().copied().collect()), expected, "{settings:?}");
        };
        check(&[], true);
        check(&[("ssl.endpoint.identification.algorithm", "HTTPS")], true);
        check(&[("ssl.endpoint.identification.algorithm", "")], false);
    }
}
