//! Connect's `Values`: texts to values, and between types.

use aqueduct_api::Text;
use aqueduct_api::data::java_text::value_text;
use aqueduct_api::data::values::{
    convert_to_boolean, convert_to_byte, convert_to_date, convert_to_decimal, convert_to_double,
    convert_to_float, convert_to_integer, convert_to_list, convert_to_long, convert_to_map, convert_to_short,
    convert_to_string, convert_to_struct, convert_to_time, convert_to_timestamp, infer_schema, parse_string,
    write_string,
};
use aqueduct_api::data::{Decimal, SchemaAndValue};

use crate::target::{Target, text, texts};

pub(crate) const TARGET: Target = Target {
    name: "values",
    corpus,
    words: &[
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\"",
        "\\",
        "\\\"",
        " ",
        "null",
        "true",
        "false",
        "1",
        "-",
        "+",
        ".",
        "0",
        "9",
        "e",
        "E",
        "1e1000000000",
        "-1e-2000000000",
        "2147483648",
        "9223372036854775808",
        "1.5",
        "2020-01-01",
        "T",
        "12:30:00",
        ".123",
        "Z",
        "2020-01-01T12:30:00.123Z",
        "é",
        "٣",
        "😀",
        "abc",
        "\u{0}",
    ],
    run,
};

fn corpus() -> Vec<Vec<u8>> {
    texts(&[
        "[1, 2.5, \"a\", null, true]",
        "{\"a\": 1, \"b\": [1, 2], \"c\": {\"d\": \"2020-01-01\"}}",
        "{1: \"one\", 2: \"two\"}",
        "2020-01-01T12:30:00.123Z",
        "12:30:00.123Z",
        "2020-01-01",
        "-12345678901234567890.123",
        "1e400",
        "\"quoted \\\" text\"",
        "[[[[[[[[[[1]]]]]]]]]]",
    ])
}

fn run(bytes: &[u8]) {
    let text = Text::from(text(bytes).into_owned());
    if let Ok(decimal) = Decimal::parse(&text) {
        let _ = (decimal.to_string(), decimal.to_f64(), decimal.to_exact_i64(), decimal.to_i64_wrapping());
    }
    if let Some(parsed) = parse_string(&text) {
        convert(&parsed);
    }
    convert(&SchemaAndValue::new(None, text));
}

fn convert(from: &SchemaAndValue) {
    let conversions = [
        convert_to_boolean,
        convert_to_byte,
        convert_to_short,
        convert_to_integer,
        convert_to_long,
        convert_to_float,
        convert_to_double,
        convert_to_string,
        convert_to_list,
        convert_to_map,
        convert_to_struct,
        convert_to_time,
        convert_to_date,
        convert_to_timestamp,
    ];
    for conversion in conversions {
        let _ = conversion(from.schema.as_ref(), &from.value);
    }
    for scale in [0, 2, -3, i32::MAX, i32::MIN] {
        let _ = convert_to_decimal(from.schema.as_ref(), &from.value, scale);
    }
    let _ = infer_schema(&from.value);
    let _ = write_string(&mut String::new(), &from.value);
    let _ = value_text(&from.value);
}
