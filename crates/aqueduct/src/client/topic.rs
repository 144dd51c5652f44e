//! `aqueduct topic tail`: the records of a topic as they come, read without a group.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use aqueduct_kafka::admin::{IsolationLevel, OffsetSpec};
use aqueduct_kafka::{
    Admin, BatchConsumer, FetchedBatch, FetchedRecord, NativeConsumer, Offsets, Properties, ResponseError,
    TopicPartition,
};
use serde_json::{Value as Json, json};

use crate::exit::Outcome;
use crate::output::{self, Format};
use crate::signals::StopSignals;

const POLL: Duration = Duration::from_millis(500);
/// A person waits: Java's minute is too long.
const TIMEOUT_MS: &str = "10000";
const CLOSE: Duration = Duration::from_secs(1);

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Print the records of a topic as they come
    Tail(Tail),
}

/// What to read.
#[derive(Debug, clap::Args)]
pub struct Tail {
    /// The topic
    topic: String,
    /// The Kafka brokers to begin with
    #[arg(long, short, default_value = "localhost:9092", value_name = "HOST:PORT,…")]
    bootstrap: String,
    /// Begin with the oldest record instead of the next one
    #[arg(long)]
    from_beginning: bool,
    /// End after this many records
    #[arg(long, short = 'n', value_name = "COUNT")]
    max: Option<u64>,
    /// A properties file with more settings of the consumer, for TLS and SASL
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How to print records; one JSON object a line
    #[arg(long, short, value_enum, default_value_t)]
    output: Format,
}

/// Reads until there are enough records, or a signal comes.
pub async fn run(Command::Tail(tail): &Command) -> Outcome<()> {
    let mut signals = StopSignals::listen()?;
    tokio::select! {
        read = read(tail) => Ok(read?),
        _ = signals.next() => Ok(()),
    }
}

async fn read(tail: &Tail) -> Result<()> {
    let mut properties = Properties::new()
        .with("bootstrap.servers", &tail.bootstrap)
        .with("request.timeout.ms", TIMEOUT_MS)
        .with("default.api.timeout.ms", TIMEOUT_MS);
    if let Some(file) = &tail.config {
        let config = aqueduct_runtime::properties::read(file).with_context(|| file.display().to_string())?;
        for (key, value) in config.iter() {
            properties.set(key, value.unwrap_or_default());
        }
    }
    let offsets = beginnings(&properties, tail).await?;
    let mut consumer = NativeConsumer::new(&properties)?;
    consumer.assign(offsets)?;
    let mut batch = FetchedBatch::new();
    let mut left = tail.max.unwrap_or(u64::MAX);
    while left > 0 {
        consumer.poll(POLL, &mut batch).await?;
        for record in batch.iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
            left -= 1;
            match tail.output {
                Format::Text => output::line(text(&record))?,
                Format::Json => output::line(json(&record))?,
            }
        }
    }
    consumer.close(CLOSE).await;
    Ok(())
}

/// Where to begin in each partition.
async fn beginnings(properties: &Properties, tail: &Tail) -> Result<Offsets> {
    let admin = Admin::new(properties)?;
    let unreachable = || format!("cannot look up topic {} at {}", tail.topic, tail.bootstrap);
    let mut described = admin.describe_topics(&[tail.topic.as_str()]).await.with_context(unreachable)?;
    let description = match described.remove(tail.topic.as_str()) {
        Some(Err(error)) if !error.is(ResponseError::UnknownTopicOrPartition) => {
            return Err(error).with_context(|| format!("topic {}", tail.topic));
        }
        Some(Ok(description)) => description,
        _ => bail!("there is no topic {} at {}", tail.topic, tail.bootstrap),
    };
    let spec = if tail.from_beginning { OffsetSpec::Earliest } else { OffsetSpec::Latest };
    let partitions = description.partitions.iter();
    let wanted: BTreeMap<_, _> =
        partitions.map(|one| (TopicPartition::new(tail.topic.as_str(), one.partition), spec)).collect();
    let listed =
        admin.list_offsets(&wanted, IsolationLevel::ReadUncommitted).await.with_context(unreachable)?;
    listed.into_iter().map(|(partition, listed)| Ok((partition, listed?.offset))).collect()
}

/// `partition:offset key value`, the columns between tabs.
fn text(record: &FetchedRecord<'_>) -> String {
    let part = |bytes: Option<&[u8]>| bytes.map_or("null".into(), String::from_utf8_lossy).into_owned();
    format!("{}:{}\t{}\t{}", record.partition(), record.offset(), part(record.key()), part(record.value()))
}

fn json(record: &FetchedRecord<'_>) -> Json {
    let part = |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let headers: Vec<Json> =
        record.headers().map(|header| json!({"key": header.key(), "value": part(header.value())})).collect();
    json!({
        "partition": record.partition(),
        "offset": record.offset(),
        "timestamp": record.timestamp(),
        "key": part(record.key()),
        "value": part(record.value()),
        "headers": headers,
    })
}
