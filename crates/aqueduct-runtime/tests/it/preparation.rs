//! Converters that must get something before they can convert.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aqueduct_api::{
    ConfigDef, ConfigMap, Converter, ConverterRole, Error, Plugin, PluginKind, Result, Schema,
    SchemaAndValue, Value, WireHeaders, async_trait,
};
use aqueduct_proto::state::State;
use aqueduct_testkit::{EmbeddedCluster, Monitor, TextConverter, values};
use bytes::Bytes;

use super::setting::{TOPIC, plugins, sink, source, source_values, texts};
use super::sink_loop::write;

const CLASS: &str = "test.Unprepared";

/// Converts texts once it is prepared; `refusals` preparations fail before one succeeds.
struct Unprepared {
    inner: TextConverter,
    ready: bool,
    wanting: bool,
    refusals: Arc<AtomicUsize>,
    preparations: Arc<AtomicUsize>,
}

impl Unprepared {
    fn check(&mut self) -> Result<()> {
        self.wanting = !self.ready;
        if self.ready { Ok(()) } else { Err(Error::data("not prepared")) }
    }
}

#[async_trait]
impl Converter for Unprepared {
    fn config(&self) -> ConfigDef {
        ConfigDef::new()
    }

    fn configure(&mut self, _config: &ConfigMap, _role: ConverterRole) -> Result<()> {
        Ok(())
    }

    fn from_connect_data<'a>(
        &mut self,
        topic: &str,
        headers: &mut WireHeaders,
        schema: Option<&Schema>,
        value: &'a Value,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>> {
        self.check()?;
        self.inner.from_connect_data(topic, headers, schema, value, buffer)
    }

    fn to_connect_data(
        &mut self,
        topic: &str,
        headers: &WireHeaders,
        data: Option<&Bytes>,
    ) -> Result<SchemaAndValue> {
        self.check()?;
        self.inner.to_connect_data(topic, headers, data)
    }

    fn needs_preparation(&self) -> bool {
        self.wanting
    }

    async fn prepare(&mut self) -> Result<()> {
        self.wanting = false;
        tokio::task::yield_now().await;
        self.preparations.fetch_add(1, Ordering::SeqCst);
        let refused =
            self.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if refused.is_ok() {
            return Err(Error::retriable("the registry is away"));
        }
        self.ready = true;
        Ok(())
    }
}

/// The converter as a plugin, and how often it was prepared.
fn unprepared(refusals: usize) -> (Plugin, Arc<AtomicUsize>) {
    let preparations = Arc::new(AtomicUsize::new(0));
    let (refusals, counted) = (Arc::new(AtomicUsize::new(refusals)), Arc::clone(&preparations));
    let make = move || {
        let (refusals, preparations) = (Arc::clone(&refusals), Arc::clone(&counted));
        let inner = TextConverter;
        Box::new(Unprepared { inner, ready: false, wanting: false, refusals, preparations })
            as Box<dyn Converter>
    };
    (Plugin { class: CLASS, version: "1", kind: PluginKind::Converter(Arc::new(make)) }, preparations)
}

const CONVERTED: (&str, &str) = ("value.converter", CLASS);
const RETRYING: (&str, &str) = ("errors.retry.timeout", "-1");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_waits_once_for_what_its_converter_lacks() {
    let monitor = Monitor::new();
    let (plugin, preparations) = unprepared(0);
    let cluster = EmbeddedCluster::start(plugins(&monitor, plugin)).await;
    cluster.create("c", source(&[("max.messages", "8"), CONVERTED])).await;
    assert_eq!(values(&cluster.kafka().expect_records(TOPIC, 8).await), source_values(1..=8));
    assert_eq!(preparations.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sink_waits_once_and_retries_as_for_conversions() {
    let monitor = Monitor::new();
    let (plugin, preparations) = unprepared(2);
    let cluster = EmbeddedCluster::start(plugins(&monitor, plugin)).await;
    cluster.kafka().create_topic(TOPIC, 1).await;
    write(&cluster, 0..5).await;
    cluster.create("c", sink(&[CONVERTED, RETRYING])).await;
    assert_eq!(monitor.probe("c").expect_taken(5).await, texts(0..5));
    assert_eq!(preparations.load(Ordering::SeqCst), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preparation_that_fails_fails_the_conversion() {
    let monitor = Monitor::new();
    let (plugin, _) = unprepared(1);
    let cluster = EmbeddedCluster::start(plugins(&monitor, plugin)).await;
    cluster.create("c", source(&[("max.messages", "8"), CONVERTED])).await;
    let trace = cluster.expect_task("c", 0, State::Failed).await.expect("a trace");
    assert!(trace.contains("the registry is away"), "{trace}");
}
