//! The schema source.

use aqueduct_api::{ConfigMap, OffsetMap, SourceTask, Value};
use aqueduct_tools::SchemaSourceTask;

use crate::setting::{Context, Paper, next};

fn config(more: &[(&str, &str)]) -> ConfigMap {
    let mut config = ConfigMap::from([
        ("name", "n"),
        ("id", "1"),
        ("topic", "t"),
        ("throughput", "-1"),
        ("num.messages", "4"),
    ]);
    for (key, value) in more {
        config.insert(*key, *value);
    }
    config
}

#[tokio::test]
async fn changes_the_schema_with_every_record() {
    let paper = Paper::default();
    let mut task = SchemaSourceTask::with_printer(paper.printer());
    task.start(Context::with(None), &config(&[("multiple.schema", "true"), ("partition.count", "3")]))
        .await
        .expect("starts");
    for (seqno, version, partitioning) in [(0i64, 1, 0), (1, 2, 1), (2, 1, 2), (3, 2, 0)] {
        let source = next(&mut task).await;
        assert_eq!(paper.take(), [format!("{{\"task\": 1, \"seqno\": {seqno}}}")]);
        assert_eq!(source.source_partition.as_deref(), Some(&OffsetMap::of("id", 1i32)));
        assert_eq!(source.source_offset, Some(OffsetMap::of("seqno", seqno)));
        let record = source.record;
        assert_eq!((record.partition, &record.key), (Some(1), &Value::text("key")));
        let schema = record.value_schema.expect("a schema");
        assert_eq!(
            (schema.name().map(|name| name.as_str()), schema.version()),
            (Some("record"), Some(version))
        );
        let value = record.value.as_struct().expect("a struct");
        let fields: Vec<_> =
            value.iter().map(|(field, value)| (field.name.as_str(), value.clone())).collect();
        let mut expected = vec![
            ("boolean", Value::Boolean(true)),
            ("int", Value::Int32(12)),
            ("long", Value::Int64(12)),
            ("float", Value::Float32(12.2)),
            ("double", Value::Float64(12.2)),
            ("partitioning", Value::Int32(partitioning)),
        ];
        if version == 2 {
            expected.push(("string", Value::text("def")));
            assert_eq!(schema.field("string").expect("a field").schema.default_value(), &Value::text("abc"));
        }
        expected.extend([("id", Value::Int32(1)), ("seqno", Value::Int64(seqno))]);
        assert_eq!(fields, expected);
    }
    assert!(task.poll().await.expect("polls").is_none(), "there are num.messages records");
    assert_eq!(paper.take(), [""; 0]);
}

#[tokio::test]
async fn makes_as_many_records_after_a_restart() {
    let mut task = SchemaSourceTask::with_printer(Paper::default().printer());
    let stored = Some(OffsetMap::of("seqno", 3i64));
    task.start(Context::with(stored), &config(&[("multiple.schema", "false")])).await.expect("starts");
    for seqno in 4..8i64 {
        let record = next(&mut task).await;
        assert_eq!(record.source_offset, Some(OffsetMap::of("seqno", seqno)));
        assert_eq!(record.record.value_schema.and_then(|schema| schema.version()), Some(1));
    }
    assert!(task.poll().await.expect("polls").is_none());
}

#[tokio::test]
async fn fails_on_numbers_that_make_no_sense() {
    for key in ["id", "num.messages", "throughput", "partition.count"] {
        let mut task = SchemaSourceTask::default();
        let error = task.start(Context::with(None), &config(&[(key, "x")])).await.expect_err("fails");
        assert_eq!(error.message(), Some("Invalid SchemaSourceTask configuration"), "{key}");
    }
    let mut task = SchemaSourceTask::default();
    task.start(Context::with(None), &config(&[("partition.count", "0")])).await.expect("starts");
    assert_eq!(task.poll().await.expect_err("fails").message(), Some("/ by zero"));
}
