//! A broker for the tests, and waiting with a deadline.

use std::sync::OnceLock;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use aqueduct_broker::{Broker, BrokerConfig};
use aqueduct_kafka::{Ack, BatchProducer, NativeProducer, OutRecord, Properties, SendError};

/// No test waits longer than this for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Client properties for the broker that all tests share. `AQUEDUCT_TEST_BOOTSTRAP` names another one to run the same
/// tests against, as Apache Kafka.
pub(crate) fn properties() -> Properties {
    static BOOTSTRAP: OnceLock<String> = OnceLock::new();
    let bootstrap =
        BOOTSTRAP.get_or_init(|| std::env::var("AQUEDUCT_TEST_BOOTSTRAP").unwrap_or_else(|_| start_broker()));
    Properties::new().with("bootstrap.servers", bootstrap)
}

/// Starts a broker on a runtime of its own, which outlives the single tests.
fn start_broker() -> String {
    let (tell, told) = sync_channel(1);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        runtime.unwrap().block_on(async {
            let broker = Broker::start(BrokerConfig::default()).await.unwrap();
            tell.send(broker.bootstrap()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    told.recv().unwrap()
}

/// A name that no other test uses.
pub(crate) fn unique(name: &str) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    format!("{name}-{}", now.as_nanos())
}

/// Writes values to partition 0 of a topic and waits until they are there.
pub(crate) async fn write(topic: &str, values: impl IntoIterator<Item = String>) {
    let mut producer = NativeProducer::new(&properties()).unwrap();
    for value in values {
        send(
            &mut producer,
            OutRecord { partition: Some(0), value: Some(value.as_bytes()), ..OutRecord::to(topic) },
        )
        .await;
    }
    producer.flush(PATIENCE).await.unwrap();
    for ack in acks(&mut producer).await {
        ack.result.unwrap();
    }
}

/// Sends a record, waiting for room if need be.
pub(crate) async fn send(producer: &mut NativeProducer, record: OutRecord<'_>) -> u64 {
    loop {
        match producer.send(record) {
            Ok(sequence) => return sequence,
            Err(SendError::Full) => producer.ready().await,
            Err(SendError::Failed(error)) => panic!("{error}"),
        }
    }
}

/// Takes the reports that are there.
pub(crate) async fn acks(producer: &mut NativeProducer) -> Vec<Ack> {
    let mut acks = Vec::new();
    producer.acks(&mut acks, Duration::ZERO).await;
    acks
}
