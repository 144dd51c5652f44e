//! One librdkafka producer against an embedded broker, then one consumer: `throughput [RECORDS [DATA_DIR]]`.
//! The client runs in the same process, so its work counts too. Measure with `--release`.

use std::time::{Duration, Instant};

use aqueduct_broker::{Broker, BrokerConfig};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

const VALUE: [u8; 100] = [b'x'; 100];
const PATIENCE: Duration = Duration::from_secs(60);

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    tracing_subscriber::fmt().init();
    let mut arguments = std::env::args().skip(1);
    let records: u64 = arguments.next().map_or(Ok(2_000_000), |count| count.parse())?;
    let config = BrokerConfig { data_dir: arguments.next().map(Into::into), ..BrokerConfig::default() };
    let broker = Broker::start(config).await?;
    for idempotent in ["false", "true"] {
        let topic = format!("throughput-{idempotent}");
        let bootstrap = broker.bootstrap();
        tokio::task::spawn_blocking(move || {
            let begin = Instant::now();
            produce(&bootstrap, &topic, idempotent, records)?;
            report("produced", idempotent, records, begin.elapsed());
            let begin = Instant::now();
            consume(&bootstrap, &topic, records)?;
            report("consumed", idempotent, records, begin.elapsed());
            Ok::<_, Failure>(())
        })
        .await??;
    }
    broker.shutdown().await;
    Ok(())
}

fn report(what: &str, idempotent: &str, records: u64, took: Duration) {
    let rate = records as f64 / took.as_secs_f64();
    tracing::info!("{what} {records} records in {took:?}: {rate:.0}/s (idempotent producer: {idempotent})");
}

fn produce(bootstrap: &str, topic: &str, idempotent: &str, records: u64) -> Result<(), Failure> {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("enable.idempotence", idempotent)
        .set("linger.ms", "5")
        .set("batch.size", "1000000")
        .set("queue.buffering.max.messages", "500000")
        .create()?;
    for n in 0..records {
        let key = n.to_be_bytes();
        let mut record = BaseRecord::to(topic).key(&key).payload(&VALUE).partition(0);
        while let Err((error, back)) = producer.send(record) {
            if error != KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull) {
                return Err(error.into());
            }
            producer.poll(Duration::from_millis(1));
            record = back;
        }
        if n % 1000 == 0 {
            producer.poll(Duration::ZERO);
        }
    }
    Ok(producer.flush(PATIENCE)?)
}

fn consume(bootstrap: &str, topic: &str, records: u64) -> Result<(), Failure> {
    // Without it librdkafka pauses for a second whenever it has read far enough ahead.
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bootstrap)
        .set("group.id", "throughput")
        .set("fetch.queue.backoff.ms", "1")
        .create()?;
    let mut assignment = TopicPartitionList::new();
    assignment.add_partition_offset(topic, 0, Offset::Beginning)?;
    consumer.assign(&assignment)?;
    let mut seen = 0;
    let mut last = Instant::now();
    while seen < records {
        // Events of the client's own end a poll early, with nothing.
        match consumer.poll(Duration::from_millis(100)) {
            Some(message) => {
                message?;
                seen += 1;
                if seen % 1000 == 0 {
                    last = Instant::now();
                }
            }
            None if last.elapsed() > PATIENCE => return Err(format!("no more after {seen} records").into()),
            None => {}
        }
    }
    Ok(())
}
