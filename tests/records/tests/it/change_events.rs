//! Change events as Debezium writes them, through the JSON converter and `config/change-events.json`.

use aqueduct_api::{
    ConfigMap, Converter, ConverterRole, Origin, PluginKind, Record, Transformation, Value, WireHeaders,
};
use bytes::Bytes;
use serde_json::{Value as Json, json};

const CONFIG: &str = include_str!("../../../../plugins/transforms/config/change-events.json");

fn config() -> ConfigMap {
    let json: serde_json::Map<String, Json> = serde_json::from_str(CONFIG).expect("a JSON object");
    json.into_iter().map(|(name, value)| (name, value.as_str().map(str::to_owned))).collect()
}

fn converter(role: ConverterRole) -> Box<dyn Converter> {
    let class = config().require(&format!("{}.converter", role.name())).expect("a class").to_owned();
    let mut plugins = aqueduct_converters::plugins().into_iter();
    let found = plugins.find(|plugin| plugin.class == class && plugin.kind.name() == "converter");
    let PluginKind::Converter(make) = found.expect("a converter of ours").kind else { panic!("{class}") };
    let mut converter = make();
    converter.configure(&ConfigMap::new(), role).expect("a good configuration");
    converter
}

fn transformation(alias: &str) -> Box<dyn Transformation> {
    let mut config = config().with_prefix(&format!("transforms.{alias}."));
    let class = config.remove("type").flatten().expect("a type");
    let found = aqueduct_transforms::plugins().into_iter().find(|plugin| plugin.class == class);
    let PluginKind::Transformation(make) = found.expect("a transformation of ours").kind else {
        panic!("{class}")
    };
    let mut transformation = make();
    let known = transformation.config();
    for name in config.names() {
        assert!(known.key(name).is_some(), "{class} has no key {name}");
    }
    transformation.configure(&config).expect("a good configuration");
    transformation
}

/// The connector's way of a record: bytes in, bytes out, with the topic and the headers.
struct Way {
    key: Box<dyn Converter>,
    value: Box<dyn Converter>,
    transformations: Vec<Box<dyn Transformation>>,
}

/// What is left of a record.
#[derive(Debug)]
struct Left {
    topic: String,
    key: Json,
    /// `None` where no bytes are.
    value: Option<Json>,
    headers: Vec<(String, Value)>,
}

impl Way {
    fn new() -> Self {
        let aliases = config().require("transforms").expect("a list").to_owned();
        Self {
            key: converter(ConverterRole::Key),
            value: converter(ConverterRole::Value),
            transformations: aliases.split(',').map(transformation).collect(),
        }
    }

    fn go(&mut self, topic: &str, key: &Json, value: Option<&Json>) -> Option<Left> {
        let headers = WireHeaders::new();
        let read = |converter: &mut dyn Converter, json: Option<&Json>| {
            let bytes = json.map(|json| Bytes::from(json.to_string()));
            converter.to_connect_data(topic, &headers, bytes.as_ref()).expect("a good message")
        };
        let (key, value) = (read(&mut *self.key, Some(key)), read(&mut *self.value, value));
        let record = Record::new(topic).with_key(key.schema, key.value).with_value(value.schema, value.value);
        let record = self.transformations.iter_mut().try_fold(record, |record, transformation| {
            let origin = Origin::Source { partition: None, offset: None };
            transformation.applied(record, origin).expect("no error")
        })?;
        let write = |converter: &mut dyn Converter, schema: Option<&_>, value: &_| {
            let (mut headers, mut buffer) = (WireHeaders::new(), Vec::new());
            let bytes = converter.from_connect_data(&record.topic, &mut headers, schema, value, &mut buffer);
            bytes.expect("it can be written").map(|bytes| serde_json::from_slice(bytes).expect("JSON"))
        };
        Some(Left {
            topic: record.topic.to_string(),
            key: write(&mut *self.key, record.key_schema.as_ref(), &record.key).expect("a key"),
            value: write(&mut *self.value, record.value_schema.as_ref(), &record.value),
            headers: record.headers.iter().map(|h| (h.key.to_string(), h.value.clone())).collect(),
        })
    }
}

fn key(table: &str) -> Json {
    json!({
        "schema": {"type": "struct", "name": format!("shop.public.{table}.Key"), "optional": false, "fields": [
            {"type": "int32", "optional": false, "field": "id"},
        ]},
        "payload": {"id": 7},
    })
}

fn event(table: &str, op: &str, before: Json, after: Json) -> Json {
    let row = |field: &str| {
        json!({"type": "struct", "name": format!("shop.public.{table}.Value"), "optional": true, "field": field, "fields": [
            {"type": "int32", "optional": false, "field": "id"},
            {"type": "string", "optional": true, "field": "status"},
            {"type": "bytes", "optional": true, "name": "org.apache.kafka.connect.data.Decimal", "version": 1,
             "parameters": {"scale": "2"}, "field": "total"},
        ]})
    };
    json!({
        "schema": {"type": "struct", "name": format!("shop.public.{table}.Envelope"), "version": 1, "optional": false, "fields": [
            row("before"), row("after"),
            {"type": "struct", "name": "io.debezium.connector.postgresql.Source", "optional": false, "field": "source", "fields": [
                {"type": "int64", "optional": false, "field": "ts_ms"},
                {"type": "string", "optional": false, "field": "db"},
            ]},
            {"type": "string", "optional": false, "field": "op"},
            {"type": "int64", "optional": true, "field": "ts_ms"},
        ]},
        "payload": {"before": before, "after": after, "source": {"ts_ms": 1_600_000_000_000_i64, "db": "shop"}, "op": op,
                    "ts_ms": 1_600_000_000_005_i64},
    })
}

#[test]
fn events_of_many_tables_become_rows_of_one() {
    let mut way = Way::new();
    let row = json!({"id": 7, "status": "NEW", "total": "AfvL"});
    for (table, region) in [("orders_eu", "eu"), ("orders_us", "us")] {
        let created = event(table, "c", Json::Null, row.clone());
        let left = way.go(&format!("shop.public.{table}"), &key(table), Some(&created)).expect("a row");
        assert_eq!(left.topic, "shop.public.all_orders");
        assert_eq!(left.key["payload"], json!({"id": 7, "region": region}));
        assert_eq!(left.key["schema"]["name"], "shop.public.all_orders.Key");
        let value = left.value.expect("a value");
        assert_eq!(
            value["payload"],
            json!({"id": 7, "status": "NEW", "total": "AfvL", "__deleted": "false", "__op": "c",
                   "__changed_at": 1_600_000_000_000_i64})
        );
        assert_eq!(value["schema"]["name"], "shop.public.all_orders.Value");
        assert_eq!(value["schema"]["optional"], false);
        assert_eq!(left.headers, [("__db".to_owned(), Value::from("shop"))]);
    }
}

#[test]
fn a_deleted_row_says_so_and_its_tombstone_goes() {
    let mut way = Way::new();
    let table = "orders_eu";
    let row = json!({"id": 7, "status": null, "total": null});
    let deleted = event(table, "d", row, Json::Null);
    let left = way.go("shop.public.orders_eu", &key(table), Some(&deleted)).expect("a row");
    assert_eq!(
        left.value.expect("a value")["payload"],
        json!({"id": 7, "status": null, "total": null, "__deleted": "true", "__op": "d",
               "__changed_at": 1_600_000_000_000_i64})
    );
    assert!(way.go("shop.public.orders_eu", &key(table), None).is_none());
}

#[test]
fn what_is_no_change_event_passes() {
    let mut way = Way::new();
    let heartbeat = json!({
        "schema": {"type": "struct", "name": "io.debezium.connector.common.Heartbeat", "version": 1, "optional": false,
                   "fields": [{"type": "int64", "optional": false, "field": "ts_ms"}]},
        "payload": {"ts_ms": 5},
    });
    let left = way.go("__debezium-heartbeat.shop", &key("x"), Some(&heartbeat)).expect("it passes");
    assert_eq!(left.topic, "__debezium-heartbeat.shop");
    assert_eq!(left.value, Some(heartbeat));
    assert_eq!(left.key, key("x"));
}
