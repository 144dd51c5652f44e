use std::collections::BTreeSet;
use std::time::Duration;

use aqueduct_kafka::{
    BatchConsumer, BatchProducer, ErrorKind, FetchedBatch, NativeConsumer, NativeProducer, Offsets,
    OutHeader, OutRecord, SendError, TopicPartition,
};

use crate::support::{PATIENCE, acks, properties, send, unique, write};

#[tokio::test]
async fn each_record_is_acknowledged_once_with_its_place() {
    let topic = unique("acks");
    let mut producer = NativeProducer::new(&properties()).unwrap();
    for expected in 0..1000u64 {
        let key = expected.to_string();
        let record = OutRecord { partition: Some(0), key: Some(key.as_bytes()), ..OutRecord::to(&topic) };
        assert_eq!(send(&mut producer, record).await, expected);
    }
    let mut reports = Vec::new();
    while reports.len() < 1000 {
        assert!(producer.acks(&mut reports, PATIENCE).await > 0, "{} of 1000", reports.len());
    }
    assert_eq!(producer.in_flight(), 0);
    for (index, ack) in reports.iter().enumerate() {
        let metadata = ack.result.as_ref().unwrap();
        assert_eq!((ack.sequence, metadata.partition, metadata.offset), (index as u64, 0, index as i64));
        assert!(metadata.timestamp > 0);
    }
    assert_eq!(producer.acks(&mut reports, Duration::from_millis(1)).await, 0);
}

#[tokio::test]
async fn nulls_empties_headers_and_timestamps_arrive_as_sent() {
    let topic = unique("shapes");
    let headers = [
        OutHeader { key: "a", value: Some(b"1") },
        OutHeader { key: "a", value: None },
        OutHeader { key: "", value: Some(b"") },
    ];
    let mut producer = NativeProducer::new(&properties()).unwrap();
    let base = OutRecord { partition: Some(0), timestamp: Some(1234), ..OutRecord::to(&topic) };
    send(&mut producer, base).await;
    send(&mut producer, OutRecord { key: Some(b""), value: Some(b""), headers: &headers, ..base }).await;
    producer.flush(PATIENCE).await.unwrap();

    let mut consumer = NativeConsumer::new(&properties()).unwrap();
    consumer.assign(Offsets::from([(TopicPartition::new(&*topic, 0), 0)])).unwrap();
    let mut batch = FetchedBatch::new();
    let mut seen = Vec::new();
    while seen.len() < 2 {
        consumer.poll(PATIENCE, &mut batch).await.unwrap();
        assert!(!batch.is_empty(), "timed out");
        for record in batch.iter() {
            let headers: Vec<_> =
                record.headers().map(|h| (h.key().to_owned(), h.value().map(<[u8]>::to_vec))).collect();
            seen.push((record.key_bytes(), record.value_bytes(), record.timestamp(), headers));
        }
    }
    assert_eq!(seen[0], (None, None, Some(1234), vec![]));
    let expected =
        vec![("a".to_owned(), Some(b"1".to_vec())), ("a".to_owned(), None), (String::new(), Some(vec![]))];
    assert_eq!(seen[1], (Some(vec![].into()), Some(vec![].into()), Some(1234), expected));
}

#[tokio::test]
async fn a_full_buffer_says_so_and_ready_waits_for_room() {
    let topic = unique("full");
    let properties = properties().with("buffer.memory", "262144").with("linger.ms", "0");
    let mut producer = NativeProducer::new(&properties).unwrap();
    let value = vec![b'x'; 10_000];
    let (mut sent, mut full) = (0, 0);
    while sent < 200 {
        match producer.send(OutRecord { partition: Some(0), value: Some(&value), ..OutRecord::to(&topic) }) {
            Ok(_) => sent += 1,
            Err(SendError::Full) => {
                full += 1;
                tokio::time::timeout(PATIENCE, producer.ready()).await.unwrap();
            }
            Err(SendError::Failed(error)) => panic!("{error}"),
        }
    }
    producer.flush(PATIENCE).await.unwrap();
    assert_eq!(acks(&mut producer).await.len(), 200);
    assert!(full > 0);
}

#[tokio::test]
async fn too_large_a_record_is_refused_in_javas_words() {
    let mut producer = NativeProducer::new(&properties().with("max.request.size", "1000")).unwrap();
    let value = [0; 1000];
    let refused = producer.send(OutRecord { value: Some(&value), ..OutRecord::to("t") });
    let Err(SendError::Failed(error)) = refused else { panic!("{refused:?}") };
    assert_eq!(error.kind(), ErrorKind::RecordTooLarge);
    assert_eq!(
        error.message(),
        "The message is 1086 bytes when serialized which is larger than 1000, which is the value of the \
         max.request.size configuration."
    );
}

#[tokio::test]
async fn closing_at_once_reports_what_was_not_sent() {
    // Nobody listens there.
    let properties = properties().with("bootstrap.servers", "127.0.0.1:1");
    let mut producer = NativeProducer::new(&properties).unwrap();
    producer.send(OutRecord::to("t")).unwrap();
    producer.close(Duration::ZERO).await;
    let reports = acks(&mut producer).await;
    assert_eq!(reports[0].result.as_ref().unwrap_err().message(), "Producer is closed forcefully.");
    assert!(
        matches!(producer.send(OutRecord::to("t")), Err(SendError::Failed(e)) if e.kind() == ErrorKind::Closed)
    );
}

#[tokio::test]
async fn transactions_commit_abort_and_fence() {
    let topic = unique("tx");
    let properties = properties().with("transactional.id", unique("id"));
    let record = |value: &'static str| OutRecord {
        partition: Some(0),
        value: Some(value.as_bytes()),
        ..OutRecord::to("")
    };
    let mut first = NativeProducer::new(&properties).unwrap();
    first.init_transactions(PATIENCE).await.unwrap();
    for (value, commit) in [("kept", true), ("dropped", false), ("kept too", true)] {
        first.begin_transaction().unwrap();
        first.send(OutRecord { topic: &topic, ..record(value) }).unwrap();
        if commit {
            first.commit_transaction(PATIENCE).await.unwrap();
        } else {
            first.flush(PATIENCE).await.unwrap();
            first.abort_transaction(PATIENCE).await.unwrap();
        }
    }
    assert_eq!(acks(&mut first).await.len(), 3);

    let mut second = NativeProducer::new(&properties).unwrap();
    second.init_transactions(PATIENCE).await.unwrap();
    first.begin_transaction().unwrap();
    first.send(OutRecord { topic: &topic, ..record("late") }).unwrap();
    let error = first.commit_transaction(PATIENCE).await.unwrap_err();
    assert!(error.is_fenced() && error.is_fatal(), "{error:?}");

    let mut consumer =
        NativeConsumer::new(&crate::support::properties().with("isolation.level", "read_committed")).unwrap();
    consumer.assign(Offsets::from([(TopicPartition::new(&*topic, 0), 0)])).unwrap();
    write(&topic, ["last".to_owned()]).await;
    let mut batch = FetchedBatch::new();
    let mut values = Vec::new();
    while values.last().map(String::as_str) != Some("last") {
        consumer.poll(PATIENCE, &mut batch).await.unwrap();
        assert!(!batch.is_empty(), "timed out after {values:?}");
        values.extend(batch.iter().map(|r| String::from_utf8(r.value().unwrap().to_vec()).unwrap()));
    }
    assert_eq!(values, ["kept", "kept too", "last"]);
}

#[tokio::test]
async fn a_name_that_no_topic_can_have_is_refused_and_the_others_go_on() {
    let topics = [unique("one"), unique("two")];
    let mut producer = NativeProducer::new(&properties()).unwrap();
    for (n, topic) in topics.iter().cycle().take(6).enumerate() {
        let value = n.to_string();
        let record = OutRecord { partition: Some(0), value: Some(value.as_bytes()), ..OutRecord::to(topic) };
        send(&mut producer, record).await;
        let refused = producer.send(OutRecord::to("zero\0byte"));
        assert!(matches!(refused, Err(SendError::Failed(_))), "{refused:?}");
    }
    producer.flush(PATIENCE).await.unwrap();
    let acks = acks(&mut producer).await;
    let sequences: BTreeSet<_> = acks.iter().map(|ack| ack.sequence).collect();
    assert_eq!(sequences, (0..6).collect());
    let last = acks.iter().map(|ack| ack.result.as_ref().unwrap().offset).max();
    assert_eq!(last, Some(2));
}
