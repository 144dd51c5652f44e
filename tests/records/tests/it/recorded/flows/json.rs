//! CV-25, CV-27 and CV-28: JSON with schemas, read by a sink.

use aqueduct_testkit::NewRecord;

use super::super::flow::{Flow, JSON};
use super::numbered;

pub(super) fn flows() -> Vec<Flow> {
    let mut flows = vec![
        sink("CV-25", "scalars", scalars()),
        sink("CV-25", "logical", logical()),
        sink("CV-25", "logical-numeric", logical()).with("value.converter.decimal.format", "NUMERIC"),
        sink("CV-25", "structs", structs()),
        sink("CV-25", "bad-envelopes", bad_envelopes()).dead_letters(),
        sink("CV-25", "bad-envelope", bad_envelopes()).failing(),
        sink("CV-25", "bare", bare()).with("value.converter.schemas.enable", "false"),
    ];
    flows.extend(defaults());
    flows.extend(set_schemas());
    flows
}

fn sink(case: &'static str, name: &'static str, messages: Vec<String>) -> Flow {
    Flow::sink(case, name, numbered(messages)).converter("value", JSON)
}

fn message(schema: &str, payload: &str) -> String {
    format!(r#"{{"schema":{schema},"payload":{payload}}}"#)
}

/// Each payload by itself, and as the field of a struct.
fn both(schema: &str, payloads: &[&str]) -> Vec<String> {
    let mut all: Vec<String> = payloads.iter().map(|payload| message(schema, payload)).collect();
    let field = schema.replacen('{', r#"{"field":"f","#, 1);
    let structure = format!(r#"{{"type":"struct","fields":[{field}]}}"#);
    all.extend(payloads.iter().map(|payload| message(&structure, &format!(r#"{{"f":{payload}}}"#))));
    all
}

fn each(cases: &[(&str, &[&str])]) -> Vec<String> {
    cases.iter().flat_map(|(schema, payloads)| both(schema, payloads)).collect()
}

fn scalars() -> Vec<String> {
    each(&[
        (r#"{"type":"boolean"}"#, &["true", "false"]),
        (r#"{"type":"int8"}"#, &["-128", "127"]),
        (r#"{"type":"int16"}"#, &["-32768"]),
        (r#"{"type":"int32"}"#, &["2147483647"]),
        (r#"{"type":"int64"}"#, &["-9223372036854775808"]),
        (r#"{"type":"float"}"#, &["0.1", "1e10", "16777217", "-0.0"]),
        (r#"{"type":"double"}"#, &["0.1", "1e21", "1e-7", "100", "12345678.9"]),
        (r#"{"type":"string"}"#, &[r#""""#, r#""a \"b\" żółw""#]),
        (r#"{"type":"bytes"}"#, &[r#""YWJj""#, r#""""#]),
        (r#"{"type":"string","optional":true}"#, &["null"]),
        (r#"{"type":"array","items":{"type":"int32"}}"#, &["[]", "[1,2]"]),
        (r#"{"type":"array","items":{"type":"string","optional":true}}"#, &[r#"["a",null]"#]),
        (
            r#"{"type":"map","keys":{"type":"string"},"values":{"type":"int32"}}"#,
            &["{}", r#"{"b":1,"a":2,"key with spaces":3}"#],
        ),
        (
            r#"{"type":"map","keys":{"type":"int32"},"values":{"type":"string","optional":true}}"#,
            &[r#"[[17,"x"],[2,null],[33,"y"]]"#],
        ),
    ])
}

fn logical() -> Vec<String> {
    const DECIMAL: &str = r#"{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"}}"#;
    const LARGE: &str = r#"{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"-3"}}"#;
    const DATE: &str = r#"{"type":"int32","name":"org.apache.kafka.connect.data.Date","version":1}"#;
    const TIME: &str = r#"{"type":"int32","name":"org.apache.kafka.connect.data.Time","version":1}"#;
    const TIMESTAMP: &str =
        r#"{"type":"int64","name":"org.apache.kafka.connect.data.Timestamp","version":1}"#;
    each(&[
        (DECIMAL, &[r#""AfvL""#, r#""/w==""#, r#""AA==""#, "1299.95", "5.00", "-0.01"]),
        (LARGE, &[r#""AfvL""#]),
        (DATE, &["0", "-1", "19782", "-141428"]),
        (TIME, &["0", "45296789", "86399999"]),
        (TIMESTAMP, &["0", "-1", "1709210096789", "-12219292800001"]),
        (r#"{"type":"int64","name":"org.example.Unknown","version":1}"#, &["7"]),
        (r#"{"type":"string","name":"io.debezium.data.Json","version":1}"#, &[r#""{}""#]),
    ])
}

fn structs() -> Vec<String> {
    const INNER: &str = r#"{"type":"struct","optional":true,"name":"n.Inner","fields":[{"field":"x","type":"int32"},{"field":"y","type":"array","items":{"type":"string"}}]"#;
    let outer = |last: &str| {
        format!(
            r#"{{"type":"struct","name":"n.Outer","fields":[{{"field":"id","type":"int64"}},{INNER},"field":"inner"}},{last}]}}"#
        )
    };
    let map = r#"{"field":"m","type":"map","keys":{"type":"string"},"values":{"type":"struct","fields":[{"field":"v","type":"bytes","optional":true}]}}"#;
    let list = format!(r#"{{"field":"l","type":"array","items":{INNER}}}}}"#);
    let text = r#"{"field":"t","type":"string","optional":true}"#;
    vec![
        message(
            &outer(map),
            r#"{"id":1,"inner":{"x":7,"y":["a","b"]},"m":{"k":{"v":"YWJj"},"j":{"v":null}}}"#,
        ),
        message(&outer(&list), r#"{"id":1,"inner":null,"l":[{"x":1,"y":[]},null]}"#),
        message(&outer(text), r#"{"id":1}"#),
        message(&outer(text), r#"{"t":"a","inner":{"y":[],"x":0},"id":-1,"unknown":true}"#),
        message(r#"{"type":"struct","fields":[]}"#, "{}"),
        message(r#"{"type":"struct","optional":true,"fields":[]}"#, "null"),
    ]
}

fn bad_envelopes() -> Vec<String> {
    let int = r#"{"type":"int32"}"#;
    let structure = r#"{"type":"struct","fields":[{"field":"f","type":"int32"}]}"#;
    let mut all: Vec<String> = [
        "{}",
        "7",
        "null",
        r#"{"schema":null,"payload":7}"#,
        r#"{"payload":7}"#,
        r#"{"schema":{"type":"int32"}}"#,
        r#"{"schema":{"type":"int32"},"payload":7,"more":1}"#,
        r#"{"schema":{},"payload":7}"#,
        r#"{"schema":{"type":"none"},"payload":7}"#,
        r#"{"schema":{"type":7},"payload":7}"#,
        r#"{"schema":{"type":"array"},"payload":[]}"#,
        r#"{"schema":{"type":"struct"},"payload":{}}"#,
        r#"{"schema":"int32","payload":7}"#,
        "not json",
        r#"{"schema":"#,
        "",
    ]
    .map(str::to_owned)
    .to_vec();
    all.extend(
        ["null", "true", r#""x""#, "1.5", "[]", "{}", "99999999999"].map(|payload| message(int, payload)),
    );
    all.extend(
        ["{}", r#"{"f":null}"#, r#"{"f":"x"}"#, "[]", "7", "null"].map(|payload| message(structure, payload)),
    );
    all.push(message(r#"{"type":"bytes"}"#, r#""not base 64!""#));
    all.push(message(r#"{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal"}"#, r#""AA==""#));
    all.push(message(r#"{"type":"int32","name":"org.apache.kafka.connect.data.Date"}"#, r#""x""#));
    all
}

fn bare() -> Vec<String> {
    [
        "null",
        "true",
        "7",
        "-0",
        "1.5",
        "1e3",
        "9223372036854775808",
        r#""a""#,
        "[]",
        r#"[1,"a",null,{"b":[]}]"#,
        "{}",
        r#"{"z":1,"y":{"x":null},"w":[true],"v":0.1}"#,
        r#"{"schema":{"type":"int32"},"payload":7}"#,
        r#"{"a":1,"a":2}"#,
    ]
    .map(str::to_owned)
    .to_vec()
}

/// Nulls where there are defaults.
fn defaults() -> Vec<Flow> {
    let field = |name: &str, more: &str| format!(r#"{{"field":"{name}","type":"int32",{more}}}"#);
    let structure = format!(
        r#"{{"type":"struct","fields":[{},{},{}]}}"#,
        field("o", r#""optional":true,"default":7"#),
        field("r", r#""optional":false,"default":8"#),
        field("n", r#""optional":true"#)
    );
    let top = r#"{"type":"string","optional":true,"default":"d"}"#;
    let list = r#"{"type":"array","items":{"type":"int32","optional":true,"default":9}}"#;
    let messages = || {
        vec![
            message(&structure, r#"{"o":null,"r":null,"n":null}"#),
            message(&structure, r#"{"o":1,"r":2,"n":3}"#),
            message(&structure, "{}"),
            message(top, "null"),
            message(top, r#""x""#),
            message(list, "[1,null]"),
        ]
    };
    let replace = "value.converter.replace.null.with.default";
    let one = "value.converter.schemas.cache.size";
    let schemas = Flow::made("CV-27", "cache-of-one-source", "SchemaSourceConnector", 6)
        .converter("value", JSON)
        .with("multiple.schema", "true")
        .with(one, "1");
    vec![
        sink("CV-27", "defaults", messages()).dead_letters(),
        sink("CV-27", "defaults-kept-null", messages()).with(replace, "false").dead_letters(),
        sink("CV-27", "defaults-required", vec![message(&structure, "{}")]).with(replace, "false").failing(),
        // Nulls pass the converter, and the transformation decides about them.
        sink("CV-27", "defaults-transformed", messages()[..3].to_vec())
            .with(replace, "false")
            .tolerating()
            .transform("Cast$Value", &[("spec", "o:string")]),
        sink("CV-27", "cache-of-one", messages()).with(one, "1").dead_letters(),
        schemas,
    ]
}

/// `schema.content` (KIP-1054).
fn set_schemas() -> Vec<Flow> {
    const KEY: &str = "value.converter.schema.content";
    let content = r#"{"type":"struct","fields":[{"field":"a","type":"int32"},{"field":"b","type":"string","optional":true,"default":"d"}]}"#;
    let payloads = || {
        [
            r#"{"a":1,"b":"x"}"#,
            r#"{"a":2}"#,
            r#"{"b":"x"}"#,
            r#"{"a":"x"}"#,
            r#"{"schema":{"type":"int32"},"payload":{"a":3}}"#,
            r#"{"payload":{"a":4}}"#,
            "null",
            "7",
            "nonsense",
        ]
        .map(str::to_owned)
        .to_vec()
    };
    let source = |name| {
        Flow::made("CV-28", name, "SchemaSourceConnector", 2).converter("value", JSON).with(KEY, content)
    };
    let empty = NewRecord { value: None, ..NewRecord::value("") };
    vec![
        sink("CV-28", "set-schema", payloads()).with(KEY, content).dead_letters(),
        sink("CV-28", "set-schema-unused", payloads())
            .with(KEY, content)
            .with("value.converter.schemas.enable", "false")
            .tolerating(),
        Flow::sink("CV-28", "set-schema-tombstone", [empty]).converter("value", JSON).with(KEY, content),
        sink("CV-28", "set-schema-empty", vec![message(r#"{"type":"int32"}"#, "7")]).with(KEY, ""),
        sink("CV-28", "set-schema-bad", vec!["7".to_owned()]).with(KEY, r#"{"type":"none"}"#).failing(),
        source("set-schema-source"),
        source("set-schema-source-bare").with("value.converter.schemas.enable", "false"),
    ]
}
