//! Client commands against a worker that speaks TLS and asks who is there.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::program::{Ended, Program};

fn file(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "testdata", "tls", name].iter().collect()
}

fn acceptor() -> TlsAcceptor {
    let chain = CertificateDer::pem_file_iter(file("chain.pem")).expect("there");
    let chain = chain.collect::<Result<Vec<_>, _>>().expect("certificates");
    let key = PrivateKeyDer::from_pem_file(file("plain.key")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a key that fits");
    TlsAcceptor::from(Arc::new(config))
}

/// Lists connectors at the only port of this server, and gives the head of the request if one got through.
fn list(user_and_host: &str) -> (Ended, Option<String>) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let url = format!("https://{user_and_host}:{port}");
        let mut command = Command::new(env!("CARGO_BIN_EXE_aqueduct"));
        command.args(["connector", "list", "--url", &url]).env("SSL_CERT_FILE", file("ca.pem"));
        let program = Program::spawn_command(dir.path(), "list", command);
        let (stream, _) = listener.accept().await.expect("a connection");
        let mut head = None;
        if let Ok(mut stream) = acceptor().accept(stream).await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.expect("a whole request"));
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await.expect("answered");
            stream.flush().await.expect("answered");
            head = Some(String::from_utf8(request).expect("text"));
        }
        (program.ended(), head)
    })
}

#[test]
fn https_and_basic_authentication() {
    let (ended, head) = list("anna:s%20e@localhost");
    ended.check(0, &[]);
    assert!(ended.stdout.contains("There are no connectors."), "{ended:?}");
    let head = head.expect("a request").to_lowercase();
    assert!(head.starts_with("get /connectors?expand=info&expand=status http/1.1\r\n"), "{head}");
    // What `printf 'anna:s e' | base64` prints.
    assert!(head.contains("authorization: basic yw5uytpzigu=\r\n"), "{head}");
}

#[test]
fn a_certificate_for_another_host_is_refused() {
    let (ended, head) = list("127.0.0.1");
    ended.check(1, &["the TLS handshake failed"]);
    assert_eq!(head, None);
}
