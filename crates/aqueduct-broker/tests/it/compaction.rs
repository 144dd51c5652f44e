use rdkafka::producer::{FutureProducer, Producer};

use aqueduct_broker::{Broker, BrokerConfig};

use crate::clients::{DEADLINE, Seen, blocking, client, create_topic, read_to_end, send_all, watermarks};
use crate::transactions::transactional;

async fn contents(broker: &Broker, isolation: &'static str) -> Vec<Seen> {
    let bootstrap = broker.bootstrap();
    blocking(move || read_to_end(&bootstrap, "t", isolation)).await
}

fn seen(offset: i64, key: &str, value: &str) -> Seen {
    (offset, key.to_owned(), value.to_owned())
}

/// In memory, and in files with several segments.
async fn brokers(dir: &std::path::Path) -> [Broker; 2] {
    let files =
        BrokerConfig { data_dir: Some(dir.to_owned()), segment_bytes: 200, ..BrokerConfig::default() };
    [Broker::start(BrokerConfig::default()).await.unwrap(), Broker::start(files).await.unwrap()]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_of_each_key_stays_at_its_offset() {
    let dir = tempfile::tempdir().unwrap();
    for broker in brokers(dir.path()).await {
        let bootstrap = broker.bootstrap();
        let configs = [("cleanup.policy", "compact"), ("delete.retention.ms", "0")];
        create_topic(&bootstrap, "t", 1, &configs).await;
        let producer: FutureProducer =
            client(&bootstrap, &[("compression.type", "lz4"), ("enable.idempotence", "true")])
                .create()
                .unwrap();
        let records = [("a", "1"), ("b", "1"), ("a", "2"), ("c", "1"), ("b", ""), ("a", "3")];
        send_all(&producer, "t", &records).await;
        broker.compact_now("t").await.unwrap();
        let expected = [seen(3, "c", "1"), seen(4, "b", ""), seen(5, "a", "3")];
        assert_eq!(contents(&broker, "read_uncommitted").await, expected);
        // The tombstone was seen by one compaction, and its retention is over.
        broker.compact_now("t").await.unwrap();
        let expected = [seen(3, "c", "1"), seen(5, "a", "3")];
        assert_eq!(contents(&broker, "read_uncommitted").await, expected);
        assert_eq!(blocking(move || watermarks(&bootstrap, "t")).await, (0, 6));
        assert_eq!(send_all(&producer, "t", &[("c", "")]).await, [6]);
        broker.compact_now("t").await.unwrap();
        broker.compact_now("t").await.unwrap();
        // The last batch is empty now, yet the end offset holds.
        assert_eq!(contents(&broker, "read_uncommitted").await, [seen(5, "a", "3")]);
        assert_eq!(send_all(&producer, "t", &[("d", "1")]).await, [7]);
        broker.shutdown().await;
    }
    let files = BrokerConfig { data_dir: Some(dir.path().to_owned()), ..BrokerConfig::default() };
    let again = Broker::start(files).await.unwrap();
    assert_eq!(contents(&again, "read_uncommitted").await, [seen(5, "a", "3"), seen(7, "d", "1")]);
    again.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_keep_their_meaning() {
    let dir = tempfile::tempdir().unwrap();
    for broker in brokers(dir.path()).await {
        let bootstrap = broker.bootstrap();
        create_topic(&bootstrap, "t", 1, &[("cleanup.policy", "compact")]).await;
        let producer = transactional(&bootstrap, "tx");
        let initialised = producer.clone();
        blocking(move || initialised.init_transactions(DEADLINE).unwrap()).await;
        for (value, commit) in [("1", true), ("2", false), ("3", true), ("4", false)] {
            producer.begin_transaction().unwrap();
            send_all(&producer, "t", &[("k", value), (value, "x")]).await;
            let producer = producer.clone();
            blocking(move || {
                if commit {
                    producer.commit_transaction(DEADLINE).unwrap();
                } else {
                    producer.abort_transaction(DEADLINE).unwrap();
                }
            })
            .await;
        }
        broker.compact_now("t").await.unwrap();
        let expected = [seen(1, "1", "x"), seen(6, "k", "3"), seen(7, "3", "x")];
        assert_eq!(contents(&broker, "read_committed").await, expected);
        assert_eq!(contents(&broker, "read_uncommitted").await, expected);
        assert_eq!(blocking(move || watermarks(&bootstrap, "t")).await, (0, 12));
        broker.shutdown().await;
    }
}
