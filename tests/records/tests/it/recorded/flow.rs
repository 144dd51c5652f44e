//! One connector: what it is given, how it is configured, and what is looked at when it is through.

use aqueduct_testkit::NewRecord;

pub(super) const STRING: &str = "org.apache.kafka.connect.storage.StringConverter";
pub(super) const SIMPLE_HEADER: &str = "org.apache.kafka.connect.storage.SimpleHeaderConverter";
pub(super) const JSON: &str = "org.apache.kafka.connect.json.JsonConverter";
pub(super) const BYTES: &str = "org.apache.kafka.connect.converters.ByteArrayConverter";

/// A connector and its surroundings.
pub(super) struct Flow {
    /// The id in the test plan.
    pub(super) case: &'static str,
    /// The connector's name, and that of its topic and its file.
    pub(super) name: &'static str,
    pub(super) given: Given,
    /// The configuration. `{dir}` stands for the folder of files.
    pub(super) config: Vec<(String, String)>,
    pub(super) end: End,
    /// The topics whose records are looked at, also those that should not be there.
    pub(super) topics: Vec<String>,
    /// The flow whose input the output must repeat to the byte.
    pub(super) repeats: Option<&'static str>,
    /// Whether values hold the timestamps of their records.
    pub(super) is_stamped: bool,
}

/// What there is before the connector.
pub(super) enum Given {
    Nothing,
    /// The text of its file.
    File(String),
    /// Records in its topic, which has so many partitions.
    Records(i32, Vec<NewRecord>),
}

/// When the connector is looked at.
pub(super) enum End {
    /// Its topics together hold so many records.
    Written(usize),
    /// This topic holds so many records at least, and all of them are committed.
    Consumed(String, usize),
    /// Its task has failed.
    Failed,
}

impl Flow {
    fn new(case: &'static str, name: &'static str, class: &str, given: Given, end: End) -> Flow {
        let (config, topics) = (Vec::new(), Vec::new());
        let mut flow = Flow { case, name, given, config, end, topics, repeats: None, is_stamped: false };
        for (key, value) in [
            ("connector.class", class),
            ("tasks.max", "1"),
            ("key.converter", STRING),
            ("value.converter", STRING),
        ] {
            flow.config.push((key.to_owned(), value.to_owned()));
        }
        flow
    }

    /// A file source with this text in its file.
    pub(super) fn file(case: &'static str, name: &'static str, text: impl Into<String>) -> Flow {
        let text = text.into();
        let end = End::Written(text.lines().count());
        let class = "org.apache.kafka.connect.file.FileStreamSourceConnector";
        Flow::new(case, name, class, Given::File(text), end)
            .with("file", format!("{{dir}}/{name}.in"))
            .with("topic", name)
            .looking_at(name)
    }

    /// One of Kafka's connectors that make records of their own, until there are so many.
    pub(super) fn made(case: &'static str, name: &'static str, class: &str, records: usize) -> Flow {
        let class = format!("org.apache.kafka.connect.tools.{class}");
        Flow::new(case, name, &class, Given::Nothing, End::Written(records))
            .with("topic", name)
            .with("throughput", "1000")
            .with("num.messages", records.to_string())
            .looking_at(name)
    }

    /// A file sink with these records in the one partition of its topic.
    pub(super) fn sink(
        case: &'static str,
        name: &'static str,
        records: impl IntoIterator<Item = NewRecord>,
    ) -> Flow {
        let records: Vec<NewRecord> = records.into_iter().collect();
        let end = End::Consumed(name.to_owned(), records.len());
        Flow::sink_of(case, name, name, end).given(Given::Records(1, records))
    }

    /// A file sink of any topic.
    pub(super) fn sink_of(case: &'static str, name: &'static str, topic: &str, end: End) -> Flow {
        let class = "org.apache.kafka.connect.file.FileStreamSinkConnector";
        Flow::new(case, name, class, Given::Nothing, end)
            .with("file", format!("{{dir}}/{name}.out"))
            .with("topics", topic)
    }

    pub(super) fn given(mut self, given: Given) -> Flow {
        self.given = given;
        self
    }

    /// Sets a key of the configuration.
    pub(super) fn with(mut self, key: &str, value: impl Into<String>) -> Flow {
        let value = value.into();
        match self.config.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => *old = value,
            None => self.config.push((key.to_owned(), value)),
        }
        self
    }

    /// Sets the class of keys, values or headers.
    pub(super) fn converter(self, role: &str, class: &str) -> Flow {
        self.with(&format!("{role}.converter"), class)
    }

    /// Adds a transformation to the end of the chain: its class without the package, and its configuration.
    pub(super) fn transform(self, class: &str, config: &[(&str, &str)]) -> Flow {
        let chain = self.config.iter().find(|(key, _)| key == "transforms").map(|(_, chain)| chain.clone());
        let alias = format!("t{}", chain.as_ref().map_or(0, |chain| chain.split(',').count()));
        let chain = chain.map_or_else(|| alias.clone(), |chain| format!("{chain},{alias}"));
        let class = format!("org.apache.kafka.connect.transforms.{class}");
        let flow = self.with("transforms", chain).with(&format!("transforms.{alias}.type"), class);
        config.iter().fold(flow, |flow, (key, value)| flow.with(&format!("transforms.{alias}.{key}"), *value))
    }

    /// Defines a predicate, which transformations name.
    pub(super) fn predicate(self, alias: &str, class: &str, config: &[(&str, &str)]) -> Flow {
        let known = self.config.iter().find(|(key, _)| key == "predicates").map(|(_, list)| list.clone());
        let list = known.map_or_else(|| alias.to_owned(), |list| format!("{list},{alias}"));
        let class = format!("org.apache.kafka.connect.transforms.predicates.{class}");
        let flow = self.with("predicates", list).with(&format!("predicates.{alias}.type"), class);
        config.iter().fold(flow, |flow, (key, value)| flow.with(&format!("predicates.{alias}.{key}"), *value))
    }

    /// Passes over records that fail.
    pub(super) fn tolerating(self) -> Flow {
        self.with("errors.tolerance", "all")
    }

    /// Passes over records that fail, and looks at what comes of them in a dead letter queue.
    pub(super) fn dead_letters(self) -> Flow {
        let topic = format!("{}-dead", self.name);
        self.tolerating()
            .with("errors.deadletterqueue.topic.name", topic.clone())
            .with("errors.deadletterqueue.topic.replication.factor", "1")
            .with("errors.deadletterqueue.context.headers.enable", "true")
            .looking_at(topic)
    }

    /// The task has to fail.
    pub(super) fn failing(mut self) -> Flow {
        self.end = End::Failed;
        self
    }

    /// So many records have to be written, for a source that doesn't write all.
    pub(super) fn until_written(mut self, records: usize) -> Flow {
        self.end = End::Written(records);
        self
    }

    pub(super) fn looking_at(mut self, topic: impl Into<String>) -> Flow {
        self.topics.push(topic.into());
        self
    }

    pub(super) fn repeating(mut self, flow: &'static str) -> Flow {
        self.repeats = Some(flow);
        self
    }

    pub(super) fn stamped(mut self) -> Flow {
        self.is_stamped = true;
        self
    }

    /// Whether its records come in no set order.
    pub(super) fn is_unordered(&self) -> bool {
        matches!(self.given, Given::Records(partitions, _) if partitions > 1)
    }

    /// Whether it reads topics.
    pub(super) fn is_sink(&self) -> bool {
        self.config.iter().any(|(key, _)| key == "topics")
    }
}
