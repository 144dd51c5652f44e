//! Connectors that fail, hang and panic.

use std::time::{Duration, Instant};

use aqueduct_proto::state::{State, TargetState};
use aqueduct_testkit::{Call, EmbeddedCluster, Monitor, NewRecord, Trouble};

use super::setting::{TOPIC, cluster, sink, source};

const SHORT: Duration = Duration::from_millis(300);

fn quiet() -> aqueduct_api::ConfigMap {
    source(&[("max.messages", "1")])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connector_that_cannot_start_has_failed_and_can_be_restarted() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    let probe = monitor.probe("c");
    probe.fail(Call::ConnectorStart, Trouble::Fatal, 1);
    cluster.try_create("c", quiet()).await.expect_err("it fails to start");
    let trace = cluster.expect_state("c", State::Failed).await.expect("a trace");
    assert!(
        trace.starts_with("org.apache.kafka.connect.errors.ConnectException: injected in ConnectorStart"),
        "{trace}"
    );
    cluster.expect_tasks("c", 0, State::Failed).await;
    assert_eq!(cluster.herder().connectors().await.expect("names"), ["c"]);
    cluster.restart("c").await;
    assert_eq!(probe.calls(Call::ConnectorStart), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connector_that_cannot_stop_has_failed_unless_it_was_to_be_stopped() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    let config = || source(&[("connector.stop.inject.error", "true")]);
    cluster.create_running("c", config()).await;
    cluster.herder().set_target_state("c", TargetState::Paused).await.expect("a connector");
    let trace = cluster.expect_state("c", State::Failed).await.expect("a trace");
    assert!(trace.contains("connector.stop.inject.error"), "{trace}");
    cluster.create_running("d", config()).await;
    cluster.stop("d").await;
    cluster.resume("d").await;
    cluster.delete("d").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_connector_holds_up_no_other() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    for call in [Call::ConnectorStart, Call::TaskConfigs, Call::ConnectorStop] {
        let name = format!("{call:?}");
        let hold = monitor.probe(&name).hang(call);
        let hanging = async {
            cluster.create(&name, quiet()).await;
            cluster.delete(&name).await;
        };
        let other = async {
            monitor.probe(&name).expect_calls(call, 1).await;
            cluster.create_running("other", quiet()).await;
            cluster.delete("other").await;
            drop(hold);
        };
        tokio::join!(hanging, other);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_given_up_is_done_all_the_same() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    let probe = monitor.probe("c");
    let hold = probe.hang(Call::ConnectorStart);
    tokio::time::timeout(SHORT, cluster.try_create("c", quiet())).await.expect_err("it hangs");
    drop(hold);
    cluster.expect_state("c", State::Running).await;
    cluster.expect_tasks("c", 1, State::Running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_connector_does_not_hold_up_the_shutdown_for_ever() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    cluster.create_running("other", quiet()).await;
    cluster.create_running("c", quiet()).await;
    let hold = monitor.probe("c").hang(Call::ConnectorStop);
    let since = Instant::now();
    cluster.herder().shutdown().await;
    assert!(since.elapsed() < Duration::from_secs(8), "{:?}", since.elapsed());
    for name in ["c", "other"] {
        cluster.expect_tasks(name, 1, State::Unassigned).await;
    }
    drop(hold);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connector_can_raise_an_error() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    cluster.create_running("c", quiet()).await;
    let context = monitor.probe("c").connector_context().await;
    context.raise_error(aqueduct_api::Error::connect("the system is gone"));
    let trace = cluster.expect_state("c", State::Failed).await.expect("a trace");
    assert!(trace.contains("the system is gone"), "{trace}");
    // Its tasks go on.
    cluster.expect_tasks("c", 1, State::Running).await;
    cluster.restart("c").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connector_can_ask_for_other_tasks() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    cluster.create_running("c", quiet()).await;
    let probe = monitor.probe("c");
    let asked = probe.calls(Call::TaskConfigs);
    probe.connector_context().await.request_task_reconfiguration();
    probe.expect_calls(Call::TaskConfigs, asked + 1).await;
    // They are the same, so the running task is left alone.
    cluster.expect_tasks("c", 1, State::Running).await;
    assert_eq!(probe.calls(Call::Start), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_tasks_than_allowed_are_refused() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    let two = [("num.tasks", "2"), ("max.messages", "1")];
    cluster.try_create("c", source(&two)).await.expect_err("too many");
    let trace = cluster.expect_state("c", State::Failed).await.expect("a trace");
    let text = "The connector c has generated 2 tasks, which is greater than 1, the maximum number of tasks it is configured to create.";
    assert!(trace.contains(text), "{trace}");
    cluster.expect_tasks("c", 0, State::Failed).await;
    let relaxed: Vec<_> = two.iter().copied().chain([("tasks.max.enforce", "false")]).collect();
    cluster.create("c", source(&relaxed)).await;
    cluster.expect_tasks("c", 2, State::Running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn task_configurations_that_fail_fail_the_connector() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    monitor.probe("c").fail(Call::TaskConfigs, Trouble::Fatal, 1);
    cluster.try_create("c", quiet()).await.expect_err("no tasks");
    cluster.expect_state("c", State::Failed).await;
    cluster.create_running("c", quiet()).await;
    cluster.expect_tasks("c", 1, State::Running).await;
}

async fn check_panic_in_task(call: Call, config: aqueduct_api::ConfigMap) {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    cluster.kafka().create_topic(TOPIC, 1).await;
    cluster.kafka().produce(TOPIC, [NewRecord::value("v")]).await;
    monitor.probe("c").fail(call, Trouble::Panic, 1);
    cluster.create("c", config).await;
    let trace = cluster.expect_task("c", 0, State::Failed).await.expect("a trace");
    assert!(trace.contains(&format!("injected in {call:?}")), "{trace}");
    cluster.restart_task("c", 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_fails_a_source_task() {
    check_panic_in_task(Call::Poll, quiet()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_fails_a_sink_task() {
    check_panic_in_task(Call::Put, sink(&[])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_fails_a_connector() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    for call in [Call::ConnectorStart, Call::TaskConfigs] {
        let name = format!("{call:?}");
        monitor.probe(&name).fail(call, Trouble::Panic, 1);
        cluster.try_create(&name, quiet()).await.expect_err("it panics");
        let trace = cluster.expect_state(&name, State::Failed).await.expect("a trace");
        assert!(trace.contains(&format!("injected in {call:?}")), "{trace}");
        cluster.create_running(&name, quiet()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_cannot_start_has_failed_alone() {
    let monitor = Monitor::new();
    let cluster = EmbeddedCluster::start(monitor.plugins()).await;
    let config =
        source(&[("tasks.max", "2"), ("max.messages", "1"), ("task-c-1.start.inject.error", "true")]);
    cluster.create("c", config).await;
    cluster.expect_task("c", 1, State::Failed).await;
    cluster.expect_task("c", 0, State::Running).await;
    cluster.expect_state("c", State::Running).await;
}
