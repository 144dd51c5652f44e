//! Beans as Prometheus reads them, with the names that the usual rules of its JMX exporter give them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Bean, Value};

/// What to answer as Content-Type.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The beans in the text format, by name. A text becomes a label of a series whose value is 1:
/// `kafka_connect_connector_metrics_status{connector="c",status="running"} 1`.
pub fn text(beans: &[Bean]) -> String {
    let mut families: BTreeMap<String, String> = BTreeMap::new();
    for bean in beans {
        let begin = match bean.group.starts_with("aqueduct") {
            true => name(bean.group),
            false => format!("kafka_connect_{}", name(bean.group)),
        };
        let tags = bean.tags.iter().map(|(tag, value)| label(tag, value));
        for (attribute, value) in &bean.attributes {
            let family = format!("{begin}_{}", name(attribute));
            let (labels, number): (Vec<String>, f64) = match value {
                Value::Number(number) => (tags.clone().collect(), *number),
                Value::Text(text) => (tags.clone().chain([label(attribute, text)]).collect(), 1.0),
            };
            let series = families.entry(family.clone()).or_insert_with(|| {
                let kind = if attribute.ends_with("-total") { "counter" } else { "gauge" };
                format!("# TYPE {family} {kind}\n")
            });
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            // Writing to a string cannot fail.
            let _ = writeln!(series, "{family}{labels} {number}");
        }
    }
    families.into_values().collect()
}

fn name(text: &str) -> String {
    text.replace('-', "_")
}

fn label(key: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{}=\"{value}\"", name(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_jmx_exporter() {
        let bean = |task: &str| Bean {
            group: "source-task-metrics",
            tags: vec![("connector", "a\"b".to_owned()), ("task", task.to_owned())],
            attributes: vec![
                ("source-record-poll-total", Value::Number(5.0)),
                ("poll-batch-avg-time-ms", Value::Number(f64::NAN)),
            ],
        };
        let worker = Bean {
            group: "connect-worker-metrics",
            tags: Vec::new(),
            attributes: vec![("task-count", Value::Number(2.0)), ("version", Value::Text("4".to_owned()))],
        };
        let expected = r#"# TYPE kafka_connect_connect_worker_metrics_task_count gauge
kafka_connect_connect_worker_metrics_task_count 2
# TYPE kafka_connect_connect_worker_metrics_version gauge
kafka_connect_connect_worker_metrics_version{version="4"} 1
# TYPE kafka_connect_source_task_metrics_poll_batch_avg_time_ms gauge
kafka_connect_source_task_metrics_poll_batch_avg_time_ms{connector="a\"b",task="0"} NaN
kafka_connect_source_task_metrics_poll_batch_avg_time_ms{connector="a\"b",task="1"} NaN
# TYPE kafka_connect_source_task_metrics_source_record_poll_total counter
kafka_connect_source_task_metrics_source_record_poll_total{connector="a\"b",task="0"} 5
kafka_connect_source_task_metrics_source_record_poll_total{connector="a\"b",task="1"} 5
"#;
        assert_eq!(text(&[bean("0"), worker, bean("1")]), expected);
    }
}
