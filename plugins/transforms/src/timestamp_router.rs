//! `TimestampRouter`

use std::sync::Arc;

use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Error, ErrorKind, Importance, Origin, Record, Result, Topic,
    Transformation,
};

use crate::date_format::{DateFormat, PatternError};
use crate::record_text;

const TOPIC_FORMAT: &str = "topic.format";
const TIMESTAMP_FORMAT: &str = "timestamp.format";

/// Makes the topic's name of the old one and the record's timestamp.
#[derive(Debug, Default)]
pub(crate) struct TimestampRouter {
    topic_format: Option<String>,
    /// As Java, this tells what is wrong with the pattern only when a record comes.
    format: Option<Result<DateFormat, PatternError>>,
    /// The timestamp as text: kept between records so that none needs memory of its own.
    text: String,
    last: Option<Last>,
}

#[derive(Debug)]
struct Last {
    topic: Topic,
    timestamp: String,
    routed: Topic,
}

impl TimestampRouter {
    fn route(&mut self, topic: &Topic) -> Result<Topic> {
        if let Some(last) = &self.last
            && last.timestamp == self.text
            && (Arc::ptr_eq(&last.topic, topic) || last.topic == *topic)
        {
            return Ok(last.routed.clone());
        }
        let Some(topic_format) = &self.topic_format else { return Err(Error::bare(ErrorKind::NullPointer)) };
        // One after the other, as in Java: a topic may be called ${timestamp}.
        let routed = topic_format.replace("${topic}", topic).replace("${timestamp}", &self.text);
        let routed = Topic::from(routed);
        self.last = Some(Last { topic: topic.clone(), timestamp: self.text.clone(), routed: routed.clone() });
        Ok(routed)
    }
}

impl Transformation for TimestampRouter {
    fn config(&self) -> ConfigDef {
        ConfigDef::new()
            .with(ConfigKey::new(
                TOPIC_FORMAT,
                ConfigType::String,
                "${topic}-${timestamp}",
                Importance::High,
                "The new name, in which `${topic}` stands for the old one and `${timestamp}` for the formatted timestamp.",
            ))
            .with(ConfigKey::new(
                TIMESTAMP_FORMAT,
                ConfigType::String,
                "yyyyMMdd",
                Importance::High,
                "How the timestamp is written, as a pattern of Java's `SimpleDateFormat`, in UTC.",
            ))
    }

    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        let config = self.config().parse(config)?;
        self.topic_format = config.optional_string(TOPIC_FORMAT)?.map(str::to_owned);
        self.format = config.optional_string(TIMESTAMP_FORMAT)?.map(DateFormat::new);
        self.last = None;
        Ok(())
    }

    fn apply(&mut self, record: &mut Record, origin: Origin<'_>) -> Result<bool> {
        let Some(timestamp) = record.timestamp else {
            let text = record_text::RecordText { record, origin };
            return Err(Error::data(format!("Timestamp missing on record: {text}")));
        };
        let format = match &self.format {
            Some(Ok(format)) => format,
            Some(Err(error)) => return Err(Error::new(ErrorKind::IllegalArgument, error.to_string())),
            None => return Err(Error::bare(ErrorKind::NullPointer)),
        };
        self.text.clear();
        format.format(timestamp, &mut self.text);
        record.topic = self.route(&record.topic)?;
        Ok(true)
    }
}
