//! Bytes that nobody meant as a message.

use aqueduct_api::{ConfigMap, Converter, Error};
use bytes::Bytes;
use proptest::prelude::*;

use crate::{converter, header_converter, read, write};

const ENVELOPE: &str = r#"{"schema":{"type":"struct","fields":[
    {"type":"int32","optional":false,"default":7,"field":"id"},
    {"type":"string","optional":true,"field":"name"},
    {"type":"bytes","optional":true,"name":"org.apache.kafka.connect.data.Decimal","version":1,
     "parameters":{"scale":"2"},"field":"amount"},
    {"type":"int64","optional":true,"name":"org.apache.kafka.connect.data.Timestamp","version":1,"field":"at"},
    {"type":"map","keys":{"type":"int8","optional":false},"values":{"type":"double","optional":true},
     "optional":true,"field":"map"},
    {"type":"array","items":{"type":"bytes","optional":true},"optional":true,"field":"list"}],
    "optional":true,"name":"r","version":1,"doc":"d"},
    "payload":{"id":1,"name":"x\u00e9😀","amount":"AJw=","at":1600000000000,"map":[[1,2.5],[2,null]],"list":["AQ==",null]}}"#;

/// What reads can be written, whatever the bytes were.
fn survives(converter: &mut dyn Converter, bytes: &[u8]) -> Result<(), Error> {
    let value = read(converter, Some(&Bytes::copy_from_slice(bytes)))?;
    write(converter, value.schema.as_ref(), &value.value).map(drop)
}

fn all_survive(bytes: &[u8]) {
    let configs = [
        ConfigMap::new(),
        ConfigMap::from([("schemas.enable", "false")]),
        ConfigMap::from([("decimal.format", "numeric"), ("replace.null.with.default", "false")]),
        ConfigMap::from([(
            "schema.content",
            r#"{"type":"map","keys":{"type":"string"},"values":{"type":"int8"}}"#,
        )]),
    ];
    for config in configs {
        let mut json = converter("JsonConverter", &config).expect("a configuration");
        // The message before is one that the bytes may share their beginning with.
        survives(&mut *json, ENVELOPE.as_bytes()).ok();
        survives(&mut *json, bytes).ok();
    }
    let none = ConfigMap::new();
    for name in ["StringConverter", "ByteArrayConverter", "LongConverter", "BooleanConverter"] {
        let mut converter = converter(name, &none).expect("a configuration");
        survives(&mut *converter, bytes).ok();
    }
    let mut header = header_converter("SimpleHeaderConverter", &none).expect("a configuration");
    header.to_connect_header("t", "h", Some(&Bytes::copy_from_slice(bytes))).ok();
}

fn json_like() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just("\""),
        Just("\\"),
        Just("\\u"),
        Just("d83d"),
        Just("null"),
        Just("true"),
        Just("-"),
        Just("0"),
        Just("1.5"),
        Just("e9"),
        Just(" "),
        Just("\"schema\""),
        Just("\"payload\""),
        Just("\"type\""),
        Just("\"struct\""),
        Just("\"int8\""),
        Just("\u{0}"),
        Just("é"),
        Just("😀"),
    ];
    proptest::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        all_survive(&bytes);
    }

    #[test]
    fn words_of_json(text in json_like()) {
        all_survive(text.as_bytes());
    }

    #[test]
    fn a_spoilt_envelope(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
                         cut in any::<prop::sample::Index>(), cut_it in any::<bool>()) {
        let mut bytes = ENVELOPE.as_bytes().to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if cut_it {
            bytes.truncate(cut.index(bytes.len()));
        }
        all_survive(&bytes);
    }
}

/// Neither opening brackets nor members of equal hashes nor long numbers cost more than their bytes.
#[test]
fn hostile_messages_are_cheap() {
    let started = std::time::Instant::now();
    let colliding = |count: usize| {
        // Every text of these blocks has one hash code in Java.
        let names = (0..count).map(|number| {
            let text: String = (0..16).map(|bit| if number >> bit & 1 == 1 { "Aa" } else { "BB" }).collect();
            format!("\"{text}\":{number}")
        });
        format!("{{{}}}", names.collect::<Vec<_>>().join(","))
    };
    let pairs = |key_schema: &str, key: &dyn Fn(u64) -> String| {
        let entries: Vec<_> = (0..20_000).map(|number| format!("[{},1]", key(number))).collect();
        let entries = entries.join(",");
        format!(
            "{{\"schema\":{{\"type\":\"map\",\"keys\":{key_schema},\"values\":{{\"type\":\"int8\"}}}},\"payload\":[{entries}]}}"
        )
    };
    for message in [
        pairs(r#"{"type":"int64"}"#, &|number| (number << 32 | number).to_string()),
        pairs(r#"{"type":"struct","fields":[{"type":"int32","field":"a"}]}"#, &|number| {
            format!("{{\"a\":{number}}}")
        }),
        "[".repeat(1_000_000),
        "{\"a\":".repeat(500_000),
        "9".repeat(1_000_000),
        format!("1e{}", "9".repeat(100_000)),
        format!("[{}]", ["1e2147483647"; 10_000].join(",")),
        colliding(10_000),
        format!("\"{}\"", "\\u00e9".repeat(200_000)),
    ] {
        all_survive(message.as_bytes());
    }
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}
