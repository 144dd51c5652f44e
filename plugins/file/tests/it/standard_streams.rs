//! The standard input and output. They belong to the process, so the test starts another one.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use aqueduct_api::{
    ConfigMap, OffsetMap, SinkOrigin, SinkRecord, SinkTask, SourceTask, TimestampType, Value,
};
use aqueduct_file::{FileStreamSinkTask, FileStreamSourceTask};

use crate::setting::Context;

/// How many lines the other process copies; unset in this one.
const COPY: &str = "AQUEDUCT_FILE_TEST_COPY_LINES";

#[test]
fn lines_go_from_standard_input_to_standard_output() {
    let mut child = Command::new(std::env::current_exe().expect("a path"))
        .args(["--exact", "standard_streams::the_other_process", "--nocapture", "--test-threads=1"])
        .env(COPY, "3")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(b"copied one\ncopied two\r\ncopied t").expect("writes");
    stdin.write_all(b"hree\nrest").expect("writes");
    drop(stdin);
    let output = child.wait_with_output().expect("ends");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}");
    let copied: Vec<&str> =
        printed.lines().filter_map(|line| line.split_once("copied ")).map(|(_, line)| line).collect();
    assert_eq!(copied, ["one", "two", "three"], "{printed}");
}

#[tokio::test]
async fn the_other_process() {
    let Some(count) = std::env::var(COPY).ok().and_then(|count| count.parse::<usize>().ok()) else { return };
    let mut copied = 0;
    let until = Instant::now() + Duration::from_secs(30);
    let mut sink = FileStreamSinkTask::default();
    sink.start(Context::with(None), &ConfigMap::new()).await.expect("starts");
    let mut source = FileStreamSourceTask::default();
    source.start(Context::with(None), &ConfigMap::from([("topic", "t")])).await.expect("starts");
    while copied < count {
        assert!(Instant::now() < until);
        let records = source.poll().await.expect("polls").unwrap_or_default();
        copied += records.len();
        for record in records {
            assert_eq!(record.source_partition.as_deref(), Some(&OffsetMap::of("filename", Value::Null)));
            assert_eq!(record.source_offset, Some(OffsetMap::of("position", Value::Null)));
            let origin = SinkOrigin {
                topic: "t".into(),
                partition: 0,
                offset: 0,
                timestamp_type: TimestampType::NoTimestampType,
            };
            sink.put(&[SinkRecord { record: record.record, origin }]).await.expect("puts");
        }
    }
    source.stop().await.expect("stops");
    sink.flush(&std::collections::HashMap::new()).await.expect("flushes");
}
