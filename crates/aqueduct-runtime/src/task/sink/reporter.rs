//! Records that a sink task itself could not write (KIP-610).

use std::sync::{Mutex, PoisonError};

use aqueduct_api::{
    Converter, ErrantRecordReporter, Error, HeaderConverter, Result, SinkRecord, WireHeaders,
};
use aqueduct_kafka::{FetchedBatch, FetchedRecord, OutHeader};
use aqueduct_proto::failed_record::ConsumedFrom;
use aqueduct_proto::tolerance::{Policy, Stage, Tolerance};
use async_trait::async_trait;

use crate::errors::{ErrorHandler, Failed, Failure, Letter, exceeded};
use crate::task::source::Named;

/// Takes reports from the task, and hands them to the error handler of the loop after each put.
pub(crate) struct ErrantRecords {
    task_class: &'static str,
    policy: Policy,
    pending: Mutex<Vec<(SinkRecord, Error)>>,
    /// For records that are not in the batch at hand any more.
    converters: tokio::sync::Mutex<Converters>,
}

struct Converters {
    key: Named<dyn Converter>,
    value: Named<dyn Converter>,
    header: Named<dyn HeaderConverter>,
}

impl ErrantRecords {
    pub(crate) fn new(
        task_class: &'static str,
        policy: Policy,
        key: Named<dyn Converter>,
        value: Named<dyn Converter>,
        header: Named<dyn HeaderConverter>,
    ) -> Self {
        let converters = tokio::sync::Mutex::new(Converters { key, value, header });
        Self { task_class, policy, pending: Mutex::default(), converters }
    }

    /// Sends what was reported to log and dead letter queue. Gives the error that fails the task when nothing is tolerated.
    pub(super) async fn settle(&self, batch: &FetchedBatch, errors: &mut ErrorHandler) -> Result<()> {
        let pending = std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        let mut failed = None;
        for (record, error) in pending {
            let failure = Failure::new(Stage::TaskPut, self.task_class, error);
            let original = batch.iter().find(|fetched| is_origin(fetched, &record));
            if let Some(log) = &errors.log {
                log.report(&failure, original.map(Failed::Sink));
            }
            if let Some(dead_letters) = &mut errors.dead_letters {
                match original {
                    Some(original) => dead_letters.report(&original, &failure).await,
                    None => match self.serialize(&record).await {
                        Ok(bytes) => dead_letters.send(bytes.letter(&record), &failure).await,
                        Err(error) => {
                            tracing::error!("a reported record could not be made bytes again: {error:#}")
                        }
                    },
                }
            }
            if self.policy.tolerance == Tolerance::None {
                failed.get_or_insert_with(|| exceeded(&failure.error));
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn serialize(&self, record: &SinkRecord) -> Result<Serialized> {
        let mut converters = self.converters.lock().await;
        loop {
            match converters.serialize(record) {
                Err(_) if converters.needs_preparation() => converters.prepare().await?,
                serialized => return serialized,
            }
        }
    }
}

impl Converters {
    fn serialize(&mut self, record: &SinkRecord) -> Result<Serialized> {
        let (mut headers, mut buffer) = (WireHeaders::new(), Vec::new());
        let inner = &record.record;
        for header in &inner.headers {
            buffer.clear();
            let (schema, value) = (header.schema.as_ref(), &header.value);
            let plugin = &mut self.header.plugin;
            let bytes = plugin.from_connect_header(&inner.topic, &header.key, schema, value, &mut buffer)?;
            headers.push(&header.key, bytes);
        }
        let mut convert = |converter: &mut Named<dyn Converter>, schema, value| {
            buffer.clear();
            let bytes =
                converter.plugin.from_connect_data(&inner.topic, &mut headers, schema, value, &mut buffer)?;
            Ok::<_, Error>(bytes.map(<[u8]>::to_vec))
        };
        let key = convert(&mut self.key, inner.key_schema.as_ref(), &inner.key)?;
        let value = convert(&mut self.value, inner.value_schema.as_ref(), &inner.value)?;
        Ok(Serialized { key, value, headers })
    }

    fn needs_preparation(&self) -> bool {
        self.key.plugin.needs_preparation() || self.value.plugin.needs_preparation()
    }

    async fn prepare(&mut self) -> Result<()> {
        let failed = |failure: Failure| failure.error;
        self.key.prepare(Stage::KeyConverter).await.map_err(failed)?;
        self.value.prepare(Stage::ValueConverter).await.map_err(failed)
    }
}

struct Serialized {
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: WireHeaders,
}

impl Serialized {
    fn letter<'a>(&'a self, record: &'a SinkRecord) -> Letter<'a> {
        Letter {
            from: ConsumedFrom {
                topic: &record.origin.topic,
                partition: record.origin.partition,
                offset: record.origin.offset,
                timestamp: record.record.timestamp,
                timestamp_type: record.origin.timestamp_type,
            },
            key: self.key.as_deref(),
            value: self.value.as_deref(),
            headers: self.headers.iter().map(|(key, value)| OutHeader { key, value }).collect(),
        }
    }
}

fn is_origin(fetched: &FetchedRecord<'_>, record: &SinkRecord) -> bool {
    fetched.offset() == record.origin.offset
        && fetched.partition() == record.origin.partition
        && *fetched.topic() == record.origin.topic
}

#[async_trait]
impl ErrantRecordReporter for ErrantRecords {
    async fn report(&self, record: &SinkRecord, error: Error) -> Result<()> {
        // Reported records are the task's own judgement: tolerance alone decides, whatever the kind of error.
        let answer = if self.policy.tolerance == Tolerance::All { Ok(()) } else { Err(exceeded(&error)) };
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).push((record.clone(), error));
        answer
    }
}
