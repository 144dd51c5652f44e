//! What the Java classes of Kafka Connect answer, recorded, and compared with what our code answers. For tests only.
//!
//! The recordings lie in `testdata/vectors`, one file of JSON lines a component; `AQUEDUCT_VECTORS` may name another
//! folder, so that a rule can be tried on inputs that nobody looked at while writing it. A test is
//!
//! ```no_run
//! use aqueduct_vectors::{Deviation, Failure, check, encode_value};
//!
//! check("values.conv", &[Deviation::tagged("identity-hash", "there is none in Rust")], |case| {
//!     let (schema, value) = case.schema_and_value()?;
//!     // … run our code; errors of the API pass through `?` and are compared with Java's …
//!     Ok(serde_json::json!({ "value": encode_value(&value, schema.as_ref()) }))
//! });
//! ```
//!
//! The closure answers in the encoding of the recordings, or with an error; [`check`] compares at the level that the
//! line asks for. An input that the data model cannot hold (half a surrogate pair, an arbitrary Java object, a window of a
//! `ByteBuffer`) ends the closure with [`Failure::Unrepresentable`] and is counted apart.

mod case;
mod compare;
mod decode;
mod encode;
mod record;
mod report;

pub use case::{Case, Cmp, Expect, Failure, Vectors};
pub use compare::difference;
pub use decode::{bytes_of_hex, decode_headers, decode_schema, decode_value, optional_text, text};
pub use encode::{
    encode_error, encode_header, encode_headers, encode_schema, encode_schema_and_value, encode_value, hex,
};
pub use record::{RecordOrigin, decode_record, encode_record};
pub use report::{Deviation, check, check_from};

/// A document of the recordings.
pub type Json = serde_json::Value;
