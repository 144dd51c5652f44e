use std::fmt::Write;

use aqueduct_api::data::SchemaBuilder;
use proptest::prelude::*;

use super::super::JsonConverter;
use super::super::envelope::{BEGIN, MIDDLE};
use super::*;

const SCHEMA: &str = r#"{"type":"struct","optional":false,"fields":[
    {"type":"int8","optional":false,"field":"tiny"},
    {"type":"int32","optional":false,"default":7,"field":"number"},
    {"type":"int64","optional":true,"field":"long"},
    {"type":"float","optional":false,"field":"float"},
    {"type":"double","optional":true,"field":"double"},
    {"type":"boolean","optional":false,"field":"flag"},
    {"type":"string","optional":true,"default":"none","field":"texté"},
    {"type":"bytes","optional":true,"field":"bytes"},
    {"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"},
     "optional":true,"field":"amount"},
    {"type":"int32","name":"org.apache.kafka.connect.data.Date","version":1,"optional":true,"field":"day"},
    {"type":"int64","name":"org.apache.kafka.connect.data.Timestamp","version":1,"optional":true,"field":"at"},
    {"type":"array","items":{"type":"string","optional":true},"optional":true,"field":"list"},
    {"type":"struct","optional":true,"fields":[
     {"type":"string","optional":false,"field":"street"},{"type":"int16","optional":true,"field":"number"}],
     "field":"place"}]}"#;

/// A value for each field, as writers write it.
const PLAIN: [(&str, &str); 13] = [
    ("tiny", "-7"),
    ("number", "4711"),
    ("long", "9007199254740993"),
    ("float", "1.5"),
    ("double", "0.1"),
    ("flag", "true"),
    ("texté", "\"grün und länger als das, was in einem Text liegt\""),
    ("bytes", "\"AQID\""),
    ("amount", "\"ATgg\""),
    ("day", "18000"),
    ("at", "1600000000123"),
    ("list", r#"["a","b"]"#),
    ("place", r#"{"street":"1 Main Street","number":3}"#),
];

/// What may stand for a value: fit for some fields, and not for others; also what is no JSON.
const VALUES: &[&str] = &[
    "null",
    "nul",
    "true",
    "false",
    "trueish",
    "0",
    "-0",
    "007",
    "-",
    "+1",
    "1.",
    ".5",
    "1.50",
    "-1.25",
    "128",
    "65537",
    "2147483648",
    "999999999999999999",
    "9999999999999999999",
    "-9223372036854775808",
    "18446744073709551617",
    "0.30000000000000004",
    "9007199254740993",
    "9007199254740993.0",
    "1.7976931348623157E308",
    "1e400",
    "4.9e-324",
    "1e",
    "1e99999999999",
    "0.000000000000000001",
    "123456789.123456789",
    "3.4028236e38",
    "-0.0",
    "1.0000000596046448",
    r#""""#,
    r#""x""#,
    r#""a\"b\\""#,
    "\"\\u00e9\"",
    r#""é😀""#,
    "\"a\u{1}\"",
    "\"open",
    r#""true""#,
    r#""AQ==""#,
    r#""AR==""#,
    r#""AQ== AQID""#,
    r#""gAAAAAAAAAA=""#,
    r#""AQIDBAUGBwgJCg==""#,
    r#""A""#,
    "[]",
    "[ ]",
    r#"["a",null,"b"]"#,
    r#"["a",]"#,
    r#"[1]"#,
    r#"{"street":"s"}"#,
    r#"{"number":1,"street":"s"}"#,
    r#"{"street":"s","number":70000}"#,
    r#"{"street":"s","street":"t"}"#,
    r#"{"number":1}"#,
    "{}",
    "{ }",
];

fn message(payload: &[u8]) -> Bytes {
    [BEGIN, SCHEMA.as_bytes(), MIDDLE, payload, b"}"].concat().into()
}

fn object<'a>(members: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let members: Vec<_> = members.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

fn outcome(converter: &mut JsonConverter, message: &Bytes) -> String {
    match converter.read(Some(message)) {
        Ok(read) => format!("{read:?}"),
        Err(error) => error.trace().to_string(),
    }
}

/// Reads a message as the first with its schema, which has no plan, and as one that comes behind others. Whether the plan
/// took it.
fn check(message: &Bytes, replace_null: bool) -> bool {
    let mut converter = JsonConverter::default();
    converter.settings.replace_null = replace_null;
    let by_tokens = outcome(&mut converter, message);
    let mut converter = JsonConverter::default();
    converter.settings.replace_null = replace_null;
    converter.read(Some(&self::message(object(PLAIN).as_bytes()))).expect("a good message");
    let read = outcome(&mut converter, message);
    assert_eq!(read, by_tokens, "{}", String::from_utf8_lossy(message));
    let known = converter.reads.of_message(message);
    known.is_some_and(|known| known.read(message, replace_null).is_some())
}

#[test]
fn takes_what_writers_write() {
    assert!(check(&message(object(PLAIN).as_bytes()), true));
    let mut others = PLAIN;
    others.reverse();
    assert!(check(&message(object(others).as_bytes()), true));
    let required = ["tiny", "float", "flag"];
    let few = || PLAIN.into_iter().filter(|(name, _)| required.contains(name));
    for few in [few().collect::<Vec<_>>(), few().rev().collect()] {
        assert!(check(&message(object(few.iter().copied().chain([("number", "1")])).as_bytes()), true));
    }
    assert!(check(&message(object(few()).as_bytes()), true), "a default stands for what is missing");
    assert!(!check(&message(object(few()).as_bytes()), false), "it is required");
}

#[test]
fn leaves_to_tokens_what_is_not_as_planned() {
    let plain = object(PLAIN);
    for strange in [
        "{}".to_owned(),
        "null".to_owned(),
        "[1]".to_owned(),
        format!(" {plain}"),
        plain.replace(":true", ": true"),
        plain.replace(',', ", "),
        plain.replace("tiny", "t\\u0069ny"),
        plain.replace("1600000000123", "1600000000123.0"),
        plain.replace("{\"tiny", "{\"other\":1,\"tiny"),
        plain.replace("\"place\"", "\"tiny\":2,\"place\""),
        plain.replace("}}", "},\"tiny\":2}"),
        plain.replace("}}", "}"),
        plain.replace("}}", "},}"),
        format!("{plain},\"payload\":{plain}"),
        format!("{plain},\"more\":1"),
    ] {
        assert!(!check(&message(strange.as_bytes()), true), "{strange}");
    }
}

#[test]
fn each_value_in_each_field() {
    for at in 0..PLAIN.len() {
        for value in VALUES {
            let mut members = PLAIN;
            members[at].1 = value;
            for replace_null in [true, false] {
                check(&message(object(members).as_bytes()), replace_null);
            }
        }
    }
}

#[test]
fn texts_that_are_no_utf8() {
    for text in [&b"\xff"[..], b"\xc0\x80", b"\xed\xa0\x80", b"\xc3", b"\xf4\x90\x80\x80", b"\xc3\xa9"] {
        let payload = object(PLAIN).replace("AQID", "");
        let (before, behind) = payload.split_once("grün").expect("a text");
        let payload = [before.as_bytes(), text, behind.as_bytes()].concat();
        assert_eq!(check(&message(&payload), true), text == b"\xc3\xa9");
    }
}

#[test]
fn what_stands_behind_the_envelope() {
    let mut bytes = message(object(PLAIN).as_bytes()).to_vec();
    bytes.extend_from_slice(b" and more");
    assert!(check(&bytes.clone().into(), true), "nobody looks at it");
    bytes.truncate(bytes.len() - b"} and more".len());
    assert!(!check(&bytes.into(), true));
}

#[test]
fn schemas_without_a_plan() {
    let structure = |name: &'static str, field: Schema| {
        SchemaBuilder::structure().field(name, field).build().expect("a schema")
    };
    assert!(Plan::new(&structure("a", Schema::INT32), true).is_some());
    let map = SchemaBuilder::map(Schema::STRING, Schema::INT32).build().expect("a schema");
    assert!(Plan::new(&structure("a", map.clone()), true).is_none());
    assert!(Plan::new(&map, true).is_none());
    assert!(Plan::new(&Schema::STRING, true).is_none());
    for name in ["a\":1,\"b", "a\\", "a\n"] {
        assert!(
            Plan::new(&structure(name, Schema::INT32), true).is_none(),
            "{name:?} is not written as it is"
        );
    }
    let unscaled = SchemaBuilder::new(Type::Bytes).name(Logical::Decimal.schema_name()).build();
    assert!(Plan::new(&structure("a", unscaled.expect("a schema")), true).is_none());
    let deep = (0..100).fold(Schema::INT32, |inner, _| structure("a", inner));
    assert!(Plan::new(&deep, true).is_none());
}

#[test]
fn more_fields_than_a_word_has_bits() {
    let names: Vec<String> = (0..70).map(|number| format!("f{number}")).collect();
    let mut builder = SchemaBuilder::structure();
    for name in &names {
        builder = builder.field(name.as_str(), Schema::INT32);
    }
    let plan = Plan::new(&builder.build().expect("a schema"), true).expect("a plan");
    let read = |names: &mut dyn Iterator<Item = &String>| {
        let mut json = String::new();
        for name in names {
            let begin = if json.is_empty() { '{' } else { ',' };
            write!(json, "{begin}\"{name}\":{}", &name[1..]).expect("a text takes it");
        }
        plan.read(&(json + "}").into(), 0).is_some()
    };
    assert!(read(&mut names.iter()));
    assert!(!read(&mut names.iter().rev()));
    assert!(!read(&mut names.iter().take(69)));
}

#[test]
fn all_fields_of_the_widest_struct_in_any_order() {
    let names: Vec<String> = (0..UNORDERED_MAX).map(|number| format!("f{number}")).collect();
    let mut builder = SchemaBuilder::structure();
    for name in &names {
        builder = builder.field(name.as_str(), Schema::optional_bare(Type::Int32));
    }
    let plan = Plan::new(&builder.build().expect("a schema"), true).expect("a plan");
    let json: Vec<_> = names.iter().rev().map(|name| format!("\"{name}\":{}", &name[1..])).collect();
    let read = plan.read(&format!("{{{}}}", json.join(",")).into(), 0);
    let expected = (0..64).map(Value::Int32).collect::<Vec<_>>();
    assert_eq!(read.expect("a struct").0.as_struct().expect("a struct").values(), expected);
}

fn member() -> impl Strategy<Value = (String, String)> {
    let name = (0..PLAIN.len()).prop_map(|at| PLAIN[at].0.to_owned());
    let name = prop_oneof![9 => name, 1 => Just("other".to_owned()), 1 => Just("t\\u0069ny".to_owned())];
    (name, (0..VALUES.len()).prop_map(|at| VALUES[at].to_owned()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Members in another order, left out, with other values, twice, and unknown ones.
    #[test]
    fn a_plan_gives_what_tokens_give(
        keep in proptest::collection::vec(prop::bool::weighted(0.9), PLAIN.len()),
        turn in 0..PLAIN.len(),
        shuffled in prop::bool::ANY,
        extra in proptest::collection::vec(member(), 0..3),
        changed in proptest::collection::vec((any::<prop::sample::Index>(), 0..VALUES.len()), 0..2),
        replace_null in prop::bool::ANY,
    ) {
        let mut members: Vec<(String, String)> = PLAIN
            .iter()
            .zip(&keep)
            .filter(|(_, keep)| **keep)
            .map(|((name, value), _)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        if shuffled && !members.is_empty() {
            let turn = turn % members.len();
            members.rotate_left(turn);
        }
        for (at, value) in changed {
            if !members.is_empty() {
                let at = at.index(members.len());
                members[at].1 = VALUES[value].to_owned();
            }
        }
        members.extend(extra);
        let payload = object(members.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        check(&message(payload.as_bytes()), replace_null);
    }

    /// Any bytes changed, and any end.
    #[test]
    fn spoilt_payloads(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), prop_oneof![any::<u8>(), Just(b' '), Just(b'"'), Just(b'\\'), Just(b','), Just(b'}'), Just(b'0')]), 1..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut payload = object(PLAIN).into_bytes();
        for (at, byte) in changes {
            let at = at.index(payload.len());
            payload[at] = byte;
        }
        if let Some(cut) = cut {
            payload.truncate(cut.index(payload.len()));
        }
        check(&message(&payload), true);
    }

    /// Every double and float as Java and Rust write them.
    #[test]
    fn floating_point_numbers(double in any::<f64>(), float in any::<f32>(), digits in 0_i64..1 << 60, scale in 0_usize..18) {
        let digits = format!("{digits:019}");
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let point = if scale == 0 { whole.to_owned() } else { format!("{whole}.{fraction}") };
        for number in [format!("{double}"), format!("{double:e}"), format!("{float}"), format!("{float:e}"), point] {
            let mut members = PLAIN;
            (members[3].1, members[4].1) = (&number, &number);
            check(&message(object(members).as_bytes()), true);
        }
    }
}
