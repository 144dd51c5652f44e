//! A registry over HTTP, and Confluent's client for Python as the other side: it reads what we write, and we read what
//! it writes.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use aqueduct_api::data::{Decimal, Logical, Map};
use aqueduct_api::{Schema, SchemaBuilder, Struct, Type, Value, WireHeaders};
use bytes::Bytes;
use serde_json::{Value as Json, json};
use xtask::oracle::process::{Server, tail};
use xtask::oracle::{Oracle, live, python};

use crate::{converter, read, write};

const CLIENT: &str = "confluent-kafka[avro,protobuf,json,schemaregistry]";

/// A running registry, and a Python that has the client.
struct Registry {
    _server: Server,
    url: String,
    python: std::path::PathBuf,
}

impl Registry {
    fn start() -> Result<Self> {
        let oracle = Oracle::open();
        let program = oracle.home().join("schema-registry").join("registry");
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/registry");
        let build =
            Command::new("go").args(["build", "-o"]).arg(&program).arg(".").current_dir(sources).output();
        let build = build.context("go can't be run")?;
        if !build.status.success() {
            bail!("go build: {}", String::from_utf8_lossy(&build.stderr));
        }
        let python = python::venv(&oracle, &[CLIENT])?;
        let scratch = oracle.scratch("schema-registry")?;
        let log = scratch.join("log");
        let mut server = Server::spawn("schema registry", Command::new(program), &log)?.owning(scratch);
        let port = || {
            tail(&log).ok()?.lines().find_map(|line| line.strip_prefix("listening on ")?.parse::<u16>().ok())
        };
        server.wait_ready(Duration::from_secs(20), || port().is_some())?;
        let url = format!("http://127.0.0.1:{}", port().context("no port")?);
        Ok(Self { _server: server, url, python })
    }

    /// What the client reads from our message, and the message that it writes.
    fn exchange(&self, format: &str, ours: &[u8]) -> Result<(Json, Bytes)> {
        let hex: String = ours.iter().map(|byte| format!("{byte:02x}")).collect();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/client.py");
        let output = Command::new(&self.python).arg(script).args([format, &self.url, &hex]).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let answer: Json = serde_json::from_slice(&output.stdout)?;
        let hex = answer["written"].as_str().context("nothing written")?;
        let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2).unwrap_or_default(), 16);
        let written = (0..hex.len()).step_by(2).map(byte).collect::<Result<Vec<u8>, _>>()?;
        Ok((answer["read"].clone(), written.into()))
    }
}

fn built(builder: SchemaBuilder) -> Schema {
    builder.build().expect("a schema")
}

/// A record with a field of each sort that all formats have.
fn ours() -> (Schema, Value) {
    let inner = built(SchemaBuilder::structure().name("n.Inner").field("x", Schema::INT32));
    let schema = built(
        SchemaBuilder::structure()
            .name("n.Ours")
            .field("small", Schema::bare(Type::Int8))
            .field("long", Schema::optional_bare(Type::Int64))
            .field("none", Schema::OPTIONAL_STRING)
            .field("text", Schema::STRING)
            .field("half", Schema::bare(Type::Float64))
            .field("yes", Schema::BOOLEAN)
            .field("list", built(SchemaBuilder::array(Schema::STRING)))
            .field("map", built(SchemaBuilder::map(Schema::STRING, Schema::INT64)))
            .field("inner", inner.clone())
            .field("price", built(SchemaBuilder::decimal(2)))
            .field("day", built(SchemaBuilder::logical(Logical::Date))),
    );
    let map: Map = [("k", 5_i64)].into_iter().collect();
    let values = vec![
        Value::Int8(-3),
        Value::Int64(1 << 40),
        Value::Null,
        "grüße".into(),
        0.5_f64.into(),
        true.into(),
        Value::Array(vec!["a".into(), "b".into()]),
        map.into(),
        Struct::from_values(inner, vec![7.into()]).expect("a struct").into(),
        Decimal::new(1999, 2).into(),
        Value::Date(20_000 * 86_400_000),
    ];
    (schema.clone(), Struct::from_values(schema, values).expect("a struct").into())
}

fn field<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.as_struct().expect("a struct").get(name).expect("a field")
}

/// Writes ours, lets the client read it, and reads theirs.
async fn exchange(registry: &Registry, name: &str, format: &str) -> (Json, Value) {
    let mut converter = converter(name, &[("schema.registry.url", &registry.url)]).expect("a configuration");
    let (schema, value) = ours();
    let mut headers = WireHeaders::new();
    let bytes =
        write(&mut *converter, "ours", &mut headers, Some(&schema), &value).await.expect("ours is written");
    let bytes = bytes.expect("bytes");
    let again = read(&mut *converter, "ours", &headers, Some(&bytes)).await.expect("ours is read by us");
    assert_eq!(field(&again.value, "text"), field(&value, "text"));
    let (read_by_client, theirs) = registry.exchange(format, &bytes).expect("the client");
    let theirs = read(&mut *converter, "theirs", &headers, Some(&theirs)).await.expect("theirs is read");
    assert_eq!(theirs.schema.and_then(|schema| schema.version()), Some(1));
    (read_by_client, theirs.value)
}

#[tokio::test]
async fn avro_with_another_client() {
    let Some(registry) = live::or_skip("a schema registry and its Python client", Registry::start) else {
        return;
    };
    let (ours, theirs) = exchange(&registry, "AvroConverter", "avro").await;
    assert_eq!(
        ours,
        json!({
            "small": -3, "long": 1_i64 << 40, "none": null, "text": "grüße", "half": 0.5, "yes": true,
            "list": ["a", "b"], "map": {"k": 5}, "inner": {"x": 7}, "price": "19.99", "day": "2024-10-04",
        })
    );
    assert_eq!(field(&theirs, "color"), &Value::from("BLUE"));
    assert_eq!(field(&theirs, "text"), &Value::from("grüße"));
    assert_eq!(field(&theirs, "price"), &Value::from(Decimal::new(-125, 2)));
    assert_eq!(
        field(&theirs, "sizes").as_map().and_then(|map| map.get(&"a".into())),
        Some(&Value::Float64(0.5))
    );
    let either = field(&theirs, "either");
    assert_eq!((field(either, "int"), field(either, "string")), (&Value::Null, &Value::from("e")));
}

#[tokio::test]
async fn json_schema_with_another_client() {
    let Some(registry) = live::or_skip("a schema registry and its Python client", Registry::start) else {
        return;
    };
    let (ours, theirs) = exchange(&registry, "JsonSchemaConverter", "json").await;
    assert_eq!(
        ours,
        json!({
            "small": -3, "long": 1_i64 << 40, "none": null, "text": "grüße", "half": 0.5, "yes": true,
            "list": ["a", "b"], "map": {"k": 5}, "inner": {"x": 7}, "price": "B88=", "day": 20_000,
        })
    );
    assert_eq!(field(&theirs, "text"), &Value::from("grüße"));
    assert_eq!(field(&theirs, "number"), &Value::Float64(1.5));
    assert_eq!(field(&theirs, "tags"), &Value::Array(vec!["a".into()]));
}

#[tokio::test]
async fn protobuf_with_another_client() {
    let Some(registry) = live::or_skip("a schema registry and its Python client", Registry::start) else {
        return;
    };
    let (ours, theirs) = exchange(&registry, "ProtobufConverter", "protobuf").await;
    // Protobuf's own JSON has 64-bit numbers as texts.
    let long = (1_i64 << 40).to_string();
    assert_eq!(
        ours,
        json!({"small": -3, "long": long, "text": "grüße", "half": 0.5, "yes": true, "list": ["a", "b"]})
    );
    assert_eq!(field(&theirs, "text"), &Value::from("grüße"));
    assert_eq!(field(&theirs, "number"), &Value::Int64(-5));
    assert_eq!(field(&theirs, "tags"), &Value::Array(vec!["a".into()]));
}
