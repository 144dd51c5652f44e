//! The guards around real servers: what they start is ready, keeps its data, and is gone when they are.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use xtask::oracle::broker::Broker;
use xtask::oracle::worker::{Mode, Program, Worker};
use xtask::oracle::{Oracle, http, live, ports, wire};
use xtask::wait;

#[test]
fn a_broker_and_a_worker_live_as_long_as_their_guards() {
    let oracle = Oracle::open();
    let Some(mut broker) = live::or_skip("Apache Kafka", || Broker::scratch(&oracle, Vec::new())) else {
        return;
    };
    let mut client = wire::Client::connect(broker.port()).unwrap();
    assert_eq!(client.end_offset("kept", 0).unwrap(), None);
    client.create_topic("kept", 2).unwrap();
    assert_eq!(client.end_offset("kept", 1).unwrap(), Some(0));

    broker.server().kill().unwrap();
    broker.restart().unwrap();
    let mut client = wire::Client::connect(broker.port()).unwrap();
    let kept =
        wait::poll(Duration::from_secs(30), Duration::from_millis(50), || Ok(client.end_offset("kept", 1)?));
    assert_eq!(kept.unwrap(), Some(0));

    let mode = Mode::Distributed { group: "guards".to_owned() };
    let worker = Worker::scratch(&oracle, Program::Java, &broker.bootstrap(), mode, Vec::new()).unwrap();
    let port = worker.rest_port();
    let config = json!({"name": "v", "config": {
        "connector.class": "VerifiableSource", "topic": "made", "throughput": "100", "id": "1",
    }});
    assert_eq!(http::request("POST", port, "/connectors", Some(&config.to_string())).unwrap().status, 201);
    let written = wait::poll(Duration::from_secs(60), Duration::from_millis(100), || {
        Ok(client.end_offset("made", 0)?.filter(|end| *end > 0))
    });
    assert!(written.unwrap().is_some(), "nothing was written");

    drop(worker);
    assert!(!ports::accepts(port));
    let port = broker.port();
    let folder = broker.server().log().parent().map(Path::to_owned).unwrap();
    assert!(folder.exists());
    drop(broker);
    assert!(!ports::accepts(port));
    assert!(!folder.exists());
}
