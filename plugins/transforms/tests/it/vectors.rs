use aqueduct_vectors::{Case, Deviation, Failure, Json, check, decode_record, encode_record};
use serde_json::json;

use crate::plugins;

const BUFFER: &str = "a ByteBuffer is bytes here, so the error names the class of a byte array";

fn deviations() -> Vec<Deviation> {
    vec![Deviation::mentioning("java.nio.HeapByteBuffer", BUFFER)]
}

fn transform(case: &Case) -> Result<Json, Failure> {
    let (record, origin) = decode_record(case.get("record"))?;
    let mut transformation = plugins::transformation(&case.text("class")?);
    transformation.configure(&case.config())?;
    let record = transformation.apply(record, origin.origin())?;
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
    drop_headers: "DropHeaders",
    extract_field: "ExtractField",
    filter: "Filter",
    flatten: "Flatten",
    header_from: "HeaderFrom",
    hoist_field: "HoistField",
    insert_field: "InsertField",
    regex_router: "RegexRouter",
    replace_field: "ReplaceField",
    set_schema_metadata: "SetSchemaMetadata",
    value_to_key: "ValueToKey",
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
