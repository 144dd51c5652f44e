//! The record: an order of ten fields, one of them a struct. A change event of such rows.

use aqueduct_api::data::{Decimal, Logical, Map};
use aqueduct_api::{Record, Schema, SchemaBuilder, Struct, Type, Value};

/// The topic of both.
pub(crate) const TOPIC: &str = "shop.public.orders";

fn built(builder: SchemaBuilder) -> Schema {
    builder.build().expect("a schema")
}

fn structure(schema: &Schema, values: Vec<Value>) -> Value {
    Struct::from_values(schema.clone(), values).expect("a value for each field").into()
}

fn order_builder() -> SchemaBuilder {
    let address = SchemaBuilder::structure()
        .name("com.example.Address")
        .optional()
        .field("street", Schema::STRING)
        .field("city", Schema::STRING)
        .field("zip", Schema::OPTIONAL_STRING);
    SchemaBuilder::structure()
        .name("com.example.Order")
        .field("id", Schema::INT64)
        .field("customer", Schema::INT32)
        .field("status", Schema::STRING)
        .field("email", Schema::OPTIONAL_STRING)
        .field("note", Schema::OPTIONAL_STRING)
        .field("paid", Schema::BOOLEAN)
        .field("weight", Schema::bare(Type::Float64))
        .field("total", built(SchemaBuilder::decimal(2)))
        .field("created_at", Logical::Timestamp.schema().expect("a timestamp"))
        .field("address", built(address))
}

fn order_of(schema: &Schema) -> Value {
    let address = &schema.field("address").expect("a field").schema;
    let values = vec![
        Value::Int64(9_007_199_254),
        Value::Int32(4711),
        Value::text("SHIPPED"),
        Value::text("someone@example.com"),
        Value::Null,
        Value::Boolean(true),
        Value::Float64(12.75),
        Decimal::new(129_995, 2).into(),
        Value::Date(1_600_000_000_123),
        structure(
            address,
            vec![Value::text("1 Main Street"), Value::text("Springfield"), Value::text("12345")],
        ),
    ];
    structure(schema, values)
}

/// The order and its schema.
pub(crate) fn order() -> (Schema, Value) {
    let schema = built(order_builder());
    let value = order_of(&schema);
    (schema, value)
}

/// The order as JSON without a schema gives it.
pub(crate) fn order_map() -> Value {
    let address: Map =
        [("street", "1 Main Street"), ("city", "Springfield"), ("zip", "12345")].into_iter().collect();
    let entries: [(&str, Value); 10] = [
        ("id", 9_007_199_254_i64.into()),
        ("customer", 4711_i64.into()),
        ("status", "SHIPPED".into()),
        ("email", "someone@example.com".into()),
        ("note", Value::Null),
        ("paid", true.into()),
        ("weight", 12.75.into()),
        ("total", 1299.95.into()),
        ("created_at", 1_600_000_000_123_i64.into()),
        ("address", address.into()),
    ];
    entries.into_iter().collect::<Map>().into()
}

fn record(schema: Option<Schema>, value: Value) -> Record {
    let mut record = Record::new(TOPIC).with_key(Schema::STRING, "key").with_value(schema, value);
    record.partition = Some(3);
    record.timestamp = Some(1_600_000_000_123);
    record
}

/// A record of the order.
pub(crate) fn order_record() -> Record {
    let (schema, value) = order();
    record(Some(schema), value)
}

/// A record of the order without a schema.
pub(crate) fn map_record() -> Record {
    record(None, order_map())
}

/// A record of a change event: an update of the order.
pub(crate) fn change_record() -> Record {
    let row = built(order_builder().optional());
    let source = SchemaBuilder::structure()
        .name("io.debezium.connector.postgresql.Source")
        .field("version", Schema::STRING)
        .field("connector", Schema::STRING)
        .field("name", Schema::STRING)
        .field("ts_ms", Schema::INT64)
        .field("db", Schema::STRING)
        .field("schema", Schema::STRING)
        .field("table", Schema::STRING)
        .field("lsn", Schema::optional_bare(Type::Int64));
    let source = built(source);
    let envelope = SchemaBuilder::structure()
        .name("shop.public.orders.Envelope")
        .version(1)
        .field("before", row.clone())
        .field("after", row.clone())
        .field("source", source.clone())
        .field("op", Schema::STRING)
        .field("ts_ms", Schema::optional_bare(Type::Int64));
    let envelope = built(envelope);
    let origin = vec![
        Value::text("3.0.0.Final"),
        Value::text("postgresql"),
        Value::text("shop"),
        Value::Int64(1_600_000_000_000),
        Value::text("shop"),
        Value::text("public"),
        Value::text("orders"),
        Value::Int64(123_456),
    ];
    let values = vec![
        order_of(&row),
        order_of(&row),
        structure(&source, origin),
        Value::text("u"),
        Value::Int64(1_600_000_000_200),
    ];
    let value = structure(&envelope, values);
    let key = built(SchemaBuilder::structure().name("shop.public.orders.Key").field("id", Schema::INT64));
    let key_value = structure(&key, vec![Value::Int64(9_007_199_254)]);
    record(Some(envelope), value).with_key(key, key_value)
}
