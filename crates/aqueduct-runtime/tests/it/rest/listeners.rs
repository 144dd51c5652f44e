//! Listeners in the clear and with TLS, and how they end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::http::{Reply, exchange, get, serve};

fn file(name: &str) -> String {
    format!("{}/../aqueduct-kafka/testdata/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A client that trusts the authority of the test stores; with a certificate, if asked to.
fn client(with_certificate: bool) -> TlsConnector {
    let certificates = |name: &str| -> Vec<_> {
        CertificateDer::pem_file_iter(file(name)).expect("there").map(|one| one.expect("good")).collect()
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates("ca.pem"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots);
    let config = match with_certificate {
        true => {
            let key = PrivateKeyDer::from_pem_file(file("plain.key")).expect("a key");
            builder.with_client_auth_cert(certificates("chain.pem"), key).expect("a key that fits")
        }
        false => builder.with_no_client_auth(),
    };
    TlsConnector::from(Arc::new(config))
}

async fn health(address: SocketAddr, with_certificate: bool) -> std::io::Result<Reply> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = client(with_certificate).connect(name, stream).await?;
    exchange(stream, "GET", "/health", "", "").await
}

/// Stores of every form: the properties under a prefix.
fn stores() -> Vec<Vec<(String, String)>> {
    let store = |prefix: &str, name: &str| {
        vec![
            (format!("{prefix}ssl.keystore.location"), file(name)),
            (format!("{prefix}ssl.keystore.password"), "storepass".to_owned()),
        ]
    };
    let mut jks = store("listeners.https.", "keystore.jks");
    jks.push(("listeners.https.ssl.key.password".to_owned(), "keypass".to_owned()));
    let read = |name: &str| std::fs::read_to_string(file(name)).expect("there");
    let pem = vec![
        ("ssl.keystore.type".to_owned(), "PEM".to_owned()),
        ("ssl.keystore.key".to_owned(), read("plain.key")),
        ("ssl.keystore.certificate.chain".to_owned(), read("chain.pem")),
    ];
    vec![jks, store("", "keystore.p12"), pem]
}

fn borrowed(properties: &[(String, String)]) -> Vec<(&str, &str)> {
    properties.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

#[tokio::test]
async fn http_and_https_at_once_with_stores_of_every_form() {
    for store in stores() {
        let mut properties = borrowed(&store);
        properties.push(("listeners", "http://127.0.0.1:0,https://127.0.0.1:0"));
        let served = serve(&properties, None).await;
        assert_eq!(get(served.main[0], "/health").await.status, 503, "{store:?}");
        assert_eq!(health(served.main[1], false).await.expect("an answer").status, 503, "{store:?}");
        // In the clear there is no answer at the port for TLS.
        let mut plain = TcpStream::connect(served.main[1]).await.expect("a server");
        plain.write_all(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n").await.expect("sent");
        let mut answer = Vec::new();
        let _ = plain.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    }
}

#[tokio::test]
async fn clients_show_certificates_where_they_must() {
    for (auth, without) in [("required", false), ("requested", true), ("none", true)] {
        let (key_store, trust_store) = (file("keystore.p12"), file("truststore.jks"));
        let properties = [
            ("listeners", "https://127.0.0.1:0"),
            ("listeners.https.ssl.keystore.location", key_store.as_str()),
            ("listeners.https.ssl.keystore.password", "storepass"),
            ("listeners.https.ssl.truststore.location", &trust_store),
            ("listeners.https.ssl.truststore.password", "storepass"),
            ("listeners.https.ssl.client.auth", auth),
        ];
        let served = serve(&properties, None).await;
        assert_eq!(health(served.main[0], false).await.is_ok(), without, "{auth}");
        assert_eq!(health(served.main[0], true).await.expect("an answer").status, 503, "{auth}");
    }
}

#[tokio::test]
async fn an_idle_connection_does_not_keep_the_server() {
    let served = serve(&[], None).await;
    let address = served.main[0];
    let mut idle = TcpStream::connect(address).await.expect("a server");
    idle.write_all(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n").await.expect("sent");
    let mut begin = [0; 12];
    idle.read_exact(&mut begin).await.expect("an answer");
    assert_eq!(&begin, b"HTTP/1.1 503");
    let stopped = tokio::time::timeout(Duration::from_secs(4), served.server.shutdown()).await;
    stopped.expect("at once");
    TcpStream::connect(address).await.expect_err("nobody listens");
}
