//! The verifiable source and sink. The lines are those that Kafka's own print.

use std::collections::HashMap;
use std::sync::Arc;

use aqueduct_api::{
    ConfigMap, OffsetMap, Record, Schema, SchemaBuilder, SinkOrigin, SinkRecord, SinkTask, SourceTask,
    Struct, TimestampType, TopicPartition, Value,
};
use aqueduct_tools::{VerifiableSinkTask, VerifiableSourceTask};

use crate::setting::{Context, Paper, next};

fn config(more: &[(&str, &str)]) -> ConfigMap {
    let mut config =
        ConfigMap::from([("name", "n\"\u{e9}"), ("id", "2"), ("topic", "t"), ("throughput", "-1")]);
    for (key, value) in more {
        config.insert(*key, *value);
    }
    config
}

fn seqno(seqno: impl Into<Value>) -> Option<OffsetMap> {
    Some(OffsetMap::of("seqno", seqno))
}

#[tokio::test]
async fn numbers_records_and_says_so() {
    let paper = Paper::default();
    let mut task = VerifiableSourceTask::with_printer(paper.printer());
    task.start(Context::with(None), &config(&[])).await.expect("starts");
    assert!(task.wants_commit_record());
    for number in 0..2i64 {
        let record = next(&mut task).await;
        assert_eq!(
            paper.take(),
            [format!(r#"{{"task":2,"seqno":{number},"time_ms":0,"name":"n\"é","topic":"t"}}"#)]
        );
        assert_eq!(record.source_partition.as_deref(), Some(&OffsetMap::of("id", 2i32)));
        assert_eq!(record.source_offset, seqno(number));
        let expected = Record::new("t").with_key(Schema::INT32, 2i32).with_value(Schema::INT64, number);
        assert_eq!(record.record, expected);
        task.commit_record(&record, None).expect("commits");
        assert_eq!(
            paper.take(),
            [format!(
                r#"{{"committed":true,"task":2,"seqno":{number},"time_ms":0,"name":"n\"é","topic":"t"}}"#
            )]
        );
    }
}

#[tokio::test]
async fn goes_on_behind_the_stored_number() {
    let mut task = VerifiableSourceTask::with_printer(Paper::default().printer());
    task.start(Context::with(seqno(41i64)), &config(&[])).await.expect("starts");
    assert_eq!(next(&mut task).await.source_offset, seqno(42i64));
    let wrong = task.start(Context::with(seqno("x")), &config(&[])).await.expect_err("fails");
    assert_eq!(wrong.kind().java_class(), "java.lang.ClassCastException");
}

#[tokio::test]
async fn puts_all_into_a_struct_if_asked() {
    let paper = Paper::default();
    let mut task = VerifiableSourceTask::with_printer(paper.printer());
    task.start(Context::with(None), &config(&[("complete.record.data", "TRUE")])).await.expect("starts");
    let record = next(&mut task).await;
    let value = record.record.value.as_struct().expect("a struct");
    let fields: Vec<_> = value.iter().map(|(field, _)| field.name.as_str()).collect();
    assert_eq!(fields, ["name", "task", "topic", "time_ms", "seqno"]);
    assert_eq!(value.get("seqno").expect("a field"), &Value::Int64(0));
    assert_eq!(value.get("name").expect("a field"), &Value::text("n\"\u{e9}"));
    paper.take();
    task.commit_record(&record, None).expect("commits");
    assert!(paper.take()[0].starts_with("Bad data can't be written as json: "));
}

#[tokio::test]
async fn refuses_configurations_without_numbers() {
    for (change, cause) in
        [(("id", "x"), "For input string: \"x\""), (("throughput", "1.5"), "For input string: \"1.5\"")]
    {
        let mut task = VerifiableSourceTask::default();
        let error = task.start(Context::with(None), &config(&[change])).await.expect_err("fails");
        assert_eq!(
            error.trace(),
            format!(
                "org.apache.kafka.connect.errors.ConnectException: Invalid VerifiableSourceTask configuration\n\
                 Caused by: java.lang.NumberFormatException: {cause}\n"
            )
        );
    }
    let error = VerifiableSinkTask::default().start(Context::with(None), &ConfigMap::new()).await;
    assert_eq!(error.expect_err("fails").message(), Some("Invalid VerifiableSourceTask configuration"));
}

fn record(partition: i32, offset: i64, key: impl Into<Value>, value: impl Into<Value>) -> SinkRecord {
    SinkRecord {
        record: Record::new("t").with_key(None, key).with_value(None, value),
        origin: SinkOrigin {
            topic: "t".into(),
            partition,
            offset,
            timestamp_type: TimestampType::CreateTime,
        },
    }
}

#[tokio::test]
async fn says_what_was_put_and_what_was_flushed() {
    let paper = Paper::default();
    let mut task = VerifiableSinkTask::with_printer(paper.printer());
    let config = ConfigMap::from([("name", "snk"), ("id", "3")]);
    task.start(Context::with(None), &config).await.expect("starts");
    let line = |task: &str, seqno: &str, offset: i64, flushed: &str| {
        format!(
            r#"{{"task":{task},"seqno":{seqno},"offset":{offset},"time_ms":0,"name":"snk","topic":"t","sinkTask":3{flushed}}}"#
        )
    };
    const FLUSHED: &str = ",\"flushed\":true";

    task.put(&[record(0, 77, 4i32, 10i64), record(1, 5, Value::Null, "txt"), record(0, 78, 4i32, 11i64)])
        .await
        .expect("puts");
    assert_eq!(
        paper.take(),
        [line("4", "10", 77, ""), line("null", "\"txt\"", 5, ""), line("4", "11", 78, "")]
    );

    let partition = |number| TopicPartition::new(Arc::from("t"), number);
    task.flush(&HashMap::from([(partition(0), 79)])).await.expect("flushes");
    assert_eq!(paper.take(), [line("4", "10", 77, FLUSHED), line("4", "11", 78, FLUSHED)]);
    task.flush(&HashMap::from([(partition(0), 79)])).await.expect("flushes");
    assert_eq!(paper.take(), [""; 0]);

    task.close(&[partition(1)]).await.expect("closes");
    task.flush(&HashMap::from([(partition(1), 6)])).await.expect("flushes");
    assert_eq!(paper.take(), [""; 0], "what went to another task is not flushed here");
}

#[tokio::test]
async fn says_that_a_struct_has_no_line() {
    let paper = Paper::default();
    let mut task = VerifiableSinkTask::with_printer(paper.printer());
    task.start(Context::with(None), &ConfigMap::from([("id", "0")])).await.expect("starts");
    let schema = SchemaBuilder::structure().field("a", Schema::INT32).build().expect("a schema");
    let value = Struct::new(schema).and_then(|value| value.with("a", 1)).expect("a struct");
    task.put(&[record(0, 1, 1i32, value)]).await.expect("puts");
    assert_eq!(
        paper.take(),
        [
            "Bad data can't be written as json: No serializer found for class org.apache.kafka.connect.data.Struct"
        ]
    );
}
