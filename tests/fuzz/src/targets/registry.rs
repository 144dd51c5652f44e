//! The converters whose schemas lie in a registry; here it lies in memory.

use std::sync::OnceLock;

use aqueduct_api::data::{Decimal, Logical, Map};
use aqueduct_api::{ConfigMap, Converter, Schema, SchemaBuilder, Struct, Type, Value};

use super::plugin::{self, read, write};
use crate::target::Target;

type Corpus = OnceLock<Vec<Vec<u8>>>;

/// A magic byte and the numbers of schemas; varints; a GUID's beginning.
const WORDS: &[&str] = &[
    "\u{0}\u{0}\u{0}\u{0}\u{1}",
    "\u{0}\u{0}\u{0}\u{0}\u{2}",
    "\u{0}\u{0}\u{0}\u{0}\u{3}",
    "\u{0}\u{0}\u{0}\u{0}\u{4}",
    "\u{0}\u{0}\u{0}\u{0}\u{5}",
    "\u{0}\u{0}\u{0}\u{0}\u{7f}",
    "\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}",
    "\u{0}",
    "\u{1}",
    "\u{2}",
    "\u{7f}",
    "\u{a}\u{2}",
    "a",
    "{\"id\":1,\"tags\":[]}",
    "[[[[",
    "{\"a\":",
    "1e1000000000",
    "null",
];

pub(crate) const AVRO: Target = Target {
    name: "avro",
    corpus: || {
        static CORPUS: Corpus = Corpus::new();
        messages(&CORPUS, "AvroConverter")
    },
    words: WORDS,
    run: |bytes| run("AvroConverter", bytes),
};

pub(crate) const JSON_SCHEMA: Target = Target {
    name: "json-schema",
    corpus: || {
        static CORPUS: Corpus = Corpus::new();
        messages(&CORPUS, "JsonSchemaConverter")
    },
    words: WORDS,
    run: |bytes| run("JsonSchemaConverter", bytes),
};

pub(crate) const PROTOBUF: Target = Target {
    name: "protobuf",
    corpus: || {
        static CORPUS: Corpus = Corpus::new();
        messages(&CORPUS, "ProtobufConverter")
    },
    words: WORDS,
    run: |bytes| run("ProtobufConverter", bytes),
};

fn run(name: &str, bytes: &[u8]) {
    let mut converter = converter(name);
    if let Ok(read) = read(&mut *converter, bytes) {
        let _ = write(&mut *converter, read.schema.as_ref(), &read.value);
    }
}

fn converter(name: &str) -> Box<dyn Converter> {
    let url = format!("mock://fuzz-{name}");
    let config = ConfigMap::from([("schema.registry.url", url.as_str())]);
    plugin::converter(aqueduct_schema_registry::plugins(), name, &config)
}

/// Messages of all schemas, which are in the registry from then on.
fn messages(corpus: &Corpus, name: &str) -> Vec<Vec<u8>> {
    let write_all = || {
        let mut converter = converter(name);
        let written = values().into_iter().filter_map(|(schema, value)| {
            // Protobuf has no messages but structs.
            write(&mut *converter, Some(&schema), &value).ok().flatten()
        });
        let written: Vec<Vec<u8>> = written.collect();
        assert!(!written.is_empty(), "{name} has written nothing");
        written
    };
    corpus.get_or_init(write_all).clone()
}

fn values() -> Vec<(Schema, Value)> {
    let (order, value) = order();
    let list = SchemaBuilder::array(order.clone()).build().expect("an array");
    let map = SchemaBuilder::map(Schema::INT32, Schema::OPTIONAL_STRING).build().expect("a map");
    let entries: Map = [(1, "a"), (2, "b")].into_iter().collect();
    vec![
        (order, value.clone()),
        (list, vec![value.clone(), value].into()),
        (map, entries.into()),
        (Schema::OPTIONAL_STRING, "text".into()),
        (Schema::BYTES, vec![1_u8, 2, 3].into()),
        (Schema::bare(Type::Float64), 1.5.into()),
    ]
}

/// A struct with a field of each kind.
fn order() -> (Schema, Value) {
    let inner =
        SchemaBuilder::structure().name("fuzz.Inner").optional().field("f", Schema::bare(Type::Float32));
    let inner = inner.build().expect("a struct");
    let map = SchemaBuilder::map(Schema::STRING, Schema::INT64).optional().build().expect("a map");
    let tags = SchemaBuilder::array(Schema::STRING).build().expect("an array");
    let schema = SchemaBuilder::structure()
        .name("fuzz.Order")
        .field("id", Schema::INT64)
        .field("small", Schema::optional_bare(Type::Int8))
        .field("name", Schema::OPTIONAL_STRING)
        .field("flag", Schema::BOOLEAN)
        .field("amount", SchemaBuilder::decimal(2).optional().build().expect("a decimal"))
        .field("at", Logical::Timestamp.schema().expect("a timestamp"))
        .field("day", Logical::Date.schema().expect("a date"))
        .field("bytes", Schema::OPTIONAL_BYTES)
        .field("tags", tags)
        .field("map", map)
        .field("inner", inner.clone())
        .build()
        .expect("a struct");
    let entries: Map = [("a", 1_i64), ("b", -1)].into_iter().collect();
    let values = vec![
        Value::Int64(1 << 40),
        Value::Int8(-3),
        Value::from("é"),
        Value::Boolean(true),
        Decimal::new(-12_345, 2).into(),
        Value::Date(1_600_000_000_123),
        Value::Date(86_400_000 * 18_000),
        vec![0_u8, 255].into(),
        vec![Value::from("x"), Value::from("")].into(),
        entries.into(),
        Struct::from_values(inner, vec![1.5_f32.into()]).expect("a field").into(),
    ];
    (schema.clone(), Struct::from_values(schema, values).expect("a value for each field").into())
}
