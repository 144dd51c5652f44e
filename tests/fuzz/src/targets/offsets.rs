//! Source offsets: the standalone worker's file, and the keys and values of the topic.

use aqueduct_proto::offset_file;
use aqueduct_proto::offsets::{key_bytes, parse_key, parse_value, value_bytes};

use crate::target::{Target, texts};

pub(crate) const TARGET: Target = Target {
    name: "offsets",
    corpus,
    words: &[
        "[",
        "]",
        "{",
        "}",
        "\"",
        ":",
        ",",
        "\"c\"",
        "\"file\"",
        "1",
        "-1",
        "1.5",
        "1e999",
        "9223372036854775808",
        "null",
        "true",
        "uq\u{0}~\u{0}\u{2}",
        "q\u{0}~\u{0}\u{3}",
        "p",
        "x",
        "w\u{8}",
        "\u{0}\u{0}\u{0}\u{1}",
        "[[",
        "{\"a\":",
    ],
    run,
};

fn corpus() -> Vec<Vec<u8>> {
    let entries: [(&[u8], Option<&[u8]>); 3] = [
        (b"[\"c\",{\"filename\":\"f\"}]", Some(b"{\"position\":12}")),
        (b"[\"c\",null]", None),
        (b"", Some(b"")),
    ];
    let mut corpus = texts(&[
        "[\"c\",{\"filename\":\"f\",\"n\":1}]",
        "{\"position\":12,\"x\":1.5,\"y\":null,\"z\":true}",
        "[\"c\",null]",
    ]);
    corpus.push(offset_file::write(entries.into_iter()));
    corpus.push(offset_file::write(entries.into_iter().take(0)));
    corpus
}

fn run(bytes: &[u8]) {
    if let Ok(entries) = offset_file::read(bytes) {
        let borrowed = entries.iter().map(|(key, value)| (key.as_slice(), value.as_deref()));
        let written = offset_file::write(borrowed);
        let again = offset_file::read(&written).expect("what was written can be read");
        assert_eq!(again.len(), entries.len());
    }
    if let Ok((connector, Some(partition))) = parse_key(bytes) {
        let written = key_bytes(&connector, &partition).expect("what was read can be written");
        let (name, again) = parse_key(&written).expect("and read again");
        assert_eq!((name, again.map_or(0, |again| again.len())), (connector, partition.len()));
    }
    if let Ok(offset) = parse_value(bytes) {
        let written = value_bytes(&offset).expect("what was read can be written");
        assert_eq!(parse_value(&written).expect("and read again").len(), offset.len());
    }
}
