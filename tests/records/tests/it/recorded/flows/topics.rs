//! CV-29 and CV-30: transformations that change the topic.

use aqueduct_testkit::NewRecord;

use super::super::flow::{End, Flow, Given};

pub(super) fn flows() -> Vec<Flow> {
    let mut flows = vec![routed(), timed(), by_default(), sink()];
    flows.extend(
        [
            ("created-wide", "wide-$0"),
            ("created-excluded", "wide-not-$0"),
            ("created-excluded-twice", "wide-not-at-all-$0"),
            ("created-second", "wider-$0"),
            ("created-otherwise", "narrow-$0"),
        ]
        .map(|(name, replacement)| by_creation_groups(name, replacement)),
    );
    flows
}

fn routed() -> Flow {
    Flow::file("CV-29", "routed", "a\nb\n")
        .transform("RegexRouter", &[("regex", "rou(.)ed"), ("replacement", "$1-$0-new")])
        .looking_at("t-routed-new")
}

fn timed() -> Flow {
    // The era is the only part of today that is the same tomorrow.
    Flow::file("CV-29", "timed", "a\n")
        .transform("TimestampRouter", &[("topic.format", "${timestamp}-${topic}"), ("timestamp.format", "G")])
        .looking_at("AD-timed")
}

/// A topic is made by the rules of the first group that its name, as transformations leave it, belongs to.
fn by_creation_groups(name: &'static str, replacement: &str) -> Flow {
    let topic = replacement.replace("$0", name);
    Flow::file("CV-29", name, "a\n")
        .with("topic.creation.groups", "wide,wider")
        .with("topic.creation.default.replication.factor", "1")
        .with("topic.creation.default.partitions", "2")
        .with("topic.creation.wide.include", "wide-.*")
        .with("topic.creation.wide.exclude", "wide-not.*")
        .with("topic.creation.wide.partitions", "3")
        .with("topic.creation.wider.include", "wide-.*,wid.r-.*")
        .with("topic.creation.wider.exclude", "wide-not-at-all.*")
        .with("topic.creation.wider.partitions", "5")
        .transform("RegexRouter", &[("regex", ".+"), ("replacement", replacement)])
        .looking_at(topic)
}

fn by_default() -> Flow {
    Flow::file("CV-29", "default", "a\n")
        .with("topic.creation.default.replication.factor", "-1")
        .with("topic.creation.default.partitions", "4")
}

/// The offsets that are committed are those of the topic that was read.
fn sink() -> Flow {
    let records =
        (0..9).map(|number: i32| NewRecord::value(number.to_string()).partition(number % 3)).collect();
    Flow::sink_of("CV-30", "original", "original", End::Consumed("original".to_owned(), 9))
        .given(Given::Records(3, records))
        .transform("RegexRouter", &[("regex", ".*"), ("replacement", "elsewhere")])
        .predicate("elsewhere", "TopicNameMatches", &[("pattern", "elsewhere")])
        .transform("HoistField$Value", &[("field", "moved"), ("predicate", "elsewhere")])
        .transform(
            "InsertField$Value",
            &[("topic.field", "topic"), ("partition.field", "partition"), ("offset.field", "offset")],
        )
        .looking_at("elsewhere")
}
