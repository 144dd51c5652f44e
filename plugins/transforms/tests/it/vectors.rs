use aqueduct_api::config::Parsed;
use aqueduct_api::java_regex::JavaRegex;
use aqueduct_api::{ConfigMap, ConfigValue, Origin, Record, Value};
use aqueduct_transforms::field_path::{FieldPath, FieldSyntax};
use aqueduct_vectors::{
    Case, Deviation, Expect, Failure, Json, RecordOrigin, Vectors, check, decode_record, decode_value,
    encode_error, encode_record, encode_schema, encode_value,
};
use serde_json::json;

use crate::plugins;

const BUFFER: &str = "a ByteBuffer is bytes here, so the error names the class of a byte array";

fn deviations() -> Vec<Deviation> {
    vec![
        Deviation::mentioning("java.nio.HeapByteBuffer", BUFFER),
        Deviation::mentioning(
            "because \\\"mappings\\\" is null",
            "Java's validation itself dies of a null; ours says what is wrong",
        ),
    ]
}

/// The record of a case after its transformation.
pub(crate) fn transform(case: &Case) -> Result<Json, Failure> {
    let (record, origin) = decode_record(case.get("record"))?;
    let mut transformation = plugins::transformation(&case.text("class")?);
    transformation.configure(&case.config())?;
    let record = transformation.applied(record, origin.origin())?;
    Ok(json!({ "record": record.map(|record| encode_record(&record, &origin)) }))
}

macro_rules! smt {
    ($($test:ident: $name:literal),* $(,)?) => {$(
        #[test]
        fn $test() {
            check(concat!("smt.", $name), &deviations(), transform);
        }
    )*};
}

smt! {
    cast: "Cast",
    drop_headers: "DropHeaders",
    extract_field: "ExtractField",
    filter: "Filter",
    flatten: "Flatten",
    header_from: "HeaderFrom",
    hoist_field: "HoistField",
    insert_field: "InsertField",
    insert_header: "InsertHeader",
    mask_field: "MaskField",
    regex_router: "RegexRouter",
    replace_field: "ReplaceField",
    set_schema_metadata: "SetSchemaMetadata",
    timestamp_converter: "TimestampConverter",
    timestamp_router: "TimestampRouter",
    value_to_key: "ValueToKey",
}

/// The keys of a record's map, in order.
fn keys(part: &Json) -> Option<Vec<String>> {
    let entries = (part["k"] == "map").then(|| part["v"].as_array())??;
    Some(
        entries
            .iter()
            .map(|entry| [&entry[0]["v"], &entry[0]["bits"]].map(Json::to_string).concat())
            .collect(),
    )
}

/// Users see the order of a map, in JSON for instance; the comparison of values leaves it out.
#[test]
fn maps_have_the_order_of_java() {
    let mut compared = 0;
    for name in [
        "Cast",
        "Flatten",
        "HeaderFrom",
        "InsertField",
        "MaskField",
        "ReplaceField",
        "TimestampConverter",
        "ValueToKey",
    ] {
        for case in Vectors::load(&format!("smt.{name}")) {
            let (Expect::Out(expected), Ok(actual)) = (&case.expect, transform(&case)) else { continue };
            for part in ["key", "value"] {
                let (expected, actual) = (&expected["record"][part], &actual["record"][part]);
                assert_eq!(keys(expected), keys(actual), "{} {part}", case.id);
                compared += usize::from(keys(expected).is_some_and(|keys| keys.len() > 1));
            }
        }
    }
    assert!(compared > 500, "only {compared} maps compared");
}

#[test]
fn predicates() {
    check("predicates", &[], |case| {
        let (record, _) = decode_record(case.get("record"))?;
        let mut predicate = plugins::predicate(&case.text("class")?);
        predicate.configure(&case.config())?;
        Ok(json!({ "test": predicate.test(&record)? }))
    });
}

#[test]
fn chains() {
    check("smt.chain", &deviations(), |case| {
        let (record, origin) = decode_record(case.get("record"))?;
        let mut record = Some(record);
        for step in case.get("steps").as_array().into_iter().flatten() {
            let Some(current) = record else { break };
            record = run_step(step, current, &origin)?;
        }
        Ok(json!({ "record": record.map(|record| encode_record(&record, &origin)) }))
    });
}

/// Configures both before it looks at the record, as the driver of the recordings did.
fn run_step(step: &Json, record: Record, origin: &RecordOrigin) -> Result<Option<Record>, Failure> {
    let mut transformation = plugins::transformation(step["class"].as_str().unwrap_or_default());
    transformation.configure(&config_of(&step["config"]))?;
    if let Some(name) = step["predicate"].as_str() {
        let mut predicate = plugins::predicate(name);
        predicate.configure(&config_of(&step["predicateConfig"]))?;
        if predicate.test(&record)? == (step["negate"] == true) {
            return Ok(Some(record));
        }
    }
    Ok(transformation.applied(record, origin.origin())?)
}

fn config_of(json: &Json) -> ConfigMap {
    let entries = json.as_object().into_iter().flatten();
    entries.map(|(name, value)| (name.clone(), value.as_str().map(str::to_owned))).collect()
}

#[test]
fn configurations() {
    check("smt.config", &deviations(), |case| {
        let class = case.text("class")?;
        let mut values = plugins::config(&class).validate(&case.config());
        values.sort_by(|a, b| a.name.cmp(&b.name));
        let values: Vec<Json> = values.iter().map(encode_config_value).collect();
        Ok(match plugins::configure(&class, &case.config()) {
            Ok(()) => json!({ "values": values, "configure": "ok" }),
            Err(error) => json!({ "values": values, "configureError": encode_error(&error) }),
        })
    });
}

fn encode_config_value(value: &ConfigValue) -> Json {
    json!({
        "name": value.name,
        "value": encode_parsed(&value.value),
        "errors": value.errors,
        "visible": value.visible,
    })
}

fn encode_parsed(value: &Parsed) -> Json {
    let string = |text: &str| json!({ "k": "str", "v": text });
    match value {
        Parsed::Null => Json::Null,
        Parsed::Boolean(value) => json!({ "k": "bool", "v": value }),
        Parsed::String(text) => string(text),
        Parsed::Int(value) => json!({ "k": "i32", "v": value.to_string() }),
        Parsed::List(values) => {
            json!({ "k": "list", "v": values.iter().map(|value| string(value)).collect::<Vec<_>>() })
        }
        other => panic!("no transformation has {other:?}"),
    }
}

#[test]
fn timestamps_as_text() {
    let moving = Deviation::tagged("two-digit-year", "depends on the day of the recording");
    check("tsconv", &[moving], |case| {
        let mut transformation = plugins::transformation("TimestampConverter$Value");
        transformation.configure(&case.config())?;
        let record = Record::new("t").with_value(None, decode_value(case.get("value"), None)?);
        let origin = Origin::Source { partition: None, offset: None };
        let record = transformation.applied(record, origin)?;
        Ok(json!({ "value": record.map(|record| encode_value(&record.value, None)) }))
    });
}

#[test]
fn field_paths() {
    check("fieldpath", &[], |case| {
        let version = case.text("version")?;
        let syntax = FieldSyntax::from_name(&version).ok_or_else(|| Failure::Unrepresentable(version))?;
        let path = FieldPath::parse(&case.text("path")?, syntax)?;
        if case.op() == "parse" {
            return Ok(json!({ "steps": path.steps().map(|step| step.as_str()).collect::<Vec<_>>() }));
        }
        let (schema, value) = case.schema_and_value()?;
        let Some(schema) = schema else {
            let value = value.as_map().map(|map| path.take_from_map(map.clone())).transpose()?;
            return Ok(json!({ "value": encode_value(&value.unwrap_or_default(), None) }));
        };
        let field = path.field_in(&schema)?;
        let get = |replace_null| match value.as_struct() {
            Some(value) => path.take_from_struct(value.clone(), replace_null),
            None => Ok(Value::Null),
        };
        let field_schema = field.map(|field| &field.schema);
        Ok(json!({
            "field": field.map(|field| json!({
                "name": field.name.as_str(), "index": field.index, "schema": encode_schema(Some(&field.schema)),
            })),
            "value": encode_value(&get(true)?, field_schema),
            "raw": encode_value(&get(false)?, field_schema),
        }))
    });
}

#[test]
fn regular_expressions() {
    check("regex", &[], |case| {
        let record = |topic: String| Record::new(topic);
        let origin = Origin::Source { partition: None, offset: None };
        match case.op() {
            "router" => {
                let mut router = plugins::transformation("RegexRouter");
                router.configure(&case.config())?;
                let record = router.applied(record(case.text("topic")?), origin)?;
                Ok(json!({ "topic": record.map(|record| record.topic.to_string()) }))
            }
            "predicate" => {
                let mut predicate = plugins::predicate("TopicNameMatches");
                predicate.configure(&case.config())?;
                Ok(json!({ "test": predicate.test(&record(case.text("topic")?))? }))
            }
            _ => find(&case.text("pattern")?, &case.text("text")?),
        }
    });
}

fn find(pattern: &str, text: &str) -> Result<Json, Failure> {
    let regex = JavaRegex::new(pattern).map_err(|error| Failure::Java {
        class: "java.util.regex.PatternSyntaxException".to_owned(),
        message: Some(error.to_string()),
    })?;
    let matches = regex.matches(text)?;
    let Some(found) = regex.find(text)? else { return Ok(json!({ "matches": matches, "find": false })) };
    let units = |at: usize| text[..at].encode_utf16().count();
    let groups: Vec<Option<&str>> =
        (1..=regex.groups()).map(|group| found.group(group).map(|range| &text[range])).collect();
    let range = found.range();
    Ok(json!({
        "matches": matches, "find": true, "start": units(range.start), "end": units(range.end), "groups": groups,
    }))
}
