//! The two workers, each with a broker under it.

use std::any::Any;
use std::path::{Path, PathBuf};

use anyhow::Result;
use aqueduct_api::{KAFKA_VERSION, Plugin};
use aqueduct_testkit::{EmbeddedCluster, KafkaClient};
use aqueduct_tools::{NumberedTasksConnector, Printer, SchemaSourceTask, VerifiableSourceTask};
use tempfile::TempDir;
use xtask::oracle::Oracle;
use xtask::oracle::broker::Broker;
use xtask::oracle::properties;
use xtask::oracle::worker::{Mode, Program, Worker};

use super::flow::{SIMPLE_HEADER, STRING};

/// What both workers are configured with.
const WORKER: [(&str, &str); 4] = [
    ("key.converter", STRING),
    ("value.converter", STRING),
    ("header.converter", SIMPLE_HEADER),
    ("offset.flush.interval.ms", "200"),
];

/// A worker that runs, as flows see it.
pub(super) struct Place<'a> {
    pub(super) kafka: &'a KafkaClient,
    pub(super) broker_port: u16,
    pub(super) rest_port: u16,
    /// Where files lie.
    pub(super) dir: &'a Path,
}

impl Place<'_> {
    /// The file of a source.
    pub(super) fn input(&self, flow: &str) -> PathBuf {
        self.dir.join(format!("{flow}.in"))
    }

    /// The file of a sink.
    pub(super) fn output(&self, flow: &str) -> PathBuf {
        self.dir.join(format!("{flow}.out"))
    }
}

/// A worker and a broker, which go with it.
pub(super) struct Stage {
    kafka: KafkaClient,
    broker_port: u16,
    rest_port: u16,
    dir: TempDir,
    _servers: Box<dyn Any>,
}

impl Stage {
    pub(super) fn place(&self) -> Place<'_> {
        let Self { kafka, broker_port, rest_port, dir, .. } = self;
        Place { kafka, broker_port: *broker_port, rest_port: *rest_port, dir: dir.path() }
    }
}

/// Java's worker on Apache Kafka's broker.
pub(super) fn java() -> Result<Stage> {
    let oracle = Oracle::open();
    let broker = Broker::scratch(&oracle, Vec::new())?;
    let mode = Mode::Standalone { connectors: Vec::new() };
    let extra = properties::pairs(WORKER.map(|(key, value)| (key, value.to_owned())));
    let worker = Worker::scratch(&oracle, Program::Java, &broker.bootstrap(), mode, extra)?;
    Ok(Stage {
        kafka: KafkaClient::new(broker.bootstrap()),
        broker_port: broker.port(),
        rest_port: worker.rest_port(),
        dir: tempfile::tempdir()?,
        // The worker goes first.
        _servers: Box::new((worker, broker)),
    })
}

/// Our worker on the embedded broker.
pub(super) async fn ours() -> Stage {
    let mut plugins = aqueduct_converters::plugins();
    plugins.extend(aqueduct_transforms::plugins());
    plugins.extend(aqueduct_file::plugins());
    plugins.extend(test_connectors());
    let builder = EmbeddedCluster::with(plugins);
    let cluster =
        WORKER.iter().fold(builder, |builder, (key, value)| builder.property(key, *value)).start().await;
    let (rest, address) = cluster.serve_rest().await;
    let bootstrap = cluster.broker().bootstrap();
    let (_, port) = bootstrap.rsplit_once(':').expect("host and port");
    Stage {
        kafka: cluster.kafka().clone(),
        broker_port: port.parse().expect("a port"),
        rest_port: address.port(),
        dir: tempfile::tempdir().expect("a folder"),
        _servers: Box::new((rest, cluster)),
    }
}

/// Kafka's test connectors that flows use. What they print nobody reads here.
fn test_connectors() -> [Plugin; 2] {
    [
        Plugin::source(
            "org.apache.kafka.connect.tools.VerifiableSourceConnector",
            KAFKA_VERSION,
            NumberedTasksConnector::default,
            "org.apache.kafka.connect.tools.VerifiableSourceTask",
            || VerifiableSourceTask::with_printer(Printer::new(|_| {})),
        ),
        Plugin::source(
            "org.apache.kafka.connect.tools.SchemaSourceConnector",
            KAFKA_VERSION,
            NumberedTasksConnector::default,
            "org.apache.kafka.connect.tools.SchemaSourceTask",
            || SchemaSourceTask::with_printer(Printer::new(|_| {})),
        ),
    ]
}
