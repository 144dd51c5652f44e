use aqueduct_api::{Error, ErrorKind, TimestampType};
use aqueduct_proto::failed_record::{ConsumedFrom, FailureContext};
use aqueduct_proto::state::TaskId;
use aqueduct_vectors::{Case, Failure, Json, check, hex, optional_text, text};
use serde_json::json;

use super::tolerance::stage;

#[test]
fn dead_letters_and_log_say_what_javas_say() {
    check("dlq", &[], |case| {
        let error = error(case.get("error"))?;
        let task = TaskId::new(case.text("connector")?, case.get("task").as_i64().expect("a number") as i32);
        let class = case.text("class")?;
        let stage = stage(case.get("stage").as_str().expect("a stage"));
        let context = FailureContext { task: &task, stage, class: &class, error: error.as_ref() };
        let topic = case.text("topic")?;
        let timestamp_type = timestamp_type(case);
        let number = |key: &str| -> Result<i64, Failure> { Ok(case.text(key)?.parse().expect("a number")) };
        let timestamped = timestamp_type != TimestampType::NoTimestampType;
        let from = ConsumedFrom {
            topic: &topic,
            partition: case.get("partition").as_i64().expect("a number") as i32,
            offset: number("offset")?,
            timestamp: timestamped.then(|| number("timestamp")).transpose()?,
            timestamp_type,
        };
        let mut headers = case.expected("headers").as_array().cloned().unwrap_or_default();
        // Those of the record stay: the headers of the context come behind them.
        headers.truncate(case.get("headers").as_array().map_or(0, Vec::len));
        headers.extend(context.headers(&from).into_iter().map(|(key, value)| match key {
            "__connect.errors.exception.stacktrace" => {
                json!({ "key": key, "firstLine": value.as_deref().and_then(first_line) })
            }
            _ => {
                json!({ "key": key, "hex": value.as_deref().map(|text| hex(text.as_bytes())), "text": value })
            }
        }));
        Ok(json!({ "headers": headers, "logMessage": context.sentence(Some(&from.to_string())) }))
    });
}

/// Up to what ends a line in Java's `\R`.
fn first_line(trace: &str) -> Option<&str> {
    trace.split(['\n', '\u{b}', '\u{c}', '\r', '\u{85}', '\u{2028}', '\u{2029}']).next()
}

fn timestamp_type(case: &Case) -> TimestampType {
    match case.get("timestampType").as_str() {
        Some("CREATE_TIME") => TimestampType::CreateTime,
        Some("LOG_APPEND_TIME") => TimestampType::LogAppendTime,
        _ => TimestampType::NoTimestampType,
    }
}

fn error(json: &Json) -> Result<Option<Error>, Failure> {
    if json.is_null() {
        return Ok(None);
    }
    let class = text(&json["class"])?;
    let kinds = [
        ErrorKind::Connect,
        ErrorKind::Retriable,
        ErrorKind::Data,
        ErrorKind::Config,
        ErrorKind::IllegalState,
        ErrorKind::NullPointer,
        ErrorKind::Serialization,
    ];
    let kind = kinds.into_iter().find(|kind| kind.java_class() == class);
    let kind = kind.ok_or_else(|| Failure::Unrepresentable(format!("an error of class {class}")))?;
    Ok(Some(match optional_text(&json["msg"])? {
        Some(message) => Error::new(kind, message),
        None => Error::bare(kind),
    }))
}
