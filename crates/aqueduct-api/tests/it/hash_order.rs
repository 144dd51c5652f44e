//! The order in which `java.util.HashMap` iterates, as it shows in the keys of stored offsets.

use aqueduct_api::Value;
use aqueduct_api::data::Map;
use aqueduct_vectors::{Expect, Json, Vectors, bytes_of_hex};

#[test]
fn partitions_iterate_as_in_java() {
    let mut hashed = 0;
    for case in Vectors::load("offsetkey") {
        let Expect::Out(out) = &case.expect else { continue };
        let recorded = bytes_of_hex(out["hex"].as_str().expect("hex"));
        let recorded: Json = serde_json::from_slice(&recorded).expect("JSON");
        let recorded: Vec<_> = recorded[1].as_object().expect("a partition").keys().cloned().collect();
        let puts = case.get("puts").as_array().expect("puts").iter();
        let partition: Map = puts.map(|put| (put[0].as_str().expect("a text"), Value::Null)).collect();
        let partition = if case.get("map") == "hash" {
            hashed += usize::from(partition.len() > 1);
            partition.into_hash_order()
        } else {
            partition
        };
        let ours: Vec<_> =
            partition.text_keys().expect("texts").into_iter().map(|key| key.to_string()).collect();
        assert_eq!(ours, recorded, "{}: {}", case.id, case.input);
    }
    assert!(hashed > 100, "only {hashed} lines show an order");
}
