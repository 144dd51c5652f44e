//! From fetched bytes to the record that a sink task gets.

use std::sync::Arc;

use aqueduct_api::{
    Converter, Header, HeaderConverter, Headers, Origin, Record, SinkOrigin, SinkRecord, Text, Topic,
    WireHeaders,
};
use aqueduct_kafka::FetchedRecord;
use aqueduct_proto::tolerance::Stage;

use crate::errors::{Failure, timestamp_type};
use crate::metrics::{BatchTimer, TaskStage};
use crate::task::Chain;
use crate::task::source::Named;

/// Converts and transforms one record after the other.
pub(crate) struct Converters {
    chain: Chain,
    key: Named<dyn Converter>,
    value: Named<dyn Converter>,
    header: Named<dyn HeaderConverter>,
    headers: WireHeaders,
    /// The topics seen so far, and which of them are new since they were last asked for.
    seen: Vec<Topic>,
    new: Vec<Topic>,
}

impl Converters {
    pub(crate) fn new(
        chain: Chain,
        key: Named<dyn Converter>,
        value: Named<dyn Converter>,
        header: Named<dyn HeaderConverter>,
    ) -> Self {
        Self { chain, key, value, header, headers: WireHeaders::new(), seen: Vec::new(), new: Vec::new() }
    }

    /// Adds a record of what was fetched, unless a transformation drops it. Keys and values share the memory of the batch
    /// where they can. After a failure nothing is added.
    pub(crate) fn convert(
        &mut self,
        fetched: FetchedRecord<'_>,
        records: &mut Vec<SinkRecord>,
        timer: &mut BatchTimer,
    ) -> Result<(), Failure> {
        self.headers.clear();
        for header in fetched.headers() {
            self.headers.push(header.key(), header.value());
        }
        let topic = fetched.topic();
        let key = self
            .key
            .plugin
            .to_connect_data(topic, &self.headers, fetched.key_bytes().as_ref())
            .map_err(|error| Failure::new(Stage::KeyConverter, self.key.class, error))?;
        let value = self
            .value
            .plugin
            .to_connect_data(topic, &self.headers, fetched.value_bytes().as_ref())
            .map_err(|error| Failure::new(Stage::ValueConverter, self.value.class, error))?;
        let headers = self.convert_headers(fetched)?;
        self.note(topic);
        let origin = SinkOrigin {
            topic: Arc::clone(topic),
            partition: fetched.partition(),
            offset: fetched.offset(),
            timestamp_type: timestamp_type(fetched.timestamp_type()),
        };
        let record = Record {
            topic: Arc::clone(topic),
            partition: Some(fetched.partition()),
            key_schema: key.schema,
            key: key.value,
            value_schema: value.schema,
            value: value.value,
            timestamp: fetched.timestamp(),
            headers,
        };
        // Transformed where it stays: it is large to move.
        records.push(SinkRecord { record, origin });
        timer.passed(TaskStage::Convert);
        if self.chain.is_empty() {
            return Ok(());
        }
        let Some(SinkRecord { record, origin }) = records.last_mut() else { return Ok(()) };
        let goes_on = self.chain.apply(record, Origin::Sink(origin));
        timer.passed(TaskStage::Transform);
        if !matches!(goes_on, Ok(true)) {
            records.pop();
        }
        goes_on.map(drop)
    }

    /// Whether the last conversion failed for want of something that [`Converters::prepare`] gets.
    pub(crate) fn needs_preparation(&self) -> bool {
        self.key.plugin.needs_preparation() || self.value.plugin.needs_preparation()
    }

    /// Gets what the last conversion lacked.
    pub(crate) async fn prepare(&mut self) -> Result<(), Failure> {
        self.key.prepare(Stage::KeyConverter).await?;
        self.value.prepare(Stage::ValueConverter).await
    }

    fn convert_headers(&mut self, fetched: FetchedRecord<'_>) -> Result<Headers, Failure> {
        let mut headers = Headers::new();
        for header in fetched.headers() {
            let data = self
                .header
                .plugin
                .to_connect_header(fetched.topic(), header.key(), header.value_bytes().as_ref())
                .map_err(|error| Failure::new(Stage::HeaderConverter, self.header.class, error))?;
            headers.push(Header { key: Text::from(header.key()), schema: data.schema, value: data.value });
        }
        Ok(headers)
    }

    fn note(&mut self, topic: &Topic) {
        let known = |seen: &Topic| Arc::ptr_eq(seen, topic) || seen == topic;
        if !self.seen.iter().any(known) {
            self.seen.push(Arc::clone(topic));
            self.new.push(Arc::clone(topic));
        }
    }

    /// The topics from which a record could be read for the first time.
    pub(crate) fn take_new_topics(&mut self) -> Vec<Topic> {
        std::mem::take(&mut self.new)
    }
}
