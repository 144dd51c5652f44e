//! `JsonConverter` on a struct of ten fields, both ways, with and without its schema in the message.

use std::hint::black_box;

use aqueduct_api::data::{Decimal, Logical};
use aqueduct_api::{
    ConfigMap, Converter, ConverterRole, Schema, SchemaBuilder, Struct, Type, Value, WireHeaders,
};
use aqueduct_converters::JsonConverter;
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn schema() -> Schema {
    let timestamp = Logical::Timestamp.schema().expect("a timestamp");
    SchemaBuilder::structure()
        .name("com.example.Order")
        .field("id", Schema::INT64)
        .field("customer", Schema::INT32)
        .field("status", Schema::STRING)
        .field("email", Schema::OPTIONAL_STRING)
        .field("note", Schema::OPTIONAL_STRING)
        .field("paid", Schema::BOOLEAN)
        .field("weight", Schema::bare(Type::Float64))
        .field("total", SchemaBuilder::decimal(2).build().expect("a decimal"))
        .field("created_at", timestamp.clone())
        .field("tags", SchemaBuilder::array(Schema::STRING).build().expect("an array"))
        .build()
        .expect("a schema")
}

fn order(schema: &Schema) -> Value {
    let values = vec![
        Value::Int64(9_007_199_254),
        Value::Int32(4711),
        Value::text("SHIPPED"),
        Value::text("someone@example.com"),
        Value::Null,
        Value::Boolean(true),
        Value::Float64(12.75),
        Value::from(Decimal::new(129_995, 2)),
        Value::Date(1_600_000_000_123),
        Value::Array(vec![Value::text("express"), Value::text("gift")]),
    ];
    Struct::from_values(schema.clone(), values).expect("a value for each field").into()
}

fn converter(schemas: &str) -> JsonConverter {
    let mut converter = JsonConverter::default();
    let config = ConfigMap::from([("schemas.enable", schemas)]);
    Converter::configure(&mut converter, &config, ConverterRole::Value).expect("a configuration");
    converter
}

fn json(criterion: &mut Criterion) {
    let schema = schema();
    let value = order(&schema);
    for (name, enable) in [("with schema", "true"), ("without schema", "false")] {
        let mut converter = converter(enable);
        let mut headers = WireHeaders::new();
        let mut buffer = Vec::new();
        let written = converter
            .from_connect_data("t", &mut headers, Some(&schema), &value, &mut buffer)
            .expect("JSON")
            .map(Bytes::copy_from_slice)
            .expect("bytes");
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(written.len() as u64));
        group.bench_function("write", |bencher| {
            bencher.iter(|| {
                buffer.clear();
                let json = converter.from_connect_data("t", &mut headers, Some(&schema), &value, &mut buffer);
                black_box(json.expect("JSON").map(<[u8]>::len))
            });
        });
        group.bench_function("read", |bencher| {
            bencher.iter(|| converter.to_connect_data("t", &headers, Some(&written)).expect("JSON"));
        });
        group.finish();
    }
}

criterion_group!(benches, json);
criterion_main!(benches);
