//! `SimpleDateFormat`: a pattern, a text and a number of milliseconds, with zero bytes between them.

use aqueduct_transforms::date_format::DateFormat;

use crate::target::{Target, parts, text, texts};

pub(crate) const TARGET: Target = Target {
    name: "dates",
    corpus: || {
        texts(&[
            "yyyy-MM-dd'T'HH:mm:ss.SSSZ\x002020-02-29T12:30:00.123+0100\x001600000000123",
            "EEE, d MMM yyyy hh:mm:ss a z\0Tue, 1 Sep 2020 08:00:00 PM PST\0-1",
            "G YYYY-'W'ww-u DDD F W k K\0AD 2020-W10-3 100 2 3 24 11\x009223372036854775807",
            "yy''MMMM XXX\x0020'February +01:30\0-9223372036854775808",
        ])
    },
    words: &[
        "y",
        "yy",
        "yyyy",
        "Y",
        "M",
        "MMM",
        "MMMM",
        "d",
        "D",
        "F",
        "E",
        "EEEE",
        "u",
        "w",
        "W",
        "a",
        "H",
        "k",
        "K",
        "h",
        "m",
        "s",
        "S",
        "SSS",
        "z",
        "zzzz",
        "Z",
        "X",
        "XX",
        "XXX",
        "G",
        "L",
        "'",
        "''",
        "T",
        "-",
        ":",
        "+",
        ".",
        " ",
        "0",
        "9",
        "12",
        "2147483648",
        "GMT",
        "PST",
        "AD",
        "January",
        "Mon",
        "é",
        "\u{0}",
        "٣",
    ],
    run,
};

fn run(bytes: &[u8]) {
    let [pattern, date, number] = parts(bytes).map(text);
    let Ok(format) = DateFormat::new(&pattern) else { return };
    let _ = format.parse(&date);
    for epoch_ms in [number.parse().unwrap_or_default(), 0, i64::MIN, i64::MAX] {
        let mut formatted = String::new();
        format.format(epoch_ms, &mut formatted);
        let _ = format.parse(&formatted);
    }
}
