//! What every source and every sink must do, on files.

use std::fs::OpenOptions;
use std::io::Write;
use std::ops::Range;

use aqueduct_api::{ConfigMap, Plugin, async_trait};
use aqueduct_testkit::contract::{Invalid, sink, source};

use super::setting::Folder;

/// A file to read, an item a line.
struct Source(Folder);

#[async_trait]
impl source::SourceSubject for Source {
    fn plugins(&self) -> Vec<Plugin> {
        aqueduct_file::plugins()
    }

    fn config(&self, topic: &str) -> ConfigMap {
        let file = self.0.path("in");
        ConfigMap::from([
            ("connector.class", "FileStreamSource"),
            ("file", file.as_str()),
            ("topic", topic),
            ("batch.size", "7"),
            ("tasks.max", "1"),
        ])
    }

    async fn add(&self, items: Range<usize>) {
        let file = OpenOptions::new().append(true).create(true).open(self.0.path("in"));
        let lines: String = items.map(|item| self.value(item) + "\n").collect();
        file.and_then(|mut file| file.write_all(lines.as_bytes())).expect("writes");
    }

    fn value(&self, item: usize) -> String {
        format!("line {item}")
    }

    fn invalid(&self) -> Vec<Invalid> {
        vec![("topic", None), ("topic", Some("")), ("batch.size", Some("many"))]
    }
}

/// A file to append to.
struct Sink(Folder);

#[async_trait]
impl sink::SinkSubject for Sink {
    fn plugins(&self) -> Vec<Plugin> {
        aqueduct_file::plugins()
    }

    fn config(&self) -> ConfigMap {
        let file = self.0.path("out");
        ConfigMap::from([("connector.class", "FileStreamSink"), ("file", file.as_str()), ("tasks.max", "1")])
    }

    async fn written(&self) -> Vec<String> {
        let content = std::fs::read_to_string(self.0.path("out")).unwrap_or_default();
        content.lines().map(str::to_owned).collect()
    }

    fn invalid(&self) -> Vec<Invalid> {
        vec![("tasks.max", Some("0")), ("errors.tolerance", Some("some"))]
    }
}

macro_rules! contract {
    ($suite:ident for $subject:ident as $module:ident: $($test:ident),* $(,)?) => {
        mod $module {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    $suite::$test(&$subject(Folder::new())).await;
                }
            )*
        }
    };
}

contract!(source for Source as a_file_source:
    delivers_in_order,
    clean_stop_repeats_nothing,
    kill_loses_nothing,
    lossy_producer_loses_nothing,
    pauses_and_resumes,
    stops_promptly_while_polling,
    restarted_task_repeats_nothing,
    validates_its_configuration,
);

contract!(sink for Sink as a_file_sink:
    delivers_every_record,
    clean_stop_repeats_nothing,
    kill_loses_nothing,
    pauses_and_resumes,
    stops_promptly,
    failed_writes_come_again,
    validates_its_configuration,
);
