//! Offsets that users look at and change (KIP-875).

use aqueduct_api::OffsetMap;
use aqueduct_proto::state::TargetState;
use aqueduct_testkit::{Monitor, values};

use super::setting::{GROUP, TOPIC, cluster, expect_saved, saved, sink, source, source_values, texts};
use super::sink_loop::filled;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_begins_where_a_user_says() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    cluster.create_in("c", source(&[("max.messages", "10")]), TargetState::Stopped).await;
    let change = (Some(OffsetMap::of("task.id", "c-0")), Some(OffsetMap::of("saved", 5_i64)));
    let message = cluster.herder().alter_offsets("c", Some(vec![change])).await.expect("it is stopped");
    assert_eq!(message, "The offsets for this connector have been altered successfully");
    cluster.resume("c").await;
    assert_eq!(values(&cluster.kafka().expect_records(TOPIC, 5).await), source_values(6..=10));
    expect_saved(&cluster, "c", 10).await;
    cluster.herder().alter_offsets("c", None).await.expect_err("it runs");
    cluster.stop("c").await;
    cluster.herder().alter_offsets("c", None).await.expect("it is stopped");
    assert_eq!(saved(&cluster, "c").await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sink_begins_where_a_user_says() {
    let monitor = Monitor::new();
    let cluster = filled(&monitor, 10).await;
    cluster.create_in("c", sink(&[]), TargetState::Stopped).await;
    let partition = OffsetMap::of("kafka_topic", TOPIC).with("kafka_partition", 0_i64);
    let change = (Some(partition), Some(OffsetMap::of("kafka_offset", 5_i64)));
    cluster.herder().alter_offsets("c", Some(vec![change])).await.expect("it is stopped");
    cluster.resume("c").await;
    let probe = monitor.probe("c");
    assert_eq!(probe.expect_taken(5).await, texts(5..10));
    cluster.stop("c").await;
    assert_eq!(cluster.kafka().committed(GROUP, TOPIC).await, [(0, 10)].into());
    cluster.herder().alter_offsets("c", None).await.expect("it is stopped");
    cluster.resume("c").await;
    assert_eq!(probe.expect_taken(15).await, [texts(5..10), texts(0..10)].concat());
}

/// As long as somebody is left in the sink's group, its offsets are not for users.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offsets_of_a_group_that_is_not_empty_stay() {
    let monitor = Monitor::new();
    let cluster = filled(&monitor, 3).await;
    cluster.create_running("d", sink(&[("consumer.override.group.id", GROUP)])).await;
    monitor.probe("d").expect_taken(3).await;
    cluster.create_in("c", sink(&[]), TargetState::Stopped).await;
    let partition = OffsetMap::of("kafka_topic", TOPIC).with("kafka_partition", 0_i64);
    let change = vec![(Some(partition), Some(OffsetMap::of("kafka_offset", 1_i64)))];
    for change in [Some(change), None] {
        let error = cluster.herder().alter_offsets("c", change).await.expect_err("somebody is left");
        assert!(error.to_string().contains("zombie sink tasks"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_sinks_offsets_is_told() {
    let monitor = Monitor::new();
    let cluster = filled(&monitor, 1).await;
    cluster.create_in("c", sink(&[]), TargetState::Stopped).await;
    let partition = OffsetMap::of("kafka_topic", TOPIC).with("kafka_partition", 0_i64);
    let offset = |text: &str| Some(OffsetMap::of("kafka_offset", text));
    for (changes, message) in [
        (vec![(None, offset("1"))], "cannot be null or missing"),
        (vec![(Some(OffsetMap::new()), offset("1"))], "must contain the keys"),
        // The first of two changes of one partition counts for nothing.
        (vec![(Some(partition.clone()), offset("x")), (Some(partition), offset("y"))], "'y'"),
    ] {
        let error = cluster.herder().alter_offsets("c", Some(changes)).await.expect_err(message);
        assert!(error.to_string().contains(message), "{error}");
    }
}
