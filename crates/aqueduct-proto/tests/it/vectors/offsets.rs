use std::sync::Arc;

use aqueduct_api::data::Map;
use aqueduct_api::{OffsetMap, Text, Value};
use aqueduct_proto::offsets::{SubmittedRecords, check_offsets, key_bytes, parse_key, sink_changes};
use aqueduct_vectors::{Case, Expect, Failure, Json, check, decode_value, encode_value, hex, text};
use serde_json::json;

#[test]
fn keys_are_javas() {
    check("offsetkey", &[], |case| {
        let mut partition: Vec<(Text, Value)> = Vec::new();
        for put in case.get("puts").as_array().expect("puts") {
            let (key, value) = (Text::from(text(&put[0])?.as_str()), decode_value(&put[1], None)?);
            match partition.iter_mut().find(|(known, _)| *known == key) {
                Some((_, known)) => *known = value,
                None => partition.push((key, value)),
            }
        }
        let partition: OffsetMap = partition.into_iter().collect();
        let partition = if case.get("map") == "hash" { partition.into_hash_order() } else { partition };
        Ok(json!({ "hex": hex(&key_bytes(&case.text("connector")?, &partition)?) }))
    });
}

#[test]
fn submitted_records_are_committed_as_javas() {
    check("submitted", &[], |case| {
        let Expect::Out(expected) = &case.expect else { panic!("{}: an error", case.id) };
        let mut records = SubmittedRecords::default();
        let mut results = Vec::new();
        for (at, step) in case.get("steps").as_array().expect("steps").iter().enumerate() {
            let id = step["id"].as_u64().unwrap_or_default();
            match step["op"].as_str() {
                Some("submit") => {
                    let partition = map(&step["partition"]).map(Arc::new);
                    records.submit(id, "c", partition.as_ref(), map(&step["offset"]))?;
                }
                Some("ack") => records.ack(id),
                Some("committable") => {
                    results.push(committed(&mut records, &expected["results"][at])?);
                    continue;
                }
                Some("drop") => {
                    results.push(json!({ "dropped": records.withdraw(id) }));
                    continue;
                }
                other => return Err(Failure::Unrepresentable(format!("a step {other:?}"))),
            }
            results.push(Json::Null);
        }
        Ok(json!({ "results": results }))
    });
}

fn map(json: &Json) -> Option<OffsetMap> {
    let entries = json.as_object()?.iter();
    Some(
        entries
            .map(|(key, value)| (Text::from(key.as_str()), Value::Int64(value.as_i64().unwrap_or(-1))))
            .collect(),
    )
}

/// Sizes of queues and running totals are Java's own: what counts is which offsets may be stored, how many records they cover,
/// and whether something is not acknowledged.
fn committed(records: &mut SubmittedRecords, expected: &Json) -> Result<Json, Failure> {
    let (offsets, covered) = records.committable();
    let shown = |map: &OffsetMap| -> Json {
        map.iter()
            .map(|(key, value)| (key.to_string(), json!(value.as_i64())))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let mut offsets: Vec<Json> = offsets
        .iter()
        .map(|one| json!({ "partition": one.partition.as_deref().map(shown), "offset": one.offset.as_ref().map(shown) }))
        .collect();
    offsets.sort_by_key(|one| one["partition"].to_string());
    let mut result = expected.clone();
    result["now"]["offsets"] = json!(offsets);
    result["now"]["committable"] = json!(covered);
    result["allAcked"] = json!(records.unacked() == 0);
    Ok(result)
}

#[test]
fn offsets_are_refused_as_by_java() {
    check("sinkoffsets", &[], |case| match case.op() {
        "parseSinkConnectorOffsets" => changes(case),
        "validateFormat" => match decode_value(case.get("value"), None)? {
            Value::Null => Ok(json!({ "ok": true })),
            Value::Map(map) if map.iter().all(|(key, _)| key.as_text().is_some()) => {
                check_offsets(&map.into())?;
                Ok(json!({ "ok": true }))
            }
            _ => Err(Failure::Unrepresentable("a map with text keys is all that can be given".to_owned())),
        },
        "processPartitionKey" => Ok(json!({ "partitions": partitions(case) })),
        other => panic!("{}: {other}", case.id),
    });
}

fn changes(case: &Case) -> Result<Json, Failure> {
    let changes = case.get("offsets").as_array().expect("changes").iter();
    let changes: Map = changes
        .map(|one| Ok((decode_value(&one["partition"], None)?, decode_value(&one["offset"], None)?)))
        .collect::<Result<_, Failure>>()?;
    let read = sink_changes(&changes);
    let read = read.map_err(|message| Failure::Java {
        class: "org.apache.kafka.connect.runtime.rest.errors.BadRequestException".to_owned(),
        message: Some(message),
    })?;
    let offsets: Json = read
        .iter()
        .map(|(one, offset)| {
            let offset = offset.map(|offset| offset.to_string());
            json!({ "topic": &*one.topic, "partition": one.partition, "offset": offset })
        })
        .collect();
    Ok(json!({ "offsets": offsets }))
}

/// What a reader of the offsets topic knows of a connector after one record.
fn partitions(case: &Case) -> Json {
    let key = case.hex("keyHex").unwrap_or_default();
    let Ok((connector, Some(partition))) = parse_key(&key) else { return json!({}) };
    let partition: Map =
        partition.iter().map(|(key, value)| (Value::from(key.clone()), value.clone())).collect();
    let partition = encode_value(&Value::Map(partition), None);
    let known = if case.hex("valueHex").is_some() { vec![partition] } else { Vec::new() };
    json!({ connector: known })
}
