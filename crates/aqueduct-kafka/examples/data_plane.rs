//! Measures the data plane: records per second and CPU seconds per million records, produced and consumed.
//!
//! `cargo run --release -p aqueduct-kafka --example data_plane -- HOST:PORT [RECORDS] [key=value ...]`
//!
//! Values have 100 bytes, keys 8. The pairs are client properties for both clients. CPU time is this process's.

use std::error::Error;
use std::io::Write;
use std::time::{Duration, Instant, SystemTime};

use aqueduct_kafka::{
    BatchConsumer, BatchProducer, FetchedBatch, NativeConsumer, NativeProducer, OutRecord, Properties,
    SendError, TopicPartition,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let bootstrap = args.next().ok_or("usage: data_plane HOST:PORT [RECORDS] [key=value ...]")?;
    let records: u64 = args.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let mut properties = Properties::new().with("bootstrap.servers", bootstrap);
    for pair in args {
        let (key, value) = pair.split_once('=').ok_or("expected key=value")?;
        properties.set(key, value);
    }
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let topic = format!("data-plane-{}", since_epoch.as_millis());
    produce(&properties, &topic, records).await?;
    consume(&properties, &topic, records).await
}

async fn produce(properties: &Properties, topic: &str, records: u64) -> Result<(), Box<dyn Error>> {
    let mut producer = NativeProducer::new(properties)?;
    let mut acks = Vec::new();
    let value = [b'v'; 100];
    // The first record creates the topic, which is not what is measured.
    producer
        .send(OutRecord { partition: Some(0), value: Some(&value), ..OutRecord::to(topic) })
        .map_err(as_error)?;
    producer.flush(Duration::from_secs(30)).await?;
    producer.acks(&mut acks, Duration::ZERO).await;

    let meter = Meter::start();
    let mut sent = 1;
    let mut failed = 0;
    while sent < records {
        let key = sent.to_be_bytes();
        let record =
            OutRecord { partition: Some(0), key: Some(&key), value: Some(&value), ..OutRecord::to(topic) };
        match producer.send(record) {
            Ok(_) => sent += 1,
            Err(SendError::Full) => producer.ready().await,
            Err(SendError::Failed(error)) => return Err(error.into()),
        }
        if sent % 500 == 0 {
            acks.clear();
            producer.acks(&mut acks, Duration::ZERO).await;
            failed += acks.iter().filter(|ack| ack.result.is_err()).count();
        }
    }
    producer.flush(Duration::from_secs(60)).await?;
    meter.report("produced", records - 1)?;
    producer.close(Duration::from_secs(5)).await;
    if failed > 0 { Err(format!("{failed} records failed").into()) } else { Ok(()) }
}

async fn consume(properties: &Properties, topic: &str, records: u64) -> Result<(), Box<dyn Error>> {
    let mut consumer = NativeConsumer::new(properties)?;
    let start = TopicPartition::new(topic, 0);
    consumer.assign([(start, 0)].into())?;
    let mut batch = FetchedBatch::new();
    // The first batch comes after connecting, which is not what is measured.
    while batch.is_empty() {
        consumer.poll(Duration::from_secs(10), &mut batch).await?;
    }
    let meter = Meter::start();
    let mut taken = batch.len() as u64;
    let before = taken;
    let mut polls = 0u64;
    let mut bytes = 0;
    while taken < records {
        consumer.poll(Duration::from_secs(10), &mut batch).await?;
        taken += batch.len() as u64;
        polls += 1;
        bytes += batch.iter().map(|record| record.value().map_or(0, <[u8]>::len)).sum::<usize>();
    }
    meter.report("consumed", taken - before)?;
    writeln!(std::io::stdout(), "{polls} polls, {bytes} bytes of values")?;
    consumer.close(Duration::from_secs(5)).await;
    Ok(())
}

fn as_error(error: SendError) -> Box<dyn Error> {
    match error {
        SendError::Full => "the buffer is full".into(),
        SendError::Failed(error) => error.into(),
    }
}

struct Meter {
    wall: Instant,
    cpu: (f64, f64),
}

impl Meter {
    fn start() -> Meter {
        Meter { wall: Instant::now(), cpu: cpu_seconds().unwrap_or_default() }
    }

    fn report(&self, what: &str, records: u64) -> Result<(), Box<dyn Error>> {
        let (user, system) = cpu_seconds().ok_or("cannot read this process's CPU time")?;
        let seconds = self.wall.elapsed().as_secs_f64();
        let per_million = 1e6 / records as f64;
        writeln!(
            std::io::stdout(),
            "{what} {records} records: {:.0} records/s, CPU per million {:.2} s user, {:.2} s system",
            records as f64 / seconds,
            (user - self.cpu.0) * per_million,
            (system - self.cpu.1) * per_million
        )?;
        Ok(())
    }
}

/// User and system time of this process. The kernel counts in hundredths of a second.
fn cpu_seconds() -> Option<(f64, f64)> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<f64>().ok().map(|ticks| ticks / 100.0);
    Some((next()?, next()?))
}
