//! TLS by rustls, from the same settings as the data plane's.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_rustls::TlsConnector;

use crate::config::Tls;
use crate::error::{KafkaError, Result};

/// A connector for these settings.
///
/// # Errors
/// `Config` if certificates or key cannot be used.
pub(super) fn connector(tls: &Tls) -> Result<TlsConnector> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots(tls)?), Arc::clone(&provider))
        .build()
        .map_err(|error| KafkaError::config(format!("the trust store cannot be used: {error}")))?;
    let verifier: Arc<dyn ServerCertVerifier> =
        if tls.verify_host { verifier } else { Arc::new(AnyHost(verifier)) };
    let builder = ClientConfig::builder_with_provider(Arc::<CryptoProvider>::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| KafkaError::config(error.to_string()))?
        // Not weaker than the default: the verifier is rustls's own, but for the host name where that is asked for.
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let config = match &tls.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let chain = certificates(&identity.chain_pem, "ssl.keystore")?;
            let key = PrivateKeyDer::from_pem_slice(identity.key_pem.expose().as_bytes())
                .map_err(|error| KafkaError::config(format!("the key store's private key: {error}")))?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| KafkaError::config(format!("the key store cannot be used: {error}")))?
        }
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

fn roots(tls: &Tls) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let trusted = match &tls.trusted_pem {
        Some(pem) => certificates(pem, "ssl.truststore")?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    // Old stores hold certificates that rustls does not take; the others count.
    let (added, _) = roots.add_parsable_certificates(trusted);
    if added == 0 {
        return Err(KafkaError::config("there is no certificate to trust: set ssl.truststore.location"));
    }
    Ok(roots)
}

fn certificates(pem: &str, store: &str) -> Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| KafkaError::config(format!("{store}: {error}")))
}

/// Checks all of a certificate but whom it names: for `ssl.endpoint.identification.algorithm` that is empty.
#[derive(Debug)]
pub struct AnyHost(Arc<WebPkiServerVerifier>);

impl AnyHost {
    /// Checks as this one does, but for the name.
    pub fn new(verifier: Arc<WebPkiServerVerifier>) -> AnyHost {
        AnyHost(verifier)
    }
}

impl ServerCertVerifier for AnyHost {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        match self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
