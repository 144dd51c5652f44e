//! The sink connector and its task.

use std::collections::HashMap;

use aqueduct_api::data::Map;
use aqueduct_api::{
    ConfigMap, Connector, ErrorKind, Record, Schema, SchemaBuilder, SinkConnector, SinkOrigin, SinkRecord,
    SinkTask, Struct, TimestampType, TopicPartition, Value,
};
use aqueduct_file::{FileStreamSinkConnector, FileStreamSinkTask};

use crate::setting::{Context, Folder};

fn record(offset: i64, value: impl Into<Value>) -> SinkRecord {
    SinkRecord {
        record: Record::new("t").with_key(None, "key").with_value(None, value),
        origin: SinkOrigin {
            topic: "t".into(),
            partition: 0,
            offset,
            timestamp_type: TimestampType::CreateTime,
        },
    }
}

async fn started(file: &str) -> FileStreamSinkTask {
    let mut task = FileStreamSinkTask::default();
    task.start(Context::with(None), &ConfigMap::from([("file", file)])).await.expect("starts");
    task
}

fn content(file: &str) -> String {
    std::fs::read_to_string(file).expect("reads")
}

#[tokio::test]
async fn appends_a_line_for_each_record() {
    let folder = Folder::new();
    let file = folder.write("out", "before\n");
    let mut task = started(&file).await;
    task.put(&[record(0, "a"), record(1, Value::Null), record(2, 7i64)]).await.expect("puts");
    assert_eq!(content(&file), "before\na\nnull\n7\n", "a put writes at once");
    task.put(&[]).await.expect("puts");
    task.put(&[record(3, "")]).await.expect("puts");
    let offsets = HashMap::from([(TopicPartition::new("t", 0), 4)]);
    assert_eq!(task.pre_commit(&offsets).await.expect("commits"), offsets);
    task.stop().await.expect("stops");
    assert_eq!(content(&file), "before\na\nnull\n7\n\n");
}

#[tokio::test]
async fn prints_values_as_java_does() {
    let folder = Folder::new();
    let file = folder.path("out");
    let mut task = started(&file).await;
    let schema = SchemaBuilder::structure()
        .field("text", Schema::STRING)
        .field("none", Schema::OPTIONAL_STRING)
        .build()
        .expect("a schema");
    let fields = Struct::new(schema).and_then(|value| value.with("text", "x")).expect("a struct");
    let map = Map::from_iter([("id", 2), ("name", 3), ("zeta", 1), ("created_at", 4)]).into_hash_order();
    let values = [
        (Value::from("h\u{e9} two\nlines"), "h\u{e9} two\nlines"),
        (Value::Float64(1e10), "1.0E10"),
        (Value::Float32(0.5), "0.5"),
        (Value::Boolean(true), "true"),
        (vec![Value::Int32(1), Value::Null].into(), "[1, null]"),
        (map.into(), "{zeta=1, name=3, created_at=4, id=2}"),
        (fields.into(), "Struct{text=x}"),
    ];
    let records: Vec<_> =
        (0..).zip(&values).map(|(offset, (value, _))| record(offset, value.clone())).collect();
    task.put(&records).await.expect("puts");
    let expected: String = values.iter().map(|(_, line)| format!("{line}\n")).collect();
    assert_eq!(content(&file), expected);
}

#[tokio::test]
async fn writes_large_batches_whole() {
    let folder = Folder::new();
    let file = folder.path("out");
    let mut task = started(&file).await;
    let long = "x".repeat(1000);
    let records: Vec<_> = (0..2000).map(|number| record(number, long.as_str())).collect();
    task.put(&records).await.expect("puts");
    assert!(content(&file).lines().all(|line| line == long));
    assert_eq!(content(&file).len(), 2000 * 1001);
}

#[tokio::test]
async fn several_tasks_append_whole_lines_to_one_file() {
    let folder = Folder::new();
    let file = folder.path("out");
    let mut writing = tokio::task::JoinSet::new();
    for task_number in 0..4 {
        let file = file.clone();
        writing.spawn(async move {
            let mut task = started(&file).await;
            for batch in 0..20 {
                let line = |number| format!("{task_number} {batch} {number} {}", "y".repeat(300));
                let records: Vec<_> = (0..50).map(|number| record(number, line(number))).collect();
                task.put(&records).await.expect("puts");
            }
        });
    }
    writing.join_all().await;
    let content = content(&file);
    let mut lines: Vec<&str> = content.lines().collect();
    assert!(lines.iter().all(|line| line.ends_with(&"y".repeat(300)) && line.split(' ').count() == 4));
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 4 * 20 * 50);
}

#[tokio::test]
async fn fails_when_the_device_is_full() {
    let mut task = started("/dev/full").await;
    for _ in 0..2 {
        let error = task.put(&[record(0, "a")]).await.expect_err("full");
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert!(!error.is_retriable(), "the task fails, so that nothing is committed");
        let message = error.message().expect("a message");
        assert!(message.starts_with("Couldn't write to '/dev/full'"), "{message}");
    }
}

#[tokio::test]
async fn fails_to_start_without_a_place_for_the_file() {
    let folder = Folder::new();
    let file = folder.path("none/out");
    let mut task = FileStreamSinkTask::default();
    let error =
        task.start(Context::with(None), &ConfigMap::from([("file", &*file)])).await.expect_err("fails");
    assert_eq!(
        error.message(),
        Some(&*format!("Couldn't find or create file '{file}' for FileStreamSinkTask"))
    );
}

#[tokio::test]
async fn gives_every_task_the_same_configuration() {
    let mut connector = FileStreamSinkConnector::default();
    let config = ConfigMap::from([("name", "c"), ("file", "out")]);
    connector.start(&config).await.expect("starts");
    assert_eq!(connector.task_configs(3).await.expect("configs"), vec![config.clone(); 3]);
    let change = [(TopicPartition::new("t", 0), None)];
    assert!(connector.alter_offsets(&config, &change).await.expect("answers"));
}
