//! The mocks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aqueduct_api::{ConfigMap, Connector, SinkTask, SourceTask};
use aqueduct_tools::{MockConnector, MockSinkTask, MockSourceTask};

use crate::setting::Context;

const DEADLINE: Duration = Duration::from_secs(30);

fn config(mode: &str, delay_ms: &str) -> ConfigMap {
    ConfigMap::from([("mock_mode", mode), ("delay_ms", delay_ms)])
}

#[tokio::test]
async fn the_connector_fails_when_told_to() {
    for (mode, delay_ms, fails) in [
        ("connector-failure", "20", true),
        ("connector-failure", "60000", false),
        ("task-failure", "0", false),
    ] {
        let context = Context::with(None);
        let mut connector = MockConnector::default();
        connector.initialize(Arc::clone(&context) as _);
        connector.start(&config(mode, delay_ms)).await.expect("starts");
        let until = Instant::now() + if fails { DEADLINE } else { Duration::from_millis(100) };
        let errors = || context.errors.lock().expect("not poisoned").len();
        while errors() == 0 && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(errors(), usize::from(fails), "{mode} after {delay_ms} ms");
        connector.stop().await.expect("stops");
    }
}

#[tokio::test]
async fn a_stopped_connector_fails_no_more() {
    let context = Context::with(None);
    let mut connector = MockConnector::default();
    connector.initialize(Arc::clone(&context) as _);
    connector.start(&config("connector-failure", "50")).await.expect("starts");
    connector.stop().await.expect("stops");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(context.errors.lock().expect("not poisoned").is_empty());
}

#[tokio::test]
async fn a_delay_must_be_a_number() {
    let mut connector = MockConnector::default();
    connector.initialize(Context::with(None));
    let error = connector.start(&config("connector-failure", "zz")).await.expect_err("fails");
    assert_eq!(error.message(), Some("For input string: \"zz\""));
}

#[tokio::test]
async fn the_source_task_fails_when_told_to() {
    let mut task = MockSourceTask::default();
    task.start(Context::with(None), &config("task-failure", "300")).await.expect("starts");
    let started = Instant::now();
    let mut polls = 0;
    while task.poll().await.is_ok_and(|records| records.is_none()) {
        polls += 1;
        assert!(started.elapsed() < DEADLINE);
    }
    assert!(polls >= 1 && started.elapsed() >= Duration::from_millis(300));

    let mut task = MockSourceTask::default();
    task.start(Context::with(None), &config("connector-failure", "0")).await.expect("starts");
    assert!(task.poll().await.expect("polls").is_none());
}

#[tokio::test]
async fn the_sink_task_asks_to_be_woken_and_fails() {
    let context = Context::with(None);
    let mut task = MockSinkTask::default();
    task.start(Arc::clone(&context) as _, &config("task-failure", "100")).await.expect("starts");
    let started = Instant::now();
    while task.put(&[]).await.is_ok() {
        assert!(started.elapsed() < DEADLINE);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(started.elapsed() >= Duration::from_millis(100));
    let timeouts = context.timeouts.lock().expect("not poisoned").clone();
    assert!(timeouts.len() >= 2 && timeouts.iter().all(|&timeout| timeout == Duration::from_millis(100)));

    let context = Context::with(None);
    let mut task = MockSinkTask::default();
    task.start(Arc::clone(&context) as _, &config("none", "0")).await.expect("starts");
    task.put(&[]).await.expect("puts");
    assert!(context.timeouts.lock().expect("not poisoned").is_empty());
}
