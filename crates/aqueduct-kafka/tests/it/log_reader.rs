use std::time::Duration;

use aqueduct_kafka::admin::NewTopic;
use aqueduct_kafka::{
    Admin, BatchProducer, LogReader, NativeDataPlane, NativeProducer, OutRecord, Properties,
};

use crate::support::{PATIENCE, properties, unique};

async fn open(topic: &str, properties: &Properties) -> LogReader {
    let admin = Admin::new(properties).unwrap();
    let new = NewTopic { name: topic.to_owned(), partitions: Some(3), ..NewTopic::default() };
    admin.create_topics(&[new]).await.unwrap()[topic].clone().unwrap();
    LogReader::open(&NativeDataPlane, admin, properties, topic).await.unwrap()
}

async fn read_to_end(log: &mut LogReader) -> Vec<String> {
    let mut values = Vec::new();
    let reading = log.read_to_end(|record| {
        values.push(String::from_utf8(record.value().unwrap().to_vec()).unwrap());
    });
    tokio::time::timeout(PATIENCE, reading).await.expect("the end is never reached").unwrap();
    values.sort();
    values
}

#[tokio::test]
async fn all_that_was_written_before_is_read_and_nothing_twice() {
    let topic = unique("log");
    let mut log = open(&topic, &properties()).await;
    assert_eq!(log.partitions().len(), 3);
    assert!(read_to_end(&mut log).await.is_empty());
    let mut producer = NativeProducer::new(&properties()).unwrap();
    for round in ["a", "b"] {
        for partition in 0..3 {
            let value = format!("{round}{partition}");
            let record = OutRecord {
                partition: Some(partition),
                value: Some(value.as_bytes()),
                ..OutRecord::to(&topic)
            };
            producer.send(record).unwrap();
        }
        producer.flush(PATIENCE).await.unwrap();
        let expected: Vec<_> = (0..3).map(|partition| format!("{round}{partition}")).collect();
        assert_eq!(read_to_end(&mut log).await, expected);
        assert!(read_to_end(&mut log).await.is_empty());
    }
    log.close(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn markers_and_aborted_records_at_the_end_do_not_keep_it_waiting() {
    let topic = unique("txlog");
    let mut log = open(&topic, &properties().with("isolation.level", "read_committed")).await;
    let mut producer = NativeProducer::new(&properties().with("transactional.id", unique("id"))).unwrap();
    producer.init_transactions(PATIENCE).await.unwrap();
    for (value, commit) in [("a", true), ("b", false), ("c", false), ("d", true)] {
        producer.begin_transaction().unwrap();
        let record = OutRecord { partition: Some(1), value: Some(value.as_bytes()), ..OutRecord::to(&topic) };
        producer.send(record).unwrap();
        producer.flush(PATIENCE).await.unwrap();
        if commit {
            producer.commit_transaction(PATIENCE).await.unwrap();
        } else {
            producer.abort_transaction(PATIENCE).await.unwrap();
        }
        let expected = if commit { vec![value] } else { vec![] };
        assert_eq!(read_to_end(&mut log).await, expected);
        assert!(read_to_end(&mut log).await.is_empty());
    }
}
