//! `String.valueOf`

use aqueduct_api::data::java_text;
use aqueduct_vectors::{Case, Deviation, Expect, check, decode_value};
use serde_json::json;

/// Java prints a ByteBuffer by its bounds and an array of bytes by its place in memory; to us both are bytes.
pub(crate) fn prints_buffer(case: &Case) -> bool {
    match &case.expect {
        Expect::Out(out) => out.to_string().contains("java.nio.HeapByteBuffer"),
        Expect::Err { message, .. } => message.to_string().contains("java.nio.HeapByteBuffer"),
    }
}

#[test]
fn prints_values_as_java_does() {
    check(
        "javatext",
        &[Deviation::when(prints_buffer, "a ByteBuffer is bytes to us, and printed as such")],
        |case| {
            let value = decode_value(case.get("value"), None)?;
            let text = java_text::value_text(&value);
            let mut bytes = b"before ".to_vec();
            java_text::append_utf8(&mut bytes, &value);
            assert_eq!(bytes[7..], *text.as_bytes(), "both ways of writing agree");
            Ok(json!({ "text": text }))
        },
    );
}
