//! The transformations: a class and its configuration on the first line, a JSON message behind it.

use aqueduct_api::{ConfigMap, Origin, Record, SchemaAndValue};

use super::plugin::{converter, read, transformation};
use crate::target::{Target, text, texts};

pub(crate) const TARGET: Target = Target {
    name: "transforms",
    corpus,
    words: &[
        "Cast$Value",
        "Cast$Key",
        "ExtractField$Value",
        "Flatten$Value",
        "HeaderFrom$Value",
        "HoistField$Value",
        "InsertField$Value",
        "InsertHeader",
        "DropHeaders",
        "MaskField$Value",
        "RegexRouter",
        "ReplaceField$Value",
        "SetSchemaMetadata$Value",
        "TimestampConverter$Value",
        "TimestampRouter",
        "ValueToKey",
        "ExtractNewRecordState",
        "ByLogicalTableRouter",
        ";",
        "=",
        ",",
        ":",
        "spec=",
        "field=",
        "fields=",
        "field.syntax.version=V2",
        "`",
        ".",
        "a",
        "a.b",
        "int8",
        "string",
        "target.type=string",
        "format=",
        "yyyy",
        "\n",
        "{",
        "}",
        "[",
        "]",
        "\"a\"",
        "null",
        "1e1000000000",
        "\"2020\"",
        "1.5",
        "true",
        "{\"a\":",
        "[[",
        "é",
        "\u{0}",
    ],
    run,
};

const RECORD: &str = r#"{"schema":{"type":"struct","name":"t.Envelope","fields":[
{"type":"struct","fields":[{"type":"int32","field":"id"},{"type":"string","optional":true,"field":"a"}],"optional":true,"field":"before"},
{"type":"struct","fields":[{"type":"int32","field":"id"},{"type":"string","optional":true,"field":"a"}],"optional":true,"field":"after"},
{"type":"struct","fields":[{"type":"int64","field":"ts_ms"},{"type":"string","field":"table"}],"field":"source"},
{"type":"string","field":"op"},{"type":"int64","optional":true,"field":"ts_ms"}]},
"payload":{"before":null,"after":{"id":1,"a":"x"},"source":{"ts_ms":5,"table":"t"},"op":"c","ts_ms":7}}"#;

fn corpus() -> Vec<Vec<u8>> {
    let mut corpus = texts(&[
        "Cast$Value spec=a:int8,b:string\n{\"a\":1.5,\"b\":[1]}",
        "Cast$Value spec=int32\n\"1e1000000000\"",
        "ExtractField$Value field=a.`b.c`;field.syntax.version=V2\n{\"a\":{\"b.c\":1}}",
        "Flatten$Value delimiter=_\n{\"a\":{\"b\":{\"c\":1}},\"d\":null}",
        "MaskField$Value fields=a;replacement=1e1000000000\n{\"a\":1,\"b\":\"x\"}",
        "TimestampConverter$Value target.type=string;format=yyyy-MM-dd;field=a\n{\"a\":1600000000000}",
        "TimestampConverter$Value target.type=unix;format=yyyy;field=a;unix.precision=nanoseconds\n{\"a\":\"2020\"}",
        "ReplaceField$Value exclude=a;renames=b:c\n{\"a\":1,\"b\":2}",
        "ValueToKey fields=a,b\n{\"a\":1,\"b\":{}}",
        "HeaderFrom$Value fields=a;headers=h;operation=move\n{\"a\":[1,2]}",
        "InsertHeader header=h;value.literal=[1,{\"a\":2}]\n1",
        "TimestampRouter topic.format=${topic}-${timestamp};timestamp.format=yyyyMMdd\n1",
    ]);
    for class in [
        "ExtractNewRecordState add.fields=op,source.ts_ms:at;delete.tombstone.handling.mode=rewrite",
        "ByLogicalTableRouter topic.regex=(.*);topic.replacement=all-$1;key.enforce.uniqueness=true",
        "SetSchemaMetadata$Value schema.name=n;schema.version=2",
        "InsertField$Value static.field=s;static.value=v;topic.field=t!",
        "HoistField$Value field=h",
    ] {
        corpus.push(format!("{class}\n{RECORD}").into_bytes());
    }
    corpus
}

fn run(bytes: &[u8]) {
    let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
    let head = text(lines.next().unwrap_or_default()).into_owned();
    let (class, settings) = head.split_once(' ').unwrap_or((&head, ""));
    let Some(mut transformation) = transformation(class) else { return };
    let config: ConfigMap = settings.split(';').filter_map(|setting| setting.split_once('=')).collect();
    if transformation.configure(&config).is_err() {
        return;
    }
    let message = lines.next().unwrap_or_default();
    for schemas in ["true", "false"] {
        let config = ConfigMap::from([("schemas.enable", schemas)]);
        let mut converter = converter(aqueduct_converters::plugins(), "JsonConverter", &config);
        let Ok(SchemaAndValue { schema, value }) = read(&mut *converter, message) else { continue };
        let mut record =
            Record::new("topic").with_key(schema.clone(), value.clone()).with_value(schema, value);
        record.timestamp = Some(1_600_000_000_000);
        // The second time, what it remembers of the schema is used.
        for _ in 0..2 {
            let origin = Origin::Source { partition: None, offset: None };
            let _ = transformation.applied(record.clone(), origin);
        }
    }
}
