//! Encrypted connections to the registry: certificates and keys as PEM, from files or in the configuration itself.

use std::sync::Arc;

use aqueduct_api::{ConfigMap, Error, Result};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(super) struct Connector(TlsConnector);

impl Connector {
    /// By the settings behind `schema.registry.ssl.`.
    pub(super) fn new(config: &ConfigMap) -> Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let failed = |error: rustls::Error| Error::config(format!("schema.registry.ssl: {error}"));
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .with_root_certificates(roots(config)?);
        let config = match pem(config, "keystore", "keystore.certificate.chain")? {
            None => builder.with_no_client_auth(),
            Some(chain) => {
                let key = match config.get("keystore.key") {
                    Some(key) => key.as_bytes().to_vec(),
                    None => chain.clone(),
                };
                let key = PrivateKeyDer::from_pem_slice(&key)
                    .map_err(|error| Error::config(format!("schema.registry.ssl.keystore: {error}")))?;
                builder.with_client_auth_cert(certificates(&chain)?, key).map_err(failed)?
            }
        };
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Encrypts a connection, and checks that the other side is the host.
    pub(super) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(std::io::Error::other)?;
        self.0.connect(name, stream).await
    }
}

fn roots(config: &ConfigMap) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    match pem(config, "truststore", "truststore.certificates")? {
        Some(pem) => {
            roots.add_parsable_certificates(certificates(&pem)?);
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(Error::config("schema.registry.ssl.truststore: there is no certificate to trust"));
    }
    Ok(roots)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_slice_iter(pem)
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| Error::config(format!("schema.registry.ssl: a certificate can't be read: {error}")))
}

/// The PEM of a store: what is in the configuration itself, else the file.
fn pem(config: &ConfigMap, store: &str, inline: &str) -> Result<Option<Vec<u8>>> {
    if let Some(pem) = config.get(inline) {
        return Ok(Some(pem.as_bytes().to_vec()));
    }
    let Some(path) = config.get(&format!("{store}.location")) else { return Ok(None) };
    let bytes = std::fs::read(path)
        .map_err(|error| Error::config(format!("schema.registry.ssl.{store}.location: {error}")))?;
    if !bytes.windows(11).any(|window| window == b"-----BEGIN ") {
        return Err(Error::config(format!(
            "schema.registry.ssl.{store}.location: only PEM can be read here"
        )));
    }
    Ok(Some(bytes))
}
