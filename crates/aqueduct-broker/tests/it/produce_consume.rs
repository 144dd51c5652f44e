use std::time::{Duration, Instant};

use aqueduct_broker::{ApiKey, Fault};
use rdkafka::Message;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, Headers, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};

use crate::clients::{
    DEADLINE, blocking, client, create_topic, eventually, memory_broker, read_to_end, send_all, watermarks,
};

#[tokio::test(flavor = "multi_thread")]
async fn every_codec_arrives_as_sent() {
    let broker = memory_broker().await;
    let bootstrap = broker.bootstrap();
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let topic = format!("codec-{codec}");
        let settings = [("compression.type", codec), ("linger.ms", "50")];
        let producer: FutureProducer = client(&bootstrap, &settings).create().unwrap();
        let value = "compressible ".repeat(100);
        let sends = (0..50).map(|n| {
            let (producer, topic, value) = (producer.clone(), topic.clone(), format!("{value}{n}"));
            async move {
                let record = FutureRecord::to(&topic).key("k").payload(&value).partition(0);
                producer.send(record, DEADLINE).await.unwrap().offset
            }
        });
        let tasks: Vec<_> = sends.map(tokio::spawn).collect();
        for task in tasks {
            task.await.unwrap();
        }
        let (bootstrap, topic) = (bootstrap.clone(), topic.clone());
        let seen = blocking(move || read_to_end(&bootstrap, &topic, "read_uncommitted")).await;
        let offsets: Vec<i64> = seen.iter().map(|(offset, ..)| *offset).collect();
        assert_eq!(offsets, (0..50).collect::<Vec<i64>>(), "{codec}");
        assert!(seen.iter().all(|(_, key, found)| key == "k" && found.starts_with(&value)), "{codec}");
    }
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_timestamps_and_nulls_survive() {
    let broker = memory_broker().await;
    let bootstrap = broker.bootstrap();
    let producer: FutureProducer = client(&bootstrap, &[("enable.idempotence", "true")]).create().unwrap();
    let headers = OwnedHeaders::new().insert(Header { key: "h", value: Some("v") });
    let record = FutureRecord::<str, str>::to("t").key("key").timestamp(1234).headers(headers).partition(0);
    producer.send(record, DEADLINE).await.unwrap();
    blocking(move || {
        let consumer: BaseConsumer = client(&bootstrap, &[("group.id", "g")]).create().unwrap();
        let mut assignment = TopicPartitionList::new();
        assignment.add_partition_offset("t", 0, Offset::Beginning).unwrap();
        consumer.assign(&assignment).unwrap();
        let message = consumer.poll(DEADLINE).unwrap().unwrap();
        assert_eq!((message.key(), message.payload()), (Some(&b"key"[..]), None));
        assert_eq!(message.timestamp().to_millis(), Some(1234));
        let headers = message.headers().unwrap();
        assert_eq!((headers.count(), headers.get(0).key, headers.get(0).value), (1, "h", Some(&b"v"[..])));
    })
    .await;
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn append_time_topics_stamp_their_own_clock() {
    let broker = memory_broker().await;
    let bootstrap = broker.bootstrap();
    create_topic(&bootstrap, "stamped", 1, &[("message.timestamp.type", "LogAppendTime")]).await;
    let producer: FutureProducer = client(&bootstrap, &[]).create().unwrap();
    let record = FutureRecord::to("stamped").key("k").payload("v").timestamp(1000).partition(0);
    producer.send(record, DEADLINE).await.unwrap();
    blocking(move || {
        let consumer: BaseConsumer = client(&bootstrap, &[("group.id", "g")]).create().unwrap();
        let mut assignment = TopicPartitionList::new();
        assignment.add_partition_offset("stamped", 0, Offset::Beginning).unwrap();
        consumer.assign(&assignment).unwrap();
        let message = consumer.poll(DEADLINE).unwrap().unwrap();
        let rdkafka::Timestamp::LogAppendTime(time) = message.timestamp() else {
            panic!("{:?}", message.timestamp())
        };
        assert!(time > 1_700_000_000_000, "{time}");
    })
    .await;
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn offsets_by_time() {
    let broker = memory_broker().await;
    let bootstrap = broker.bootstrap();
    let producer: FutureProducer = client(&bootstrap, &[]).create().unwrap();
    for timestamp in [100, 200, 150, 400] {
        let record = FutureRecord::to("t").key("k").payload("v").timestamp(timestamp).partition(0);
        producer.send(record, DEADLINE).await.unwrap();
    }
    blocking(move || {
        let consumer: BaseConsumer = client(&bootstrap, &[("group.id", "g")]).create().unwrap();
        for (timestamp, expected) in [
            (0, Offset::Offset(0)),
            (101, Offset::Offset(1)),
            (200, Offset::Offset(1)),
            (201, Offset::Offset(3)),
            (401, Offset::End),
        ] {
            let mut query = TopicPartitionList::new();
            query.add_partition_offset("t", 0, Offset::Offset(timestamp)).unwrap();
            let found = consumer.offsets_for_times(query, DEADLINE).unwrap();
            assert_eq!(found.elements()[0].offset(), expected, "at {timestamp}");
        }
    })
    .await;
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_fetch_wakes_at_once() {
    let broker = memory_broker().await;
    let bootstrap = broker.bootstrap();
    create_topic(&bootstrap, "t", 1, &[]).await;
    let fetches = broker.faults().inject(Fault::delay(ApiKey::Fetch, Duration::ZERO));
    let settings = [("group.id", "g"), ("fetch.wait.max.ms", "20000")];
    let consumer: BaseConsumer = client(&bootstrap, &settings).create().unwrap();
    let mut assignment = TopicPartitionList::new();
    assignment.add_partition_offset("t", 0, Offset::Beginning).unwrap();
    consumer.assign(&assignment).unwrap();
    let reading = blocking(move || {
        let message = consumer.poll(DEADLINE).unwrap().unwrap();
        (Instant::now(), message.offset())
    });
    let producer: FutureProducer = client(&bootstrap, &[("linger.ms", "0")]).create().unwrap();
    let writing = async {
        eventually("a fetch", || fetches.count() > 0).await;
        send_all(&producer, "t", &[("k", "v")]).await;
        Instant::now()
    };
    let ((read_at, offset), written_at) = tokio::join!(reading, writing);
    assert_eq!(offset, 0);
    assert!(read_at.saturating_duration_since(written_at) < Duration::from_secs(5));
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_above_the_topics_limit_are_refused() {
    let broker = memory_broker().await;
    let bootstrap = broker.bootstrap();
    create_topic(&bootstrap, "small", 1, &[("max.message.bytes", "500")]).await;
    let config: ClientConfig = client(&bootstrap, &[("compression.type", "none")]);
    let producer: FutureProducer = config.create().unwrap();
    let large = "x".repeat(1000);
    let record = FutureRecord::to("small").key("k").payload(&large).partition(0);
    let (error, _) = producer.send(record, DEADLINE).await.unwrap_err();
    assert_eq!(error.rdkafka_error_code(), Some(rdkafka::types::RDKafkaErrorCode::MessageSizeTooLarge));
    assert_eq!(send_all(&producer, "small", &[("k", "fits")]).await, [0]);
    let end = blocking(move || watermarks(&bootstrap, "small")).await;
    assert_eq!(end, (0, 1));
    broker.shutdown().await;
}
