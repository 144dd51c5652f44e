//! The source connector and its task.

use std::io::Write;
use std::time::{Duration, Instant};

use aqueduct_api::{
    ConfigMap, Connector, ErrorKind, OffsetMap, Result, Schema, SourceConnector, SourceRecord, SourceTask,
    Support, Value,
};
use aqueduct_file::{FileStreamSourceConnector, FileStreamSourceTask};

use crate::setting::{Context, Folder};

const DEADLINE: Duration = Duration::from_secs(30);

fn config(file: &str, more: &[(&str, &str)]) -> ConfigMap {
    let mut config = ConfigMap::from([("name", "c"), ("file", file), ("topic", "t")]);
    for (key, value) in more {
        config.insert(*key, *value);
    }
    config
}

fn position(position: impl Into<Value>) -> Option<OffsetMap> {
    Some(OffsetMap::of("position", position))
}

async fn started(config: &ConfigMap, stored: Option<OffsetMap>) -> FileStreamSourceTask {
    let mut task = FileStreamSourceTask::default();
    task.start(Context::with(stored), config).await.expect("starts");
    task
}

fn line_of(record: &SourceRecord) -> (String, i64) {
    let line = record.record.value.as_text().expect("a text").as_str().to_owned();
    let offset = record.source_offset.as_ref().and_then(|offset| offset.get("position"));
    (line, offset.and_then(Value::as_i64).expect("a position"))
}

/// Polls until there are this many lines.
async fn lines(task: &mut FileStreamSourceTask, count: usize) -> Vec<(String, i64)> {
    let (mut found, deadline) = (Vec::new(), Instant::now() + DEADLINE);
    while found.len() < count {
        assert!(Instant::now() < deadline, "{count} lines expected, so far {found:?}");
        found.extend(task.poll().await.expect("polls").into_iter().flatten().map(|record| line_of(&record)));
    }
    assert_eq!(found.len(), count);
    found
}

fn owned(lines: &[(&str, i64)]) -> Vec<(String, i64)> {
    lines.iter().map(|&(line, at)| (line.to_owned(), at)).collect()
}

async fn poll_error(file: &str) -> aqueduct_api::Error {
    started(&config(file, &[]), None).await.poll().await.expect_err("fails")
}

#[tokio::test]
async fn makes_a_record_of_each_line() {
    let folder = Folder::new();
    let file = folder.write("in", "one\ntwo\r\nthr\u{e9}e\rrest");
    let mut task = started(&config(&file, &[]), None).await;
    let before = std::time::SystemTime::now();
    let records = task.poll().await.expect("polls").expect("records");
    let found: Vec<_> = records.iter().map(line_of).collect();
    assert_eq!(found, owned(&[("one", 4), ("two", 9), ("thr\u{e9}e", 16)]));
    for record in &records {
        assert_eq!(record.source_partition.as_deref(), Some(&OffsetMap::of("filename", file.as_str())));
        let record = &record.record;
        assert_eq!(
            (&*record.topic, record.partition, &record.key_schema, &record.key),
            ("t", None, &None, &Value::Null)
        );
        assert_eq!(record.value_schema, Some(Schema::STRING));
        let timestamp = Duration::from_millis(record.timestamp.expect("a time") as u64);
        let before = before.duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        assert!(timestamp + Duration::from_millis(1) >= before && timestamp < before + DEADLINE);
    }
}

#[tokio::test]
async fn goes_on_as_the_file_grows() {
    let folder = Folder::new();
    let file = folder.write("in", "a\nb");
    let mut task = started(&config(&file, &[]), None).await;
    assert_eq!(lines(&mut task, 1).await, owned(&[("a", 2)]));
    let mut appended = std::fs::OpenOptions::new().append(true).open(&file).expect("opens");
    appended.write_all(b"c\r").expect("writes");
    assert!(task.poll().await.expect("polls").is_none(), "the end of the line is not certain yet");
    appended.write_all(b"\nd\n").expect("writes");
    assert_eq!(lines(&mut task, 2).await, owned(&[("bc", 6), ("d", 8)]));
}

#[tokio::test]
async fn goes_on_behind_any_line_after_a_restart() {
    let folder = Folder::new();
    let file = folder.write("in", b"a\r\n\xc3\xa9\n\rbad \xff\nlast\r\nno end".as_slice());
    let all = owned(&[("a", 3), ("\u{e9}", 6), ("", 7), ("bad \u{fffd}", 13), ("last", 19)]);
    let mut task = started(&config(&file, &[]), None).await;
    assert_eq!(lines(&mut task, all.len()).await, all);
    for (index, &(_, at)) in all.iter().enumerate().take(all.len() - 1) {
        let rest = &all[index + 1..];
        let mut task = started(&config(&file, &[]), position(at)).await;
        assert_eq!(lines(&mut task, rest.len()).await, rest);
    }
}

#[tokio::test]
async fn fills_batches_up_to_their_size() {
    let folder = Folder::new();
    let file = folder.write("in", "1\n2\n3\n4\n");
    for (size, batches) in
        [("2", &[2, 2][..]), ("3", &[3, 1]), ("4", &[4]), ("0", &[1, 1, 1, 1]), ("-7", &[1; 4])]
    {
        let mut task = started(&config(&file, &[("batch.size", size)]), None).await;
        // The second batch comes although the first one ended where the file has been read to its end.
        for &batch in batches {
            let records = task.poll().await.expect("polls").expect("records");
            assert_eq!(records.len(), batch, "batch.size {size}");
        }
        assert!(task.poll().await.expect("polls").is_none());
    }
}

#[tokio::test]
async fn reads_many_pieces_in_order() {
    let folder = Folder::new();
    let text: String = (0..60_000).map(|number| format!("line {number:>12}\n")).collect();
    let file = folder.write("in", &text);
    let mut task = started(&config(&file, &[]), None).await;
    let mut at = 0;
    for (number, (line, end)) in lines(&mut task, 60_000).await.into_iter().enumerate() {
        at += line.len() as i64 + 1;
        assert_eq!((line, end), (format!("line {number:>12}"), at));
    }
}

#[tokio::test]
async fn reads_a_line_of_50_megabytes() {
    let folder = Folder::new();
    let mut text = vec![b'x'; 50 << 20];
    text.extend_from_slice(b"\nshort\n");
    let file = folder.write("in", &text);
    let mut task = started(&config(&file, &[]), None).await;
    let found = lines(&mut task, 2).await;
    assert_eq!(found[0].0.len(), 50 << 20);
    assert_eq!(found[1], ("short".to_owned(), text.len() as i64));
}

#[tokio::test]
async fn waits_for_a_missing_file() {
    let folder = Folder::new();
    let mut task = started(&config(&folder.path("in"), &[]), None).await;
    let before = Instant::now();
    assert!(task.poll().await.expect("polls").is_none());
    assert!(before.elapsed() >= Duration::from_millis(900), "a poll for a missing file takes a second");
    folder.write("in", "a\n");
    assert_eq!(lines(&mut task, 1).await, owned(&[("a", 2)]));
}

#[tokio::test]
async fn fails_on_what_can_not_be_read() {
    let folder = Folder::new();
    folder.write("in", "a\n");
    for (file, text) in [(folder.path(""), "irectory"), (folder.path("in/below"), "Not a directory")] {
        let error = poll_error(&file).await;
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert!(!error.is_retriable());
        let message = error.message().expect("a message");
        assert!(message.contains(text) && message.contains(&file), "{message}");
    }
}

#[tokio::test]
async fn takes_stored_positions_of_any_kind() {
    let folder = Folder::new();
    let file = folder.write("in", "a\nb\n");
    for stored in [None, position(Value::Null), position(0i64), Some(OffsetMap::of("else", 1i64))] {
        assert_eq!(lines(&mut started(&config(&file, &[]), stored).await, 2).await.len(), 2);
    }
    let mut task = started(&config(&file, &[]), position("2")).await;
    let error = task.poll().await.expect_err("fails");
    assert_eq!(error.message(), Some("Offset position is the incorrect type"));
}

#[tokio::test]
async fn waits_at_a_position_beyond_the_end() {
    let folder = Folder::new();
    let file = folder.write("in", "a\n");
    let mut task = started(&config(&file, &[]), position(4i64)).await;
    assert!(task.poll().await.expect("polls").is_none());
    folder.write("in", "a\nb\nc\n");
    assert_eq!(lines(&mut task, 1).await, owned(&[("c", 6)]));
}

#[tokio::test]
async fn reads_on_in_a_file_that_was_renamed() {
    let folder = Folder::new();
    let file = folder.write("in", "a\n");
    let mut task = started(&config(&file, &[]), None).await;
    assert_eq!(lines(&mut task, 1).await, owned(&[("a", 2)]));
    std::fs::rename(&file, folder.path("old")).expect("renames");
    folder.write("in", "new\n");
    folder.write("old", "a\nb\n");
    assert_eq!(lines(&mut task, 1).await, owned(&[("b", 4)]));
}

#[tokio::test]
async fn keeps_what_a_dropped_poll_had_read() {
    let folder = Folder::new();
    let text: String = (0..30_000).map(|number| format!("{number}\n")).collect();
    let file = folder.write("in", &text);
    let mut task = started(&config(&file, &[("batch.size", "1000000")]), None).await;
    let mut found = Vec::new();
    let deadline = Instant::now() + DEADLINE;
    while found.len() < 30_000 {
        assert!(Instant::now() < deadline);
        // Each poll is dropped at its first await point, until one has nothing left to wait for.
        tokio::select! {
            biased;
            records = task.poll() => found.extend(records.expect("polls").into_iter().flatten().map(|record| line_of(&record).0)),
            () = tokio::task::yield_now() => {}
        }
    }
    assert!(found.iter().enumerate().all(|(number, line)| *line == number.to_string()));
}

#[tokio::test]
async fn reads_a_named_pipe_without_end() {
    let folder = Folder::new();
    let path = folder.path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo runs");
    assert!(made.success());
    let mut task = started(&config(&path, &[]), None).await;
    assert!(task.poll().await.expect("polls").is_none(), "no writer yet");
    for (text, expected) in [("a\nb", &[("a", 2)][..]), ("c\n", &[("bc", 5)])] {
        // Each writer opens the pipe anew and closes it.
        std::fs::write(&path, text).expect("writes");
        assert_eq!(lines(&mut task, expected.len()).await, owned(expected));
    }
}

#[tokio::test]
async fn has_one_task_with_the_whole_configuration() {
    let mut connector = FileStreamSourceConnector::default();
    let config = config("in", &[("key.of.somebody", "x")]);
    connector.start(&config).await.expect("starts");
    assert_eq!(connector.task_configs(3).await.expect("configs"), [config]);
}

#[test]
fn is_exactly_once_for_files_only() {
    let connector = FileStreamSourceConnector::default();
    for (file, expected) in [("in", Support::Supported), ("", Support::Unsupported)] {
        let support = connector.exactly_once_support(&config(file, &[])).expect("answers");
        assert_eq!(support, Some(expected), "file {file:?}");
    }
}

#[tokio::test]
async fn checks_offsets_that_a_user_sets() {
    const NO_POSITION: &str = "Offset objects should either be null or contain the key 'position'";
    const NO_LONG: &str = "The value for the 'position' key in the offset is expected to be a Long value";
    const NEGATIVE: &str = "The value for the 'position' key in the offset should be a non-negative value";
    const NO_FILENAME: &str = "Partition objects should contain the key 'filename'";
    let named = || OffsetMap::of("filename", "in");
    let cases = [
        (named(), None, None),
        (OffsetMap::of("other", "in"), None, None),
        (named(), position(28i64), None),
        (OffsetMap::of("filename", Value::Null), position(0i64), None),
        (named(), Some(OffsetMap::of("other", 1i64)), Some(NO_POSITION)),
        (named(), position("10"), Some(NO_LONG)),
        (named(), position(Value::Null), Some(NO_LONG)),
        (named(), position(10.0f64), Some(NO_LONG)),
        (named(), position(-1i64), Some(NEGATIVE)),
        (OffsetMap::of("other", "in"), position(1i64), Some(NO_FILENAME)),
    ];
    let connector = FileStreamSourceConnector::default();
    for (partition, offset, expected) in cases {
        let answer = connector.alter_offsets(&config("in", &[]), &[(partition, offset)]).await;
        assert_eq!(text_of(&answer), expected);
        assert!(expected.is_some() || matches!(answer, Ok(true)));
    }
    let answer = connector.alter_offsets(&config("", &[]), &[(named(), None)]).await;
    assert!(
        text_of(&answer)
            .expect("refuses")
            .starts_with("Offsets cannot be modified if the 'file' configuration")
    );
}

fn text_of(answer: &Result<bool>) -> Option<&str> {
    answer.as_ref().err().and_then(|error| error.message())
}
