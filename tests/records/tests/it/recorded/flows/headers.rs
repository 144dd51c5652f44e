//! CV-24: values of headers through every converter that can be had for them.

use aqueduct_testkit::NewRecord;

use super::super::flow::{BYTES, Flow, JSON, SIMPLE_HEADER, STRING};

/// Texts that `SimpleHeaderConverter` and `InsertHeader` make of all that there is, a line each.
const LITERALS: &str = include_str!("../../../../testdata/literals.txt");

/// A converter, and the names of its flows.
const CONVERTERS: [(&str, [&str; 3]); 4] = [
    (SIMPLE_HEADER, ["literals-simple", "typed-simple", "read-simple"]),
    (STRING, ["literals-string", "typed-string", "read-string"]),
    (JSON, ["literals-json", "typed-json", "read-json"]),
    (BYTES, ["literals-bytes", "typed-bytes", "read-bytes"]),
];

pub(super) fn flows() -> Vec<Flow> {
    let mut flows = Vec::new();
    for (class, [literals, typed, read]) in CONVERTERS {
        let all = [self::literals(literals), self::typed(typed), self::read(read)];
        let [written, typed, read] = all.map(|flow| flow.converter("header", class));
        // Bytes are what no literal and no field is.
        let fails = class == BYTES;
        flows.extend([written, typed].map(|flow| if fails { flow.failing() } else { flow }));
        flows.push(read);
    }
    let numeric = literals("literals-json-numeric").converter("header", JSON);
    flows.push(numeric.with("header.converter.decimal.format", "NUMERIC"));
    flows.push(moved());
    flows
}

/// A header for each literal, in a record of a source.
fn literals(name: &'static str) -> Flow {
    let flow = Flow::file("CV-24", name, "x\n");
    LITERALS.lines().enumerate().fold(flow, |flow, (number, literal)| {
        flow.transform("InsertHeader", &[("header", &format!("h{number}")), ("value.literal", literal)])
    })
}

/// Headers of the types that the fields of a struct have.
fn typed(name: &'static str) -> Flow {
    let fields = "boolean,int,long,float,double,string";
    Flow::made("CV-24", name, "SchemaSourceConnector", 2)
        .converter("value", JSON)
        .transform("InsertField$Value", &[("static.field", "string"), ("static.value", "ghi")])
        .transform("HeaderFrom$Value", &[("fields", fields), ("headers", fields), ("operation", "copy")])
}

/// A record for each header: the line of one whose header can't be read is missing.
fn read(name: &'static str) -> Flow {
    let envelopes = [
        r#"{"schema":{"type":"int32","optional":false},"payload":7}"#,
        r#"{"schema":{"type":"string","optional":true},"payload":null}"#,
        r#"{"schema":null,"payload":{"a":[1,2]}}"#,
        r#"{"payload":1}"#,
    ];
    let binary: [&[u8]; 3] = [&[], &[0xff, 0xfe], &[0, 1, 2]];
    let texts = LITERALS.lines().chain(envelopes).map(str::as_bytes).chain(binary);
    let records =
        texts.enumerate().map(|(number, header)| NewRecord::value(number.to_string()).header("h", header));
    let nothing = NewRecord { headers: vec![("h".to_owned(), None)], ..NewRecord::value("a null") };
    Flow::sink("CV-24", name, records.chain([nothing])).tolerating()
}

/// Fields become headers, headers come and go, and the rest of the value becomes a line.
fn moved() -> Flow {
    let value = r#"{"schema":{"type":"struct","fields":[{"field":"a","type":"int32"},{"field":"b","type":"string","optional":true},{"field":"c","type":"array","items":{"type":"int8"}}]},"payload":{"a":1,"b":null,"c":[1,2]}}"#;
    Flow::sink("CV-24", "moved", [NewRecord::value(value).header("old", "1")])
        .converter("value", JSON)
        .predicate("old", "HasHeaderKey", &[("name", "old")])
        .predicate("new", "HasHeaderKey", &[("name", "new")])
        .transform("HeaderFrom$Value", &[("fields", "a,b"), ("headers", "a,b"), ("operation", "move")])
        .transform("InsertHeader", &[("header", "new"), ("value.literal", "[1,2]")])
        .transform("DropHeaders", &[("headers", "old")])
        .transform("Filter", &[("predicate", "old")])
        .transform("Filter", &[("predicate", "new"), ("negate", "true")])
}
