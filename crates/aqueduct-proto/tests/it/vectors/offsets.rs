use std::sync::Arc;

use aqueduct_api::{OffsetMap, Text, Value};
use aqueduct_proto::offsets::{SubmittedRecords, key_bytes};
use aqueduct_vectors::{Expect, Failure, Json, check, decode_value, hex, text};
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
                    let Some(partition) = map(&step["partition"]).map(Arc::new) else {
                        // Nothing can be stored for it: the runtime does not submit it.
                        return Err(Failure::Unrepresentable("a record without a partition".to_owned()));
                    };
                    records.submit(id, "c", &partition, map(&step["offset"]))?;
                }
                Some("ack") => records.ack(id),
                Some("committable") => {
                    results.push(committed(&mut records, &expected["results"][at])?);
                    continue;
                }
                // We submit a record when the producer has it, so none is ever dropped.
                _ => return Err(Failure::Unrepresentable("a dropped record".to_owned())),
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
        .map(|one| json!({ "partition": shown(&one.partition), "offset": one.offset.as_ref().map(shown) }))
        .collect();
    offsets.sort_by_key(|one| one["partition"].to_string());
    let mut result = expected.clone();
    result["now"]["offsets"] = json!(offsets);
    result["now"]["committable"] = json!(covered);
    result["allAcked"] = json!(records.unacked() == 0);
    Ok(result)
}
