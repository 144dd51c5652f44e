//! `JsonConverter`

use aqueduct_api::ConfigMap;

use super::plugin::{converter, read, write};
use crate::target::{Target, texts};

pub(crate) const TARGET: Target = Target {
    name: "json",
    corpus,
    words: &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u",
        "d83d",
        "null",
        "true",
        "false",
        "-",
        "0",
        "9",
        "1.5",
        "e9",
        "1e1000000000",
        "1e-1000000000",
        " ",
        "\"schema\"",
        "\"payload\"",
        "\"type\"",
        "\"struct\"",
        "\"fields\"",
        "\"field\"",
        "\"int8\"",
        "\"int64\"",
        "\"array\"",
        "\"items\"",
        "\"map\"",
        "\"keys\"",
        "\"values\"",
        "\"optional\"",
        "\"default\"",
        "\"name\"",
        "\"parameters\"",
        "\"bytes\"",
        "{\"schema\":{\"type\":\"array\",\"items\":",
        "{\"a\":",
        "\u{0}",
        "é",
        "😀",
        "\u{feff}",
    ],
    run,
};

const ENVELOPE: &str = r#"{"schema":{"type":"struct","fields":[
    {"type":"int32","optional":false,"default":7,"field":"id"},
    {"type":"string","optional":true,"field":"name"},
    {"type":"bytes","optional":true,"name":"org.apache.kafka.connect.data.Decimal","version":1,
     "parameters":{"scale":"2"},"field":"amount"},
    {"type":"int64","optional":true,"name":"org.apache.kafka.connect.data.Timestamp","version":1,"field":"at"},
    {"type":"int32","optional":true,"name":"org.apache.kafka.connect.data.Date","version":1,"field":"day"},
    {"type":"int32","optional":true,"name":"org.apache.kafka.connect.data.Time","version":1,"field":"time"},
    {"type":"map","keys":{"type":"int8","optional":false},"values":{"type":"double","optional":true},
     "optional":true,"field":"map"},
    {"type":"array","items":{"type":"bytes","optional":true},"optional":true,"field":"list"},
    {"type":"struct","fields":[{"type":"float","optional":true,"field":"f"}],"optional":true,"field":"inner"}],
    "optional":true,"name":"r","version":1,"doc":"d"},
    "payload":{"id":1,"name":"x\u00e9😀","amount":"AJw=","at":1600000000000,"day":1,"time":5,
    "map":[[1,2.5],[2,null]],"list":["AQ==",null],"inner":{"f":1.5}}}"#;

fn corpus() -> Vec<Vec<u8>> {
    texts(&[
        ENVELOPE,
        r#"{"schema":{"type":"map","keys":{"type":"string"},"values":{"type":"int64"}},"payload":{"a":1,"b":2}}"#,
        r#"{"schema":{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"-2147483648"}},"payload":"AQ=="}"#,
        r#"{"schema":null,"payload":{"a":[1,2.5,"x",null,true,{"b":12345678901234567890}]}}"#,
        r#"{"a":1,"a":2,"Aa":1,"BB":2,"n":1e400,"m":-0.0,"o":123456789012345678901234567890.5}"#,
        r#"["AQ==",[[[[[]]]]],{"a":{"b":{"c":{}}}}]"#,
        "null",
        "\"\\ud83d\\ude00\\u0000\"",
        "1e1000000000",
    ])
}

fn run(bytes: &[u8]) {
    const CONFIGS: [&[(&str, &str)]; 4] = [
        &[],
        &[("schemas.enable", "false")],
        &[("decimal.format", "numeric"), ("replace.null.with.default", "false")],
        &[("schema.content", r#"{"type":"map","keys":{"type":"string"},"values":{"type":"int8"}}"#)],
    ];
    for config in CONFIGS {
        let config: ConfigMap = config.iter().copied().collect();
        let mut converter = converter(aqueduct_converters::plugins(), "JsonConverter", &config);
        // The message before is one that the bytes may share their beginning with.
        let _ = read(&mut *converter, ENVELOPE.as_bytes());
        if let Ok(read) = read(&mut *converter, bytes) {
            let _ = write(&mut *converter, read.schema.as_ref(), &read.value);
        }
    }
}
