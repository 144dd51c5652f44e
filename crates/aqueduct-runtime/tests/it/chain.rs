//! Transformations and predicates of running connectors.

use aqueduct_testkit::{EmbeddedCluster, Monitor, NewRecord, values};

use super::setting::{sink_of_pattern, source, source_values};

async fn cluster(monitor: &Monitor) -> EmbeddedCluster {
    let mut plugins = monitor.plugins();
    plugins.extend(aqueduct_transforms::plugins());
    EmbeddedCluster::start(plugins).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_applies_its_transformations_in_their_order() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    let config = source(&[
        ("max.messages", "3"),
        ("transforms", "prefix,suffix,drop"),
        ("transforms.prefix.type", "org.apache.kafka.connect.transforms.RegexRouter"),
        ("transforms.prefix.regex", "(.*)"),
        ("transforms.prefix.replacement", "a-$1"),
        ("transforms.suffix.type", "RegexRouter"),
        ("transforms.suffix.regex", "a-(.*)"),
        ("transforms.suffix.replacement", "$1-b"),
        ("transforms.drop.type", "org.apache.kafka.connect.transforms.Filter"),
        ("transforms.drop.predicate", "second"),
        ("predicates", "second"),
        ("predicates.second.type", "org.apache.kafka.connect.transforms.predicates.HasHeaderKey"),
        ("predicates.second.name", "header-2"),
    ]);
    cluster.create_running("c", config).await;
    monitor.probe("c").expect_acknowledged(2).await;
    assert_eq!(values(&cluster.kafka().expect_records("topic-b", 2).await), source_values([1, 3]));
    assert_eq!(cluster.herder().active_topics("c").expect("topics"), ["topic-b".to_owned()].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_negated_predicate_chooses_the_others() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    for topic in ["in-one", "in-two"] {
        cluster.kafka().create_topic(topic, 1).await;
        cluster.kafka().produce(topic, [NewRecord::value(topic)]).await;
    }
    let mut config = sink_of_pattern("in-.*");
    let chain = [
        ("transforms", "drop"),
        ("transforms.drop.type", "Filter"),
        ("transforms.drop.predicate", "one"),
        ("transforms.drop.negate", "true"),
        ("predicates", "one"),
        ("predicates.one.type", "TopicNameMatches"),
        ("predicates.one.pattern", ".*-one"),
    ];
    config.extend_with(&chain.into_iter().collect());
    cluster.create_running("c", config).await;
    // The dropped record is committed like the other.
    let done = async || !cluster.kafka().committed("connect-c", "in-two").await.is_empty();
    super::setting::expect("the dropped record is committed", done).await;
    assert_eq!(monitor.probe("c").expect_taken(1).await, ["in-one"]);
}
