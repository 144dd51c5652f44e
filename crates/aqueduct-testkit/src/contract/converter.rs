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
