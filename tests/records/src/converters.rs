//! The jobs of converters.

use aqueduct_api::{ConfigMap, Converter, ConverterRole, Plugin, PluginKind, Schema, Value};
use bytes::Bytes;

use crate::job::{self, Job};
use crate::sample;

fn converter(plugins: Vec<Plugin>, name: &str, config: &[(&str, &str)]) -> Box<dyn Converter> {
    let found =
        plugins.into_iter().find(|plugin| plugin.simple_name() == name && plugin.kind.name() == "converter");
    let PluginKind::Converter(make) = found.expect("a converter of this name").kind else {
        panic!("{name} is no converter");
    };
    let mut converter = make();
    let config: ConfigMap = config.iter().copied().collect();
    converter.configure(&config, ConverterRole::Value).expect("a good configuration");
    converter
}

/// A job that writes and one that reads what was written.
fn both(name: &str, make: impl Fn() -> Box<dyn Converter>, schema: Option<Schema>, value: Value) -> [Job; 2] {
    let mut buffer = Vec::new();
    let mut converter = make();
    let mut write = || {
        let written = job::write(&mut *converter, schema.as_ref(), &value, &mut buffer);
        Bytes::copy_from_slice(written)
    };
    // The first call may only have told what the converter lacks.
    write();
    let bytes = write();
    [
        Job::write(format!("{name} write"), make(), schema, value),
        Job::read(format!("{name} read"), make(), bytes),
    ]
}

/// Every converter on the order, both ways.
pub(crate) fn jobs() -> Vec<Job> {
    let (schema, order) = sample::order();
    let own = |name: &'static str, config: &'static [(&str, &str)]| {
        move || converter(aqueduct_converters::plugins(), name, config)
    };
    let registry = |name: &'static str| {
        let config = [("schema.registry.url", "mock://records")];
        move || converter(aqueduct_schema_registry::plugins(), name, &config)
    };
    let json = "JsonConverter";
    let mut jobs = Vec::new();
    jobs.extend(both("JsonConverter with schema", own(json, &[]), Some(schema.clone()), order.clone()));
    let bare: &[_] = &[("schemas.enable", "false")];
    jobs.extend(both("JsonConverter without schema", own(json, bare), None, sample::order_map()));
    jobs.extend(both("StringConverter", own("StringConverter", &[]), Some(Schema::STRING), "SHIPPED".into()));
    jobs.extend(both("LongConverter", own("LongConverter", &[]), Some(Schema::INT64), 4711_i64.into()));
    for name in ["AvroConverter", "JsonSchemaConverter", "ProtobufConverter"] {
        jobs.extend(both(name, registry(name), Some(schema.clone()), order.clone()));
    }
    jobs
}
