//! Every worker serves every request, whoever leads and whoever runs the connector.

use serde_json::{Value, json};
use xtask::oracle::live;
use xtask::oracle::worker::Program;

use super::group::{Group, source};
use super::stream;
use crate::rest::exchange::{self, Request};
use crate::stage::{Kafka, ours};
use crate::waiting::{found, tell, until};

#[test]
fn every_worker_serves_every_request() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    scene(&kafka, "requests", [ours(), ours(), ours()]);
}

/// A connector's whole life, with each request to a worker that has to pass it on.
pub(super) fn scene(kafka: &Kafka, name: &str, programs: [Program; 3]) {
    let mut group = Group::start(kafka, name, &[], &programs);
    group.members(3);
    assert_eq!(group.leader(), 0, "who comes first leads");
    let topic = format!("{name}-topic");
    created(&mut group, &topic);
    reconfigured(&mut group, &topic);
    transitions(&mut group);
    offsets(&mut group);
    restarts(&mut group);
    levels(&group);
    refusals(&mut group);
    assert!(stream::repeated(&mut group.client, &topic) > 0, "its offsets were altered");
}

fn created(group: &mut Group, topic: &str) {
    group.client.create_topic(topic, 1).unwrap();
    let body = json!({"name": "life", "config": source(topic, 2, 20)}).to_string();
    let port = group.cluster.port(1);
    let answer = found("a connector is created", || {
        let answer = exchange::send(port, &json_request("POST", "/connectors", &body))?;
        anyhow::ensure!(answer.status != 409, "{answer:?}");
        Ok(answer)
    });
    assert_eq!(answer.status, 201, "{answer:?}");
    let location = format!("http://127.0.0.1:{port}/connectors/life");
    assert_eq!(answer.header("Location"), Some(location.as_str()), "where it was asked for");
    let info: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!((&info["name"], &info["type"]), (&json!("life"), &json!("source")), "{info}");
    group.want("life", 2);
    group.balanced();
}

pub(super) fn json_request(method: &'static str, path: &str, body: &str) -> Request {
    let json = || "application/json".to_owned();
    let headers = vec![("Content-Type", json()), ("Accept", json())];
    Request { method, path: path.to_owned(), headers, body: Some(body.to_owned()) }
}

fn reconfigured(group: &mut Group, topic: &str) {
    group.put(2, "life", &source(topic, 5, 20));
    group.balanced();
    let patched = group.ask(1, "PATCH", "/connectors/life/config", Some(&json!({"tasks.max": "3"})));
    assert_eq!(patched.status, 200, "{patched:?}");
    assert_eq!(patched.json()["config"]["tasks.max"], "3");
    group.want("life", 3);
    let layout = group.balanced();
    group.each_once(&layout);
    for index in 0..3 {
        let config = group.get(index, "/connectors/life/config");
        assert_eq!((&config["tasks.max"], &config["throughput"]), (&json!("3"), &json!("20")), "{config}");
        let tasks = group.get(index, "/connectors/life/tasks");
        let ids: Vec<_> = tasks.as_array().unwrap().iter().map(|task| task["id"]["task"].clone()).collect();
        assert_eq!(ids, [0, 1, 2], "{tasks}");
        assert_eq!(tasks[2]["config"]["id"], "2", "{tasks}");
    }
}

/// Waits until every worker shows the connector and as many tasks in this state.
fn await_state(group: &Group, state: &str, tasks: usize) {
    found(state, || {
        for index in group.cluster.running() {
            let status = group.cluster.ask(index, "GET", "/connectors/life/status", None)?.json();
            anyhow::ensure!(status["connector"]["state"] == state, "{status}");
            let shown = status["tasks"].as_array().cloned().unwrap_or_default();
            let all = shown.len() == tasks && shown.iter().all(|task| task["state"] == state);
            anyhow::ensure!(all, "{status}");
        }
        Ok(())
    });
}

fn transitions(group: &mut Group) {
    for (index, path, status, state, tasks) in [
        (1, "/connectors/life/pause", 202, "PAUSED", 3),
        (2, "/connectors/life/resume", 202, "RUNNING", 3),
        (2, "/connectors/life/stop", 204, "STOPPED", 0),
    ] {
        // Each twice: the second asks for what is there.
        for _ in 0..2 {
            let answer = group.ask(index, "PUT", path, None);
            assert_eq!(answer.status, status, "{path}: {answer:?}");
        }
        await_state(group, state, tasks);
    }
    for index in 0..3 {
        assert_eq!(group.get(index, "/connectors/life/tasks"), json!([]));
    }
}

fn offsets(group: &mut Group) {
    let shown = group.get(1, "/connectors/life/offsets");
    let all = shown["offsets"].as_array().unwrap();
    assert!(all.iter().any(|one| one["partition"] == json!({"id": 0})), "{shown}");
    let altered = json!({"offsets": [{"partition": {"id": 0}, "offset": {"seqno": 4}}]});
    let answer = group.ask(1, "PATCH", "/connectors/life/offsets", Some(&altered));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.json()["message"].is_string(), "{answer:?}");
    until("every worker shows the altered offset", || {
        (0..3).all(|index| {
            let shown = group.get(index, "/connectors/life/offsets");
            shown["offsets"].as_array().is_some_and(|all| all.contains(&altered["offsets"][0]))
        })
    });
    let marks = group.cluster.marks();
    let answer = group.ask(2, "PUT", "/connectors/life/resume", None);
    assert_eq!(answer.status, 202, "{answer:?}");
    group.balanced();
    let resumed = "VerifiableSourceTask life-0 producing to topic";
    until("task 0 goes on from there", || {
        let logs = group.cluster.logged_since(&marks);
        let mut lines = logs.iter().flat_map(|log| log.lines());
        lines.any(|line| line.contains(resumed) && line.contains("resuming from seqno 5"))
    });
}

fn restarts(group: &mut Group) {
    let layout = group.balanced();
    let owner = group.owner(&layout, "life-1");
    let other = (0..3).find(|index| *index != owner).unwrap();
    let marks = group.cluster.marks();
    let answer = group.ask(other, "POST", "/connectors/life/tasks/1/restart", None);
    assert_eq!(answer.status, 204, "{answer:?}");
    let starts = |task: &str| group.cluster.starts_since(&marks).get(task).copied().unwrap_or(0);
    until("the task has started again", || starts("life-1") == 1);
    assert_eq!((starts("life-0"), starts("life-2")), (0, 0), "the others have nothing to do with it");
    let answer = group.ask(1, "POST", "/connectors/life/restart?includeTasks=true", None);
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(answer.json()["tasks"].as_array().map(Vec::len), Some(3), "{answer:?}");
    until("all tasks have started again", || {
        (starts("life-0"), starts("life-1"), starts("life-2")) == (1, 2, 1)
    });
    assert_eq!(group.balanced(), layout, "a restart moves nothing");
}

fn levels(group: &Group) {
    let path = "/admin/loggers/org.apache.kafka.connect.tools";
    let answer = group.ask(1, "PUT", &format!("{path}?scope=cluster"), Some(&json!({"level": "DEBUG"})));
    assert_eq!(answer.status, 204, "{answer:?}");
    until("every worker has the level", || (0..3).all(|index| group.get(index, path)["level"] == "DEBUG"));
}

fn refusals(group: &mut Group) {
    let invalid =
        json!({"name": "bad", "config": {"connector.class": super::group::SOURCE, "tasks.max": "x"}});
    let answer = group.ask(1, "POST", "/connectors", Some(&invalid));
    assert_eq!((answer.status, &answer.json()["error_code"]), (400, &json!(400)), "{answer:?}");
    let again = json!({"name": "life", "config": group.get(1, "/connectors/life/config")});
    let answer = group.ask(1, "POST", "/connectors", Some(&again));
    assert_eq!(answer.status, 409, "{answer:?}");
    assert_eq!(answer.json()["message"], "Connector life already exists", "{answer:?}");
    group.delete(1, "life");
    until("nobody lists it", || (0..3).all(|index| group.get(index, "/connectors") == json!([])));
    for (index, method, path) in [
        (1, "DELETE", "/connectors/life"),
        (2, "PUT", "/connectors/life/stop"),
        (0, "POST", "/connectors/life/restart"),
    ] {
        let answer = group.ask(index, method, path, None);
        assert_eq!((answer.status, &answer.json()["error_code"]), (404, &json!(404)), "{path}: {answer:?}");
    }
    tell(&format!("all requests to {} as to the leader", group.cluster.worker_id(1)));
}
