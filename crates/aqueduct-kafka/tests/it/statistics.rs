use std::sync::Arc;
use std::time::{Duration, Instant};

use aqueduct_kafka::config::STATISTICS_INTERVAL;
use aqueduct_kafka::statistics::{ClientFigures, PartitionFigures};
use aqueduct_kafka::{
    BatchConsumer, BatchProducer, ClientStatistics, FetchedBatch, NativeConsumer, NativeProducer, OutRecord,
    Properties, TopicPartition,
};

use crate::support::{PATIENCE, acks, properties, send, unique, write};

fn measured(client_id: &str) -> Properties {
    properties().with("client.id", client_id).with(STATISTICS_INTERVAL, "100")
}

/// The first figures for which this holds.
fn seen(statistics: &Arc<ClientStatistics>, holds: impl Fn(&ClientFigures) -> bool) -> Option<ClientFigures> {
    statistics.figures().filter(holds)
}

#[tokio::test]
async fn a_producer_tells_what_it_sent() {
    let topic = unique("measured");
    let mut producer = NativeProducer::new(&measured("p-1")).unwrap();
    let statistics = producer.statistics().unwrap();
    assert!(statistics.figures().is_none());
    for _ in 0..100 {
        send(&mut producer, OutRecord { value: Some(b"0123456789"), ..OutRecord::to(&topic) }).await;
    }
    producer.flush(PATIENCE).await.unwrap();
    let deadline = Instant::now() + PATIENCE;
    let figures = loop {
        assert!(Instant::now() < deadline, "{:?}", statistics.figures());
        acks(&mut producer).await;
        let complete = |figures: &ClientFigures| {
            figures.records_sent.total == 100.0 && !figures.records_sent.rate.is_nan()
        };
        if let Some(figures) = seen(&statistics, complete) {
            break figures;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(statistics.client_id(), "p-1");
    assert_eq!(statistics.failed_records(), 0);
    assert!(figures.requests.total >= 2.0 && figures.bytes_out.total > 1000.0, "{figures:?}");
    assert!(figures.connections >= 1 && figures.buffer_bytes > 0, "{figures:?}");
    let [sent] = &figures.topics[..] else { panic!("one topic: {figures:?}") };
    assert_eq!((sent.topic.as_str(), sent.records_sent.total), (topic.as_str(), 100.0));
    assert!(figures.nodes.iter().any(|node| node.requests.total > 0.0), "{:?}", figures.nodes);
}

#[tokio::test]
async fn a_consumer_tells_how_far_it_is() {
    let topic = unique("behind");
    write(&topic, (0..10).map(|n| n.to_string())).await;
    let partition = TopicPartition::new(&*topic, 0);
    let mut consumer = NativeConsumer::new(&measured("c-1").with("max.poll.records", "4")).unwrap();
    let statistics = consumer.statistics().unwrap();
    consumer.assign([(partition, 0)].into()).unwrap();
    let mut batch = FetchedBatch::new();
    let deadline = Instant::now() + PATIENCE;
    while batch.is_empty() {
        assert!(Instant::now() < deadline, "nothing came");
        consumer.poll(Duration::from_secs(1), &mut batch).await.unwrap();
    }
    assert_eq!(batch.len(), 4);
    // Paused, it reads no further, and its statistics still come with its polls.
    let held = consumer.assignment();
    consumer.pause(&held).unwrap();
    let expected = PartitionFigures { topic: topic.clone(), partition: 0, lag: 6, lead: Some(4) };
    loop {
        assert!(Instant::now() < deadline, "{:?}", statistics.figures());
        let mut nothing = FetchedBatch::new();
        consumer.poll(Duration::from_millis(50), &mut nothing).await.unwrap();
        assert!(nothing.is_empty());
        if seen(&statistics, |figures| figures.partitions == [expected.clone()]).is_some() {
            break;
        }
    }
    let figures = statistics.figures().unwrap();
    assert!(figures.fetches.total >= 1.0, "{figures:?}");
}
