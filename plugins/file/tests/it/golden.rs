//! What Kafka's own `FileStreamSourceTask` 4.3.1 makes of some files: `text`, the stored position `from`, and the
//! `lines` with the position behind each.

use aqueduct_api::{ConfigMap, OffsetMap, SourceTask, Value};
use aqueduct_file::FileStreamSourceTask;
use serde_json::Value as Json;
use tokio::task::JoinSet;

use crate::setting::{Context, Folder};

#[tokio::test]
async fn makes_the_same_lines_as_java() {
    let cases: Vec<Json> =
        serde_json::from_str(include_str!("../../testdata/java-lines.json")).expect("an array");
    let mut checks = JoinSet::new();
    for case in cases {
        checks.spawn(check(case));
    }
    assert_eq!(checks.join_all().await.len(), 12);
}

async fn check(case: Json) {
    let text = case["text"].as_str().expect("a text");
    let expected: Vec<(String, i64)> =
        serde_json::from_value(case["lines"].clone()).expect("lines with positions");
    let found = lines(text, case["from"].as_i64(), expected.len()).await;
    if text.is_ascii() {
        assert_eq!(found, expected, "{text:?}");
    } else {
        // Java counts characters, and goes on at the wrong byte: ours counts bytes.
        let texts =
            |lines: &[(String, i64)]| -> Vec<String> { lines.iter().map(|(line, _)| line.clone()).collect() };
        assert_eq!(texts(&found), texts(&expected), "{text:?}");
        assert_eq!(found.last().map(|(_, at)| *at), Some(text.len() as i64));
    }
}

async fn lines(text: &str, from: Option<i64>, count: usize) -> Vec<(String, i64)> {
    let folder = Folder::new();
    let file = folder.write("in", text);
    let mut task = FileStreamSourceTask::default();
    let stored = from.map(|from| OffsetMap::of("position", from));
    let config = ConfigMap::from([("file", &*file), ("topic", "t")]);
    task.start(Context::with(stored), &config).await.expect("starts");
    let mut found = Vec::new();
    // The last poll is to see that nothing follows.
    for is_last in [false, true] {
        if is_last {
            assert_eq!(found.len(), count, "{text:?}");
        }
        for record in task.poll().await.expect("polls").into_iter().flatten() {
            let at = record.source_offset.as_ref().and_then(|offset| offset.get("position"));
            let line = record.record.value.as_text().expect("a text").as_str().to_owned();
            found.push((line, at.and_then(Value::as_i64).expect("a position")));
        }
    }
    found
}
