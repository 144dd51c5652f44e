use aqueduct_api::{ConfigMap, Origin, Record, Value};

use crate::plugins;

const QUICKSTART: &str = include_str!("../../config/quickstart.json");

fn quickstart() -> ConfigMap {
    let entries: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(QUICKSTART).expect("a JSON object");
    entries.into_iter().map(|(name, value)| (name, value.as_str().map(str::to_owned))).collect()
}

#[test]
fn does_what_the_readme_says() {
    let config = quickstart();
    let mut record = Record::new("connect-test").with_value(None, "foo");
    for alias in config.require("transforms").expect("a list").split(',') {
        let mut config = config.with_prefix(&format!("transforms.{alias}."));
        let class = config.remove("type").flatten().expect("a type");
        config.remove("predicate");
        let known = plugins::config(class.rsplit('.').next().expect("a name"));
        for name in config.names() {
            assert!(known.key(name).is_some(), "{class} has no key {name}");
        }
        let mut transformation = plugins::transformation(class.rsplit('.').next().expect("a name"));
        transformation.configure(&config).expect("a good configuration");
        let origin = Origin::Source { partition: None, offset: None };
        record = transformation.applied(record, origin).expect("no error").expect("a record");
    }
    assert_eq!(&*record.topic, "lines-test");
    let value = record.value.as_map().expect("a map");
    assert_eq!(value.get_str("line"), Some(&Value::from("foo")));
    assert_eq!(value.get_str("data_source"), Some(&Value::from("test-file-source")));
}
