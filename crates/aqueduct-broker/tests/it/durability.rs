//! Restarts. Dropping a broker is like killing it: nothing is written on the way out.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use aqueduct_broker::{Broker, BrokerConfig, BrokerError, FsyncPolicy};
use kafka_protocol::messages::InitProducerIdRequest;
use kafka_protocol::messages::TransactionalId;
use kafka_protocol::protocol::StrBytes;
use rdkafka::admin::AdminOptions;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::producer::{FutureProducer, Producer};
use rdkafka::{Offset, TopicPartitionList};
use uuid::Uuid;

use crate::clients::{
    DEADLINE, admin, blocking, client, create_topic, eventually, read_to_end, send_all, watermarks,
};
use crate::raw::{RawClient, Sender, batch};
use crate::raw_versions::{fetch_records, produce_request, static_join};
use crate::transactions::{transactional, values};

async fn start(dir: &Path) -> Broker {
    let config =
        || BrokerConfig { data_dir: Some(dir.to_owned()), segment_bytes: 2000, ..BrokerConfig::default() };
    // The dropped broker's tasks let go of the lock a moment later.
    let until = std::time::Instant::now() + DEADLINE;
    loop {
        match Broker::start(config()).await {
            Err(BrokerError::InUse { .. }) if std::time::Instant::now() < until => {
                tokio::task::yield_now().await
            }
            result => return result.unwrap(),
        }
    }
}

fn files(dir: &Path, suffix: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, suffix));
        } else if path.extension().is_some_and(|extension| extension == suffix) {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_acknowledged_survives_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let broker = start(dir.path()).await;
    let bootstrap = broker.bootstrap();
    create_topic(&bootstrap, "t", 1, &[("retention.ms", "77000")]).await;
    let producer: FutureProducer = client(&bootstrap, &[("enable.idempotence", "true")]).create().unwrap();
    let names: Vec<String> = (0..100).map(|n| format!("{n}")).collect();
    let records: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "some value")).collect();
    send_all(&producer, "t", &records).await;
    {
        let bootstrap = bootstrap.clone();
        blocking(move || {
            let consumer: BaseConsumer = client(&bootstrap, &[("group.id", "g")]).create().unwrap();
            let mut offsets = TopicPartitionList::new();
            offsets.add_partition_offset("t", 0, Offset::Offset(42)).unwrap();
            consumer.commit(&offsets, CommitMode::Sync).unwrap();
        })
        .await;
    }
    let mut before = TopicPartitionList::new();
    before.add_partition_offset("t", 0, Offset::Offset(50)).unwrap();
    admin(&bootstrap).delete_records(&before, &AdminOptions::new()).await.unwrap();
    drop(producer);
    drop(broker);

    let broker = start(dir.path()).await;
    let bootstrap = broker.bootstrap();
    assert!(files(dir.path(), "log").len() > 1, "one segment only: the test is too small");
    let seen = {
        let bootstrap = bootstrap.clone();
        blocking(move || read_to_end(&bootstrap, "t", "read_committed")).await
    };
    let offsets: Vec<i64> = seen.iter().map(|(offset, ..)| *offset).collect();
    assert_eq!(offsets, (50..100).collect::<Vec<i64>>());
    let resource = rdkafka::admin::ResourceSpecifier::Topic("t");
    let described = admin(&bootstrap)
        .describe_configs([&resource], &AdminOptions::new())
        .await
        .unwrap()
        .remove(0)
        .unwrap();
    assert_eq!(described.get("retention.ms").unwrap().value.as_deref(), Some("77000"));
    blocking(move || {
        assert_eq!(watermarks(&bootstrap, "t"), (50, 100));
        let consumer: BaseConsumer = client(&bootstrap, &[("group.id", "g")]).create().unwrap();
        let mut query = TopicPartitionList::new();
        query.add_partition("t", 0);
        let committed = consumer.committed_offsets(query, DEADLINE).unwrap();
        assert_eq!(committed.elements()[0].offset(), Offset::Offset(42));
    })
    .await;
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn living_groups_do_not_hold_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let config = || BrokerConfig { data_dir: Some(dir.path().to_owned()), ..BrokerConfig::default() };
    let broker = Broker::start(config()).await.unwrap();
    let mut raw = RawClient::connect(broker.local_addr()).await;
    static_join(&mut raw, 9).await;
    let producer = transactional(&broker.bootstrap(), "tx");
    blocking(move || producer.init_transactions(DEADLINE).unwrap()).await;
    broker.shutdown().await;
    Broker::start(config()).await.unwrap().shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn small_and_large_batches_are_read_from_files() {
    let dir = tempfile::tempdir().unwrap();
    let broker = start(dir.path()).await;
    let producer: FutureProducer = client(&broker.bootstrap(), &[("linger.ms", "0")]).create().unwrap();
    // Larger than a segment and than an index interval, and small ones around them.
    let sizes = (0..60).map(|n| if n % 7 == 0 { 20_000 } else { 10 + n });
    let sent: Vec<String> = sizes.map(|size| "v".repeat(size)).collect();
    let records: Vec<(&str, &str)> = sent.iter().map(|value| ("k", value.as_str())).collect();
    send_all(&producer, "t", &records).await;
    assert_eq!(values(&broker.bootstrap(), "t", "read_uncommitted").await, sent);
    let mut raw = RawClient::connect(broker.local_addr()).await;
    for offset in 0..60i64 {
        for limit in [1, 5000, 30_000, 1_000_000] {
            let records = fetch_records(&mut raw, "t", offset, limit).await;
            assert_eq!(records[..8], offset.to_be_bytes(), "at {offset} up to {limit}");
            let first = 12 + i32::from_be_bytes(records[8..12].try_into().unwrap());
            assert!(records.len() as i32 <= limit.max(first), "at {offset} up to {limit}: {}", records.len());
        }
    }
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn torn_tails_are_cut_and_appends_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let broker = start(dir.path()).await;
    let producer: FutureProducer = client(&broker.bootstrap(), &[]).create().unwrap();
    send_all(&producer, "t", &[("a", "1"), ("b", "2")]).await;
    drop(producer);
    drop(broker);
    let log = files(dir.path(), "log").remove(0);
    let whole = std::fs::read(&log).unwrap();
    // Half of a batch that was never acknowledged, then a broken frame in the journal.
    let half = whole[..whole.len() / 2 - 9].to_vec();
    OpenOptions::new().append(true).open(&log).unwrap().write_all(&half).unwrap();
    let journal = dir.path().join("journal");
    OpenOptions::new().append(true).open(&journal).unwrap().write_all(&[0, 0, 1, 0, 9, 9]).unwrap();

    let broker = start(dir.path()).await;
    assert_eq!(std::fs::read(&log).unwrap(), whole);
    let producer: FutureProducer = client(&broker.bootstrap(), &[]).create().unwrap();
    assert_eq!(send_all(&producer, "t", &[("c", "3")]).await, [2]);
    assert_eq!(values(&broker.bootstrap(), "t", "read_uncommitted").await, ["1", "2", "3"]);
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_and_producers_survive_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let broker = start(dir.path()).await;
    let bootstrap = broker.bootstrap();
    create_topic(&bootstrap, "t", 1, &[]).await;
    create_topic(&bootstrap, "plain", 1, &[]).await;
    let producer = transactional(&bootstrap, "tx");
    let initialised = producer.clone();
    blocking(move || initialised.init_transactions(DEADLINE).unwrap()).await;
    for (value, commit) in [("committed", true), ("aborted", false)] {
        producer.begin_transaction().unwrap();
        send_all(&producer, "t", &[("k", value)]).await;
        let producer = producer.clone();
        blocking(move || {
            if commit { producer.commit_transaction(DEADLINE) } else { producer.abort_transaction(DEADLINE) }
        })
        .await
        .unwrap();
    }
    producer.begin_transaction().unwrap();
    send_all(&producer, "t", &[("k", "open")]).await;

    let mut raw = RawClient::connect(broker.local_addr()).await;
    let idempotent = raw.call(4, InitProducerIdRequest::default().with_transactional_id(None)).await;
    let from =
        |sequence| Sender { producer_id: idempotent.producer_id.0, epoch: 0, sequence, transactional: false };
    let send = async |raw: &mut RawClient, sequence| {
        let response = raw.call(7, produce_request("plain", Uuid::nil(), batch(from(sequence), 4))).await;
        let partition = &response.responses[0].partition_responses[0];
        (partition.error_code, partition.base_offset)
    };
    assert_eq!(send(&mut raw, 0).await, (0, 0));
    drop(broker);
    drop(producer);

    let broker = start(dir.path()).await;
    let bootstrap = broker.bootstrap();
    assert_eq!(values(&bootstrap, "t", "read_committed").await, ["committed"]);
    assert_eq!(values(&bootstrap, "t", "read_uncommitted").await, ["committed", "aborted", "open"]);
    let mut raw = RawClient::connect(broker.local_addr()).await;
    assert_eq!(send(&mut raw, 0).await, (0, 0), "a duplicate is known after the restart");
    assert_eq!(send(&mut raw, 4).await, (0, 4));
    let init = InitProducerIdRequest::default()
        .with_transactional_id(Some(TransactionalId(StrBytes::from_static_str("tx"))))
        .with_transaction_timeout_ms(60_000);
    let next = raw.call(4, init).await;
    assert_eq!(next.error_code, 0);
    assert!(next.producer_epoch >= 2, "{next:?}");
    let fresh = raw.call(4, InitProducerIdRequest::default().with_transactional_id(None)).await;
    assert!(fresh.producer_id.0 > idempotent.producer_id.0, "a producer id came twice");
    // The open transaction was aborted by the new epoch: what came after it is visible.
    let plain: FutureProducer = client(&bootstrap, &[]).create().unwrap();
    send_all(&plain, "t", &[("k", "after")]).await;
    assert_eq!(values(&bootstrap, "t", "read_committed").await, ["committed", "after"]);
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_topics_leave_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let config = || BrokerConfig {
        data_dir: Some(dir.path().to_owned()),
        fsync: FsyncPolicy::Always,
        ..BrokerConfig::default()
    };
    let broker = Broker::start(config()).await.unwrap();
    let producer: FutureProducer = client(&broker.bootstrap(), &[]).create().unwrap();
    send_all(&producer, "t", &[("a", "1")]).await;
    assert!(matches!(Broker::start(config()).await, Err(BrokerError::InUse { .. })));
    drop(producer);
    let results = admin(&broker.bootstrap()).delete_topics(&["t"], &AdminOptions::new()).await.unwrap();
    assert_eq!(results, [Ok("t".to_owned())]);
    eventually("the files to go", || files(dir.path(), "log").is_empty()).await;
    create_topic(&broker.bootstrap(), "t", 1, &[]).await;
    broker.shutdown().await;
    let broker = start(dir.path()).await;
    let bootstrap = broker.bootstrap();
    assert_eq!(blocking(move || watermarks(&bootstrap, "t")).await, (0, 0));
    broker.shutdown().await;
}
