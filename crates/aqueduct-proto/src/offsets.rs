//! Source offsets: which may be stored, and their bytes.

mod json;
mod submitted;

pub use json::{key_bytes, parse_key, parse_value, value_bytes};
pub use submitted::{Committable, SubmittedRecords};
