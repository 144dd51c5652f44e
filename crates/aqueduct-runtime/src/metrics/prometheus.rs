//! Figures as Prometheus reads them, with the names that the usual rules of its JMX exporter give them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Bean, Distribution, Figures, Value};

/// What to answer as Content-Type.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The figures in the text format, by name. A text becomes a label of a series whose value is 1:
/// `kafka_connect_connector_metrics_status{connector="c",status="running"} 1`.
pub fn text(figures: &Figures) -> String {
    let mut families: BTreeMap<String, String> = BTreeMap::new();
    for bean in &figures.beans {
        let begin = family_begin(bean);
        let tags = labels_of(bean, &figures.labels);
        for (attribute, value) in &bean.attributes {
            let family = format!("{begin}_{}", name(attribute));
            let series = families
                .entry(family)
                .or_insert_with_key(|family| format!("# TYPE {family} {}\n", kind(attribute, value)));
            write_value(series, &format!("{begin}_{}", name(attribute)), attribute, &tags, value);
        }
    }
    families.into_values().collect()
}

fn kind(attribute: &str, value: &Value) -> &'static str {
    match value {
        Value::Distribution(_) => "histogram",
        _ if attribute.ends_with("-total") => "counter",
        _ => "gauge",
    }
}

fn family_begin(bean: &Bean) -> String {
    match bean.domain() {
        "aqueduct" => name(bean.group),
        domain => format!("{}_{}", name(domain), name(bean.group)),
    }
}

/// The bean's tags, and the user's labels but for those that a tag has the name of.
fn labels_of(bean: &Bean, labels: &[(String, String)]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::with_capacity(bean.tags.len() + labels.len());
    let tags = bean.tags.iter().map(|(tag, value)| (tag.as_ref(), value));
    for (tag, value) in tags.chain(labels.iter().map(|(label, value)| (label.as_str(), value))) {
        let tag = name(tag);
        if !all.iter().any(|(known, _)| *known == tag) {
            all.push((tag, value.clone()));
        }
    }
    all
}

fn write_value(series: &mut String, family: &str, attribute: &str, tags: &[(String, String)], value: &Value) {
    match value {
        Value::Number(number) => write_line(series, family, tags, None, *number),
        Value::Text(text) => {
            let label = name(attribute);
            // A tag may have the attribute's name.
            let label = if tags.iter().any(|(tag, _)| *tag == label) { "value" } else { &label };
            write_line(series, family, tags, Some((label, text)), 1.0);
        }
        Value::Distribution(Distribution { buckets, count, sum }) => {
            let bucket = format!("{family}_bucket");
            for (bound, count) in buckets {
                write_line(series, &bucket, tags, Some(("le", &bound.to_string())), *count as f64);
            }
            write_line(series, &bucket, tags, Some(("le", "+Inf")), *count as f64);
            write_line(series, &format!("{family}_sum"), tags, None, *sum);
            write_line(series, &format!("{family}_count"), tags, None, *count as f64);
        }
    }
}

/// Writes a line, unless there is one of this name and these labels: two of a plugin's names may differ only in
/// characters that Prometheus does not know, and it would refuse all figures for that.
fn write_line(
    series: &mut String,
    family: &str,
    tags: &[(String, String)],
    more: Option<(&str, &str)>,
    number: f64,
) {
    let tags = tags.iter().map(|(tag, value)| (tag.as_str(), value.as_str()));
    let labels: Vec<String> = tags.chain(more).map(|(tag, value)| label(tag, value)).collect();
    let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    let line = format!("{family}{labels} ");
    if family.starts_with("kafka_connect_plugins_") && series.contains(&line) {
        return;
    }
    series.push_str(&line);
    // Writing to a string cannot fail.
    let _ = match number {
        f64::INFINITY => writeln!(series, "+Inf"),
        f64::NEG_INFINITY => writeln!(series, "-Inf"),
        number => writeln!(series, "{number}"),
    };
}

/// In Prometheus's letters.
fn name(text: &str) -> String {
    let letter = |character: char| if character.is_ascii_alphanumeric() { character } else { '_' };
    let name: String = text.chars().map(letter).collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name }
}

fn label(key: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{key}=\"{value}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(beans: Vec<Bean>, labels: &[(&str, &str)], expected: &str) {
        let labels = labels.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect();
        assert_eq!(text(&Figures { labels, beans }), expected);
    }

    #[test]
    fn names_are_those_of_the_jmx_exporter() {
        let bean = |task: &str| {
            Bean::new("source-task-metrics", &[("connector", "a\"b"), ("task", task)])
                .with("source-record-poll-total", 5.0)
                .with("poll-batch-avg-time-ms", f64::NAN)
        };
        let worker = Bean::new("connect-worker-metrics", &[])
            .with("task-count", 2.0)
            .with("version", "4")
            .with("since", f64::INFINITY);
        let client = Bean::new("producer-metrics", &[("client-id", "p")]).with("request-rate", 0.5);
        let expected = r#"# TYPE kafka_connect_connect_worker_metrics_since gauge
kafka_connect_connect_worker_metrics_since +Inf
# TYPE kafka_connect_connect_worker_metrics_task_count gauge
kafka_connect_connect_worker_metrics_task_count 2
# TYPE kafka_connect_connect_worker_metrics_version gauge
kafka_connect_connect_worker_metrics_version{version="4"} 1
# TYPE kafka_connect_source_task_metrics_poll_batch_avg_time_ms gauge
kafka_connect_source_task_metrics_poll_batch_avg_time_ms{connector="a\"b",task="0"} NaN
kafka_connect_source_task_metrics_poll_batch_avg_time_ms{connector="a\"b",task="1"} NaN
# TYPE kafka_connect_source_task_metrics_source_record_poll_total counter
kafka_connect_source_task_metrics_source_record_poll_total{connector="a\"b",task="0"} 5
kafka_connect_source_task_metrics_source_record_poll_total{connector="a\"b",task="1"} 5
# TYPE kafka_producer_producer_metrics_request_rate gauge
kafka_producer_producer_metrics_request_rate{client_id="p"} 0.5
"#;
        check(vec![bean("0"), worker, bean("1"), client], &[], expected);
    }

    #[test]
    fn distributions_are_histograms_and_labels_are_everywhere() {
        let distribution = Distribution { buckets: vec![(0.1, 1), (1.0, 3)], count: 4, sum: 7.5 };
        let bean = Bean::new("aqueduct-task-metrics", &[("task", "0")])
            .with("stage-seconds", Value::Distribution(distribution));
        let expected = r#"# TYPE aqueduct_task_metrics_stage_seconds histogram
aqueduct_task_metrics_stage_seconds_bucket{task="0",data_center="x",le="0.1"} 1
aqueduct_task_metrics_stage_seconds_bucket{task="0",data_center="x",le="1"} 3
aqueduct_task_metrics_stage_seconds_bucket{task="0",data_center="x",le="+Inf"} 4
aqueduct_task_metrics_stage_seconds_sum{task="0",data_center="x"} 7.5
aqueduct_task_metrics_stage_seconds_count{task="0",data_center="x"} 4
"#;
        check(vec![bean], &[("data.center", "x"), ("task", "no")], expected);
    }

    #[test]
    fn what_plugins_name_does_no_harm() {
        let bean = Bean::new("plugins", &[("task", "0")])
            .with("a-b", 1.0)
            .with("a.b", 2.0)
            .with("task", "text")
            .with("1st", 3.0);
        let expected = r#"# TYPE kafka_connect_plugins__1st gauge
kafka_connect_plugins__1st{task="0"} 3
# TYPE kafka_connect_plugins_a_b gauge
kafka_connect_plugins_a_b{task="0"} 1
# TYPE kafka_connect_plugins_task gauge
kafka_connect_plugins_task{task="0",value="text"} 1
"#;
        check(vec![bean], &[], expected);
    }
}
