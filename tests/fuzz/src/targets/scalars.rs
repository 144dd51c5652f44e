//! The converters of texts, bytes, numbers and booleans, and `SimpleHeaderConverter`.

use aqueduct_api::ConfigMap;
use bytes::Bytes;

use super::plugin::{converter, header_converter, read, write};
use crate::target::{Target, texts};

pub(crate) const TARGET: Target = Target {
    name: "scalars",
    corpus,
    words: &[
        "true",
        "false",
        "null",
        "1",
        "-",
        "1.5",
        "[",
        "]",
        "{",
        "}",
        ":",
        ",",
        "\"",
        "2020-01-01",
        "\u{0}",
    ],
    run,
};

fn corpus() -> Vec<Vec<u8>> {
    let mut corpus = texts(&["true", "FALSE", "héllo 😀", "[1, 2.5, \"a\"]", "{\"a\": 1}", "\u{feff}text"]);
    corpus.extend([
        vec![0],
        vec![1, 2],
        vec![0, 0, 0, 7],
        1.5_f64.to_be_bytes().to_vec(),
        vec![0xff, 0xfe, b'a', 0],
        vec![0xf0, 0x9f, 0x98],
        vec![0xed, 0xa0, 0x80],
    ]);
    corpus
}

const NAMES: [&str; 8] = [
    "StringConverter",
    "ByteArrayConverter",
    "ShortConverter",
    "IntegerConverter",
    "LongConverter",
    "FloatConverter",
    "DoubleConverter",
    "BooleanConverter",
];

fn run(bytes: &[u8]) {
    for name in NAMES {
        try_converter(name, &ConfigMap::new(), bytes);
    }
    for encoding in ["UTF-16", "UTF-16LE", "ISO-8859-1", "US-ASCII", "Shift_JIS", "GB18030"] {
        try_converter("StringConverter", &ConfigMap::from([("converter.encoding", encoding)]), bytes);
    }
    let mut header = header_converter(aqueduct_converters::plugins(), "SimpleHeaderConverter");
    if let Ok(read) = header.to_connect_header("t", "h", Some(&Bytes::copy_from_slice(bytes))) {
        let _ = header.from_connect_header("t", "h", read.schema.as_ref(), &read.value, &mut Vec::new());
    }
}

fn try_converter(name: &str, config: &ConfigMap, bytes: &[u8]) {
    let mut converter = converter(aqueduct_converters::plugins(), name, config);
    if let Ok(read) = read(&mut *converter, bytes) {
        let _ = write(&mut *converter, read.schema.as_ref(), &read.value);
    }
}
