//! Encrypted connections to workers, with the certificates that the system trusts.
//!
//! `SSL_CERT_FILE` and `SSL_CERT_DIR` name others, for workers whose certificate a private authority has signed.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Encrypts a connection, and checks that the other side is the host.
pub async fn wrap(stream: TcpStream, host: &str) -> Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        bail!("no trusted certificates were found: SSL_CERT_FILE can name a file of them");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).with_context(|| format!("`{host}` is no host name"))?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.context("the TLS handshake failed")
}
