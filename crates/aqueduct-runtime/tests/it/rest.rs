//! The REST API of a worker that runs.

mod forwarding;
mod group;
mod guard;
mod http;
mod internal;
mod listeners;
mod loggers;
mod metrics;
mod surroundings;
mod timeouts;

use std::net::SocketAddr;

use aqueduct_testkit::{EmbeddedCluster, Monitor};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::setting::source;

async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a server");
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn states_and_offsets_are_served() {
    let monitor = Monitor::new();
    let cluster = EmbeddedCluster::start(monitor.plugins()).await;
    let (server, address) = cluster.serve_rest().await;
    cluster.create_running("c", source(&[("max.messages", "2")])).await;
    let status = get(address, "/connectors/c/status").await;
    let expected = r#"{"name":"c","connector":{"state":"RUNNING","worker_id":"127.0.0.1:8083","version":"1"},"tasks":[{"id":0,"state":"RUNNING","worker_id":"127.0.0.1:8083","version":"1"}],"type":"source"}"#;
    assert!(status.starts_with("HTTP/1.1 200 OK") && status.ends_with(expected), "{status}");
    super::setting::expect_saved(&cluster, "c", 2).await;
    let offsets = get(address, "/connectors/c/offsets").await;
    assert!(
        offsets.ends_with(r#"{"offsets":[{"partition":{"task.id":"c-0"},"offset":{"saved":2}}]}"#),
        "{offsets}"
    );
    server.shutdown().await;
    TcpStream::connect(address).await.expect_err("it has stopped listening");
}
