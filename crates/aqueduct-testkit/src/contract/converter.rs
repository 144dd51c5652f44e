//! What every converter must do.

use aqueduct_api::{Converter, SchemaAndValue, WireHeaders};
use bytes::Bytes;

/// Writes each value to bytes and reads it back: it must be the same, with the same schema. A converter that changes
/// some values on the way (to wider numbers, say) gives what it makes of them beside them.
pub fn round_trips(converter: &mut dyn Converter, cases: &[(SchemaAndValue, SchemaAndValue)]) {
    for (written, expected) in cases {
        let mut headers = WireHeaders::new();
        let mut buffer = Vec::new();
        let bytes = converter
            .from_connect_data("topic", &mut headers, written.schema.as_ref(), &written.value, &mut buffer)
            .unwrap_or_else(|error| panic!("{written:?} could not be written: {error}"))
            .map(Bytes::copy_from_slice);
        let read = converter
            .to_connect_data("topic", &headers, bytes.as_ref())
            .unwrap_or_else(|error| panic!("{written:?} could not be read: {error}"));
        assert_eq!(read, *expected, "written as {bytes:?}");
    }
}

#[cfg(test)]
mod tests {
    use aqueduct_api::Schema;

    use super::*;
    use crate::TextConverter;

    #[test]
    fn the_text_converter_reads_what_it_writes() {
        let text = |value: &str| SchemaAndValue::new(Schema::OPTIONAL_STRING, value);
        let null = SchemaAndValue::new(Schema::OPTIONAL_STRING, None::<String>);
        let cases = [
            (text("a\nb"), text("a\nb")),
            (text(""), text("")),
            (null.clone(), null),
            (SchemaAndValue::new(Schema::INT32, 7), text("7")),
        ];
        round_trips(&mut TextConverter, &cases);
    }

    #[test]
    #[should_panic(expected = "written as Some(b\"7\")")]
    fn another_value_is_found() {
        let number = SchemaAndValue::new(Schema::INT32, 7);
        round_trips(&mut TextConverter, &[(number.clone(), number)]);
    }
}
