//! The line between a test and one connector.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use aqueduct_api::{
    ConnectorContext, Error, Offsets, RecordMetadata, Result, SinkRecord, SinkTaskContext, SourceRecord,
    SourceTaskContext, TopicPartition,
};
use tokio::sync::watch;

use crate::wait::eventually;

/// A call of the runtime to a connector or one of its tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// `Connector::start`
    ConnectorStart,
    /// `Connector::stop`
    ConnectorStop,
    /// `Connector::task_configs`
    TaskConfigs,
    /// `start` of a task
    Start,
    /// `stop` of a task
    Stop,
    /// `SourceTask::poll`
    Poll,
    /// `SourceTask::commit`
    Commit,
    /// `SinkTask::put` with records
    Put,
    /// `SinkTask::pre_commit`
    PreCommit,
    /// `SinkTask::flush`
    Flush,
    /// `SinkTask::open`
    Open,
    /// `SinkTask::close`
    Close,
}

/// What goes wrong in a call.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// An error for good.
    Fatal,
    /// An error that may go away.
    Retriable,
    /// A panic.
    Panic,
}

impl Trouble {
    fn strike(&self, call: Call) -> Result<()> {
        let text = format!("injected in {call:?}");
        match self {
            Self::Fatal => Err(Error::connect(text)),
            Self::Retriable => Err(Error::retriable(text)),
            Self::Panic => panic!("{text}"),
        }
    }
}

/// Calls hang until this is dropped.
#[derive(Debug)]
pub struct Hold(#[expect(dead_code, reason = "its end is what counts")] watch::Sender<()>);

/// What one put of a sink task got.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The number of the task.
    pub task: i32,
    /// The records, at least one.
    pub records: Vec<SinkRecord>,
    /// Whether the task took them.
    pub taken: bool,
}

type RecordRule = Arc<dyn Fn(SourceRecord) -> SourceRecord + Send + Sync>;
type OffsetsRule = Arc<dyn Fn(&Offsets) -> Offsets + Send + Sync>;
type ReportRule = Arc<dyn Fn(&SinkRecord) -> bool + Send + Sync>;

/// What happens to one connector and its tasks, and what shall happen. Any thread may look and say.
#[derive(Default)]
pub struct Probe(Mutex<State>);

#[derive(Default)]
struct State {
    calls: HashMap<Call, usize>,
    troubles: Vec<(Call, Trouble, usize)>,
    holds: HashMap<Call, watch::Receiver<()>>,
    connector: Option<Arc<dyn ConnectorContext>>,
    // Of a source.
    source_contexts: BTreeMap<i32, Arc<dyn SourceTaskContext>>,
    polled: Vec<(i32, i64)>,
    acknowledged: Vec<(i32, i64)>,
    dropped: Vec<(i32, i64)>,
    record_rule: Option<RecordRule>,
    // Of a sink.
    sink_contexts: BTreeMap<i32, Arc<dyn SinkTaskContext>>,
    batches: Vec<Batch>,
    assignments: BTreeMap<i32, Vec<TopicPartition>>,
    offered: Vec<Offsets>,
    offsets_rule: Option<OffsetsRule>,
    report_rule: Option<ReportRule>,
}

impl Probe {
    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How often a call was made, those that failed or hang included.
    pub fn calls(&self, call: Call) -> usize {
        self.with(|state| state.calls.get(&call).copied().unwrap_or_default())
    }

    /// Waits until a call was made at least so often.
    pub async fn expect_calls(&self, call: Call, count: usize) {
        eventually(&format!("{call:?} was called {count} times"), || {
            (self.calls(call) >= count).then_some(())
        })
        .await;
    }

    /// Lets the next calls of a kind go wrong, so many times; `usize::MAX` is for ever.
    pub fn fail(&self, call: Call, trouble: Trouble, times: usize) {
        self.with(|state| state.troubles.push((call, trouble, times)));
    }

    /// Takes back what [`Probe::fail`] has ordered.
    pub fn mend(&self) {
        self.with(|state| state.troubles.clear());
    }

    /// Lets calls of a kind hang, before they do anything, until what it gives is dropped.
    pub fn hang(&self, call: Call) -> Hold {
        let (sender, receiver) = watch::channel(());
        self.with(|state| state.holds.insert(call, receiver));
        Hold(sender)
    }

    /// What every call begins with.
    pub(super) async fn enter(&self, call: Call) -> Result<()> {
        let held = self.with(|state| {
            *state.calls.entry(call).or_default() += 1;
            state.holds.get(&call).cloned()
        });
        if let Some(mut held) = held {
            // Nothing is ever sent: it ends with its sender.
            while held.changed().await.is_ok() {}
        }
        let trouble = self.with(|state| {
            let (_, trouble, left) =
                state.troubles.iter_mut().find(|(of, _, left)| *of == call && *left > 0)?;
            *left -= 1;
            Some(trouble.clone())
        });
        trouble.map_or(Ok(()), |trouble| trouble.strike(call))
    }

    /// What the connector was initialized with, as soon as it was.
    pub async fn connector_context(&self) -> Arc<dyn ConnectorContext> {
        eventually("the connector was initialized", || self.with(|state| state.connector.clone())).await
    }

    pub(super) fn initialized(&self, context: Arc<dyn ConnectorContext>) {
        self.with(|state| state.connector = Some(context));
    }
}

/// Of a source: records are known by the number of their task and their sequence number, which starts at 1.
impl Probe {
    /// The context of a task, as soon as it was started.
    pub async fn source_context(&self, task: i32) -> Arc<dyn SourceTaskContext> {
        eventually("the source task was started", || {
            self.with(|state| state.source_contexts.get(&task).cloned())
        })
        .await
    }

    /// Changes every record before it is given to the runtime.
    pub fn change_records(&self, rule: impl Fn(SourceRecord) -> SourceRecord + Send + Sync + 'static) {
        self.with(|state| state.record_rule = Some(Arc::new(rule)));
    }

    /// The records that polls gave.
    pub fn polled(&self) -> Vec<(i32, i64)> {
        self.with(|state| state.polled.clone())
    }

    /// The records that Kafka has acknowledged, in the order in which the task heard of it.
    pub fn acknowledged(&self) -> Vec<(i32, i64)> {
        self.with(|state| state.acknowledged.clone())
    }

    /// The records that ended without Kafka, as the task heard of it.
    pub fn dropped(&self) -> Vec<(i32, i64)> {
        self.with(|state| state.dropped.clone())
    }

    /// Waits until polls have given so many records.
    pub async fn expect_polled(&self, count: usize) {
        eventually(&format!("{count} records were polled"), || (self.polled().len() >= count).then_some(()))
            .await;
    }

    /// Waits until the tasks have heard of so many acknowledged records.
    pub async fn expect_acknowledged(&self, count: usize) {
        let enough = || (self.acknowledged().len() >= count).then_some(());
        eventually(&format!("{count} records were acknowledged"), enough).await;
    }

    pub(super) fn source_started(&self, task: i32, context: Arc<dyn SourceTaskContext>) {
        self.with(|state| state.source_contexts.insert(task, context));
    }

    pub(super) fn give(&self, task: i32, seqno: i64, record: SourceRecord) -> SourceRecord {
        let rule = self.with(|state| {
            state.polled.push((task, seqno));
            state.record_rule.clone()
        });
        rule.map_or_else(|| record.clone(), |rule| rule(record.clone()))
    }

    pub(super) fn ended(&self, task: i32, seqno: i64, metadata: Option<&RecordMetadata>) {
        self.with(|state| match metadata {
            Some(_) => state.acknowledged.push((task, seqno)),
            None => state.dropped.push((task, seqno)),
        });
    }
}

/// Of a sink.
impl Probe {
    /// The context of a task, as soon as it was started.
    pub async fn sink_context(&self, task: i32) -> Arc<dyn SinkTaskContext> {
        eventually("the sink task was started", || self.with(|state| state.sink_contexts.get(&task).cloned()))
            .await
    }

    /// Lets `pre_commit` answer what this makes of the offsets.
    pub fn answer_pre_commit(&self, rule: impl Fn(&Offsets) -> Offsets + Send + Sync + 'static) {
        self.with(|state| state.offsets_rule = Some(Arc::new(rule)));
    }

    /// Lets the task report the records for which this holds to its errant record reporter, and take the others.
    pub fn report_records(&self, rule: impl Fn(&SinkRecord) -> bool + Send + Sync + 'static) {
        self.with(|state| state.report_rule = Some(Arc::new(rule)));
    }

    /// What puts got, without those of no records.
    pub fn batches(&self) -> Vec<Batch> {
        self.with(|state| state.batches.clone())
    }

    /// The records that the tasks have taken, in the order in which they came.
    pub fn taken(&self) -> Vec<SinkRecord> {
        self.with(|state| {
            state.batches.iter().filter(|batch| batch.taken).flat_map(|batch| batch.records.clone()).collect()
        })
    }

    /// The same, as texts of their values.
    pub fn taken_texts(&self) -> Vec<String> {
        self.taken()
            .iter()
            .map(|record| aqueduct_api::data::java_text::value_text(&record.record.value))
            .collect()
    }

    /// Waits until the tasks have taken so many records, and gives the texts of their values.
    pub async fn expect_taken(&self, count: usize) -> Vec<String> {
        let texts = || Some(self.taken_texts()).filter(|texts| texts.len() >= count);
        eventually(&format!("{count} records were taken"), texts).await
    }

    /// The partitions of each task.
    pub fn assignments(&self) -> BTreeMap<i32, Vec<TopicPartition>> {
        self.with(|state| state.assignments.clone())
    }

    /// The offsets that each `pre_commit` was asked about.
    pub fn offered(&self) -> Vec<Offsets> {
        self.with(|state| state.offered.clone())
    }

    pub(super) fn sink_started(&self, task: i32, context: Arc<dyn SinkTaskContext>) {
        self.with(|state| state.sink_contexts.insert(task, context));
    }

    pub(super) fn opened(&self, task: i32, partitions: &[TopicPartition]) {
        self.with(|state| {
            let held = state.assignments.entry(task).or_default();
            held.extend_from_slice(partitions);
            held.sort();
        });
    }

    pub(super) fn closed(&self, task: i32, partitions: &[TopicPartition]) {
        self.with(|state| {
            let held = state.assignments.entry(task).or_default();
            held.retain(|partition| !partitions.contains(partition));
        });
    }

    pub(super) fn put(&self, batch: Batch) {
        self.with(|state| state.batches.push(batch));
    }

    pub(super) fn is_errant(&self, record: &SinkRecord) -> bool {
        let rule = self.with(|state| state.report_rule.clone());
        rule.is_some_and(|rule| rule(record))
    }

    pub(super) fn answer(&self, offsets: &Offsets) -> Offsets {
        let rule = self.with(|state| {
            state.offered.push(offsets.clone());
            state.offsets_rule.clone()
        });
        rule.map_or_else(|| offsets.clone(), |rule| rule(offsets))
    }
}
