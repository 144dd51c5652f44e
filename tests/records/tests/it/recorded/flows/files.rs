//! CV-01 to CV-03, CV-26: lines of files, and what is odd about values.

use aqueduct_testkit::NewRecord;

use super::super::flow::{BYTES, End, Flow, JSON};

const LINES: &str = "one\n\ntab\there\nżółw 🐢\n\"quoted\" \\ and {braces}\n  spaces  \n<&>\u{7f}\u{2028}\n";

pub(super) fn flows() -> Vec<Flow> {
    let json = |name| Flow::file("CV-01", name, LINES).converter("value", JSON);
    let mut flows = vec![
        json("lines-json"),
        json("lines-json-bare").with("value.converter.schemas.enable", "false"),
        Flow::file("CV-01", "lines-string", LINES),
        Flow::file("CV-01", "lines-json-key", LINES).converter("key", JSON),
        Flow::file("CV-02", "there", many_lines()),
        Flow::sink_of(
            "CV-02",
            "back",
            "there",
            End::Consumed("there".to_owned(), many_lines().lines().count()),
        )
        .repeating("there"),
        stamped(),
    ];
    flows.extend(odd_values());
    flows
}

fn stamped() -> Flow {
    Flow::file("CV-03", "stamped", "first\nsecond\n")
        .converter("value", JSON)
        .transform("HoistField$Value", &[("field", "content")])
        .transform("InsertField$Value", &[("timestamp.field", "ts")])
        .stamped()
}

fn many_lines() -> String {
    (0..100).map(|number| format!("{number:03} {}\n", "żółw 🐢 ".repeat(number % 7))).collect()
}

/// Tombstones, null keys, empty texts, large values and bytes that are no text, through each sort of converter.
fn odd_values() -> Vec<Flow> {
    let odd = || {
        let record = |key: Option<&[u8]>, value: Option<&[u8]>| NewRecord {
            partition: Some(0),
            key: key.map(<[u8]>::to_vec),
            value: value.map(<[u8]>::to_vec),
            timestamp: Some(1_600_000_000_123),
            ..NewRecord::default()
        };
        [
            record(Some(b"k"), None),
            record(None, Some(b"\"no key\"")),
            record(None, None),
            record(Some(b""), Some(b"")),
            record(Some(b"k"), Some(b"\"plain\"")),
            record(Some(b"k"), Some(&[0xff, 0xfe, b'a', 0x80])),
            record(Some(&[0xc3, 0x28]), Some(b"\"the key is no text\"")),
            record(Some(b"k"), Some(&[0xef, 0xbb, 0xbf, b'"', b'b', b'"'])),
            record(Some(b"k"), Some(b"a\nb\rc\0d")),
        ]
    };
    // With a record's other bytes, still within the megabyte that producers send by default.
    let large = "x".repeat(1_048_000);
    let too_large = "x".repeat(1 << 20);
    vec![
        Flow::sink("CV-26", "odd-string", odd()).dead_letters(),
        Flow::sink("CV-26", "odd-string-latin", odd())
            .with("value.converter.encoding", "ISO-8859-1")
            .dead_letters(),
        Flow::sink("CV-26", "odd-json", odd()).converter("value", JSON).dead_letters(),
        Flow::sink("CV-26", "odd-json-bare", odd())
            .converter("value", JSON)
            .with("value.converter.schemas.enable", "false")
            .dead_letters(),
        Flow::sink("CV-26", "odd-json-bare-key", odd())
            .converter("key", JSON)
            .with("key.converter.schemas.enable", "false")
            .dead_letters(),
        Flow::sink("CV-26", "odd-bytes", odd())
            .converter("value", BYTES)
            .converter("key", BYTES)
            .dead_letters(),
        Flow::file("CV-26", "large-source", format!("{large}\n")),
        Flow::sink_of("CV-26", "large-sink", "large-source", End::Consumed("large-source".to_owned(), 1))
            .repeating("large-source"),
        Flow::file("CV-26", "large-json", format!("{large}\n")).converter("value", JSON),
        Flow::file("CV-26", "too-large", format!("short\n{too_large}\n")).failing(),
        Flow::file("CV-26", "too-large-tolerated", format!("short\n{too_large}\nbehind\n"))
            .tolerating()
            .until_written(2),
    ]
}
