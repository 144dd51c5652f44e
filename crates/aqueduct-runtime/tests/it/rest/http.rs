//! A REST server without a worker, and a client that sees every byte of its answers.

use std::net::SocketAddr;
use std::path::Path;

use aqueduct_api::{ConfigMap, Result};
use aqueduct_runtime::logging::{LogLevel, LogLevels};
use aqueduct_runtime::rest::{RestPlan, RestServer};
use aqueduct_runtime::worker_config::WorkerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a server makes of a worker's properties; it listens at free ports of this host unless they say otherwise.
pub(crate) fn plan(properties: &[(&str, &str)], jaas: Option<&Path>) -> Result<RestPlan> {
    let mut all = ConfigMap::from([
        ("bootstrap.servers", "h:1"),
        ("key.converter", "K"),
        ("value.converter", "V"),
        ("offset.storage.file.filename", "offsets"),
        ("listeners", "http://127.0.0.1:0"),
    ]);
    all.extend_with(&properties.iter().copied().collect());
    let config = WorkerConfig::standalone(all)?;
    RestPlan::new(&config.rest, jaas, LogLevels::new(LogLevel::Info, [("noisy", LogLevel::Warn)], &[]))
}

/// A server that answers.
pub(crate) struct Served {
    pub(crate) server: RestServer,
    /// Of the main listeners.
    pub(crate) main: Vec<SocketAddr>,
    /// Of the listeners for administrators.
    pub(crate) admin: Vec<SocketAddr>,
}

/// Serves what needs no worker.
pub(crate) async fn serve(properties: &[(&str, &str)], jaas: Option<&Path>) -> Served {
    let mut server = RestServer::open(plan(properties, jaas).expect("a plan")).await.expect("free ports");
    let main = server.local_addresses().expect("bound");
    let admin = server.admin_addresses().expect("bound");
    server.start();
    Served { server, main, admin }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// All headers in their order, with names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    /// The values of a header.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    #[track_caller]
    pub(crate) fn expect(&self, status: u16, body: &str) {
        assert_eq!((self.status, self.body.as_str()), (status, body), "{self:?}");
    }
}

/// Sends a request over a connection of its own.
pub(crate) async fn request(address: SocketAddr, method: &str, path: &str, more: &str, body: &str) -> Reply {
    let stream = TcpStream::connect(address).await.expect("a server");
    exchange(stream, method, path, more, body).await.expect("an answer")
}

/// Sends a request over this connection; `more` are whole lines of headers.
pub(crate) async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    method: &str,
    path: &str,
    more: &str,
    body: &str,
) -> std::io::Result<Reply> {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n"
    );
    stream.write_all(format!("{head}{more}\r\n{body}").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let headers = lines.filter_map(|line| line.split_once(": "));
    Ok(Reply {
        status: status.expect("a status line"),
        headers: headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(),
        body: body.to_owned(),
    })
}

/// A GET without anything else.
pub(crate) async fn get(address: SocketAddr, path: &str) -> Reply {
    request(address, "GET", path, "", "").await
}

/// A PUT of JSON.
pub(crate) async fn put(address: SocketAddr, path: &str, body: &str) -> Reply {
    request(address, "PUT", path, "Content-Type: application/json\r\n", body).await
}
