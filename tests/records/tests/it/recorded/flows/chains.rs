//! CV-20: chains of transformations, and predicates.

use aqueduct_testkit::NewRecord;

use super::super::flow::{Flow, JSON};

const MATCHES: &str = "TopicNameMatches";
const HAS_HEADER: &str = "HasHeaderKey";
const IS_TOMBSTONE: &str = "RecordIsTombstone";

pub(super) fn flows() -> Vec<Flow> {
    vec![three(), ten(), ten_bare(), by_predicates(), sink_by_predicates(), failing_in_the_middle()]
}

fn three() -> Flow {
    Flow::made("CV-20", "chain-3", "SchemaSourceConnector", 4)
        .converter("value", JSON)
        .with("multiple.schema", "true")
        .transform("ReplaceField$Value", &[("exclude", "float,boolean"), ("renames", "long:wide,id:task")])
        .transform("Cast$Value", &[("spec", "int:string,double:float32,wide:int8")])
        .transform(
            "InsertField$Value",
            &[("topic.field", "topic"), ("static.field", "who"), ("static.value", "me")],
        )
}

/// Ten transformations of a line, which becomes the record of a struct with a key and headers in another topic.
fn long_chain(name: &'static str) -> Flow {
    Flow::file("CV-20", name, "17\n-4\nx\n")
        .converter("value", JSON)
        .converter("key", JSON)
        .transform("HoistField$Value", &[("field", "line")])
        .transform("InsertField$Value", &[("static.field", "origin"), ("static.value", "2024-02-29")])
        .transform("ValueToKey", &[("fields", "line")])
        .transform("ExtractField$Key", &[("field", "line")])
        .transform(
            "TimestampConverter$Value",
            &[("field", "origin"), ("format", "yyyy-MM-dd"), ("target.type", "Date")],
        )
        .transform("HoistField$Value", &[("field", "outer")])
        .transform("Flatten$Value", &[("delimiter", "_")])
        .transform(
            "HeaderFrom$Value",
            &[("fields", "outer_line"), ("headers", "line"), ("operation", "copy")],
        )
        .transform("MaskField$Value", &[("fields", "outer_line"), ("replacement", "***")])
        .transform("RegexRouter", &[("regex", "(.*)"), ("replacement", "$1-routed")])
}

fn ten() -> Flow {
    let flow = long_chain("chain-10");
    flow.looking_at("chain-10-routed")
}

/// The same, but the schema goes away in the middle.
fn ten_bare() -> Flow {
    long_chain("chain-10-bare")
        .with("value.converter.schemas.enable", "false")
        .looking_at("chain-10-bare-routed")
}

/// Each line gets what the predicates say, and some are dropped.
fn by_predicates() -> Flow {
    Flow::file("CV-20", "predicates", "a\nb\n")
        .converter("value", JSON)
        .predicate("ours", MATCHES, &[("pattern", "predic.*")])
        .predicate("others", MATCHES, &[("pattern", "other")])
        .predicate("marked", HAS_HEADER, &[("name", "mark")])
        .predicate("empty", IS_TOMBSTONE, &[])
        .transform("InsertHeader", &[("header", "mark"), ("value.literal", "1"), ("predicate", "ours")])
        .transform("InsertHeader", &[("header", "never"), ("value.literal", "2"), ("predicate", "others")])
        .transform(
            "InsertHeader",
            &[("header", "negated"), ("value.literal", "3"), ("predicate", "others"), ("negate", "true")],
        )
        .transform(
            "InsertHeader",
            &[("header", "never"), ("value.literal", "4"), ("predicate", "marked"), ("negate", "true")],
        )
        .transform("HoistField$Value", &[("field", "f"), ("predicate", "marked")])
        .transform("Filter", &[("predicate", "empty")])
        .transform(
            "RegexRouter",
            &[
                ("regex", ".*"),
                ("replacement", "predicates-routed"),
                ("predicate", "empty"),
                ("negate", "true"),
            ],
        )
        .looking_at("predicates-routed")
}

/// Of records with and without a header and a value, those stay that have both.
fn sink_by_predicates() -> Flow {
    let record = |value: Option<&str>, header: Option<&str>| {
        let mut record = NewRecord { partition: Some(0), ..NewRecord::default() };
        record.value = value.map(|text| text.as_bytes().to_vec());
        match header {
            Some(name) => record.header(name, "x"),
            None => record,
        }
    };
    let records = [
        record(Some("kept"), Some("wanted")),
        record(Some("no header"), None),
        record(None, Some("wanted")),
        record(Some("another header"), Some("Wanted")),
        record(None, None),
        record(Some("kept too"), Some("wanted")),
    ];
    Flow::sink("CV-20", "predicates-sink", records)
        .predicate("wanted", HAS_HEADER, &[("name", "wanted")])
        .predicate("empty", IS_TOMBSTONE, &[])
        .transform("Filter", &[("predicate", "empty")])
        .transform("Filter", &[("predicate", "wanted"), ("negate", "true")])
        .transform("HoistField$Value", &[("field", "f")])
}

fn failing_in_the_middle() -> Flow {
    Flow::file("CV-20", "chain-fails", "17\nx\n18\n")
        .converter("value", JSON)
        .transform("HoistField$Value", &[("field", "n")])
        .transform("Cast$Value", &[("spec", "n:int32")])
        .transform("InsertField$Value", &[("static.field", "s"), ("static.value", "v")])
        .failing()
}
